/* SPDX-License-Identifier: MIT */
/* fuzz_command.c - a command line's parts make the line; domains and
 * literals agree with base/inet.h. */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "smtp/command.h"
#include "smtp/domain.h"

static void
check_split(struct slice line)
{
	struct smtp_command c = smtp_command_split(line), again;
	struct buf text = BUF_INIT;

	CHECK(c.word.n + c.rest.n <= line.n);
	CHECK(slice_find(c.word, ' ') == c.word.n);
	CHECK(c.rest.n == 0 || c.rest.p[0] != ' ');
	CHECK((c.verb == SMTP_VERB_UNKNOWN) ||
	      slice_caseeq_text(c.word, smtp_verbs[c.verb].name));
	buf_add_slice(&text, c.word);
	buf_add_char(&text, ' ');
	buf_add_slice(&text, c.rest);
	again = smtp_command_split(buf_slice(&text));
	CHECK(again.verb == c.verb);
	CHECK(slice_eq(again.word, c.word));
	CHECK(slice_eq(again.rest, c.rest));
	buf_done(&text);
}

static void
check_prefix(struct slice rest)
{
	struct slice after;

	if (!smtp_command_prefix(rest, "FROM:", &after))
		return;
	CHECK(slice_casestarts(rest, "from:"));
	CHECK(after.p + after.n == rest.p + rest.n);
	CHECK(after.n == 0 || (after.p[0] != ' ' && after.p[0] != '\t'));
}

/* An IPv6 address without "::" for one group, zeros in front of IPv4 parts
 * and a mapped address are read alike by inet_parse. */
static void
check_literal(struct slice in)
{
	struct smtp_literal literal, again;
	struct buf text = BUF_INIT;
	char addr[INET_TEXT_MAX];

	if (smtp_literal_parse(in, &literal, NULL) < 0) {
		CHECK(!slice_starts(in, "[") || !smtp_hello_is_valid(in, 0));
		return;
	}
	CHECK(smtp_hello_is_valid(in, 0));
	inet_text(&literal.addr, addr);
	buf_printf(&text, "[%s%s]",
	    literal.addr.family == INET_V6 ? "IPv6:" : "", addr);
	CHECK(smtp_literal_parse(buf_slice(&text), &again, NULL) == 0);
	CHECK(inet_eq(&again.addr, &literal.addr));
	buf_done(&text);
}

/* What inet_parse takes for an IPv6 address is a literal, and the same. */
static void
check_inet(struct slice in)
{
	struct smtp_literal literal;
	struct inet_addr addr;
	struct buf text = BUF_INIT;

	buf_printf(&text, "[%s%.*s]", slice_find(in, ':') < in.n ? "IPv6:" : "",
	    (int)in.n, in.p);
	if (inet_parse(in, &addr) == 0) {
		CHECK(
		    smtp_literal_parse(buf_slice(&text), &literal, NULL) == 0);
		CHECK(inet_eq(&addr, &literal.addr));
	}
	buf_done(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	unsigned flags = fuzz_byte(&in) & 3;

	check_split(in);
	check_prefix(in);
	check_literal(in);
	if (in.n < 64)
		check_inet(in);
	if (smtp_domain_is_valid(in, flags)) {
		CHECK(in.n > 0 && in.n <= 255);
		CHECK(smtp_hello_is_valid(in, flags));
		CHECK(in.p[0] != '.' && in.p[in.n - 1] != '.');
		CHECK(memmem(in.p, in.n, "..", 2) == NULL);
	}
	return 0;
}
