/* SPDX-License-Identifier: MIT */
/* peer_name.h - the client's name by reverse DNS.
 *
 * One PTR question is asked when a connection is accepted, by a fiber of its
 * own; the first who wants the name waits for it.  The name is not
 * forward-confirmed.
 */
#ifndef HOOKLINE_HOOK_PEER_NAME_H
#define HOOKLINE_HOOK_PEER_NAME_H

#include "base/check.h"
#include "base/str.h"

struct conv;
struct engine;
struct hl_ctx;

#define PEER_NAME_MS 3000

/* Asks for the name of conv->facts.peer; at accept, and again after the
 * address was replaced (PROXY): what was known is forgotten then.  Does
 * nothing for localhost and with config/rdns 0.  The question does not need
 * the session to live on; what `conv` holds of it goes with conv->arena.
 * Never blocks; on the loop's stack or on a fiber. */
void peer_name_start(struct engine *engine, struct conv *conv);

/* The name, without a final dot; "localhost" for loopback addresses and Unix
 * sockets, "[ip]" with config/rdns 0, "Unknown" when there is none, or no
 * address; "" when there is no session.  Lives as long as the session.  BLOCKS at the first
 * call, at most PEER_NAME_MS. */
hl_str peer_name(struct hl_ctx *ctx) BLOCKS;

#endif
