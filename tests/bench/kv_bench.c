/* SPDX-License-Identifier: MIT */
/* kv_bench.c - what hl_kv costs: requests a second through one worker, their
 * latency, and the processor time of both sides.
 *
 * A real state process on a database in a directory (argument, default the
 * current one); fibers that ask one after the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hook/kv.h"
#include "rt/fiber.h"
#include "rt/rt.h"
#include "rt/wait.h"
#include "state/server.h"

#define KEYS 100000
#define SAMPLES 400000
#define SECONDS 2

static struct rt *rt;
static struct kv *kv;
static char dir[80];
static pid_t server;
static int server_pipe;

static enum state_op op;
static unsigned running;
static uint64_t pause_ms; /* between two requests of a fiber */
static struct mono end;
static uint64_t *samples, sample_count, request_count, failures;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
start_server(const char *parent)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct state_options options = { .dir = dir };
	int ends[2];

	(void)snprintf(dir, sizeof(dir), "%s/kv-bench-XXXXXX", parent);
	if (mkdtemp(dir) == NULL)
		fail(dir);
	(void)snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, STATE_SOCKET);
	options.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(options.listen_fd, (struct sockaddr *)&addr, sizeof(addr)) ==
		-1 ||
	    listen(options.listen_fd, 10) == -1 || pipe(ends) == -1)
		fail("socket");
	server = fork();
	if (server == 0) {
		(void)close(ends[1]);
		options.master_fd = ends[0];
		_exit(state_main(&options));
	}
	(void)close(ends[0]);
	(void)close(options.listen_fd);
	server_pipe = ends[1];
}

static uint64_t
cpu_us(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		   1000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

/* Of the server, in ticks of 10 ms, as microseconds. */
static uint64_t
server_cpu_us(void)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, kernel = 0;
	const char *at;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)server);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	(void)!fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	at = strrchr(text, ')');
	if (at != NULL)
		(void)!sscanf(at + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		    &user, &kernel); /* NOLINT(cert-err34-c): from the kernel */
	return (user + kernel) * 10000;
}

static void
asker(void *arg)
{
	struct arena *arena = fiber_arena(fiber_self());
	char key[32];

	(void)arg;
	for (;;) {
		struct mono start = mono_now();
		struct state_request request = { .op = op,
			.table = op == STATE_ADD
				     ? SLICE_LIT("karma:counts")
				     : SLICE_LIT("greylisting:seen"),
			.value = SLICE_LIT("1800000000 3 0"),
			.ttl_s = 86400,
			.delta = 1 };
		struct kv_reply reply;
		int n;

		if (!mono_is_before(start, end))
			break;
		n = snprintf(key, sizeof(key), "192.0.2.1 key %u",
		    (unsigned)random_below(KEYS));
		request.key = (struct slice){ key, (size_t)n };
		failures += kv_ask(kv, &request, arena, &reply) < 0;
		request_count++;
		if (sample_count < SAMPLES)
			samples[sample_count++] =
			    mono_since_us(mono_now(), start);
		arena_reset(arena);
		if (pause_ms > 0)
			(void)fiber_sleep(pause_ms);
	}
	running--;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
measure(const char *name, enum state_op which, unsigned fibers)
{
	struct rusage before, after;
	uint64_t server_before = server_cpu_us();
	struct mono start = mono_now();
	double seconds, requests;

	op = which;
	end = mono_add_ms(start, SECONDS * 1000);
	sample_count = request_count = failures = 0;
	running = fibers;
	(void)getrusage(RUSAGE_SELF, &before);
	for (unsigned i = 0; i < fibers; i++)
		if (fiber_start(rt, asker, NULL) != 0)
			exit(1);
	while (running > 0)
		(void)rt_run(rt);
	(void)getrusage(RUSAGE_SELF, &after);
	seconds = (double)mono_since_us(mono_now(), start) / 1e6;
	requests = (double)request_count;
	qsort(samples, sample_count, sizeof(samples[0]), compare);
	printf("%-16s %5u fibers  %8.0f /s  p50 %6llu us  p99 %6llu us  max "
	       "%7llu us  worker %5.2f us  state %5.2f us%s\n",
	    name, fibers, requests / seconds,
	    (unsigned long long)samples[sample_count / 2],
	    (unsigned long long)samples[sample_count * 99 / 100],
	    (unsigned long long)samples[sample_count - 1],
	    (double)(cpu_us(&after) - cpu_us(&before)) / requests,
	    (double)(server_cpu_us() - server_before) / requests,
	    failures > 0 ? "  FAILURES" : "");
}

int
main(int argc, char **argv)
{
	static const unsigned counts[] = { 1, 10, 100, 1000 };
	static const struct {
		const char *name;
		enum state_op op;
	} ops[] = { { "put", STATE_PUT }, { "get", STATE_GET },
		{ "add", STATE_ADD } };

	start_server(argc > 1 ? argv[1] : ".");
	samples = mem_array(SAMPLES, sizeof(samples[0]));
	rt = rt_new(NULL);
	kv = kv_new(rt, dir);
	if (kv == NULL)
		return 1;
	pause_ms = 10;
	measure("put, 10 ms apart", STATE_PUT, 1);
	pause_ms = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(counts); j++)
			measure(ops[i].name, ops[i].op, counts[j]);
	}
	kv_free(&kv);
	(void)rt_run(rt);
	rt_free(&rt);
	(void)close(server_pipe);
	(void)waitpid(server, NULL, 0);
	mem_free(samples);
	return 0;
}
