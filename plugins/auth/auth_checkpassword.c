/* SPDX-License-Identifier: MIT */
/* auth_checkpassword.c - ask a program with the interface of checkpassword.
 *
 *	auth/auth_checkpassword checkpw /usr/local/bin/checkpw true /bin/true
 *
 * or, without arguments, both paths in config/smtpauth-checkpassword.  The
 * program reads user, password and a time stamp from descriptor 3, each with
 * a NUL behind it, and runs the second program when they are right.  It ends
 * with 0 then, with 1 when they are not, and else when it cannot tell.
 *
 * Unlike qpsmtpd's it never calls sudo: name a program that the user of the
 * workers may run, or have it ask a daemon.
 */
#include <string.h>

#include <hookline/plugin.h>

#define STAMP "Y123456" /* nobody looks at it any more */
#define NOT_RIGHT 1

struct args {
	hl_str checkpw, true_path;
	uint64_t timeout_ms;
};

static const struct hl_arg args_table[] = {
	{
	    .name = "checkpw",
	    .about = "the program",
	    .offset = offsetof(struct args, checkpw),
	    .type = HL_ARG_PATH,
	},
	{
	    .name = "true",
	    .about = "what it runs on success",
	    .offset = offsetof(struct args, true_path),
	    .type = HL_ARG_PATH,
	},
	{
	    .name = "timeout",
	    .about = "how long it may take",
	    .def = "20s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS,
	},
	{ .name = NULL },
};

/* Both programs of this line. */
struct programs {
	char checkpw[256], then[256];
};

static bool
keep_path(char *to, hl_str path)
{
	if (path.n == 0 || path.p[0] != '/' || path.n >= 256)
		return false;
	memcpy(to, path.p, path.n + 1);
	return true;
}

/* "CHECKPW TRUE" */
static int
read_file(struct hl_ctx *ctx, struct programs *programs)
{
	const struct hl_list *list =
	    hl_config_list(ctx, "smtpauth-checkpassword");
	hl_str line = hl_list_at(list, 0), rest;

	if (hl_list_count(list) == 0)
		return hl_load_error(ctx,
		    "needs the arguments checkpw and true, or both paths in "
		    "config/smtpauth-checkpassword");
	rest = hl_list_rest(list, 0);
	line.n -= rest.n;
	while (line.n > 0 && strchr(" \t", line.p[line.n - 1]) != NULL)
		line.n--;
	line = hl_printf(ctx, "%.*s", (int)line.n, line.p);
	if (!keep_path(programs->checkpw, line) ||
	    !keep_path(programs->then, rest))
		return hl_load_error(ctx,
		    "config/smtpauth-checkpassword: two absolute paths are "
		    "needed");
	return 0;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct programs *programs = hl_instance(ctx);
	int status = 0;

	if (args->checkpw.n == 0 && args->true_path.n == 0)
		status = read_file(ctx, programs);
	else if (!keep_path(programs->checkpw, args->checkpw) ||
		 !keep_path(programs->then, args->true_path))
		status = hl_load_error(
		    ctx, "checkpw and true stand together, each with a path");
	if (status < 0)
		return status;
	return hl_need_exec(ctx, hl_text(programs->checkpw));
}

static char *
add(char *to, hl_str what)
{
	memcpy(to, what.p, what.n + 1); /* with its NUL */
	return to + what.n + 1;
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	const struct args *args = hl_args(ctx);
	const struct programs *programs = hl_instance(ctx);
	hl_str user = hl_auth_attempt_user(auth);
	hl_str clear = hl_auth_attempt_clear(auth);
	const char *argv[] = { programs->checkpw, programs->then, NULL };
	char *input = hl_alloc(ctx, user.n + clear.n + sizeof(STAMP) + 2);
	char *end = add(add(add(input, user), clear), HL_STR(STAMP));
	struct hl_spawn spawn = { .argv = argv,
		.input = input,
		.input_size = (size_t)(end - input),
		.timeout_ms = args->timeout_ms };
	int status = hl_spawn(ctx, &spawn, NULL);

	if (status == 0)
		return HL_OK;
	/* Another plugin may know this user. */
	if (status == NOT_RIGHT)
		return HL_DECLINED;
	if (status < 0)
		return hl_auth_unavailable(ctx, "cannot run %s: %s",
		    programs->checkpw, strerror(-status));
	return hl_auth_unavailable(
	    ctx, "%s ended with %d", programs->checkpw, status);
}

static const struct hl_plugin plugin = {
	.name = "auth/auth_checkpassword",
	.about = "AUTH PLAIN and LOGIN by a program such as checkpassword",
	.args = args_table,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct programs),
	.files = (const char *const[]){ "smtpauth-checkpassword", NULL },
	.load = on_load,
	.auth_plain = on_auth,
	.auth_login = on_auth,
};
HL_PLUGIN(plugin);
