/* SPDX-License-Identifier: MIT */
/* test_uribl_hosts.c - the hosts of a message, each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "uribl_hosts.h"

static struct hosts hosts;

static int
setup(void **state)
{
	(void)state;
	memset(&hosts, 0, sizeof(hosts));
	return 0;
}

static void
add_number(unsigned number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "host%u.example", number);
	hosts_add(&hosts, text, false);
}

static void
test_each_once(void **state)
{
	static const char want[] = "b.example\0a.example\0001.2.3.4";

	(void)state;
	hosts_add(&hosts, "b.example", false);
	hosts_add(&hosts, "a.example", false);
	hosts_add(&hosts, "b.example", false);
	hosts_add(&hosts, "1.2.3.4", true);
	hosts_add(&hosts, "a.example", false);
	assert_int_equal(hosts.count, 3);
	assert_int_equal(hosts.n, sizeof(want));
	assert_memory_equal(hosts.text, want, sizeof(want));
	assert_false(hosts.is_ip[1]);
	assert_true(hosts.is_ip[2]);
	assert_false(hosts.is_full);
}

/* What comes again costs one comparison, also the last of many. */
static void
test_cost(void **state)
{
	enum { AGAIN = 10000 };

	(void)state;
	for (unsigned i = 0; i < HOSTS_MAX; i++)
		add_number(i);
	assert_int_equal(hosts.count, HOSTS_MAX);
	assert_int_equal(hosts.compared, 0);
	for (unsigned i = 0; i < AGAIN; i++)
		add_number(HOSTS_MAX - 1);
	assert_int_equal(hosts.compared, AGAIN);
	assert_false(hosts.is_full);
}

static void
test_full(void **state)
{
	static char long_text[HOSTS_BYTES];

	(void)state;
	for (unsigned i = 0; i < HOSTS_MAX; i++)
		add_number(i);
	add_number(HOSTS_MAX);
	assert_true(hosts.is_full);
	assert_int_equal(hosts.count, HOSTS_MAX);
	/* By their bytes. */
	(void)setup(state);
	hosts_add(&hosts, "a.example", false);
	memset(long_text, 'x', sizeof(long_text));
	long_text[HOSTS_BYTES - sizeof("a.example")] = '\0';
	hosts_add(&hosts, long_text, false);
	assert_true(hosts.is_full);
	assert_int_equal(hosts.count, 1);
	(void)setup(state);
	hosts_add(&hosts, "a.example", false);
	long_text[HOSTS_BYTES - sizeof("a.example") - 1] = '\0';
	hosts_add(&hosts, long_text, false);
	assert_false(hosts.is_full);
	assert_int_equal(hosts.n, HOSTS_BYTES);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_once, setup),
		cmocka_unit_test_setup(test_cost, setup),
		cmocka_unit_test_setup(test_full, setup),
	};

	return cmocka_run_group_tests_name(
	    "plugins/uribl_hosts", tests, NULL, NULL);
}
