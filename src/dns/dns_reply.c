/* SPDX-License-Identifier: MIT */
/* dns_reply.c - from a question to its bytes, and from the bytes of a reply
 * to an answer.
 *
 * glibc's ns_initparse and ns_parserr walk the sections and check that each
 * record lies inside the message; what is inside a record is checked here.
 * A malformed record of the type asked for makes the whole reply malformed:
 * a policy must not decide on half of a set.
 */
#include "dns/dns_reply.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "dns/dns_answer_private.h"
#include "dns/dns_rdata.h"

/* Records of the answer and of the authority section that are looked at. */
#define ANSWERS_MAX (DNS_RECORDS_MAX + DNS_ALIASES_MAX)
#define AUTHORITY_MAX 16

static void
put16(uint8_t **p, unsigned value)
{
	*(*p)++ = (uint8_t)(value >> 8);
	*(*p)++ = (uint8_t)value;
}

size_t
dns_question_write(const struct dns_name *name, enum dns_type type, uint16_t id,
    bool with_edns, uint8_t buf[DNS_QUESTION_MAX])
{
	uint8_t *p = buf;

	put16(&p, id);
	put16(&p, 0x0100); /* RD */
	put16(&p, 1);
	put16(&p, 0);
	put16(&p, 0);
	put16(&p, with_edns);
	memcpy(p, name->wire, name->wire_n);
	p += name->wire_n;
	put16(&p, type);
	put16(&p, ns_c_in);
	if (with_edns) { /* RFC 6891 6.1.2 */
		*p++ = 0;
		put16(&p, ns_t_opt);
		put16(&p, DNS_EDNS_SIZE);
		put16(&p, 0);
		put16(&p, 0);
		put16(&p, 0);
	}
	return (size_t)(p - buf);
}

static struct dns_rdata
rdata_of(const ns_msg *msg, const ns_rr *rr)
{
	return (struct dns_rdata){
		.msg = ns_msg_base(*msg),
		.end = ns_msg_end(*msg),
		.p = ns_rr_rdata(*rr),
		.n = ns_rr_rdlen(*rr),
	};
}

/* RFC 2181 8: a TTL with the highest bit set is 0. */
static uint32_t
ttl_of(const ns_rr *rr)
{
	uint32_t ttl = (uint32_t)ns_rr_ttl(*rr);

	return ttl > INT32_MAX ? 0 : ttl;
}

static bool
rr_is(const ns_rr *rr, unsigned type, const struct dns_name *name)
{
	return ns_rr_type(*rr) == type && ns_rr_class(*rr) == ns_c_in &&
	       dns_name_is(name, ns_rr_name(*rr));
}

/* Finds the alias of `name` and puts its target there.  Returns 1; 0 there is
 * none; -EAGAIN malformed. */
static int
alias_follow(ns_msg *msg, struct dns_name *name, uint32_t *least_ttl)
{
	char text[NS_MAXDNAME];
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*msg, ns_s_an); i++) {
		struct dns_rdata rd;

		if (ns_parserr(msg, ns_s_an, i, &rr) < 0)
			return -EAGAIN;
		if (!rr_is(&rr, ns_t_cname, name))
			continue;
		rd = rdata_of(msg, &rr);
		if (!dns_rdata_name(&rd, text) || rd.n != 0 ||
		    dns_name_parse(
			slice_of(text[0] == '\0' ? "." : text), name) < 0)
			return -EAGAIN;
		if (ttl_of(&rr) < *least_ttl)
			*least_ttl = ttl_of(&rr);
		return 1;
	}
	return 0;
}

/* Counts the records of the set; -EAGAIN malformed or oversized. */
static int
set_count(ns_msg *msg, const struct dns_name *name, enum dns_type type)
{
	int count = 0;
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*msg, ns_s_an); i++) {
		if (ns_parserr(msg, ns_s_an, i, &rr) < 0)
			return -EAGAIN;
		count += rr_is(&rr, type, name);
	}
	return count <= DNS_RECORDS_MAX ? count : -EAGAIN;
}

static int
set_fill(ns_msg *msg, const struct dns_name *name, struct dns_answer *answer,
    struct dns_record *records)
{
	unsigned filled = 0;
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(*msg, ns_s_an); i++) {
		struct dns_record *record = &records[filled];
		struct dns_rdata rd;

		if (ns_parserr(msg, ns_s_an, i, &rr) < 0)
			return -EAGAIN;
		if (!rr_is(&rr, answer->type, name))
			continue;
		CHECK(filled < answer->count);
		rd = rdata_of(msg, &rr);
		if (!dns_rdata_take(
			&rd, answer->type, dns_answer__arena(answer), record) ||
		    rd.n != 0)
			return -EAGAIN;
		record->ttl = ttl_of(&rr);
		if (record->ttl < answer->ttl)
			answer->ttl = record->ttl;
		filled++;
	}
	CHECK(filled == answer->count);
	return 0;
}

static unsigned
rank(enum dns_type type, const struct dns_record *record)
{
	if (type == DNS_MX)
		return record->mx.preference;
	return type == DNS_SRV ? record->srv.priority : 0;
}

/* Insertion: at most DNS_RECORDS_MAX, and equal ones keep their order. */
static void
set_sort(enum dns_type type, struct dns_record *records, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct dns_record record = records[i];
		unsigned to = i;

		while (to > 0 &&
		       rank(type, &records[to - 1]) > rank(type, &record)) {
			records[to] = records[to - 1];
			to--;
		}
		records[to] = record;
	}
}

/* How long a negative answer may be kept (RFC 2308 5): the less of the SOA's
 * TTL and its minimum.  Returns whether there is a SOA. */
static bool
negative_ttl(ns_msg *msg, uint32_t *ret_ttl)
{
	struct arena arena;
	struct dns_record soa;
	bool found = false;
	ns_rr rr;

	*ret_ttl = 0;
	for (int i = 0;
	     !found && i < ns_msg_count(*msg, ns_s_ns) && i < AUTHORITY_MAX;
	     i++) {
		struct dns_rdata rd;

		if (ns_parserr(msg, ns_s_ns, i, &rr) < 0)
			return false;
		if (ns_rr_type(rr) != ns_t_soa)
			continue;
		rd = rdata_of(msg, &rr);
		arena_init(&arena, 512, 0);
		found = dns_rdata_take(&rd, DNS_SOA, &arena, &soa);
		arena_done(&arena);
	}
	if (found)
		*ret_ttl = ttl_of(&rr) < soa.soa.minimum ? ttl_of(&rr)
							 : soa.soa.minimum;
	return found;
}

/* The question that the reply repeats is ours. */
static bool
is_reply_to(ns_msg *msg, const struct dns_name *name, enum dns_type type)
{
	ns_rr rr;

	return ns_msg_getflag(*msg, ns_f_qr) == 1 &&
	       ns_msg_getflag(*msg, ns_f_opcode) == ns_o_query &&
	       ns_msg_count(*msg, ns_s_qd) == 1 &&
	       ns_parserr(msg, ns_s_qd, 0, &rr) == 0 && rr_is(&rr, type, name);
}

static void
set_ttl(struct dns_answer *answer, const struct dns_reply *reply)
{
	if (answer->ttl > reply->ttl)
		answer->ttl = reply->ttl;
	if (answer->ttl > DNS_TTL_MAX)
		answer->ttl = DNS_TTL_MAX;
}

/* `reply->alias` is the name at the end of the chain. */
static int
parse_set(
    ns_msg *msg, enum dns_type type, unsigned count, struct dns_reply *reply)
{
	struct dns_answer *answer =
	    dns_answer__new(type, DNS_FOUND, reply->alias.text);
	struct dns_record *records = dns_answer__records(answer, count);
	int rc;

	answer->ttl = UINT32_MAX;
	rc = set_fill(msg, &reply->alias, answer, records);
	if (rc < 0) {
		dns_answer_unref(&answer);
		return rc;
	}
	set_sort(type, records, count);
	set_ttl(answer, reply);
	reply->answer = answer;
	return 0;
}

static void
parse_negative(ns_msg *msg, enum dns_type type, struct dns_reply *reply)
{
	bool no_name = ns_msg_getflag(*msg, ns_f_rcode) == ns_r_nxdomain;
	uint32_t ttl;

	/* An alias without the set it points to and without a statement
	 * about it: the server has not looked. */
	if (!negative_ttl(msg, &ttl) && reply->aliases > 0 && !no_name)
		return;
	reply->answer = dns_answer__new(
	    type, no_name ? DNS_NO_NAME : DNS_NO_DATA, reply->alias.text);
	reply->answer->ttl = ttl;
	set_ttl(reply->answer, reply);
}

/* RFC 1034 3.6.2; the server may give the aliases in any order. */
static int
parse_aliases(ns_msg *msg, enum dns_type type, unsigned max_aliases,
    struct dns_reply *reply)
{
	int rc = 1;

	while (type != DNS_CNAME && rc > 0) {
		rc = alias_follow(msg, &reply->alias, &reply->ttl);
		if (rc > 0 && ++reply->aliases > max_aliases)
			rc = -EAGAIN;
	}
	return rc < 0 ? rc : 0;
}

int
dns_reply_parse(const uint8_t *bytes, size_t n, const struct dns_name *name,
    enum dns_type type, unsigned max_aliases, struct dns_reply *ret_reply)
{
	ns_msg msg;
	int count, rc;
	unsigned rcode;

	if (n > NS_MAXMSG || ns_initparse(bytes, (int)n, &msg) < 0)
		return -EAGAIN;
	rcode = (unsigned)ns_msg_getflag(msg, ns_f_rcode);
	if (rcode == ns_r_formerr)
		return -EPROTO;
	if ((rcode != ns_r_noerror && rcode != ns_r_nxdomain) ||
	    !is_reply_to(&msg, name, type) ||
	    ns_msg_count(msg, ns_s_an) > ANSWERS_MAX)
		return -EAGAIN;
	ret_reply->answer = NULL;
	ret_reply->alias = *name;
	ret_reply->aliases = 0;
	ret_reply->ttl = UINT32_MAX;
	rc = parse_aliases(&msg, type, max_aliases, ret_reply);
	if (rc < 0)
		return rc;
	count = set_count(&msg, &ret_reply->alias, type);
	if (count < 0)
		return count;
	if (count > 0)
		return parse_set(&msg, type, (unsigned)count, ret_reply);
	parse_negative(&msg, type, ret_reply);
	return 0;
}
