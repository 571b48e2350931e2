/* SPDX-License-Identifier: MIT */
/* geoip_db.c - see geoip_db.h.
 *
 * Who replaces a database should rename a new file to its name, as geoipupdate
 * does: the old one then stays whole for those who read it.  One that is
 * written over loses its pages at once, and to touch them is fatal; before each
 * search we look whether that has happened, which leaves a moment only.
 */
#include "geoip_db.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 1000u /* between two looks at the directory */
/* A file that was touched within so many seconds may be half written: no word
 * about it yet.  Of one that is dated in the future nobody knows when. */
#define YOUNG_S 2
#define PATH_SIZE 4096u

struct geoip_file {
	unsigned refs; /* beside that of the database */
	int fd;
	MMDB_s mmdb;
	struct geoip_stamp stamp;
	char path[PATH_SIZE];
};

/* One look at the directory, on the thread pool. */
struct scan {
	const char *dir;
	const char *const *names;
	struct geoip_stamp stamp; /* what was seen last, then what is there */
	struct geoip_file *file;  /* a new one, or NULL */
	bool is_there, has_changed, is_young;
	char fault[256], path[PATH_SIZE];
};

static struct geoip_stamp
stamp_of(const struct stat *st)
{
	return (struct geoip_stamp){ st->st_dev, st->st_ino,
		(uint64_t)st->st_size, st->st_mtim.tv_sec,
		st->st_mtim.tv_nsec };
}

static bool
is_same(const struct geoip_stamp *a, const struct geoip_stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size && a->mtime_s == b->mtime_s &&
	       a->mtime_ns == b->mtime_ns;
}

/* ---- looking for a new file ---- */

static void
file_free(struct geoip_file *file)
{
	MMDB_close(&file->mmdb);
	(void)close(file->fd);
	free(file);
}

/* By its descriptor, so that stamp and contents are those of one file. */
static int
open_fd(struct scan *scan, int fd)
{
	struct geoip_file *file = calloc(1, sizeof(*file));
	char path[32];
	int rc;

	if (file == NULL)
		return MMDB_OUT_OF_MEMORY_ERROR;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = MMDB_open(path, MMDB_MODE_MMAP, &file->mmdb);
	if (rc != MMDB_SUCCESS) {
		free(file);
		return rc;
	}
	file->fd = fd;
	file->stamp = scan->stamp;
	memcpy(file->path, scan->path, sizeof(file->path));
	scan->file = file;
	return MMDB_SUCCESS;
}

static int
open_path(struct scan *scan)
{
	int fd = open(scan->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };
	int rc = 0;

	if (fd == -1 || fstat(fd, &st) == -1)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	if (rc == 0) {
		scan->stamp = stamp_of(&st);
		scan->is_young =
		    llabs(time(NULL) - st.st_mtim.tv_sec) < YOUNG_S;
		rc = open_fd(scan, fd);
	}
	if (rc != 0)
		(void)snprintf(scan->fault, sizeof(scan->fault), "%s",
		    rc < 0 ? strerror(-rc) : MMDB_strerror(rc));
	if (rc != 0 && fd != -1)
		(void)close(fd);
	return rc;
}

static bool
find_path(struct scan *scan, struct stat *ret)
{
	for (size_t i = 0; i < GEOIP_NAMES && scan->names[i] != NULL; i++) {
		int n = snprintf(scan->path, sizeof(scan->path), "%s/%s",
		    scan->dir, scan->names[i]);

		if (n > 0 && (size_t)n < sizeof(scan->path) &&
		    stat(scan->path, ret) == 0)
			return true;
	}
	return false;
}

static int
run_scan(void *what)
{
	static const struct geoip_stamp nothing;
	struct scan *scan = what;
	struct geoip_stamp now = nothing;
	struct stat st;

	scan->is_there = find_path(scan, &st);
	if (scan->is_there)
		now = stamp_of(&st);
	scan->has_changed = !is_same(&now, &scan->stamp);
	scan->stamp = now;
	if (scan->has_changed && scan->is_there && open_path(scan) != 0 &&
	    scan->is_young)
		scan->stamp = nothing; /* it is looked at again */
	return 0;
}

static void
take_scan(struct hl_ctx *ctx, struct geoip_db *db, struct scan *scan)
{
	if (scan->has_changed) {
		geoip_db_put(&db->file);
		db->file = scan->file;
		db->stamp = scan->stamp;
		if (scan->fault[0] != '\0' && !scan->is_young)
			hl_log(ctx, HL_LOG_ERROR, "error, %s: %s", scan->path,
			    scan->fault);
	}
	if (!scan->is_there && !db->is_missing && !db->is_optional)
		hl_log(ctx, HL_LOG_ERROR, "error, no %s%s%s in %s",
		    db->names[0], db->names[1] != NULL ? " or " : "",
		    db->names[1] != NULL ? db->names[1] : "", scan->dir);
	db->is_missing = !scan->is_there;
}

static void
look(struct hl_ctx *ctx, struct geoip_db *db, hl_str dir)
{
	struct scan *scan = hl_alloc(ctx, sizeof(*scan));

	scan->dir = dir.p;
	scan->names = db->names;
	scan->stamp = db->stamp;
	db->is_scanning = true;
	if (hl_offload(ctx, run_scan, scan) == 0) {
		take_scan(ctx, db, scan);
		db->next_ms = hl_now_ms(ctx) + LOOK_MS;
	}
	db->is_scanning = false;
}

struct geoip_file *
geoip_db_get(struct hl_ctx *ctx, struct geoip_db *db, hl_str dir)
{
	/* The others use what there is meanwhile. */
	if (!db->is_scanning && hl_now_ms(ctx) >= db->next_ms)
		look(ctx, db, dir);
	if (db->file != NULL)
		db->file->refs++;
	return db->file;
}

void
geoip_db_put(struct geoip_file **file_p)
{
	struct geoip_file *file = *file_p;

	*file_p = NULL;
	if (file != NULL && file->refs-- == 0)
		file_free(file);
}

void
geoip_db_drop(
    struct hl_ctx *ctx, struct geoip_db *db, struct geoip_file *file, int why)
{
	if (file == NULL || db->file != file)
		return; /* another session was first */
	if (why == -EBADMSG)
		hl_log(ctx, HL_LOG_ERROR, "error, %s: its data are damaged",
		    file->path);
	else
		db->next_ms = 0;
	geoip_db_put(&db->file);
}

/* ---- searching ---- */

static bool
get(MMDB_entry_s *entry, const char *const *path, uint32_t type,
    MMDB_entry_data_s *ret, int *rc)
{
	int got = *rc == 0 ? MMDB_aget_value(entry, ret, path)
			   : MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR;

	if (got == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR)
		return false;
	if (got != MMDB_SUCCESS)
		*rc = -EBADMSG;
	return got == MMDB_SUCCESS && ret->has_data && ret->type == type;
}

/* One that is too long ends at a whole character. */
static void
get_text(MMDB_entry_s *entry, const char *const *path, char *ret, size_t size,
    int *rc)
{
	MMDB_entry_data_s data;
	size_t n;

	if (!get(entry, path, MMDB_DATA_TYPE_UTF8_STRING, &data, rc))
		return;
	n = data.data_size;
	if (n > size - 1) {
		n = size - 1;
		while (n > 0 && (data.utf8_string[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)data.utf8_string[i];

		ret[i] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	ret[n] = '\0';
}

static void
get_all(MMDB_entry_s *entry, struct geoip_facts *ret, int *rc)
{
	static const char *const country[] = { "country", "iso_code", NULL };
	static const char *const name[] = { "country", "names", "en", NULL };
	static const char *const continent[] = { "continent", "code", NULL };
	static const char *const city[] = { "city", "names", "en", NULL };
	static const char *const latitude[] = { "location", "latitude", NULL };
	static const char *const longitude[] = { "location", "longitude",
		NULL };
	static const char *const asn[] = { "autonomous_system_number", NULL };
	MMDB_entry_data_s north, east, number;

	get_text(entry, country, ret->country, sizeof(ret->country), rc);
	get_text(entry, name, ret->country_name, sizeof(ret->country_name), rc);
	get_text(entry, continent, ret->continent, sizeof(ret->continent), rc);
	get_text(entry, city, ret->city, sizeof(ret->city), rc);
	if (get(entry, latitude, MMDB_DATA_TYPE_DOUBLE, &north, rc) &&
	    get(entry, longitude, MMDB_DATA_TYPE_DOUBLE, &east, rc) &&
	    north.double_value >= -90 && north.double_value <= 90 &&
	    east.double_value >= -180 && east.double_value <= 180) {
		ret->latitude = north.double_value;
		ret->longitude = east.double_value;
		ret->has_place = true;
	}
	if (get(entry, asn, MMDB_DATA_TYPE_UINT32, &number, rc))
		ret->asn = number.uint32;
}

static bool
make_addr(const char *ip, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ .ss_family = AF_INET };
	if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1)
		return true;
	ret->ss_family = AF_INET6;
	return inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1;
}

int
geoip_file_find(
    struct geoip_file *file, const char *ip, struct geoip_facts *ret)
{
	struct geoip_stamp now;
	struct sockaddr_storage addr;
	MMDB_lookup_result_s found;
	struct stat st;
	int rc = 0;

	if (file == NULL || !make_addr(ip, &addr))
		return 0;
	if (fstat(file->fd, &st) == -1)
		return -ESTALE;
	now = stamp_of(&st);
	if (!is_same(&now, &file->stamp))
		return -ESTALE;
	found = MMDB_lookup_sockaddr(
	    &file->mmdb, (const struct sockaddr *)&addr, &rc);
	if (rc == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
		return 0;
	if (rc != MMDB_SUCCESS)
		return -EBADMSG;
	if (found.found_entry)
		get_all(&found.entry, ret, &rc);
	return rc;
}
