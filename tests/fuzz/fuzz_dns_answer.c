/* SPDX-License-Identifier: MIT */
/* fuzz_dns_answer.c - any bytes as a resolver's reply: refused, or an answer
 * that keeps what dns_answer.h promises.
 *
 * The first byte chooses the type asked for.  The name asked for is the one
 * in the reply's question, if there is one, so that most inputs get beyond
 * it.
 */
#include "fuzz.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <string.h>

#include "dns/dns_reply.h"

static const enum dns_type types[] = { DNS_A, DNS_NS, DNS_CNAME, DNS_SOA,
	DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_SRV, DNS_TLSA, DNS_CAA };

static void
check_text(hl_str text)
{
	CHECK(text.p != NULL);
	CHECK(strlen(text.p) == text.n);
}

/* A name of an answer can be asked for. */
static void
check_name(hl_str text)
{
	struct dns_name name;

	check_text(text);
	CHECK(dns_name_parse((struct slice){ text.p, text.n }, &name) == 0);
	CHECK(dns_name_is(&name, text.p));
}

static void
check_record(enum dns_type type, const struct dns_record *record)
{
	CHECK(record->ttl <= INT32_MAX);
	switch (type) {
	case DNS_A:
		CHECK(record->addr.family == INET_V4);
		break;
	case DNS_AAAA:
		CHECK(record->addr.family == INET_V6 ||
		      record->addr.family == INET_V4);
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		check_name(record->name);
		break;
	case DNS_SOA:
		check_name(record->soa.primary);
		check_name(record->soa.mailbox);
		break;
	case DNS_MX:
		check_name(record->mx.host);
		break;
	case DNS_TXT:
		check_text(record->text);
		break;
	case DNS_SRV:
		check_name(record->srv.target);
		break;
	case DNS_TLSA:
		CHECK(record->tlsa.data.n <= NS_MAXMSG);
		CHECK(record->tlsa.data.p[record->tlsa.data.n] == '\0');
		break;
	case DNS_CAA:
		check_text(record->caa.tag);
		check_text(record->caa.value);
		break;
	}
}

static void
check_answer(enum dns_type type, const struct dns_answer *answer)
{
	CHECK(answer->type == type);
	CHECK(answer->count <= DNS_RECORDS_MAX);
	CHECK((answer->count > 0) == (answer->status == DNS_FOUND));
	CHECK(answer->ttl <= DNS_TTL_MAX);
	check_name(answer->name);
	for (unsigned i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		check_record(type, record);
		CHECK(type != DNS_MX || i == 0 ||
		      record[-1].mx.preference <= record->mx.preference);
		CHECK(type != DNS_SRV || i == 0 ||
		      record[-1].srv.priority <= record->srv.priority);
	}
}

static void
name_asked_for(const uint8_t *bytes, size_t n, struct dns_name *ret)
{
	char text[NS_MAXDNAME];

	if (n > 12 &&
	    ns_name_uncompress(
		bytes, bytes + n, bytes + 12, text, sizeof(text)) > 0 &&
	    dns_name_parse(slice_of(text), ret) == 0)
		return;
	CHECK(dns_name_parse(SLICE_LIT("a.example"), ret) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	enum dns_type type = types[fuzz_byte(&in) % ARRAY_SIZE(types)];
	struct dns_reply reply = { 0 };
	struct dns_name name;
	int rc;

	name_asked_for((const uint8_t *)in.p, in.n, &name);
	rc = dns_reply_parse(
	    (const uint8_t *)in.p, in.n, &name, type, DNS_ALIASES_MAX, &reply);
	if (rc < 0) {
		CHECK(rc == -EAGAIN || rc == -EPROTO);
		CHECK(reply.answer == NULL);
		return 0;
	}
	CHECK(reply.aliases <= DNS_ALIASES_MAX);
	if (reply.answer == NULL) {
		CHECK(reply.aliases > 0);
		check_name(str_of(reply.alias.text));
	} else {
		check_answer(type, reply.answer);
	}
	dns_answer_unref(&reply.answer);
	return 0;
}
