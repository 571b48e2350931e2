/* SPDX-License-Identifier: MIT */
/* dns_ask.c - asks the resolver what its standard input says.
 *
 *	dns_ask SERVER[:PORT]... <questions
 *
 * A question is a line "NAME TYPE"; all of them are asked at once, each from
 * a fiber of its own.  The answers are printed in the order of the questions:
 *	NAME TYPE: found ttl=60 name=a.example | 10 mx1.example | ...
 *	NAME TYPE: no-name ttl=60 name=a.example
 *	NAME TYPE: -EAGAIN
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "dns/dns.h"
#include "rt/fiber.h"
#include "rt/rt.h"

#define QUESTIONS_MAX 1000

struct question {
	char *text;
	struct slice name;
	enum dns_type type;
	struct dns *dns;
	struct buf out;
};

static unsigned left;
static struct rt *rt;

static void
put_hex(struct buf *out, struct slice bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		buf_printf(out, "%02x", (unsigned char)bytes.p[i]);
}

static void
put_record(struct buf *out, enum dns_type type, const struct dns_record *record)
{
	char addr[INET_TEXT_MAX];

	buf_add_text(out, " | ");
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		(void)inet_text(&record->addr, addr);
		buf_add_text(out, addr);
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		buf_add_text(out, record->name.p);
		break;
	case DNS_MX:
		buf_printf(
		    out, "%u %s", record->mx.preference, record->mx.host.p);
		break;
	case DNS_TXT:
		buf_add_text(out, record->text.p);
		break;
	case DNS_SOA:
		buf_printf(out, "%s %s %u %u", record->soa.primary.p,
		    record->soa.mailbox.p, record->soa.serial,
		    record->soa.minimum);
		break;
	case DNS_SRV:
		buf_printf(out, "%u %u %u %s", record->srv.priority,
		    record->srv.weight, record->srv.port, record->srv.target.p);
		break;
	case DNS_TLSA:
		buf_printf(out, "%u %u %u ", record->tlsa.usage,
		    record->tlsa.selector, record->tlsa.matching);
		put_hex(out, record->tlsa.data);
		break;
	case DNS_CAA:
		buf_printf(out, "%u %s %s", record->caa.flags,
		    record->caa.tag.p, record->caa.value.p);
		break;
	}
}

static void
put_answer(struct buf *out, const struct dns_answer *answer)
{
	static const char *const statuses[] = {
		[DNS_FOUND] = "found",
		[DNS_NO_NAME] = "no-name",
		[DNS_NO_DATA] = "no-data",
	};

	buf_printf(out, "%s ttl=%u name=%s", statuses[answer->status],
	    answer->ttl, answer->name.p);
	for (unsigned i = 0; i < answer->count; i++)
		put_record(out, answer->type, &answer->records[i]);
}

static void
ask(void *arg)
{
	struct question *question = arg;
	struct dns_answer *answer = NULL;
	int rc =
	    dns_query(question->dns, question->name, question->type, &answer);

	if (rc >= 0)
		put_answer(&question->out, answer);
	else
		buf_printf(&question->out, "-%s", strerrorname_np(-rc));
	dns_answer_unref(&answer);
	if (--left == 0)
		rt_stop(rt);
}

static bool
question_read(struct question *question, struct dns *dns)
{
	char line[1200];
	struct slice rest;

	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	question->text = mem_dup(slice_trim(slice_of(line)));
	question->dns = dns;
	rest = slice_of(question->text);
	question->name = slice_word(&rest);
	if (dns_type_parse(slice_word(&rest), &question->type) < 0) {
		(void)fprintf(stderr, "dns_ask: %s: no type\n", line);
		exit(2);
	}
	return true;
}

static struct dns *
resolver_open(int count, char **servers)
{
	struct inet_addr addrs[DNS_SERVERS_MAX];
	struct dns_options options = { .servers = addrs };
	struct err err = { 0 };
	struct dns *dns;

	for (int i = 0; i < count && i < DNS_SERVERS_MAX; i++) {
		if (dns_server_parse(slice_of(servers[i]), &addrs[i]) < 0) {
			(void)fprintf(stderr, "dns_ask: %s?\n", servers[i]);
			exit(2);
		}
		options.server_count++;
	}
	if (dns_new(rt, &options, &dns, &err) < 0) {
		(void)fprintf(stderr, "dns_ask: %s\n", err.text);
		exit(2);
	}
	return dns;
}

int
main(int argc, char **argv)
{
	static struct question questions[QUESTIONS_MAX];
	unsigned count = 0;
	struct dns *dns;

	rt = rt_new(NULL);
	dns = resolver_open(argc - 1, argv + 1);
	while (count < QUESTIONS_MAX && question_read(&questions[count], dns))
		count++;
	left = count;
	for (unsigned i = 0; i < count; i++) {
		if (fiber_start(rt, ask, &questions[i]) < 0)
			return 2;
	}
	while (left > 0)
		(void)rt_run(rt);
	for (unsigned i = 0; i < count; i++) {
		(void)printf("%s: %s\n", questions[i].text, questions[i].out.p);
		buf_done(&questions[i].out);
		mem_free(questions[i].text);
	}
	dns_free(&dns);
	(void)rt_run(rt);
	rt_free(&rt);
	return 0;
}
