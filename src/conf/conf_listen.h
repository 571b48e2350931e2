/* SPDX-License-Identifier: MIT */
/* conf_listen.h - the lines of config/listen.
 *
 *	ADDR:PORT [tls] [lmtp] [proxy] [name=NAME] [plugins=FILE]
 *
 * ADDR:PORT is IPv4:PORT, [IPv6]:PORT or unix:PATH.  A listener's name is its
 * address unless name= gives one; several addresses may share a name.  Two
 * lines with the same address are a fault (port 0, "any free port", is not
 * the same as another port 0).
 */
#ifndef HOOKLINE_CONF_LISTEN_H
#define HOOKLINE_CONF_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/inet.h"
#include "base/str.h"
#include "conf/conf_fault.h"
#include "conf/conf_list.h"

#define CONF_LISTENERS_MAX 64
#define CONF_LISTENER_NAME_MAX 64 /* bytes; letters, digits, . _ - : [ ] / */
#define CONF_UNIX_PATH_MAX 107    /* bytes; sun_path without its NUL */

struct conf_listener {
	hl_str name;
	struct inet_addr addr; /* family INET_UNIX: see path */
	hl_str path;           /* empty unless INET_UNIX */
	bool tls, lmtp, proxy;
	hl_str plugins; /* key of its plugin file, "plugins" by default */
	hl_str file;
	unsigned line;
};

struct conf_listeners {
	struct conf_listener *at;
	size_t count;
	struct arena arena; /* private */
};

/* Parses every line of `list`, of the file or of the command line.
 * Returns 0; -EINVAL with each bad line in `faults`; `ret` is then not set.
 * No line at all is not a fault. */
int conf_listen_parse(const struct conf_list *list, struct conf_listeners **ret,
    struct conf_faults *faults) WARN_UNUSED;
void conf_listeners_free(struct conf_listeners **listeners);

#endif
