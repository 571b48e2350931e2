/* SPDX-License-Identifier: MIT */
/* heritage.c - what a worker inherits from the master.
 *
 * One table of the numbers and one of the texts serve writing and reading;
 * `socket=FD ID SLOT LINE` may stand any number of times.
 */
#include "heritage.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "memfile.h"

#define HERITAGE_MAX (1u << 20) /* bytes of the file */

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
	{ "generation", offsetof(struct heritage, generation) },
	{ "slot", offsetof(struct heritage, slot) },
	{ "workers", offsetof(struct heritage, workers) },
	{ "segment", offsetof(struct heritage, segment) },
	{ "master_pid", offsetof(struct heritage, master_pid) },
	{ "channel_fd", offsetof(struct heritage, channel_fd) },
	{ "shm_fd", offsetof(struct heritage, shm_fd) },
	{ "shm_rw_fd", offsetof(struct heritage, shm_rw_fd) },
	{ "tls_fd", offsetof(struct heritage, tls_fd) },
	{ "tickets_fd", offsetof(struct heritage, tickets_fd) },
}, texts[] = {
	{ "config_dir", offsetof(struct heritage, config_dir) },
	{ "state_dir", offsetof(struct heritage, state_dir) },
};

/* Numbers are unsigned or int, and never negative. */
static unsigned *
number_at(const struct heritage *heritage, size_t i)
{
	return (unsigned *)((uintptr_t)heritage + numbers[i].offset);
}

static hl_str *
text_at(const struct heritage *heritage, size_t i)
{
	return (hl_str *)((uintptr_t)heritage + texts[i].offset);
}

static void
heritage_print(struct buf *buf, const struct heritage *heritage)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		buf_printf(
		    buf, "%s=%u\n", numbers[i].key, *number_at(heritage, i));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		buf_printf(
		    buf, "%s=%.*s\n", texts[i].key, STR(*text_at(heritage, i)));
	for (size_t i = 0; i < heritage->socket_count; i++) {
		const struct heritage_socket *s = &heritage->sockets[i];

		buf_printf(buf, "socket=%d %u %u %.*s\n", s->fd, s->id, s->slot,
		    STR(s->line));
	}
}

static size_t
count_lines(struct slice text)
{
	size_t lines = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	return lines;
}

int
heritage_write(const struct heritage *heritage, struct err *err)
{
	struct buf buf = BUF_INIT;
	int fd;

	heritage_print(&buf, heritage);
	if (count_lines(buf_slice(&buf)) !=
	    ARRAY_SIZE(numbers) + ARRAY_SIZE(texts) + heritage->socket_count) {
		buf_done(&buf);
		return err_set(err, -EINVAL, "a newline in a path");
	}
	fd = memfile_make("heritage", buf_slice(&buf));
	buf_done(&buf);
	if (fd < 0)
		return err_set(err, fd, "memfd: %s", strerror(-fd));
	return fd;
}

static int
read_socket(struct slice value, struct arena *arena, struct heritage *ret)
{
	struct heritage_socket *s = &ret->sockets[ret->socket_count];
	unsigned fd;

	if (num_parse_unsigned(slice_word(&value), INT_MAX, &fd) < 0 ||
	    num_parse_unsigned(slice_word(&value), UINT_MAX, &s->id) < 0 ||
	    num_parse_unsigned(slice_word(&value), UINT_MAX, &s->slot) < 0)
		return -EINVAL;
	s->fd = (int)fd;
	s->line = arena_str(arena, slice_trim(value));
	ret->socket_count++;
	return 0;
}

static int
read_line(struct slice line, struct arena *arena, struct heritage *ret)
{
	struct slice key;

	if (!slice_cut(&line, '=', &key))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (slice_eq_text(key, numbers[i].key))
			return num_parse_unsigned(
			    line, INT_MAX, number_at(ret, i));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (slice_eq_text(key, texts[i].key)) {
			*text_at(ret, i) = arena_str(arena, line);
			return 0;
		}
	if (slice_eq_text(key, "socket"))
		return read_socket(line, arena, ret);
	return -EINVAL;
}

static int
heritage_parse(struct slice text, struct arena *arena, struct heritage *ret)
{
	struct heritage found = { .channel_fd = -1 };
	size_t lines = count_lines(text);
	struct slice line;

	if (lines < ARRAY_SIZE(numbers) + ARRAY_SIZE(texts))
		return -EINVAL;
	found.sockets = arena_array(arena, lines, sizeof(*found.sockets));
	found.config_dir = found.state_dir = STR_EMPTY;
	for (size_t i = 0; i < lines; i++)
		if (!slice_cut(&text, '\n', &line) ||
		    read_line(line, arena, &found) < 0)
			return -EINVAL;
	if (found.channel_fd < 0 || found.config_dir.n == 0)
		return -EINVAL;
	*ret = found;
	return 0;
}

int
heritage_read(
    int fd, struct arena *arena, struct heritage *ret, struct err *err)
{
	struct buf buf = BUF_INIT;
	int rc = memfile_read(fd, HERITAGE_MAX, &buf);

	if (rc == 0) {
		(void)close(fd);
		rc = heritage_parse(buf_slice(&buf), arena, ret);
	}
	buf_done(&buf);
	if (rc < 0)
		return err_set(err, -EINVAL,
		    "not started by a hookline master (use `hookline serve`)");
	return 0;
}
