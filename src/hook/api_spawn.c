/* SPDX-License-Identifier: MIT */
/* api_spawn.c - plugin.h: programs. */
#include <errno.h>

#include "ctx.h"
#include "needs.h"
#include "spawn_run.h"

int
hl_spawn(struct hl_ctx *ctx, const struct hl_spawn *spawn, hl_str *ret_output)
{
	struct spawn_job job = { .argv = spawn->argv,
		.input = spawn->input,
		.input_size = spawn->input_size,
		.output_max = ret_output != NULL ? spawn->output_max : 0,
		.timeout_ms = spawn->timeout_ms };
	struct buf output = BUF_INIT;
	int status;

	ctx_check(ctx);
	if (job.argv == NULL || job.argv[0] == NULL || job.argv[0][0] != '/')
		return -EINVAL;
	status = need_check(ctx, NEED_EXEC, str_of(job.argv[0]));
	if (status == 0)
		status = spawn_run(ctx->engine->spawn, &job, &output);
	if (status >= 0 && ret_output != NULL)
		*ret_output = arena_str(ctx->arena, buf_slice(&output));
	buf_done(&output);
	return status;
}
