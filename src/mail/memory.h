/* SPDX-License-Identifier: MIT */
/* memory.h - what a session or a worker may keep, in bytes.
 *
 * An account belongs to one owner (a session, a transaction, a worker's
 * message store); everything that is kept on the heap for that owner takes
 * its bytes here first.  Refusing sets a sticky flag, which the owner looks
 * at at its next step and answers 452 4.3.1 (docs/architecture.md, "Memory").
 */
#ifndef HOOKLINE_MAIL_MEMORY_H
#define HOOKLINE_MAIL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct memory_account {
	size_t used;
	size_t cap; /* 0: no cap */
	bool over;  /* sticky: something was refused */
};

/* True if `bytes` more would be within the cap. */
static inline bool
memory_account_has(const struct memory_account *account, size_t bytes)
{
	return account->cap == 0 || (account->used <= account->cap &&
					bytes <= account->cap - account->used);
}

/* True if it has been forced over its cap. */
static inline bool
memory_account_is_full(const struct memory_account *account)
{
	return account->cap != 0 && account->used > account->cap;
}

/* Takes `bytes` of it.  Returns 0; -E2BIG when that would go over the cap:
 * nothing was taken then, and `over` is set. */
int memory_account_take(
    struct memory_account *account, size_t bytes) WARN_UNUSED;
/* Takes `bytes` in any case; sets `over` when that goes over the cap. */
void memory_account_force(struct memory_account *account, size_t bytes);
/* Gives back what was taken. */
void memory_account_give(struct memory_account *account, size_t bytes);

#endif
