/* SPDX-License-Identifier: MIT */
/* test_channel.c - messages, descriptors, and the loss of the other side. */
#include "../unit.h"

#include <errno.h>
#include <uv.h>

#include "base/buf.h"
#include "proc/channel.h"

struct side {
	struct channel *channel;
	struct buf got; /* messages, '|' behind each */
	int fd;
	unsigned closed;
};

static void
on_message(void *owner, struct slice text, int fd)
{
	struct side *side = owner;

	assert_int_equal(text.p[text.n], '\0');
	buf_add_slice(&side->got, text);
	buf_add_char(&side->got, '|');
	if (fd != -1)
		side->fd = fd;
}

static void
on_closed(void *owner)
{
	struct side *side = owner;

	side->closed++;
}

static const struct channel_events events = { on_message, on_closed };

static void
sides_open(uv_loop_t *loop, struct side *a, struct side *b)
{
	int fds[2];

	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	a->fd = b->fd = -1;
	assert_int_equal(uv_loop_init(loop), 0);
	assert_int_equal(channel_pair(fds), 0);
	a->channel = channel_open(loop, fds[0], &events, a);
	b->channel = channel_open(loop, fds[1], &events, b);
}

static void
turn(uv_loop_t *loop)
{
	for (unsigned i = 0; i < 5; i++)
		(void)uv_run(loop, UV_RUN_NOWAIT);
}

static void
sides_close(uv_loop_t *loop, struct side *a, struct side *b)
{
	channel_close(&a->channel);
	channel_close(&b->channel);
	(void)uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
	buf_done(&a->got);
	buf_done(&b->got);
}

static void
test_messages(void **state)
{
	struct side a, b;
	uv_loop_t loop;

	(void)state;
	sides_open(&loop, &a, &b);
	assert_int_equal(channel_send(a.channel, -1, "flush %u", 3u), 0);
	assert_int_equal(channel_send(a.channel, -1, "now"), 0);
	assert_int_equal(channel_send(b.channel, -1, "ready"), 0);
	turn(&loop);
	unit_slice_is("b", buf_slice(&b.got), "flush 3|now|");
	unit_slice_is("a", buf_slice(&a.got), "ready|");
	sides_close(&loop, &a, &b);
}

static void
test_descriptor(void **state)
{
	struct side a, b;
	uv_loop_t loop;
	int fds[2];
	char c = 0;

	(void)state;
	sides_open(&loop, &a, &b);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(channel_send(a.channel, fds[0], "adopt"), 0);
	(void)close(fds[0]);
	turn(&loop);
	assert_true(b.fd >= 0);
	assert_true((fcntl(b.fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(read(b.fd, &c, 1), 1);
	(void)close(b.fd);
	(void)close(fds[1]);
	sides_close(&loop, &a, &b);
}

static void
test_other_side_gone(void **state)
{
	struct side a, b;
	uv_loop_t loop;

	(void)state;
	sides_open(&loop, &a, &b);
	assert_int_equal(channel_send(b.channel, -1, "fail x"), 0);
	channel_close(&b.channel);
	turn(&loop);
	/* The last words come first. */
	unit_slice_is("a", buf_slice(&a.got), "fail x|");
	assert_int_equal(a.closed, 1);
	assert_int_equal(channel_send(a.channel, -1, "go"), -EPIPE);
	sides_close(&loop, &a, &b);
}

static void
test_drain(void **state)
{
	struct side a, b;
	uv_loop_t loop;

	(void)state;
	sides_open(&loop, &a, &b);
	assert_int_equal(channel_send(b.channel, -1, "one"), 0);
	assert_int_equal(channel_send(b.channel, -1, "two"), 0);
	channel_drain(a.channel);
	unit_slice_is("a", buf_slice(&a.got), "one|two|");
	sides_close(&loop, &a, &b);
}

/* A side that does not read: the sender is told, nothing blocks. */
static void
test_full(void **state)
{
	struct side a, b;
	uv_loop_t loop;
	int rc = 0;

	(void)state;
	sides_open(&loop, &a, &b);
	for (unsigned i = 0; i < 100000 && rc == 0; i++)
		rc = channel_send(a.channel, -1, "flush %u", i);
	assert_int_equal(rc, -EAGAIN);
	sides_close(&loop, &a, &b);
}

static void
test_long_message_is_cut(void **state)
{
	struct side a, b;
	uv_loop_t loop;

	(void)state;
	sides_open(&loop, &a, &b);
	assert_int_equal(
	    channel_send(a.channel, -1, "%*s", CHANNEL_MAX * 2, "x"), 0);
	turn(&loop);
	assert_int_equal(b.got.n, CHANNEL_MAX);
	sides_close(&loop, &a, &b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_other_side_gone),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_long_message_is_cut),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
