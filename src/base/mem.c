/* SPDX-License-Identifier: MIT */
/* mem.c - heap memory that is zeroed and never NULL. */
#include "mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "num.h"

void
mem_exhausted(void)
{
	static const char text[] = "hookline: out of memory\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}

void *
mem_alloc(size_t size)
{
	return mem_array(1, size);
}

void *
mem_array(size_t count, size_t size)
{
	size_t total;
	void *p;

	if (!num_mul(count, size, &total))
		mem_exhausted();
	p = calloc(1, total > 0 ? total : 1);
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
mem_grow(void *old, size_t size)
{
	void *p = realloc(old, size > 0 ? size : 1);

	if (p == NULL)
		mem_exhausted();
	return p;
}

char *
mem_dup(struct slice text)
{
	size_t size;
	char *p;

	if (!num_add(text.n, 1, &size))
		mem_exhausted();
	p = mem_grow(NULL, size);
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	p[text.n] = '\0';
	return p;
}

void
mem_free(void *p)
{
	free(p);
}

void
secret_wipe(void *p, size_t size)
{
	if (size > 0)
		explicit_bzero(p, size);
}
