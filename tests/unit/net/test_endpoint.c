/* SPDX-License-Identifier: MIT */
/* test_endpoint.c - addresses as written in configuration files. */
#include "../unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "net/endpoint.h"

struct endpoint_case {
	const char *text;
	int listen, dial; /* 0 or -EINVAL */
	enum endpoint_kind kind;
	const char *name; /* or the address as text */
	unsigned port;
	bool is_tls;
};

static const struct endpoint_case cases[] = {
	{ "127.0.0.1:25", 0, 0, ENDPOINT_INET, "127.0.0.1", 25, false },
	{ "0.0.0.0:0", 0, -EINVAL, ENDPOINT_INET, "0.0.0.0", 0, false },
	{ "[::1]:2525", 0, 0, ENDPOINT_INET, "::1", 2525, false },
	{ "[::]:25", 0, 0, ENDPOINT_INET, "::", 25, false },
	{ "unix:/run/a b", 0, 0, ENDPOINT_UNIX, "/run/a b", 0, false },
	{ "a.example:783", -EINVAL, 0, ENDPOINT_HOST, "a.example", 783, false },
	{ "tls:192.0.2.1:465", -EINVAL, 0, ENDPOINT_INET, "192.0.2.1", 465,
	    true },
	{ "tls:a.example:465", -EINVAL, 0, ENDPOINT_HOST, "a.example", 465,
	    true },
	{ "", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "127.0.0.1", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "127.0.0.1:", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "127.0.0.1:65536", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "127.0.0.1:-1", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "127.0.0.1:25 ", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ ":25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "::1:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "[::1]", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "[::1:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "[127.0.0.1]:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "[]:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "a b:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "a/b:25", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "unix:", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "unix:relative", -EINVAL, -EINVAL, 0, NULL, 0, false },
	{ "tls:", -EINVAL, -EINVAL, 0, NULL, 0, false },
};

static void
check_endpoint(
    const struct endpoint_case *c, const struct endpoint *got, bool is_tls)
{
	char addr[INET_TEXT_MAX];

	UNIT_CASE(c->text, got->kind == c->kind);
	UNIT_CASE(c->text, got->addr.port == c->port);
	UNIT_CASE(c->text, got->is_tls == is_tls);
	if (c->kind == ENDPOINT_INET) {
		(void)inet_text(&got->addr, addr);
		UNIT_CASE(c->text, strcmp(addr, c->name) == 0);
	} else {
		UNIT_CASE(c->text, strcmp(got->name, c->name) == 0);
	}
}

static void
test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct endpoint_case *c = &cases[i];
		struct endpoint endpoint;
		struct err err = { 0 };
		int rc =
		    endpoint_parse_listen(slice_of(c->text), &endpoint, &err);

		UNIT_CASE(c->text, rc == c->listen);
		UNIT_CASE(c->text, (rc < 0) == (err.text[0] != '\0'));
		if (rc == 0)
			check_endpoint(c, &endpoint, false);
		err = (struct err){ 0 };
		rc = endpoint_parse_dial(slice_of(c->text), &endpoint, &err);
		UNIT_CASE(c->text, rc == c->dial);
		UNIT_CASE(c->text, (rc < 0) == (err.text[0] != '\0'));
		if (rc == 0)
			check_endpoint(c, &endpoint, c->is_tls);
	}
}

/* The longest that fit, and one more. */
static void
test_lengths(void **state)
{
	char text[400];
	struct endpoint endpoint;
	struct sockaddr_storage addr;
	const struct sockaddr_un *un = (void *)&addr;
	size_t len;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + ENDPOINT_PATH_MAX] = '\0';
	assert_int_equal(
	    endpoint_parse_listen(slice_of(text), &endpoint, NULL), 0);
	len = endpoint_to_sockaddr(&endpoint, &addr);
	assert_int_equal(len, sizeof(*un));
	assert_int_equal(un->sun_family, AF_UNIX);
	assert_string_equal(un->sun_path, text + 5);
	text[5 + ENDPOINT_PATH_MAX] = 'x';
	text[6 + ENDPOINT_PATH_MAX] = '\0';
	assert_int_equal(
	    endpoint_parse_listen(slice_of(text), &endpoint, NULL), -EINVAL);
	memset(text, 'x', sizeof(text));
	memcpy(text + ENDPOINT_HOST_MAX, ":25", 4);
	assert_int_equal(
	    endpoint_parse_dial(slice_of(text), &endpoint, NULL), 0);
	memset(text, 'x', sizeof(text));
	memcpy(text + ENDPOINT_HOST_MAX + 1, ":25", 4);
	assert_int_equal(
	    endpoint_parse_dial(slice_of(text), &endpoint, NULL), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("net-endpoint", tests, NULL, NULL);
}
