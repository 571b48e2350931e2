/* SPDX-License-Identifier: MIT */
/* dns_answer_private.h - how the parser fills an answer. */
#ifndef HOOKLINE_DNS_DNS_ANSWER_PRIVATE_H
#define HOOKLINE_DNS_DNS_ANSWER_PRIVATE_H

#include "base/arena.h"
#include "dns/dns_answer.h"

/* The whole object; `answer` is what others see. */
struct dns_answer_full {
	struct dns_answer answer;
	uint32_t magic;
	unsigned refs;
	struct arena arena; /* records and their texts */
};

/* One reference, no records. */
struct dns_answer *dns_answer__new(
    enum dns_type type, enum dns_status status, const char *name);
/* Makes room for `count` records; they are filled in by the caller before
 * anybody else sees the answer. */
struct dns_record *dns_answer__records(
    struct dns_answer *answer, unsigned count);
struct arena *dns_answer__arena(struct dns_answer *answer);

#endif
