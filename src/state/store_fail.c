/* SPDX-License-Identifier: MIT */
/* store_fail.c - what to do when a SQLite call fails.
 *
 * Every failure comes through store__failed: it becomes a status for the
 * caller, a line in the log when it is news, and an order: go on, open the
 * file again, or set it aside.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store_private.h"

/* A disk that spoils every new file must not be filled with them. */
#define ASIDE_EVERY_MS 60000
/* So long without a failure: it is over. */
#define WELL_MS 10000

/* "20261123T014948Z" */
static void
compact_time(char ret[WALL_RFC3339_MAX])
{
	char text[WALL_RFC3339_MAX];
	size_t n = 0;

	(void)wall_rfc3339(wall_now(), text, sizeof(text));
	for (const char *p = text; *p != '\0' && *p != '.'; p++) {
		if (*p != '-' && *p != ':')
			ret[n++] = *p;
	}
	ret[n++] = 'Z';
	ret[n] = '\0';
}

/* Never over a file that is there. */
static int
rename_to(const char *path, const char *aside, const char *suffix)
{
	struct buf from = BUF_INIT, to = BUF_INIT;
	int rc;

	buf_printf(&from, "%s%s", path, suffix);
	buf_printf(&to, "%s%s", aside, suffix);
	rc = renameat2(AT_FDCWD, from.p, AT_FDCWD, to.p, RENAME_NOREPLACE);
	/* A file system that cannot promise it. */
	if (rc == -1 && errno == EINVAL && access(to.p, F_OK) == -1)
		rc = rename(from.p, to.p);
	if (rc == -1)
		rc = -errno;
	buf_done(&from);
	buf_done(&to);
	return rc == -ENOENT ? 0 : rc;
}

/* Renames the file and its log.  The log first: a log that is left behind
 * would be taken for the new file's. */
static void
set_aside(struct store *store, const char *why)
{
	struct mono now = mono_now();
	char time[WALL_RFC3339_MAX];
	struct buf aside = BUF_INIT;
	struct log_line line;
	int rc;

	store->retry_at = mono_add_ms(now, STORE_RETRY_MS);
	if (store->aside_at.ns != 0 &&
	    mono_is_before(now, mono_add_ms(store->aside_at, ASIDE_EVERY_MS)))
		return;
	compact_time(time);
	buf_printf(&aside, "%s.corrupt-%s", store->path, time);
	rc = rename_to(store->path, aside.p, "-wal");
	if (rc == 0)
		rc = rename_to(store->path, aside.p, "-shm");
	if (rc == 0)
		rc = rename_to(store->path, aside.p, "");
	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "state_corrupt");
	log_add_text(&line, LOG_path, store->path);
	log_add_text(&line, LOG_file, aside.p);
	log_add_text(&line, LOG_err, why);
	if (rc < 0) {
		log_printf(
		    &line, LOG_text, "cannot be renamed: %s", strerror(-rc));
	} else {
		store->aside_at = now;
		store->retry_at = (struct mono){ 0 };
		log_add_text(&line, LOG_text,
		    "renamed; an empty database is begun, what plugins had "
		    "in it (greylists, karma, limits) is gone unless "
		    "`sqlite3 FILE .recover` brings it back");
	}
	log_end(&line);
	buf_done(&aside);
}

/* What a full disk does, whichever call sees it. */
static bool
is_full(int rc, int system_errno)
{
	return (rc & 0xff) == SQLITE_FULL ||
	       ((rc & 0xff) == SQLITE_IOERR &&
		   (system_errno == ENOSPC || system_errno == EDQUOT ||
		       system_errno == EFBIG));
}

static int
status_of(int rc, int system_errno)
{
	if (is_full(rc, system_errno))
		return -ENOSPC;
	switch (rc & 0xff) {
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_IOERR:
		return system_errno == EROFS ? -EROFS : -EIO;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_SCHEMA:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

static void
say_trouble(struct store *store, int status, const char *why)
{
	struct log_line line;

	if (store->trouble == status)
		return;
	store->trouble = status;
	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "state_trouble");
	log_add_text(&line, LOG_path, store->path);
	log_add_text(&line, LOG_err, why);
	log_printf(&line, LOG_text,
	    "plugins get \"%s\" from hl_kv until this is over; it is tried "
	    "again by itself",
	    strerror(-status));
	log_end(&line);
}

void
store__is_well(struct store *store)
{
	struct mono since = mono_add_ms(store->failed_at, WELL_MS);
	struct log_line line;

	/* A full disk takes one write and refuses the next. */
	if (store->trouble == 0 || mono_is_before(mono_now(), since))
		return;
	store->trouble = 0;
	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "state_well");
	log_add_text(&line, LOG_path, store->path);
	log_add_text(&line, LOG_text, "the database takes writes again");
	log_end(&line);
}

int
store__failed(struct store *store, int rc)
{
	int system_errno = sqlite3_system_errno(store->db);
	int status = status_of(rc, system_errno);
	bool corrupt =
	    (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB;
	bool reopen = (rc & 0xff) == SQLITE_READONLY;
	char why[256];

	store->failed_at = mono_now();
	(void)snprintf(why, sizeof(why), "%s (%d)",
	    rc == SQLITE_SCHEMA ? "not a database of this version"
				: sqlite3_errstr(rc),
	    rc);
	if (!corrupt)
		say_trouble(store, status, why);
	if (store->in_txn && sqlite3_get_autocommit(store->db) != 0) {
		store->in_txn = false;
		store->undone = status;
	}
	/* Opened again at once, if that was not done just now. */
	if (corrupt || reopen)
		store__close(store, status, true);
	if (corrupt)
		set_aside(store, why);
	return status;
}
