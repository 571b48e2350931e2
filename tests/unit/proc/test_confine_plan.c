/* SPDX-License-Identifier: MIT */
/* test_confine_plan.c - what needs become. */
#include "../unit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "proc/confine_plan.h"
#include "server/server.h"

static char top[] = "/tmp/hookline-plan-XXXXXX";
static struct confine_plan plan;
static struct buf log_text;
static char path_text[512];

static const char *
path_of(const char *name)
{
	(void)snprintf(path_text, sizeof(path_text), "%s/%s", top, name);
	return path_text;
}

static void
on_log(void *arg, enum log_level level, struct slice text)
{
	(void)arg;
	(void)level;
	buf_add_slice(&log_text, text);
}

static int
setup(void **state)
{
	int fd;

	(void)state;
	memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(top));
	assert_int_equal(mkdir(path_of("dir"), 0700), 0);
	fd = open(path_of("dir/file"), O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(symlink("dir/file", path_of("link")), 0);
	confine_plan_init(&plan);
	log_set_sink(on_log, NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	confine_plan_done(&plan);
	log_set_sink(NULL, NULL);
	buf_done(&log_text);
	(void)unlink(path_of("link"));
	(void)unlink(path_of("dir/file"));
	(void)rmdir(path_of("dir/made"));
	(void)rmdir(path_of("dir"));
	return rmdir(top);
}

/* All that was added since the last call: one place, or none ("-"). */
static void
is_place(const char *name, const char *path, bool may_write)
{
	const struct landlock_place *place = &plan.places[0];

	if (plan.place_count != (path != NULL))
		fail_msg("case '%s': %zu places", name, plan.place_count);
	if (path != NULL &&
	    (strcmp(place->path, path) != 0 || place->may_write != may_write))
		fail_msg("case '%s': %s", name, place->path);
	plan.place_count = 0;
}

static void
test_read(void **state)
{
	char dir[512];

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s", path_of("dir"));
	confine_plan_read(&plan, slice_of(path_of("dir/")));
	is_place("directory", dir, false);
	confine_plan_read(&plan, slice_of(dir));
	is_place("directory without slash", dir, false);
	confine_plan_read(&plan, slice_of(path_of("dir/file")));
	is_place("file", dir, false);
	confine_plan_read(&plan, slice_of(path_of("link")));
	is_place("link", dir, false);
	confine_plan_read(&plan, slice_of(path_of("dir/missing")));
	is_place("missing file", dir, false);
	confine_plan_read(&plan, slice_of(path_of("missing/file")));
	is_place("missing directory of a file", NULL, false);
	confine_plan_read(&plan, slice_of(path_of("missing/")));
	is_place("missing directory", NULL, false);
	confine_plan_read(&plan, SLICE_LIT("relative/file"));
	is_place("relative", NULL, false);
	confine_plan_read(&plan, SLICE_LIT("/etc/passwd"));
	is_place("in a shared directory", "/etc/passwd", false);
	confine_plan_read(&plan, SLICE_LIT("/var/lib/hookline-none"));
	is_place("missing, in a shared one", "/var/lib/hookline-none", false);
}

static void
test_write(void **state)
{
	char dir[512];

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s", path_of("dir"));
	confine_plan_write(&plan, slice_of(path_of("dir/")));
	is_place("directory", dir, true);
	confine_plan_write(&plan, slice_of(path_of("dir/file")));
	is_place("file", dir, true);
	confine_plan_write(&plan, slice_of(path_of("dir/new")));
	is_place("new file", dir, true);
	confine_plan_write(&plan, slice_of(path_of("dir/a/b/")));
	is_place("missing directory", dir, true);
	assert_int_equal(log_text.n, 0);
	confine_plan_write(&plan, SLICE_LIT("relative/"));
	is_place("relative", NULL, true);
}

static void
test_missing(void **state)
{
	char dir[512], made[512];
	struct stat st;

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s", path_of("dir"));
	(void)snprintf(made, sizeof(made), "%s", path_of("dir/made"));
	plan.own_dir = "/somewhere";
	confine_plan_write(&plan, slice_of(path_of("dir/made/")));
	is_place("another's", dir, true);
	assert_int_equal(stat(made, &st), -1);
	assert_non_null(strstr(log_text.p, "event=confined_wide"));
	buf_clear(&log_text);
	plan.own_dir = dir;
	confine_plan_write(&plan, slice_of(path_of("dir/made/")));
	is_place("ours", made, true);
	confine_plan_write(&plan, slice_of(path_of("dir/made/a/b/")));
	is_place("ours, far below", path_of("dir/made/a/b"), true);
	assert_int_equal(rmdir(path_of("dir/made/a/b")), 0);
	assert_int_equal(rmdir(path_of("dir/made/a")), 0);
	assert_int_equal(stat(made, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(log_text.n, 0);
}

static bool
has_read(const char *path)
{
	for (size_t i = 0; i < plan.place_count; i++)
		if (strcmp(plan.places[i].path, path) == 0)
			return !plan.places[i].may_write;
	return false;
}

static void
test_system(void **state)
{
	size_t usual;
	char dirs[600];

	(void)state;
	(void)unsetenv("SSL_CERT_FILE");
	(void)unsetenv("SSL_CERT_DIR");
	confine_plan_system(&plan);
	usual = plan.place_count;
	assert_true(has_read("/etc/ssl/certs"));
	assert_false(has_read(path_of("dir")));
	(void)setenv("SSL_CERT_FILE", path_of("link"), 1);
	confine_plan_system(&plan);
	assert_int_equal(plan.place_count, usual + 1);
	assert_true(has_read(path_of("dir")));
	assert_int_equal(mkdir(path_of("dir/made"), 0700), 0);
	(void)snprintf(
	    dirs, sizeof(dirs), "%s:/none:relative:", path_of("dir/made"));
	(void)setenv("SSL_CERT_DIR", dirs, 1);
	confine_plan_system(&plan);
	assert_int_equal(plan.place_count, usual + 2);
	assert_true(has_read(path_of("dir/made")));
	(void)unsetenv("SSL_CERT_FILE");
	(void)unsetenv("SSL_CERT_DIR");
}

static void
test_ports(void **state)
{
	const struct server_need needs[] = {
		{ SERVER_NEED_CONNECT, STR_LIT("127.0.0.1:783") },
		{ SERVER_NEED_CONNECT, STR_LIT("[::1]:783") },
		{ SERVER_NEED_CONNECT, STR_LIT("tls:redis.example:6380") },
		{ SERVER_NEED_CONNECT, STR_LIT("unix:/run/x") },
		{ SERVER_NEED_CONNECT, STR_LIT("nonsense") },
		{ SERVER_NEED_EXEC, STR_LIT("/bin/true") },
	};

	(void)state;
	confine_plan_needs(&plan, needs, ARRAY_SIZE(needs));
	assert_int_equal(plan.place_count, 0);
	assert_int_equal(plan.port_count, 2);
	assert_int_equal(plan.ports[0], 783);
	assert_int_equal(plan.ports[1], 6380);
	assert_false(confine_plan_rules(&plan).any_port);
	confine_plan_connect(&plan, SLICE_LIT("*"));
	assert_true(confine_plan_rules(&plan).any_port);
}

/* The tables grow. */
static void
test_many(void **state)
{
	(void)state;
	for (int i = 1; i <= 1000; i++) {
		(void)snprintf(path_text, sizeof(path_text), "/etc/x%d", i);
		confine_plan_read(&plan, slice_of(path_text));
		(void)snprintf(path_text, sizeof(path_text), "[::]:%d", i);
		confine_plan_connect(&plan, slice_of(path_text));
	}
	assert_int_equal(plan.place_count, 1000);
	assert_string_equal(plan.places[999].path, "/etc/x1000");
	assert_int_equal(plan.port_count, 1000);
	assert_int_equal(plan.ports[0], 1);
	assert_int_equal(plan.ports[999], 1000);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),
		TEST(test_write),
		TEST(test_missing),
		TEST(test_system),
		TEST(test_ports),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
