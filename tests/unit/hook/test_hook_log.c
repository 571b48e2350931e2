/* SPDX-License-Identifier: MIT */
/* test_hook_log.c - what a logging hook is given. */
#include "engine_fixture.h"

#include "hook/hook_log.h"

static char seen[1024];

static enum hl_verdict
on_log(struct hl_ctx *ctx, const struct hl_log *log)
{
	size_t n = strlen(seen);
	hl_str hook = hl_log_hook(log), plugin = hl_log_plugin(log);

	(void)ctx;
	EXPECT(strlen(hook.p) == hook.n && strlen(plugin.p) == plugin.n);
	(void)snprintf(seen + n, sizeof(seen) - n, "%d hook=%s plugin=%s %s\n",
	    hl_log_level(log), hook.p, plugin.p, hl_log_text(log).p);
	return HL_OK;
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
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_in_a_hook),
		TEST(test_outside_of_hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
