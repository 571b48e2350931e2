/* SPDX-License-Identifier: MIT */
/* test_conf_apart.c - new versions of large files are read elsewhere. */
#include "unit.h"

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "sandbox.h"

#define OLD 5000 /* ms: may be read at once */

static struct sandbox box;
static unsigned told;

/* What run_apart was given; the tests say when which part runs. */
static struct {
	void (*work)(void *job);
	void (*done)(void *job);
	void *job;
	unsigned count;
} apart;

static void
run_apart(
    void *arg, void (*work)(void *job), void (*done)(void *job), void *job)
{
	(void)arg;
	assert_null(apart.job);
	apart.work = work;
	apart.done = done;
	apart.job = job;
	apart.count++;
}

static void
on_fault(void *arg, const struct conf_fault *fault)
{
	(void)arg;
	(void)fault;
	told++;
}

/* All of it, as on a thread that is quick. */
static void
finish(void)
{
	assert_non_null(apart.job);
	apart.work(apart.job);
	apart.done(apart.job);
	apart.job = NULL;
}

static int
setup(void **state)
{
	const struct conf_options options = { .run_apart = run_apart,
		.on_fault = on_fault };

	(void)state;
	apart.job = NULL;
	apart.count = told = 0;
	sandbox_start(&box, -86400);
	return conf_dir_open(box.path, &options, &box.dir, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

/* `first`, then lines up to a size that is large. */
static void
put(const char *first)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s\n", first);
	while (text.n < 40000)
		buf_printf(&text, "^user%zu@\n", text.n);
	sandbox_replace(&box, "large", text.p, OLD);
	buf_done(&text);
}

/* The pattern of its first line that fits; -1: none. */
static int
index_of(const char *text)
{
	struct conf_list *list = conf_get_as(box.dir, STR_EMPTY,
	    STR_LIT("large"), CONF_KIND_PATTERNS(CONF_ADDRESSES));
	size_t index = 0;
	bool found =
	    conf_list_match(list, CONF_ADDRESSES, slice_of(text), &index);

	conf_list_unref(&list);
	return found ? (int)index : -1;
}

/* The old version is known, and the new one is looked at. */
static void
begin_change(void)
{
	put("^old@");
	assert_int_equal(index_of("old@x"), 0);
	put("^new@");
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
}

static void
test_old_one_holds(void **state)
{
	(void)state;
	put("^old@");
	assert_int_equal(index_of("old@x"), 0);
	assert_int_equal(apart.count, 0); /* somebody waits for the first */
	put("^new@");
	sandbox_wait(1000);
	assert_int_equal(index_of("new@x"), -1);
	assert_int_equal(index_of("old@x"), 0);
	assert_int_equal(apart.count, 1);
	/* One at a time. */
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
	finish();
	assert_int_equal(index_of("new@x"), 0);
	assert_int_equal(index_of("old@x"), -1);
	sandbox_wait(1000);
	assert_int_equal(index_of("new@x"), 0);
	assert_int_equal(apart.count, 1);
}

/* As for any other file. */
static void
test_fault(void **state)
{
	(void)state;
	put("^old@");
	assert_int_equal(index_of("old@x"), 0);
	put("^new(@");
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
	finish();
	assert_int_equal(told, 1);
	assert_int_equal(index_of("old@x"), 0);
	assert_int_equal(conf_faults(box.dir)->count, 1);
	put("^new@");
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
	finish();
	assert_int_equal(index_of("new@x"), 0);
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* Who flushes wants it now; what was read before that is too old. */
static void
test_flush_meanwhile(void **state)
{
	(void)state;
	begin_change();
	apart.work(apart.job);
	put("^newest@");
	assert_int_equal(conf_flush(box.dir), 1);
	assert_int_equal(index_of("newest@x"), 0);
	apart.done(apart.job);
	apart.job = NULL;
	assert_int_equal(index_of("newest@x"), 0);
}

/* It is read later than it was looked at, perhaps in the middle of a write. */
static void
test_write_meanwhile(void **state)
{
	(void)state;
	begin_change();
	sandbox_write(&box, "large", "^half(", 0);
	finish();
	assert_int_equal(index_of("old@x"), 0);
	assert_int_equal(told, 0);
	put("^whole@");
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
	finish();
	assert_int_equal(index_of("whole@x"), 0);
}

/* An editor may be between its two steps. */
static void
test_away_meanwhile(void **state)
{
	(void)state;
	begin_change();
	sandbox_remove(&box, "large");
	finish();
	assert_int_equal(index_of("old@x"), 0);
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), 0);
	sandbox_wait(1000);
	assert_int_equal(index_of("old@x"), -1);
}

/* A look-up of another kind while it is read. */
static void
test_other_kind_meanwhile(void **state)
{
	struct conf_list *list;

	(void)state;
	put("^old@");
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("large"));
	conf_list_unref(&list);
	put("^(new@");
	sandbox_wait(1000);
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("large"));
	conf_list_unref(&list);
	apart.work(apart.job);
	assert_int_equal(index_of("old@x"), 0);
	apart.done(apart.job);
	apart.job = NULL;
	assert_int_equal(told, 1);
	assert_int_equal(index_of("old@x"), 0);
}

static void
test_dir_gone_meanwhile(void **state)
{
	(void)state;
	begin_change();
	conf_dir_free(&box.dir);
	finish();
}

static void
test_small_ones_at_once(void **state)
{
	(void)state;
	sandbox_write(&box, "large", "^old@\n", OLD);
	assert_int_equal(index_of("old@x"), 0);
	sandbox_replace(&box, "large", "^new@\n", OLD);
	sandbox_wait(1000);
	assert_int_equal(index_of("new@x"), 0);
	assert_int_equal(apart.count, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_old_one_holds),
		TEST(test_fault),
		TEST(test_flush_meanwhile),
		TEST(test_write_meanwhile),
		TEST(test_away_meanwhile),
		TEST(test_other_kind_meanwhile),
		TEST(test_dir_gone_meanwhile),
		TEST(test_small_ones_at_once),
	};

	return cmocka_run_group_tests_name("conf-apart", tests, NULL, NULL);
}
