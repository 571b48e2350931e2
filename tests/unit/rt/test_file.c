/* SPDX-License-Identifier: MIT */
/* test_file.c - file calls on fibers, and shared directory syncs.
 *
 * The program is linked with --wrap=fsync: the test holds and fails it.
 */
#include "rt_test.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rt/file.h"
#include "rt/offload.h"

static struct rt *rt;
static char dir[64];
static bool hold_sync;
static int fail_sync;
static sem_t in_sync, sync_may_go;
static atomic_uint syncs, gave_up;

int __real_fsync(int fd);
int __wrap_fsync(int fd);

static void
wait_for(sem_t *sem)
{
	struct timespec end;

	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	if (sem_timedwait(sem, &end) == -1)
		atomic_fetch_add(&gave_up, 1);
}

int
__wrap_fsync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (hold_sync) {
		(void)sem_post(&in_sync);
		wait_for(&sync_may_go);
	}
	if (fail_sync != 0) {
		errno = fail_sync;
		return -1;
	}
	return __real_fsync(fd);
}

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/hookline-rt-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	hold_sync = false;
	fail_sync = 0;
	syncs = gave_up = 0;
	(void)sem_init(&in_sync, 0, 0);
	(void)sem_init(&sync_may_go, 0, 0);
	rt = test_rt(0);
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	assert_int_equal(gave_up, 0);
	assert_true(list_is_empty(&rt->dir_syncs));
	test_rt_done(&rt);
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) == 0 ? 0 : -1;
}

static void
run(fiber_fn *fn)
{
	assert_int_equal(fiber_start(rt, fn, NULL), 0);
	assert_int_equal(rt_run(rt), 0);
}

static const char *
path(const char *name)
{
	static char paths[4][128];
	static unsigned n;
	char *p = paths[n++ % 4];

	(void)snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

static void
writes_and_reads(void *arg)
{
	char bytes[16] = "";
	struct stat st;
	int fd;

	(void)arg;
	fd = file_open(path("a"), O_RDWR | O_CREAT | O_EXCL, 0640);
	note("%d", fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	note("%d", file_write(fd, "hello", 5));
	note("%d", file_write(fd, " world", 6));
	note("%d", file_pwrite(fd, "W", 1, 6));
	note("%d", file_sync(fd));
	note("%d", file_sync_data(fd));
	note("%d", (int)file_pread(fd, bytes, sizeof(bytes), 1));
	note("%s", bytes);
	note("%d", file_close(fd));
	note("%d", file_stat(path("a"), &st));
	note("%d:%o", (int)st.st_size, (unsigned)st.st_mode & 0777u);
	fd = file_open(path("a"), O_RDONLY, 0);
	memset(bytes, 0, sizeof(bytes));
	note("%d", (int)file_read(fd, bytes, 5));
	note("%s", bytes);
	note("%d", (int)file_read(fd, bytes, 16));
	note("%d", (int)file_read(fd, bytes, 16));
	note("%d", file_close(fd));
}

static void
bytes(void **state)
{
	(void)state;
	(void)umask(022);
	run(writes_and_reads);
	assert_string_equal(
	    trace, "1 0 0 0 0 0 10 ello World 0 0 11:640 5 hello 6 0 0");
	assert_int_equal(syncs, 1);
}

static void
names_files(void *arg)
{
	struct stat st;
	int fd, at;

	(void)arg;
	note("%d", file_mkdir(path("new"), 0700));
	note("%d", file_mkdir(path("new"), 0700) == -EEXIST);
	at = file_open(dir, O_RDONLY | O_DIRECTORY, 0);
	fd = file_open_at(at, "new/x", O_WRONLY | O_CREAT, 0600);
	note("%d", fd >= 0);
	note("%d", file_rename(path("new/x"), path("y")));
	note("%d", file_stat(path("new/x"), &st) == -ENOENT);
	note("%d", file_link(path("y"), path("new/z")));
	note("%d", file_stat(path("new/z"), &st));
	note("%d", (int)st.st_nlink);
	note("%d", file_unlink(path("y")));
	note("%d", file_unlink(path("y")) == -ENOENT);
	note("%d", file_close(fd) + file_close(at));
	note("%d", file_close(-1) == -EBADF);
	fd = file_open_unnamed(dir);
	note("%d", file_write(fd, "abc", 3));
	(void)fstat(fd, &st);
	note("%d:%d", (int)st.st_size, (int)st.st_nlink);
	note("%d", file_close(fd));
	note("%d", file_open_unnamed(path("none")) == -ENOENT);
}

static void
names(void **state)
{
	(void)state;
	run(names_files);
	assert_string_equal(trace, "0 1 1 0 1 0 0 2 0 1 0 1 0 3:0 0 1");
}

static void
fails(void *arg)
{
	char byte;

	(void)arg;
	note("%d", file_open(path("none/a"), O_RDONLY, 0) == -ENOENT);
	note("%d", (int)file_read(-1, &byte, 1) == -EBADF);
	note("%d", (int)file_pread(-1, &byte, 1, 0) == -EBADF);
	note("%d", file_write(-1, &byte, 1) == -EBADF);
	note("%d", file_sync(-1) == -EBADF);
	note("%d", file_rename(path("none"), path("a")) == -ENOENT);
	note("%d", file_sync_dir(path("none")) == -ENOENT);
	note("%d", file_sync_dir("/dev/null") == -ENOTDIR);
}

static void
errors_are_negative(void **state)
{
	(void)state;
	run(fails);
	assert_string_equal(trace, "1 1 1 1 1 1 1 1");
}

static void
cleans_up_when_cancelled(void *arg)
{
	struct stat st;
	int fd = file_open(path("a"), O_RDWR | O_CREAT, 0600);

	(void)arg;
	fiber_cancel(fiber_self());
	note("%d", file_write(fd, "x", 1) == -ECANCELED);
	note("%d", file_open(path("b"), O_CREAT, 0600) == -ECANCELED);
	note("%d", file_sync_dir(dir) == -ECANCELED);
	note("%d", file_close(fd));
	note("%d", file_unlink(path("a")));
	fiber_uncancel(fiber_self());
	note("%d", file_stat(path("a"), &st) == -ENOENT);
	note("%d", file_stat(path("b"), &st) == -ENOENT);
}

static void
cancelled(void **state)
{
	(void)state;
	run(cleans_up_when_cancelled);
	assert_string_equal(trace, "1 1 1 0 0 1 1");
	assert_int_equal(syncs, 0);
}

static unsigned synced;
static int last_rc;

static void
syncs_dir(void *arg)
{
	last_rc = file_sync_dir(arg);
	synced++;
}

static void
start_syncs(unsigned n, const char *where)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(
		    fiber_start(rt, syncs_dir, (void *)(uintptr_t)where), 0);
}

static void
those_who_come_meanwhile_share(void **state)
{
	uint64_t made, asked;

	(void)state;
	synced = 0;
	hold_sync = true;
	start_syncs(1, dir);
	wait_for(&in_sync); /* the first has begun */
	start_syncs(50, dir);
	turn(rt);
	assert_int_equal(synced, 0);
	assert_int_equal(sem_post(&sync_may_go), 0);
	while (synced < 1)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
	turn(rt);
	wait_for(&in_sync); /* the second has begun, for all fifty */
	assert_int_equal(synced, 1);
	assert_int_equal(rt_fibers_in_use(rt), 50);
	start_syncs(3, dir);
	assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(synced, 54);
	assert_int_equal(syncs, 3);
	file_sync_dir_counts(rt, &made, &asked);
	assert_int_equal(made, 3);
	assert_int_equal(asked, 54);
}

static int
holds(void *arg)
{
	(void)arg;
	wait_for(&sync_may_go);
	return 0;
}

static void
holds_a_thread(void *arg)
{
	(void)arg;
	(void)rt_offload(holds, NULL);
}

static void
those_who_come_before_share(void **state)
{
	(void)state;
	synced = 0;
	/* All threads that the class may have are busy. */
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(fiber_start(rt, holds_a_thread, NULL), 0);
	start_syncs(20, dir);
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(synced, 20);
	assert_int_equal(syncs, 1);
	assert_int_equal(last_rc, 0);
}

static void
all_get_the_error(void **state)
{
	(void)state;
	synced = 0;
	last_rc = 0;
	fail_sync = EIO;
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(fiber_start(rt, holds_a_thread, NULL), 0);
	start_syncs(5, dir);
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(synced, 5);
	assert_int_equal(syncs, 1);
	assert_int_equal(last_rc, -EIO);
}

static void
other_directories_do_not_wait(void **state)
{
	(void)state;
	synced = 0;
	hold_sync = true;
	start_syncs(1, dir);
	start_syncs(1, "/tmp");
	wait_for(&in_sync);
	wait_for(&in_sync); /* both at once */
	assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(synced, 2);
}

/* ---- published files ---- */

static unsigned published, not_published;

static void
publishes(void *arg)
{
	char from[128], to[128];

	(void)snprintf(from, sizeof(from), "%s/%s", dir, (const char *)arg);
	(void)snprintf(to, sizeof(to), "%s/new/%s", dir, (const char *)arg);
	last_rc = file_publish(from, to);
	if (last_rc == 0)
		published++;
	else
		not_published++;
}

static bool
is_there(const char *name)
{
	return access(path(name), F_OK) == 0;
}

static void
start_publish(const char *name, bool make)
{
	if (make) {
		int fd = open(path(name), O_CREAT | O_WRONLY, 0600);

		assert_true(fd != -1);
		(void)close(fd);
	}
	assert_int_equal(
	    fiber_start(rt, publishes, (void *)(uintptr_t)name), 0);
}

static void
set_up_publish(void)
{
	published = not_published = synced = 0;
	assert_int_equal(mkdir(path("new"), 0700), 0);
}

static void
renames_share_a_round(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	char where[128];
	uint64_t made, asked;

	(void)state;
	set_up_publish();
	(void)snprintf(where, sizeof(where), "%s/new", dir);
	hold_sync = true;
	start_publish("a", true);
	wait_for(&in_sync); /* a was renamed, its fsync runs */
	assert_true(is_there("new/a"));
	for (int i = 1; i < 5; i++)
		start_publish(names[i], true);
	start_syncs(1, where);
	turn(rt);
	assert_false(is_there("new/b")); /* its turn is the next round */
	assert_int_equal(published, 0);
	assert_int_equal(sem_post(&sync_may_go), 0);
	while (published < 1)
		(void)uv_run(rt_loop(rt), UV_RUN_ONCE);
	turn(rt);
	wait_for(&in_sync);
	assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(published, 5);
	assert_int_equal(synced, 1);
	assert_int_equal(syncs, 2);
	for (int i = 0; i < 5; i++)
		assert_false(is_there(names[i]));
	assert_true(is_there("new/e"));
	file_sync_dir_counts(rt, &made, &asked);
	assert_int_equal(made, 2);
	assert_int_equal(asked, 6);
}

/* A round that waits for a thread was handed over: a rename comes too late
 * for it, a sync does not. */
static void
renames_wait_for_the_next_round(void **state)
{
	char where[128];

	(void)state;
	set_up_publish();
	(void)snprintf(where, sizeof(where), "%s/new", dir);
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(fiber_start(rt, holds_a_thread, NULL), 0);
	start_syncs(1, where);
	turn(rt);
	start_publish("a", true);
	start_syncs(1, where);
	turn(rt);
	for (int i = 0; i < IO_THREADS / 2; i++)
		assert_int_equal(sem_post(&sync_may_go), 0);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(published, 1);
	assert_int_equal(synced, 2);
	assert_int_equal(syncs, 2);
	assert_true(is_there("new/a"));
}

static void
a_failed_rename_is_its_own(void **state)
{
	(void)state;
	set_up_publish();
	start_publish("none", false);
	start_publish("a", true);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(published, 1);
	assert_int_equal(not_published, 1);
	assert_true(is_there("new/a"));
}

static void
a_failed_sync_is_everyones(void **state)
{
	(void)state;
	set_up_publish();
	fail_sync = EIO;
	start_publish("a", true);
	start_publish("b", true);
	assert_int_equal(rt_run(rt), 0);
	assert_int_equal(not_published, 2);
	assert_int_equal(last_rc, -EIO);
	assert_true(is_there("new/a"));
}

/* ---- directories ---- */

static void
makes_dirs(void *arg)
{
	struct stat st;
	size_t keep = strlen(path("x"));

	(void)arg;
	note("%d", file_make_dirs(path("a/b/c"), 0, 0770));
	note("%d", stat(path("a/b"), &st));
	note("%o", st.st_mode & 07777);
	note("%d", file_make_dirs(path("a/b/c"), 0, 0700));
	note("%d", stat(path("a/b/c"), &st));
	note("%o", st.st_mode & 07777);
	/* `keep` itself may be missing, what is above it must not. */
	note("%d", file_make_dirs(path("x/y"), keep, 0700));
	note("%d", file_make_dirs(path("p/q/r"), strlen(path("p/q")), 0700) ==
		       -ENOENT);
	note("%d", file_make_dirs(path("z"), keep, 0700));
	(void)close(open(path("file"), O_CREAT | O_WRONLY, 0600));
	note("%d", file_make_dirs(path("file"), 0, 0700) == -ENOTDIR);
	note("%d", file_make_dirs(path("file/x"), 0, 0700) == -ENOTDIR);
	note("%d", file_make_dirs("/", 0, 0700));
}

static void
directories(void **state)
{
	(void)state;
	(void)umask(077);
	run(makes_dirs);
	assert_string_equal(trace, "0 0 770 0 0 770 0 1 0 1 1 0");
	assert_int_equal(syncs, 3 + 2 + 1); /* one above each that is new */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes),
		TEST(names),
		TEST(errors_are_negative),
		TEST(cancelled),
		TEST(those_who_come_meanwhile_share),
		TEST(those_who_come_before_share),
		TEST(all_get_the_error),
		TEST(other_directories_do_not_wait),
		TEST(renames_share_a_round),
		TEST(renames_wait_for_the_next_round),
		TEST(a_failed_rename_is_its_own),
		TEST(a_failed_sync_is_everyones),
		TEST(directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
