/* SPDX-License-Identifier: MIT */
/* rcpt_domains.h - how many domains a session sends to (RFC 9422 4.3). */
#ifndef HOOKLINE_SERVER_RCPT_DOMAINS_H
#define HOOKLINE_SERVER_RCPT_DOMAINS_H

#include "session.h"

/* May the session have a recipient at this domain, with config/max_domains? */
bool rcpt_domains_allow(
    const struct session *session, const struct hl_addr *addr);
/* It has one now.  Kept in the session's memory, while there is a limit. */
void rcpt_domains_add(struct session *session, const struct hl_addr *addr);

#endif
