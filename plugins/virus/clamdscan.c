/* SPDX-License-Identifier: MIT */
/* virus/clamdscan.c - refuses messages in which clamd finds a virus.
 *
 *	virus/clamdscan [clamd_socket PATH | clamd_port PORT [clamd_host HOST]]
 *	    [deny_viruses yes|no] [defer_on_error no|yes] [max_size KB]
 *	    [reject 0|1|naughty] [reject_type perm|temp|...] [timeout 60s]
 *
 * By its Unix socket clamd gets the message as it was received, as an open
 * file; by TCP, or if it may not read that file, it gets the message as it will
 * be delivered, piece by piece.  Who answers nothing of use within `timeout`
 * (nobody is there, it hangs up, it is no clamd) lets the message pass, or with
 * defer_on_error has it sent again later; a line at error level says why.
 *
 * clamd(8), a session; answers have the number of their command in front:
 *
 *	nIDSESSION
 *	nVERSION			1: ClamAV 1.4.6/27000/Sat Nov 28 ...
 *	nINSTREAM, chunks, an empty one	2: stream: OK
 *	nFILDES, a descriptor		2: fd[10]: NAME FOUND
 *					2: ... ERROR
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <hookline/policy.h>

#define CHUNK 16384u
#define ANSWER_MAX 1024u
#define LINES_MAX 2 /* of an answer: its version, and the result */
#define KB_BY_DEFAULT 1024

struct args {
	hl_str socket, host, scan_all;
	int64_t port, max_size_kb;
	uint64_t timeout_ms;
	struct hl_reject reject;
	bool deny_viruses, defer_on_error;
};

/* What clamd said: "ClamAV 1.4.6", "stream: OK"; "" nothing yet. */
struct answers {
	hl_str version, result;
};

static hl_str
where(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	bool is_bare_ipv6 =
	    args->host.p[0] != '[' && strchr(args->host.p, ':') != NULL;

	if (args->port == 0)
		return hl_printf(ctx, "unix:%s", args->socket.p);
	return hl_printf(ctx, is_bare_ipv6 ? "[%s]:%u" : "%s:%u", args->host.p,
	    (unsigned)args->port);
}

/* ---- the message, to clamd ---- */

/* Not clamd's fault: told here, and -EBADMSG. */
static int
unreadable(struct hl_ctx *ctx, int rc)
{
	if (rc == -ECANCELED)
		return rc;
	hl_log(ctx, HL_LOG_ERROR, "error, cannot read the message: %s",
	    strerror(-rc));
	return -EBADMSG;
}

static int
send_stream(struct hl_ctx *ctx, struct hl_conn *conn)
{
	static const char command[] = "nINSTREAM\n";
	const struct args *args = hl_args(ctx);
	struct hl_reader *reader = hl_message_read(ctx, HL_CRLF);
	unsigned char *chunk = hl_alloc(ctx, 4 + CHUNK);
	int rc = hl_send(conn, command, strlen(command), args->timeout_ms);
	long n = 1;

	if (reader == NULL)
		return -EINVAL;
	while (rc == 0 && n > 0) {
		n = hl_read(reader, chunk + 4, CHUNK);
		if (n < 0)
			return unreadable(ctx, (int)n);
		for (unsigned i = 0; i < 4; i++)
			chunk[i] =
			    (unsigned char)((unsigned long)n >> (24 - 8 * i));
		rc = hl_send(conn, chunk, 4 + (size_t)n, args->timeout_ms);
	}
	return rc;
}

/* On the thread pool: the file's descriptor, or a negative errno. */
static int
open_file(void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The message's open file; negative: there is none, which is told and not
 * clamd's fault, who gets the message piece by piece. */
static int
message_fd(struct hl_ctx *ctx)
{
	char path[1024] = "";
	hl_str name = HL_STR("");
	int rc = hl_body_filename(ctx, &name); /* the server logs why not */

	if (rc == 0 && name.n < sizeof(path)) {
		memcpy(path, name.p, name.n);
		rc = hl_offload(ctx, open_file, path);
		if (rc < 0)
			hl_log(ctx, HL_LOG_ERROR, "error, cannot open %s: %s",
			    path, strerror(-rc));
	} else if (rc == 0) {
		rc = -ENAMETOOLONG;
	}
	if (rc < 0 && rc != -ECANCELED)
		hl_log(ctx, HL_LOG_NOTICE,
		    "no file of the message; clamd gets a copy");
	return rc;
}

static int
send_file(struct hl_ctx *ctx, struct hl_conn *conn, int fd)
{
	static const char command[] = "nFILDES\n";
	const struct args *args = hl_args(ctx);
	int rc = hl_send(conn, command, strlen(command), args->timeout_ms);

	return rc == 0 ? hl_send_fd(conn, fd) : rc;
}

/* ---- clamd's answers ---- */

/* Text that can stand in a reply and in a header field. */
static hl_str
clean(struct hl_ctx *ctx, const char *text, size_t n)
{
	char *copy = hl_alloc(ctx, n + 1);

	for (size_t i = 0; i < n; i++)
		copy[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	return hl_text(copy);
}

static bool
ends_with(hl_str text, const char *end)
{
	size_t n = strlen(end);

	return text.n >= n && strcmp(text.p + text.n - n, end) == 0;
}

static bool
is_clean(hl_str result)
{
	return ends_with(result, ": OK");
}

/* The virus's name; "" none was found. */
static hl_str
virus(struct hl_ctx *ctx, hl_str result)
{
	static const char found[] = " FOUND";
	const char *name = strstr(result.p, ": ");
	size_t n;

	if (name == NULL || !ends_with(result, found))
		return HL_STR("");
	name += 2;
	n = result.n - (size_t)(name - result.p);
	return n <= strlen(found) ? HL_STR("")
				  : clean(ctx, name, n - strlen(found));
}

/* The version does not matter when the message is not clean. */
static int
read_answers(struct hl_ctx *ctx, struct hl_conn *conn, struct answers *ret)
{
	const struct args *args = hl_args(ctx);
	char *line = hl_alloc(ctx, ANSWER_MAX);
	unsigned count = 0;

	while (ret->result.n == 0 ||
	       (is_clean(ret->result) && ret->version.n == 0)) {
		long n = hl_recv_line(conn, line, ANSWER_MAX, args->timeout_ms);
		bool is_version = ret->version.n == 0 && n > 3 &&
				  strncmp(line, "1: ", 3) == 0;

		if (n < 0)
			return (int)n;
		if (is_version)
			ret->version =
			    clean(ctx, line + 3, strcspn(line + 3, "/"));
		else if (strncmp(line, "2: ", 3) == 0)
			ret->result = clean(ctx, line + 3, (size_t)n - 3);
		else /* an error of the session */
			ret->result = clean(ctx, line, (size_t)n);
		/* An empty line, a version that begins with its date; or more
		 * than there is to say. */
		if ((ret->result.n == 0 && ret->version.n == 0) ||
		    ++count > LINES_MAX)
			return -EPROTO;
	}
	return 0;
}

static int
ask(struct hl_ctx *ctx, int fd, struct answers *ret)
{
	static const char commands[] = "nIDSESSION\nnVERSION\n";
	const struct args *args = hl_args(ctx);
	struct hl_conn *conn;
	int rc = hl_dial(ctx, where(ctx), args->timeout_ms, &conn);

	if (rc < 0)
		return rc;
	rc = hl_send(conn, commands, strlen(commands), args->timeout_ms);
	if (rc == 0)
		rc =
		    fd >= 0 ? send_file(ctx, conn, fd) : send_stream(ctx, conn);
	/* Who has had enough of it says so before it hangs up. */
	if (rc == 0 || rc == -EPIPE || rc == -ECONNRESET)
		rc = read_answers(ctx, conn, ret);
	hl_conn_close(&conn);
	return rc;
}

/* ---- verdicts ---- */

static enum hl_verdict
unable(struct hl_ctx *ctx, int rc, const struct answers *answers)
{
	const struct args *args = hl_args(ctx);
	hl_str why = hl_conn_error(ctx);

	if (rc == -ECANCELED)
		return HL_DECLINED; /* nobody waits for it */
	if (why.n == 0)
		why = hl_printf(ctx, "clamd at %s: %.200s", where(ctx).p,
		    answers->result.n > 0 ? answers->result.p : strerror(-rc));
	if (rc != -EBADMSG) /* which was told */
		hl_log(ctx, HL_LOG_ERROR, "error, %s", why.p);
	if (args->defer_on_error)
		return hl_denysoft(ctx, "4.3.0", "Unable to scan for viruses");
	return HL_DECLINED;
}

static enum hl_verdict
on_found(struct hl_ctx *ctx, hl_str name)
{
	const struct args *args = hl_args(ctx);
	enum hl_verdict verdict = HL_DECLINED;

	hl_log(ctx, HL_LOG_NOTICE, "fail, found virus %s", name.p);
	hl_karma(ctx, -1);
	if (args->deny_viruses)
		verdict = hl_reject(
		    ctx, &args->reject, "5.7.1", "Virus found: %s", name.p);
	if (verdict == HL_DECLINED) {
		(void)hl_header_add_top(
		    ctx, HL_STR("X-Virus-Found"), HL_STR("Yes"));
		(void)hl_header_add_top(ctx, HL_STR("X-Virus-Details"), name);
	}
	return verdict;
}

static enum hl_verdict
on_clean(struct hl_ctx *ctx, hl_str version)
{
	hl_str by = hl_printf(ctx, "by %s on %s", version.p, hl_me(ctx).p);

	hl_log(ctx, HL_LOG_INFO, "pass, clean");
	(void)hl_header_add_top(ctx, HL_STR("X-Virus-Found"), HL_STR("No"));
	(void)hl_header_add_top(ctx, HL_STR("X-Virus-Checked"), by);
	return HL_DECLINED;
}

static bool
is_skipped(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	int64_t kb = args->max_size_kb > 0 ? args->max_size_kb : KB_BY_DEFAULT;
	uint64_t size = hl_data_size(ctx);

	if (hl_is_naughty(ctx)) {
		hl_log(ctx, HL_LOG_INFO, "skip, naughty");
		return true;
	}
	if (size <= (uint64_t)kb * 1024)
		return false;
	hl_log(
	    ctx, HL_LOG_INFO, "skip, too big (%llu)", (unsigned long long)size);
	return true;
}

static enum hl_verdict
on_data_post(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct answers answers = { HL_STR(""), HL_STR("") };
	int rc, fd = -1;

	if (is_skipped(ctx))
		return HL_DECLINED;
	if (args->port == 0)
		fd = message_fd(ctx);
	rc = ask(ctx, fd, &answers);
	if (fd >= 0)
		(void)close(fd);
	if (rc == 0 && fd >= 0 && ends_with(answers.result, " ERROR")) {
		hl_log(
		    ctx, HL_LOG_DEBUG, "%s; it gets a copy", answers.result.p);
		answers = (struct answers){ HL_STR(""), HL_STR("") };
		rc = ask(ctx, -1, &answers);
	}
	if (rc == 0 && virus(ctx, answers.result).n > 0)
		return on_found(ctx, virus(ctx, answers.result));
	if (rc == 0 && is_clean(answers.result))
		return on_clean(ctx, answers.version);
	return unable(ctx, rc, &answers);
}

static int
on_load(struct hl_ctx *ctx)
{
	return hl_need_connect(ctx, where(ctx));
}

static const struct hl_arg args[] = {
	{ "clamd_socket", "clamd's Unix socket",
	    .def = "/var/run/clamav/clamd.ctl",
	    .offset = offsetof(struct args, socket), .type = HL_ARG_PATH },
	{ "clamd_port", "... or its TCP port", .max = 65535,
	    .offset = offsetof(struct args, port), .type = HL_ARG_INT },
	{ "clamd_host", "... of this host or address", .def = "localhost",
	    .offset = offsetof(struct args, host) },
	{ "deny_viruses", "no: a virus is told in the header", .def = "yes",
	    .offset = offsetof(struct args, deny_viruses),
	    .type = HL_ARG_BOOL },
	{ "defer_on_error", "yes: nothing passes while clamd fails",
	    .def = "no", .offset = offsetof(struct args, defer_on_error),
	    .type = HL_ARG_BOOL },
	{ "max_size", "KB; larger messages pass", .def = "1024",
	    .max = INT64_C(1) << 40,
	    .offset = offsetof(struct args, max_size_kb), .type = HL_ARG_INT },
	{ "scan_all", "without effect: all are scanned",
	    .offset = offsetof(struct args, scan_all) },
	{ "timeout", "for connecting, and for each answer", .def = "60s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	HL_REJECT_ARGS(struct args, reject),
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "virus/clamdscan",
	.about = "refuse messages in which clamd finds a virus",
	.args = args,
	.args_size = sizeof(struct args),
	.load = on_load,
	.data_post = on_data_post,
};
HL_PLUGIN(plugin);
