/* SPDX-License-Identifier: MIT */
/* domain.h - domain names and address literals (RFC 5321 4.1.2, 4.1.3). */
#ifndef HOOKLINE_SMTP_DOMAIN_H
#define HOOKLINE_SMTP_DOMAIN_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/inet.h"
#include "base/slice.h"

enum {
	SMTP_DOMAIN_UTF8 = 1 << 0,      /* U-labels, RFC 6531 */
	SMTP_DOMAIN_UNDERSCORE = 1 << 1 /* '_' counts as a letter */
};

/* Domain = sub-domain *("." sub-domain): letters, digits and inner hyphens,
 * labels of 1 to 63 octets, 255 in all, no dot at the end.  One label is
 * enough, and labels may be all digits. */
bool smtp_domain_is_valid(struct slice domain, unsigned flags);

enum smtp_literal_kind { SMTP_LITERAL_IPV4, SMTP_LITERAL_IPV6 };

struct smtp_literal {
	enum smtp_literal_kind kind; /* as written */
	struct inet_addr addr; /* port 0; IPv4-mapped IPv6 is held as IPv4 */
};

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]", all of `in`.  A literal with another
 * tag is refused: a tag has to be registered, and none but IPv6 is.
 * Returns 0 or -EINVAL with the reason in `err`.  RFC 5321 4.1.3. */
int smtp_literal_parse(
    struct slice in, struct smtp_literal *ret, struct err *err) WARN_UNUSED;

/* What HELO and EHLO may be given: a domain name or an address literal
 * (RFC 5321 4.1.1.1).  `flags` as smtp_domain_is_valid. */
bool smtp_hello_is_valid(struct slice host, unsigned flags);

#endif
