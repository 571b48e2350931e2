/* SPDX-License-Identifier: MIT */
/* test_conf_file.c - reading one control file. */
#include "unit.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "conf/conf_file.h"
#include "sandbox.h"

static struct sandbox box;

/* Freed blocks that still held this; NULL: nobody looks. */
static const char *secret;
static unsigned found_secret;

void __real_mem_free(void *p);
void __wrap_mem_free(void *p);

void
__wrap_mem_free(void *p)
{
	if (secret != NULL && p != NULL &&
	    memmem(p, malloc_usable_size(p), secret, strlen(secret)) != NULL)
		found_secret++;
	__real_mem_free(p);
}

static int
setup(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

/* Reads "main" and prints "FILE:LINE=TEXT|..." or the fault without the
 * directory; returns the code. */
static int
read_main(char *out, size_t size, size_t *ret_sources)
{
	struct conf_places places = { box.path, NULL };
	struct conf_sources sources = { NULL, 0 };
	struct buf buf = BUF_INIT;
	struct conf_faults faults;
	struct conf_lines lines;
	size_t skip = strlen(box.path) + 1;
	char main_path[512];
	int res;

	(void)snprintf(main_path, sizeof(main_path), "%s/main", box.path);
	conf_faults_init(&faults);
	res = conf_file_read(main_path, &places, &lines, &sources, &faults);
	for (size_t i = 0; res == 0 && i < lines.count; i++)
		buf_printf(&buf, "%s%s:%u=%s", i > 0 ? "|" : "",
		    lines.files[lines.at[i].file].p + skip, lines.at[i].line,
		    lines.at[i].text.p);
	if (res == 0)
		conf_lines_done(&lines);
	for (size_t i = 0; i < faults.count; i++)
		buf_printf(&buf, "%s:%u: %s", faults.at[i].file.p + skip,
		    faults.at[i].line, faults.at[i].text.p);
	(void)snprintf(out, size, "%s", buf.p != NULL ? buf.p : "");
	if (ret_sources != NULL)
		*ret_sources = sources.count;
	buf_done(&buf);
	conf_faults_done(&faults);
	conf_sources_done(&sources);
	return res;
}

static void
test_format(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "empty", "", "" },
		{ "one", "a\n", "main:1=a" },
		{ "no newline at the end", "a\nb", "main:1=a|main:2=b" },
		{ "trimmed", " \t a b \t\r\n", "main:1=a b" },
		{ "blank and comment", "\n# c\n  #d\na # e\n", "main:4=a # e" },
		{ "CRLF", "a\r\n\r\nb\r\n", "main:1=a|main:3=b" },
		{ "byte order mark",
		    "\xef\xbb\xbf"
		    "a\n",
		    "main:1=a" },
		{ "no include word", "$includes x\n", "main:1=$includes x" },
		{ "only white space, no newline", "  \t ", "" },
		{ "other bytes", "\xff\x80\n", "main:1=\xff\x80" },
	};
	char out[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sandbox_write(&box, "main", cases[i].text, 0);
		assert_int_equal(read_main(out, sizeof(out), NULL), 0);
		assert_string_equal(out, cases[i].want);
	}
}

static void
test_include(void **state)
{
	size_t sources;
	char out[1024], text[600];

	(void)state;
	(void)snprintf(text, sizeof(text),
	    "a\n$include sub/x\nb\n $include  %s/d \nc", box.path);
	sandbox_write(&box, "main", text, 0);
	sandbox_write(&box, "sub/x", "x1\n$include y\nx3\n", 0);
	sandbox_write(&box, "y", "#\ny2", 0);
	sandbox_write(&box, "d/20", "twenty", 0);
	sandbox_write(&box, "d/10", "ten", 0);
	sandbox_write(&box, "d/.hidden", "no", 0);
	sandbox_write(&box, "d/sub/no", "no", 0);
	assert_int_equal(read_main(out, sizeof(out), &sources), 0);
	assert_string_equal(out,
	    "main:1=a|sub/x:1=x1|y:2=y2|sub/x:3=x3|main:3=b|d/10:1=ten|"
	    "d/20:1=twenty|main:5=c");
	/* main, sub/x, y, d, d/10, d/20 */
	assert_int_equal(sources, 6);
}

/* The same file may come twice, but not within itself. */
static void
test_include_twice(void **state)
{
	char out[1024];

	(void)state;
	sandbox_write(&box, "main", "$include x\n$include x\n", 0);
	sandbox_write(&box, "x", "x", 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), 0);
	assert_string_equal(out, "x:1=x|x:1=x");
}

static void
test_include_faults(void **state)
{
	static const struct {
		const char *name, *main, *x, *want;
		int code;
	} cases[] = {
		{ "itself", "a\n$include main\n", "", "main:2: $include",
		    -EINVAL },
		{ "through another", "$include x\n", "\n\n$include main",
		    "x:3: $include", -EINVAL },
		{ "under another path", "$include ./sub/../main", "",
		    "main:1: $include", -EINVAL },
		{ "through a directory", "$include sub\n", "",
		    "sub/loop:1: $include", -EINVAL },
		{ "missing", "\n$include nothing\n", "", "main:2: $include",
		    -EINVAL },
		{ "without path", "$include \n", "", "main:1: $include",
		    -EINVAL },
	};
	char out[1024];

	(void)state;
	sandbox_write(&box, "sub/loop", "$include sub\n", 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sandbox_write(&box, "main", cases[i].main, 0);
		sandbox_write(&box, "x", cases[i].x, 0);
		assert_int_equal(
		    read_main(out, sizeof(out), NULL), cases[i].code);
		assert_memory_equal(out, cases[i].want, strlen(cases[i].want));
		/* What is wrong; what to do. */
		assert_non_null(strchr(out, ';'));
	}
}

static void
test_depth(void **state)
{
	char out[1024], name[16], text[32];

	(void)state;
	sandbox_write(&box, "main", "$include f2", 0);
	for (int i = 2; i <= CONF_INCLUDE_DEPTH + 1; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		(void)snprintf(text, sizeof(text), "$include f%d", i + 1);
		sandbox_write(
		    &box, name, i < CONF_INCLUDE_DEPTH ? text : "end", 0);
	}
	assert_int_equal(read_main(out, sizeof(out), NULL), 0);
	assert_string_equal(out, "f16:1=end");
	sandbox_write(&box, "f16", "$include f17", 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -EINVAL);
	assert_memory_equal(out, "f16:1: ", 7);
}

/* 2^13 files would be read. */
static void
test_many(void **state)
{
	char out[1024], name[16], text[64];

	(void)state;
	sandbox_write(&box, "main", "$include f2\n$include f2\n", 0);
	for (int i = 2; i < 14; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		(void)snprintf(text, sizeof(text),
		    "$include f%d\n$include f%d\n", i + 1, i + 1);
		sandbox_write(&box, name, text, 0);
	}
	sandbox_write(&box, "f14", "end", 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -EINVAL);
	assert_non_null(strstr(out, "4,096 files"));
}

static void
test_nul(void **state)
{
	char out[1024];

	(void)state;
	sandbox_bytes(&box, "main", "a\nb\nc\0d\n", 8, 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -EINVAL);
	assert_memory_equal(out, "main:3: a NUL byte", 18);
}

static void
test_too_large(void **state)
{
	char out[1024];

	(void)state;
	sandbox_write(&box, "main", "a", 0);
	assert_int_equal(
	    truncate(sandbox_path(&box, "main"), (off_t)CONF_FILE_MAX + 1), 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -EINVAL);
	assert_memory_equal(out, "main:0: larger than 64 MiB", 26);
}

/* Nothing to read, and that is no fault; opening it does not wait. */
static void
test_no_file(void **state)
{
	size_t sources;
	char out[1024];

	(void)state;
	assert_int_equal(read_main(out, sizeof(out), &sources), -ENOENT);
	assert_string_equal(out, "");
	assert_int_equal(sources, 1);
	sandbox_write(&box, "main/x", "a", 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -ENOENT);
	assert_string_equal(out, "");
	sandbox_remove(&box, "main/x");
	sandbox_remove(&box, "main");
	assert_int_equal(mkfifo(sandbox_path(&box, "main"), 0600), 0);
	assert_int_equal(read_main(out, sizeof(out), NULL), -EINVAL);
	assert_memory_equal(out, "main:0: neither a file", 22);
}

/* $QMAIL/control stands in for what the directory does not have. */
static void
test_places(void **state)
{
	struct conf_sources sources = { NULL, 0 };
	struct conf_faults faults;
	struct conf_places places;
	struct conf_lines lines;
	char extra[512];

	(void)state;
	(void)snprintf(extra, sizeof(extra), "%s/control", box.path);
	places = (struct conf_places){ box.path, extra };
	sandbox_write(&box, "control/x", "theirs", 0);
	sandbox_write(&box, "control/y", "not", 0);
	sandbox_write(&box, "y", "ours", 0);
	sandbox_write(&box, "main", "$include x\n$include y", 0);
	conf_faults_init(&faults);
	assert_int_equal(conf_file_read(sandbox_path(&box, "main"), &places,
			     &lines, &sources, &faults),
	    0);
	assert_int_equal(lines.count, 2);
	assert_string_equal(lines.at[0].text.p, "theirs");
	assert_string_equal(lines.at[1].text.p, "ours");
	/* "x" may appear in the directory. */
	assert_non_null(conf_sources_find(&sources, sandbox_path(&box, "x")));
	conf_lines_done(&lines);
	conf_sources_done(&sources);
	conf_faults_done(&faults);
}

/* What was in a file is nowhere when it is done with, also when it could not
 * be used. */
static void
test_is_wiped(void **state)
{
	static const char *const files[] = { "user:hunter2-hunter2\n",
		"a\nuser:hunter2-hunter2\n$include none\n",
		"$include more\nb\n" };

	(void)state;
	sandbox_write(&box, "more", "c\nuser:hunter2-hunter2\n", 1000);
	secret = "hunter2-hunter2";
	found_secret = 0;
	/* That it would be seen. */
	mem_free(mem_dup(slice_of(secret)));
	assert_int_equal(found_secret, 1);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct conf_places places = { box.path, NULL };
		struct conf_sources sources = { NULL, 0 };
		struct conf_faults faults;
		struct conf_lines lines;

		sandbox_write(&box, "main", files[i], 1000);
		conf_faults_init(&faults);
		if (conf_file_read(sandbox_path(&box, "main"), &places, &lines,
			&sources, &faults) == 0)
			conf_lines_done(&lines);
		conf_sources_done(&sources);
		conf_faults_done(&faults);
	}
	secret = NULL;
	assert_int_equal(found_secret, 1);
}

static void
test_from_memory(void **state)
{
	static const hl_str texts[] = { { " a ", 3 }, { "", 0 }, { "#", 1 },
		{ "$include x", 10 } };
	struct conf_lines lines;

	(void)state;
	conf_lines_from(&lines, STR_LIT("--listen"), texts, ARRAY_SIZE(texts));
	assert_int_equal(lines.count, 2);
	assert_string_equal(lines.at[0].text.p, "a");
	assert_string_equal(lines.at[1].text.p, "$include x");
	assert_int_equal(lines.at[1].line, 4);
	assert_string_equal(lines.files[0].p, "--listen");
	conf_lines_done(&lines);
}

static void
test_stamps(void **state)
{
	struct conf_stamp old = { true, 1, 10, 5, 1000000000, 1000000000 };
	struct conf_stamp now = old;
	struct wall clock = { 1100000 }; /* 100 ms after it */

	(void)state;
	assert_true(conf_stamp_eq(&old, &now));
	assert_true(conf_stamp_is_young(&now, clock));
	clock.us = 1199999;
	assert_true(conf_stamp_is_young(&now, clock));
	clock.us = 1200000;
	assert_false(conf_stamp_is_young(&now, clock));
	clock.us = 0; /* a date in the future */
	assert_true(conf_stamp_is_young(&now, clock));

	assert_false(conf_stamp_is_renamed(&old, &now));
	now.ctime_ns++; /* chmod */
	assert_false(conf_stamp_is_renamed(&old, &now));
	assert_false(conf_stamp_eq(&old, &now));
	now.ino = 11;
	assert_true(conf_stamp_is_renamed(&old, &now));
	now.ctime_ns--; /* made there, not renamed */
	assert_false(conf_stamp_is_renamed(&old, &now));
	now.exists = false;
	assert_false(conf_stamp_is_young(&now, clock));
	assert_false(conf_stamp_is_renamed(&old, &now));
}

static void
test_faults(void **state)
{
	struct conf_faults faults;
	struct buf buf = BUF_INIT;
	size_t used;

	(void)state;
	conf_faults_init(&faults);
	assert_non_null(conf_faults_add(&faults, STR_LIT("b"), 2, "two"));
	assert_non_null(conf_faults_add(&faults, STR_LIT("b"), 0, "none"));
	assert_non_null(conf_faults_add(&faults, STR_LIT("a"), 3, "%d", 3));
	used = faults.arena.used;
	assert_null(conf_faults_add(&faults, STR_LIT("b"), 2, "two"));
	assert_int_equal(faults.arena.used, used);
	conf_faults_sort(&faults);
	for (size_t i = 0; i < faults.count; i++)
		conf_fault_print(&buf, &faults.at[i]);
	assert_string_equal(buf.p, "a:3: 3b: noneb:2: two");
	for (unsigned i = 0; i < 200; i++)
		(void)conf_faults_add(&faults, STR_LIT("c"), i, "x");
	assert_int_equal(faults.count, CONF_FAULTS_MAX);
	assert_int_equal(faults.dropped, 103);
	conf_faults_done(&faults);
	buf_done(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_format, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_include_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_include_faults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_depth, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nul, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_is_wiped, setup, teardown),
		cmocka_unit_test(test_from_memory),
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests_name("conf-file", tests, NULL, NULL);
}
