/* SPDX-License-Identifier: MIT */
/* test_server.c - the state process, asked over its socket.
 *
 * The program is linked with --wrap=fdatasync, which counts in memory that
 * the process shares with the test.
 */
#include "state_test.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"

static struct state_process process;

static struct {
	atomic_uint syncs;
	atomic_int fail_sync;
} * shared;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int
__wrap_fdatasync(int fd)
{
	int rc = __real_fdatasync(fd);

	if (shared->fail_sync != 0) {
		errno = shared->fail_sync;
		rc = -1;
	}
	atomic_fetch_add(&shared->syncs, 1);
	return rc;
}

/* One connection, with blocking calls. */
struct client {
	int fd;
	struct buf in;
	size_t taken; /* by the answer that was given last */
	uint32_t last_id;
};

static int
set_up(void **state)
{
	(void)state;
	shared->syncs = 0;
	shared->fail_sync = 0;
	state_init(&process);
	state_start(&process);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	state_done(&process);
	return 0;
}

/* The next answer, valid until the one after it; false when the connection
 * was closed. */
static bool
answer(struct client *client, struct state_response *ret)
{
	struct slice in;
	ssize_t n;
	int rc;

	buf_shift(&client->in, client->taken);
	client->taken = 0;
	in = buf_slice(&client->in);
	while ((rc = state_response_read(&in, ret)) == 0) {
		buf_reserve(&client->in, 1024 * 1024);
		n = recv(
		    client->fd, client->in.p + client->in.n, 1024 * 1024, 0);
		if (n <= 0)
			return false;
		client->in.n += (size_t)n;
		in = buf_slice(&client->in);
	}
	assert_int_equal(rc, 1);
	client->taken = client->in.n - in.n;
	return true;
}

static struct client
connected(void)
{
	struct sockaddr_un addr = state_addr(&process);
	struct timeval patience = { .tv_sec = 20 };
	struct client client = { .in = BUF_INIT };
	struct state_response hello;

	client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client.fd != -1);
	assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_RCVTIMEO,
			     &patience, sizeof(patience)),
	    0);
	assert_int_equal(
	    connect(client.fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_true(answer(&client, &hello));
	assert_int_equal(hello.id, 0);
	assert_int_equal(hello.status, STATE_VERSION);
	return client;
}

static void
client_done(struct client *client)
{
	(void)close(client->fd);
	buf_done(&client->in);
}

static void
send_bytes(struct client *client, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->n) {
		ssize_t n = send(
		    client->fd, bytes->p + done, bytes->n - done, MSG_NOSIGNAL);

		assert_true(n > 0);
		done += (size_t)n;
	}
}

static void
ask(struct client *client, struct buf *out, enum state_op op, const char *key,
    struct slice value)
{
	state_request_write(
	    out, &(struct state_request){ .id = ++client->last_id,
		     .op = op,
		     .table = SLICE_LIT("t"),
		     .key = slice_of(key),
		     .value = value,
		     .delta = 1 });
}

/* Asks and waits. */
static struct state_response
asked(
    struct client *client, enum state_op op, const char *key, const char *value)
{
	struct state_response response;
	struct buf out = BUF_INIT;

	ask(client, &out, op, key, slice_of(value));
	send_bytes(client, &out);
	buf_done(&out);
	assert_true(answer(client, &response));
	assert_int_equal(response.id, client->last_id);
	return response;
}

static void
test_asks(void **state)
{
	struct client a = connected(), b = connected();

	(void)state;
	assert_int_equal(asked(&a, STATE_GET, "k", "").status, 0);
	assert_int_equal(asked(&a, STATE_PUT, "k", "v").status, 0);
	assert_int_equal(asked(&b, STATE_GET, "k", "").status, 1);
	assert_int_equal(asked(&b, STATE_ADD, "n", "").number, 1);
	assert_int_equal(asked(&a, STATE_ADD, "n", "").number, 2);
	assert_int_equal(asked(&a, STATE_SWAP, "k", "w").status, -EEXIST);
	assert_int_equal(asked(&a, STATE_DELETE, "k", "").status, 1);
	client_done(&a);
	client_done(&b);
	assert_int_equal(state_stop(&process), 0);
}

/* Answers of writes come in order and after their commit, those of reads at
 * once; one write after another shares a commit. */
static void
test_many_at_once(void **state)
{
	enum { COUNT = 1000 };
	struct client client = connected();
	struct state_response response;
	struct buf out = BUF_INIT;
	bool seen[COUNT + 1] = { false };

	(void)state;
	for (int i = 0; i < COUNT; i++)
		ask(&client, &out, STATE_ADD, "n", SLICE_NONE);
	send_bytes(&client, &out);
	buf_done(&out);
	for (int i = 0; i < COUNT; i++) {
		assert_true(answer(&client, &response));
		assert_in_range(response.id, 1, COUNT);
		assert_false(seen[response.id]);
		seen[response.id] = true;
		assert_int_equal(response.number, response.id);
	}
	client_done(&client);
}

static void
test_one_byte_at_a_time(void **state)
{
	struct client client = connected();
	struct state_response response;
	struct buf out = BUF_INIT;

	(void)state;
	ask(&client, &out, STATE_PUT, "k", SLICE_LIT("v"));
	ask(&client, &out, STATE_GET, "k", SLICE_NONE);
	for (size_t i = 0; i < out.n; i++)
		assert_int_equal(
		    send(client.fd, out.p + i, 1, MSG_NOSIGNAL), 1);
	buf_done(&out);
	/* The read may overtake the commit of the write. */
	assert_true(answer(&client, &response));
	assert_true(answer(&client, &response));
	client_done(&client);
}

static void
test_largest_values(void **state)
{
	struct client client = connected();
	char *bytes = mem_alloc(STATE_VALUE_MAX);
	struct state_response response;
	struct buf out = BUF_INIT;

	(void)state;
	memset(bytes, 'v', STATE_VALUE_MAX);
	ask(&client, &out, STATE_PUT, "k",
	    (struct slice){ bytes, STATE_VALUE_MAX });
	send_bytes(&client, &out);
	assert_true(answer(&client, &response));
	assert_int_equal(response.status, 0);
	/* More answers than it may keep for us, before we read any. */
	buf_clear(&out);
	for (int i = 0; i < 64; i++)
		ask(&client, &out, STATE_GET, "k", SLICE_NONE);
	send_bytes(&client, &out);
	buf_done(&out);
	for (int i = 0; i < 64; i++) {
		assert_true(answer(&client, &response));
		assert_int_equal(response.status, 1);
		assert_int_equal(response.value.n, STATE_VALUE_MAX);
	}
	mem_free(bytes);
	client_done(&client);
}

/* Nonsense ends its connection, not the others. */
static void
test_garbage(void **state)
{
	struct client good = connected(), bad = connected();
	struct state_response response;

	(void)state;
	assert_int_equal(
	    send(bad.fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 18);
	assert_false(answer(&bad, &response));
	assert_int_equal(asked(&good, STATE_PUT, "k", "v").status, 0);
	client_done(&bad);
	client_done(&good);
	assert_int_equal(state_stop(&process), 0);
}

static bool
is_value(struct client *client, const char *want)
{
	struct state_response response = asked(client, STATE_GET, "n", "");

	return response.status == 1 && slice_eq_text(response.value, want);
}

/* A worker that dies with writes under way. */
static void
test_client_that_goes(void **state)
{
	struct client client, other = connected();
	struct buf out = BUF_INIT;

	(void)state;
	for (int i = 0; i < 50; i++) {
		client = connected();
		buf_clear(&out);
		ask(&client, &out, STATE_ADD, "n", SLICE_NONE);
		send_bytes(&client, &out);
		client_done(&client);
	}
	buf_done(&out);
	/* All are run, though nobody waits for the answers. */
	for (int i = 0; i < 10000 && !is_value(&other, "50"); i++)
		;
	assert_true(is_value(&other, "50"));
	client_done(&other);
}

static void
test_signals_do_not_end_it(void **state)
{
	struct client client = connected();

	(void)state;
	assert_int_equal(kill(process.pid, SIGINT), 0);
	assert_int_equal(kill(process.pid, SIGTERM), 0);
	assert_int_equal(kill(process.pid, SIGHUP), 0);
	assert_int_equal(asked(&client, STATE_PUT, "k", "v").status, 0);
	client_done(&client);
	assert_int_equal(state_stop(&process), 0);
}

/* Without a master SIGTERM ends it, in order. */
static void
test_without_master(void **state)
{
	struct state_options options = { .dir = process.dir, .master_fd = -1 };
	struct client client;
	int status;

	(void)state;
	assert_int_equal(state_stop(&process), 0);
	(void)fflush(stdout);
	process.pid = fork();
	if (process.pid == 0) {
		options.listen_fd = process.listen_fd;
		_exit(state_main(&options));
	}
	client = connected();
	assert_int_equal(asked(&client, STATE_PUT, "k", "v").status, 0);
	client_done(&client);
	assert_int_equal(kill(process.pid, SIGTERM), 0);
	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	process.pid = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What was answered is there after kill -9, and in the file that only the
 * user may read. */
static void
test_killed(void **state)
{
	struct client client = connected();
	struct stat st;
	char key[16];

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(asked(&client, STATE_PUT, key, "v").status, 0);
	}
	state_kill(&process);
	client_done(&client);
	assert_int_equal(stat(process.database, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	state_start(&process);
	client = connected();
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(asked(&client, STATE_GET, key, "").status, 1);
	}
	client_done(&client);
}

/* Waits, at most 20 s. */
static bool
synced(unsigned count)
{
	static const struct timespec a_while = { .tv_nsec = 1000000 };

	for (int i = 0; shared->syncs < count && i < 20000; i++)
		(void)nanosleep(&a_while, NULL);
	return shared->syncs >= count;
}

/* Written to disk soon after the answer; after a failure again and again. */
static void
test_is_made_durable(void **state)
{
	struct client client = connected();
	unsigned before;

	(void)state;
	assert_int_equal(asked(&client, STATE_PUT, "k", "v").status, 0);
	assert_true(synced(1));
	shared->fail_sync = EIO;
	assert_int_equal(asked(&client, STATE_PUT, "k", "w").status, 0);
	assert_true(synced(3));
	shared->fail_sync = 0;
	before = shared->syncs;
	assert_true(synced(before + 1));
	client_done(&client);
}

/* A connection made while there is no process waits for the next one. */
static void
test_waits_in_the_socket(void **state)
{
	struct sockaddr_un addr = state_addr(&process);
	struct client client = { .in = BUF_INIT };
	struct state_response hello;

	(void)state;
	state_kill(&process);
	client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    connect(client.fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	state_start(&process);
	assert_true(answer(&client, &hello));
	assert_int_equal(asked(&client, STATE_PUT, "k", "v").status, 0);
	client_done(&client);
}

/* Not a socket: a message and an exit code, no endless loop. */
static void
test_cannot_start(void **state)
{
	struct state_options options = { .dir = process.dir, .master_fd = -1 };
	int status, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	(void)state;
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		options.listen_fd = null;
		_exit(state_main(&options));
	}
	(void)close(null);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_asks),
		T(test_many_at_once),
		T(test_one_byte_at_a_time),
		T(test_largest_values),
		T(test_garbage),
		T(test_client_that_goes),
		T(test_signals_do_not_end_it),
		T(test_without_master),
		T(test_killed),
		T(test_is_made_durable),
		T(test_waits_in_the_socket),
		T(test_cannot_start),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("state/server", tests, NULL, NULL);
}
