/* SPDX-License-Identifier: MIT */
/* engine_fixture.c - an engine with a plugin of the test's, and a session. */
#include "engine_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "mail/notes.h"
#include "rt/fiber.h"
#include "shm/shm.h"

#define NOTES_CAP 4096
#define TXN_CAP 65536

int (*fixture_probe_load)(struct hl_ctx *ctx);
const char *fixture_more_words = "";

static struct fixture *current; /* whose probe runs */
static struct fiber *current_fiber;
static char failure[1024]; /* the first */

/* ---- the probe ---- */

static enum hl_verdict
probe(struct hl_ctx *ctx)
{
	if (current == NULL || current->fn == NULL)
		return HL_DECLINED;
	return current->fn(ctx);
}

static enum hl_verdict
probe_addr(struct hl_ctx *ctx, const struct hl_addr *addr)
{
	(void)addr;
	return probe(ctx);
}

static enum hl_verdict
probe_reply(struct hl_ctx *ctx, const struct hl_reply *reply)
{
	(void)reply;
	return probe(ctx);
}

static enum hl_verdict
probe_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	(void)auth; /* the test made it */
	return probe(ctx);
}

static enum hl_verdict
probe_scram(struct hl_ctx *ctx, hl_str mechanism, hl_str user)
{
	(void)mechanism;
	(void)user;
	return probe(ctx);
}

static int
probe_load(struct hl_ctx *ctx)
{
	return fixture_probe_load != NULL ? fixture_probe_load(ctx) : 0;
}

static const struct hl_plugin probe_plugin = {
	.name = "probe",
	.about = "calls the test",
	.load = probe_load,
	.init_worker = probe,
	.capabilities = probe,
	.reply = probe_reply,
	.connect = probe,
	.auth_plain = probe_auth,
	.auth_cram_md5 = probe_auth,
	.auth_scram_sha_256 = probe_scram,
	.mail = probe_addr,
	.rcpt = probe_addr,
	.data = probe,
	.data_post = probe,
	.queue = probe,
	.queue_post = probe,
	.disconnect = probe,
};
static const struct hl_plugin_entry probe_entry = { sizeof(struct hl_plugin),
	&probe_plugin };

/* ---- the client ---- */

static void
before_park(struct conv *conv)
{
	CONTAINER_OF(conv, struct fixture, conv)->parks++;
}

static int
reply(struct hl_ctx *ctx, unsigned code, hl_str enhanced, hl_str text)
{
	struct fixture *f = CONTAINER_OF(ctx->conv, struct fixture, conv);

	buf_printf(
	    &f->replies, "%u %.*s %.*s\n", code, STR(enhanced), STR(text));
	return 0;
}

static int
client_wait(struct conv *conv, uint64_t ms)
{
	(void)ms;
	return CONTAINER_OF(conv, struct fixture, conv)->client_has_spoken;
}

static int
client_line(
    struct conv *conv, uint64_t timeout_ms, struct arena *arena, hl_str *ret)
{
	const struct fixture *f = CONTAINER_OF(conv, struct fixture, conv);

	(void)timeout_ms;
	if (f->client_says == NULL)
		return -ETIME;
	*ret = arena_str(arena, slice_of(f->client_says));
	return 0;
}

static const struct conv_ops client_ops = {
	.before_park = before_park,
	.reply = reply,
	.client_wait = client_wait,
	.client_line = client_line,
};

/* ---- running things on fibers ---- */

struct job {
	struct fixture *f;
	void (*fn)(struct fixture *f);
	bool is_done;
};

static void
job_fiber(void *arg)
{
	struct job *job = arg;

	job->fn(job->f);
	job->is_done = true;
}

void
fixture_until(struct fixture *f, const bool *happened)
{
	while (!*happened)
		(void)uv_run(rt_loop(f->rt), UV_RUN_ONCE);
}

static void
on_fiber(struct fixture *f, void (*fn)(struct fixture *f))
{
	struct job job = { f, fn, false };

	assert_int_equal(fiber_start(f->rt, job_fiber, &job), 0);
	fixture_until(f, &job.is_done);
}

/* ---- set-up ---- */

const char *
fixture_path(struct fixture *f, const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

void
fixture_file_is(const char *path, const char *want)
{
	char bytes[1024];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes) - 1, file);
	(void)fclose(file);
	bytes[n] = '\0';
	assert_string_equal(bytes, want);
}

void
fixture_write(struct fixture *f, const char *key, const char *text)
{
	const char *path = fixture_path(f, key);
	char parent[256];
	FILE *file;

	(void)snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = '\0';
	assert_true(mkdir(parent, 0700) == 0 || errno == EEXIST);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	(void)conf_flush(f->conf);
}

static void
conv_init(struct fixture *f)
{
	struct facts *facts = &f->conv.facts;

	f->conv.ops = &client_ops;
	arena_init(&f->conv.arena, 512, 0);
	f->conv.account.cap = NOTES_CAP;
	f->conv.results = mem_array(HOOK_COUNT, sizeof(f->conv.results[0]));
	f->conv.me = STR_LIT("mx.example");
	assert_int_equal(inet_parse(SLICE_LIT("192.0.2.1"), &facts->peer), 0);
	assert_int_equal(inet_parse(SLICE_LIT("192.0.2.9"), &facts->local), 0);
	facts->listener = STR_LIT("");
	facts->peer_ip = STR_LIT("192.0.2.1");
	facts->helo = facts->auth_user = facts->auth_mechanism = STR_EMPTY;
	facts_make_sid(facts, 0);
}

static void
on_log(void *arg, enum log_level level, struct slice text)
{
	struct fixture *f = arg;

	buf_printf(&f->log, "%s %.*s\n", log_level_name(level), STR(text));
}

int
fixture_setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct engine_options options;

	*state = f;
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/hookline-hook-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->rt = test_rt(16);
	f->shm = shm_private();
	assert_int_equal(conf_dir_open(f->dir, NULL, &f->conf, NULL), 0);
	options = (struct engine_options){
		.rt = f->rt, .conf = f->conf, .shm = f->shm
	};
	f->engine = engine_new(&options);
	log_set_sink(on_log, f);
	log_set_level(LOG_LEVEL_DEBUG);
	body_store_init(&f->bodies, f->dir, 0);
	f->engine->bodies = &f->bodies;
	conf_faults_init(&f->faults);
	conv_init(f);
	current = f;
	failure[0] = '\0';
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
conv_done(struct fixture *f)
{
	struct conv *conv = &f->conv;

	for (unsigned i = 0;
	     conv->memory != NULL && i < f->engine->plugin_count; i++)
		mem_free(conv->memory[i]);
	mem_free(conv->memory);
	mem_free(conv->results);
	notes_free(&conv->notes);
	txn_unref(&conv->txn);
	arena_done(&conv->arena);
}

static void
stop_engine(struct fixture *f)
{
	engine_stop(f->engine);
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	f->fn = NULL;
	conv_done(f);
	on_fiber(f, stop_engine);
	engine_free(&f->engine);
	body_store_done(&f->bodies);
	conf_dir_free(&f->conf);
	conf_faults_done(&f->faults);
	log_set_sink(NULL, NULL);
	while (uv_run(rt_loop(f->rt), UV_RUN_ONCE) != 0)
		;
	test_rt_done(&f->rt);
	shm_free(&f->shm);
	buf_done(&f->log);
	buf_done(&f->replies);
	buf_done(&f->text);
	buf_done(&f->plugin_text);
	buf_done(&f->enhanced);
	(void)nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	mem_free(f);
	current = NULL;
	return 0;
}

/* ---- plugins and hooks ---- */

struct loading {
	const char *words;
	const struct hl_plugin_entry *const *more;
	int status;
};

static struct loading loading;

static void
load(struct fixture *f)
{
	const struct hl_plugin_entry **entries;
	const char **lines;
	size_t count = 1;

	while (loading.more != NULL && loading.more[count - 1] != NULL)
		count++;
	entries = mem_array(count, sizeof(*entries));
	lines = mem_array(count, sizeof(*lines));
	entries[0] = &probe_entry;
	lines[0] = loading.words;
	for (size_t i = 1; i < count; i++) {
		entries[i] = loading.more[i - 1];
		lines[i] = fixture_more_words;
	}
	loading.status =
	    engine_load_static(f->engine, entries, lines, count, &f->faults);
	mem_free(entries);
	mem_free(lines);
	f->conv.chains = engine_chains(f->engine, STR_LIT("plugins"));
}

int
fixture_load(struct fixture *f, const char *words,
    const struct hl_plugin_entry *const *more)
{
	loading = (struct loading){ words, more, 0 };
	f->is_loaded = true;
	on_fiber(f, load);
	if (failure[0] != '\0')
		fail_msg("%s", failure);
	return loading.status;
}

static void
copy_outcome(struct fixture *f, const struct outcome *outcome)
{
	f->outcome = *outcome;
	buf_clear(&f->text);
	buf_add_slice(&f->text, slice_str(outcome->text));
	buf_clear(&f->plugin_text);
	buf_add_slice(&f->plugin_text, slice_str(outcome->plugin_text));
	buf_clear(&f->enhanced);
	buf_add_slice(&f->enhanced, slice_str(outcome->enhanced));
}

static void
hook_fiber(void *arg)
{
	struct fixture *f = arg;
	struct outcome outcome;
	struct hl_ctx ctx;

	current_fiber = fiber_self();
	ctx_init(&ctx, f->engine, f->without_session ? NULL : &f->conv);
	ctx.chains = f->conv.chains;
	hook_run(&ctx, f->hook, f->args, &outcome);
	copy_outcome(f, &outcome);
	ctx_done(&ctx);
	current_fiber = NULL;
	f->is_done = true;
}

void
fixture_begin(struct fixture *f, enum hook_id hook,
    enum hl_verdict (*fn)(struct hl_ctx *ctx))
{
	if (!f->is_loaded && fixture_load(f, "", NULL) < 0)
		fail_msg("the probe was not loaded");
	f->fn = fn;
	f->hook = hook;
	f->is_done = false;
	assert_int_equal(fiber_start(f->rt, hook_fiber, f), 0);
	turn(f->rt);
}

void
fixture_end(struct fixture *f)
{
	fixture_until(f, &f->is_done);
	if (failure[0] != '\0')
		fail_msg("%s", failure);
}

void
fixture_hook(struct fixture *f, enum hook_id hook,
    enum hl_verdict (*fn)(struct hl_ctx *ctx))
{
	fixture_begin(f, hook, fn);
	fixture_end(f);
}

void
fixture_pass_ms(struct fixture *f, uint64_t ms)
{
	pass_ms(f->rt, ms);
}

void
fixture_cancel(struct fixture *f)
{
	(void)f;
	assert_non_null(current_fiber);
	fiber_cancel(current_fiber);
}

/* ---- mail ---- */

void
fixture_txn(struct fixture *f)
{
	static const struct smtp_params none;
	struct txn *txn = txn_new(&f->conv.facts, 1, TXN_CAP);

	txn->sender = addr_from_parts(
	    &txn->arena, SLICE_LIT("sender"), SLICE_LIT("from.example"));
	(void)txn_rcpt_add(txn,
	    addr_from_parts(
		&txn->arena, SLICE_LIT("rcpt"), SLICE_LIT("to.example")),
	    &none);
	f->conv.txn = txn;
}

void
fixture_message(struct fixture *f, const char *text)
{
	fixture_message_bytes(f, text, strlen(text));
}

void
fixture_message_bytes(struct fixture *f, const void *bytes, size_t n)
{
	static const struct message_limits limits = {
		.size_threshold = 65536,
		.header_bytes = 65536,
		.header_fields = 100,
	};
	struct txn *txn;

	if (f->conv.txn == NULL)
		fixture_txn(f);
	txn = f->conv.txn;
	message_init(&txn->message, &f->bodies, &limits, &txn->account);
	txn->has_message = true;
	assert_int_equal(message_append(&txn->message, bytes, n), 0);
	assert_int_equal(message_end(&txn->message), 0);
}

/* ---- what the fiber found ---- */

static void fail_with(const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static void
fail_with(const char *file, int line, const char *fmt, ...)
{
	va_list args;
	size_t n;

	if (failure[0] != '\0')
		return;
	(void)snprintf(failure, sizeof(failure), "%s:%d: ", file, line);
	n = strlen(failure);
	va_start(args, fmt);
	(void)vsnprintf(failure + n, sizeof(failure) - n, fmt, args);
	va_end(args);
}

void
fixture_expect(bool ok, const char *what, const char *file, int line)
{
	if (!ok)
		fail_with(file, line, "not so: %s", what);
}

void
fixture_expect_text(
    hl_str got, const char *want, const char *what, const char *file, int line)
{
	if (!str_eq_text(got, want))
		fail_with(
		    file, line, "%s: got '%s', want '%s'", what, got.p, want);
	else if (got.p[got.n] != '\0')
		fail_with(file, line, "%s: no NUL behind it", what);
}

void
fixture_expect_int(
    long long got, long long want, const char *what, const char *file, int line)
{
	if (got != want)
		fail_with(
		    file, line, "%s: got %lld, want %lld", what, got, want);
}
