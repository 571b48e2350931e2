/* SPDX-License-Identifier: MIT */
/* password.h - is this the password of which that is kept?
 *
 * What can be kept: hashes of crypt(3) (yescrypt $y$, bcrypt $2b$, SHA-512
 * $6$ ...; all that the system's libcrypt knows but the old ones without
 * "$"), those of Argon2 (RFC 9106), and the keys of SCRAM-SHA-256 (RFC 5803).  A further form has its
 * row in password.c.
 */
#ifndef HOOKLINE_HOOK_PASSWORD_H
#define HOOKLINE_HOOK_PASSWORD_H

#include <stdbool.h>

#include "base/check.h"
#include "base/str.h"

/* Is `stored` of one of these forms?  Cheap. */
bool password_is_hash(hl_str stored);

/* 1 it is, 0 it is not; -ENOTSUP `stored` has a form that nobody here knows,
 * or that its library refuses.  Takes from 1 ms to seconds, as its maker wanted:
 * call it on the thread pool.  What it computes on the way is wiped. */
int password_check(hl_str stored, hl_str attempt) WARN_UNUSED;

#endif
