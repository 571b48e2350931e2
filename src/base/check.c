/* SPDX-License-Identifier: MIT */
/* check.c - the last words of a process that found a bug in itself.
 *
 * Takes no memory and no locks, since it may run anywhere.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
check_failed(const char *cond, const char *file, int line, const char *func)
{
	char text[512];
	int n;

	n = snprintf(text, sizeof(text),
	    "hookline: %s:%d: %s: check failed: %s\n", file, line, func, cond);
	if (n > 0) {
		size_t len =
		    (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;

		text[len - 1] = '\n';
		(void)!write(STDERR_FILENO, text, len);
	}
	abort();
}
