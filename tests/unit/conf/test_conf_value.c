/* SPDX-License-Identifier: MIT */
/* test_conf_value.c - the table of the core's files, and typed values. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"
#include "conf/conf_dir.h"
#include "conf/conf_plugins.h"
#include "conf/conf_value.h"
#include "sandbox.h"

static struct sandbox box;

static int
setup(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
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

static bool
has_value(const struct conf_def *def)
{
	return def->type >= CONF_TYPE_INT && def->type <= CONF_TYPE_ENUM;
}

/* Each row is sound: name and help, a default that parses, its bounds. */
static void
test_table(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_def *def = &conf_defs[i];
		int64_t value;
		struct err err;

		assert_int_equal(conf_key_find(slice_of(def->name)), i);
		UNIT_CASE(def->name, strlen(def->help) > 10);
		UNIT_CASE(def->name, def->least <= def->most);
		UNIT_CASE(def->name,
		    (def->type == CONF_TYPE_ENUM) == (def->words[0] != '\0'));
		assert_true(strlen(conf_type_name(def->type)) > 2);
		if (!has_value(def) || def->text[0] == '\0')
			continue;
		UNIT_CASE(def->name, conf_value_parse(def, slice_of(def->text),
					 &value, &err) == 0);
	}
	assert_int_equal(conf_key_find(SLICE_LIT("nothing")), -1);
	assert_int_equal(conf_key_find(SLICE_LIT("")), -1);
}

static void
test_parse(void **state)
{
	static const struct {
		enum conf_key key;
		const char *text;
		int code;
		int64_t want;
	} cases[] = {
		{ CONF_WORKERS, "4", 0, 4 },
		{ CONF_WORKERS, "257", -ERANGE, 0 },
		{ CONF_WORKERS, "-1", -ERANGE, 0 },
		{ CONF_WORKERS, "four", -EINVAL, 0 },
		{ CONF_DATABYTES, "0", 0, 0 },
		{ CONF_DATABYTES, "50M", 0, 52428800 },
		{ CONF_DATABYTES, "9999999999G", -ERANGE, 0 },
		{ CONF_DATABYTES, "1x", -EINVAL, 0 },
		{ CONF_MAX_LINE, "511", -ERANGE, 0 },
		{ CONF_MAX_LINE, "512", 0, 512 },
		{ CONF_TIMEOUT, "1200", 0, 1200000 },
		{ CONF_TIMEOUT, "5m", 0, 300000 },
		{ CONF_TIMEOUT, "1500ms", 0, 1500 },
		{ CONF_TIMEOUT, "1h", 0, 3600000 },
		{ CONF_TIMEOUT, "90S", 0, 90000 },
		{ CONF_TIMEOUT, "0", -ERANGE, 0 },
		{ CONF_TIMEOUT, "25h", -ERANGE, 0 },
		{ CONF_TIMEOUT, "18446744073709551615", -ERANGE, 0 },
		{ CONF_TIMEOUT, "s", -EINVAL, 0 },
		{ CONF_TIMEOUT, "5 m", -EINVAL, 0 },
		{ CONF_RDNS, "0", 0, 0 },
		{ CONF_RDNS, "Yes", 0, 1 },
		{ CONF_RDNS, "off", 0, 0 },
		{ CONF_RDNS, "2", -EINVAL, 0 },
		{ CONF_SPOOL_PERMS, "0750", 0, 0750 },
		{ CONF_SPOOL_PERMS, "8", -EINVAL, 0 },
		{ CONF_PERL_HOSTS, "2 20", 0, (2LL << 32) + 20 },
		{ CONF_PERL_HOSTS, "5", 0, (5LL << 32) + 5 },
		{ CONF_PERL_HOSTS, "0\t1", 0, 1 },
		{ CONF_PERL_HOSTS, "0", -ERANGE, 0 },
		{ CONF_PERL_HOSTS, "0 0", -ERANGE, 0 },
		{ CONF_PERL_HOSTS, "abc", -EINVAL, 0 },
		{ CONF_PERL_HOSTS, "2 x", -EINVAL, 0 },
		{ CONF_PERL_HOSTS, "20 2", -ERANGE, 0 },
		{ CONF_PERL_HOSTS, "1 10001", -ERANGE, 0 },
		{ CONF_PERL_HOSTS, "-1 5", -ERANGE, 0 },
		{ CONF_BARE_LF, "reject", 0, 0 },
		{ CONF_BARE_LF, "FIX", 0, 1 },
		{ CONF_BARE_LF, "2", 0, 2 },
		{ CONF_BARE_LF, "3", -EINVAL, 0 },
		{ CONF_BARE_LF, "rejec", -EINVAL, 0 },
		{ CONF_LOGLEVEL, "7", 0, 7 },
		{ CONF_LOGLEVEL, "info", 0, 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t value = 0;
		struct err err = { 0 };

		UNIT_CASE(
		    cases[i].text, conf_value_parse(&conf_defs[cases[i].key],
				       slice_of(cases[i].text), &value,
				       &err) == cases[i].code);
		UNIT_CASE(cases[i].text, value == cases[i].want);
		if (cases[i].code != 0)
			assert_non_null(strstr(err.text, "; write "));
	}
}

static void
test_defaults(void **state)
{
	(void)state;
	assert_int_equal(conf_int(box.dir, STR_EMPTY, CONF_WORKERS), 0);
	assert_int_equal(
	    conf_size(box.dir, STR_EMPTY, CONF_SIZE_THRESHOLD), 262144);
	assert_int_equal(
	    conf_time_ms(box.dir, STR_EMPTY, CONF_TIMEOUT), 300000);
	assert_int_equal(
	    conf_time_ms(box.dir, STR_EMPTY, CONF_TIMEOUTSMTPD), 0);
	assert_true(conf_bool(box.dir, STR_EMPTY, CONF_RDNS));
	assert_int_equal(conf_mode(box.dir, STR_EMPTY, CONF_SPOOL_PERMS), 0700);
	assert_int_equal(conf_enum(box.dir, STR_EMPTY, CONF_BARE_LF), 0);
	assert_int_equal(conf_enum(box.dir, STR_EMPTY, CONF_LOGLEVEL), 6);
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

static void
test_files(void **state)
{
	(void)state;
	sandbox_write(&box, "workers", "3 # three\n", 5000);
	sandbox_write(&box, "bare_lf", "\nallow\nfix", 5000);
	sandbox_write(&box, "smtp/databytes", "1k", 5000);
	sandbox_write(&box, "databytes", "2k", 5000);
	assert_int_equal(conf_int(box.dir, STR_EMPTY, CONF_WORKERS), 3);
	assert_int_equal(conf_enum(box.dir, STR_EMPTY, CONF_BARE_LF), 2);
	assert_int_equal(conf_size(box.dir, STR_EMPTY, CONF_DATABYTES), 2048);
	assert_int_equal(
	    conf_size(box.dir, STR_LIT("smtp"), CONF_DATABYTES), 1024);
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

static void
test_range(void **state)
{
	unsigned least, most;

	(void)state;
	sandbox_write(&box, "perl_hosts", "3  9 # enough\n", 5000);
	conf_range(box.dir, STR_EMPTY, CONF_PERL_HOSTS, &least, &most);
	assert_int_equal(least, 3);
	assert_int_equal(most, 9);
	sandbox_write(&box, "perl_hosts", "#\nabc\n", 300);
	(void)conf_flush(box.dir);
	conf_range(box.dir, STR_EMPTY, CONF_PERL_HOSTS, &least, &most);
	assert_int_equal(least, 2);
	assert_int_equal(most, 20);
	assert_string_equal(box.told.p,
	    "perl_hosts:2: \"abc\" is not understood; write the least and "
	    "the most, such as 2 20, from 0 to 10000; until then it is 2 "
	    "20\n");
}

/* A bad value: the default, one fault for each version. */
static void
test_bad_file(void **state)
{
	(void)state;
	sandbox_write(&box, "timeout", "# minutes\nfive\n", 5000);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    conf_time_ms(box.dir, STR_EMPTY, CONF_TIMEOUT), 300000);
	assert_int_equal(box.told_count, 1);
	assert_memory_equal(
	    box.told.p, "timeout:2: \"five\" is not understood; write", 40);
	sandbox_write(&box, "timeout", "10", 300);
	sandbox_wait(1000);
	assert_int_equal(conf_time_ms(box.dir, STR_EMPTY, CONF_TIMEOUT), 10000);
	assert_int_equal(conf_faults(box.dir)->count, 0);
}

static void
test_text(void **state)
{
	struct arena arena;

	(void)state;
	arena_init(&arena, 256, 0);
	assert_string_equal(
	    conf_text(box.dir, STR_EMPTY, CONF_USER, &arena).p, "nobody");
	assert_string_equal(
	    conf_me(box.dir, STR_EMPTY, &arena).p, conf_dir_hostname(box.dir));
	sandbox_write(&box, "me", "mx.example.com", 300);
	sandbox_write(&box, "smtp/me", " smtp.example.com ", 300);
	(void)conf_flush(box.dir);
	assert_string_equal(
	    conf_me(box.dir, STR_EMPTY, &arena).p, "mx.example.com");
	sandbox_write(&box, "smtp/me", "smtp.example.com", 300);
	assert_string_equal(
	    conf_me(box.dir, STR_LIT("smtp"), &arena).p, "smtp.example.com");
	arena_done(&arena);
}

static void
wrong_type(void)
{
	(void)conf_bool(box.dir, STR_EMPTY, CONF_TIMEOUT);
}

static void
test_wrong_type(void **state)
{
	(void)state;
	assert_true(unit_aborts(wrong_type, "type"));
}

static void
test_list_value(void **state)
{
	static const hl_str good = { "7m", 2 }, bad = { "x", 1 };
	struct conf_list *list;
	struct err err;
	int64_t value;

	(void)state;
	list = conf_list_from(STR_LIT("hook"), &good, 1);
	assert_int_equal(conf_list_value(list, CONF_TIMEOUT, &value, &err), 0);
	assert_int_equal(value, 420000);
	conf_list_unref(&list);
	list = conf_list_from(STR_LIT("hook"), &bad, 1);
	assert_int_equal(
	    conf_list_value(list, CONF_TIMEOUT, &value, &err), -EINVAL);
	assert_int_equal(value, 300000);
	conf_list_unref(&list);
}

static void
test_check(void **state)
{
	static const hl_str names[] = { { "smtp", 4 } };
	const struct conf_faults *faults;
	struct buf buf = BUF_INIT;

	(void)state;
	sandbox_write(&box, "plugins", "rcpt_ok\nrelay hl.timeuot=3\n", 5000);
	sandbox_write(&box, "logging", "../x\n", 5000);
	sandbox_write(&box, "listen", "127.0.0.1:25\nx\n", 5000);
	sandbox_write(&box, "bare_lf_exclude", "10.0.0.0/8\nten\n", 5000);
	sandbox_write(&box, "workers", "many", 5000);
	sandbox_write(&box, "me", "$include me", 5000);
	sandbox_write(&box, "smtp/max_line", "1", 5000);
	conf_check(box.dir, names, 1);
	faults = conf_faults(box.dir);
	for (size_t i = 0; i < faults->count; i++)
		buf_printf(&buf, "%s:%u ",
		    faults->at[i].file.p + strlen(box.path) + 1,
		    faults->at[i].line);
	assert_string_equal(buf.p,
	    "bare_lf_exclude:2 listen:2 logging:1 me:1 plugins:2 "
	    "smtp/max_line:1 workers:1 ");
	buf_done(&buf);
}

/* The manual has a section for each row, with its default and when. */
static void
test_manual(void **state)
{
	static char page[200000];
	FILE *file = fopen(MANUAL, "r");
	char want[200];
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(page, 1, sizeof(page) - 1, file);
	page[n] = '\0';
	assert_int_equal(fclose(file), 0);
	for (int i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_def *def = &conf_defs[i];

		(void)snprintf(want, sizeof(want),
		    "\n.It Pa %s\n.Pq %s ; %s ; %s%s\n", def->name,
		    conf_type_name(def->type),
		    def->when == CONF_LIVE ? "live" : "reload",
		    def->text[0] != '\0' ? "default Ql " : "no default",
		    def->text);
		UNIT_CASE(want, strstr(page, want) != NULL);
	}
}

/* The sample configuration has no fault, and says what it is for. */
static void
test_sample(void **state)
{
	static const char *const keys[] = { "plugins", "logging" };
	struct conf_plugins *plugins;
	struct conf_list *list;
	struct conf_dir *dir;

	(void)state;
	assert_int_equal(conf_dir_open(SAMPLE, NULL, &dir, NULL), 0);
	conf_check(dir, NULL, 0);
	assert_int_equal(conf_faults(dir)->count, 0);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		list = conf_get(dir, STR_EMPTY, str_of(keys[i]));
		assert_true(conf_list_is_present(list));
		assert_int_equal(conf_plugins_parse(list, &plugins, NULL), 0);
		conf_plugins_free(&plugins);
		conf_list_unref(&list);
	}
	list = conf_get(dir, STR_EMPTY, STR_LIT("rcpthosts"));
	assert_true(
	    conf_list_find_domain(list, SLICE_LIT("example.com"), NULL));
	conf_list_unref(&list);
	conf_dir_free(&dir);
}

#define VALUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_parse),
		VALUE_TEST(test_defaults),
		VALUE_TEST(test_files),
		VALUE_TEST(test_range),
		VALUE_TEST(test_bad_file),
		VALUE_TEST(test_text),
		VALUE_TEST(test_wrong_type),
		cmocka_unit_test(test_list_value),
		VALUE_TEST(test_check),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_sample),
	};

	return cmocka_run_group_tests_name("conf-value", tests, NULL, NULL);
}
