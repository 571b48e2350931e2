/* SPDX-License-Identifier: MIT */
/* state_dir.h - the state directory: made, owned, held by one master.
 *
 *	hookline.pid  the master's pid; locked as long as it lives
 *	ctl.sock      ctl_server.h
 *	state.sock    state_child.h; state.db, state/store.h
 *	auth.secret   hook/auth_secret.h
 *	spawn.sock    spawn_child.h
 *	perl-N.sock   perl_hosts.h
 */
#ifndef HOOKLINE_PROC_STATE_DIR_H
#define HOOKLINE_PROC_STATE_DIR_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "privilege.h"

#define STATE_DIR_DEFAULT "/var/lib/hookline"
#define STATE_PID_FILE "hookline.pid"
#define STATE_CTL_SOCKET "ctl.sock"

/* Makes `path` and what is missing above it.  As root gives it to `user`: if
 * we made it, or it is root's and empty or was ours before; a directory that
 * is something else is not touched (-EPERM and the remedy).
 * ret  absolute, without symbolic links; mem_free */
int state_dir_prepare(const char *path, const struct run_user *user, char **ret,
    struct err *err) WARN_UNUSED;

/* Locks the pid file and writes our pid.  Returns the descriptor, to be kept
 * open; -EBUSY another master holds the directory. */
int state_dir_lock(const char *dir, struct err *err) WARN_UNUSED;
/* Removes the pid file, then closes. */
void state_dir_unlock(const char *dir, int fd);

/* A listening socket DIR/NAME that only our user may use (SOCK_STREAM, or
 * SOCK_SEQPACKET, which keeps message bounds); after
 * state_dir_lock.  Waits up to three seconds for a predecessor that is just
 * ending.  Returns the descriptor; -ENAMETOOLONG, or as listen_socket_make. */
int state_dir_listen(const char *dir, const char *name, bool keeps_bounds,
    struct err *err) WARN_UNUSED;
/* Makes DIR/auth.secret if it is not there or not whole; after
 * state_dir_lock. */
int state_dir_secret(const char *dir, struct err *err) WARN_UNUSED;
/* Removes DIR/NAME; one that is not there is fine. */
void state_dir_unlink(const char *dir, const char *name);

#endif
