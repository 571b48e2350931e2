/* SPDX-License-Identifier: MIT */
/* plugin_test.h - one shipped plugin in an engine, called hook by hook.
 *
 * Each test program is a test_NAME.c and the plugin's own file.
 */
#ifndef HOOKLINE_TESTS_PLUGIN_TEST_H
#define HOOKLINE_TESTS_PLUGIN_TEST_H

#include "../../unit/hook/engine_fixture.h"
#include "../../unit/unit.h"

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/notes.h"
#include "mail/value.h"

static struct fixture *f;
static struct hook_args args;

static inline int
plugin_setup(void **state)
{
	int rc = fixture_setup(state);

	f = *state;
	args = (struct hook_args){
		.a = STR_EMPTY, .b = STR_EMPTY, .c = STR_EMPTY
	};
	f->args = &args;
	fixture_more_words = "";
	return rc;
}

/* The plugin's line in config/plugins. */
static inline int
plugin_load(const char *words)
{
	static const struct hl_plugin_entry *const plugins[] = { &hl_plugin_v1,
		NULL };

	fixture_more_words = words;
	return fixture_load(f, "", plugins);
}

/* The load fails and says this. */
static inline void
plugin_load_fails(const char *words, const char *text)
{
	const struct conf_fault *at;

	assert_true(plugin_load(words) < 0);
	assert_true(f->faults.count > 0);
	at = &f->faults.at[f->faults.count - 1];
	if (strstr(at->text.p, text) == NULL)
		fail_msg("`%s`: %s", words, at->text.p);
}

/* Runs a hook; its answer is in f->outcome. */
static inline enum hook_column
plugin_run(enum hook_id hook)
{
	fixture_hook(f, hook, NULL);
	return f->outcome.column;
}

/* Until the next call. */
static inline enum hook_column
plugin_run_addr(enum hook_id hook, const char *local, const char *host)
{
	static struct arena arena;
	enum hook_column column;

	arena_init(&arena, 512, 0);
	args.addr = addr_from_parts(&arena, slice_of(local), slice_of(host));
	column = plugin_run(hook);
	args.addr = NULL;
	arena_done(&arena);
	return column;
}

static inline void
plugin_says(const char *text)
{
	buf_add(&f->plugin_text, "", 1);
	assert_string_equal(f->plugin_text.p, text);
}

/* Is there a line of this level ("": any) with this in it? */
static inline bool
plugin_logged_at(const char *level, const char *text)
{
	struct slice left = buf_slice(&f->log), line;

	while (slice_cut(&left, '\n', &line)) {
		if (slice_starts(line, level) &&
		    memmem(line.p, line.n, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

static inline bool
plugin_logged(const char *text)
{
	return plugin_logged_at("", text);
}

static inline void
peer_is(const char *ip)
{
	assert_int_equal(inet_parse(slice_of(ip), &f->conv.facts.peer), 0);
	f->conv.facts.peer_ip = str_of(ip);
}

static inline int64_t
note_int(const char *name)
{
	struct hl_value *value = notes_get(f->conv.notes, slice_of(name));
	int64_t number = value != NULL ? value_as_int(value) : -99;

	value_unref(&value);
	return number;
}

static inline void
set_note(const char *name, int64_t number)
{
	assert_int_equal(notes_set_int(&f->conv.notes, &f->conv.account,
			     slice_of(name), number),
	    0);
}

#define PLUGIN_TEST(name) \
	cmocka_unit_test_setup_teardown(name, plugin_setup, fixture_teardown)

#endif
