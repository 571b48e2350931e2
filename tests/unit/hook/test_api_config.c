/* SPDX-License-Identifier: MIT */
/* test_api_config.c - control files as plugins see them. */
#include "engine_fixture.h"

#include <errno.h>

#include "conf/conf_dir.h"
#include "hook/lines.h"

static struct fixture *
fixture_of(struct hl_ctx *ctx)
{
	return CONTAINER_OF(ctx->conv, struct fixture, conv);
}

/* ---- values ---- */

static enum hl_verdict
values(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_config(ctx, "me"), "mx.example");
	EXPECT_TEXT(hl_config(ctx, "absent"), "");
	EXPECT_TEXT(hl_config(ctx, "dir/below"), "b");
	EXPECT_TEXT(hl_config(ctx, "../etc/passwd"), "");
	EXPECT_INT(hl_config_int(ctx, "number", 5), -12);
	EXPECT_INT(hl_config_int(ctx, "size", 5), 10240);
	EXPECT_INT(hl_config_int(ctx, "absent", 5), 5);
	EXPECT_INT(hl_config_int(ctx, "me", 5), 5);
	EXPECT_TEXT(hl_config_dir(ctx), fixture_of(ctx)->dir);
	hl_config_ttl(ctx, 5); /* no config hook: ignored */
	EXPECT_INT(ctx->config_ttl, 0);
	return HL_DECLINED;
}

static void
test_values(void **state)
{
	struct fixture *f = *state;
	const struct conf_faults *faults;

	fixture_write(f, "me", "# our name\nmx.example\nother\n");
	fixture_write(f, "dir/below", "b\n");
	fixture_write(f, "number", "-12\n");
	fixture_write(f, "size", "10k\n");
	fixture_hook(f, HOOK_CONNECT, values);
	/* "me" is no number, and an administrator is told so. */
	faults = conf_faults(f->conf);
	assert_int_equal(faults->count, 1);
	assert_non_null(strstr(faults->at[0].text.p, "not a number"));
}

static enum hl_verdict
listener_values(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_config(ctx, "key"), "theirs");
	EXPECT_TEXT(hl_config(ctx, "other"), "common");
	return HL_DECLINED;
}

static void
test_listener(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "key", "common\n");
	fixture_write(f, "other", "common\n");
	fixture_write(f, "submission/key", "theirs\n");
	f->conv.facts.listener = STR_LIT("submission");
	fixture_hook(f, HOOK_CONNECT, listener_values);
}

/* ---- lists ---- */

static enum hl_verdict
lists(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "words");
	hl_str rest = HL_STR("as it was");

	EXPECT_INT(hl_list_count(list), 3);
	EXPECT_TEXT(hl_list_at(list, 1), "Beta two words");
	EXPECT_TEXT(hl_list_at(list, 3), "");
	EXPECT_TEXT(hl_list_where(ctx, list, 1),
	    hl_printf(ctx, "%s/words:3", fixture_of(ctx)->dir).p);
	EXPECT_TEXT(hl_list_where(ctx, list, 3), "");
	EXPECT(hl_list_has(list, HL_STR("ALPHA")));
	EXPECT(!hl_list_has(list, HL_STR("two")));
	EXPECT(!hl_list_find(list, HL_STR("delta"), &rest));
	EXPECT_TEXT(rest, "as it was");
	EXPECT(hl_list_find(list, HL_STR("beta"), &rest));
	EXPECT_INT(hl_list_index(list, HL_STR("BETA")), 1);
	EXPECT_INT(hl_list_index(list, HL_STR("delta")), -1);
	EXPECT_TEXT(rest, "two words");
	EXPECT_INT(hl_list_count(hl_config_list(ctx, "absent")), 0);
	EXPECT(!hl_list_has(hl_config_list(ctx, "absent"), HL_STR("x")));
	return HL_DECLINED;
}

static enum hl_verdict
nets(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "nets");

	EXPECT_INT(hl_list_find_ip(list, HL_STR("10.1.2.3")), 0);
	EXPECT_INT(hl_list_find_ip(list, HL_STR("192.168.7.7")), 1);
	EXPECT_INT(hl_list_find_ip(list, HL_STR("2001:db8::9")), 2);
	EXPECT_INT(hl_list_find_ip(list, HL_STR("192.0.2.1")), -1);
	EXPECT_INT(hl_list_find_ip(list, HL_STR("nonsense")), -1);
	return HL_DECLINED;
}

static enum hl_verdict
patterns(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "bad");
	hl_str rest = HL_STR("as it was");

	EXPECT_INT(hl_list_match(list, HL_STR("a@b.example"), &rest), 0);
	EXPECT_TEXT(rest, "go away");
	EXPECT_INT(hl_list_match(list, HL_STR("Any@Evil.example"), &rest), 1);
	EXPECT_TEXT(rest, "");
	EXPECT_INT(hl_list_match(list, HL_STR("x123@y.example"), NULL), 2);
	EXPECT_INT(hl_list_match(list, HL_STR("good@y.example"), NULL), -1);
	return HL_DECLINED;
}

static enum hl_verdict
flavours(struct hl_ctx *ctx)
{
	const struct hl_list *names = hl_config_list(ctx, "names");
	const struct hl_list *slashed = hl_config_list(ctx, "slashed");
	const struct hl_list *whole = hl_config_list(ctx, "whole");
	hl_str rest = HL_STR("as it was");

	EXPECT_INT(hl_list_match_as(
		       whole, HL_PATTERNS_WHOLE, HL_STR("worm.two"), NULL),
	    1);
	EXPECT_INT(
	    hl_list_match_as(whole, HL_PATTERNS_WHOLE, HL_STR("Worm.2"), NULL),
	    -1);
	EXPECT_INT(hl_list_match_as(
		       names, HL_PATTERNS_NAMES, HL_STR("Bad.example"), NULL),
	    0);
	EXPECT_INT(
	    hl_list_match_as(names, HL_PATTERNS_NAMES, HL_STR("dyn.x"), NULL),
	    1);
	EXPECT_INT(hl_list_match_as(
		       slashed, HL_PATTERNS_SLASHED, HL_STR("other@x"), &rest),
	    -1);
	EXPECT_TEXT(rest, "as it was");
	EXPECT_INT(hl_list_match_as(
		       slashed, HL_PATTERNS_SLASHED, HL_STR("spam7@x"), &rest),
	    1);
	EXPECT_TEXT(rest, "DENY no spam");
	EXPECT_INT(hl_list_match_as(
		       slashed, HL_PATTERNS_ADDRESSES, HL_STR("me@x"), &rest),
	    0);
	EXPECT_INT(hl_list_match_as(
		       slashed, (enum hl_patterns)99, HL_STR("me@x"), NULL),
	    -1);
	return HL_DECLINED;
}

static void
test_lists(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "words", "alpha\n\nBeta two words\ngamma\n");
	fixture_write(f, "nets", "10.0.0.0/8\n192.168.\n2001:db8::/32\n");
	fixture_write(
	    f, "bad", "a@b.example go away\n@evil.example\n^x\\d+@\n");
	fixture_hook(f, HOOK_CONNECT, lists);
	fixture_hook(f, HOOK_CONNECT, nets);
	fixture_hook(f, HOOK_CONNECT, patterns);
	fixture_write(f, "names", "bad.example\n^dyn\n");
	fixture_write(f, "whole", "one\nWorm\\.[a-z]+\n");
	fixture_write(f, "slashed", "me@x OK\n/^spam\\d/  DENY no spam\n");
	fixture_hook(f, HOOK_CONNECT, flavours);
}

/* ---- files elsewhere, faults in a line ---- */

static char elsewhere[600];

static int
declare(struct hl_ctx *ctx)
{
	return hl_need_read(ctx, hl_text(elsewhere));
}

static enum hl_verdict
read_elsewhere(struct hl_ctx *ctx)
{
	hl_str path = hl_text(elsewhere);
	const struct hl_list *list = hl_config_list_at(ctx, path);

	EXPECT_INT(hl_list_count(list), 2);
	EXPECT(hl_config_list_at(ctx, path) == list);
	EXPECT(hl_list_has(list, HL_STR("alpha")));
	/* It was not declared. */
	EXPECT_INT(hl_list_count(hl_config_list_at(
		       ctx, hl_printf(ctx, "%s/key", fixture_of(ctx)->dir))),
	    0);
	hl_config_fault(ctx, path.p, list, 1, "%s is bad; mend it", "beta");
	hl_config_fault(ctx, "key", hl_config_list(ctx, "key"), 9, "no good");
	return HL_DECLINED;
}

static void
test_elsewhere(void **state)
{
	struct fixture *f = *state;
	const struct conf_faults *faults;

	fixture_write(f, "elsewhere/map", "alpha\n\nbeta x\n");
	fixture_write(f, "key", "common\n");
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s",
	    fixture_path(f, "elsewhere/map"));
	fixture_probe_load = declare;
	fixture_hook(f, HOOK_CONNECT, read_elsewhere);
	fixture_probe_load = NULL;
	faults = conf_faults(f->engine->conf);
	assert_int_equal(faults->count, 2);
	assert_string_equal(faults->at[0].file.p, elsewhere);
	assert_int_equal(faults->at[0].line, 3);
	assert_string_equal(faults->at[0].text.p, "beta is bad; mend it");
	assert_string_equal(faults->at[1].file.p, fixture_path(f, "key"));
	assert_int_equal(faults->at[1].line, 0);
	assert_string_equal(faults->at[1].text.p, "no good");
}

/* ---- one version for one hook ---- */

static enum hl_verdict
change_meanwhile(struct hl_ctx *ctx)
{
	struct fixture *f = fixture_of(ctx);
	const struct hl_list *before = hl_config_list(ctx, "words");
	hl_str first = hl_config(ctx, "words");

	EXPECT_TEXT(first, "old");
	EXPECT(hl_config_map(ctx, "words") == NULL);
	fixture_write(f, "words", "new\n");
	EXPECT_TEXT(hl_config(ctx, "words"), "old");
	EXPECT(hl_config_list(ctx, "words") == before);
	EXPECT_TEXT(first, "old");
	return HL_DECLINED;
}

static enum hl_verdict
see_new(struct hl_ctx *ctx)
{
	EXPECT_TEXT(hl_config(ctx, "words"), "new");
	return HL_DECLINED;
}

static void
test_same_version(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "words", "old\n");
	fixture_hook(f, HOOK_CONNECT, change_meanwhile);
	fixture_hook(f, HOOK_CONNECT, see_new);
}

/* ---- config hooks ---- */

static unsigned asked;
static unsigned ttl;

static enum hl_verdict
answer_config(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	asked++;
	if (!str_eq_text(key, "dynamic"))
		return HL_DECLINED;
	/* A file, even if this very key is asked for. */
	EXPECT_TEXT(hl_config(ctx, "dynamic"), "from the file");
	EXPECT_TEXT(hl_config(ctx, "words"), "old");
	hl_lines_add(ret, HL_STR("from the hook"));
	hl_lines_add(ret, HL_STR("second"));
	if (ttl > 0)
		hl_config_ttl(ctx, ttl);
	return HL_OK;
}

static enum hl_verdict
answer_user_config(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key,
    struct hl_lines *ret)
{
	(void)ctx;
	if (!str_eq_text(key, "quota"))
		return HL_DECLINED;
	hl_lines_add(ret, hl_addr_text(addr));
	return HL_OK;
}

static const struct hl_plugin config_plugin = {
	.name = "answers",
	.about = "answers config and user_config",
	.config = answer_config,
	.user_config = answer_user_config,
};
static const struct hl_plugin_entry config_entry = { sizeof(struct hl_plugin),
	&config_plugin };
static const struct hl_plugin_entry *const config_entries[] = { &config_entry,
	NULL };

static enum hl_verdict
ask_hooks(struct hl_ctx *ctx)
{
	const struct hl_list *list = hl_config_list(ctx, "dynamic");

	EXPECT_TEXT(hl_config(ctx, "dynamic"), "from the hook");
	EXPECT_INT(hl_list_count(list), 2);
	EXPECT(hl_list_has(list, HL_STR("SECOND")));
	EXPECT_TEXT(hl_config(ctx, "words"), "old");
	return HL_DECLINED;
}

static void
test_config_hooks(void **state)
{
	struct fixture *f = *state;

	asked = ttl = 0;
	fixture_write(f, "dynamic", "from the file\n");
	fixture_write(f, "words", "old\n");
	assert_int_equal(fixture_load(f, "", config_entries), 0);
	fixture_hook(f, HOOK_CONNECT, ask_hooks);
	assert_int_equal(asked, 2); /* once for each key */
	fixture_hook(f, HOOK_CONNECT, ask_hooks);
	assert_int_equal(asked, 4);
	ttl = 10;
	fixture_hook(f, HOOK_CONNECT, ask_hooks);
	fixture_hook(f, HOOK_CONNECT, ask_hooks);
	assert_int_equal(asked, 7);
	fixture_pass_ms(f, 10001);
	fixture_hook(f, HOOK_CONNECT, ask_hooks);
	assert_int_equal(asked, 9);
}

static size_t many;

static enum hl_verdict
answer_many(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	(void)ctx;
	if (!str_eq_text(key, "many"))
		return HL_DECLINED;
	for (size_t i = 0; i < many; i++)
		hl_lines_add(ret, HL_STR("a"));
	return HL_OK;
}

static const struct hl_plugin many_plugin = {
	.name = "many",
	.about = "answers with very many lines",
	.config = answer_many,
};
static const struct hl_plugin_entry many_entry = { sizeof(struct hl_plugin),
	&many_plugin };
static const struct hl_plugin_entry *const many_entries[] = { &many_entry,
	NULL };

static enum hl_verdict
ask_for_many(struct hl_ctx *ctx)
{
	EXPECT_INT(hl_list_count(hl_config_list(ctx, "many")), LINES_MAX);
	return HL_DECLINED;
}

/* What is left out is told, once. */
static void
test_many_lines(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_load(f, "", many_entries), 0);
	many = LINES_MAX;
	fixture_hook(f, HOOK_CONNECT, ask_for_many);
	assert_int_equal(conf_faults(f->conf)->count, 0);
	many++;
	fixture_hook(f, HOOK_CONNECT, ask_for_many);
	fixture_hook(f, HOOK_CONNECT, ask_for_many);
	assert_int_equal(conf_faults(f->conf)->count, 1);
	assert_non_null(strstr(conf_faults(f->conf)->at[0].file.p, "/many"));
	assert_string_equal(conf_faults(f->conf)->at[0].text.p,
	    "a plugin gave more than 100000 lines; the rest is left out");
}

static enum hl_verdict
ask_for_user(struct hl_ctx *ctx)
{
	const struct hl_addr *one, *two;
	const struct hl_list *list;

	EXPECT_INT(hl_addr_parse(ctx, HL_STR("one@x.example"), &one), 0);
	EXPECT_INT(hl_addr_parse(ctx, HL_STR("two@x.example"), &two), 0);
	list = hl_user_config_list(ctx, one, "quota");
	EXPECT_TEXT(hl_list_at(list, 0), "one@x.example");
	EXPECT(hl_user_config_list(ctx, one, "quota") == list);
	EXPECT_TEXT(hl_list_at(hl_user_config_list(ctx, two, "quota"), 0),
	    "two@x.example");
	/* What no plugin knows is the common file's. */
	EXPECT_TEXT(
	    hl_list_at(hl_user_config_list(ctx, one, "words"), 0), "old");
	EXPECT_TEXT(hl_config(ctx, "quota"), "");
	return HL_DECLINED;
}

static void
test_user_config(void **state)
{
	struct fixture *f = *state;

	fixture_write(f, "words", "old\n");
	fixture_write(f, "dynamic", "from the file\n");
	assert_int_equal(fixture_load(f, "", config_entries), 0);
	fixture_hook(f, HOOK_RCPT, ask_for_user);
}

/* ---- maps ---- */

/* A constant database with the record "key" to "value", as cdb.5 has it:
 * 256 tables of (position, slots), records, slots of (hash, position). */
static void
write_map(struct fixture *f)
{
	static const unsigned header = 2048;
	unsigned char bytes[2048 + 8 + 8 + 16];
	unsigned hash = 5381, record = header, table = header + 16;
	FILE *file;

	for (const char *c = "key"; *c != '\0'; c++)
		hash = ((hash << 5) + hash) ^ (unsigned char)*c;
	memset(bytes, 0, sizeof(bytes));
	for (unsigned i = 0; i < 256; i++)
		memcpy(bytes + i * 8, &table, 4);
	for (unsigned i = 0; i < 256; i++) {
		unsigned after = table + (i > (hash & 255) ? 16 : 0);

		memcpy(bytes + i * 8, &after, 4);
	}
	bytes[(hash & 255) * 8 + 4] = 2;
	bytes[record] = 3;
	bytes[record + 4] = 5;
	memcpy(bytes + record + 8, "keyvalue", 8);
	memcpy(bytes + table + (hash >> 8) % 2 * 8, &hash, 4);
	memcpy(bytes + table + (hash >> 8) % 2 * 8 + 4, &record, 4);
	file = fopen(fixture_path(f, "users.cdb"), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	assert_int_equal(fclose(file), 0);
}

static enum hl_verdict
use_map(struct hl_ctx *ctx)
{
	const struct hl_map *map = hl_config_map(ctx, "users");
	hl_str value = HL_STR("as it was");

	EXPECT(map != NULL);
	EXPECT(hl_config_map(ctx, "users") == map);
	EXPECT(!hl_map_get(ctx, map, HL_STR("other"), &value));
	EXPECT_TEXT(value, "as it was");
	EXPECT(hl_map_get(ctx, map, HL_STR("key"), &value));
	EXPECT_TEXT(value, "value");
	EXPECT(hl_config_map(ctx, "absent") == NULL);
	EXPECT(!hl_map_get(ctx, NULL, HL_STR("key"), &value));
	return HL_DECLINED;
}

static void
test_map(void **state)
{
	struct fixture *f = *state;

	write_map(f);
	fixture_hook(f, HOOK_CONNECT, use_map);
}

/* ---- regular expressions ---- */

static struct hl_pattern *kept;

static int
compile(struct hl_ctx *ctx)
{
	return hl_pattern_new(ctx, HL_STR("^kept$"), false, &kept, NULL);
}

static enum hl_verdict
match(struct hl_ctx *ctx)
{
	struct hl_pattern *pattern = NULL;
	hl_str error = HL_STR("none");

	EXPECT_INT(hl_pattern_match(kept, HL_STR("kept")), 1);
	EXPECT_INT(hl_pattern_match(kept, HL_STR("KEPT")), 0);
	EXPECT_INT(hl_pattern_new(ctx, HL_STR("a(b"), true, &pattern, &error),
	    -EINVAL);
	EXPECT(pattern == NULL);
	EXPECT(error.n > 20);
	EXPECT_INT(
	    hl_pattern_new(ctx, HL_STR("a("), true, &pattern, NULL), -EINVAL);
	EXPECT_INT(hl_pattern_new(ctx, HL_STR("b+c"), true, &pattern, NULL), 0);
	EXPECT_INT(hl_pattern_match(pattern, HL_STR("aBBCd")), 1);
	EXPECT_INT(hl_pattern_match(pattern, HL_STR("")), 0);
	EXPECT_INT(
	    hl_pattern_new(ctx, HL_STR("(a+)+$"), false, &pattern, NULL), 0);
	EXPECT_INT(hl_pattern_match(pattern,
		       HL_STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")),
	    -E2BIG);
	return HL_DECLINED;
}

static void
test_patterns(void **state)
{
	struct fixture *f = *state;

	fixture_probe_load = compile;
	fixture_hook(f, HOOK_CONNECT, match);
	/* That of load() is there for every hook. */
	fixture_hook(f, HOOK_CONNECT, match);
	fixture_probe_load = NULL;
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_listener),
		TEST(test_lists),
		TEST(test_elsewhere),
		TEST(test_same_version),
		TEST(test_config_hooks),
		TEST(test_many_lines),
		TEST(test_user_config),
		TEST(test_map),
		TEST(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
