/* SPDX-License-Identifier: MIT */
/* test_conf_dir.c - the directory follows its files. */
#include "unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "conf/conf_dir.h"
#include "sandbox.h"

static struct sandbox box;

/* Old enough to be read at once. */
#define OLD 5000

static int
setup(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	sandbox_open(&box);
	return 0;
}

/* The clock is a day behind the system's: change times (which cannot be set)
 * are later than all other times, so each new inode counts as renamed. */
static int
setup_behind(void **state)
{
	(void)state;
	sandbox_start(&box, -86400);
	sandbox_open(&box);
	return 0;
}

/* The other way round: no new inode counts as renamed. */
static int
setup_ahead(void **state)
{
	(void)state;
	sandbox_start(&box, 86400);
	sandbox_open(&box);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

static void
key_is(const char *key, const char *want)
{
	assert_string_equal(sandbox_get(&box, key), want);
}

static void
test_open(void **state)
{
	struct conf_dir *dir = NULL;
	struct err err;

	(void)state;
	assert_int_equal(
	    conf_dir_open(sandbox_path(&box, "none"), NULL, &dir, &err),
	    -ENOENT);
	assert_non_null(strstr(err.text, "none: cannot open"));
	sandbox_write(&box, "file", "", 0);
	assert_int_equal(
	    conf_dir_open(sandbox_path(&box, "file"), NULL, &dir, &err),
	    -ENOTDIR);
	assert_null(dir);
	conf_dir_free(&dir);
	assert_string_equal(conf_dir_path(box.dir), box.path);
	assert_true(strlen(conf_dir_hostname(box.dir)) > 0);
}

static void
test_present_and_absent(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one\ntwo\n", OLD);
	sandbox_write(&box, "empty", "# nothing\n", OLD);
	sandbox_write(&box, "dkim/example.com/selector", "s1\n", OLD);
	key_is("a", "one|two");
	key_is("empty", "");
	key_is("none", "-");
	key_is("dkim/example.com/selector", "s1");
	key_is("dkim", "-"); /* a directory */
	key_is("a/b", "-");
	assert_int_equal(conf_faults(box.dir)->count, 0);
	assert_int_equal(box.told_count, 0);
}

/* A key may hold a client's words. */
static void
test_bad_keys(void **state)
{
	static const char *const keys[] = { "", "/etc/passwd", "../a", "x/..",
		"x/../a", ".", "./a", "x//a", "a/", "a\n", "\x7f" };
	char key[CONF_KEY_MAX + 2];

	(void)state;
	sandbox_write(&box, "a", "x", OLD);
	sandbox_write(&box, "x/a", "x", OLD);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		UNIT_CASE(
		    keys[i], strcmp(sandbox_get(&box, keys[i]), "-") == 0);
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	key_is(key, "-");
	key_is("..a", "-");
	sandbox_write(&box, "..b", "good", OLD);
	key_is("..b", "good");
}

/* An edit in place is seen at the next look, when it is 200 ms old. */
static void
test_change(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	key_is("a", "one");
	sandbox_wait(500);
	sandbox_write(&box, "a", "two", 300);
	key_is("a", "one"); /* looked less than a second ago */
	sandbox_wait(499);
	key_is("a", "one");
	sandbox_wait(1);
	key_is("a", "two");
	/* Half written. */
	sandbox_wait(1000);
	sandbox_write(&box, "a", "thr", 199);
	key_is("a", "two");
	sandbox_write(&box, "a", "three", 0);
	sandbox_wait(1000);
	key_is("a", "three");
	assert_int_equal(box.told_count, 0);
}

/* While somebody writes and writes, the old version stays. */
static void
test_long_write(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "old", OLD);
	key_is("a", "old");
	for (int i = 0; i < 5; i++) {
		sandbox_wait(1000);
		sandbox_write(&box, "a", i % 2 ? "new x" : "new xy", 100);
		key_is("a", "old");
	}
	sandbox_wait(1000);
	key_is("a", "new xy");
}

/* A file whose date is wrong is taken when it was the same at two looks. */
static void
test_future_date(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "old", OLD);
	key_is("a", "old");
	sandbox_wait(1000);
	sandbox_write(&box, "a", "new", -3600000);
	key_is("a", "old");
	sandbox_wait(1000);
	key_is("a", "new");
	/* At the first look there is nothing to wait for. */
	sandbox_write(&box, "b", "first", -3600000);
	key_is("b", "first");
}

static void
test_renamed_into_place(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "old", OLD);
	key_is("a", "old");
	sandbox_wait(1000);
	sandbox_replace(&box, "a", "new", 0);
	key_is("a", "new");
}

/* Removed and written anew is not renamed. */
static void
test_made_again(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "old", OLD);
	key_is("a", "old");
	sandbox_wait(1000);
	sandbox_replace(&box, "a", "ne", 0);
	key_is("a", "old");
	sandbox_write(&box, "a", "new", 0);
	sandbox_wait(1000);
	key_is("a", "new");
}

/* Same size, same time: what was read when it was young is read once more. */
static void
test_written_twice_at_once(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one", 0);
	key_is("a", "one");
	sandbox_write(&box, "a", "two", 0);
	sandbox_wait(1000);
	key_is("a", "two");
}

/* An editor that renames the old file away must not make it absent. */
static void
test_removed(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	key_is("a", "one");
	sandbox_wait(1000);
	sandbox_remove(&box, "a");
	key_is("a", "one");
	sandbox_wait(1000);
	key_is("a", "-");
	assert_int_equal(box.told_count, 0);
	sandbox_write(&box, "a", "back", 300);
	sandbox_wait(1000);
	key_is("a", "back");
}

static void
test_flush(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	sandbox_write(&box, "b", "b", OLD);
	key_is("a", "one");
	key_is("b", "b");
	key_is("c", "-");
	assert_int_equal(conf_flush(box.dir), 0);
	sandbox_write(&box, "a", "two", 0);
	sandbox_remove(&box, "b");
	sandbox_write(&box, "c", "c", 0);
	key_is("a", "one");
	assert_int_equal(conf_flush(box.dir), 3);
	key_is("a", "two");
	key_is("b", "-");
	key_is("c", "c");
}

/* Who holds a list keeps it, also without the directory. */
static void
test_held_list(void **state)
{
	struct conf_list *list;

	(void)state;
	sandbox_write(&box, "a", "one\n[+", OLD);
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("a"));
	sandbox_write(&box, "a", "two", OLD);
	(void)conf_flush(box.dir);
	key_is("a", "two");
	assert_string_equal(conf_list_first(list).p, "one");
	/* Its faults are nobody's any more. */
	assert_false(
	    conf_list_match(list, CONF_ADDRESSES, SLICE_LIT("x"), NULL));
	conf_dir_free(&box.dir);
	assert_true(conf_list_has(list, SLICE_LIT("one")));
	assert_int_equal(box.told_count, 0);
	conf_list_unref(&list);
}

static void
test_one_version_is_shared(void **state)
{
	struct conf_list *a, *b, *c;

	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	a = conf_get(box.dir, STR_EMPTY, STR_LIT("a"));
	b = conf_get(box.dir, STR_EMPTY, STR_LIT("a"));
	c = conf_get(box.dir, STR_LIT("smtp"), STR_LIT("a"));
	assert_ptr_equal(a, b);
	assert_ptr_equal(a, c);
	conf_list_unref(&a);
	conf_list_unref(&b);
	conf_list_unref(&c);
}

/* A file elsewhere is a list like others, but no key. */
static void
test_list_at_a_path(void **state)
{
	hl_str path = str_of(mem_dup(slice_of(sandbox_path(&box, "d/map"))));
	hl_str absent =
	    str_of(mem_dup(slice_of(sandbox_path(&box, "d/absent"))));
	hl_str key = STR_LIT("d/map");
	struct conf_list *list, *same;

	(void)state;
	sandbox_write(&box, "d/map", "one\n", OLD);
	list = conf_get_at(box.dir, path);
	assert_true(conf_list_is_present(list));
	assert_string_equal(conf_list_first(list).p, "one");
	same = conf_get_at(box.dir, path);
	assert_ptr_equal(list, same);
	conf_list_unref(&same);
	conf_list_unref(&list);

	conf_fault_add(box.dir, STR_EMPTY, path, STR_EMPTY, 0, "is bad");
	assert_int_equal(conf_faults(box.dir)->count, 1);
	assert_string_equal(conf_faults(box.dir)->at[0].file.p, path.p);
	sandbox_replace(&box, "d/map", "two\n", 0);
	sandbox_wait(1000);
	list = conf_get_at(box.dir, path);
	assert_string_equal(conf_list_first(list).p, "two");
	assert_int_equal(conf_faults(box.dir)->count, 0);
	conf_list_unref(&list);

	list = conf_get(box.dir, STR_EMPTY, path);
	assert_false(conf_list_is_present(list));
	conf_list_unref(&list);
	list = conf_get_at(box.dir, key);
	assert_false(conf_list_is_present(list));
	conf_list_unref(&list);
	list = conf_get_at(box.dir, absent);
	assert_false(conf_list_is_present(list));
	conf_list_unref(&list);
	mem_free((void *)(uintptr_t)path.p);
	mem_free((void *)(uintptr_t)absent.p);
}

/* -- includes ----------------------------------------------------------- */

static void
test_include_changes(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one\n$include b\n$include d", OLD);
	sandbox_write(&box, "b", "two", OLD);
	sandbox_write(&box, "d/1", "three", OLD);
	(void)chmod(sandbox_path(&box, "d"), 0755);
	sandbox_wait(1000);
	key_is("a", "one|two|three");
	sandbox_write(&box, "b", "2", 300);
	sandbox_wait(1000);
	key_is("a", "one|2|three");
	/* A new file in a directory, still being written. */
	sandbox_wait(1000);
	sandbox_write(&box, "d/2", "fo", 0);
	key_is("a", "one|2|three");
	sandbox_write(&box, "d/2", "four", 0);
	sandbox_wait(1000);
	key_is("a", "one|2|three|four");
	sandbox_remove(&box, "d/1");
	sandbox_wait(1000);
	key_is("a", "one|2|three|four");
	sandbox_wait(1000);
	key_is("a", "one|2|four");
	assert_int_equal(box.told_count, 0);
}

static void
test_include_cycle(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	key_is("a", "one");
	sandbox_write(&box, "b", "$include a", OLD);
	sandbox_write(&box, "a", "two\n\n$include b", 300);
	sandbox_wait(1000);
	key_is("a", "one");
	assert_int_equal(box.told_count, 1);
	assert_memory_equal(box.told.p, "b:1: $include ", 14);
	/* Not read again and not told again while nothing changes. */
	sandbox_wait(1000);
	key_is("a", "one");
	assert_int_equal(box.told_count, 1);
	sandbox_write(&box, "b", "three", 300);
	sandbox_wait(1000);
	key_is("a", "two|three");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* A file that is missed is waited for. */
static void
test_include_appears(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "$include late", OLD);
	key_is("a", "-");
	assert_int_equal(conf_faults(box.dir)->count, 1);
	sandbox_write(&box, "late", "there", 300);
	sandbox_wait(1000);
	key_is("a", "there");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* -- faults ------------------------------------------------------------- */

/* A list remembers what it is used for. */
static void
test_bad_regex_keeps_the_old(void **state)
{
	struct conf_list *list;
	const struct conf_faults *faults;
	struct wall since;

	(void)state;
	sandbox_write(&box, "bad", "^spam\n", OLD);
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("bad"));
	assert_true(
	    conf_list_match(list, CONF_ADDRESSES, SLICE_LIT("spam@x"), NULL));
	conf_list_unref(&list);

	sandbox_write(&box, "bad", "# two\n^spam\n^(ham\n", 300);
	sandbox_wait(1000);
	key_is("bad", "^spam");
	assert_memory_equal(box.told.p, "bad:3: bad regular", 18);
	faults = conf_faults(box.dir);
	assert_int_equal(faults->count, 1);
	assert_int_equal(faults->at[0].line, 3);
	assert_string_equal(faults->at[0].file.p, sandbox_path(&box, "bad"));
	since = faults->at[0].since;

	/* Another bad version: the same fault is not told again. */
	sandbox_write(&box, "bad", "# 2!\n^spam\n^(ham\n", 300);
	sandbox_wait(1000);
	key_is("bad", "^spam");
	assert_int_equal(box.told_count, 1);
	faults = conf_faults(box.dir);
	assert_int_equal(faults->at[0].since.us, since.us);

	sandbox_write(&box, "bad", "^spam\n^(ham)\n", 300);
	sandbox_wait(1000);
	key_is("bad", "^spam|^(ham)");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* The same file as mere words is good. */
static void
test_kinds_are_by_use(void **state)
{
	struct conf_list *list;

	(void)state;
	sandbox_write(&box, "words", "^(ham\n", OLD);
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("words"));
	assert_true(conf_list_has(list, SLICE_LIT("^(HAM")));
	conf_list_unref(&list);
	assert_int_equal(conf_faults(box.dir)->count, 0);
	/* Asked for as patterns: the fault shows, once. */
	for (int i = 0; i < 2; i++) {
		list = conf_get_as(box.dir, STR_EMPTY, STR_LIT("words"),
		    CONF_KIND_PATTERNS(CONF_ADDRESSES));
		conf_list_unref(&list);
	}
	assert_int_equal(box.told_count, 1);
}

/* An absent file is asked as networks; what comes later must be some. */
static void
test_kinds_of_an_absent_file(void **state)
{
	struct inet_addr addr = { .family = INET_V4 };
	struct conf_list *list;

	(void)state;
	list = conf_get(box.dir, STR_EMPTY, STR_LIT("nets"));
	assert_false(conf_list_has_ip(list, &addr));
	conf_list_unref(&list);
	sandbox_write(&box, "nets", "192.0.2.0/99", 300);
	sandbox_wait(1000);
	key_is("nets", "-");
	assert_memory_equal(box.told.p, "nets:1: \"192.0.2.0/99\"", 22);
}

/* The version before stays, and the fault goes when the include comes. */
static void
test_include_is_missing(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "one\n", OLD);
	key_is("a", "one");
	sandbox_write(&box, "a", "two\n$include b\n", OLD);
	assert_int_equal(conf_flush(box.dir), 0);
	key_is("a", "one");
	assert_int_equal(conf_faults(box.dir)->count, 1);
	sandbox_write(&box, "b", "three\n", OLD);
	assert_int_equal(conf_flush(box.dir), 1);
	key_is("a", "two|three");
	assert_int_equal(conf_faults(box.dir)->count, 0);
	sandbox_remove(&box, "b");
	assert_int_equal(conf_flush(box.dir), 0);
	key_is("a", "two|three");
}

/* Without an earlier version its good lines hold; later ones are not taken. */
static void
test_bad_from_the_start(void **state)
{
	struct inet_addr addr = { .family = INET_V4,
		.bytes = { 192, 0, 2, 1 } };
	struct conf_list *list;

	(void)state;
	sandbox_write(&box, "nets", "x\n192.0.2.0/24\n", OLD);
	list = conf_get_as(box.dir, STR_EMPTY, STR_LIT("nets"), CONF_KIND_NETS);
	assert_true(conf_list_has_ip(list, &addr));
	conf_list_unref(&list);
	assert_int_equal(conf_faults(box.dir)->count, 1);
	assert_memory_equal(box.told.p, "nets:1: \"x\" is no", 17);
	sandbox_write(&box, "nets", "192.0.2.0/24\ny\n", OLD);
	assert_int_equal(conf_flush(box.dir), 0);
	key_is("nets", "x|192.0.2.0/24");
	assert_int_equal(box.told_count, 2);
	sandbox_write(&box, "nets", "192.0.2.0/25\n", OLD);
	assert_int_equal(conf_flush(box.dir), 1);
	key_is("nets", "192.0.2.0/25");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* "x" and then a removal: a fault goes with its file. */
static void
test_bad_file_removed(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "$include a", OLD);
	key_is("a", "-");
	assert_int_equal(conf_faults(box.dir)->count, 1);
	sandbox_remove(&box, "a");
	(void)conf_flush(box.dir);
	key_is("a", "-");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

static void
test_unreadable(void **state)
{
	(void)state;
	/* A loop of links: also root, who may read all files, cannot. */
	assert_int_equal(symlink("a", sandbox_path(&box, "a")), 0);
	key_is("a", "-");
	assert_int_equal(box.told_count, 1);
	assert_memory_equal(box.told.p, "a: cannot read it: ", 19);
	sandbox_remove(&box, "a");
	sandbox_write(&box, "a", "good", OLD);
	(void)conf_flush(box.dir);
	key_is("a", "good");
}

/* Giving permission changes neither the text nor its date. */
static void
test_no_permission(void **state)
{
	bool is_root = geteuid() == 0;

	(void)state;
	sandbox_write(&box, "a", "good", OLD);
	assert_int_equal(chmod(box.path, 0755), 0);
	assert_int_equal(chmod(sandbox_path(&box, "a"), 0), 0);
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	key_is("a", "-");
	assert_non_null(strstr(box.told.p, "Permission denied; let the user"));
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(sandbox_path(&box, "a"), 0644), 0);
	sandbox_wait(1000);
	key_is("a", "good");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

/* The whole directory is being replaced: nothing is absent meanwhile. */
static void
test_directory_gone(void **state)
{
	char away[80];

	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	key_is("a", "one");
	key_is("b", "-");
	(void)snprintf(away, sizeof(away), "%s.away", box.path);
	assert_int_equal(rename(box.path, away), 0);
	(void)conf_flush(box.dir);
	key_is("a", "one");
	assert_int_equal(box.told_count, 1);
	assert_non_null(strstr(box.told.p, "directory is gone"));
	assert_int_equal(rename(away, box.path), 0);
	(void)conf_flush(box.dir);
	key_is("a", "one");
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

static void
test_value_faults(void **state)
{
	hl_str key = STR_LIT("a");

	(void)state;
	sandbox_write(&box, "a", "one", OLD);
	for (int i = 0; i < 3; i++)
		conf_fault_add(box.dir, STR_EMPTY, key,
		    str_of(sandbox_path(&box, "a")), 1, "bad %s", "value");
	conf_fault_add(
	    box.dir, STR_EMPTY, STR_LIT("none"), STR_EMPTY, 0, "needed");
	assert_string_equal(box.told.p, "a:1: bad value\nnone: needed\n");
	assert_int_equal(conf_faults(box.dir)->count, 2);
	sandbox_write(&box, "a", "two", OLD);
	(void)conf_flush(box.dir);
	assert_int_equal(conf_faults(box.dir)->count, 1);
}

/* -- where files come from ------------------------------------------------ */

static void
test_listener_override(void **state)
{
	(void)state;
	sandbox_write(&box, "a", "all", OLD);
	sandbox_write(&box, "b", "all", OLD);
	sandbox_write(&box, "smtp/a", "smtp only\n$include a", OLD);
	assert_string_equal(
	    sandbox_get_for(&box, "smtp", "a"), "smtp only|all");
	assert_string_equal(sandbox_get_for(&box, "smtp", "b"), "all");
	assert_string_equal(sandbox_get_for(&box, "other", "a"), "all");
	assert_string_equal(sandbox_get_for(&box, "../smtp", "a"), "all");
	assert_string_equal(
	    sandbox_get_for(&box, "unix:/run/x.sock", "a"), "all");
	sandbox_remove(&box, "smtp/a");
	sandbox_write(&box, "smtp/b", "own", OLD);
	(void)conf_flush(box.dir);
	assert_string_equal(sandbox_get_for(&box, "smtp", "a"), "all");
	assert_string_equal(sandbox_get_for(&box, "smtp", "b"), "own");
	/* Never good: as if it were not there. */
	sandbox_write(&box, "smtp2/a", "$include nothing", OLD);
	assert_string_equal(sandbox_get_for(&box, "smtp2", "a"), "all");
	assert_int_equal(conf_faults(box.dir)->count, 1);
}

static void
test_qmail_control(void **state)
{
	struct conf_options options = { .qmail_control = box.file };
	char control[512];

	(void)state;
	conf_dir_free(&box.dir);
	(void)snprintf(
	    control, sizeof(control), "%s", sandbox_path(&box, "control"));
	options.qmail_control = control;
	sandbox_write(&box, "conf/a", "ours", OLD);
	sandbox_write(&box, "control/a", "theirs", OLD);
	sandbox_write(&box, "control/b", "theirs", OLD);
	sandbox_write(&box, "control/smtp/b", "never", OLD);
	assert_int_equal(
	    conf_dir_open(sandbox_path(&box, "conf"), &options, &box.dir, NULL),
	    0);
	key_is("a", "ours");
	key_is("b", "theirs");
	key_is("c", "-");
	assert_string_equal(sandbox_get_for(&box, "smtp", "b"), "theirs");
	sandbox_write(&box, "conf/b", "ours now", OLD);
	sandbox_remove(&box, "conf/a");
	(void)conf_flush(box.dir);
	key_is("a", "theirs");
	key_is("b", "ours now");
}

/* A client that makes us ask for key after key. */
static void
test_keys_are_forgotten(void **state)
{
	char key[32];

	(void)state;
	sandbox_write(&box, "kept", "one", OLD);
	key_is("kept", "one");
	for (int i = 0; i < 3 * CONF_KEYS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		key_is(key, "-");
	}
	/* "kept" is not looked at anew: it was remembered. */
	sandbox_write(&box, "kept", "two", OLD);
	key_is("kept", "one");
	/* The first ones were forgotten. */
	sandbox_write(&box, "k0", "now", OLD);
	key_is("k0", "now");
	(void)snprintf(key, sizeof(key), "k%d", 3 * CONF_KEYS_MAX - 1);
	sandbox_write(&box, key, "now", OLD);
	key_is(key, "-");
}

#define DIR_TEST(name, up) cmocka_unit_test_setup_teardown(name, up, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DIR_TEST(test_open, setup),
		DIR_TEST(test_present_and_absent, setup),
		DIR_TEST(test_bad_keys, setup),
		DIR_TEST(test_change, setup_ahead),
		DIR_TEST(test_long_write, setup_ahead),
		DIR_TEST(test_future_date, setup_ahead),
		DIR_TEST(test_renamed_into_place, setup_behind),
		DIR_TEST(test_made_again, setup_ahead),
		DIR_TEST(test_written_twice_at_once, setup_ahead),
		DIR_TEST(test_removed, setup),
		DIR_TEST(test_flush, setup),
		DIR_TEST(test_held_list, setup),
		DIR_TEST(test_one_version_is_shared, setup),
		DIR_TEST(test_list_at_a_path, setup),
		DIR_TEST(test_include_changes, setup_ahead),
		DIR_TEST(test_include_cycle, setup_ahead),
		DIR_TEST(test_include_appears, setup),
		DIR_TEST(test_bad_regex_keeps_the_old, setup_ahead),
		DIR_TEST(test_kinds_are_by_use, setup),
		DIR_TEST(test_kinds_of_an_absent_file, setup),
		DIR_TEST(test_include_is_missing, setup),
		DIR_TEST(test_bad_from_the_start, setup),
		DIR_TEST(test_bad_file_removed, setup),
		DIR_TEST(test_unreadable, setup),
		DIR_TEST(test_no_permission, setup),
		DIR_TEST(test_directory_gone, setup),
		DIR_TEST(test_value_faults, setup),
		DIR_TEST(test_listener_override, setup),
		DIR_TEST(test_qmail_control, setup),
		DIR_TEST(test_keys_are_forgotten, setup),
	};

	return cmocka_run_group_tests_name("conf-dir", tests, NULL, NULL);
}
