/* SPDX-License-Identifier: MIT */
/* peer_key.h - whom a client counts as. */
#ifndef HOOKLINE_HOOK_PEER_KEY_H
#define HOOKLINE_HOOK_PEER_KEY_H

#include "shm/peers.h"

struct conf_dir;
struct facts;

/* By facts->peer and config/client_prefix; all that count clients or look at
 * the counts take it from here.  No `config` hook is asked for the prefix: a
 * connection is counted before there is a fiber that could.  Never blocks. */
struct shm_key peer_key(struct conf_dir *conf, const struct facts *facts);

#endif
