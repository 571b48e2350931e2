/* SPDX-License-Identifier: MIT */
/* test_store.c - the database: operations, and what can happen to it. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "state/store.h"

static char dir[64], path[96];
static uint64_t now_s;
static struct buf said;

static struct mono
test_mono(void)
{
	return (struct mono){ (now_s + 1) * 1000000000 };
}

static struct wall
test_wall(void)
{
	return (struct wall){ (int64_t)now_s * 1000000 };
}

static void
on_log(void *arg, enum log_level level, struct slice text)
{
	(void)arg;
	buf_printf(
	    &said, "%s %.*s\n", log_level_name(level), (int)text.n, text.p);
}

/* How many lines the log has with `word` in it since the last question. */
static unsigned
lines_with(const char *word)
{
	struct slice rest = buf_slice(&said), line;
	unsigned count = 0;

	while (slice_cut(&rest, '\n', &line))
		count += line.n > 0 &&
			 memmem(line.p, line.n, word, strlen(word)) != NULL;
	buf_clear(&said);
	return count;
}

/* SQLite's own way to replace a system call: writes fail with `disk_error`. */
static sqlite3_syscall_ptr real_pwrite;
static const char *pwrite_name;
static int disk_error;

static ssize_t
disk_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (disk_error != 0) {
		errno = disk_error;
		return -1;
	}
	return pwrite(fd, bytes, n, at);
}

static void
disk_begin(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	pwrite_name = "pwrite64";
	real_pwrite = vfs->xGetSystemCall(vfs, pwrite_name);
	if (real_pwrite == NULL) {
		pwrite_name = "pwrite";
		real_pwrite = vfs->xGetSystemCall(vfs, pwrite_name);
	}
	disk_error = 0;
	assert_int_equal(vfs->xSetSystemCall(vfs, pwrite_name,
			     (sqlite3_syscall_ptr)disk_pwrite),
	    SQLITE_OK);
}

static void
disk_end(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	if (pwrite_name != NULL)
		(void)vfs->xSetSystemCall(vfs, pwrite_name, real_pwrite);
	pwrite_name = NULL;
}

static int
set_up(void **state)
{
	static const struct clock_source source = { .mono = test_mono,
		.wall = test_wall };

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/hookline-state-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/state.db", dir);
	now_s = 1800000000;
	clock_set_source(&source);
	log_set_sink(on_log, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	disk_end();
	clock_set_source(NULL);
	log_set_sink(NULL, NULL);
	buf_done(&said);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? 0 : -1;
}

static struct store *
opened(uint64_t max_bytes)
{
	return store_new(
	    &(struct store_options){ .path = path, .max_bytes = max_bytes });
}

static int
run(struct store *store, enum state_op op, const char *key, const char *value)
{
	struct state_request request = { .id = 1,
		.op = op,
		.table = SLICE_LIT("t"),
		.key = slice_of(key),
		.value = slice_of(value) };
	struct state_response response;

	store_run(store, &request, &response);
	return response.status;
}

/* One write, answered as the server would. */
static int
put(struct store *store, const char *key, const char *value)
{
	int status = run(store, STATE_PUT, key, value);
	int commit = store_commit(store);

	return status < 0 ? status : commit < 0 ? commit : 0;
}

static bool
has(struct store *store, const char *key, const char *value)
{
	struct state_request request = { .id = 1,
		.op = STATE_GET,
		.table = SLICE_LIT("t"),
		.key = slice_of(key) };
	struct state_response response;

	store_run(store, &request, &response);
	return response.status == 1 && slice_eq_text(response.value, value);
}

/* Files in the directory whose names begin so. */
static unsigned
files(const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
	(void)closedir(d);
	return count;
}

/* ---- operations ---- */

/* One after the other, each in its own commit. */
static const struct {
	const char *name;
	const char *table, *key, *value, *old;
	uint64_t ttl_s;
	int64_t delta;
	uint64_t pass_s; /* before it */
	enum state_op op;
	int want;
	int64_t number;
	const char *got;
} steps[] = {
	{ .name = "absent", .op = STATE_GET, .key = "k" },
	{ .name = "put", .op = STATE_PUT, .key = "k", .value = "v1" },
	{ .name = "get", .op = STATE_GET, .key = "k", .want = 1, .got = "v1" },
	{ .name = "put over", .op = STATE_PUT, .key = "k", .value = "v2" },
	{ .name = "get new",
	    .op = STATE_GET,
	    .key = "k",
	    .want = 1,
	    .got = "v2" },
	{ .name = "other table", .op = STATE_GET, .table = "u", .key = "k" },
	{ .name = "case counts", .op = STATE_GET, .key = "K" },
	{ .name = "delete elsewhere",
	    .op = STATE_DELETE,
	    .table = "u",
	    .key = "k" },
	{ .name = "delete", .op = STATE_DELETE, .key = "k", .want = 1 },
	{ .name = "delete again", .op = STATE_DELETE, .key = "k" },
	{ .name = "get deleted", .op = STATE_GET, .key = "k" },
	{ .name = "empty value", .op = STATE_PUT, .key = "e", .value = "" },
	{ .name = "get empty",
	    .op = STATE_GET,
	    .key = "e",
	    .want = 1,
	    .got = "" },
	{ .name = "any bytes",
	    .op = STATE_PUT,
	    .key = "\xff'\"",
	    .value = "\xc3\x28" },
	{ .name = "get any bytes",
	    .op = STATE_GET,
	    .key = "\xff'\"",
	    .want = 1,
	    .got = "\xc3\x28" },

	{ .name = "with ttl",
	    .op = STATE_PUT,
	    .key = "x",
	    .value = "1",
	    .ttl_s = 10 },
	{ .name = "just alive",
	    .op = STATE_GET,
	    .key = "x",
	    .pass_s = 9,
	    .want = 1,
	    .got = "1" },
	{ .name = "over", .op = STATE_GET, .key = "x", .pass_s = 1 },
	{ .name = "delete one that is over", .op = STATE_DELETE, .key = "x" },
	{ .name = "huge ttl",
	    .op = STATE_PUT,
	    .key = "h",
	    .value = "1",
	    .ttl_s = UINT64_MAX },
	{ .name = "never over",
	    .op = STATE_GET,
	    .key = "h",
	    .pass_s = 4000000000,
	    .want = 1,
	    .got = "1" },

	{ .name = "add to nothing",
	    .op = STATE_ADD,
	    .key = "n",
	    .delta = 5,
	    .ttl_s = 10,
	    .number = 5 },
	{ .name = "add",
	    .op = STATE_ADD,
	    .key = "n",
	    .delta = -7,
	    .ttl_s = 100,
	    .pass_s = 6,
	    .number = -2 },
	{ .name = "sum is text",
	    .op = STATE_GET,
	    .key = "n",
	    .want = 1,
	    .got = "-2" },
	{ .name = "first ttl holds", .op = STATE_GET, .key = "n", .pass_s = 4 },
	{ .name = "begins anew",
	    .op = STATE_ADD,
	    .key = "n",
	    .delta = 1,
	    .number = 1 },
	{ .name = "largest",
	    .op = STATE_PUT,
	    .key = "n",
	    .value = "9223372036854775807" },
	{ .name = "overflow",
	    .op = STATE_ADD,
	    .key = "n",
	    .delta = 1,
	    .want = -ERANGE },
	{ .name = "unchanged",
	    .op = STATE_GET,
	    .key = "n",
	    .want = 1,
	    .got = "9223372036854775807" },
	{ .name = "a word", .op = STATE_PUT, .key = "n", .value = "one" },
	{ .name = "add to a word",
	    .op = STATE_ADD,
	    .key = "n",
	    .delta = 1,
	    .want = -EINVAL },

	{ .name = "swap in",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "",
	    .value = "a" },
	{ .name = "swap in twice",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "",
	    .value = "b",
	    .want = -EEXIST },
	{ .name = "swap wrong",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "x",
	    .value = "b",
	    .want = -EEXIST },
	{ .name = "swap right",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "a",
	    .value = "b",
	    .ttl_s = 5 },
	{ .name = "swapped",
	    .op = STATE_GET,
	    .key = "s",
	    .want = 1,
	    .got = "b" },
	{ .name = "swap one that is over",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "b",
	    .value = "c",
	    .pass_s = 5,
	    .want = -EEXIST },
	{ .name = "swap in where one is over",
	    .op = STATE_SWAP,
	    .key = "s",
	    .old = "",
	    .value = "c" },
	{ .name = "swap for absent",
	    .op = STATE_SWAP,
	    .key = "none",
	    .old = "a",
	    .value = "b",
	    .want = -EEXIST },
};

static void
test_operations(void **state)
{
	struct store *store = opened(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct state_request request = {
			.id = (uint32_t)i + 1,
			.op = steps[i].op,
			.table = slice_of(
			    steps[i].table != NULL ? steps[i].table : "t"),
			.key = slice_of(steps[i].key),
			.value = slice_of(steps[i].value),
			.old = slice_of(steps[i].old),
			.ttl_s = steps[i].ttl_s,
			.delta = steps[i].delta,
		};
		struct state_response got;

		now_s += steps[i].pass_s;
		store_run(store, &request, &got);
		UNIT_CASE(steps[i].name, got.id == i + 1 &&
					     got.status == steps[i].want &&
					     got.number == steps[i].number);
		unit_slice_is(steps[i].name, got.value,
		    steps[i].got != NULL ? steps[i].got : "");
		UNIT_CASE(steps[i].name, store_commit(store) >= 0);
	}
	assert_int_equal(lines_with(""), 0);
	store_free(&store);
	assert_null(store);
	store_free(&store);
}

/* The database that a process leaves behind which is killed without warning,
 * after two writes were committed and one was not. */
/* Rows behind `key` as "KEY=VALUE ", the last key in `ret_last`. */
static int
list(struct store *store, const char *key, struct buf *ret, bool *ret_more)
{
	struct state_request request = { .id = 1,
		.op = STATE_LIST,
		.table = SLICE_LIT("t"),
		.key = slice_of(key) };
	struct state_response response;
	struct state_row row;
	struct slice in;

	store_run(store, &request, &response);
	in = response.value;
	while (state_row_read(&in, &row) == 1)
		buf_printf(ret, "%.*s=%.*s ", STR(row.key),
		    STR(slice_head(row.value, 9)));
	assert_int_equal(in.n, 0);
	*ret_more = response.number == 1;
	return response.status;
}

static void
test_list(void **state)
{
	struct store *store = opened(0);
	static char large[STATE_VALUE_MAX + 1];
	struct buf got = BUF_INIT;
	bool more;

	(void)state;
	assert_int_equal(list(store, "", &got, &more), 0);
	assert_int_equal(put(store, "b", "2"), 0);
	assert_int_equal(put(store, "a", "1"), 0);
	assert_int_equal(put(store, "c", "3"), 0);
	assert_int_equal(list(store, "", &got, &more), 3);
	assert_string_equal(got.p, "a=1 b=2 c=3 ");
	assert_false(more);
	buf_clear(&got);
	assert_int_equal(list(store, "b", &got, &more), 1);
	assert_string_equal(got.p, "c=3 ");
	assert_int_equal(list(store, "c", &got, &more), 0);
	/* An answer has room for one of these. */
	memset(large, 'v', sizeof(large) - 1);
	assert_int_equal(put(store, "b", large), 0);
	assert_int_equal(put(store, "d", large), 0);
	buf_clear(&got);
	assert_int_equal(list(store, "", &got, &more), 3);
	assert_string_equal(got.p, "a=1 b=vvvvvvvvv c=3 ");
	assert_true(more);
	buf_clear(&got);
	assert_int_equal(list(store, "c", &got, &more), 1);
	assert_string_equal(got.p, "d=vvvvvvvvv ");
	assert_false(more);
	buf_done(&got);
	store_free(&store);
}

static void
test_killed(void **state)
{
	struct store *store;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		store = opened(0);
		if (put(store, "a", "1") != 0 || put(store, "b", "2") != 0 ||
		    run(store, STATE_PUT, "c", "3") != 0)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	store = opened(0);
	assert_true(has(store, "a", "1"));
	assert_true(has(store, "b", "2"));
	assert_int_equal(run(store, STATE_GET, "c", ""), 0);
	store_free(&store);
}

static void
test_kept_when_closed(void **state)
{
	struct store *store = opened(0);

	(void)state;
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(run(store, STATE_PUT, "a", "0"), 0);
	assert_int_equal(store_commit(store), 1);
	assert_int_equal(run(store, STATE_PUT, "a", "1"), 0);
	store_free(&store); /* without store_commit */
	assert_int_equal(files("state.db"), 1);
	store = opened(0);
	assert_true(has(store, "a", "1"));
	store_free(&store);
}

static void
test_sweep(void **state)
{
	struct store *store = opened(0);
	struct state_request request = { .id = 1,
		.op = STATE_PUT,
		.table = SLICE_LIT("t"),
		.value = SLICE_LIT("v") };
	struct state_response response;
	char key[16];

	(void)state;
	for (int i = 0; i < 1300; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		request.key = slice_of(key);
		request.ttl_s = i < 1200 ? 10 : i % 2 == 0 ? 0 : 1000;
		store_run(store, &request, &response);
		assert_int_equal(response.status, 0);
	}
	assert_true(store_commit(store) >= 0);
	assert_int_equal(store_sweep(store), 0);
	now_s += 11;
	assert_int_equal(store_sweep(store), STORE_SWEEP_MAX);
	assert_int_equal(store_sweep(store), STORE_SWEEP_MAX);
	assert_int_equal(store_sweep(store), 1200 - 2 * STORE_SWEEP_MAX);
	assert_int_equal(store_sweep(store), 0);
	assert_true(store_commit(store) >= 0);
	assert_true(has(store, "1200", "v"));
	assert_true(has(store, "1201", "v"));
	store_free(&store);
}

/* ---- what can happen ---- */

/* Overwrites the file from `from` to its end with rubbish. */
static void
spoil(off_t from)
{
	int fd = open(path, O_WRONLY);
	struct stat st;
	char rubbish[512];

	memset(rubbish, 0xa5, sizeof(rubbish));
	assert_true(fd != -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > from);
	for (off_t at = from; at < st.st_size; at += sizeof(rubbish))
		assert_int_equal(
		    pwrite(fd, rubbish, sizeof(rubbish), at), sizeof(rubbish));
	(void)close(fd);
}

static void
fill(struct store *store, int count)
{
	char key[16];

	for (int i = 0; i < count; i++) {
		(void)snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(
		    run(store, STATE_PUT, key, "some value or other"), 0);
	}
	assert_true(store_commit(store) >= 0);
}

static void
corrupt_when_opened(off_t from)
{
	struct store *store = opened(0);

	fill(store, 2000);
	store_free(&store);
	spoil(from);
	store = opened(0);
	assert_true(files("state.db.corrupt-20270115T080000Z") >= 1);
	assert_int_equal(lines_with("error event=state_corrupt"), 1);
	assert_int_equal(run(store, STATE_GET, "key 1", ""), 0);
	assert_int_equal(put(store, "a", "1"), 0);
	assert_true(has(store, "a", "1"));
	assert_int_equal(lines_with(""), 0);
	store_free(&store);
}

static void
test_no_database_at_all(void **state)
{
	(void)state;
	corrupt_when_opened(0);
}

static void
test_corrupt_pages(void **state)
{
	(void)state;
	corrupt_when_opened(4096);
}

/* Makes the store forget what it has in memory, then spoils the file. */
static void
spoil_under_it(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
			     "INSERT INTO kv VALUES('t','other','x',0);"
			     "PRAGMA wal_checkpoint(RESTART);"
			     "INSERT INTO kv VALUES('t','another','x',0);"
			     "PRAGMA wal_checkpoint(RESTART);",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	spoil(4096);
}

static void
test_corrupt_while_open(void **state)
{
	struct store *store = opened(0);

	(void)state;
	fill(store, 2000);
	spoil_under_it();
	/* Whoever is in the same commit hears that it is gone. */
	assert_int_equal(run(store, STATE_PUT, "zz", "1"), -EAGAIN);
	assert_int_equal(run(store, STATE_PUT, "a", "1"), -EAGAIN);
	assert_int_equal(store_commit(store), -EAGAIN);
	assert_int_equal(lines_with("event=state_corrupt"), 1);
	assert_int_equal(files("state.db.corrupt-"), 3);
	/* The next finds the new one. */
	assert_int_equal(put(store, "a", "2"), 0);
	assert_true(has(store, "a", "2"));
	store_free(&store);
	store = opened(0);
	assert_true(has(store, "a", "2"));
	store_free(&store);
}

static void
test_corrupt_again_and_again(void **state)
{
	struct store *store = opened(0);

	(void)state;
	fill(store, 2000);
	spoil_under_it();
	assert_int_equal(put(store, "zz", "1"), -EAGAIN);
	now_s += 30;
	fill(store, 2000);
	spoil_under_it();
	assert_int_equal(put(store, "zz", "1"), -EAGAIN);
	assert_int_equal(lines_with("event=state_corrupt"), 1);
	now_s += 2;
	assert_int_equal(put(store, "a", "1"), -EAGAIN);
	assert_int_equal(files("state.db.corrupt-"), 3);
	/* A minute after the first the second makes way. */
	now_s += 30;
	assert_int_equal(put(store, "a", "1"), 0);
	assert_int_equal(lines_with("event=state_corrupt"), 1);
	assert_true(has(store, "a", "1"));
	store_free(&store);
}

static void
test_limit_of_size(void **state)
{
	struct store *store = opened(64 * 1024);
	char key[16], value[500];
	int full = 0, i;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (i = 0; i < 200 && full == 0; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		full = put(store, key, value);
	}
	assert_int_equal(full, -ENOSPC);
	assert_true(i > 20 && i < 100);
	assert_int_equal(put(store, "more", value), -ENOSPC);
	assert_int_equal(lines_with("error event=state_trouble"), 1);
	assert_true(has(store, "0", value));
	for (i = 0; i < 20; i++) {
		(void)snprintf(key, sizeof(key), "%d", i);
		assert_int_equal(run(store, STATE_DELETE, key, ""), 1);
		assert_true(store_commit(store) >= 0);
	}
	assert_int_equal(put(store, "more", value), 0);
	assert_int_equal(lines_with(""), 0);
	now_s += 11;
	assert_int_equal(put(store, "more", "other"), 0);
	assert_int_equal(lines_with("notice event=state_well"), 1);
	store_free(&store);
}

static void
failing_disk(int error, int want)
{
	struct store *store = opened(0);

	disk_begin();
	assert_int_equal(put(store, "a", "1"), 0);
	disk_error = error;
	/* Only the commit writes, and it takes back both. */
	assert_int_equal(run(store, STATE_PUT, "a", "2"), 0);
	assert_int_equal(run(store, STATE_PUT, "b", "2"), 0);
	assert_int_equal(store_commit(store), want);
	assert_int_equal(lines_with("error event=state_trouble"), 1);
	assert_int_equal(run(store, STATE_GET, "b", ""), 0);
	assert_true(has(store, "a", "1"));
	assert_int_equal(put(store, "b", "2"), want);
	assert_int_equal(lines_with(""), 0);
	/* It is over. */
	disk_error = 0;
	now_s += 2;
	assert_int_equal(put(store, "b", "3"), 0);
	assert_true(has(store, "b", "3"));
	now_s += 11;
	assert_int_equal(put(store, "a", "2"), 0);
	assert_int_equal(lines_with("notice event=state_well"), 1);
	disk_end();
	store_free(&store);
}

static void
test_full_disk(void **state)
{
	(void)state;
	failing_disk(ENOSPC, -ENOSPC);
}

static void
test_broken_disk(void **state)
{
	(void)state;
	failing_disk(EIO, -EIO);
}

/* The log may not grow: the same to a caller, whatever it is called. */
static void
test_limit_of_files(void **state)
{
	static char value[60000];
	struct store *store = opened(0);
	struct rlimit limit, small;
	int commit;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(put(store, "a", "1"), 0);
	assert_int_equal(run(store, STATE_PUT, "b", value), 0);
	assert_int_equal(run(store, STATE_PUT, "c", value), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	commit = store_commit(store);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(commit == -EIO || commit == -ENOSPC);
	now_s += 2;
	assert_true(has(store, "a", "1"));
	assert_int_equal(put(store, "b", value), 0);
	assert_true(has(store, "b", value));
	store_free(&store);
}

/* SQLite gives the log and the index the mode that the file had. */
static int
chmod_all(mode_t mode)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (chmod(name, mode) == -1 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* In a child, which gives up root for it: 0, or the line that failed. */
static int
read_only_child(void)
{
	struct store *store;

	if (geteuid() == 0 && (chown(dir, 65534, 65534) == -1 ||
				  setgid(65534) == -1 || setuid(65534) == -1))
		return __LINE__;
	store = opened(0);
	if (put(store, "a", "1") != 0)
		return __LINE__;
	store_free(&store);
	if (chmod(path, 0444) == -1)
		return __LINE__;
	store = opened(0);
	if (put(store, "a", "2") != -EROFS)
		return __LINE__;
	now_s += 2;
	if (!has(store, "a", "1"))
		return __LINE__;
	if (put(store, "a", "2") != -EROFS || put(store, "b", "2") != -EROFS)
		return __LINE__;
	if (lines_with("event=state_trouble") != 1)
		return __LINE__;
	if (chmod_all(0600) == -1)
		return __LINE__;
	now_s += 11;
	if (put(store, "a", "3") != 0 || !has(store, "a", "3"))
		return __LINE__;
	if (lines_with("event=state_well") != 1)
		return __LINE__;
	store_free(&store);
	return 0;
}

static void
test_read_only(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(read_only_child() & 0xff);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("line %d (of 256) failed", WEXITSTATUS(status));
}

static void
test_locked(void **state)
{
	struct store *store = opened(0);
	sqlite3 *db;

	(void)state;
	assert_int_equal(put(store, "a", "1"), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(put(store, "a", "2"), -EAGAIN);
	assert_true(has(store, "a", "1"));
	assert_int_equal(
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	now_s += 1;
	assert_int_equal(put(store, "a", "2"), 0);
	assert_true(has(store, "a", "2"));
	store_free(&store);
}

/* Deleted under us: what is written next goes into a new one. */
static void
test_removed(void **state)
{
	struct store *store = opened(0);
	char name[128];

	(void)state;
	assert_int_equal(put(store, "a", "1"), 0);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(name, sizeof(name), "%s-wal", path);
	(void)unlink(name);
	(void)snprintf(name, sizeof(name), "%s-shm", path);
	(void)unlink(name);
	store_look(store);
	assert_int_equal(lines_with("error event=state_removed"), 1);
	assert_int_equal(put(store, "a", "2"), 0);
	store_look(store);
	assert_int_equal(lines_with(""), 0);
	store_free(&store);
	store = opened(0);
	assert_true(has(store, "a", "2"));
	store_free(&store);
}

/* What another hookline has made is left alone. */
static void
test_newer_version(void **state)
{
	struct store *store = opened(0);
	sqlite3 *db;

	(void)state;
	store_free(&store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "PRAGMA user_version=2", NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	store = opened(0);
	assert_int_equal(put(store, "a", "1"), -EAGAIN);
	now_s += 2;
	assert_int_equal(put(store, "a", "1"), -EAGAIN);
	assert_int_equal(lines_with("not a database of this version"), 1);
	assert_int_equal(files("state.db.corrupt"), 0);
	store_free(&store);
}

static void
test_no_directory(void **state)
{
	struct store *store;

	(void)state;
	assert_int_equal(rmdir(dir), 0);
	store = opened(0);
	assert_int_equal(put(store, "a", "1"), -EAGAIN);
	assert_int_equal(run(store, STATE_GET, "a", ""), -EAGAIN);
	assert_int_equal(lines_with("event=state_trouble"), 1);
	assert_int_equal(mkdir(dir, 0700), 0);
	now_s += 2;
	assert_int_equal(put(store, "a", "1"), 0);
	store_free(&store);
}

static void
test_flush(void **state)
{
	struct store *store;
	struct stat st;

	(void)state;
	assert_int_equal(store_flush(path, true), 0); /* nothing there yet */
	store = opened(0);
	fill(store, 5000);
	assert_int_equal(store_flush(path, false), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 4096);
	for (int i = 0; !store_wants_merge(store) && i < 2000; i++)
		assert_int_equal(put(store, "a", i % 2 == 0 ? "1" : "2"), 0);
	assert_true(store_wants_merge(store));
	assert_int_equal(store_flush(path, true), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 100000);
	/* The log begins anew. */
	assert_int_equal(put(store, "a", "3"), 0);
	assert_false(store_wants_merge(store));
	store_free(&store);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		T(test_operations),
		T(test_list),
		T(test_killed),
		T(test_kept_when_closed),
		T(test_sweep),
		T(test_no_database_at_all),
		T(test_corrupt_pages),
		T(test_corrupt_while_open),
		T(test_corrupt_again_and_again),
		T(test_limit_of_size),
		T(test_full_disk),
		T(test_broken_disk),
		T(test_limit_of_files),
		T(test_read_only),
		T(test_locked),
		T(test_removed),
		T(test_newer_version),
		T(test_no_directory),
		T(test_flush),
	};

	return cmocka_run_group_tests_name("state/store", tests, NULL, NULL);
}
