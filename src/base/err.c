/* SPDX-License-Identifier: MIT */
/* err.c - why a call failed, in words. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, int code, const char *fmt, ...)
{
	char text[sizeof(err->text)]; /* the arguments may point into *err */
	va_list args;

	CHECK(code < 0);
	if (err == NULL)
		return code;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	err->code = code;
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

/* As much of `more` as fits. */
static void
append(char *text, size_t size, const char *more)
{
	size_t n = strlen(text);
	size_t add = strlen(more);

	if (add > size - n - 1)
		add = size - n - 1;
	memcpy(text + n, more, add);
	text[n + add] = '\0';
}

int
err_prefix(struct err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list args;

	if (err == NULL)
		return -EINVAL;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* What does not fit is cut at the end. */
	append(text, sizeof(text), ": ");
	append(text, sizeof(text), err->text);
	memcpy(err->text, text, strlen(text) + 1);
	return err->code;
}
