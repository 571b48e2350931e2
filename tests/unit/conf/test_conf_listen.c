/* SPDX-License-Identifier: MIT */
/* test_conf_listen.c - listen lines. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"
#include "conf/conf_listen.h"

/* Parses the lines of `text`; prints what came of it. */
static int
parse(const char *text, struct buf *out)
{
	struct slice rest = slice_of(text);
	struct conf_listeners *listeners = NULL;
	struct conf_faults faults;
	struct conf_list *list;
	struct arena arena;
	struct slice line;
	hl_str lines[100];
	size_t count = 0;
	int res;

	arena_init(&arena, 1024, 0);
	while (slice_cut(&rest, '\n', &line))
		lines[count++] = arena_str(&arena, line);
	list = conf_list_from(STR_LIT("listen"), lines, count);
	conf_faults_init(&faults);
	res = conf_listen_parse(list, &listeners, &faults);
	conf_list_unref(&list);
	arena_done(&arena);
	buf_clear(out);
	buf_add_text(out, "");
	for (size_t i = 0; i < faults.count; i++)
		conf_fault_print(out, &faults.at[i]);
	for (size_t i = 0; res == 0 && i < listeners->count; i++) {
		const struct conf_listener *it = &listeners->at[i];
		char addr[INET_TEXT_MAX];

		(void)inet_text(&it->addr, addr);
		buf_printf(out, "%s %s %u '%s'%s%s%s %s;", it->name.p, addr,
		    it->addr.port, it->path.p, it->tls ? " tls" : "",
		    it->lmtp ? " lmtp" : "", it->proxy ? " proxy" : "",
		    it->plugins.p);
	}
	if (res != 0)
		assert_null(listeners);
	conf_listeners_free(&listeners);
	conf_faults_done(&faults);
	return res;
}

static void
test_good(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "127.0.0.1:2525",
		    "127.0.0.1:2525 127.0.0.1 2525 '' plugins;" },
		{ "[::1]:25 tls", "[::1]:25 ::1 25 '' tls plugins;" },
		{ "[::]:0\n[::]:0",
		    "[::]:0 :: 0 '' plugins;[::]:0 :: 0 '' plugins;" },
		{ "unix:/run/h.sock lmtp",
		    "unix:/run/h.sock unix 0 '/run/h.sock' lmtp plugins;" },
		{ "0.0.0.0:587 proxy name=sub plugins=plugins.sub\n"
		  "[::]:587 plugins=plugins.sub name=sub",
		    "sub 0.0.0.0 587 '' proxy plugins.sub;"
		    "sub :: 587 '' plugins.sub;" },
		{ "0.0.0.0:25\n0.0.0.0:26\n127.0.0.1:25",
		    "0.0.0.0:25 0.0.0.0 25 '' plugins;"
		    "0.0.0.0:26 0.0.0.0 26 '' plugins;"
		    "127.0.0.1:25 127.0.0.1 25 '' plugins;" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].text, parse(cases[i].text, &out) == 0);
		assert_string_equal(out.p, cases[i].want);
	}
	buf_done(&out);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "25", "is no address" },
		{ "127.0.0.1", "is no address" },
		{ "127.0.0.1:", "is no address" },
		{ "127.0.0.1:65536", "is no address" },
		{ "127.0.0.1:smtp", "is no address" },
		{ "::1:25", "is no address" },
		{ "[127.0.0.1]:25", "is no address" },
		{ "[::1:25", "is no address" },
		{ "[]:25", "is no address" },
		{ "[:25", "is no address" },
		{ "]:25", "is no address" },
		{ "localhost:25", "is no address" },
		{ "unix:", "cannot be the path" },
		{ "unix:run/x", "cannot be the path" },
		{ "unix:/", "cannot be the path" },
		{ "127.0.0.1:25 tsl", "(did you mean tls?)" },
		{ "127.0.0.1:25 starttls", "the words are tls, lmtp" },
		{ "127.0.0.1:25 tls tls", "tls is there twice" },
		{ "127.0.0.1:25 name=a name=b", "name is there twice" },
		{ "127.0.0.1:25 tls=1", "tls takes no value" },
		{ "127.0.0.1:25 name", "name has no value; write name=VALUE" },
		{ "127.0.0.1:25 name=", "a name has letters" },
		{ "127.0.0.1:25 name=../x", "a name has letters" },
		{ "127.0.0.1:25 name=..", "a name has letters" },
		{ "127.0.0.1:25 plugins=/etc/x", "no name of a file" },
		{ "127.0.0.1:25\n127.0.0.1:25 tls",
		    "listen:2: the same address as in listen:1" },
		{ "unix:/x\nunix:/x", "the same address" },
		{ "[::1]:25\n[0:0::1]:25", "the same address" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		UNIT_CASE(cases[i].text, parse(cases[i].text, &out) == -EINVAL);
		assert_memory_equal(out.p, "listen:", 7);
		UNIT_CASE(out.p, strstr(out.p, cases[i].want) != NULL);
		assert_non_null(strchr(out.p, ';'));
	}
	buf_done(&out);
}

static void
test_limits(void **state)
{
	struct buf text = BUF_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	buf_add_text(&text, "unix:/");
	for (int i = 0; i < CONF_UNIX_PATH_MAX - 1; i++)
		buf_add_char(&text, 'p');
	assert_int_equal(parse(text.p, &out), 0);
	buf_add_char(&text, 'p');
	assert_int_equal(parse(text.p, &out), -EINVAL);
	buf_clear(&text);
	for (int i = 0; i < CONF_LISTENERS_MAX; i++)
		buf_printf(&text, "%s127.0.0.1:%d", i > 0 ? "\n" : "", i + 1);
	assert_int_equal(parse(text.p, &out), 0);
	buf_add_text(&text, "\n127.0.0.1:2525");
	assert_int_equal(parse(text.p, &out), -EINVAL);
	assert_string_equal(
	    out.p, "listen:65: more than 64 listeners; remove some");
	buf_done(&text);
	buf_done(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("conf-listen", tests, NULL, NULL);
}
