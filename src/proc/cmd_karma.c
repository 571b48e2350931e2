/* SPDX-License-Identifier: MIT */
/* cmd_karma.c - `hookline karma`: what the plugin karma knows; qpsmtpd's
 * karma_tool.
 *
 * Its rows are made in plugins/karma.c: the key is the client's address, of
 * IPv6 its /64, the value "PENALTY:NAUGHTY:NICE:CONNECTS", where PENALTY is when the client was
 * sent to the penalty box, or 0.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/inet.h"
#include "command.h"
#include "state_client.h"
#include "state_dir.h"
#include "state_text.h"

#define TABLE "karma:clients"
/* As plugins/karma.c, unless it was told otherwise. */
#define KEEP_S (90u * 86400)
#define TRIES 20
#define CLIENT_BITS 64 /* of IPv6 */

struct record {
	uint64_t penalty, naughty, nice, connects;
};

struct task {
	const char *state_dir, *request, *word;
	struct state_client *client;
	struct record totals;
};

static const struct option_spec options[] = {
	{ "state", "DIR",
	    "state directory of the server (default " STATE_DIR_DEFAULT ")" },
	{ NULL, NULL, NULL },
};

static int
take(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct task *task = arg;

	if (spec != NULL)
		task->state_dir = value;
	else if (task->request == NULL)
		task->request = value;
	else if (task->word == NULL)
		task->word = value;
	else
		return err_set(err, -EINVAL, "one at a time");
	return 0;
}

/* ---- rows ---- */

static struct record
record_of(struct slice value)
{
	struct record record;

	record.penalty = state_number(&value);
	record.naughty = state_number(&value);
	record.nice = state_number(&value);
	record.connects = state_number(&value);
	return record;
}

static void
print_head(void)
{
	(void)printf("%-39s  %-16s  %7s  %7s  %8s\n", "IP ADDRESS", "PENALTY",
	    "NAUGHTY", "NICE", "CONNECTS");
}

static void
print_record(struct slice key, const struct record *record)
{
	char penalty[STATE_TIME_MAX];

	state_print(key);
	(void)printf("%*s  %-16s  %7" PRIu64 "  %7" PRIu64 "  %8" PRIu64 "\n",
	    key.n < 39 ? (int)(39 - key.n) : 0, "",
	    state_time((int64_t)record->penalty, penalty), record->naughty,
	    record->nice, record->connects);
}

static bool
is_wanted(const char *which, const struct record *record)
{
	if (which == NULL)
		return true;
	return (record->nice > 0 || strcmp(which, "naughty") == 0) &&
	       (record->naughty > 0 || strcmp(which, "nice") == 0);
}

static int
list_row(void *arg, const struct state_row *row, struct err *err)
{
	struct record record = record_of(row->value);
	struct task *task = arg;

	(void)err;
	if (!is_wanted(task->word, &record))
		return 0;
	print_record(row->key, &record);
	task->totals.naughty += record.naughty;
	task->totals.nice += record.nice;
	task->totals.connects += record.connects;
	return 0;
}

/* ---- requests ---- */

static int
run_list(struct task *task, struct err *err)
{
	int rc;

	print_head();
	rc = state_client_each(task->client, TABLE, list_row, task, err);
	if (rc == 0)
		print_record(SLICE_LIT("total"), &task->totals);
	return rc;
}

static int
run_show(struct task *task, struct err *err)
{
	struct slice key = slice_of(task->word);
	struct buf value = BUF_INIT;
	struct record record;
	int rc = state_client_get(task->client, TABLE, key, &value, err);

	if (rc > 0) {
		record = record_of(buf_slice(&value));
		print_head();
		print_record(key, &record);
	} else if (rc == 0) {
		rc =
		    err_set(err, -ENOENT, "nothing is known of %s", task->word);
	}
	buf_done(&value);
	return rc;
}

/* To the penalty box from now on; one more naughty connection. */
static uint64_t
capture(struct record *record)
{
	record->penalty = (uint64_t)(wall_now().us / 1000000);
	record->naughty++;
	return 0; /* kept until somebody changes it */
}

/* No penalty, no naughty connection. */
static uint64_t
release(struct record *record)
{
	record->penalty = record->naughty = 0;
	return KEEP_S;
}

/* Reads, changes and writes; the server may do the same meanwhile. */
static int
change(
    struct task *task, uint64_t (*fn)(struct record *record), struct err *err)
{
	struct slice key = slice_of(task->word);
	struct buf old = BUF_INIT, new = BUF_INIT;
	int rc = -EEXIST;

	for (int i = 0; i < TRIES && rc == -EEXIST; i++) {
		struct state_request request = { .table = SLICE_LIT(TABLE),
			.key = key };
		struct record record;

		rc = state_client_get(task->client, TABLE, key, &old, err);
		if (rc < 0)
			break;
		record = record_of(buf_slice(&old));
		request.ttl_s = fn(&record);
		buf_clear(&new);
		buf_printf(&new, "%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":%" PRIu64,
		    record.penalty, record.naughty, record.nice,
		    record.connects);
		request.value = buf_slice(&new);
		request.old = buf_slice(&old);
		rc = state_client_swap(task->client, &request, err);
	}
	if (rc == -EEXIST)
		(void)err_set(err, rc,
		    "it changes all the time; try again when fewer of its "
		    "connections are open");
	buf_done(&old);
	buf_done(&new);
	return rc;
}

static int
run_capture(struct task *task, struct err *err)
{
	return change(task, capture, err);
}

static int
run_release(struct task *task, struct err *err)
{
	return change(task, release, err);
}

static const struct request {
	const char *name;
	bool wants_ip;
	int (*run)(struct task *task, struct err *err);
} requests[] = {
	{ "list", false, run_list },
	{ "show", true, run_show },
	{ "capture", true, run_capture },
	{ "release", true, run_release },
};

/* The networks that `list` shows are taken, too. */
static int
parse_client(struct slice text, struct inet_addr *ret)
{
	struct inet_net net;

	if (inet_parse(text, ret) == 0)
		return 0;
	if (inet_net_parse(text, &net) < 0 || net.addr.family != INET_V6 ||
	    net.bits != CLIENT_BITS)
		return -EINVAL;
	*ret = net.addr;
	return 0;
}

/* As the server knows clients. */
static int
take_ip(struct task *task, char text[INET_TEXT_MAX], struct err *err)
{
	struct inet_addr addr;

	if (task->word == NULL)
		return err_set(
		    err, -EINVAL, "%s whom? an IP address", task->request);
	if (parse_client(slice_of(task->word), &addr) < 0)
		return err_set(
		    err, -EINVAL, "not an IP address: %.100s", task->word);
	(void)inet_client_text(&addr, text);
	task->word = text;
	return 0;
}

static int
take_which(const struct task *task, struct err *err)
{
	if (task->word == NULL || strcmp(task->word, "naughty") == 0 ||
	    strcmp(task->word, "nice") == 0 || strcmp(task->word, "both") == 0)
		return 0;
	return err_set(err, -EINVAL,
	    "list takes naughty, nice or both; `show` takes an IP address");
}

static const struct request *
request_of(struct task *task, char text[INET_TEXT_MAX], struct err *err)
{
	const char *name = task->request != NULL ? task->request : "";

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (strcmp(name, requests[i].name) != 0)
			continue;
		if ((requests[i].wants_ip ? take_ip(task, text, err)
					  : take_which(task, err)) < 0)
			return NULL;
		return &requests[i];
	}
	(void)err_set(err, -EINVAL, "say list, show, capture or release");
	return NULL;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct task task = { .state_dir = STATE_DIR_DEFAULT };
	const struct request *request;
	char text[INET_TEXT_MAX];
	struct err err;
	int rc;

	if (option_parse(self->options, argc, argv, take, &task, &err) < 0 ||
	    (request = request_of(&task, text, &err)) == NULL)
		return command_usage_error(self, "%s", err.text);
	rc = state_client_open(task.state_dir, &task.client, &err);
	if (rc >= 0)
		rc = request->run(&task, &err);
	state_client_close(&task.client);
	if (rc < 0)
		(void)fprintf(stderr, "hookline karma: %s\n", err.text);
	return rc < 0 ? EXIT_FAULT : EXIT_OK;
}

const struct command command_karma = {
	.name = "karma",
	.args = "[--state DIR] list|show|capture|release ...",
	.about = "show or change what karma knows of clients",
	.options = options,
	.more =
	    "  list [naughty|nice|both]  all, or those with such connections\n"
	    "  show IP                   one client\n"
	    "  capture IP                into the penalty box, from now on\n"
	    "  release IP                out of it; its naughty connections "
	    "are forgotten\n",
	.run = run,
};
