/* SPDX-License-Identifier: MIT */
/* master.h - the process that supervises: `hookline serve`.
 *
 * Loads no plugin and holds no mail code.  It owns the listening sockets,
 * the shared memory and the state directory, starts workers, replaces them
 * at a reload, and ends them.
 */
#ifndef HOOKLINE_PROC_MASTER_H
#define HOOKLINE_PROC_MASTER_H

/* The command line; all borrowed. */
#define MASTER_START_S 60 /* by default */
#define MASTER_START_S_MAX 3600

struct master_options {
	const char *config_dir;
	const char *state_dir;
	const char *const
	    *listen; /* lines of config/listen; replace the file */
	unsigned listen_count;
	const char *user; /* NULL: config/user, else nobody */
	unsigned workers; /* 0: config/workers */
	/* How long a generation, or a replacement of a worker, may take to get
	 * ready. */
	unsigned start_s;
};

/* Runs until it is told to stop.  Returns the exit code; why a start failed
 * is logged. */
int master_run(const struct master_options *options);

#endif
