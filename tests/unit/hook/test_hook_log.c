/* SPDX-License-Identifier: MIT */
/* test_hook_log.c - what a logging hook is given. */
#include "engine_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "hook/hook_log.h"
#include "hook/log_batch.h"

static char seen[1024], words[1024];
static bool takes, answers, talks;
static unsigned more;

/* What look_at_pairs has found: "KEY[VALUE]" for each pair, and the value of `text`. */
static char pairs[2048], text_value[1024];
static bool looks_at_pairs;

static void
look_at_pairs(const struct hl_log *log)
{
	hl_str key, value;
	size_t at = 0;

	pairs[0] = '\0';
	while (hl_log_pair(log, &at, &key, &value)) {
		size_t n = strlen(pairs);

		EXPECT(strlen(key.p) == key.n && strlen(value.p) == value.n);
		(void)snprintf(
		    pairs + n, sizeof(pairs) - n, "%s[%s]", key.p, value.p);
	}
	EXPECT(!hl_log_pair(log, &at, &key, &value));
	(void)snprintf(
	    text_value, sizeof(text_value), "%s", hl_log_value(log, "text").p);
	EXPECT_TEXT(hl_log_value(log, "none"), "");
	EXPECT_TEXT(hl_log_value(log, ""), "");
}

static enum hl_verdict
on_log(struct hl_ctx *ctx, const struct hl_log *log)
{
	size_t n = strlen(seen);
	hl_str hook = hl_log_hook(log), plugin = hl_log_plugin(log);

	EXPECT(strlen(hook.p) == hook.n && strlen(plugin.p) == plugin.n);
	(void)snprintf(seen + n, sizeof(seen) - n, "%d hook=%s plugin=%s %s\n",
	    hl_log_level(log), hook.p, plugin.p, hl_log_text(log).p);
	(void)snprintf(words, sizeof(words), "%s", hook_log_words(log).p);
	more += hl_log_more(log);
	if (looks_at_pairs)
		look_at_pairs(log);
	if (takes)
		hl_log_taken(log);
	if (talks)
		hl_log(ctx, HL_LOG_ERROR, "a logger talks");
	return answers ? HL_OK : HL_DECLINED;
}

static const struct hl_plugin logger_plugin = {
	.name = "logger",
	.about = "collects lines",
	.logging = on_log,
};
static const struct hl_plugin_entry logger_entry = { sizeof(struct hl_plugin),
	&logger_plugin };
static const struct hl_plugin_entry *const loggers[] = { &logger_entry, NULL };

static int
setup(void **state)
{
	struct fixture *f;

	seen[0] = '\0';
	takes = talks = false;
	answers = true;
	more = 0;
	if (fixture_setup(state) < 0)
		return -1;
	f = *state;
	if (fixture_load(f, "", loggers) < 0)
		return -1;
	/* The chain of config/logging. */
	f->engine->logging = f->conv.chains;
	f->engine->log_queue = log_queue_new(f->engine);
	log_set_level(LOG_LEVEL_INFO);
	return 0;
}

static enum hl_verdict
say(struct hl_ctx *ctx)
{
	hl_log(ctx, HL_LOG_WARN, "a \"quoted\" plugin=fake hook=%s", "fake");
	hl_log(ctx, HL_LOG_DEBUG, "above the level");
	return HL_DECLINED;
}

static void
test_in_a_hook(void **state)
{
	struct fixture *f = *state;
	char want[256];

	fixture_hook(f, HOOK_CONNECT, say);
	turn(f->rt);
	(void)snprintf(want, sizeof(want),
	    "4 hook=connect plugin=probe sid=%s plugin=probe hook=connect "
	    "text=\"a \\\"quoted\\\" plugin=fake hook=fake\"\n",
	    f->conv.facts.sid);
	assert_string_equal(seen, want);
	assert_string_equal(words, "a \"quoted\" plugin=fake hook=fake");
}

static const struct {
	const char *said, *words;
} said[] = {
	{ "one", "one" },
	{ "", "" },
	{ "two words", "two words" },
	{ "a=b", "a=b" },
	{ "\\x41 \\\\ \\\"", "\\x41 \\\\ \\\"" },
	{ "tab\tand \xff\x01", "tab\tand \xff\x01" },
	{ "event=x text=y", "event=x text=y" },
	{ "gr\xc3\xbc\xc3\x9f e", "gr\xc3\xbc\xc3\x9f e" },
};
static const char *to_say;

static enum hl_verdict
say_it(struct hl_ctx *ctx)
{
	hl_log(ctx, HL_LOG_WARN, "%s", to_say);
	return HL_DECLINED;
}

static void
test_words(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		to_say = said[i].said;
		fixture_hook(f, HOOK_CONNECT, say_it);
		turn(f->rt);
		assert_string_equal(words, said[i].words);
	}
}

static void
test_outside_of_hooks(void **state)
{
	struct fixture *f = *state;
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_NOTICE, NULL);
	log_add_text(&line, LOG_event, "x");
	log_add_text(&line, LOG_text, "\\ plugin=fake \" hook=fake");
	log_end(&line);
	turn(f->rt);
	assert_string_equal(seen, "5 hook= plugin= event=x "
				  "text=\"\\\\ plugin=fake \\\" hook=fake\"\n");
	assert_string_equal(
	    words, "event=x text=\"\\\\ plugin=fake \\\" hook=fake\"");
}

static void
log_pairs(struct fixture *f, struct slice text)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_NOTICE, NULL);
	log_add_text(&line, LOG_event, "");
	log_add(&line, LOG_text, text);
	log_add_int(&line, LOG_size, -7);
	log_end(&line);
	turn(f->rt);
}

/* Whatever was logged is what the pairs give, but for a NUL. */
static void
test_pairs(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = { "one", "", "two words",
		"a=b \"c=d\" \\x41", "\x01\xff\n\x7f", "\\", "\"", " = ",
		"gr\xc3\xbc\xc3\x9f e", "text=\"x\" size=9" };
	char want[2048], all[255];

	looks_at_pairs = true;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		log_pairs(f, slice_of(texts[i]));
		assert_string_equal(text_value, texts[i]);
		(void)snprintf(
		    want, sizeof(want), "event[]text[%s]size[-7]", texts[i]);
		assert_string_equal(pairs, want);
	}
	for (unsigned i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	log_pairs(f, (struct slice){ all, sizeof(all) });
	assert_int_equal(strlen(text_value), sizeof(all));
	assert_memory_equal(text_value, all, sizeof(all));
	log_pairs(f, (struct slice){ "a\0b c", 5 });
	assert_string_equal(text_value, "a b c");
	looks_at_pairs = false;
}

/* What the program writes to standard error until `fn` is over. */
static void
with_stderr(struct fixture *f, void (*fn)(struct fixture *f), const char *want)
{
	int saved = dup(STDERR_FILENO), pipes[2];
	char bytes[1024];
	ssize_t n;

	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(dup2(pipes[1], STDERR_FILENO) != -1);
	fn(f);
	log_batch_flush(f->engine->log_batch);
	assert_true(dup2(saved, STDERR_FILENO) != -1);
	n = read(pipes[0], bytes, sizeof(bytes) - 1);
	bytes[n > 0 ? n : 0] = '\0';
	if ((want == NULL) != (n <= 0) ||
	    (want != NULL && strstr(bytes, want) == NULL))
		fail_msg("standard error: `%s`", bytes);
	(void)close(saved);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void
log_one(struct fixture *f)
{
	struct log_line line;

	hook_log_begin(&line, LOG_LEVEL_NOTICE, NULL);
	log_add_text(&line, LOG_text, "one");
	log_end(&line);
	turn(f->rt);
}

/* Declined and not taken: nobody has it, so it is not lost. */
static void
test_taken(void **state)
{
	answers = false;
	with_stderr(*state, log_one, "notice text=one\n");
	takes = true;
	with_stderr(*state, log_one, NULL);
	takes = false;
	answers = true;
	with_stderr(*state, log_one, NULL);
}

/* A logger that had to log what it says would never end. */
static void
test_logger_talks(void **state)
{
	talks = true;
	with_stderr(*state, log_one, "a logger talks");
	assert_string_equal(seen, "5 hook= plugin= text=one\n");
}

static enum hl_verdict
say_three(struct hl_ctx *ctx)
{
	for (int i = 0; i < 3; i++)
		hl_log(ctx, HL_LOG_NOTICE, "line %d", i);
	return HL_DECLINED;
}

static void
test_more(void **state)
{
	struct fixture *f = *state;

	fixture_hook(f, HOOK_CONNECT, say_three);
	turn(f->rt);
	assert_int_equal(more, 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_a_hook),
		TEST(test_words),
		TEST(test_pairs),
		TEST(test_outside_of_hooks),
		TEST(test_taken),
		TEST(test_logger_talks),
		TEST(test_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
