/* SPDX-License-Identifier: MIT */
/* dns_answer.c - the records that answer one question. */
#include "dns/dns_answer.h"

#include <errno.h>

#include "base/mem.h"
#include "dns/dns_answer_private.h"

#define ANSWER_MAGIC 0x616e7377u
#define ANSWER_BLOCK 512

static const struct {
	enum dns_type type;
	const char *name;
} types[] = {
	{ DNS_A, "A" },
	{ DNS_NS, "NS" },
	{ DNS_CNAME, "CNAME" },
	{ DNS_SOA, "SOA" },
	{ DNS_PTR, "PTR" },
	{ DNS_MX, "MX" },
	{ DNS_TXT, "TXT" },
	{ DNS_AAAA, "AAAA" },
	{ DNS_SRV, "SRV" },
	{ DNS_TLSA, "TLSA" },
	{ DNS_CAA, "CAA" },
};

static struct dns_answer_full *
full_of(struct dns_answer *answer)
{
	struct dns_answer_full *full =
	    CONTAINER_OF(answer, struct dns_answer_full, answer);

	CHECK_OBJ(full, ANSWER_MAGIC);
	return full;
}

struct dns_answer *
dns_answer__new(enum dns_type type, enum dns_status status, const char *name)
{
	struct dns_answer_full *full = mem_alloc(sizeof(*full));

	full->magic = ANSWER_MAGIC;
	full->refs = 1;
	arena_init(&full->arena, ANSWER_BLOCK, 0);
	full->answer.type = type;
	full->answer.status = status;
	full->answer.name = arena_str(&full->arena, slice_of(name));
	return &full->answer;
}

struct dns_record *
dns_answer__records(struct dns_answer *answer, unsigned count)
{
	struct dns_record *records =
	    arena_array(dns_answer__arena(answer), count, sizeof(*records));

	answer->count = count;
	answer->records = records;
	return records;
}

struct arena *
dns_answer__arena(struct dns_answer *answer)
{
	return &full_of(answer)->arena;
}

struct dns_answer *
dns_answer_ref(struct dns_answer *answer)
{
	full_of(answer)->refs++;
	return answer;
}

void
dns_answer_unref(struct dns_answer **answer_p)
{
	struct dns_answer *answer = *answer_p;
	struct dns_answer_full *full;

	*answer_p = NULL;
	if (answer == NULL)
		return;
	full = full_of(answer);
	CHECK(full->refs > 0);
	if (--full->refs > 0)
		return;
	arena_done(&full->arena);
	full->magic = 0;
	mem_free(full);
}

size_t
dns_answer_memory(const struct dns_answer *answer)
{
	const struct dns_answer_full *full =
	    (const struct dns_answer_full *)(const void *)answer;

	_Static_assert(offsetof(struct dns_answer_full, answer) == 0,
	    "the public part comes first");
	CHECK_OBJ(full, ANSWER_MAGIC);
	return sizeof(*full) + full->arena.used;
}

const char *
dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type == type)
			return types[i].name;
	}
	return "?";
}

int
dns_type_parse(struct slice text, enum dns_type *ret_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (slice_caseeq_text(text, types[i].name)) {
			*ret_type = types[i].type;
			return 0;
		}
	}
	return -EINVAL;
}
