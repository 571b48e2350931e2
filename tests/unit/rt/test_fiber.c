/* SPDX-License-Identifier: MIT */
/* test_fiber.c - starting, parking, waking and ending fibers. */
#include "rt_test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "rt/wait.h"

/* A fiber that the tests drive: it does `fn` and leaves its traces here. */
struct actor {
	const char *name;
	struct fiber *fiber;
	struct rt *rt;
	uint64_t timeout_ms;
	struct mono deadline;
	int rc, rc2;
	bool shield, ended;
};

static const char *
word(int rc)
{
	switch (rc) {
	case 0:
		return "woken";
	case -ETIME:
		return "time";
	case -ETIMEDOUT:
		return "deadline";
	case -ECANCELED:
		return "cancelled";
	}
	return "?";
}

static void
blocker(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	fiber_set_deadline(actor->fiber, actor->deadline);
	fiber_shield(actor->fiber, actor->shield);
	note("%s", actor->name);
	actor->rc = fiber_block(actor->timeout_ms);
	note("%s:%s", actor->name, word(actor->rc));
	actor->rc2 = fiber_check();
	actor->ended = true;
}

static void
start(struct rt *rt, fiber_fn *fn, struct actor *actor)
{
	actor->rt = rt;
	assert_int_equal(fiber_start(rt, fn, actor), 0);
}

static void
plain(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	note("%s", actor->name);
	actor->ended = true;
}

static void
runs_at_once_and_ends(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { .name = "a" }, b = { .name = "b" };

	(void)state;
	assert_string_equal(fiber_backend_name, WANT_BACKEND);
	assert_null(fiber_self());
	assert_int_equal(fiber_stack_left(), 0);
	start(rt, plain, &a);
	note("loop");
	assert_null(fiber_self());
	assert_int_equal(rt_fibers_in_use(rt), 0);
	start(rt, plain, &b);
	assert_ptr_equal(a.fiber, b.fiber); /* last in, first out */
	assert_string_equal(trace, "a loop b");
	assert_int_equal(rt_fibers_peak(rt), 1);
	test_rt_done(&rt);
}

static void
starter(void *arg)
{
	struct actor *actor = arg;
	static struct actor inner = { .name = "inner" };

	note("outer");
	actor->rc = fiber_start(actor->rt, plain, &inner);
	note("outer");
}

static void
start_on_a_fiber_is_not_nested(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, starter, &a);
	assert_int_equal(rt_fibers_in_use(rt), 1);
	assert_int_equal(rt_run(rt), 0); /* a ready fiber keeps it running */
	assert_string_equal(trace, "outer outer inner");
	assert_int_equal(a.rc, 0);
	test_rt_done(&rt);
}

static void
wakes_itself(void *arg)
{
	struct actor *actor = arg;

	fiber_wake(fiber_self());
	fiber_wake(fiber_self());
	actor->rc = fiber_block(0);
	actor->rc2 = fiber_block(5); /* the wake is used up */
	actor->ended = true;
}

static void
wake_before_block(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, wakes_itself, &a);
	assert_false(a.ended);
	pass_ms(rt, 5);
	assert_true(a.ended);
	assert_int_equal(a.rc, 0);
	assert_int_equal(a.rc2, -ETIME);
	test_rt_done(&rt);
}

static void
waker(void *arg)
{
	struct actor **others = arg;

	note("w");
	fiber_wake(others[1]->fiber);
	fiber_wake(others[0]->fiber);
	fiber_wake(others[1]->fiber); /* twice is once */
	note("w-end");
}

static void
wakes_are_first_come_first_served(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { .name = "a" }, b = { .name = "b" };
	struct actor *both[] = { &a, &b };

	(void)state;
	start(rt, blocker, &a);
	start(rt, blocker, &b);
	assert_int_equal(fiber_start(rt, waker, both), 0);
	assert_string_equal(trace, "a b w w-end");
	turn(rt);
	assert_string_equal(trace, "a b w w-end b:woken a:woken");
	test_rt_done(&rt);
}

/* What may happen to a parked fiber, in order, and what fiber_block says. */
struct ending {
	const char *name;
	uint64_t timeout_ms;  /* of fiber_block */
	uint64_t deadline_ms; /* from the start, 0: none */
	bool shield;
	const char *events; /* c cancel, w wake, u uncancel, S/s shield on/off,
			     * 0-9 that many ms pass, r ready ones run,
			     * L the loop is held for 20 ms, D/d deadline set
			     * to 3 ms from now/taken away */
	const char *want;   /* of fiber_block; "": still parked at the end */
	int check;          /* fiber_check behind it */
};

static const struct ending endings[] = {
	{ "wake", 0, 0, false, "w", "woken", 0 },
	{ "timeout", 5, 0, false, "5", "time", 0 },
	{ "not before the timeout", 5, 0, false, "4", "", 0 },
	{ "deadline", 0, 5, false, "5", "deadline", -ETIMEDOUT },
	{ "deadline before timeout", 9, 5, false, "5", "deadline", -ETIMEDOUT },
	{ "timeout before deadline", 5, 9, false, "5", "time", 0 },
	{ "both over at once: deadline", 5, 9, false, "L", "deadline",
	    -ETIMEDOUT },
	{ "cancel", 0, 0, false, "c", "cancelled", -ECANCELED },
	{ "cancel twice", 0, 0, false, "cc", "cancelled", -ECANCELED },
	{ "cancel before deadline", 0, 5, false, "c9", "cancelled",
	    -ECANCELED },
	{ "wake, then cancel: wake wins", 0, 0, false, "wc", "woken",
	    -ECANCELED },
	{ "cancel, then wake: wake wins", 0, 0, false, "cw", "woken",
	    -ECANCELED },
	{ "shield", 0, 0, true, "cr", "", 0 },
	{ "shield does not keep wakes", 0, 0, true, "cw", "woken", 0 },
	{ "shield does not keep deadlines", 0, 5, true, "c5", "deadline",
	    -ETIMEDOUT },
	{ "shield off delivers", 0, 0, true, "crs", "cancelled", -ECANCELED },
	{ "shield on in time", 0, 0, false, "Scr", "", 0 },
	{ "uncancel behind the shield", 0, 0, true, "cus", "", 0 },
	{ "deadline set while parked", 0, 0, false, "D3", "deadline",
	    -ETIMEDOUT },
	{ "deadline taken away while parked", 0, 5, false, "d9", "", 0 },
	{ "deadline moved, timeout stays", 4, 0, false, "D2d2", "time", 0 },
};

static void
play(struct rt *rt, struct fiber *fiber, char event)
{
	switch (event) {
	case 'c':
		fiber_cancel(fiber);
		return;
	case 'u':
		fiber_uncancel(fiber);
		return;
	case 'w':
		fiber_wake(fiber);
		return;
	case 'S':
	case 's':
		fiber_shield(fiber, event == 'S');
		return;
	case 'D':
		fiber_set_deadline(fiber, mono_add_ms(test_now, 3));
		return;
	case 'd':
		fiber_set_deadline(fiber, (struct mono){ 0 });
		return;
	case 'r':
		turn(rt);
		return;
	case 'L':
		pass_ms(rt, 20);
		return;
	}
	pass_ms(rt, (uint64_t)(event - '0'));
}

static void
what_ends_a_block(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		const struct ending *e = &endings[i];
		struct rt *rt = test_rt(0);
		struct actor a = { .name = "a", .timeout_ms = e->timeout_ms };

		a.shield = e->shield;
		if (e->deadline_ms > 0)
			a.deadline = mono_add_ms(test_now, e->deadline_ms);
		start(rt, blocker, &a);
		for (const char *p = e->events; *p != '\0'; p++)
			if (!a.ended)
				play(rt, a.fiber, *p);
		turn(rt);
		if (a.ended != (e->want[0] != '\0') ||
		    (a.ended && strcmp(word(a.rc), e->want) != 0) ||
		    (a.ended && a.rc2 != e->check))
			fail_msg("%s: ended %d, %s, check %d", e->name, a.ended,
			    word(a.rc), a.rc2);
		if (!a.ended)
			fiber_wake(a.fiber);
		turn(rt);
		test_rt_done(&rt);
	}
}

static void
checks_before_parking(void *arg)
{
	struct actor *actor = arg;
	struct fiber *self = fiber_self();

	fiber_set_deadline(self, test_now);
	note("%s", word(fiber_block(0)));
	fiber_cancel(self);
	note("%s", word(fiber_block(0)));
	fiber_shield(self, true);
	note("%s", word(fiber_block(0)));
	fiber_shield(self, false);
	fiber_set_deadline(self, (struct mono){ 0 });
	note("%s", word(fiber_block(0)));
	fiber_wake(self);
	note("%s", word(fiber_block(0)));
	note("%s", word(fiber_check()));
	fiber_uncancel(self);
	note("%s", word(fiber_check()));
	actor->ended = true;
}

static void
precedence_before_parking(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, checks_before_parking, &a);
	assert_true(a.ended);
	assert_string_equal(trace,
	    "deadline cancelled deadline cancelled woken cancelled woken");
	test_rt_done(&rt);
}

static void
blocks_always(void *arg)
{
	struct actor *actor = arg;

	actor->fiber = fiber_self();
	fiber_set_deadline(actor->fiber, mono_add_ms(test_now, 5));
	fiber_block_always();
	actor->rc = fiber_check();
	actor->ended = true;
}

static void
block_always_ends_by_wake_alone(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, blocks_always, &a);
	fiber_cancel(a.fiber);
	pass_ms(rt, 10);
	assert_false(a.ended);
	fiber_wake(a.fiber);
	turn(rt);
	assert_true(a.ended);
	assert_int_equal(a.rc, -ECANCELED);
	test_rt_done(&rt);
}

static void
yields(void *arg)
{
	const char *name = arg;

	for (int i = 0; i < 3; i++) {
		note("%s%d", name, i);
		(void)fiber_yield();
	}
}

static void
on_idle_turn(uv_check_t *handle)
{
	(void)handle;
	note("poll");
}

static void
yield_takes_turns_with_fibers_and_sockets(void **state)
{
	struct rt *rt = test_rt(0);
	uv_check_t polled;

	(void)state;
	assert_int_equal(uv_check_init(rt_loop(rt), &polled), 0);
	assert_int_equal(uv_check_start(&polled, on_idle_turn), 0);
	uv_unref((uv_handle_t *)&polled);
	assert_int_equal(fiber_start(rt, yields, (void *)(uintptr_t) "a"), 0);
	assert_int_equal(fiber_start(rt, yields, (void *)(uintptr_t) "b"), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_string_equal(trace, "a0 b0 a1 b1 poll a2 b2 poll poll");
	uv_close((uv_handle_t *)&polled, NULL);
	test_rt_done(&rt);
}

static void
try_again(void *arg)
{
	struct actor *actor = arg;

	note("free");
	actor->rc = fiber_start(actor->rt, plain, actor);
}

static void
limit_and_its_end(void **state)
{
	struct rt *rt = test_rt(2);
	struct actor a = { .name = "a" }, b = { .name = "b" };
	struct actor c = { .name = "c", .rt = rt, .rc = -1 };

	(void)state;
	rt_on_fiber_free(rt, try_again, &c);
	start(rt, blocker, &a);
	start(rt, blocker, &b);
	assert_int_equal(fiber_start(rt, plain, &c), -EAGAIN);
	assert_int_equal(fiber_start(rt, plain, &c), -EAGAIN);
	assert_int_equal(rt_fibers_in_use(rt), 2);
	fiber_wake(a.fiber);
	turn(rt);
	assert_int_equal(c.rc, 0);
	fiber_wake(b.fiber);
	turn(rt);
	assert_string_equal(trace, "a b a:woken free c b:woken");
	test_rt_done(&rt);
}

static void
deferred(void *arg)
{
	(void)arg;
	note(fiber_self() != NULL ? "deferred-on-fiber" : "deferred-on-loop");
}

static void
leaves_things_behind(void *arg)
{
	struct fiber *self = fiber_self();

	fiber_set_data(self, arg);
	fiber_set_class(self, 7);
	fiber_set_deadline(self, test_now);
	fiber_shield(self, true);
	fiber_cancel(self);
	fiber_wake(self);
	fiber_label_wait("left");
	(void)arena_alloc(fiber_arena(self), 100);
	arena_defer(fiber_arena(self), deferred, NULL);
}

static void
finds_nothing(void *arg)
{
	struct actor *actor = arg;
	struct fiber *self = fiber_self();

	actor->fiber = self;
	if (fiber_data(self) != NULL || fiber_class(self) != 0 ||
	    fiber_deadline(self).ns != 0 || fiber_check() != 0 ||
	    fiber_waited_us(self) != 0 || fiber_waited_for(self) != NULL ||
	    fiber_arena(self)->used != 0)
		note("dirty");
	actor->rc = fiber_block(3); /* no wake is left over */
	note("%s", fiber_waited_for(self));
	fiber_cancel(self); /* nor the shield */
	note("%s", word(fiber_check()));
}

static void
nothing_is_left_for_the_next(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, leaves_things_behind, &a);
	start(rt, finds_nothing, &a);
	pass_ms(rt, 3);
	assert_int_equal(a.rc, -ETIME);
	assert_string_equal(trace, "deferred-on-fiber event cancelled");
	test_rt_done(&rt);
}

static void
waits_with_labels(void *arg)
{
	struct actor *actor = arg;
	struct fiber *self = fiber_self();

	actor->fiber = self;
	fiber_label_wait("dns");
	actor->rc = fiber_block(30);
	fiber_label_wait("kv");
	actor->rc = fiber_block(10);
	note("%s:%u", fiber_waited_for(self), (unsigned)fiber_waited_us(self));
	fiber_waited_reset(self);
	actor->rc = fiber_block(2);
	note("%s:%u", fiber_waited_for(self), (unsigned)fiber_waited_us(self));
}

static void
the_record_of_waits(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 };

	(void)state;
	start(rt, waits_with_labels, &a);
	pass_ms(rt, 30);
	test_now = mono_add_ms(test_now, 4);
	assert_string_equal(fiber_waited_for(a.fiber), "kv");
	assert_int_equal(fiber_waited_us(a.fiber), 34000);
	pass_ms(rt, 6);
	pass_ms(rt, 2);
	assert_string_equal(trace, "dns:40000 event:2000");
	test_rt_done(&rt);
}

static unsigned sleepers_done;

static void
sleeper(void *arg)
{
	(void)arg;
	if (fiber_sleep(10000) == 0)
		sleepers_done++;
}

static void
a_thousand_sleep(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { .name = "awake" };

	(void)state;
	sleepers_done = 0;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(fiber_start(rt, sleeper, NULL), 0);
	assert_int_equal(rt_fibers_in_use(rt), 1000);
	for (int i = 0; i < 100; i++)
		start(rt, plain, &a);
	pass_ms(rt, 9999);
	assert_int_equal(sleepers_done, 0);
	pass_ms(rt, 1);
	assert_int_equal(sleepers_done, 1000);
	assert_int_equal(rt_fibers_in_use(rt), 0);
	assert_int_equal(rt_fibers_peak(rt), 1001);
	/* Their stacks go, but nobody waits for that. */
	assert_true(uv_is_active((uv_handle_t *)&rt->trim_timer));
	assert_false(uv_loop_alive(rt_loop(rt)));
	test_rt_done(&rt);
}

/* Once with the machine's clock and the loop's own timers. */
static void
sleeps_in_real_time(void *arg)
{
	struct actor *actor = arg;
	struct mono before = mono_now();

	actor->rc = fiber_sleep(3);
	actor->rc2 = (int)mono_since_us(mono_now(), before);
}

static void
real_clock(void **state)
{
	struct rt *rt = test_rt(0);
	struct actor a = { 0 }, b = { 0 };

	(void)state;
	clock_set_source(NULL);
	start(rt, sleeps_in_real_time, &a);
	start(rt, sleeps_in_real_time, &b);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(a.rc, 0);
	assert_true(a.rc2 >= 3000);
	assert_true(b.rc2 >= 3000);
	test_rt_done(&rt);
}

/* ---- what ends the process ---- */

/* Runs fn in a child and returns its wait status. */
static int
status_of(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
block_off_fiber(void)
{
	(void)!fiber_block(1);
}

static struct actor gone;

static void
wake_of_ended(void)
{
	struct rt *rt = test_rt(0);

	if (fiber_start(rt, plain, &gone) == 0)
		fiber_wake(gone.fiber);
}

static void
bugs_of_ours_abort(void **state)
{
	int status;

	(void)state;
	status = status_of(block_off_fiber);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	status = status_of(wake_of_ended);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static struct fiber *overflowing;

static void
on_fault(int signo, siginfo_t *info, void *context)
{
	struct fiber *hit = fiber_of_fault(info->si_addr);

	(void)signo;
	(void)context;
	_exit(hit != NULL && hit == overflowing ? 42 : 1);
}

static volatile int deep_enough = 1 << 30;

__attribute__((noinline)) static int
dig(int depth)
{
	volatile char frame[2048];

	frame[0] = (char)depth;
	return depth < deep_enough ? dig(depth + 1) + frame[0] : 0;
}

static void
overflow(void *arg)
{
	(void)arg;
	overflowing = fiber_self();
	_exit(dig(0) + 2);
}

static void
wild_pointer(void *arg)
{
	(void)arg;
	overflowing = fiber_self();
	*(volatile char *)arg = 1;
}

static void
catch_faults(void)
{
	static char altstack[65536];
	stack_t stack = { .ss_sp = altstack, .ss_size = sizeof(altstack) };
	struct sigaction action = { .sa_sigaction = on_fault };

	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	(void)sigaltstack(&stack, NULL);
	(void)sigaction(SIGSEGV, &action, NULL);
}

static void
run_overflow(void)
{
	catch_faults();
	(void)!fiber_start(test_rt(0), overflow, NULL);
}

static void
run_wild_pointer(void)
{
	void *page =
	    mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	catch_faults();
	(void)!fiber_start(test_rt(0), wild_pointer, page);
}

static void
guard_names_the_fiber(void **state)
{
	int status;

	(void)state;
	status = status_of(run_overflow);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	/* Another fault is not taken for an overflow. */
	status = status_of(run_wild_pointer);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_at_once_and_ends),
		cmocka_unit_test(start_on_a_fiber_is_not_nested),
		cmocka_unit_test(wake_before_block),
		cmocka_unit_test(wakes_are_first_come_first_served),
		cmocka_unit_test(what_ends_a_block),
		cmocka_unit_test(precedence_before_parking),
		cmocka_unit_test(block_always_ends_by_wake_alone),
		cmocka_unit_test(yield_takes_turns_with_fibers_and_sockets),
		cmocka_unit_test(limit_and_its_end),
		cmocka_unit_test(nothing_is_left_for_the_next),
		cmocka_unit_test(the_record_of_waits),
		cmocka_unit_test(a_thousand_sleep),
		cmocka_unit_test(real_clock),
		cmocka_unit_test(bugs_of_ours_abort),
		cmocka_unit_test(guard_names_the_fiber),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
