/* SPDX-License-Identifier: MIT */
/* test_landlock.c - what is asked of kernels of every age.  The system calls
 * are answered here; the real ones are tested in tests/process. */
#include "../unit.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sys/syscall.h>

#include "proc/landlock.h"

static int abi; /* negative errno: none */
static uint64_t asked_fs, asked_net, asked_scoped;
static unsigned places, ports;
static uint64_t file_rights, dir_rights;
static int restricted;
static int fail_at; /* errno of landlock_restrict_self */

long __wrap_syscall(long number, ...);

static long
create(const uint64_t *attr, unsigned flags)
{
	if (abi < 0) {
		errno = -abi;
		return -1;
	}
	if (flags == LANDLOCK_CREATE_RULESET_VERSION)
		return abi;
	asked_fs = attr[0];
	asked_net = attr[1];
	asked_scoped = attr[2];
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static long
add(int type, const void *attr)
{
	const struct landlock_path_beneath_attr *place = attr;

	if (type != LANDLOCK_RULE_PATH_BENEATH) {
		ports++;
		return 0;
	}
	if (places++ == 0)
		dir_rights = place->allowed_access;
	else
		file_rights = place->allowed_access;
	return 0;
}

long
__wrap_syscall(long number, ...)
{
	va_list args;
	long rc = 0, a[4];

	va_start(args, number);
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_landlock_create_ruleset) {
		rc = create((const uint64_t *)a[0], (unsigned)a[2]);
	} else if (number == SYS_landlock_add_rule) {
		rc = add((int)a[1], (const void *)a[2]);
	} else if (fail_at != 0) {
		errno = fail_at;
		rc = -1;
	} else {
		restricted++;
	}
	return rc;
}

static int
setup(void **state)
{
	(void)state;
	asked_fs = asked_net = asked_scoped = file_rights = dir_rights = 0;
	places = ports = 0;
	restricted = fail_at = 0;
	return 0;
}

static int
apply(bool any_port)
{
	static const struct landlock_place two[] = {
		{ "/tmp", true },
		{ "/dev/null", true },
		{ "/hookline/none", true },
	};
	static const uint16_t port[] = { 53 };
	const struct landlock_rules rules = { .places = two,
		.place_count = ARRAY_SIZE(two),
		.ports = port,
		.port_count = 1,
		.any_port = any_port };

	return landlock_apply(&rules);
}

static void
test_none(void **state)
{
	(void)state;
	abi = -ENOSYS;
	assert_int_equal(landlock_abi(), -ENOSYS);
	assert_int_equal(apply(false), -ENOSYS);
	abi = -EOPNOTSUPP; /* built in, not switched on */
	assert_int_equal(apply(false), -EOPNOTSUPP);
	abi = -EPERM; /* a container's filter */
	assert_int_equal(apply(false), -EPERM);
	abi = 1; /* would forbid what a maildir does */
	assert_int_equal(apply(false), -EOPNOTSUPP);
	assert_int_equal(restricted, 0);
}

static const struct {
	int abi;
	uint64_t fs, net, scoped;
	unsigned ports;
} ages[] = {
	{ 2, 0x3fff, 0, 0, 0 },
	{ 3, 0x7fff, 0, 0, 0 },
	{ 4, 0x7fff, 3, 0, 1 },
	{ 5, 0xffff, 3, 0, 1 },
	{ 6, 0xffff, 3, 3, 1 },
	{ 99, 0xffff, 3, 3, 1 },
};

static void
test_ages(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		(void)setup(state);
		abi = ages[i].abi;
		assert_int_equal(apply(false), abi);
		assert_int_equal(asked_fs, ages[i].fs);
		assert_int_equal(asked_net, ages[i].net);
		assert_int_equal(asked_scoped, ages[i].scoped);
		/* The one that is not there is left out. */
		assert_int_equal(places, 2);
		assert_int_equal(ports, ages[i].ports);
		assert_int_equal(restricted, 1);
		/* Rules ask for nothing that the ruleset does not handle, or
		 * the kernel refuses them. */
		assert_int_equal(dir_rights & ~asked_fs, 0);
		assert_int_equal(file_rights & ~asked_fs, 0);
		assert_true(dir_rights & LANDLOCK_ACCESS_FS_REFER);
		assert_false(dir_rights & LANDLOCK_ACCESS_FS_EXECUTE);
		assert_false(file_rights & LANDLOCK_ACCESS_FS_MAKE_REG);
		assert_true(file_rights & LANDLOCK_ACCESS_FS_WRITE_FILE);
	}
}

static void
test_any_port(void **state)
{
	(void)state;
	abi = 6;
	assert_int_equal(apply(true), 6);
	assert_int_equal(asked_net, 1); /* to bind is forbidden all the same */
	assert_int_equal(ports, 0);
}

static void
test_too_many_layers(void **state)
{
	(void)state;
	abi = 6;
	fail_at = E2BIG;
	assert_int_equal(apply(false), -E2BIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_none, setup),
		cmocka_unit_test_setup(test_ages, setup),
		cmocka_unit_test_setup(test_any_port, setup),
		cmocka_unit_test_setup(test_too_many_layers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
