/* SPDX-License-Identifier: MIT */
/* auth.h - one try of a client to say who it is, as hooks see it.
 *
 * Made by the server for each AUTH; its strings live in the call arena, which
 * is wiped when the command ends.
 */
#ifndef HOOKLINE_HOOK_AUTH_H
#define HOOKLINE_HOOK_AUTH_H

#include "base/check.h"
#include "base/str.h"
#include "smtp/scram_keys.h"

struct hl_ctx;

/* The opaque handle of plugin.h; none of its strings is NULL. */
struct hl_auth {
	hl_str mechanism; /* "plain" */
	hl_str user;
	hl_str clear;   /* password or token */
	hl_str hash;    /* CRAM-MD5, lower-case hex */
	hl_str ticket;  /* CRAM-MD5 */
	hl_str authzid; /* as the client sent it */
};

/* What an auth hook may give beside its verdict: `ret` of the hook's
 * arguments (run.h). */
struct auth_ret {
	hl_str user;            /* of hl_auth_user_set; "" it was not called */
	struct scram_keys keys; /* auth-scram-sha-256 */
};

/* config/scram_iterations: of the keys that are made here. */
unsigned auth_keys_iterations(struct hl_ctx *ctx) BLOCKS;
/* The keys of a clear-text password, with a salt that is the same each time
 * for this user and installation.  Some milliseconds: for the pool. */
void auth_keys_derive(struct scram_keys *ret, unsigned iterations, hl_str user,
    hl_str password, const uint8_t secret[static 32]);
/* What is shown of a user that nobody knows: the salt is as steady, the keys
 * fit no password. */
void auth_keys_invent(struct scram_keys *ret, unsigned iterations, hl_str user,
    const uint8_t secret[static 32]);
/* Takes as long as hl_auth_scram_clear, if a hook here has made keys so: the
 * time is not to tell that there is no such user. */
void auth_keys_pretend(struct hl_ctx *ctx, hl_str user) BLOCKS;

#endif
