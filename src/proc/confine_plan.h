/* SPDX-License-Identifier: MIT */
/* confine_plan.h - what a process may still use when it is confined.
 *
 * Made of what plugins declared, what the server needs, and a short list of
 * what libraries read.  `hookline check` prints it.
 */
#ifndef HOOKLINE_PROC_CONFINE_PLAN_H
#define HOOKLINE_PROC_CONFINE_PLAN_H

#include "base/arena.h"
#include "base/slice.h"
#include "landlock.h"

struct server_need;

struct confine_plan {
	struct arena arena;
	struct landlock_place *places;
	size_t place_count, place_room;
	uint16_t *ports;
	size_t port_count, port_room;
	bool any_port;
	const char *own_dir; /* see confine_plan_write; NULL: none */
};

void confine_plan_init(struct confine_plan *plan);
void confine_plan_done(struct confine_plan *plan);

/* Paths are absolute; others are not taken (`check` has no state directory).
 *
 * One that ends in '/', or is a directory, stands for all below it.  A file
 * stands for its directory, so that another one may be renamed into its
 * place; a directory that many share ("/etc", "/var/lib") is not opened for
 * reading because of one file: then only the file that is there now counts. */
void confine_plan_read(struct confine_plan *plan, struct slice path);
/* Also for reading, making, renaming and removing.
 *
 * A directory that is missing, but may be made later, cannot be named to the
 * kernel.  Below `own_dir` it is made now, mode 0700; elsewhere the nearest
 * one above it that is there stands for it, and the log says so. */
void confine_plan_write(struct confine_plan *plan, struct slice path);
/* As of hl_dial, or "*": its port. */
void confine_plan_connect(struct confine_plan *plan, struct slice where);
/* What the C library, OpenSSL and the like read. */
void confine_plan_system(struct confine_plan *plan);

/* All of these (server.h). */
void confine_plan_needs(
    struct confine_plan *plan, const struct server_need *needs, size_t count);

struct landlock_rules confine_plan_rules(const struct confine_plan *plan);

#endif
