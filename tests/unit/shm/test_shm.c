/* SPDX-License-Identifier: MIT */
/* test_shm.c - segments given out, seen by others, and cleared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shm/peers.h"
#include "shm/running.h"
#include "shm/shm.h"
#include "shm/stats.h"

static struct shm *
master(void)
{
	struct shm *shm;
	struct err err;

	assert_int_equal(shm_create(&shm, &err), 0);
	return shm;
}

static struct shm *
worker(struct shm *shm, unsigned segment)
{
	struct shm *view;
	struct err err;
	int fd = shm_open_readonly(shm);

	assert_true(fd >= 0);
	assert_int_equal(shm_attach(fd, fcntl(shm->fd, F_DUPFD_CLOEXEC, 0),
			     segment, &view, &err),
	    0);
	return view;
}

static void
test_four_segments_a_slot(void **state)
{
	struct shm *shm = master();
	struct err err;
	unsigned segment;

	(void)state;
	for (unsigned i = 0; i < SHM_PER_SLOT; i++) {
		assert_int_equal(shm_take(shm, 3, i, &segment, &err), 0);
		assert_int_equal(segment, 3 * SHM_PER_SLOT + i);
		assert_int_equal(shm_taken(shm, 3), i + 1);
	}
	assert_int_equal(shm_take(shm, 3, 9, &segment, &err), -ENOBUFS);
	assert_non_null(strstr(err.text, "slot 3"));
	/* Another slot is not concerned; a cleared one is free again. */
	assert_int_equal(shm_take(shm, 2, 9, &segment, &err), 0);
	shm_clear(shm, 3 * SHM_PER_SLOT + 2);
	assert_int_equal(shm_take(shm, 3, 9, &segment, &err), 0);
	assert_int_equal(segment, 3 * SHM_PER_SLOT + 2);
	shm_free(&shm);
	assert_null(shm);
}

static void
test_others_see_what_one_writes(void **state)
{
	struct shm *shm = master(), *one, *two;
	const struct shm_segment *seen;
	struct err err;
	unsigned a, b;

	(void)state;
	assert_int_equal(shm_take(shm, 0, 1, &a, &err), 0);
	one = worker(shm, a);
	/* The second is given out after the first was started. */
	assert_int_equal(shm_take(shm, 1, 1, &b, &err), 0);
	shm_set_pid(shm, b, 4711);
	two = worker(shm, b);
	shm_add(&shm_totals(two)->accepted, 7);
	seen = shm_segment(one, b);
	assert_non_null(seen);
	assert_int_equal(seen->totals.accepted, 7);
	assert_int_equal(seen->pid, 4711);
	assert_int_equal(seen->slot, 1);
	assert_int_equal(shm_segment(shm, b)->totals.accepted, 7);
	assert_null(shm_segment(one, b + 1));
	assert_null(shm_segment(one, SHM_SEGMENT_MAX));
	shm_free(&one);
	shm_free(&two);
	shm_free(&shm);
}

static void
test_clear_zeroes_for_everybody(void **state)
{
	struct shm *shm = master(), *one, *two;
	struct err err;
	unsigned a, b;

	(void)state;
	assert_int_equal(shm_take(shm, 0, 1, &a, &err), 0);
	assert_int_equal(shm_take(shm, 1, 1, &b, &err), 0);
	one = worker(shm, a);
	two = worker(shm, b);
	shm_add(&shm_totals(two)->accepted, 7);
	assert_non_null(shm_segment(one, b));
	shm_free(&two);
	shm_clear(shm, b);
	assert_null(shm_segment(one, b));
	assert_int_equal(shm_take(shm, 1, 2, &b, &err), 0);
	assert_int_equal(shm_segment(one, b)->totals.accepted, 0);
	assert_int_equal(shm_segment(one, b)->generation, 2);
	shm_free(&one);
	shm_free(&shm);
}

static void
test_tick(void **state)
{
	struct shm *shm = master(), *one, *two;
	struct err err;
	unsigned a, b;

	(void)state;
	assert_int_equal(shm_take(shm, 0, 1, &a, &err), 0);
	assert_int_equal(shm_take(shm, 1, 1, &b, &err), 0);
	one = worker(shm, a);
	two = worker(shm, b);
	shm_tick(shm, b);
	shm_tick(shm, b);
	assert_int_equal(shm_tick_get(one), 0);
	assert_int_equal(shm_tick_get(two), 2);
	shm_free(&one);
	shm_free(&two);
	shm_free(&shm);
}

/* A worker cannot make the segments of others writable. */
static void
test_readonly_stays_readonly(void **state)
{
	struct shm *shm = master(), *one;
	struct err err;
	unsigned a, b;

	(void)state;
	assert_int_equal(shm_take(shm, 0, 1, &a, &err), 0);
	assert_int_equal(shm_take(shm, 1, 1, &b, &err), 0);
	one = worker(shm, a);
	assert_int_equal(mprotect((void *)(uintptr_t)shm_segment(one, b), 4096,
			     PROT_READ | PROT_WRITE),
	    -1);
	assert_int_equal(errno, EACCES);
	shm_free(&one);
	shm_free(&shm);
}

static void
test_attach_refuses(void **state)
{
	struct shm *shm = master(), *view = NULL;
	struct err err;
	int fd;

	(void)state;
	fd = shm_open_readonly(shm);
	assert_int_equal(
	    shm_attach(fd, fcntl(shm->fd, F_DUPFD_CLOEXEC, 0), 0, &view, &err),
	    -EINVAL);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(shm_attach(fd, dup(fd), 0, &view, &err) < 0);
	assert_null(view);
	shm_free(&shm);
}

static void
test_faults(void **state)
{
	struct shm *shm = shm_private();
	char text[SHM_FAULTS_MAX];
	char *large = test_malloc(SHM_FAULTS_MAX * 2);

	(void)state;
	shm_faults_get(shm_segment(shm, 0), text);
	assert_string_equal(text, "");
	shm_faults_set(shm, SLICE_LIT("config/me:1: bad name"));
	shm_faults_get(shm_segment(shm, 0), text);
	assert_string_equal(text, "config/me:1: bad name");
	memset(large, 'x', SHM_FAULTS_MAX * 2);
	shm_faults_set(shm, (struct slice){ large, SHM_FAULTS_MAX * 2 });
	shm_faults_get(shm_segment(shm, 0), text);
	assert_int_equal(strlen(text), SHM_FAULTS_MAX - 1);
	shm_faults_set(shm, SLICE_NONE);
	shm_faults_get(shm_segment(shm, 0), text);
	assert_string_equal(text, "");
	test_free(large);
	shm_free(&shm);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four_segments_a_slot),
		cmocka_unit_test(test_others_see_what_one_writes),
		cmocka_unit_test(test_clear_zeroes_for_everybody),
		cmocka_unit_test(test_tick),
		cmocka_unit_test(test_readonly_stays_readonly),
		cmocka_unit_test(test_attach_refuses),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests_name("shm", tests, NULL, NULL);
}
