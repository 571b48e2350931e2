/* SPDX-License-Identifier: MIT */
/* tls_store.h - the TLS material of a configuration, as the master and
 * `hookline check` hold it.
 *
 * Made of the configuration as it is at a start or a reload: which listeners
 * have TLS, and which files they name.  After that only these files are
 * looked at (tls_item.h).  What workers get is tls_store_bundle.
 */
#ifndef HOOKLINE_PROC_TLS_STORE_H
#define HOOKLINE_PROC_TLS_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "conf/conf_fault.h"
#include "tls_item.h"

struct conf_dir;
struct conf_listeners;
struct tls_store;

struct tls_store_options {
	const struct tls_early *early; /* NULL: none */
	/* A file that we may not read is not looked at, and no fault: only
	 * the master may. */
	bool is_check;
	/* Open no files at all: the master does (the check of a reload). */
	bool is_blind;
};

/* Reads the configuration of `listeners` and the files that it names.
 * Returns 0, also without any TLS; -EINVAL with each thing that is wrong in
 * `faults`: `ret` is not set. */
int tls_store_new(struct conf_dir *dir, const struct conf_listeners *listeners,
    const struct tls_store_options *options, struct tls_store **ret,
    struct conf_faults *faults) WARN_UNUSED;
void tls_store_free(struct tls_store **store); /* NULL is fine */

/* No listener has TLS. */
bool tls_store_is_empty(const struct tls_store *store);
/* The bundle of now (net/tls_bundle.h), borrowed until the next look, or
 * negative errno. */
int tls_store_bundle(struct tls_store *store);
/* Counts the bundles. */
unsigned tls_store_version(const struct tls_store *store);

typedef void tls_store_change_fn(
    void *arg, struct tls_item *item, enum tls_item_change change);
/* Looks at all files (tls_item_look) and tells each change; the bundle is
 * another one if a version was taken. */
void tls_store_look(struct tls_store *store, bool is_forced,
    tls_store_change_fn *on_change, void *arg);

/* The items, in the order of the configuration. */
size_t tls_store_count(const struct tls_store *store);
struct tls_item *tls_store_at(struct tls_store *store, size_t index);

#endif
