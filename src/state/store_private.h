/* SPDX-License-Identifier: MIT */
/* store_private.h - the body of struct store, for store*.c. */
#ifndef HOOKLINE_STATE_STORE_PRIVATE_H
#define HOOKLINE_STATE_STORE_PRIVATE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store.h"

#define STORE_RETRY_MS 1000

enum store_stmt {
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_GET,
	STMT_PUT,
	STMT_SET,
	STMT_DELETE,
	STMT_SWEEP,
	STMT_LIST,
	STMT_COUNT
};

struct store {
	uint32_t magic;
	char *path;
	uint64_t max_bytes;
	sqlite3 *db; /* NULL: not open */
	sqlite3_stmt *stmts[STMT_COUNT];
	bool in_txn;
	int undone;           /* why writes since the last commit are lost */
	int trouble;          /* status that the log said last; 0: well */
	struct mono retry_at; /* it is not opened before */
	struct mono locked_until; /* somebody else writes; not tried before */
	struct mono failed_at;    /* when a call failed last */
	bool wrote;               /* the last commit had something to write */
	struct mono aside_at;     /* when one was set aside; {0}: never */
	dev_t device;             /* of the file that is open */
	ino_t inode;
	unsigned wal_pages; /* frames in the log after the last commit */
	struct buf value;   /* of the last answer */
};

/* Opens if it is not open and the time has come.  0 or negative errno. */
int store__ready(struct store *store);
/* Closes; a transaction that was open is undone with `status`.  Merges the
 * log into the file, unless that is not ours (`keep_log`). */
void store__close(struct store *store, int status, bool keep_log);
/* Does what the result `rc` of a SQLite call wants done (log, close, set
 * aside) and returns its negative errno.  No statement may be running. */
int store__failed(struct store *store, int rc);
/* Writing works: says so if it did not for a while. */
void store__is_well(struct store *store);

#endif
