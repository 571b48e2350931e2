/* SPDX-License-Identifier: MIT */
/* run_as.h - `check` and `try` by root do what they do as the run user.
 *
 * So they meet what a worker will meet: files that only root may read,
 * directories that only root may write to.  And what a plugin leaves behind
 * when it is loaded, such as a log file, belongs to whom it will have to.
 */
#ifndef HOOKLINE_PROC_RUN_AS_H
#define HOOKLINE_PROC_RUN_AS_H

#include "privilege.h"

enum run_as_kind {
	RUN_AS_SELF,   /* not root, or the server would be root, too */
	RUN_AS_SERVER, /* root has become the run user */
	RUN_AS_BARRED, /* still root: that user may not enter the directory */
	RUN_AS_STUCK   /* still root: the system does not let it change */
};

struct run_as {
	enum run_as_kind kind;
	struct run_user user; /* that the server would run as */
};

/* Root becomes `name` (NULL: that of config/user, or its default) for good, and
 * may still read keys, as the master.  It stays root where that user may not
 * enter `config_dir`: it is made for elsewhere, or not yet in its place.  Root
 * also stays when the configuration does not tell a user that there is: whoever
 * reads it will tell.  Before any thread is started.
 * Returns 0; -ENOENT there is no user `name`; -EPERM only root may choose; another negative errno when the
 * change failed half-way. */
int run_as_server(const char *config_dir, const char *name, struct run_as *ret,
    struct err *err) WARN_UNUSED;
/* A section for standard output. */
void run_as_print(const struct run_as *as, const char *config_dir);

#endif
