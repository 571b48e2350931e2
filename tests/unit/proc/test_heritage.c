/* SPDX-License-Identifier: MIT */
/* test_heritage.c - what the master writes is what the worker reads. */
#include "../unit.h"

#include <errno.h>
#include <sys/mman.h>

#include "proc/heritage.h"

static void
test_there_and_back(void **state)
{
	struct heritage_socket sockets[] = {
		{ 7, 1, 3, STR_LIT("127.0.0.1:25 plugins=plugins") },
		{ 8, 2, 0, STR_LIT("unix:/run/x tls name=y") },
	};
	const struct heritage in = {
		.generation = 4,
		.slot = 3,
		.workers = 8,
		.segment = 13,
		.master_pid = 4711,
		.channel_fd = 4,
		.shm_fd = 5,
		.shm_rw_fd = 6,
		.tls_fd = 10,
		.tickets_fd = 11,
		.config_dir = STR_LIT("/etc/a = b"),
		.state_dir = STR_LIT("/var/lib/x"),
		.sockets = sockets,
		.socket_count = 2,
	};
	struct heritage out;
	struct arena arena;
	struct err err;
	int fd;

	(void)state;
	arena_init(&arena, 1024, 0);
	fd = heritage_write(&in, &err);
	assert_true(fd >= 0);
	assert_int_equal(heritage_read(fd, &arena, &out, &err), 0);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(out.generation, 4);
	assert_int_equal(out.slot, 3);
	assert_int_equal(out.workers, 8);
	assert_int_equal(out.segment, 13);
	assert_int_equal(out.master_pid, 4711);
	assert_int_equal(out.channel_fd, 4);
	assert_int_equal(out.shm_fd, 5);
	assert_int_equal(out.shm_rw_fd, 6);
	assert_int_equal(out.tls_fd, 10);
	assert_int_equal(out.tickets_fd, 11);
	assert_string_equal(out.config_dir.p, "/etc/a = b");
	assert_string_equal(out.state_dir.p, "/var/lib/x");
	assert_int_equal(out.socket_count, 2);
	assert_int_equal(out.sockets[0].fd, 7);
	assert_int_equal(out.sockets[0].slot, 3);
	assert_string_equal(out.sockets[1].line.p, "unix:/run/x tls name=y");
	arena_done(&arena);
}

static void
test_newline_is_refused(void **state)
{
	const struct heritage in = {
		.config_dir = STR_LIT("/etc/a\nslot=9"),
		.state_dir = STR_LIT("/var/lib/x"),
	};
	struct err err;

	(void)state;
	assert_int_equal(heritage_write(&in, &err), -EINVAL);
}

#define GOOD                                                            \
	"generation=1\nslot=0\nworkers=1\nsegment=0\nmaster_pid=1\n"    \
	"channel_fd=4\nshm_fd=5\nshm_rw_fd=6\ntls_fd=0\ntickets_fd=0\n" \
	"config_dir=/c\nstate_dir=/s\n"

static const struct {
	const char *name, *text;
	int rc;
} cases[] = {
	{ "good", GOOD, 0 },
	{ "empty", "", -EINVAL },
	{ "short", "generation=1\n", -EINVAL },
	{ "unknown key", GOOD "x=1\n", -EINVAL },
	{ "no =", GOOD "x\n", -EINVAL },
	{ "bad number", GOOD "slot=-1\n", -EINVAL },
	{ "huge number", GOOD "slot=4294967296\n", -EINVAL },
	{ "bad socket", GOOD "socket=7 1\n", -EINVAL },
	{ "socket", GOOD "socket=7 1 0 127.0.0.1:25\n", 0 },
	{ "noise",
	    "\x7f"
	    "ELF\n\n\n\n\n\n\n\n\n\n\n\n",
	    -EINVAL },
};

static void
test_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = memfd_create("test", MFD_CLOEXEC);
		size_t n = strlen(cases[i].text);
		struct heritage out;
		struct arena arena;
		struct err err;

		arena_init(&arena, 1024, 0);
		assert_int_equal(write(fd, cases[i].text, n), n);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		UNIT_CASE(cases[i].name,
		    heritage_read(fd, &arena, &out, &err) == cases[i].rc);
		arena_done(&arena);
	}
}

static void
test_no_descriptor(void **state)
{
	struct heritage out;
	struct arena arena;
	struct err err;

	(void)state;
	arena_init(&arena, 1024, 0);
	assert_int_equal(heritage_read(-1, &arena, &out, &err), -EINVAL);
	assert_non_null(strstr(err.text, "hookline serve"));
	arena_done(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_newline_is_refused),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_no_descriptor),
	};

	return cmocka_run_group_tests_name("heritage", tests, NULL, NULL);
}
