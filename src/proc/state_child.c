/* SPDX-License-Identifier: MIT */
/* state_child.c - the state process, as the master sees it. */
#include "state_child.h"

#include "command.h"
#include "master_log.h"
#include "service.h"
#include "state/proto.h"
#include "state/server.h"

static const struct service_kind state_kind = {
	.command = "state",
	.socket = STATE_SOCKET,
	.died = "state_died",
	.start_failed = "state_start_failed",
	.died_text = "the state process has died; hl_kv waits or fails until "
		     "the next one runs",
};

int
state_child_start(struct uv_loop_s *loop, const char *dir, struct service **ret,
    struct err *err)
{
	return service_start(loop, &state_kind, dir, NULL, NULL, ret, err);
}

/* ---- in the process ------------------------------------------------------ */

int
state_child_main(int argc, char **argv)
{
	struct state_options options = { .listen_fd = SERVICE_FD_LISTEN,
		.master_fd = SERVICE_FD_MASTER };

	if (argc != 2)
		return EXIT_USAGE;
	options.dir = argv[1];
	master_log_start();
	return state_main(&options);
}
