/* SPDX-License-Identifier: MIT */
/* proto.c - what a worker and the spawn helper say to each other. */
#include "proto.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static int
add_words(const char *const *words, struct buf *ret)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		size_t n = strlen(words[i]) + 1;

		if (n > SPAWN_REQUEST_MAX - ret->n)
			return -E2BIG;
		buf_add(ret, words[i], n);
	}
	return 0;
}

int
spawn_request_write(const struct program_plan *plan, struct buf *ret)
{
	int rc;

	for (size_t i = 0; i < plan->fd_count; i++)
		buf_add_char(ret, (char)('0' + plan->fds[i].number));
	buf_add_char(ret, '\0');
	rc = add_words(plan->env, ret);
	return rc == 0 ? add_words(plan->argv, ret) : rc;
}

static int
read_numbers(const char *word, struct program_plan *plan)
{
	for (; *word != '\0'; word++) {
		unsigned number = (unsigned)(*word - '0');

		if (number >= PROGRAM_FDS_MAX ||
		    plan->fd_count == PROGRAM_FDS_MAX)
			return -EINVAL;
		for (size_t i = 0; i < plan->fd_count; i++)
			if (plan->fds[i].number == number)
				return -EINVAL;
		plan->fds[plan->fd_count++] = (struct program_fd){ -1, number };
	}
	return 0;
}

/* The words as pointers, with a NULL behind the variables and one at the end.
 * Returns where argv begins; 0: there is none. */
static size_t
read_words(const char *at, const char *end, const char **words)
{
	size_t n = 0, argv;

	while (at < end && program_env_is_valid(at)) {
		words[n++] = at;
		at += strlen(at) + 1;
	}
	words[n++] = NULL;
	argv = n;
	if (at == end || *at != '/')
		return 0;
	for (; at < end; at += strlen(at) + 1)
		words[n++] = at;
	words[n] = NULL;
	return argv;
}

int
spawn_request_read(const char *bytes, size_t n, struct program_plan *ret_plan,
    const char ***ret_words)
{
	struct program_plan plan = { 0 };
	size_t count = 0, argv;
	const char **words;

	if (n == 0 || bytes[n - 1] != '\0' || read_numbers(bytes, &plan) < 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		count += bytes[i] == '\0';
	words = mem_array(count + 2, sizeof(*words));
	argv = read_words(bytes + strlen(bytes) + 1, bytes + n, words);
	if (argv == 0) {
		mem_free(words);
		return -EINVAL;
	}
	plan.env = words;
	plan.argv = words + argv;
	*ret_plan = plan;
	*ret_words = words;
	return 0;
}
