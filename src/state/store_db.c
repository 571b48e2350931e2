/* SPDX-License-Identifier: MIT */
/* store_db.c - opening and closing the database. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store_private.h"

/* Files up to this size are read through when they are opened. */
#define CHECK_BYTES (64 * 1024 * 1024)
#define PAGE_BYTES 4096u
/* For another writer: while nobody is served yet, and later. */
#define BUSY_OPENING_MS 1000
#define BUSY_MS 10
#define SCHEMA_VERSION 1

/* WAL with synchronous=NORMAL: a commit writes without waiting for the disk;
 * store_flush waits.  Merging is asked for by us (wal_autocheckpoint). */
static const char setup_sql[] = "PRAGMA journal_mode=WAL;"
				"PRAGMA synchronous=NORMAL;"
				"PRAGMA wal_autocheckpoint=0;"
				"PRAGMA journal_size_limit=4194304;"
				"PRAGMA cache_size=-8192;"
				"PRAGMA mmap_size=0;"
				"PRAGMA temp_store=MEMORY;"
				"PRAGMA cell_size_check=ON;"
				"PRAGMA trusted_schema=OFF;";

static const char schema_sql[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS kv("
    " tbl TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
    " expires_ms INTEGER NOT NULL DEFAULT 0," /* since 1970; 0: never */
    " PRIMARY KEY(tbl, key)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS kv_expires ON kv(expires_ms)"
    " WHERE expires_ms > 0;"
    "PRAGMA user_version=1;"
    "COMMIT;";

#define ALIVE "(expires_ms=0 OR expires_ms>?3)"

static const char *const stmt_sql[STMT_COUNT] = {
	[STMT_BEGIN] = "BEGIN IMMEDIATE",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_GET] = "SELECT value FROM kv WHERE tbl=?1 AND key=?2 AND " ALIVE,
	[STMT_PUT] = "INSERT INTO kv(tbl,key,value,expires_ms)"
		     " VALUES(?1,?2,?3,?4) ON CONFLICT(tbl,key) DO UPDATE"
		     " SET value=excluded.value,"
		     " expires_ms=excluded.expires_ms",
	[STMT_SET] = "UPDATE kv SET value=?3 WHERE tbl=?1 AND key=?2",
	[STMT_DELETE] = "DELETE FROM kv WHERE tbl=?1 AND key=?2 AND " ALIVE,
	[STMT_SWEEP] = "DELETE FROM kv WHERE (tbl,key) IN (SELECT tbl,key"
		       " FROM kv WHERE expires_ms>0 AND expires_ms<=?1"
		       " ORDER BY expires_ms LIMIT ?2)",
	[STMT_LIST] = "SELECT key,value,expires_ms FROM kv WHERE tbl=?1"
		      " AND key>?2 AND " ALIVE " ORDER BY key",
};

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *store = arg;

	(void)db;
	(void)name;
	store->wal_pages = (unsigned)pages;
	store->wrote = true;
	return SQLITE_OK;
}

/* The first column of the first row of `sql`, as a number. */
static int
ask_number(sqlite3 *db, const char *sql, int64_t *ret)
{
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Damage shows now, not in the middle of a night. */
static int
check_file(struct store *store)
{
	sqlite3_stmt *stmt;
	struct stat st;
	int rc;

	if (stat(store->path, &st) == -1 || st.st_size > CHECK_BYTES)
		return SQLITE_OK;
	rc = sqlite3_prepare_v2(
	    store->db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
		rc = SQLITE_CORRUPT;
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int
make_schema(struct store *store)
{
	char limit[64];
	int64_t version = 0;
	int rc = ask_number(store->db, "PRAGMA user_version", &version);

	if (rc == SQLITE_OK && version == 0)
		rc = sqlite3_exec(store->db, schema_sql, NULL, NULL, NULL);
	else if (rc == SQLITE_OK && version != SCHEMA_VERSION)
		rc = SQLITE_SCHEMA; /* made by another hookline */
	if (rc != SQLITE_OK)
		return rc;
	(void)snprintf(limit, sizeof(limit), "PRAGMA max_page_count=%llu",
	    (unsigned long long)(store->max_bytes / PAGE_BYTES));
	return sqlite3_exec(store->db, limit, NULL, NULL, NULL);
}

static int
open_db(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_busy_timeout(store->db, BUSY_OPENING_MS);
	rc = sqlite3_exec(store->db, setup_sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = check_file(store);
	if (rc == SQLITE_OK)
		rc = make_schema(store);
	for (int i = 0; rc == SQLITE_OK && i < STMT_COUNT; i++)
		rc = sqlite3_prepare_v3(store->db, stmt_sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &store->stmts[i], NULL);
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	/* Replaces the automatic merging. */
	(void)sqlite3_wal_hook(store->db, on_wal, store);
	return rc;
}

/* The new file's name is on disk too. */
static void
sync_dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir =
	    slash == NULL
		? mem_dup(SLICE_LIT("."))
		: mem_dup((struct slice){ path, (size_t)(slash - path) + 1 });
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd != -1) {
		(void)fsync(fd);
		(void)close(fd);
	}
	mem_free(dir);
}

static int
not_ready(const struct store *store)
{
	return store->trouble != 0 ? store->trouble : -EAGAIN;
}

/* Remembers which file it is, to see when it is another one. */
static void
note_file(struct store *store)
{
	struct stat st = { .st_ino = 0 };

	(void)stat(store->path, &st);
	store->device = st.st_dev;
	store->inode = st.st_ino;
}

/* What a caller can do about a database that is not there does not depend
 * on why. */
static int
try_open(struct store *store)
{
	int rc = open_db(store);

	if (rc == SQLITE_OK)
		return 0;
	(void)store__failed(store, rc);
	store__close(store, -EAGAIN, true);
	return -EAGAIN;
}

int
store__ready(struct store *store)
{
	struct mono now;
	int rc;

	if (store->db != NULL)
		return 0;
	now = mono_now();
	if (mono_is_before(now, store->retry_at))
		return not_ready(store);
	store->retry_at = mono_add_ms(now, STORE_RETRY_MS);
	rc = try_open(store);
	/* A corrupt one has made way: begin an empty one. */
	if (rc < 0 && store->retry_at.ns == 0)
		rc = try_open(store);
	if (rc == 0) {
		sync_dir_of(store->path);
		note_file(store);
	}
	return rc;
}

void
store_look(struct store *store)
{
	dev_t device = store->device;
	ino_t inode = store->inode;
	struct log_line line;

	if (store->db == NULL)
		return;
	note_file(store);
	if (store->device == device && store->inode == inode)
		return;
	store__close(store, -EAGAIN, true);
	store->retry_at = (struct mono){ 0 };
	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "state_removed");
	log_add_text(&line, LOG_path, store->path);
	log_add_text(&line, LOG_text,
	    "somebody has removed or replaced the database; what has its "
	    "name now is opened, or an empty one is begun");
	log_end(&line);
	(void)store__ready(store); /* logged; tried again */
}

void
store__close(struct store *store, int status, bool keep_log)
{
	if (store->in_txn) {
		store->in_txn = false;
		store->undone = status;
	}
	for (int i = 0; i < STMT_COUNT; i++) {
		(void)sqlite3_finalize(store->stmts[i]);
		store->stmts[i] = NULL;
	}
	if (keep_log && store->db != NULL)
		(void)sqlite3_db_config(
		    store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_close_v2(store->db);
	store->db = NULL;
	store->wal_pages = 0;
}
