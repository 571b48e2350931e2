/* SPDX-License-Identifier: MIT */
/* worker.h - a worker process: `hookline worker`, started by the master. */
#ifndef HOOKLINE_PROC_WORKER_H
#define HOOKLINE_PROC_WORKER_H

/* Takes up its heritage (heritage.h), loads the server, tells the master that
 * it is ready, and serves until the master lets it end or is gone.  Returns
 * the exit code. */
int worker_main(void);

#endif
