/* SPDX-License-Identifier: MIT */
/* test_proxy_header.c - headers of the PROXY protocol. */
#include "../unit.h"

#include <errno.h>

#include "base/err.h"
#include "net/proxy_header.h"

#define V2 "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(s)                 \
	(struct slice)           \
	{                        \
		s, sizeof(s) - 1 \
	}

struct header_case {
	const char *name;
	struct slice in;
	int size;        /* of the header; 0: more is needed */
	const char *err; /* ... or why not */
	bool is_local, is_unknown;
	const char *source, *destination;
	unsigned source_port, port;
};

static const struct header_case cases[] = {
	{ "v1 TCP4", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1025 25\r\nEHLO"),
	    40, NULL, false, false, "192.0.2.1", "192.0.2.2", 1025, 25 },
	{ "v1 shortest", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 0 1\r\n"), 32, NULL,
	    false, false, "1.1.1.1", "2.2.2.2", 0, 1 },
	{ "v1 TCP6", BYTES("PROXY TCP6 2001:db8::1 ::1 65535 25\r\n"), 37, NULL,
	    false, false, "2001:db8::1", "::1", 65535, 25 },
	{ "v1 mapped", BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 25\r\n"), 38,
	    NULL, false, false, "192.0.2.1", "::1", 1, 25 },
	{ "v1 unknown", BYTES("PROXY UNKNOWN\r\n"), 15, NULL, false, true, NULL,
	    NULL, 0, 0 },
	{ "v1 unknown with words", BYTES("PROXY UNKNOWN ff ff 1 2\r\n"), 25,
	    NULL, false, true, NULL, NULL, 0, 0 },
	{ "v1 unknowns", BYTES("PROXY UNKNOWNS\r\n"), -EINVAL, "bad address",
	    false, false, NULL, NULL, 0, 0 },
	{ "v1 bare LF", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 1\nEHLO"), -EINVAL,
	    "CRLF", false, false, NULL, NULL, 0, 0 },
	{ "v1 UDP4", BYTES("PROXY UDP4 1.1.1.1 2.2.2.2 1 1\r\n"), -EINVAL,
	    "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 family", BYTES("PROXY TCP4 ::1 ::1 1 1\r\n"), -EINVAL,
	    "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 two spaces", BYTES("PROXY TCP4  1.1.1.1 2.2.2.2 1 1\r\n"),
	    -EINVAL, "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 word behind", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 1 1\r\n"),
	    -EINVAL, "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 port", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n"), -EINVAL,
	    "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 port 025", BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 025\r\n"), -EINVAL,
	    "bad address", false, false, NULL, NULL, 0, 0 },
	{ "v1 without end",
	    BYTES("PROXY UNKNOWN aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    -EINVAL, "no end", false, false, NULL, NULL, 0, 0 },
	{ "v1 lower case", BYTES("proxy UNKNOWN\r\n"), -EINVAL,
	    "no PROXY header", false, false, NULL, NULL, 0, 0 },
	{ "SMTP", BYTES("EHLO client.example\r\n"), -EINVAL, "no PROXY header",
	    false, false, NULL, NULL, 0, 0 },
	{ "TLS", BYTES("\x16\x03\x01"), -EINVAL, "no PROXY header", false,
	    false, NULL, NULL, 0, 0 },
	{ "v2 IPv4",
	    BYTES(V2 "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\4\1\0\x19"
		     "EHLO"),
	    28, NULL, false, false, "192.0.2.1", "192.0.2.2", 1025, 25 },
	{ "v2 IPv6",
	    BYTES(V2 "\x21\x21\0\x24\x20\1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
		     "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\2\4\1\0\x19"),
	    52, NULL, false, false, "2001:db8::1", "192.0.2.2", 1025, 25 },
	{ "v2 local", BYTES(V2 "\x20\x00\0\0"), 16, NULL, true, false, NULL,
	    NULL, 0, 0 },
	{ "v2 local with anything", BYTES(V2 "\x20\xff\0\3abc"), 19, NULL, true,
	    false, NULL, NULL, 0, 0 },
	{ "v2 unspecified", BYTES(V2 "\x21\x00\0\0"), 16, NULL, false, true,
	    NULL, NULL, 0, 0 },
	{ "v2 Unix socket, cut off", BYTES(V2 "\x21\x31\0\0"), -EINVAL,
	    "cut off", false, false, NULL, NULL, 0, 0 },
	{ "v2 TLV",
	    BYTES(V2 "\x21\x11\0\x12\1\1\1\1\2\2\2\2\0\1\0\2\x02\0\3abc"), 34,
	    NULL, false, false, "1.1.1.1", "2.2.2.2", 1, 2 },
	{ "v2 TLV cut off",
	    BYTES(V2 "\x21\x11\0\x12\1\1\1\1\2\2\2\2\0\1\0\2\x02\0\4abc"),
	    -EINVAL, "TLV", false, false, NULL, NULL, 0, 0 },
	{ "v2 bad checksum",
	    BYTES(V2 "\x21\x11\0\x13\1\1\1\1\2\2\2\2\0\1\0\2\x03\0\4abcd"),
	    -EINVAL, "checksum", false, false, NULL, NULL, 0, 0 },
	{ "v2 checksum",
	    BYTES(V2 "\x21\x11\0\x13\1\1\1\1\2\2\2\2\0\1\0\2"
		     "\x03\0\4\x86\x72\x11\x37"),
	    35, NULL, false, false, "1.1.1.1", "2.2.2.2", 1, 2 },
	{ "v2 short addresses", BYTES(V2 "\x21\x11\0\4\1\1\1\1"), -EINVAL,
	    "cut off", false, false, NULL, NULL, 0, 0 },
	{ "v2 UDP", BYTES(V2 "\x21\x12\0\x0c\1\1\1\1\2\2\2\2\0\1\0\2"), -EINVAL,
	    "transport 2", false, false, NULL, NULL, 0, 0 },
	{ "v2 version", BYTES(V2 "\x31\x11\0\0"), -EINVAL, "version 3", false,
	    false, NULL, NULL, 0, 0 },
	{ "v2 command", BYTES(V2 "\x22\x11\0\0"), -EINVAL, "command 2", false,
	    false, NULL, NULL, 0, 0 },
	{ "v2 too long", BYTES(V2 "\x21\x11\xff\xff"), -EINVAL, "too long",
	    false, false, NULL, NULL, 0, 0 },
};

static void
check_header(const struct header_case *c, const struct proxy_header *got)
{
	char text[INET_TEXT_MAX];

	UNIT_CASE(c->name, got->is_local == c->is_local);
	UNIT_CASE(c->name, got->is_unknown == c->is_unknown);
	if (c->is_local || c->is_unknown)
		return;
	(void)inet_text(&got->source, text);
	UNIT_CASE(c->name, strcmp(text, c->source) == 0);
	(void)inet_text(&got->destination, text);
	UNIT_CASE(c->name, strcmp(text, c->destination) == 0);
	UNIT_CASE(c->name, got->source.port == c->source_port);
	UNIT_CASE(c->name, got->destination.port == c->port);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct header_case *c = &cases[i];
		struct proxy_header header;
		struct err err = { 0 };
		size_t want = 0;
		int size = proxy_header_parse(c->in, &header, &want, &err);

		UNIT_CASE(c->name, size == c->size);
		if (size > 0)
			check_header(c, &header);
		if (size < 0)
			UNIT_CASE(c->name, strstr(err.text, c->err) != NULL);
	}
}

/* Who reads only what is wanted ends exactly behind the header. */
static void
test_want(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct header_case *c = &cases[i];
		struct proxy_header header;
		size_t have = 0, want = 1;
		int size = 0;

		while (size == 0) {
			struct err err = { 0 };

			have += want;
			if (have > c->in.n)
				break;
			size = proxy_header_parse(
			    slice_head(c->in, have), &header, &want, &err);
			UNIT_CASE(c->name, size != 0 || want > 0);
		}
		if (c->size > 0)
			UNIT_CASE(
			    c->name, size == c->size && (int)have == size);
		else
			UNIT_CASE(c->name, size < 0);
	}
}

static void
test_ssl(void **state)
{
	struct proxy_header header = {
		.tlvs = BYTES("\x02\0\1a"
			      "\x20\0\x20\x07\0\0\0\0\x21\0\7TLSv1.3\x22\0\2me"
			      "\x23\0\x09"
			      "AES256-GC")
	};
	struct proxy_ssl ssl;

	(void)state;
	assert_true(proxy_header_ssl(&header, &ssl));
	assert_true(ssl.used && ssl.cert && ssl.cert_verified);
	unit_slice_is("version", ssl.version, "TLSv1.3");
	unit_slice_is("cn", ssl.cn, "me");
	unit_slice_is("cipher", ssl.cipher, "AES256-GC");
	header.tlvs = slice_head(header.tlvs, 4);
	assert_false(proxy_header_ssl(&header, &ssl));
	assert_false(ssl.used);
	header.tlvs = BYTES("\x20\0\5\x01\0\0\0\1");
	assert_true(proxy_header_ssl(&header, &ssl));
	assert_true(ssl.used && !ssl.cert && !ssl.cert_verified);
	assert_null(ssl.cn.p);
	header.tlvs = BYTES("\x20\0\4\x01\0\0\0");
	assert_false(proxy_header_ssl(&header, &ssl));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_want),
		cmocka_unit_test(test_ssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
