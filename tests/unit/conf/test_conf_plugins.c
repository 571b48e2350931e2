/* SPDX-License-Identifier: MIT */
/* test_conf_plugins.c - plugin lines. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"
#include "conf/conf_plugins.h"

/* Parses one line; prints what came of it. */
static int
parse(const char *text, struct buf *out)
{
	hl_str line = str_of(text);
	struct conf_list *list = conf_list_from(STR_LIT("plugins"), &line, 1);
	struct conf_plugins *plugins = NULL;
	struct conf_faults faults;
	int res;

	conf_faults_init(&faults);
	res = conf_plugins_parse(list, &plugins, &faults);
	conf_list_unref(&list);
	buf_clear(out);
	buf_add_text(out, "");
	for (size_t i = 0; i < faults.count; i++)
		conf_fault_print(out, &faults.at[i]);
	if (res == 0) {
		const struct conf_plugin *plugin = &plugins->at[0];

		buf_printf(out, "%s%s%s:%d", plugin->is_package ? "P " : "",
		    plugin->runtime == CONF_RUNTIME_NATIVE ? "native "
		    : plugin->runtime == CONF_RUNTIME_PERL ? "perl "
							   : "",
		    plugin->name.p,
		    plugin->has_instance ? (int)plugin->instance : -1);
		for (size_t i = 0; i < plugin->arg_count; i++)
			buf_printf(out, " [%s]", plugin->args[i].p);
		buf_printf(out, " '%s' %llums %d%s", plugin->args_text.p,
		    (unsigned long long)plugin->timeout_ms,
		    (int)plugin->on_failure,
		    plugin->stdio == CONF_STDIO_YES  ? " stdio"
		    : plugin->stdio == CONF_STDIO_NO ? " no stdio"
						     : "");
	} else {
		assert_null(plugins);
	}
	conf_plugins_free(&plugins);
	conf_faults_done(&faults);
	return res;
}

static void
test_good(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "rcpt_ok", "rcpt_ok:-1 '' 0ms 0" },
		{ "queue/maildir  /var/mail\t%d",
		    "queue/maildir:-1 [/var/mail] [%d] '/var/mail %d' 0ms 0" },
		{ "check:0 a", "check:0 [a] 'a' 0ms 0" },
		{ "check:12", "check:12 '' 0ms 0" },
		{ "helo policy strict reject 0",
		    "helo:-1 [policy] [strict] [reject] [0] "
		    "'policy strict reject 0' 0ms 0" },
		{ "x \"a b\"", "x:-1 [\"a] [b\"] '\"a b\"' 0ms 0" },
		{ "My::Package a:1", "P My::Package:-1 [a:1] 'a:1' 0ms 0" },
		{ "perl:My::Package", "P perl My::Package:-1 '' 0ms 0" },
		{ "perl:x:1", "perl x:1 '' 0ms 0" },
		{ "native:logging/warn 5",
		    "native logging/warn:-1 [5] '5' 0ms 0" },
		{ "x a hl.timeout=5 b hl.on_failure=soft",
		    "x:-1 [a] [b] 'a b' 5000ms 2" },
		{ "x hl.timeout=300ms hl.on_failure=open hl.stdio=1",
		    "x:-1 '' 300ms 1 stdio" },
		{ "x hl.timeout=2m hl.on_failure=hard hl.stdio=0",
		    "x:-1 '' 120000ms 3 no stdio" },
		{ "x xhl.timeout=2m", "x:-1 [xhl.timeout=2m] "
				      "'xhl.timeout=2m' 0ms 0" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].line, parse(cases[i].line, &out) == 0);
		assert_string_equal(out.p, cases[i].want);
	}
	buf_done(&out);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "caf\xc3\xa9", "not printable ASCII (\\xc3)" },
		{ "x a\x01", "not printable ASCII (\\x01)" },
		{ "../x", "cannot be a plugin's name" },
		{ "/usr/lib/x", "cannot be a plugin's name" },
		{ "x/./y", "cannot be a plugin's name" },
		{ "x/", "cannot be a plugin's name" },
		{ "native:", "cannot be a plugin's name" },
		{ "rcpt ok;x", NULL },
		{ "rcpt;ok", "cannot be a plugin's name" },
		{ "check:one", "is no number; write check:0" },
		{ "check:", "is no number" },
		{ "native:My::Package", "is a Perl package" },
		{ "x hl.timeout=soon", "write a time" },
		{ "x hl.timeout=0", "write a time" },
		{ "x hl.timeout=2h", "write a time" },
		{ "x hl.timeout", "write a time" },
		{ "x hl.on_failure=sotf",
		    "open, soft or hard (did you mean soft?)" },
		{ "x hl.on_failure=", "open, soft or hard" },
		{ "x hl.stdio=2", "write 0 or 1" },
		{ "x hl.timeuot=3", "(did you mean hl.timeout?); the words" },
		{ "x hl.", "hl.timeout=, hl.on_failure= and hl.stdio=" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int res = parse(cases[i].line, &out);

		if (cases[i].want == NULL) {
			UNIT_CASE(cases[i].line, res == 0);
			continue;
		}
		UNIT_CASE(cases[i].line, res == -EINVAL);
		assert_memory_equal(out.p, "plugins:1: ", 11);
		UNIT_CASE(out.p, strstr(out.p, cases[i].want) != NULL);
		assert_non_null(strchr(out.p, ';'));
	}
	buf_done(&out);
}

/* All bad lines are named, with their numbers. */
static void
test_several(void **state)
{
	static const hl_str lines[] = { { "a", 1 }, { "#", 1 }, { "b:x", 3 },
		{ "c hl.x=1 hl.y", 13 } };
	struct conf_list *list =
	    conf_list_from(STR_LIT("plugins"), lines, ARRAY_SIZE(lines));
	struct conf_plugins *plugins = NULL;
	struct conf_faults faults;

	(void)state;
	conf_faults_init(&faults);
	assert_int_equal(conf_plugins_parse(list, &plugins, &faults), -EINVAL);
	assert_int_equal(faults.count, 3);
	assert_int_equal(faults.at[0].line, 3);
	assert_int_equal(faults.at[2].line, 4);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	list = conf_list_from(STR_LIT("plugins"), lines, 2);
	assert_int_equal(conf_plugins_parse(list, &plugins, NULL), 0);
	assert_int_equal(plugins->count, 1);
	conf_list_unref(&list);
	/* Its texts are its own. */
	assert_string_equal(plugins->at[0].name.p, "a");
	assert_string_equal(plugins->at[0].file.p, "plugins");
	conf_plugins_free(&plugins);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests_name("conf-plugins", tests, NULL, NULL);
}
