/* SPDX-License-Identifier: MIT */
/* peer_key.c - whom a client counts as. */
#include "peer_key.h"

#include "conf/conf_value.h"
#include "mail/facts.h"

struct shm_key
peer_key(struct conf_dir *conf, const struct facts *facts)
{
	int64_t bits = conf_int(conf, facts->listener, CONF_CLIENT_PREFIX);

	return shm_key_of(&facts->peer, (unsigned)bits);
}
