/* SPDX-License-Identifier: MIT */
/* state_child.c - the state process, as the master sees it. */
#include "state_child.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "confine.h"
#include "confine_plan.h"
#include "master_log.h"
#include "privilege.h"
#include "service.h"
#include "state/proto.h"
#include "state/server.h"

#define CONFINED "confined"

static const struct service_kind state_kind = {
	.command = "state",
	.socket = STATE_SOCKET,
	.died = "state_died",
	.start_failed = "state_start_failed",
	.died_text = "the state process has died; hl_kv waits or fails until "
		     "the next one runs",
};

int
state_child_start(struct uv_loop_s *loop, const char *dir, bool confined,
    struct service **ret, struct err *err)
{
	static const char *const words[] = { CONFINED, NULL };

	return service_start(loop, &state_kind, dir, confined ? words : NULL,
	    NULL, NULL, ret, err);
}

/* ---- in the process ------------------------------------------------------ */

/* Its directory, no programs, no connections but those that workers make. */
static int
confine(const char *dir, struct err *err)
{
	struct confine_plan plan;
	int rc;

	confine_plan_init(&plan);
	confine_plan_system(&plan);
	confine_plan_write(&plan, slice_of(dir));
	rc = confine_apply("state", &plan, SANDBOX_STATE, err);
	confine_plan_done(&plan);
	return rc;
}

int
state_child_main(int argc, char **argv)
{
	struct state_options options = { .listen_fd = SERVICE_FD_LISTEN,
		.master_fd = SERVICE_FD_MASTER };
	struct err err;

	if (argc < 2 || argc > 3)
		return EXIT_USAGE;
	options.dir = argv[1];
	master_log_start();
	privilege_no_new();
	/* It has no threads yet; should it have, it serves all the same. */
	if (argc == 3 && strcmp(argv[2], CONFINED) == 0 &&
	    confine(options.dir, &err) < 0)
		(void)fprintf(stderr, "hookline state: %s\n", err.text);
	return state_main(&options);
}
