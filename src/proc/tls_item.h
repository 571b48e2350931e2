/* SPDX-License-Identifier: MIT */
/* tls_item.h - files of TLS that are taken together, and their last good
 * version: a certificate with its key and staple, CAs, DH parameters.
 *
 * A new version is taken when all of its files are at rest and good
 * together; else the last good one stays.  A renewal replaces certificate
 * and key one after the other, so a version is only a fault when it is found
 * bad at two looks; then it is not read again until a file changes.
 */
#ifndef HOOKLINE_PROC_TLS_ITEM_H
#define HOOKLINE_PROC_TLS_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/tls_ctx.h"
#include "tls_file.h"

enum tls_item_kind { TLS_ITEM_PAIR, TLS_ITEM_CERTS, TLS_ITEM_DH };
enum { TLS_ITEM_CERT, TLS_ITEM_KEY, TLS_ITEM_OCSP, TLS_ITEM_FILES };

/* What the files of an item hold at one moment. */
struct tls_item_version {
	struct tls_bytes bytes[TLS_ITEM_FILES];
	struct conf_stamp stamps[TLS_ITEM_FILES];
	struct tls_cert_info info; /* of a pair */
	struct wall when;          /* it was taken */
	/* Why its staple is not sent, though the pair is good; "" if it is or
	 * there is none. */
	char staple_fault[256];
};

struct tls_item {
	enum tls_item_kind kind;
	/* "" for none; all but a pair have one.  Borrowed, as the names. */
	const char *paths[TLS_ITEM_FILES];
	hl_str name; /* the first site it is for; "" for all names */
	hl_str file; /* who names it */
	unsigned line;
	bool is_skipped; /* `check` may not read it: not looked at */
	struct tls_item_version now;
	/* A newer version that was not taken. */
	struct conf_stamp tried[TLS_ITEM_FILES];
	unsigned failures;
	struct err fault; /* code 0: none that was told */
	/* tls_watch.c: when to look again how near its end is. */
	struct mono remind_at;
};

/* Reads the files for the first time.  Returns 0; negative errno with what
 * is wrong in `err`.  `early` may be NULL. */
int tls_item_load(struct tls_item *item, const struct tls_early *early,
    struct err *err) WARN_UNUSED;
void tls_item_done(struct tls_item *item);

/* Whether a version would fit in with all else; -EINVAL with why not.  CAs
 * and DH parameters come as pair->cert. */
typedef int tls_item_fits_fn(void *arg, const struct tls_item *item,
    const struct tls_pair *pair, struct err *err);

enum tls_item_change {
	TLS_ITEM_SAME,
	TLS_ITEM_TAKEN,   /* item->now is a new version */
	TLS_ITEM_REFUSED, /* item->fault is new */
	TLS_ITEM_MENDED   /* the fault is gone without a new version */
};

/* Looks at the files and takes a new version.  `is_forced`: also one that
 * was written just now, and a bad one is told at once. */
enum tls_item_change tls_item_look(
    struct tls_item *item, bool is_forced, tls_item_fits_fn *fits, void *arg);

/* Puts copies of its files into `early`. */
void tls_item_keep(const struct tls_item *item, struct tls_early *early);

/* Borrowed from the version. */
struct tls_pair tls_item_pair(const struct tls_item_version *version);

#endif
