/* SPDX-License-Identifier: MIT */
/* cmd_greylist.c - `hookline greylist`: what the plugin greylisting knows.
 *
 * Its rows are made in plugins/greylisting.c: the key is the client's address,
 * the sender and the recipient, as many of them as the plugin was told to look
 * at: "192.0.2.1 <a@b.example> <c@d.example>"; of a client of IPv6 its /64.
 * The value is "TIME:NEW:DEFERRED:DELIVERED".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/inet.h"
#include "command.h"
#include "state_client.h"
#include "state_dir.h"
#include "state_text.h"

#define TABLE "greylisting:seen"
#define WORDS_MAX 100

struct parsed {
	const char *state_dir;
	bool all;
	const char *words[WORDS_MAX]; /* the request first */
	size_t count;
};

static const struct option_spec options[] = {
	{ "state", "DIR",
	    "state directory of the server (default " STATE_DIR_DEFAULT ")" },
	{ "all", NULL, "delete: everything" },
	{ NULL, NULL, NULL },
};

static int
take(void *arg, const struct option_spec *spec, const char *value,
    struct err *err)
{
	struct parsed *parsed = arg;

	if (spec == NULL) {
		if (parsed->count == WORDS_MAX)
			return err_set(err, -E2BIG, "too many words");
		/* It would stand between any two parts of a key. */
		if (slice_trim(slice_of(value)).n == 0)
			return err_set(err, -EINVAL, "one word is empty");
		parsed->words[parsed->count++] = value;
	} else if (strcmp(spec->name, "state") == 0) {
		parsed->state_dir = value;
	} else {
		parsed->all = true;
	}
	return 0;
}

/* ---- rows ---- */

struct walk {
	const struct parsed *parsed;
	struct state_client *client;
	const char *state; /* of the wanted ones; NULL: any */
	size_t found;
};

static bool
is_edge(struct slice key, size_t at)
{
	return at >= key.n || strchr(" <>", key.p[at]) != NULL;
}

/* Is it the whole key, or one of its parts? */
static bool
key_has(struct slice key, struct slice word)
{
	if (slice_eq(key, word))
		return true;
	for (size_t at = 0; at + word.n <= key.n; at++) {
		if (slice_eq(slice_head(slice_from(key, at), word.n), word) &&
		    (at == 0 || is_edge(key, at - 1)) &&
		    is_edge(key, at + word.n))
			return true;
	}
	return false;
}

/* ... or, of an address, that by which its client is known? */
static bool
key_has_client(struct slice key, struct slice word)
{
	struct inet_addr addr;
	char text[INET_TEXT_MAX];

	if (inet_parse(word, &addr) < 0)
		return false;
	(void)inet_text(&addr, text); /* rows of earlier versions */
	if (key_has(key, slice_of(text)))
		return true;
	(void)inet_client_text(&addr, text);
	return key_has(key, slice_of(text));
}

static bool
is_wanted(const struct walk *walk, struct slice key)
{
	if (walk->parsed->count <= 1 || walk->state != NULL)
		return true;
	for (size_t i = 1; i < walk->parsed->count; i++) {
		struct slice word = slice_of(walk->parsed->words[i]);

		if (key_has(key, word) || key_has_client(key, word))
			return true;
	}
	return false;
}

static int
print_row(void *arg, const struct state_row *row, struct err *err)
{
	struct slice value = row->value;
	struct walk *walk = arg;
	int64_t time = (int64_t)state_number(&value);
	uint64_t deferred, delivered;
	char seen[STATE_TIME_MAX], until[STATE_TIME_MAX];
	const char *state;

	(void)err;
	(void)state_number(&value);
	deferred = state_number(&value);
	delivered = state_number(&value);
	state = delivered > 0 ? "white" : "deferred";
	if (!is_wanted(walk, row->key) ||
	    (walk->state != NULL && strcmp(state, walk->state) != 0))
		return 0;
	if (walk->found++ == 0)
		(void)printf("%-8s  %-16s  %8s  %9s  %-16s  %s\n", "STATE",
		    "SINCE", "DEFERRED", "DELIVERED", "UNTIL", "WHO");
	(void)printf("%-8s  %-16s  %8llu  %9llu  %-16s  ", state,
	    state_time(time, seen), (unsigned long long)deferred,
	    (unsigned long long)delivered,
	    state_time(row->expires_ms / 1000, until));
	state_print(row->key);
	(void)putchar('\n');
	return 0;
}

static int
delete_row(void *arg, const struct state_row *row, struct err *err)
{
	struct walk *walk = arg;
	int rc;

	if (!is_wanted(walk, row->key))
		return 0;
	rc = state_client_delete(walk->client, TABLE, row->key, err);
	if (rc > 0)
		walk->found++;
	return rc;
}

/* ---- requests ---- */

static int
run_list(struct walk *walk, struct err *err)
{
	return state_client_each(walk->client, TABLE, print_row, walk, err);
}

static int
run_show(struct walk *walk, struct err *err)
{
	int rc = run_list(walk, err);

	if (rc == 0 && walk->found == 0)
		return err_set(err, -ENOENT, "nothing is known of this");
	return rc;
}

static int
run_delete(struct walk *walk, struct err *err)
{
	int rc = state_client_each(walk->client, TABLE, delete_row, walk, err);

	if (rc == 0 && walk->found == 0 && !walk->parsed->all)
		return err_set(err, -ENOENT, "nothing is known of this");
	if (rc == 0)
		(void)printf("%zu deleted\n", walk->found);
	return rc;
}

static const struct request {
	const char *name;
	int (*run)(struct walk *walk, struct err *err);
} requests[] = {
	{ "list", run_list },
	{ "show", run_show },
	{ "delete", run_delete },
};

/* The row of requests[]; NULL with words in `err`. */
static const struct request *
request_of(struct walk *walk, struct err *err)
{
	const struct parsed *parsed = walk->parsed;
	const char *name = parsed->count > 0 ? parsed->words[0] : "";
	const struct request *request = NULL;
	bool has_words = parsed->count > 1;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (strcmp(name, requests[i].name) == 0)
			request = &requests[i];
	if (request == NULL) {
		(void)err_set(err, -EINVAL, "say list, show or delete");
	} else if (request->run != run_list && !parsed->all && !has_words) {
		(void)err_set(err, -EINVAL,
		    "%s whom? an address of a client, a sender or a "
		    "recipient%s",
		    name, request->run == run_delete ? ", or --all" : "");
		return NULL;
	} else if (parsed->all && (request->run != run_delete || has_words)) {
		(void)err_set(err, -EINVAL, "--all stands alone behind delete");
		return NULL;
	} else if (request->run == run_list && has_words) {
		walk->state = parsed->words[1];
		if (parsed->count == 2 &&
		    (strcmp(walk->state, "white") == 0 ||
			strcmp(walk->state, "deferred") == 0))
			return request;
		(void)err_set(err, -EINVAL,
		    "list takes white or deferred; `show` takes an address");
		return NULL;
	}
	return request;
}

static int
run(const struct command *self, int argc, char **argv)
{
	struct parsed parsed = { .state_dir = STATE_DIR_DEFAULT };
	struct walk walk = { .parsed = &parsed };
	const struct request *request;
	struct err err;
	int rc;

	if (option_parse(self->options, argc, argv, take, &parsed, &err) < 0 ||
	    (request = request_of(&walk, &err)) == NULL)
		return command_usage_error(self, "%s", err.text);
	rc = state_client_open(parsed.state_dir, &walk.client, &err);
	if (rc >= 0)
		rc = request->run(&walk, &err);
	state_client_close(&walk.client);
	if (rc < 0)
		(void)fprintf(stderr, "hookline greylist: %s\n", err.text);
	return rc < 0 ? EXIT_FAULT : EXIT_OK;
}

const struct command command_greylist = {
	.name = "greylist",
	.args = "[--state DIR] list|show|delete ... [--all]",
	.about = "show or change whom greylisting knows",
	.options = options,
	.more =
	    "  list [white|deferred]    all, or those of one state\n"
	    "  show ADDRESS ...         of a client, a sender or a recipient\n"
	    "  delete ADDRESS ...       forget them, as if they had never been "
	    "seen\n"
	    "  delete --all             forget everybody\n",
	.run = run,
};
