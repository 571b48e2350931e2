/* SPDX-License-Identifier: MIT */
/* sandbox.h - a configuration directory of its own and a clock that stands
 * still, for the tests of conf/. */
#ifndef HOOKLINE_TESTS_CONF_SANDBOX_H
#define HOOKLINE_TESTS_CONF_SANDBOX_H

#include <stdint.h>

#include "conf/conf_dir.h"

struct sandbox {
	char path[64];
	char file[512]; /* of sandbox_path */
	struct conf_dir *dir;
	/* What on_fault was told, each as "FILE:LINE: TEXT\n" with the path
	 * of the directory left out. */
	struct buf told;
	unsigned told_count;
};

/* An empty directory; the clock begins at the system's plus `ahead_s`. */
void sandbox_start(struct sandbox *box, int64_t ahead_s);
/* Opens box->dir on it. */
void sandbox_open(struct sandbox *box);
void sandbox_stop(struct sandbox *box);

/* Valid until the next call. */
const char *sandbox_path(struct sandbox *box, const char *name);
/* Writes into the file (making it and its directories when it is not there);
 * its last write was `age_ms` ago. */
void sandbox_write(
    struct sandbox *box, const char *name, const char *text, int64_t age_ms);
void sandbox_bytes(struct sandbox *box, const char *name, const void *bytes,
    size_t n, int64_t age_ms);
/* The same to another file, which is then renamed into place. */
void sandbox_replace(
    struct sandbox *box, const char *name, const char *text, int64_t age_ms);
void sandbox_remove(struct sandbox *box, const char *name);
/* Moves both clocks on. */
void sandbox_wait(uint64_t ms);
/* All lines of the key's current list, joined by '|'; "-" when absent.
 * Valid until the next call. */
const char *sandbox_get(struct sandbox *box, const char *key);
const char *sandbox_get_for(
    struct sandbox *box, const char *listener, const char *key);

#endif
