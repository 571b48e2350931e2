/* SPDX-License-Identifier: MIT */
/* master_log.h - the master's log lines, on stderr like the workers'. */
#ifndef HOOKLINE_PROC_MASTER_LOG_H
#define HOOKLINE_PROC_MASTER_LOG_H

/* From now on "TIME LEVEL text", each with one write; without TIME when the
 * journal reads along ($JOURNAL_STREAM), which has its own. */
void master_log_start(void);

#endif
