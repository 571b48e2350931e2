/* SPDX-License-Identifier: MIT */
/* test_dns_reply.c - questions as bytes, and replies taken apart. */
#include "../unit.h"

#include <errno.h>

#include "dns/dns_reply.h"
#include "packet.h"

static struct packet packet;
static struct dns_reply reply;

static void
begin(const char *name, enum dns_type type, unsigned rcode)
{
	packet_begin(&packet, 1, PACKET_QR | rcode);
	packet_question(&packet, name, type);
}

static int
parse(const char *text, enum dns_type type)
{
	struct dns_name name;

	assert_int_equal(dns_name_parse(slice_of(text), &name), 0);
	memset(&reply, 0x55, sizeof(reply));
	reply.answer = NULL;
	return dns_reply_parse(
	    packet.bytes, packet.n, &name, type, DNS_ALIASES_MAX, &reply);
}

/* Parses a good reply with an answer. */
static const struct dns_answer *
answer_to(const char *text, enum dns_type type)
{
	assert_int_equal(parse(text, type), 0);
	assert_non_null(reply.answer);
	assert_int_equal(reply.answer->type, type);
	return reply.answer;
}

static void
done(void)
{
	dns_answer_unref(&reply.answer);
}

static void
test_question(void **state)
{
	static const uint8_t want[] = "\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01"
				      "\x01"
				      "a\x07"
				      "example\0\0\x0f\0\x01"
				      "\0\0\x29\x04\xd0\0\0\0\0\0";
	uint8_t buf[DNS_QUESTION_MAX];
	struct dns_name name;
	size_t n;

	(void)state;
	assert_int_equal(dns_name_parse(SLICE_LIT("A.example"), &name), 0);
	n = dns_question_write(&name, DNS_MX, 0x1234, true, buf);
	assert_int_equal(n, sizeof(want));
	assert_memory_equal(buf, want, n);
	n = dns_question_write(&name, DNS_MX, 0x1234, false, buf);
	assert_int_equal(n, sizeof(want) - 11);
	assert_int_equal(buf[11], 0);
}

static void
test_addresses(void **state)
{
	const struct dns_answer *answer;
	char text[INET_TEXT_MAX];

	(void)state;
	begin("a.example", DNS_A, 0);
	packet_rr_bytes(
	    &packet, SECTION_AN, "A.Example", DNS_A, 7, "\xc0\0\2\1", 4);
	packet_rr_bytes(
	    &packet, SECTION_AN, "other.example", DNS_A, 1, "1234", 4);
	packet_rr_bytes(
	    &packet, SECTION_AN, "a.example", DNS_A, 9, "\xc0\0\2\2", 4);
	answer = answer_to("a.example", DNS_A);
	assert_int_equal(answer->status, DNS_FOUND);
	assert_int_equal(answer->count, 2);
	assert_int_equal(answer->ttl, 7);
	assert_string_equal(answer->name.p, "a.example");
	assert_int_equal(answer->records[1].ttl, 9);
	(void)inet_text(&answer->records[0].addr, text);
	assert_string_equal(text, "192.0.2.1");
	(void)inet_text(&answer->records[1].addr, text);
	assert_string_equal(text, "192.0.2.2");
	done();

	begin("a.example", DNS_AAAA, 0);
	packet_rr_bytes(&packet, SECTION_AN, "a.example", DNS_AAAA, 9,
	    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	answer = answer_to("a.example", DNS_AAAA);
	(void)inet_text(&answer->records[0].addr, text);
	assert_string_equal(text, "2001:db8::1");
	done();
}

static void
test_mx_is_sorted(void **state)
{
	const struct dns_answer *answer;

	(void)state;
	begin("a.example", DNS_MX, 0);
	packet_mx(&packet, "a.example", 60, 20, "mx3.example");
	packet_mx(&packet, "a.example", 60, 10, "mx1.example");
	packet_mx(&packet, "a.example", 60, 65535, "mx4.example");
	packet_mx(&packet, "a.example", 60, 10, "mx2.example");
	answer = answer_to("a.example", DNS_MX);
	assert_int_equal(answer->count, 4);
	assert_string_equal(answer->records[0].mx.host.p, "mx1.example");
	assert_string_equal(answer->records[1].mx.host.p, "mx2.example");
	assert_string_equal(answer->records[2].mx.host.p, "mx3.example");
	assert_int_equal(answer->records[3].mx.preference, 65535);
	done();

	/* RFC 7505: no mail here. */
	begin("b.example", DNS_MX, 0);
	packet_mx(&packet, "b.example", 60, 0, "");
	answer = answer_to("b.example", DNS_MX);
	assert_string_equal(answer->records[0].mx.host.p, ".");
	done();
}

static void
test_txt_is_joined(void **state)
{
	const struct dns_answer *answer;
	char big[3 * 256];

	(void)state;
	begin("a.example", DNS_TXT, 0);
	packet_rr_bytes(&packet, SECTION_AN, "a.example", DNS_TXT, 60,
	    "\5v=spf\3"
	    "1 a\0\2\0b",
	    14);
	packet_rr_bytes(&packet, SECTION_AN, "a.example", DNS_TXT, 60, "", 1);
	memset(big, 'x', sizeof(big));
	big[0] = big[256] = big[512] = (char)255;
	packet_rr_bytes(
	    &packet, SECTION_AN, "a.example", DNS_TXT, 60, big, sizeof(big));
	answer = answer_to("a.example", DNS_TXT);
	assert_int_equal(answer->count, 3);
	assert_string_equal(answer->records[0].text.p, "v=spf1 a b");
	assert_int_equal(answer->records[0].text.n, 10);
	assert_string_equal(answer->records[1].text.p, "");
	assert_int_equal(answer->records[2].text.n, 3 * 255);
	done();
}

static void
test_other_types(void **state)
{
	const struct dns_answer *answer;
	size_t at;

	(void)state;
	begin("a.example", DNS_SOA, 0);
	packet_soa(&packet, SECTION_AN, "a.example", 60, 30);
	answer = answer_to("a.example", DNS_SOA);
	assert_string_equal(answer->records[0].soa.primary.p, "ns.example");
	assert_int_equal(answer->records[0].soa.serial, 2026);
	assert_int_equal(answer->records[0].soa.minimum, 30);
	done();

	begin("a.example", DNS_SRV, 0);
	at = packet_rr(&packet, SECTION_AN, "a.example", DNS_SRV, 60);
	packet_u16(&packet, 2);
	packet_u32(&packet, 0x0003000a);
	packet_name(&packet, "two.example");
	packet_rr_end(&packet, at);
	at = packet_rr(&packet, SECTION_AN, "a.example", DNS_SRV, 60);
	packet_u16(&packet, 1);
	packet_u32(&packet, 0x0000000b);
	packet_name(&packet, "one.example");
	packet_rr_end(&packet, at);
	answer = answer_to("a.example", DNS_SRV);
	assert_string_equal(answer->records[0].srv.target.p, "one.example");
	assert_int_equal(answer->records[1].srv.weight, 3);
	assert_int_equal(answer->records[1].srv.port, 10);
	done();

	begin("a.example", DNS_TLSA, 0);
	packet_rr_bytes(&packet, SECTION_AN, "a.example", DNS_TLSA, 60,
	    "\3\1\1\0\xff\0", 6);
	answer = answer_to("a.example", DNS_TLSA);
	assert_int_equal(answer->records[0].tlsa.usage, 3);
	assert_int_equal(answer->records[0].tlsa.data.n, 3);
	assert_memory_equal(answer->records[0].tlsa.data.p, "\0\xff\0", 3);
	done();

	begin("a.example", DNS_CAA, 0);
	packet_rr_bytes(&packet, SECTION_AN, "a.example", DNS_CAA, 60,
	    "\200\5issueca.example", 17);
	answer = answer_to("a.example", DNS_CAA);
	assert_int_equal(answer->records[0].caa.flags, 128);
	assert_string_equal(answer->records[0].caa.tag.p, "issue");
	assert_string_equal(answer->records[0].caa.value.p, "ca.example");
	done();

	/* Names are compressed, odd octets are escaped. */
	begin("a.example", DNS_PTR, 0);
	at = packet_rr(&packet, SECTION_AN, "a.example", DNS_PTR, 60);
	packet_bytes(&packet, "\3x.\1\xc0\x0e", 6);
	packet_rr_end(&packet, at);
	answer = answer_to("a.example", DNS_PTR);
	assert_string_equal(answer->records[0].name.p, "x\\.\\001.example");
	done();
}

static void
test_negative(void **state)
{
	const struct dns_answer *answer;

	(void)state;
	begin("a.example", DNS_MX, 3);
	packet_soa(&packet, SECTION_NS, "example", 200, 100);
	answer = answer_to("a.example", DNS_MX);
	assert_int_equal(answer->status, DNS_NO_NAME);
	assert_int_equal(answer->count, 0);
	assert_int_equal(answer->ttl, 100);
	done();

	begin("a.example", DNS_MX, 0);
	packet_soa(&packet, SECTION_NS, "example", 50, 100);
	answer = answer_to("a.example", DNS_MX);
	assert_int_equal(answer->status, DNS_NO_DATA);
	assert_int_equal(answer->ttl, 50);
	done();

	/* Without SOA it is not kept; neither for longer than the limit. */
	begin("a.example", DNS_MX, 3);
	assert_int_equal(answer_to("a.example", DNS_MX)->ttl, 0);
	done();
	begin("a.example", DNS_MX, 3);
	packet_soa(&packet, SECTION_NS, "example", 86400, 86400);
	assert_int_equal(answer_to("a.example", DNS_MX)->ttl, DNS_TTL_MAX);
	done();
}

static void
test_ttls(void **state)
{
	(void)state;
	begin("a.example", DNS_A, 0);
	packet_rr_bytes(
	    &packet, SECTION_AN, "a.example", DNS_A, 86400, "1234", 4);
	assert_int_equal(answer_to("a.example", DNS_A)->ttl, DNS_TTL_MAX);
	assert_int_equal(reply.answer->records[0].ttl, 86400);
	done();
	begin("a.example", DNS_A, 0);
	packet_rr_bytes(
	    &packet, SECTION_AN, "a.example", DNS_A, 0x80000001, "1234", 4);
	assert_int_equal(answer_to("a.example", DNS_A)->ttl, 0);
	done();
}

static void
add_chain(unsigned links, const char *end)
{
	char from[32], to[32];

	for (unsigned i = links; i-- > 0;) {
		(void)snprintf(from, sizeof(from), "c%u.example", i);
		(void)snprintf(to, sizeof(to), "c%u.example", i + 1);
		packet_rr_name(&packet, from, DNS_CNAME, 100 - i,
		    i + 1 == links ? end : to);
	}
}

static void
test_aliases(void **state)
{
	const struct dns_answer *answer;

	(void)state;
	/* Eight, in the wrong order. */
	begin("c0.example", DNS_A, 0);
	add_chain(8, "end.example");
	packet_rr_bytes(
	    &packet, SECTION_AN, "end.example", DNS_A, 200, "1234", 4);
	answer = answer_to("c0.example", DNS_A);
	assert_int_equal(answer->count, 1);
	assert_string_equal(answer->name.p, "end.example");
	assert_int_equal(answer->ttl, 93);
	done();

	begin("c0.example", DNS_A, 0);
	add_chain(9, "end.example");
	packet_rr_bytes(
	    &packet, SECTION_AN, "end.example", DNS_A, 200, "1234", 4);
	assert_int_equal(parse("c0.example", DNS_A), -EAGAIN);

	begin("c0.example", DNS_A, 0);
	add_chain(3, "c0.example");
	assert_int_equal(parse("c0.example", DNS_A), -EAGAIN);

	/* The alias itself, when that is what was asked for. */
	begin("c0.example", DNS_CNAME, 0);
	add_chain(2, "end.example");
	answer = answer_to("c0.example", DNS_CNAME);
	assert_int_equal(answer->count, 1);
	assert_string_equal(answer->records[0].name.p, "c1.example");
	done();

	/* What the chain ends in: nothing there, no such name, not said. */
	begin("c0.example", DNS_A, 0);
	add_chain(2, "end.example");
	packet_soa(&packet, SECTION_NS, "example", 60, 60);
	answer = answer_to("c0.example", DNS_A);
	assert_int_equal(answer->status, DNS_NO_DATA);
	assert_string_equal(answer->name.p, "end.example");
	done();
	begin("c0.example", DNS_A, 3);
	add_chain(2, "end.example");
	answer = answer_to("c0.example", DNS_A);
	assert_int_equal(answer->status, DNS_NO_NAME);
	done();
	begin("c0.example", DNS_A, 0);
	add_chain(2, "End.example");
	assert_int_equal(parse("c0.example", DNS_A), 0);
	assert_null(reply.answer);
	assert_string_equal(reply.alias.text, "end.example");
	assert_int_equal(reply.aliases, 2);
	assert_int_equal(reply.ttl, 99);
}

static void
add_many(const char *name, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		packet_rr_bytes(
		    &packet, SECTION_AN, name, DNS_A, 60, "1234", 4);
}

static void
test_many_records(void **state)
{
	(void)state;
	begin("a.example", DNS_A, 0);
	add_many("a.example", DNS_RECORDS_MAX);
	assert_int_equal(answer_to("a.example", DNS_A)->count, DNS_RECORDS_MAX);
	done();
	begin("a.example", DNS_A, 0);
	add_many("a.example", DNS_RECORDS_MAX + 1);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	begin("a.example", DNS_A, 0);
	add_many("other.example", 1000);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
}

static const struct {
	const char *what;
	enum dns_type type;
	const char *rdata;
	size_t n;
} malformed[] = {
	{ "A of 3 bytes", DNS_A, "123", 3 },
	{ "A of 5 bytes", DNS_A, "12345", 5 },
	{ "AAAA of 15 bytes", DNS_AAAA, "123456789012345", 15 },
	{ "MX without host", DNS_MX, "\0\12", 2 },
	{ "MX of one byte", DNS_MX, "\0", 1 },
	{ "MX with bytes behind", DNS_MX, "\0\12\1a\0x", 6 },
	{ "name that goes beyond", DNS_PTR, "\77abc", 4 },
	{ "name that points to itself", DNS_PTR, "\xc0\x27", 2 },
	{ "name that points beyond", DNS_PTR, "\xff\xff", 2 },
	{ "empty name field", DNS_NS, "", 0 },
	{ "reserved label", DNS_NS,
	    "\x80"
	    "a\0",
	    3 },
	{ "TXT without string", DNS_TXT, "", 0 },
	{ "TXT string that goes beyond", DNS_TXT, "\5abc", 4 },
	{ "SOA without numbers", DNS_SOA, "\0\0", 2 },
	{ "SOA with half a number", DNS_SOA,
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21 },
	{ "SRV without target", DNS_SRV, "\0\0\0\0\0\0", 6 },
	{ "TLSA of 2 bytes", DNS_TLSA, "\0\0", 2 },
	{ "CAA without tag", DNS_CAA, "\0\0x", 3 },
	{ "CAA tag that goes beyond", DNS_CAA, "\0\11issue", 7 },
};

/* Half of a set is no set. */
static void
test_malformed_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		begin("a.example", malformed[i].type, 0);
		packet_rr_bytes(&packet, SECTION_AN, "a.example",
		    malformed[i].type, 60, malformed[i].rdata, malformed[i].n);
		UNIT_CASE(malformed[i].what,
		    parse("a.example", malformed[i].type) == -EAGAIN);
	}
}

static void
test_not_a_reply(void **state)
{
	static const unsigned errors[] = { 2, 4, 5, 6, 9, 15 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		begin("a.example", DNS_A, errors[i]);
		assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	}
	begin("a.example", DNS_A, 1);
	assert_int_equal(parse("a.example", DNS_A), -EPROTO);
	/* A question, another name, another type, no question. */
	packet_begin(&packet, 1, 0);
	packet_question(&packet, "a.example", DNS_A);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	begin("b.example", DNS_A, 0);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	begin("a.example", DNS_MX, 0);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	packet_begin(&packet, 1, PACKET_QR);
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
	packet.n = 0;
	assert_int_equal(parse("a.example", DNS_A), -EAGAIN);
}

/* Every prefix of a good reply is malformed, none is read beyond. */
static void
test_cut_off(void **state)
{
	size_t whole;

	(void)state;
	begin("a.example", DNS_MX, 0);
	packet_mx(&packet, "a.example", 60, 20, "mx.example");
	packet_soa(&packet, SECTION_NS, "example", 60, 60);
	whole = packet.n;
	for (packet.n = 0; packet.n < whole; packet.n++)
		assert_int_equal(parse("a.example", DNS_MX), -EAGAIN);
	assert_int_equal(answer_to("a.example", DNS_MX)->count, 1);
	done();
}

static void
test_types(void **state)
{
	enum dns_type type;

	(void)state;
	assert_string_equal(dns_type_name(DNS_TLSA), "TLSA");
	assert_int_equal(dns_type_parse(SLICE_LIT("aaaa"), &type), 0);
	assert_int_equal(type, DNS_AAAA);
	assert_int_equal(dns_type_parse(SLICE_LIT("AXFR"), &type), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_mx_is_sorted),
		cmocka_unit_test(test_txt_is_joined),
		cmocka_unit_test(test_other_types),
		cmocka_unit_test(test_negative),
		cmocka_unit_test(test_ttls),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_many_records),
		cmocka_unit_test(test_malformed_records),
		cmocka_unit_test(test_not_a_reply),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests_name("dns-reply", tests, NULL, NULL);
}
