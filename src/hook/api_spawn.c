/* SPDX-License-Identifier: MIT */
/* api_spawn.c - plugin.h: programs. */
#include <errno.h>
#include <unistd.h>

#include "ctx.h"
#include "mail/body.h"
#include "needs.h"
#include "spawn/program.h"
#include "spawn_run.h"

/* Adds what the list of inputs asks for.  False: it is wrong. */
static bool
take_inputs(
    struct hl_ctx *ctx, const struct hl_spawn *spawn, struct spawn_job *job)
{
	bool out = false;

	if (spawn->input_count > HL_SPAWN_INPUTS_MAX || spawn->input != NULL)
		return false;
	for (size_t i = 0; i < spawn->input_count; i++) {
		const struct hl_spawn_input *input = &spawn->inputs[i];

		if (input->fd >= PROGRAM_FDS_MAX || input->fd == STDERR_FILENO)
			return false;
		out |= input->fd == STDOUT_FILENO;
		if (input->what == HL_SPAWN_BYTES)
			continue;
		job->message = ctx_whole_message(ctx);
		if (job->message == NULL)
			return false;
	}
	job->inputs = spawn->inputs;
	job->input_count = spawn->input_count;
	return !out || job->output_max == 0 || job->keep_errors;
}

static bool
env_is_valid(const char *const *env)
{
	for (size_t i = 0; env != NULL && env[i] != NULL; i++)
		if (!program_env_is_valid(env[i]))
			return false;
	return true;
}

/* False: the request is wrong.
 * simple  its one input, if that is all it has */
static bool
make_job(struct hl_ctx *ctx, const struct hl_spawn *spawn,
    struct hl_spawn_input *simple, struct spawn_job *job)
{
	if (job->argv == NULL || job->argv[0] == NULL ||
	    job->argv[0][0] != '/' || !env_is_valid(spawn->env))
		return false;
	job->env = spawn->env;
	job->keep_errors = spawn->keep_errors;
	job->timeout_ms = spawn->timeout_ms;
	if (ctx->engine->bodies != NULL)
		job->spool_dir = ctx->engine->bodies->spool_dir;
	if (spawn->input_count > 0)
		return take_inputs(ctx, spawn, job);
	*simple = (struct hl_spawn_input){ .bytes = spawn->input,
		.size = spawn->input_size };
	job->inputs = simple;
	job->input_count = spawn->input != NULL && spawn->input_size > 0;
	job->input_again = true;
	return true;
}

int
hl_spawn(struct hl_ctx *ctx, const struct hl_spawn *spawn, hl_str *ret_output)
{
	struct spawn_job job = { .argv = spawn->argv,
		.output_max = ret_output != NULL ? spawn->output_max : 0 };
	struct hl_spawn_input simple;
	struct buf output = BUF_INIT;
	int status;

	ctx_check(ctx);
	if (!make_job(ctx, spawn, &simple, &job))
		return -EINVAL;
	status = need_check(ctx, NEED_EXEC, str_of(job.argv[0]));
	if (status == 0)
		status = spawn_run(ctx->engine->spawn, &job, &output);
	if (status >= 0 && ret_output != NULL)
		*ret_output = arena_str(ctx->arena, buf_slice(&output));
	buf_done(&output);
	return status;
}
