/* SPDX-License-Identifier: MIT */
/* server.h - the state process.
 *
 * One thread, one libuv loop, no fibers: it accepts connections of workers,
 * runs their requests in order of arrival and answers.  Reads are answered
 * at once, writes after their commit.  A commit is made at the end of the
 * turn of the loop, but not more than one in STATE_COMMIT_MS, so under load
 * what comes meanwhile shares the next; what was not used of that in the last
 * STATE_BURST_MS is made up for, so a few writes one after the other do not
 * wait.  At most STATE_FLUSH_MS after a commit a thread begins to make it
 * durable.
 *
 * The listening socket belongs to the master, so connections wait in it
 * while a process that died is replaced.
 */
#ifndef HOOKLINE_STATE_SERVER_H
#define HOOKLINE_STATE_SERVER_H

#include <stdint.h>

#include "base/check.h"

#define STATE_COMMIT_MS 5
#define STATE_BURST_MS 100
#define STATE_FLUSH_MS 250

struct state_options {
	const char *dir;    /* where STATE_DATABASE is; borrowed */
	int listen_fd;      /* a listening Unix stream socket */
	int master_fd;      /* its end of file ends us; -1: SIGTERM does */
	uint64_t max_bytes; /* of the database; 0: the default */
};

/* Runs until the master has gone, then commits, closes and returns the exit
 * code.  SIGINT, SIGHUP and (with a master) SIGTERM are ignored: they come to
 * the whole process group, and the workers still need us while they drain.
 * Takes over both descriptors. */
int state_main(const struct state_options *options);

#endif
