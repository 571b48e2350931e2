/* SPDX-License-Identifier: MIT */
/* tls_item.c - files of TLS that are taken together. */
#include "tls_item.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void
version_done(struct tls_item_version *version)
{
	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		tls_bytes_done(&version->bytes[i]);
}

struct tls_pair
tls_item_pair(const struct tls_item_version *version)
{
	struct tls_pair pair = {
		.cert = tls_bytes_slice(&version->bytes[TLS_ITEM_CERT]),
		.key = tls_bytes_slice(&version->bytes[TLS_ITEM_KEY]),
		.ocsp = tls_bytes_slice(&version->bytes[TLS_ITEM_OCSP]),
	};

	if (version->staple_fault[0] != '\0')
		pair.ocsp = SLICE_NONE;
	return pair;
}

/* ---- reading ------------------------------------------------------------- */

/* As it is; else, where we may not read it, as it was before root was given
 * up. */
static int
file_read(struct tls_item *item, unsigned i, const struct tls_early *early,
    struct tls_item_version *version, struct err *err)
{
	const char *path = item->paths[i];
	int rc =
	    tls_file_read(path, &version->bytes[i], &version->stamps[i], err);

	if (rc != -EACCES || tls_early_get(early, path, &version->bytes[i]) < 0)
		return rc;
	version->stamps[i] = conf_stamp_of(path);
	return 0;
}

/* A staple that is not there or no good does not cost us the certificate:
 * whoever fetches it may be late. */
static void
staple_read(struct tls_item *item, const struct tls_early *early,
    struct tls_item_version *version)
{
	struct err err;

	if (file_read(item, TLS_ITEM_OCSP, early, version, &err) == 0)
		return;
	tls_file_stamps(
	    &item->paths[TLS_ITEM_OCSP], 1, &version->stamps[TLS_ITEM_OCSP]);
	(void)snprintf(version->staple_fault, sizeof(version->staple_fault),
	    "%.*s", (int)sizeof(version->staple_fault) - 1, err.text);
}

static int
version_read(struct tls_item *item, const struct tls_early *early,
    struct tls_item_version *version, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < TLS_ITEM_OCSP && rc == 0; i++)
		if (item->paths[i][0] != '\0')
			rc = file_read(item, i, early, version, err);
	if (rc == 0 && item->paths[TLS_ITEM_OCSP][0] != '\0')
		staple_read(item, early, version);
	return rc;
}

static int
pair_check(const struct tls_item *item, struct tls_item_version *version,
    struct err *err)
{
	struct tls_pair pair = tls_item_pair(version);
	struct tls_pair bare = { pair.cert, pair.key, SLICE_NONE };
	struct err staple;
	int rc = tls_pair_check(&bare, &version->info, err);

	if (rc < 0)
		return err_prefix(err, "%s, %s", item->paths[TLS_ITEM_CERT],
		    item->paths[TLS_ITEM_KEY]);
	if (pair.ocsp.n > 0 &&
	    tls_pair_check(&pair, &version->info, &staple) < 0)
		(void)snprintf(version->staple_fault,
		    sizeof(version->staple_fault), "%s: %.*s",
		    item->paths[TLS_ITEM_OCSP], 200, staple.text);
	return 0;
}

static int
version_check(const struct tls_item *item, struct tls_item_version *version,
    struct err *err)
{
	struct slice first = tls_bytes_slice(&version->bytes[TLS_ITEM_CERT]);
	const struct tls_material params = { .dh = first };
	int rc = 0;

	switch (item->kind) {
	case TLS_ITEM_PAIR:
		return pair_check(item, version, err);
	case TLS_ITEM_CERTS:
		rc = tls_certs_check(first, err);
		break;
	case TLS_ITEM_DH:
		rc = first.n == 0 ? err_set(err, -EINVAL, "it is empty")
				  : tls_params_check(&params, err);
		break;
	}
	return rc < 0 ? err_prefix(err, "%s", item->paths[TLS_ITEM_CERT]) : 0;
}

int
tls_item_load(
    struct tls_item *item, const struct tls_early *early, struct err *err)
{
	struct tls_item_version version = { .when = wall_now() };
	int rc = version_read(item, early, &version, err);

	if (rc == 0)
		rc = version_check(item, &version, err);
	if (rc < 0) {
		version_done(&version);
		return rc;
	}
	version_done(&item->now);
	item->now = version;
	return 0;
}

void
tls_item_done(struct tls_item *item)
{
	version_done(&item->now);
}

void
tls_item_keep(const struct tls_item *item, struct tls_early *early)
{
	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		if (item->now.bytes[i].p != NULL)
			tls_early_add(early, item->paths[i],
			    tls_bytes_slice(&item->now.bytes[i]));
}

/* ---- a newer version ----------------------------------------------------- */

static bool
stamps_eq(const struct conf_stamp *a, const struct conf_stamp *b)
{
	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		if (!conf_stamp_eq(&a[i], &b[i]))
			return false;
	return true;
}

/* Somebody may still be writing. */
static bool
is_young(const struct conf_stamp *stamps)
{
	struct wall now = wall_now();

	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		if (stamps[i].exists && conf_stamp_is_young(&stamps[i], now))
			return true;
	return false;
}

static bool
bytes_eq(const struct tls_item_version *a, const struct tls_item_version *b)
{
	for (unsigned i = 0; i < TLS_ITEM_FILES; i++)
		if (!slice_eq(tls_bytes_slice(&a->bytes[i]),
			tls_bytes_slice(&b->bytes[i])))
			return false;
	return strcmp(a->staple_fault, b->staple_fault) == 0;
}

static enum tls_item_change
fail(struct tls_item *item, const struct conf_stamp *stamps, bool is_forced,
    const struct err *err)
{
	bool is_again = item->failures > 0 && stamps_eq(stamps, item->tried);
	bool was_told = is_again && item->fault.code != 0 &&
			strcmp(item->fault.text, err->text) == 0;

	memcpy(item->tried, stamps, sizeof(item->tried));
	item->failures = is_again || is_forced ? 2 : 1;
	if (item->failures < 2 || was_told)
		return TLS_ITEM_SAME;
	item->fault = *err;
	return TLS_ITEM_REFUSED;
}

/* The same files would be as bad again; not so when it was our own want of
 * descriptors, or the disk. */
static bool
is_known_bad(const struct tls_item *item, const struct conf_stamp *stamps)
{
	int code = item->fault.code;

	return item->failures >= 2 && stamps_eq(stamps, item->tried) &&
	       (code == -EINVAL || code == -ENOENT || code == -EACCES ||
		   code == -EFBIG);
}

static enum tls_item_change
forget_fault(struct tls_item *item)
{
	bool was_told = item->fault.code != 0;

	item->failures = 0;
	item->fault = (struct err){ 0 };
	return was_told ? TLS_ITEM_MENDED : TLS_ITEM_SAME;
}

enum tls_item_change
tls_item_look(
    struct tls_item *item, bool is_forced, tls_item_fits_fn *fits, void *arg)
{
	struct conf_stamp stamps[TLS_ITEM_FILES];
	struct tls_item_version version = { .when = wall_now() };
	struct tls_pair pair;
	struct err err = { 0 };
	bool is_same;
	int rc;

	tls_file_stamps(item->paths, TLS_ITEM_FILES, stamps);
	if (stamps_eq(stamps, item->now.stamps))
		return forget_fault(item);
	if (is_known_bad(item, stamps))
		return TLS_ITEM_SAME;
	if (!is_forced && is_young(stamps))
		return TLS_ITEM_SAME;
	rc = version_read(item, NULL, &version, &err);
	if (rc == 0)
		rc = version_check(item, &version, &err);
	pair = tls_item_pair(&version);
	if (rc == 0)
		rc = fits(arg, item, &pair, &err);
	if (rc < 0) {
		version_done(&version);
		return fail(item, stamps, is_forced, &err);
	}
	is_same = bytes_eq(&version, &item->now);
	version_done(&item->now);
	item->now = version;
	if (is_same)
		return forget_fault(item);
	(void)forget_fault(item);
	return TLS_ITEM_TAKEN;
}
