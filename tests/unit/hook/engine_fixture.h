/* SPDX-License-Identifier: MIT */
/* engine_fixture.h - an engine with a plugin of the test's, a session and a
 * message, in directories of their own; the clock stands still.
 *
 * The test's plugin is called `probe`; whichever of its hooks is run calls
 * the function that the test gave.  That one runs on a fiber, where cmocka
 * must not leave by longjmp: it uses EXPECT, and fixture_hook fails the test
 * afterwards.
 *
 *	static enum hl_verdict
 *	look(struct hl_ctx *ctx)
 *	{
 *		EXPECT_TEXT(hl_config(ctx, "me"), "mx.example");
 *		return HL_DECLINED;
 *	}
 *	...
 *	fixture_write(f, "me", "mx.example\n");
 *	fixture_hook(f, HOOK_CONNECT, look);
 */
#ifndef HOOKLINE_TESTS_ENGINE_FIXTURE_H
#define HOOKLINE_TESTS_ENGINE_FIXTURE_H

#include "../rt/rt_test.h"

#include <stdbool.h>

#include <hookline/plugin.h>

#include "base/buf.h"
#include "conf/conf_fault.h"
#include "hook/ctx.h"
#include "hook/run.h"
#include "mail/body.h"

struct fixture {
	char dir[64]; /* configuration; "spool" below it */
	struct rt *rt;
	struct shm *shm;
	struct conf_dir *conf;
	struct engine *engine;
	struct conf_faults faults; /* of fixture_load */
	struct body_store bodies;
	struct conv conv;
	struct outcome outcome; /* of the last hook; its texts are copies */
	struct buf text, plugin_text, enhanced;
	struct buf log;       /* "LEVEL text\n" for each line, debug included */
	bool is_done;         /* the hook has returned */
	bool without_session; /* the next hook has none */

	/* The client, as the session's conv_ops play it. */
	bool client_has_spoken;
	const char *client_says; /* of hl_client_line; NULL: nothing in time */
	unsigned parks;          /* calls of before_park */
	struct buf replies;      /* of hl_reply: "CODE ENHANCED TEXT\n" */

	const struct hook_args *args; /* of the hooks; NULL: none */

	/* private */
	enum hl_verdict (*fn)(struct hl_ctx *ctx);
	enum hook_id hook;
	bool is_loaded;
};

/* For cmocka_unit_test_setup_teardown: *state is the struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Writes the control file `key` (which may be "dir/file"); seen at once. */
void fixture_write(struct fixture *f, const char *key, const char *text);
const char *fixture_path(struct fixture *f, const char *name); /* in dir */
void fixture_file_is(const char *path, const char *want);      /* its bytes */

/* The probe's load function for all tests of a program; NULL: none.  Set
 * before fixture_load. */
extern int (*fixture_probe_load)(struct hl_ctx *ctx);
/* The words behind the names of others; "" at first. */
extern const char *fixture_more_words;
/* Loads `probe` with `words` behind its name, then `more` (ends with NULL;
 * may be NULL).  Returns as engine_load_static.  Without a call fixture_hook
 * loads `probe` alone. */
int fixture_load(struct fixture *f, const char *words,
    const struct hl_plugin_entry *const *more);

/* Runs the chain of `hook` with `fn` behind the probe's and waits for its
 * end, then fails the test if an EXPECT failed. */
void fixture_hook(struct fixture *f, enum hook_id hook,
    enum hl_verdict (*fn)(struct hl_ctx *ctx));
/* The same without waiting: the loop has turned until nothing is ready. */
void fixture_begin(struct fixture *f, enum hook_id hook,
    enum hl_verdict (*fn)(struct hl_ctx *ctx));
/* Waits, and fails if an EXPECT failed. */
void fixture_end(struct fixture *f);
/* Moves the clock on and turns the loop. */
void fixture_pass_ms(struct fixture *f, uint64_t ms);
/* Turns the loop, waiting for its events, until *happened. */
void fixture_until(struct fixture *f, const bool *happened);
/* The client is gone: what the hook waits for ends with -ECANCELED. */
void fixture_cancel(struct fixture *f);

/* Opens a transaction from <sender@from.example> to <rcpt@to.example>. */
void fixture_txn(struct fixture *f);
/* ... with this message in it (lines end in CRLF), complete. */
void fixture_message(struct fixture *f, const char *text);
void fixture_message_bytes(struct fixture *f, const void *bytes, size_t n);

/* ---- for code on the fiber ---- */

void fixture_expect(bool ok, const char *what, const char *file, int line);
void fixture_expect_text(
    hl_str got, const char *want, const char *what, const char *file, int line);
void fixture_expect_int(long long got, long long want, const char *what,
    const char *file, int line);
#define EXPECT(cond) fixture_expect((cond), #cond, __FILE__, __LINE__)
#define EXPECT_TEXT(got, want) \
	fixture_expect_text((got), (want), #got, __FILE__, __LINE__)
#define EXPECT_INT(got, want) \
	fixture_expect_int((got), (want), #got, __FILE__, __LINE__)

#endif
