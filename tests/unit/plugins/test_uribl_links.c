/* SPDX-License-Identifier: MIT */
/* test_uribl_links.c - the hosts of links in a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "uribl_links.h"

/* Hosts with a space behind each; addresses are in brackets. */
static const struct {
	const char *in, *out;
} texts[] = {
	{ "", "" },
	{ "no links here.", "" },
	/* known top-level domains count anywhere */
	{ "See http://www.spam.com/ now.", "www.spam.com " },
	{ "See www.spam.com.", "www.spam.com " },
	{ "Spam.COM", "spam.com " },
	{ "write to me@a-b.spam.co.uk!", "a-b.spam.co.uk " },
	{ "spam.com,eggs.net;", "spam.com eggs.net " },
	{ "x_spam.com", "spam.com " },
	{ "x.de", "x.de " },
	{ "e.g. 1.5 a.b", "" },
	{ "spam.com...", "spam.com " },
	{ "spam.com..eggs.net", "spam.com eggs.net " },
	{ "...spam.com", "spam.com " },
	{ "--spam.com-", "spam.com " },
	{ "spam.com-eggs", "spam.com " },
	{ "spam.com.foo1", "spam.com " },
	{ "spam.com1", "" },
	{ "spam.com_x", "" },
	{ "spam.com.eggs.net_x", "spam.com " },
	{ "spam.com\xc3\xa4", "spam.com " },
	/* others only in links */
	{ "evil.click", "" },
	{ "www.evil.click", "www.evil.click " },
	{ "http://evil.click/", "evil.click " },
	{ "http://b\xc3\xbc.evil.click/", "" },
	{ "http://x.xn--p1ai/", "x.xn--p1ai " },
	{ "xyz:evil.click", "" },
	{ "xy://evil.click", "" },
	{ "evil.click http://good.example/evil.click", "good.example " },
	{ "https://user:pw@evil.click:80/", "evil.click " },
	{ "https://good.com@evil.click/", "good.com evil.click " },
	{ "http:////evil.click", "evil.click " },
	{ "http:/evil.click", "evil.click " },
	{ "http://spam.com?http://evil.click", "spam.com evil.click " },
	{ "http://a.com @evil.click", "a.com " },
	/* addresses */
	{ "http://192.0.2.7/x", "[7.2.0.192] " },
	{ "http://me@192.0.2.7:8080", "[7.2.0.192] " },
	{ "http://0xC0.0.02.0251/", "[169.2.0.192] " },
	{ "http://192.0.2.7.", "[7.2.0.192] " },
	{ "http://192.0.2.256/ http://192.0.2/ http://192.0.2.7.8/", "" },
	{ "http://192.0.2.0x/ http://192.0.2.08/ http://1..2.3/", "" },
	{ "192.0.2.7", "" },
	{ "http://3221226220/", "[236.2.0.192] " },
	{ "http://3221226220?a http://3221226221:80",
	    "[236.2.0.192] [237.2.0.192] " },
	{ "http://123456/ http://4294967296/ http://99999999999999999999/",
	    "" },
	{ "http://4294967295/", "[255.255.255.255] " },
	{ "http://1234567.8/ http://1234567a/", "" },
	/* what hides them */
	{ "www.sp=61m.com www.sp%61m.net", "www.spam.com www.spam.net " },
	{ "www.sp=\nam.com", "www.spam.com " },
	{ "www.sp=\r\nam.com", "www.spam.com " },
	{ "spa=\r\r\nm.com", "m.com " },
	{ "spa= \nm.com", "m.com " },
	{ "www.spam.co=\n\nm", "www.spam.co " },
	{ "www.sp&#97;m.com www.sp&#097m.net", "www.spam.com www.spam.net " },
	{ "www.sp=26#97;m.com", "www.spam.com " },
	{ "sp&#1am.com", "1am.com " },
	{ "sp&#999m.com", "m.com " },
	{ "www.spam;.com", "www.spam.com " },
	{ "www.spam%2ecom%2Feggs", "www.spam.com " },
	{ "http%3A%2F%2fevil.click", "evil.click " },
	{ "==41.com", "a.com " },
	{ "=4=\n1b.com =G1.com", "ab.com g1.com " },
	{ "=3D41.com", "41.com " },
	{ "a.com=", "a.com " },
	{ "a.com&#", "a.com " },
	{ "=?utf-8?q?spam.com?=", "spam.com " },
};

struct hearing {
	char out[2000];
	size_t n;
};

static void
on_found(void *arg, const char *host, bool is_ip)
{
	struct hearing *heard = arg;

	assert_true(strlen(host) <= LINKS_HOST_MAX);
	heard->n += (size_t)snprintf(heard->out + heard->n,
	    sizeof(heard->out) - heard->n, is_ip ? "[%s] " : "%s ", host);
	assert_true(heard->n < sizeof(heard->out));
}

static void
read_in_pieces(
    const char *in, size_t n, size_t piece, struct hearing *ret_heard)
{
	struct links links;

	memset(ret_heard, 0, sizeof(*ret_heard));
	links_init(&links, on_found, ret_heard);
	for (size_t at = 0; at < n; at += piece)
		links_read(&links, in + at, n - at < piece ? n - at : piece);
	links_end(&links);
}

static void
test_texts(void **state)
{
	struct hearing heard;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t piece = 1; piece < 5; piece++) {
			read_in_pieces(
			    texts[i].in, strlen(texts[i].in), piece, &heard);
			if (strcmp(heard.out, texts[i].out) != 0)
				print_error("%s\n", texts[i].in);
			assert_string_equal(heard.out, texts[i].out);
		}
	}
}

/* Of texts, one behind the other, nothing is joined. */
static void
test_anew(void **state)
{
	struct hearing heard = { .n = 0 };
	struct links links;

	(void)state;
	links_init(&links, on_found, &heard);
	links_read(&links, "http://=", 8);
	links_end(&links);
	links_read(&links, "evil.click spa", 14);
	links_end(&links);
	links_read(&links, "m.com", 5);
	links_end(&links);
	assert_string_equal(heard.out, "m.com ");
}

static void
test_lengths(void **state)
{
	struct hearing heard;
	char text[400];

	(void)state;
	/* Labels of 63 and 64 letters. */
	memset(text, 'a', sizeof(text));
	memcpy(text + 64, ".com ", 6);
	read_in_pieces(text, 68, 99, &heard);
	assert_string_equal(heard.out, "");
	read_in_pieces(text + 1, 67, 99, &heard);
	assert_int_equal(heard.n, 68);
	/* Names of 253 and 254. */
	memset(text, 'a', sizeof(text));
	for (size_t i = 49; i < sizeof(text); i += 50)
		text[i] = '.';
	memcpy(text + 249, ".com", 4);
	read_in_pieces(text, 253, 999, &heard);
	assert_int_equal(heard.n, 254);
	memcpy(text + 249, "a.com", 5);
	read_in_pieces(text, 254, 999, &heard);
	assert_string_equal(heard.out, "");
	/* What is longer hides nothing behind it. */
	memcpy(text + 300, " b.com", 7);
	read_in_pieces(text, 306, 999, &heard);
	assert_string_equal(heard.out, "b.com ");
}

static void
test_domain(void **state)
{
	static const struct {
		const char *host, *domain;
	} hosts[] = {
		{ "spam.com", "spam.com" },
		{ "a.b.spam.com", "spam.com" },
		{ "spam.co.uk", "spam.co.uk" },
		{ "www.spam.co.uk", "spam.co.uk" },
		{ "co.uk", NULL },
		{ "spam.de", "spam.de" },
		{ "uk.com", "uk.com" },
		{ "com", NULL },
		{ "x.", "x." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const char *domain = links_domain(hosts[i].host);

		if (hosts[i].domain == NULL)
			assert_null(domain);
		else
			assert_string_equal(domain, hosts[i].domain);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
