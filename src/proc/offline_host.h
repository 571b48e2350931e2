/* SPDX-License-Identifier: MIT */
/* offline_host.h - a Perl host for `check` and `try`, which have no master.
 *
 * Started only when the configuration names a Perl plugin; with its socket in
 * a directory of its own, which goes with it.
 */
#ifndef HOOKLINE_PROC_OFFLINE_HOST_H
#define HOOKLINE_PROC_OFFLINE_HOST_H

#include "base/check.h"
#include "base/err.h"

struct offline_host;

/* Returns 0, *ret NULL when no Perl plugin is named; negative errno with the
 * reason in `err`. */
int offline_host_start(const char *config_dir, struct offline_host **ret,
    struct err *err) WARN_UNUSED;
/* Where it accepts; NULL of NULL. */
const char *offline_host_socket(const struct offline_host *host);
/* Ends it and waits for that; NULL is fine. */
void offline_host_stop(struct offline_host **host);

#endif
