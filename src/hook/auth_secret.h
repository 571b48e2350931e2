/* SPDX-License-Identifier: MIT */
/* auth_secret.h - what salts are made of that nobody has stored.
 *
 * Random octets in the state directory, made by the master when there are
 * none, read by each worker: so a user that does not exist shows the same
 * salt to each try, also after a restart (auth_keys.c).
 */
#ifndef HOOKLINE_HOOK_AUTH_SECRET_H
#define HOOKLINE_HOOK_AUTH_SECRET_H

#include <stdint.h>

#define AUTH_SECRET_FILE "auth.secret"
#define AUTH_SECRET 32 /* octets */

/* state_dir  NULL, or without the file (check, try): random ones */
void auth_secret_get(const char *state_dir, uint8_t ret[static AUTH_SECRET]);

#endif
