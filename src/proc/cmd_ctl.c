/* SPDX-License-Identifier: MIT */
/* cmd_ctl.c - `hookline ctl`: asks the running master.
 *
 * The client side of ctl_server.h; plain blocking calls.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "command.h"
#include "conf/conf_nearest.h"
#include "state_dir.h"
#include "unix_connect.h"

static const struct option_spec options[] = {
	{ "state", "DIR",
	    "state directory of the server (default " STATE_DIR_DEFAULT ")" },
	{ "json", NULL, "status and stats: answer in JSON" },
	{ NULL, NULL, NULL },
};

static const char *const requests[] = { "status", "stats", "reload",
	"config-flush", "drain", "stop" };

struct parsed {
	const char *state_dir;
	const char *request;
	bool as_json;
};

static int
take_request(struct parsed *parsed, const char *value, struct err *err)
{
	const char *near;

	if (parsed->request != NULL)
		return err_set(err, -EINVAL, "one request at a time");
	parsed->request = value;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (strcmp(value, requests[i]) == 0)
			return 0;
	near = conf_nearest(slice_of(value), requests, ARRAY_SIZE(requests));
	return err_set(err, -EINVAL, "no request %.100s%s%s%s", value,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

static int
take(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct parsed *parsed = arg;

	if (spec == NULL)
		return take_request(parsed, value, err);
	if (strcmp(spec->name, "state") == 0)
		parsed->state_dir = value;
	else
		parsed->as_json = true;
	return 0;
}

/* All of the answer. */
static int
ctl_talk(int fd, const struct parsed *parsed, struct buf *ret, struct err *err)
{
	char chunk[2048];
	ssize_t n;
	int length = snprintf(chunk, sizeof(chunk), "%s%s\n", parsed->request,
	    parsed->as_json ? " json" : "");

	if (send(fd, chunk, (size_t)length, MSG_NOSIGNAL) != length)
		return err_set(err, -errno, "%s", strerror(errno));
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		buf_add(ret, chunk, (size_t)n);
	if (n < 0)
		return err_set(err, -errno, "%s", strerror(errno));
	if (ret->n == 0)
		return err_set(err, -EPIPE, "the server went away");
	return 0;
}

/* "ok" and text, or "error" and a reason of one or more lines. */
static int
print_answer(const struct command *self, struct slice answer)
{
	struct slice line;

	if (slice_starts(answer, "error ")) {
		answer = slice_trim(slice_from(answer, strlen("error ")));
		(void)fprintf(
		    stderr, "hookline %s: %.*s\n", self->name, STR(answer));
		return EXIT_FAULT;
	}
	(void)slice_cut(&answer, '\n', &line);
	(void)fwrite(answer.p, 1, answer.n, stdout);
	return EXIT_OK;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct parsed parsed = { .state_dir = STATE_DIR_DEFAULT };
	struct buf answer = BUF_INIT;
	struct err err;
	int fd, rc, code = EXIT_FAULT;

	if (option_parse(self->options, argc, argv, take, &parsed, &err) < 0)
		return command_usage_error(self, "%s", err.text);
	if (parsed.request == NULL)
		return command_usage_error(self, "what shall it do?");
	rc = fd = unix_connect(parsed.state_dir, STATE_CTL_SOCKET, &err);
	if (rc >= 0) {
		rc = ctl_talk(fd, &parsed, &answer, &err);
		(void)close(fd);
	}
	if (rc >= 0)
		code = print_answer(self, buf_slice(&answer));
	else
		(void)fprintf(stderr, "hookline ctl: %s\n", err.text);
	buf_done(&answer);
	return code;
}

const struct command command_ctl = {
	.name = "ctl",
	.args = "[--state DIR] [--json]"
		" status|stats|reload|config-flush|drain|stop",
	.about = "ask or command a running server",
	.options = options,
	.more =
	    "  status        workers, connections, faults of the "
	    "configuration\n"
	    "  stats         counters and latencies of each plugin's hooks\n"
	    "  reload        check the configuration, then take it; exit 1 and"
	    " the reason if not\n"
	    "  config-flush  every worker looks at its control files now\n"
	    "  drain         stop when the open sessions have ended\n"
	    "  stop          stop at once\n",
	.run = run,
};
