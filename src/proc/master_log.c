/* SPDX-License-Identifier: MIT */
/* master_log.c - the master's log lines, on stderr like the workers'. */
#include "master_log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

static void
on_line(void *arg, enum log_level level, struct slice text)
{
	struct buf line = BUF_INIT;
	char stamp[40];
	ssize_t n;

	(void)arg;
	if (getenv("JOURNAL_STREAM") == NULL) {
		buf_add(&line, stamp,
		    wall_rfc3339(wall_now(), stamp, sizeof(stamp)));
		buf_add_char(&line, ' ');
	}
	buf_add_text(&line, log_level_name(level));
	buf_add_char(&line, ' ');
	buf_add_slice(&line, text);
	buf_add_char(&line, '\n');
	do
		n = write(STDERR_FILENO, line.p, line.n);
	while (n == -1 && errno == EINTR);
	buf_done(&line);
}

void
master_log_start(void)
{
	log_set_sink(on_line, NULL);
}
