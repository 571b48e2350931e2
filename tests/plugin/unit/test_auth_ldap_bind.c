/* SPDX-License-Identifier: MIT */
/* test_auth_ldap_bind.c - auth/auth_ldap_bind: what goes wrong without a
 * directory.  What it does with one: tests/services. */
#include "auth_test.h"

static void
hang_up(int fd)
{
	(void)fd;
}

static void
test_failures(void **state)
{
	char words[128];

	(void)state;
	service_open(f, false);
	(void)snprintf(words, sizeof(words),
	    "ldap_base dc=example ldap_port %u", service.port);
	assert_int_equal(plugin_load(words), 0);
	service.talk = hang_up;
	service_begin(NULL);
	(void)auth_run();
	service_end();
	auth_was_unavailable("hangs up", "search: Can't contact LDAP server");
	service_close();
	(void)auth_run();
	(void)snprintf(words, sizeof(words),
	    "directory ldap://127.0.0.1:%u: ", service.port);
	auth_was_unavailable("nobody there", words);
}

/* config/ldap is read at each login. */
static void
test_file(void **state)
{
	(void)state;
	assert_int_equal(plugin_load("ldap_timeout 1"), 0);
	(void)auth_run();
	auth_was_unavailable("no base", "ldap_base is not configured");
	fixture_write(f, "ldap",
	    "ldap_base dc=example, dc=com\nldap_host 127.0.0.1\n"
	    "ldap_port 1\nldap_tls starttls\n");
	(void)auth_run();
	auth_was_unavailable("StartTLS", "ldap://127.0.0.1:1: StartTLS: ");
	fixture_write(
	    f, "ldap", "ldap_base dc=example\nldap_port 1\nldap_tls ldaps\n");
	(void)auth_run();
	auth_was_unavailable("ldaps", "ldaps://127.0.0.1:1: search: ");
	fixture_write(
	    f, "ldap", "ldap_base dc=example\nldap_host ::1\nldap_port 1\n");
	(void)auth_run();
	auth_was_unavailable(
	    "IPv6", "ldap://[::1]:1: search: Can't contact LDAP server");
	fixture_write(f, "ldap", "ldap_base dc=example\nldap_tls yes\n");
	(void)auth_run();
	auth_was_unavailable("tls", "ldap_tls must be none, starttls or ldaps");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		AUTH_TEST(test_failures),
		AUTH_TEST(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
