/* SPDX-License-Identifier: MIT */
/* offline.h - an engine without a server, for `check`, `plugins` and `try`.
 *
 * Makes a loop, an own segment of counters, the configuration and the
 * engine; calls one function on a fiber; takes everything down.
 */
#ifndef HOOKLINE_PROC_OFFLINE_H
#define HOOKLINE_PROC_OFFLINE_H

#include "base/err.h"
#include "conf/conf_fault.h"
#include "hook/engine.h"

struct host;
struct offline_host;

struct offline {
	struct rt *rt;
	struct shm *shm;
	struct conf_dir *conf;
	struct engine *engine;
	const char *config_dir;
	struct offline_host *process; /* NULL: no Perl plugin is named */
	struct host *host;            /* NULL: the same */
	struct conf_faults faults;    /* that `fn` finds */
	int (*fn)(struct offline *self, void *arg); /* on a fiber */
	void *arg;
	int result;
	bool done;
};

/* Returns what `fn` returns, or a negative errno when the directory cannot be
 * opened.  Faults are in self->faults until offline_done. */
int offline_run(struct offline *self, struct err *err) WARN_UNUSED;
void offline_done(struct offline *self);
/* Prints all faults to stderr, "FILE:LINE: text"; returns how many. */
size_t offline_print_faults(const struct conf_faults *faults);

#endif
