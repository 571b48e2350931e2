/* SPDX-License-Identifier: MIT */
/* spawn_private.h - for spawn_run.c, spawn_start.c and spawn_input.c. */
#ifndef HOOKLINE_HOOK_SPAWN_PRIVATE_H
#define HOOKLINE_HOOK_SPAWN_PRIVATE_H

#include "spawn/program.h"
#include "spawn_run.h"

/* A start under way.  Descriptors: -1, none. */
struct spawn_start {
	const struct spawn_job *job;
	const char *helper;       /* its socket; NULL: we are it */
	struct program_plan plan; /* its descriptors are open */
	int output_ours;          /* set on success if output is wanted */
	int helper_fd;            /* set on success: the helper answers here */
	struct program program;   /* set on success without a helper */
};

/* Opens a descriptor for each that the job has inputs for, with all of them
 * in it, at its start.  0 or negative errno; what is in the plan is open. */
int spawn__inputs(struct spawn_start *start);

/* For rt_offload, with a struct spawn_start.  0 or negative errno; then
 * nothing is open. */
int spawn__start(void *start);

#endif
