/* SPDX-License-Identifier: MIT */
/* perl_dns.c - which DNS servers Perl's own Net::DNS asks. */
#include "perl_dns.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/inet.h"
#include "conf/conf_dir.h"
#include "conf/conf_list.h"
#include "dns/dns.h"

#define PORT 53

/* "ADDR ADDR ..."; the port of all. */
static unsigned
servers(struct conf_dir *conf, struct buf *ret)
{
	struct conf_list *list =
	    conf_get(conf, STR_EMPTY, STR_LIT("resolvers"));
	unsigned port = 0;

	for (size_t i = 0; i < conf_list_count(list); i++) {
		struct inet_addr server;
		char text[INET_TEXT_MAX];
		unsigned its;

		if (dns_server_parse(
			slice_str(conf_list_at(list, i)), &server) < 0)
			continue; /* told by whoever uses it */
		its = server.port != 0 ? server.port : PORT;
		if (port == 0)
			port = its;
		if (its != port)
			continue;
		server.port = 0;
		(void)inet_text(&server, text);
		buf_printf(ret, "%s%s", ret->n > 0 ? " " : "", text);
	}
	conf_list_unref(&list);
	return port != 0 ? port : PORT;
}

void
perl_dns_set(struct conf_dir *conf)
{
	struct buf addresses = BUF_INIT, options = BUF_INIT;
	unsigned port = servers(conf, &addresses);

	if (getenv("RES_NAMESERVERS") == NULL &&
	    getenv("RES_OPTIONS") == NULL) {
		if (addresses.n > 0)
			(void)setenv("RES_NAMESERVERS", addresses.p, 1);
		/* Net::DNS doubles the time for each further try. */
		buf_printf(&options, "port:%u retrans:%u retry:%u", port,
		    DNS_TIMEOUT_MS / 1000, DNS_TRIES);
		(void)setenv("RES_OPTIONS", options.p, 1);
	}
	buf_done(&options);
	buf_done(&addresses);
}
