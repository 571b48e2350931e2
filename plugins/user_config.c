/* SPDX-License-Identifier: MIT */
/* user_config.c - control files of a recipient's own.
 *
 *	user_config [PATTERN]		user_config /var/qpsmtpd/users/%a
 *
 * Who asks for a control file of a recipient (hl_user_config_list; in Perl
 * $address->config) gets the file of that name in the directory that PATTERN
 * names, /home/%u/.qpsmtpd by default, if it is there: %u is the user, %h the
 * host in lower case, %a both with '@'.  Else what holds for all.  Empty lines
 * and comments are left out; a file without any other line hides that of all.
 *
 * An address that is no plain name of a file, such as "../x"@example.com, has
 * no directory.  What is no plain file, is larger than 256 KiB or cannot be
 * read counts as missing, and is logged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hookline/plugin.h>

#define PATH_SIZE 4096u
#define FILE_MAX (256u * 1024)

struct args {
	hl_str pattern;
};

/* On the thread pool, in one trip. */
struct load {
	const char *path;
	char *text; /* the caller frees it */
	size_t n;
};

static int
read_all(int fd, struct load *load)
{
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) == -1)
		return -errno;
	/* A user's fifo would wait for somebody who writes. */
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > (off_t)FILE_MAX)
		return -EFBIG;
	load->text = calloc(1, FILE_MAX + 2);
	if (load->text == NULL)
		return -ENOMEM;
	do {
		got = read(
		    fd, load->text + load->n, (size_t)FILE_MAX + 1 - load->n);
		if (got > 0)
			load->n += (size_t)got;
	} while (got > 0 && load->n <= FILE_MAX);
	if (got == -1)
		return -errno;
	return load->n > FILE_MAX ? -EFBIG : 0;
}

static int
load_file(void *what)
{
	struct load *load = what;
	int fd = open(load->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -errno;
	rc = read_all(fd, load);
	(void)close(fd);
	return rc;
}

/* ---- the path ---- */

/* What stands for %u, %h or %a; false where that is not the address itself. */
static bool
value(struct hl_ctx *ctx, const struct hl_addr *addr, char letter, hl_str *ret)
{
	hl_str local = hl_addr_path(ctx, addr, HL_STR("%l"));
	hl_str host = hl_addr_path(ctx, addr, HL_STR("%d"));
	bool local_fits = strcmp(local.p, hl_addr_local(addr).p) == 0;
	bool host_fits = hl_addr_host(addr).n == 0 ||
			 strcasecmp(host.p, hl_addr_host_ascii(addr).p) == 0;

	if (letter == 'u')
		*ret = local;
	else if (letter == 'h')
		*ret = host;
	else
		*ret = hl_printf(ctx, "%s@%s", local.p, host.p);
	return (letter == 'h' || local_fits) && (letter == 'u' || host_fits);
}

/* A name in one directory: no way out of it. */
static bool
is_plain(hl_str key)
{
	return key.n > 0 && key.p[0] != '.' && strchr(key.p, '/') == NULL;
}

static bool
make_path(
    struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key, hl_str *ret)
{
	hl_str rest = ((const struct args *)hl_args(ctx))->pattern;
	hl_str path = HL_STR(""), word;

	if (!is_plain(key) || hl_addr_is_null(addr))
		return false;
	while (rest.n > 0) {
		size_t n = strcspn(rest.p, "%");

		path = hl_printf(ctx, "%s%.*s", path.p, (int)n, rest.p);
		rest = hl_text(rest.p + n);
		if (rest.n == 0)
			break;
		if (!value(ctx, addr, rest.p[1], &word))
			return false;
		path = hl_printf(ctx, "%s%s", path.p, word.p);
		rest = hl_text(rest.p + 2);
	}
	*ret = hl_printf(ctx, "%s/%s", path.p, key.p);
	return ret->n < PATH_SIZE;
}

/* ---- the hook ---- */

static void
add_lines(struct hl_ctx *ctx, const struct load *load, struct hl_lines *ret)
{
	static const char blanks[] = " \t\r\f\v";
	const char *end = load->text + load->n;

	for (char *at = load->text; at < end;) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((line_end != NULL ? line_end : end) - at);
		char *line = at;

		at += n + 1;
		/* It is no text: nothing behind a NUL can be said. */
		n = strnlen(line, n);
		while (n > 0 && strchr(blanks, line[n - 1]) != NULL)
			n--;
		while (n > 0 && strchr(blanks, line[0]) != NULL) {
			line++;
			n--;
		}
		if (n > 0 && line[0] != '#')
			hl_lines_add(ret, hl_printf(ctx, "%.*s", (int)n, line));
	}
}

static const char *
reason(int rc)
{
	return rc == -EINVAL  ? "it is no plain file"
	       : rc == -EFBIG ? "it is larger than 256 KiB"
			      : strerror(-rc);
}

static enum hl_verdict
on_user_config(struct hl_ctx *ctx, const struct hl_addr *addr, hl_str key,
    struct hl_lines *ret)
{
	struct load load = { .n = 0 };
	hl_str path;
	int rc;

	if (!make_path(ctx, addr, key, &path)) {
		hl_log(ctx, HL_LOG_DEBUG, "skip, no file %s of <%s>", key.p,
		    hl_addr_text(addr).p);
		return HL_DECLINED;
	}
	load.path = path.p;
	rc = hl_offload(ctx, load_file, &load);
	if (rc == 0)
		add_lines(ctx, &load, ret);
	free(load.text);
	if (rc == 0)
		return HL_OK;
	if (rc != -ENOENT && rc != -ENOTDIR && rc != -ECANCELED)
		hl_log(ctx, HL_LOG_NOTICE, "Couldn't open %s: %s", path.p,
		    reason(rc));
	return HL_DECLINED;
}

/* ---- the line in config/plugins ---- */

/* The directory above the first one that an address names. */
static hl_str
top(struct hl_ctx *ctx, hl_str pattern)
{
	size_t n = strcspn(pattern.p, "%");

	if (n == pattern.n)
		return hl_printf(ctx, "%s/", pattern.p);
	while (n > 0 && pattern.p[n - 1] != '/')
		n--;
	return hl_printf(ctx, "%.*s", (int)n, pattern.p);
}

static int
on_load(struct hl_ctx *ctx)
{
	hl_str pattern = ((const struct args *)hl_args(ctx))->pattern;
	hl_str dir = top(ctx, pattern);

	for (const char *at = pattern.p; (at = strchr(at, '%')) != NULL;
	     at += 2) {
		if (at[1] == '\0' || strchr("uha", at[1]) == NULL)
			return hl_load_error(
			    ctx, "%s: behind %% must be u, h or a", pattern.p);
	}
	if (pattern.n >= PATH_SIZE || strcmp(dir.p, "/") == 0)
		return hl_load_error(ctx,
		    "%s: must begin with a directory that all users share",
		    pattern.p);
	return hl_need_read(ctx, dir);
}

static const struct hl_arg args[] = {
	{ "pattern", "a user's directory; %u user, %h host, %a both",
	    .def = "/home/%u/.qpsmtpd",
	    .offset = offsetof(struct args, pattern), .type = HL_ARG_PATH,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "user_config",
	.about = "control files of a recipient's own",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.user_config = on_user_config,
};
HL_PLUGIN(plugin);
