/* SPDX-License-Identifier: MIT */
/* fuzz_session.c - a whole session with a plugin on every hook.
 *
 * The server's own code on one end of a socket pair, the input on the other:
 *	settings, ending (128 and more: LMTP), number of choices, choices...,
 *	the client's bytes
 * A conversation must look like one (fuzz_session_oracle.c); after it no
 * session, no fiber and no spooled byte is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf_fault.h"
#include "fuzz.h"
#include "fuzz_session.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "server/server_private.h"
#include "server/session.h"
#include "shm/shm.h"

#define TURNS_MAX 1000000
#define LINE_MAX_BYTES 512 /* max_line, as the plugin says */

static struct rt *rt;
static struct shm *shm;
static struct server *server;
static struct server_listener *listener;
static char dir[] = "/tmp/hookline-fuzz-XXXXXX";

/* ---- the server ---- */

static void
write_config(const char *name, const char *text)
{
	char path[200];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void
remove_dir(void)
{
	static const char *const names[] = { "plugins", "me", "rdns",
		"resolvers", "tls_before_auth", "auth_delay",
		"max_auth_failures_per_client" };
	char path[200];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/spool", dir);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/undelivered", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

static void
load_plugin(void *arg)
{
	static const struct hl_plugin_entry *const entries[] = {
		&fuzz_plugin_entry
	};
	static const char *const lines[] = { "" };
	struct conf_faults faults;
	bool *done = arg;

	conf_faults_init(&faults);
	CHECK(engine_load_static(server->engine, entries, lines, 1, &faults) ==
	      0);
	conf_faults_done(&faults);
	*done = true;
}

static void
log_nowhere(void *arg, enum log_level level, struct slice text)
{
	(void)arg;
	(void)level;
	(void)text;
}

static void
start(void)
{
	struct server_options options = { .config_dir = dir,
		.state_dir = dir,
		.workers = 1,
		.generation = 1 };
	struct err err;
	bool done = false;

	CHECK(mkdtemp(dir) != NULL);
	(void)atexit(remove_dir);
	write_config("plugins", "");
	write_config("me", "mx.example\n");
	write_config("rdns", "0\n");
	write_config("tls_before_auth", "0\n");
	write_config("auth_delay", "0\n");
	write_config("max_auth_failures_per_client", "0\n");
	write_config("resolvers", "127.0.0.1:9\n");
	rt = rt_new(NULL);
	shm = shm_private();
	options.rt = rt;
	options.shm = shm;
	if (server_load(&options, &server, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		abort();
	}
	CHECK(fiber_start(rt, load_plugin, &done) == 0 && done);
	log_set_sink(log_nowhere, NULL); /* built, not written */
	listener = mem_alloc(sizeof(*listener));
	listener->server = server;
	listener->fd = -1;
	listener->chains = server->engine->sets[server->engine->set_count - 1];
	listener->name = (hl_str){ mem_dup(SLICE_LIT("fuzz")), 4 };
	list_push_back(&server->listeners, &listener->link);
}

/* ---- the client ---- */

enum ending { END_HALF_CLOSE, END_CLOSE, END_KINDS };

struct client {
	int fd; /* -1: closed */
	struct slice left;
	struct buf got;
	uint32_t seed;
	enum ending ending;
};

static void
client_end(struct client *client)
{
	if (client->ending == END_HALF_CLOSE) {
		(void)shutdown(client->fd, SHUT_WR);
		client->ending = END_KINDS;
	} else if (client->ending == END_CLOSE) {
		(void)close(client->fd);
		client->fd = -1;
	}
}

static void
client_send(struct client *client)
{
	size_t step = fuzz_step(&client->seed);
	ssize_t n;

	if (client->seed >> 30 == 0)
		step = client->left.n; /* pipelined */
	if (step > client->left.n)
		step = client->left.n;
	n = send(client->fd, client->left.p, step, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0)
		client->left = slice_from(client->left, (size_t)n);
	else if (errno != EAGAIN)
		client->left.n = 0; /* the server has closed */
}

static void
client_read(struct client *client)
{
	char block[2048];
	ssize_t n;

	while ((n = recv(client->fd, block, sizeof(block), MSG_DONTWAIT)) > 0)
		buf_add(&client->got, block, (size_t)n);
}

static void
client_turn(struct client *client)
{
	if (client->fd == -1)
		return;
	client_read(client);
	if (client->left.n > 0)
		client_send(client);
	if (client->left.n == 0 && client->ending != END_KINDS)
		client_end(client);
}

/* ---- one conversation ---- */

static void
converse(struct client *client)
{
	static const struct inet_addr peer = {
		.family = INET_V4, .bytes = { 192, 0, 2, 1 }, .port = 1024
	};
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		  pair) == 0);
	client->fd = pair[1];
	session_open(listener, pair[0], &peer, &peer);
	for (unsigned turns = 0; server->session_count > 0; turns++) {
		bool busy = client->fd != -1 && client->ending != END_KINDS;

		CHECK(turns < TURNS_MAX); /* it does not end */
		(void)uv_run(rt_loop(rt), busy ? UV_RUN_NOWAIT : UV_RUN_ONCE);
		client_turn(client);
	}
	if (client->fd != -1) {
		client_read(client);
		(void)close(client->fd);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct client client = { .got = BUF_INIT };
	struct heard heard;
	uint8_t settings, choices;
	bool is_closed;

	if (server == NULL)
		start();
	settings = fuzz_byte(&in);
	client.seed = fuzz_byte(&in);
	listener->lmtp = client.seed >= 128;
	client.ending = client.seed % 8 == 1 ? END_CLOSE : END_HALF_CLOSE;
	is_closed = client.ending == END_CLOSE;
	choices = fuzz_byte(&in);
	if (choices > in.n)
		choices = (uint8_t)in.n;
	plugin_choices = (struct plugin_choices){ (const uint8_t *)in.p,
		choices, settings, false, false, 0 };
	client.left = slice_from(in, choices);
	heard = (struct heard){ .sent = client.left.p,
		.sent_n = client.left.n,
		.line_max = LINE_MAX_BYTES,
		.is_lmtp = listener->lmtp,
		.is_quiet = choices == 0,
		.lf_ends_lines = (settings & 3) == 1 || (settings & 3) == 2 };
	converse(&client);
	CHECK(rt_fibers_in_use(rt) == 0);
	CHECK(server->bodies.memory.used == 0);
	heard.got = client.got.p;
	heard.got_n = client.got.n;
	heard.may_end_early = plugin_choices.hung_up;
	heard.lf_may_end = plugin_choices.is_relay;
	if (!is_closed)
		oracle_check(&heard);
	buf_done(&client.got);
	limits_unref(&listener->limits);
	return 0;
}
