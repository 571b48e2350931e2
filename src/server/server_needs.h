/* SPDX-License-Identifier: MIT */
/* server_needs.h - all that a worker uses of the system beyond itself. */
#ifndef HOOKLINE_SERVER_SERVER_NEEDS_H
#define HOOKLINE_SERVER_SERVER_NEEDS_H

#include "server.h"

struct engine;

/* What the plugins declared, and what the server itself needs: the
 * configuration with what it includes, the directories of plugins, the spool
 * and (with a state directory) that of undelivered messages, resolvers.
 * Some may be there twice.  Reads files.
 * ret  lives as long as the engine
 * Returns their number. */
size_t server_needs(struct engine *engine, const struct server_need **ret);

#endif
