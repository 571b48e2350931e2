/* SPDX-License-Identifier: MIT */
/* proto.c - what a worker and the spawn helper say to each other. */
#include "proto.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

int
spawn_request_write(const char *const *argv, struct buf *ret)
{
	for (size_t i = 0; argv[i] != NULL; i++) {
		size_t n = strlen(argv[i]) + 1;

		if (n > SPAWN_REQUEST_MAX - ret->n)
			return -E2BIG;
		buf_add(ret, argv[i], n);
	}
	return 0;
}

int
spawn_request_read(const char *bytes, size_t n, const char ***ret_argv)
{
	size_t count = 0;

	if (n == 0 || bytes[n - 1] != '\0')
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		count += bytes[i] == '\0';
	*ret_argv = mem_array(count + 1, sizeof(**ret_argv));
	for (size_t i = 0, at = 0; i < count; i++) {
		(*ret_argv)[i] = bytes + at;
		at += strlen(bytes + at) + 1;
	}
	return 0;
}
