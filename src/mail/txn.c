/* SPDX-License-Identifier: MIT */
/* txn.c - the life of a transaction. */
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
	list_init(&txn->given);
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

bool
txn_is_over(const struct txn *txn)
{
	return arena_is_over(&txn->arena) || txn->account.over;
}
