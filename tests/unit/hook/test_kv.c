/* SPDX-License-Identifier: MIT */
/* test_kv.c - fibers ask a real state process, which comes and goes. */
#include "../rt/rt_test.h"
#include "../state/state_test.h"

#include <errno.h>

#include "hook/kv.h"
#include "hook/kv_private.h"

static struct state_process process;
static struct rt *rt;
static struct kv *kv;

static int
set_up(void **state)
{
	(void)state;
	state_init(&process);
	rt = test_rt(4000);
	log_set_level(LOG_LEVEL_EMERG);
	kv = kv_new(rt, process.dir);
	return kv == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	kv_free(&kv);
	test_rt_done(&rt);
	log_set_level(LOG_LEVEL_INFO);
	state_done(&process);
	return 0;
}

/* As the listeners of a worker do: libuv does not look at sockets at all when
 * only an idle connection is left. */
static void
keep_loop(struct alarm *alarm, bool on)
{
	if (on)
		alarm_set(rt, alarm, (struct mono){ UINT64_MAX });
	else
		alarm_clear(rt, alarm);
}

/* ---- asking ---- */

struct asker {
	enum state_op op;
	const char *key, *value;
	uint64_t deadline_ms;
	bool is_over;
	int status;
	int64_t number;
	char got[64];
	struct fiber *fiber;
};

static void
ask_fiber(void *arg)
{
	struct asker *asker = arg;
	struct state_request request = { .op = asker->op,
		.table = SLICE_LIT("p:t"),
		.key = slice_of(asker->key),
		.value = slice_of(asker->value),
		.delta = 1 };
	struct kv_reply reply = { 0, STR_EMPTY };
	struct fiber *self = fiber_self();

	asker->fiber = self;
	if (asker->deadline_ms != 0)
		fiber_set_deadline(
		    self, mono_add_ms(mono_now(), asker->deadline_ms));
	asker->status = kv_ask(kv, &request, fiber_arena(self), &reply);
	asker->number = reply.number;
	(void)snprintf(asker->got, sizeof(asker->got), "%s", reply.value.p);
	asker->is_over = true;
}

static void
start(struct asker *asker)
{
	asker->is_over = false;
	assert_int_equal(fiber_start(rt, ask_fiber, asker), 0);
}

static void
wait_for(const bool *happened)
{
	while (!*happened)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
}

static int
asked(enum state_op op, const char *key, const char *value)
{
	struct asker asker = { .op = op, .key = key, .value = value };

	start(&asker);
	wait_for(&asker.is_over);
	return asker.status;
}

static bool
has(const char *key, const char *value)
{
	struct asker asker = { .op = STATE_GET, .key = key };

	start(&asker);
	wait_for(&asker.is_over);
	return asker.status == 1 && strcmp(asker.got, value) == 0;
}

static void
test_asks(void **state)
{
	struct asker add = { .op = STATE_ADD, .key = "n" };

	(void)state;
	state_start(&process);
	assert_int_equal(asked(STATE_GET, "k", ""), 0);
	assert_int_equal(asked(STATE_PUT, "k", "v"), 0);
	assert_true(has("k", "v"));
	assert_int_equal(asked(STATE_SWAP, "k", "w"), -EEXIST);
	assert_int_equal(asked(STATE_DELETE, "k", ""), 1);
	for (int i = 1; i <= 3; i++) {
		start(&add);
		wait_for(&add.is_over);
		assert_int_equal(add.status, 0);
		assert_int_equal(add.number, i);
	}
	assert_int_equal(asked(STATE_PUT, "", "v"), -EINVAL);
	assert_int_equal(kv_calls(kv), 0);
	/* An idle connection does not keep the loop. */
	assert_int_equal(rt_run(rt), 0);
}

static void
test_none_at_all(void **state)
{
	struct kv *mine = kv;

	(void)state;
	kv = NULL;
	assert_int_equal(asked(STATE_GET, "k", ""), -EAGAIN);
	kv = mine;
}

static void
test_path_too_long(void **state)
{
	char dir[128];

	(void)state;
	memset(dir, 'd', sizeof(dir) - 1);
	dir[sizeof(dir) - 1] = '\0';
	assert_null(kv_new(rt, dir));
}

/* ---- many ---- */

#define FIBERS 1000
#define ROUNDS 20

static unsigned adders;
static uint64_t failures;
static bool all_over;

static void
add_fiber(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct state_request request = { .op = STATE_ADD,
			.table = SLICE_LIT("p:t"),
			.key = SLICE_LIT("sum"),
			.delta = 1 };
		struct kv_reply reply;

		failures += kv_ask(kv, &request, fiber_arena(fiber_self()),
				&reply) != 0;
	}
	all_over = --adders == 0;
}

static void
test_sum_of_many(void **state)
{
	(void)state;
	state_start(&process);
	failures = 0;
	all_over = false;
	adders = FIBERS;
	for (int i = 0; i < FIBERS; i++)
		assert_int_equal(fiber_start(rt, add_fiber, NULL), 0);
	wait_for(&all_over);
	assert_int_equal(failures, 0);
	assert_true(has("sum", "20000"));
	assert_int_equal(kv_calls(kv), 0);
}

/* ---- the process goes and comes ---- */

static void
test_away(void **state)
{
	struct asker a = { .op = STATE_GET, .key = "k" }, b = a;

	(void)state;
	/* Nobody listens, as without a master. */
	(void)close(process.listen_fd);
	start(&a);
	start(&b);
	for (int i = 0; i < 19; i++)
		pass_ms(rt, 10);
	assert_false(a.is_over);
	pass_ms(rt, 11);
	assert_true(a.is_over && b.is_over);
	assert_int_equal(a.status, -EAGAIN);
	assert_int_equal(b.status, -EAGAIN);
	/* Now it is known. */
	start(&a);
	assert_true(a.is_over);
	assert_int_equal(a.status, -EAGAIN);
	process.listen_fd = -1;
}

/* The master holds the socket: a call waits for the new process. */
static void
test_starts_in_time(void **state)
{
	struct asker asker = { .op = STATE_PUT, .key = "k", .value = "v" };

	(void)state;
	start(&asker);
	turn(rt);
	pass_ms(rt, KV_GRACE_MS - 1);
	assert_false(asker.is_over);
	state_start(&process);
	wait_for(&asker.is_over);
	assert_int_equal(asker.status, 0);
	assert_true(has("k", "v"));
}

static void
test_starts_late(void **state)
{
	struct asker asker = { .op = STATE_PUT, .key = "k", .value = "v" };
	struct alarm alarm = { .pos = 0 };

	(void)state;
	keep_loop(&alarm, true);
	start(&asker);
	turn(rt);
	pass_ms(rt, KV_GRACE_MS);
	assert_true(asker.is_over);
	assert_int_equal(asker.status, -EAGAIN);
	state_start(&process);
	while (kv->state != KV_UP) {
		pass_ms(rt, 10);
		(void)asked(STATE_GET, "other", "");
	}
	/* The call that was given up was not made. */
	assert_int_equal(asked(STATE_GET, "k", ""), 0);
	keep_loop(&alarm, false);
}

static void
test_killed_with_calls(void **state)
{
	struct asker asker = { .op = STATE_PUT, .key = "a", .value = "2" };

	(void)state;
	state_start(&process);
	assert_int_equal(asked(STATE_PUT, "a", "1"), 0);
	/* It gets the request and cannot answer. */
	assert_int_equal(kill(process.pid, SIGSTOP), 0);
	start(&asker);
	turn(rt);
	assert_int_equal(kv_calls(kv), 1);
	state_kill(&process);
	wait_for(&asker.is_over);
	assert_int_equal(asker.status, -EAGAIN);
	assert_int_equal(kv_calls(kv), 0);
	/* The next one waits for the successor. */
	start(&asker);
	turn(rt);
	assert_false(asker.is_over);
	state_start(&process);
	pass_ms(rt, 20);
	wait_for(&asker.is_over);
	assert_int_equal(asker.status, 0);
	assert_true(has("a", "2"));
}

#define WRITERS 50
#define KILLS 6

static unsigned writers, kept[WRITERS];
static bool stop_writers;

/* Writes 0, 1, 2 ... under its own name and remembers what was kept. */
static void
write_fiber(void *arg)
{
	unsigned *mine = arg;
	char key[16], value[16];

	(void)snprintf(key, sizeof(key), "w%u", (unsigned)(mine - kept));
	for (unsigned i = 1; !stop_writers; i++) {
		struct state_request request = { .op = STATE_PUT,
			.table = SLICE_LIT("p:t"),
			.key = slice_of(key) };
		struct kv_reply reply;
		int status;

		(void)snprintf(value, sizeof(value), "%u", i);
		request.value = slice_of(value);
		status =
		    kv_ask(kv, &request, fiber_arena(fiber_self()), &reply);
		if (status == 0)
			*mine = i;
		else
			(void)fiber_sleep(20);
	}
	all_over = --writers == 0;
}

/* kill -9 under load, again and again: nothing that was acknowledged is
 * lost, and the clients find each successor by themselves. */
static void
test_killed_under_load(void **state)
{
	char key[16];

	(void)state;
	stop_writers = all_over = false;
	writers = WRITERS;
	memset(kept, 0, sizeof(kept));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(fiber_start(rt, write_fiber, &kept[i]), 0);
	for (int round = 0; round < KILLS; round++) {
		unsigned before = kept[WRITERS - 1];

		state_start(&process);
		while (kept[WRITERS - 1] < before + 20 + (unsigned)round) {
			test_now = mono_add_ms(test_now, 1);
			alarm__on_timer(&rt->alarm_timer);
			(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
		}
		state_kill(&process);
	}
	stop_writers = true;
	state_start(&process);
	while (!all_over) {
		pass_ms(rt, 1);
		(void)uv_run(rt_loop(rt), UV_RUN_NOWAIT);
	}
	for (int i = 0; i < WRITERS; i++) {
		struct asker asker = { .op = STATE_GET, .key = key };
		int now;

		(void)snprintf(key, sizeof(key), "w%d", i);
		start(&asker);
		wait_for(&asker.is_over);
		assert_int_equal(asker.status, 1);
		now = atoi(asker.got); /* written by us */
		/* One more may have been done without an answer. */
		assert_in_range(now, kept[i], kept[i] + 1);
	}
}

/* ---- giving up ---- */

static void
test_cancelled(void **state)
{
	struct asker asker = { .op = STATE_PUT, .key = "k", .value = "v" };

	(void)state;
	state_start(&process);
	assert_int_equal(asked(STATE_GET, "k", ""), 0);
	assert_int_equal(kill(process.pid, SIGSTOP), 0);
	start(&asker);
	turn(rt);
	fiber_cancel(asker.fiber);
	turn(rt);
	assert_true(asker.is_over);
	assert_int_equal(asker.status, -ECANCELED);
	/* The answer comes, and nobody wants it. */
	assert_int_equal(kv_calls(kv), 1);
	assert_int_equal(kill(process.pid, SIGCONT), 0);
	while (kv_calls(kv) > 0)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
	assert_true(has("k", "v"));
}

static void
test_deadline(void **state)
{
	struct asker asker = {
		.op = STATE_GET, .key = "k", .deadline_ms = 1000
	};

	(void)state;
	state_start(&process);
	assert_int_equal(asked(STATE_GET, "k", ""), 0);
	assert_int_equal(kill(process.pid, SIGSTOP), 0);
	start(&asker);
	turn(rt);
	pass_ms(rt, 999);
	assert_false(asker.is_over);
	pass_ms(rt, 1);
	assert_true(asker.is_over);
	assert_int_equal(asker.status, -ETIMEDOUT);
	assert_int_equal(kill(process.pid, SIGCONT), 0);
}

static void
test_hangs(void **state)
{
	struct asker asker = { .op = STATE_GET, .key = "k" };

	(void)state;
	state_start(&process);
	assert_int_equal(asked(STATE_GET, "k", ""), 0);
	assert_int_equal(kill(process.pid, SIGSTOP), 0);
	start(&asker);
	turn(rt);
	pass_ms(rt, KV_CALL_MS - 1);
	assert_false(asker.is_over);
	pass_ms(rt, 1);
	assert_true(asker.is_over);
	assert_int_equal(asker.status, -EAGAIN);
	assert_int_equal(kill(process.pid, SIGCONT), 0);
}

/* Another version, or something else altogether, at the socket. */
static void
other_greeting(struct slice bytes)
{
	struct asker asker = { .op = STATE_GET, .key = "k" };
	int fd;

	start(&asker);
	turn(rt);
	for (int i = 0; i < 30; i++) {
		fd = accept4(process.listen_fd, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd != -1) {
			(void)send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
			(void)close(fd);
		}
		(void)uv_run(rt_loop(rt), UV_RUN_NOWAIT);
		pass_ms(rt, 10);
	}
	assert_true(asker.is_over);
	assert_int_equal(asker.status, -EAGAIN);
}

static void
test_other_greetings(void **state)
{
	struct buf version = BUF_INIT;
	int flags = fcntl(process.listen_fd, F_GETFL);

	(void)state;
	assert_int_equal(
	    fcntl(process.listen_fd, F_SETFL, flags | O_NONBLOCK), 0);
	other_greeting(SLICE_LIT("220 mail.example ESMTP\r\n"));
	state_response_write(
	    &version, &(struct state_response){ .status = STATE_VERSION + 1 });
	other_greeting(buf_slice(&version));
	buf_done(&version);
	other_greeting(SLICE_NONE);
	assert_int_equal(fcntl(process.listen_fd, F_SETFL, flags), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_asks),
		T(test_none_at_all),
		T(test_path_too_long),
		T(test_sum_of_many),
		T(test_away),
		T(test_starts_in_time),
		T(test_starts_late),
		T(test_killed_with_calls),
		T(test_killed_under_load),
		T(test_cancelled),
		T(test_deadline),
		T(test_hangs),
		T(test_other_greetings),
	};

	return cmocka_run_group_tests_name("hook/kv", tests, NULL, NULL);
}
