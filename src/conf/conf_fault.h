/* SPDX-License-Identifier: MIT */
/* conf_fault.h - what is wrong with the configuration, and where.
 *
 * One struct conf_fault is one thing that an administrator has to mend.  Its
 * text is "what is wrong; what to do about it", without file and line.
 * A parser adds as many as it finds and goes on, so that `hookline check`
 * shows all of them at once.
 */
#ifndef HOOKLINE_CONF_FAULT_H
#define HOOKLINE_CONF_FAULT_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

struct conf_fault {
	hl_str file;
	unsigned line; /* 1 is the first; 0: the file as a whole */
	hl_str text;
	struct wall since; /* when it was first seen */
};

/* At most this many are kept in one set; the rest is only counted. */
#define CONF_FAULTS_MAX 100

/* A growing set, in the order found.  `at` and the texts are valid until
 * the next change of the set. */
struct conf_faults {
	struct conf_fault *at;
	size_t count;
	size_t dropped;
	struct arena arena; /* private */
	size_t cap;         /* private */
};

void conf_faults_init(struct conf_faults *faults);
void conf_faults_done(struct conf_faults *faults);
void conf_faults_clear(struct conf_faults *faults);
/* Copies.  Returns the new fault, or NULL when the same file, line and text
 * is there already or the set is full. */
const struct conf_fault *conf_faults_add(struct conf_faults *faults,
    hl_str file, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);
const struct conf_fault *conf_faults_vadd(struct conf_faults *faults,
    hl_str file, unsigned line, const char *fmt, va_list args)
    PRINTF_LIKE(4, 0);
/* Adds copies of those that are not there yet, with their `since`. */
void conf_faults_merge(
    struct conf_faults *faults, const struct conf_faults *more);
/* The one with the same file, line and text, or NULL. */
struct conf_fault *conf_faults_find(const struct conf_faults *faults,
    hl_str file, unsigned line, struct slice text);
/* By file name and line. */
void conf_faults_sort(struct conf_faults *faults);
/* Adds "FILE:LINE: TEXT", or "FILE: TEXT" for line 0. */
void conf_fault_print(struct buf *buf, const struct conf_fault *fault);

#endif
