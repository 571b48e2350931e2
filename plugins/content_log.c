/* SPDX-License-Identifier: MIT */
/* content_log.c - appends each message to a file.
 *
 *	content_log [file PATH]
 *
 * For looking at what other plugins do, or as an archive.  The file is
 * config/content_log_file, else `file`, else mail/%Y%m%d below the state
 * directory; in its name strftime's %Y %m %d ... stand for the local time.
 * What config/content_log_enabled says, `no` or `yes`, holds at once; without it
 * messages are written.  Another directory is used after a reload.
 *
 * A message up to 64 KiB is written at once; larger ones that come at the same
 * time may mix.  The message goes its way whatever becomes of its copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include <hookline/plugin.h>

struct args {
	hl_str file;
};

static bool
is_enabled(struct hl_ctx *ctx)
{
	static const char *const no[] = { "0", "no", "false", "off" };
	hl_str word = hl_config(ctx, "content_log_enabled");

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (strcasecmp(word.p, no[i]) == 0)
			return false;
	}
	return true;
}

static hl_str
name_pattern(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	hl_str name = hl_config(ctx, "content_log_file");

	return name.n > 0 ? name : args->file;
}

/* Up to the last '/' in front of any '%', without it. */
static hl_str
directory(struct hl_ctx *ctx, hl_str name)
{
	size_t n = strcspn(name.p, "%");

	while (n > 0 && name.p[n] != '/')
		n--;
	return hl_printf(ctx, "%.*s", (int)n, name.p);
}

static int
append(struct hl_ctx *ctx, hl_str path)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND;
	hl_str above = hl_printf(
	    ctx, "%.*s", (int)(strrchr(path.p, '/') - path.p), path.p);
	struct hl_file *file;
	int rc = hl_file_open(ctx, path, flags, 0600, &file), closed;

	if (rc == -ENOENT) {
		rc = hl_file_mkdir(ctx, above, 0700);
		if (rc == 0)
			rc = hl_file_open(ctx, path, flags, 0600, &file);
	}
	if (rc < 0)
		return rc;
	rc = hl_file_write_message(file, ctx, HL_LF, false);
	closed = hl_file_close(&file);
	return rc < 0 ? rc : closed;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	hl_str name = name_pattern(ctx);
	hl_str path = hl_time_text(ctx, name.p);
	int rc;

	if (!is_enabled(ctx))
		return HL_DECLINED;
	rc = path.n > 0 && path.p[0] == '/' ? append(ctx, path) : -EINVAL;
	if (rc < 0 && rc != -ECANCELED)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot write %.200s: %s; %s",
		    path.n > 0 ? path.p : name.p, strerror(-rc),
		    hl_file_remedy(rc));
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	hl_str name = name_pattern(ctx), above = directory(ctx, name);

	if (name.p[0] != '/' && hl_config(ctx, "content_log_file").n > 0)
		return hl_load_error(ctx,
		    "config/content_log_file: %s: must begin with /", name.p);
	if (name.p[0] != '/')
		return 0; /* `hookline check` knows no state directory */
	if (above.n == 0)
		return hl_load_error(
		    ctx, "%s: must be in a directory of its own", name.p);
	return hl_need_write(ctx, hl_printf(ctx, "%s/", above.p));
}

static const struct hl_arg args[] = {
	{ "file", "the file, with strftime's % letters", .def = "mail/%Y%m%d",
	    .offset = offsetof(struct args, file), .type = HL_ARG_PATH },
	{ .name = NULL },
};

static const char *const files[] = { "content_log_enabled", "content_log_file",
	NULL };

static const struct hl_plugin plugin = {
	.name = "content_log",
	.about = "append each message to a file",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
