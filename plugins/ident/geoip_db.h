/* SPDX-License-Identifier: MIT */
/* geoip_db.h - a database in MaxMind's format, as it is on the disk now.
 *
 * A file that was replaced is picked up within a second.  What reads it (the
 * search, with page faults, and with as much stack as a damaged file makes
 * libmaxminddb take) runs on the thread pool; so files are counted, on the
 * worker's own thread.
 */
#ifndef HOOKLINE_IDENT_GEOIP_DB_H
#define HOOKLINE_IDENT_GEOIP_DB_H

#include <hookline/plugin.h>

#define GEOIP_NAMES 2

struct geoip_file; /* one that is open */

/* Which of two files, to tell whether it is another one, or has changed. */
struct geoip_stamp {
	uint64_t device, inode, size;
	int64_t mtime_s, mtime_ns;
};

/* Lives in the memory of a line in config/plugins. */
struct geoip_db {
	/* In `dir`, the first that is there counts; NULL: no more. */
	const char *names[GEOIP_NAMES];
	bool is_optional;         /* nobody misses it */
	struct geoip_file *file;  /* NULL: none that is of use */
	struct geoip_stamp stamp; /* of what was last looked at */
	uint64_t next_ms;         /* when it is looked at again */
	bool is_scanning, is_missing;
};

/* What is known of an address; "", 0 and false: nothing. */
struct geoip_facts {
	char country[8], country_name[96], continent[8], city[96];
	uint32_t asn;
	double latitude, longitude;
	bool has_place;
};

/* The database as it is now, or NULL; give it back with geoip_db_put.  A fault
 * of a file is logged once.  BLOCKS. */
struct geoip_file *geoip_db_get(
    struct hl_ctx *ctx, struct geoip_db *db, hl_str dir);
void geoip_db_put(struct geoip_file **file);
/* Adds to *ret what `file` (or NULL) knows of `ip`.  0, also when that is
 * nothing; -ESTALE the file has changed under us; -EBADMSG it is damaged.
 * For the thread pool: may wait for a disk. */
int geoip_file_find(
    struct geoip_file *file, const char *ip, struct geoip_facts *ret);
/* After -ESTALE or -EBADMSG: this file is not used any more; the latter is
 * logged. */
void geoip_db_drop(
    struct hl_ctx *ctx, struct geoip_db *db, struct geoip_file *file, int why);

#endif
