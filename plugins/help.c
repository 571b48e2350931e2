/* SPDX-License-Identifier: MIT */
/* help.c - answers HELP from files.
 *
 *	help [help_dir DIR] [not_implemented 1] [COMMAND FILE]...
 *
 * `HELP data` gives the file DIR/data (DIR: by default help/ below the
 * configuration directory, as is any path that does not begin with '/'), or
 * the FILE that stands behind `data` on the plugin's line.
 */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include <hookline/plugin.h>

#define HELP_MAX 8192

struct args {
	hl_str dir, files;
	bool not_implemented;
};

static hl_str
place(struct hl_ctx *ctx, hl_str path)
{
	if (path.p[0] == '/')
		return path;
	return hl_printf(ctx, "%s/%s", hl_config_dir(ctx).p, path.p);
}

/* The next word of `*at`; "" at the end. */
static hl_str
next_word(struct hl_ctx *ctx, const char **at)
{
	const char *start = *at + strspn(*at, " ");
	size_t n = strcspn(start, " ");

	*at = start + n;
	return hl_printf(ctx, "%.*s", (int)n, start);
}

/* The file that the plugin's line names for `command`, else DIR/command. */
static hl_str
find_file(struct hl_ctx *ctx, hl_str command)
{
	const struct args *args = hl_args(ctx);
	const char *at = args->files.p;
	hl_str word, file;

	while ((word = next_word(ctx, &at)).n > 0) {
		file = next_word(ctx, &at);
		if (strcasecmp(word.p, command.p) == 0)
			return place(ctx, file);
	}
	return hl_printf(ctx, "%s/%s", place(ctx, args->dir).p, command.p);
}

/* "" if there is none. */
static const char *
read_file(struct hl_ctx *ctx, hl_str path)
{
	char *text = hl_alloc(ctx, HELP_MAX + 1);
	struct hl_file *file;
	long n = 0;

	if (hl_file_open(ctx, path, O_RDONLY, 0, &file) == 0)
		n = hl_file_read(file, text, HELP_MAX);
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return text;
}

/* Nobody shall ask for HELP ../../../etc/passwd. */
static bool
take_command(const char *word, char *command, size_t size)
{
	size_t n;

	for (n = 0; n < size - 1 && word[n] != '\0'; n++) {
		if (!isalnum((unsigned char)word[n]) && word[n] != '_')
			return false;
		command[n] = (char)tolower((unsigned char)word[n]);
	}
	command[n] = '\0';
	return word[n] == '\0';
}

static enum hl_verdict
on_help(struct hl_ctx *ctx, hl_str rest)
{
	const struct args *args = hl_args(ctx);
	char command[32];
	const char *text;

	if (args->not_implemented) {
		(void)hl_reply(ctx, 502, "5.5.1", "Not implemented.");
		return HL_DONE;
	}
	if (rest.n == 0)
		return hl_ok(
		    ctx, "Try 'HELP COMMAND' for getting help on COMMAND");
	if (!take_command(rest.p, command, sizeof(command))) {
		(void)hl_reply(ctx, 502, "5.5.1", "Invalid command name");
		return HL_DONE;
	}
	text = read_file(ctx, find_file(ctx, hl_text(command)));
	if (text[0] == '\0')
		return hl_ok(
		    ctx, "No help available for SMTP command: %s", command);
	return hl_ok(ctx, "%s", text);
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const char *at = args->files.p;
	hl_str file;

	while (next_word(ctx, &at).n > 0) {
		file = next_word(ctx, &at);
		if (file.n == 0 || hl_need_read(ctx, place(ctx, file)) < 0)
			return hl_load_error(
			    ctx, "%s: command or file?", args->files.p);
	}
	return hl_need_read(
	    ctx, hl_printf(ctx, "%s/", place(ctx, args->dir).p));
}

static const struct hl_arg args[] = {
	{ "help_dir", "directory of a file for each command", .def = "help",
	    .offset = offsetof(struct args, dir) },
	{ "not_implemented", "answer 502 to each HELP", .def = "0",
	    .offset = offsetof(struct args, not_implemented),
	    .type = HL_ARG_BOOL },
	{ "files", "pairs of a command and its file",
	    .offset = offsetof(struct args, files), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "help",
	.about = "answer HELP from files",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.help = on_help,
};
HL_PLUGIN(plugin);
