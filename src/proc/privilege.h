/* SPDX-License-Identifier: MIT */
/* privilege.h - giving up root.
 *
 * A master started as root changes to the run user for good before it opens
 * anything, and keeps two capabilities as far as it has them:
 * CAP_NET_BIND_SERVICE (low ports, now and at a reload) and
 * CAP_DAC_READ_SEARCH (key files; permitted, raised only for that).  Its
 * children lose both by exec.  Raw system calls: it is two of them.
 */
#ifndef HOOKLINE_PROC_PRIVILEGE_H
#define HOOKLINE_PROC_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"

#define RUN_USER_MAX 64

struct run_user {
	char name[RUN_USER_MAX]; /* or the number, when it has no name */
	uid_t uid;
	gid_t gid;
};

/* By name.  0; -ENOENT no such user; another negative errno. */
int run_user_find(
    const char *name, struct run_user *ret, struct err *err) WARN_UNUSED;
/* Whom we run as now. */
void run_user_self(struct run_user *ret);

/* Changes user, group and supplementary groups for good and drops the
 * capabilities.  Only as root; -EPERM with the remedy in `err` when the
 * system does not let root do it. */
int privilege_drop(const struct run_user *user, struct err *err) WARN_UNUSED;

/* What is left: low ports; files of others. */
bool privilege_can_bind(void);
bool privilege_can_read(void);

/* Between the two, files of others can be read, as far as that is left; never
 * around anything but open and stat.  The end gets what the beginning gave. */
bool privilege_read_begin(void) WARN_UNUSED;
void privilege_read_end(bool begun);

/* For a worker: nothing it executes can gain anything. */
void privilege_no_new(void);

#endif
