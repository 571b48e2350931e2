/* SPDX-License-Identifier: MIT */
/* fuzz_dns_name.c - any text as a name to ask for, or as a resolver's
 * address: refused, or it keeps its meaning when it is written again. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "dns/dns.h"
#include "dns/dns_name.h"

static void
check_name(struct slice in)
{
	struct dns_name name, again;
	size_t at = 0;

	if (dns_name_parse(in, &name) < 0)
		return;
	CHECK(name.wire_n >= 1 && name.wire[name.wire_n - 1] == 0);
	while (name.wire[at] != 0) {
		CHECK(name.wire[at] <= 63);
		at += 1u + name.wire[at];
		CHECK(at < name.wire_n);
	}
	CHECK(at + 1 == name.wire_n);
	CHECK(dns_name_parse(slice_of(name.text), &again) == 0);
	CHECK(again.wire_n == name.wire_n);
	CHECK(memcmp(again.wire, name.wire, name.wire_n) == 0);
	CHECK(strcmp(again.text, name.text) == 0);
	CHECK(dns_name_is(&name, again.text));
}

static void
check_server(struct slice in)
{
	struct inet_addr addr, again;
	char text[INET_TEXT_MAX], whole[INET_TEXT_MAX + 16];

	if (dns_server_parse(in, &addr) < 0)
		return;
	(void)inet_text(&addr, text);
	(void)snprintf(whole, sizeof(whole),
	    addr.family == INET_V6 ? "[%s]:%u" : "%s:%u", text,
	    addr.port == 0 ? 1 : addr.port);
	CHECK(dns_server_parse(slice_of(whole), &again) == 0);
	CHECK(addr.port == 0 || again.port == addr.port);
	again.port = addr.port;
	CHECK(inet_eq(&addr, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);

	check_name(in);
	check_server(in);
	return 0;
}
