/* SPDX-License-Identifier: MIT */
/* cmd_new_plugin.c - `hookline new-plugin NAME`: a plugin to begin with.
 *
 * Writes NAME.c, NAME.dlg and test.sh into the current directory.  What is
 * there already is never overwritten; test.sh serves all plugins of a
 * directory and is left alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "command.h"
#include "new_plugin.h"
#include "server/plugin_dir.h"

#define NAME_MAX_BYTES 64

/* ---- names ---- */

static int
check_name(struct slice name, struct err *err)
{
	if (name.n == 0)
		return err_set(err, -EINVAL, "a plugin needs a name");
	if (name.n > NAME_MAX_BYTES)
		return err_set(err, -EINVAL,
		    "the name is too long; %d letters must do", NAME_MAX_BYTES);
	if (slice_ends(name, ".c") || slice_ends(name, ".so"))
		return err_set(err, -EINVAL,
		    "leave out the end of %.*s: a plugin's name is that of "
		    "its file without .c",
		    STR(name));
	if (slice_find(name, '/') < name.n)
		return err_set(err, -EINVAL,
		    "%.*s has a directory in it; change to that directory "
		    "and give the last part alone",
		    STR(name));
	if (!ascii_is_alpha(name.p[0]))
		return err_set(err, -EINVAL,
		    "%.*s does not begin with a letter", STR(name));
	for (size_t i = 0; i < name.n; i++) {
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '_' &&
		    name.p[i] != '-')
			return err_set(err, -EINVAL,
			    "%.*s is no plugin's name; take letters, digits, "
			    "_ and - only",
			    STR(name));
	}
	return 0;
}

/* ---- files ---- */

/* The text with @NAME@ replaced. */
static void
fill(struct buf *buf, const char *text, struct slice name)
{
	static const char mark[] = "@NAME@";
	const char *at;

	while ((at = strstr(text, mark)) != NULL) {
		buf_add(buf, text, (size_t)(at - text));
		buf_add_slice(buf, name);
		text = at + sizeof(mark) - 1;
	}
	buf_add_text(buf, text);
}

static int
write_all(int fd, struct slice text)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1 && errno != EINTR)
			return -errno;
		if (n > 0)
			text = slice_from(text, (size_t)n);
	}
	return 0;
}

/* -EEXIST when the file is there. */
static int
write_file(const char *path, mode_t mode, struct slice text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int ret;

	if (fd == -1)
		return err_set(err, -errno, "%s: %s", path, strerror(errno));
	ret = write_all(fd, text);
	if (close(fd) == -1 && ret == 0)
		ret = -errno;
	if (ret == 0)
		return 0;
	(void)unlink(path);
	return err_set(err, ret, "%s: %s", path, strerror(-ret));
}

static int
check_absent(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == -1 && errno == ENOENT)
		return 0;
	return err_set(err, -EEXIST,
	    "%s is there already; take another name or directory", path);
}

/* NAME.c and NAME.dlg, or neither. */
static int
write_plugin(const char *name, struct err *err)
{
	const struct {
		const char *end, *text;
	} files[] = {
		{ "c", new_plugin_source },
		{ "dlg", new_plugin_dialog },
	};
	char paths[ARRAY_SIZE(files)][NAME_MAX_BYTES + 8];
	int ret = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(
		    paths[i], sizeof(paths[i]), "%s.%s", name, files[i].end);
		ret = check_absent(paths[i], err);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct buf buf = BUF_INIT;

		fill(&buf, files[i].text, slice_of(name));
		ret = write_file(paths[i], 0666, buf_slice(&buf), err);
		buf_done(&buf);
		if (ret == 0)
			continue;
		while (i-- > 0)
			(void)unlink(paths[i]);
		return ret;
	}
	return 0;
}

/* ---- the command ---- */

static bool
is_shipped(const char *name)
{
	char path[2048];

	(void)snprintf(path, sizeof(path), "%s/%s.so", plugin_dir(), name);
	return access(path, F_OK) == 0;
}

static void
say_what_next(const char *name, bool wrote_script)
{
	(void)printf("wrote %s.c     the plugin: read its comments\n", name);
	(void)printf(
	    "wrote %s.dlg   its test: a conversation with a server\n", name);
	if (wrote_script)
		(void)printf("wrote test.sh   builds and tests the plugins of "
			     "this directory\n");
	else
		(void)printf("test.sh is there already: left alone\n");
	if (is_shipped(name))
		(void)printf("\nA plugin named %s is shipped with hookline; "
			     "yours comes before it where\n"
			     "plugin_dirs names its directory.\n",
		    name);
	(void)printf("\n"
		     "Next:\n"
		     "  ./test.sh\n"
		     "To use it, write the directory of %s.so into plugin_dirs "
		     "of the configuration\n"
		     "directory, `%s` into plugins before rcpt_ok, and run\n"
		     "  hookline check && hookline ctl reload\n"
		     "`hookline hooks` lists the hooks; hookline-plugin(3) "
		     "says where to read on.\n",
	    name, name);
}

static int
run(const struct command *self, int argc, char **argv)
{
	const char *name = NULL;
	struct err err;
	int ret;

	if (option_parse(NULL, argc, argv, option_name, &name, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	if (name == NULL)
		return command_usage_error(self, "which name?");
	if (check_name(slice_of(name), &err) < 0)
		return command_usage_error(self, "%s", err.text);
	ret = write_plugin(name, &err);
	if (ret == 0) {
		ret = write_file(
		    "test.sh", 0777, slice_of(new_plugin_script), &err);
		if (ret == 0 || ret == -EEXIST) {
			say_what_next(name, ret == 0);
			return EXIT_OK;
		}
	}
	(void)fprintf(stderr, "hookline %s: %s\n", self->name, err.text);
	return EXIT_FAULT;
}

const struct command command_new_plugin = {
	.name = "new-plugin",
	.args = "NAME",
	.about = "write a plugin that compiles, with its test",
	.more = "Writes NAME.c, NAME.dlg (a conversation that tests it) and "
		"test.sh into the\ncurrent directory.  Nothing is "
		"overwritten.\n",
	.run = run,
};
