/* SPDX-License-Identifier: MIT */
/* store.c - operations on the database, and their transaction. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "store_private.h"

#define STORE_MAGIC 0x73746f72u
#define MAX_BYTES (UINT64_C(1) << 30)
/* Frames of the log after which it is merged beside the work, and after
 * which the work waits for that (a writer that never rests keeps the log
 * from beginning anew). */
#define MERGE_PAGES 1000u
#define MERGE_NOW_PAGES 8000u
#define LOCKED_MS 100

struct store *
store_new(const struct store_options *options)
{
	struct store *store = mem_alloc(sizeof(*store));

	store->magic = STORE_MAGIC;
	store->path = mem_dup(slice_of(options->path));
	store->max_bytes =
	    options->max_bytes != 0 ? options->max_bytes : MAX_BYTES;
	(void)store__ready(store); /* logged; tried again */
	return store;
}

void
store_free(struct store **store_p)
{
	struct store *store = *store_p;

	if (store == NULL)
		return;
	CHECK_OBJ(store, STORE_MAGIC);
	*store_p = NULL;
	/* Logged if it fails; nobody is left to tell. */
	store__close(store, store_commit(store), false);
	buf_done(&store->value);
	mem_free(store->path);
	store->magic = 0;
	mem_free(store);
}

/* ---- statements ---- */

static void
bind_text(sqlite3_stmt *stmt, int at, struct slice text)
{
	/* Cannot fail: the index exists, the size was checked. */
	(void)sqlite3_bind_text64(stmt, at, text.n > 0 ? text.p : "", text.n,
	    SQLITE_STATIC, SQLITE_UTF8);
}

static sqlite3_stmt *
stmt_for(struct store *store, enum store_stmt which,
    const struct state_request *request)
{
	sqlite3_stmt *stmt = store->stmts[which];

	bind_text(stmt, 1, request->table);
	bind_text(stmt, 2, request->key);
	return stmt;
}

/* Runs one that gives no rows.  0 or negative errno. */
static int
step_done(struct store *store, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	(void)sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? 0 : store__failed(store, rc);
}

static int64_t
now_ms(void)
{
	return wall_now().us / 1000;
}

/* 0: never. */
static int64_t
expiry(uint64_t ttl_s)
{
	int64_t ms;

	if (ttl_s == 0 || ttl_s > INT64_MAX / 1000)
		return 0;
	if (__builtin_add_overflow(now_ms(), (int64_t)ttl_s * 1000, &ms))
		return 0;
	return ms;
}

/* Copies the value to store->value.  1 found, 0 absent, negative errno. */
static int
look_up(struct store *store, const struct state_request *request)
{
	sqlite3_stmt *stmt = stmt_for(store, STMT_GET, request);
	int rc, n = 0;

	buf_clear(&store->value);
	(void)sqlite3_bind_int64(stmt, 3, now_ms());
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW) {
		const void *text = sqlite3_column_text(stmt, 0);

		n = sqlite3_column_bytes(stmt, 0);
		if (text != NULL && (size_t)n <= STATE_VALUE_MAX)
			buf_add(&store->value, text, (size_t)n);
	}
	(void)sqlite3_reset(stmt);
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return store__failed(store, rc);
	/* Only somebody with sqlite3 makes it so long. */
	return (size_t)n > STATE_VALUE_MAX ? -E2BIG : 1;
}

static int
write_row(struct store *store, const struct state_request *request,
    struct slice value)
{
	sqlite3_stmt *stmt = stmt_for(store, STMT_PUT, request);

	bind_text(stmt, 3, value);
	(void)sqlite3_bind_int64(stmt, 4, expiry(request->ttl_s));
	return step_done(store, stmt);
}

/* ---- operations: each returns the status of its answer ---- */

static int
run_delete(struct store *store, const struct state_request *request)
{
	sqlite3_stmt *stmt = stmt_for(store, STMT_DELETE, request);
	int status;

	(void)sqlite3_bind_int64(stmt, 3, now_ms());
	status = step_done(store, stmt);
	return status < 0 ? status : sqlite3_changes(store->db) > 0;
}

static int
run_add(struct store *store, const struct state_request *request,
    int64_t *ret_number)
{
	int status = look_up(store, request), n;
	int64_t number = 0;
	sqlite3_stmt *stmt;
	char text[24];

	if (status < 0)
		return status;
	if (status == 1 && num_parse_i64(buf_slice(&store->value), INT64_MIN,
			       INT64_MAX, &number) < 0)
		return -EINVAL;
	if (__builtin_add_overflow(number, request->delta, &number))
		return -ERANGE;
	*ret_number = number;
	n = snprintf(text, sizeof(text), "%lld", (long long)number);
	if (status == 0)
		return write_row(
		    store, request, (struct slice){ text, (size_t)n });
	stmt = stmt_for(store, STMT_SET, request);
	bind_text(stmt, 3, (struct slice){ text, (size_t)n });
	return step_done(store, stmt);
}

static int
run_swap(struct store *store, const struct state_request *request)
{
	int status = look_up(store, request);

	if (status < 0)
		return status;
	if (request->old.n == 0) {
		if (status == 1)
			return -EEXIST;
	} else if (status == 0 ||
		   !slice_eq(buf_slice(&store->value), request->old)) {
		return -EEXIST;
	}
	return write_row(store, request, request->value);
}

static struct slice
column_text(sqlite3_stmt *stmt, int at)
{
	const void *text = sqlite3_column_text(stmt, at);
	int n = sqlite3_column_bytes(stmt, at);

	return text != NULL ? (struct slice){ text, (size_t)n } : SLICE_NONE;
}

/* Only somebody with sqlite3 makes a row too long; it is passed over. */
static bool
is_in_limits(const struct state_row *row)
{
	return row->key.n <= STATE_KEY_MAX && row->value.n <= STATE_VALUE_MAX;
}

/* Rows to store->value; *ret_more when one did not fit. */
static int
run_list(
    struct store *store, const struct state_request *request, int64_t *ret_more)
{
	sqlite3_stmt *stmt = stmt_for(store, STMT_LIST, request);
	int rc, count = 0;

	buf_clear(&store->value);
	(void)sqlite3_bind_int64(stmt, 3, now_ms());
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct state_row row = {
			.key = column_text(stmt, 0),
			.value = column_text(stmt, 1),
			.expires_ms = sqlite3_column_int64(stmt, 2),
		};

		if (!is_in_limits(&row))
			continue;
		if (state_row_write(&store->value, &row) == 0) {
			*ret_more = 1;
			break;
		}
		count++;
	}
	(void)sqlite3_reset(stmt);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return store__failed(store, rc);
	return count;
}

static int
run_op(struct store *store, const struct state_request *request,
    int64_t *ret_number)
{
	switch (request->op) {
	case STATE_GET:
		return look_up(store, request);
	case STATE_PUT:
		return write_row(store, request, request->value);
	case STATE_DELETE:
		return run_delete(store, request);
	case STATE_ADD:
		return run_add(store, request, ret_number);
	case STATE_SWAP:
		return run_swap(store, request);
	case STATE_LIST:
		return run_list(store, request, ret_number);
	}
	UNREACHABLE();
}

/* ---- the transaction ---- */

/* Open, and in a transaction. */
static int
begin(struct store *store)
{
	int status;

	/* The answer is in already: store_commit will say so. */
	if (store->undone != 0)
		return store->undone;
	status = store__ready(store);
	if (status < 0 || store->in_txn)
		return status;
	if (mono_is_before(mono_now(), store->locked_until))
		return -EAGAIN;
	status = step_done(store, store->stmts[STMT_BEGIN]);
	store->in_txn = status == 0;
	/* SQLite has waited a little; not again for each request. */
	if (status == -EAGAIN)
		store->locked_until = mono_add_ms(mono_now(), LOCKED_MS);
	return status;
}

void
store_run(struct store *store, const struct state_request *request,
    struct state_response *ret)
{
	int status;

	CHECK_OBJ(store, STORE_MAGIC);
	*ret = (struct state_response){ .id = request->id };
	status =
	    store_is_write(request->op) ? begin(store) : store__ready(store);
	if (status == 0)
		status = run_op(store, request, &ret->number);
	ret->status = status;
	if (status > 0 && !store_is_write(request->op))
		ret->value = buf_slice(&store->value);
}

/* Only this process writes as a rule, so it is done at once. */
static void
merge_now(struct store *store)
{
	int frames;

	(void)sqlite3_wal_checkpoint_v2(
	    store->db, NULL, SQLITE_CHECKPOINT_RESTART, &frames, NULL);
}

int
store_commit(struct store *store)
{
	int status = store->undone;

	CHECK_OBJ(store, STORE_MAGIC);
	store->undone = 0;
	if (!store->in_txn)
		return status;
	store->wrote = false;
	status = step_done(store, store->stmts[STMT_COMMIT]);
	if (status == 0) {
		store->in_txn = false;
		if (store->wrote)
			store__is_well(store);
		if (store->wal_pages >= MERGE_NOW_PAGES)
			merge_now(store);
		return store->wrote;
	}
	/* A failed commit may have ended the transaction or not. */
	if (store->in_txn)
		(void)step_done(store, store->stmts[STMT_ROLLBACK]);
	store->in_txn = false;
	store->undone = 0;
	return status;
}

int
store_sweep(struct store *store)
{
	sqlite3_stmt *stmt;
	int status;

	CHECK_OBJ(store, STORE_MAGIC);
	status = begin(store);
	if (status < 0)
		return status;
	stmt = store->stmts[STMT_SWEEP];
	(void)sqlite3_bind_int64(stmt, 1, now_ms());
	(void)sqlite3_bind_int64(stmt, 2, STORE_SWEEP_MAX);
	status = step_done(store, stmt);
	return status < 0 ? status : sqlite3_changes(store->db);
}

/* ---- durability ---- */

bool
store_wants_merge(const struct store *store)
{
	return store->wal_pages >= MERGE_PAGES;
}

static int
sync_log(const char *path)
{
	struct buf log = BUF_INIT;
	int fd, status = 0;

	/* SQLite keeps no locks on this file, so closing it takes none. */
	buf_printf(&log, "%s-wal", path);
	fd = open(log.p, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fdatasync(fd) == -1)
		status = -errno;
	if (fd != -1)
		(void)close(fd);
	buf_done(&log);
	/* No log: it is all in the file. */
	return status == -ENOENT ? 0 : status;
}

int
store_flush(const char *path, bool merge)
{
	int status = sync_log(path);
	sqlite3 *db = NULL;

	if (status < 0 || !merge)
		return status;
	/* A connection of our own; it writes nothing but the merge. */
	if (sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
		NULL) == SQLITE_OK) {
		/* Else, if the store sets the file aside meanwhile, closing
		 * would remove the log of the file that then has its name. */
		(void)sqlite3_db_config(
		    db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		/* As SQL: the function finds no log in a connection that has
		 * not read yet. */
		(void)sqlite3_exec(
		    db, "PRAGMA wal_checkpoint(PASSIVE)", NULL, NULL, NULL);
	}
	(void)sqlite3_close_v2(db);
	return 0;
}
