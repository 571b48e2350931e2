/* SPDX-License-Identifier: MIT */
/* txn.c - the life of a transaction and its recipients. */
#include "txn.h"

#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"
#include "mail/notes.h"

#define TXN_MAGIC 0x7478306eu
#define TXN_BLOCK 1024

struct txn *
txn_new(const struct facts *facts, unsigned number, size_t cap)
{
	struct txn *txn = mem_alloc(sizeof(*txn));

	txn->magic = TXN_MAGIC;
	txn->refs = 1;
	arena_init(&txn->arena, TXN_BLOCK, cap);
	txn->account.cap = cap;
	list_init(&txn->rcpts);
	txn->since = mono_now();
	(void)snprintf(txn->id, sizeof(txn->id), "%s.%u", facts->sid, number);
	return txn;
}

struct txn *
txn_ref(struct txn *txn)
{
	CHECK_OBJ(txn, TXN_MAGIC);
	txn->refs++;
	return txn;
}

static void
txn_free(struct txn *txn)
{
	struct link *link;
	unsigned i;

	while ((link = list_pop_front(&txn->rcpts)) != NULL)
		notes_free(&CONTAINER_OF(link, struct hl_rcpt, link)->notes);
	if (txn->has_message)
		message_done(&txn->message);
	notes_free(&txn->notes);
	for (i = 0; i < txn->memory_count; i++)
		mem_free(txn->memory[i]);
	mem_free(txn->memory);
	arena_done(&txn->arena);
	txn->magic = 0;
	mem_free(txn);
}

void
txn_unref(struct txn **txn)
{
	struct txn *old = *txn;

	*txn = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, TXN_MAGIC);
	if (--old->refs == 0)
		txn_free(old);
}

struct hl_params
txn_params_dup(struct arena *arena, const struct smtp_params *params)
{
	struct hl_params copy = { { NULL, 0 } };
	struct smtp_param *items;
	size_t i;

	if (params->count == 0)
		return copy;
	items = arena_array(arena, params->count, sizeof(*items));
	for (i = 0; i < params->count; i++) {
		items[i].key =
		    arena_str(arena, slice_str(params->items[i].key));
		items[i].value =
		    arena_str(arena, slice_str(params->items[i].value));
		items[i].has_value = params->items[i].has_value;
	}
	copy.list.items = items;
	copy.list.count = params->count;
	return copy;
}

struct hl_rcpt *
txn_rcpt_add(struct txn *txn, const struct hl_addr *addr,
    const struct smtp_params *params)
{
	struct hl_rcpt *rcpt = arena_alloc(&txn->arena, sizeof(*rcpt));

	CHECK_OBJ(txn, TXN_MAGIC);
	rcpt->addr = addr;
	rcpt->params = txn_params_dup(&txn->arena, params);
	rcpt->text = STR_EMPTY;
	list_push_back(&txn->rcpts, &rcpt->link);
	txn->rcpt_count++;
	return rcpt;
}

void
txn_rcpt_remove(struct txn *txn, struct hl_rcpt *rcpt)
{
	CHECK_OBJ(txn, TXN_MAGIC);
	if (!link_is_linked(&rcpt->link))
		return;
	list_remove(&rcpt->link);
	notes_free(&rcpt->notes);
	txn->rcpt_count--;
}

struct hl_rcpt *
txn_rcpt_at(struct txn *txn, size_t index)
{
	CHECK_OBJ(txn, TXN_MAGIC);
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		if (index-- == 0)
			return CONTAINER_OF(link, struct hl_rcpt, link);
	}
	return NULL;
}

void
txn_rcpts_reopen(struct txn *txn)
{
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		rcpt->verdict = 0;
		rcpt->is_decided = false;
	}
	txn->some_named = txn->some_decided = false;
}

bool
txn_rcpts_decide(struct txn *txn)
{
	bool some_are_open = false;

	if (!txn->some_named)
		return true;
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = CONTAINER_OF(link, struct hl_rcpt, link);

		rcpt->is_decided = rcpt->verdict != 0;
		txn->some_decided |= rcpt->is_decided;
		some_are_open |= !rcpt->is_decided;
	}
	return some_are_open || !txn->some_decided;
}

bool
txn_is_over(const struct txn *txn)
{
	return arena_is_over(&txn->arena) || txn->account.over;
}
