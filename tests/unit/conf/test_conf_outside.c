/* SPDX-License-Identifier: MIT */
/* test_conf_outside.c - places beyond the directory that files lead to. */
#include "unit.h"

#include <sys/stat.h>

#include "conf/conf_outside.h"
#include "sandbox.h"

static struct sandbox box, far;
static struct buf found;
static bool is_all;

static int
setup(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	sandbox_start(&far, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sandbox_stop(&box);
	sandbox_stop(&far);
	buf_done(&found);
	return 0;
}

static void
on_path(void *arg, const char *path)
{
	(void)arg;
	buf_printf(&found, "%s\n", path);
}

static bool
finds(struct sandbox *where, const char *name)
{
	struct buf line = BUF_INIT;
	bool ret;

	buf_printf(&line, "%s\n", sandbox_path(where, name));
	ret = found.n > 0 && strstr(found.p, line.p) != NULL;
	buf_done(&line);
	return ret;
}

static void
look(const char *extra)
{
	const struct conf_places places = { box.path, extra };

	buf_clear(&found);
	is_all = conf_outside(&places, on_path, NULL);
}

static void
include(struct sandbox *from, const char *name, const char *to)
{
	struct buf text = BUF_INIT;

	buf_printf(&text, "one\n$include %s\n", to);
	sandbox_write(from, name, text.p, 5000);
	buf_done(&text);
}

/* Directories: they cost no opening. */
static void
test_too_many(void **state)
{
	char path[600];

	(void)state;
	/* The directory itself is one. */
	for (int i = 1; i < CONF_OUTSIDE_ENTRIES / 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%d", box.path, i);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	/* Each is seen twice, before and after what is in it. */
	look(NULL);
	assert_true(is_all);
	(void)snprintf(path, sizeof(path), "%s/more", box.path);
	assert_int_equal(mkdir(path, 0755), 0);
	look(NULL);
	assert_false(is_all);
	look(far.path);
	assert_false(is_all);
}

static void
test_nothing(void **state)
{
	(void)state;
	sandbox_write(&box, "plain", "text\n# include\n", 5000);
	sandbox_write(&box, "inner", "$include plain\n", 5000);
	sandbox_write(&box, "comment", "# $include /etc/passwd\n", 5000);
	sandbox_write(&box, "empty", "", 5000);
	look(NULL);
	assert_int_equal(found.n, 0);
}

static void
test_includes(void **state)
{
	(void)state;
	sandbox_write(&far, "deepest", "x\n", 5000);
	include(&far, "further", sandbox_path(&far, "deepest"));
	include(&box, "list", sandbox_path(&far, "further"));
	include(&box, "listener/list", sandbox_path(&far, "missing"));
	sandbox_write(&far, "dir/a", "x\n", 5000);
	include(&box, "of_dir", sandbox_path(&far, "dir"));
	look(NULL);
	assert_true(finds(&far, "further"));
	assert_true(finds(&far, "deepest"));
	assert_true(finds(&far, "missing"));
	assert_true(finds(&far, "dir"));
	assert_false(finds(&box, "list"));
}

static void
test_links(void **state)
{
	char to[512];

	(void)state;
	sandbox_write(&far, "target", "x\n", 5000);
	sandbox_write(&far, "leaf", "x\n", 5000);
	include(&far, "target", sandbox_path(&far, "leaf"));
	(void)snprintf(to, sizeof(to), "%s", sandbox_path(&far, "target"));
	assert_int_equal(symlink(to, sandbox_path(&box, "link")), 0);
	assert_int_equal(symlink("/nowhere", sandbox_path(&box, "dead")), 0);
	look(NULL);
	assert_true(finds(&box, "link"));
	assert_true(finds(&box, "dead"));
	assert_true(finds(&far, "leaf"));
}

/* $QMAIL/control, whose files may lead elsewhere as well. */
static void
test_extra(void **state)
{
	(void)state;
	include(&far, "list", "/somewhere/else");
	look(far.path);
	assert_string_equal(found.p, "/somewhere/else\n");
}

/* Bad files are somebody else's business. */
static void
test_bad(void **state)
{
	(void)state;
	include(&box, "loop", sandbox_path(&box, "loop"));
	sandbox_bytes(&box, "nul", "a\0$include /x\n", 14, 5000);
	look(NULL);
	assert_int_equal(found.n, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_includes),
		TEST(test_links),
		TEST(test_extra),
		TEST(test_bad),
		TEST(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
