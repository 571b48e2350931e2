/* SPDX-License-Identifier: MIT */
/* rcpt_domains.c - how many domains a session sends to (RFC 9422 4.3). */
#include "rcpt_domains.h"

struct rcpt_domain {
	struct rcpt_domain *next;
	hl_str name; /* its ASCII form */
};

/* Known, or of no domain; *ret_count: of those that are known. */
static bool
is_known(const struct session *session, hl_str name, int64_t *ret_count)
{
	bool known = name.n == 0;

	*ret_count = 0;
	for (const struct rcpt_domain *at = session->rcpt_domains; at != NULL;
	     at = at->next) {
		known = known || str_caseeq(at->name, name);
		++*ret_count;
	}
	return known;
}

bool
rcpt_domains_allow(const struct session *session, const struct hl_addr *addr)
{
	int64_t max = session->limits->max_domains, count;

	return max == 0 || is_known(session, addr->host_ascii, &count) ||
	       count < max;
}

void
rcpt_domains_add(struct session *session, const struct hl_addr *addr)
{
	struct arena *arena = &session->conv.arena;
	struct rcpt_domain *domain;
	int64_t count;

	if (session->limits->max_domains == 0 ||
	    is_known(session, addr->host_ascii, &count))
		return;
	domain = arena_alloc(arena, sizeof(*domain));
	domain->name = arena_str(arena, slice_str(addr->host_ascii));
	domain->next = session->rcpt_domains;
	session->rcpt_domains = domain;
}
