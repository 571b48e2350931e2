/* SPDX-License-Identifier: MIT */
/* rcpts.c - the recipients of a transaction.
 *
 * A plugin walks over them by number (hl_rcpt_at), so the list remembers
 * where it was asked last: the next one, and the one before, are a step away.
 */
#include "txn.h"

#include "base/check.h"
#include "mail/notes.h"

struct hl_rcpt *
txn_rcpt_add(struct txn *txn, const struct hl_addr *addr,
    const struct smtp_params *params)
{
	struct hl_rcpt *rcpt = arena_alloc(&txn->arena, sizeof(*rcpt));

	rcpt->addr = addr;
	rcpt->params = txn_params_dup(&txn->arena, params);
	rcpt->text = STR_EMPTY;
	list_push_back(&txn->rcpts, &rcpt->link);
	txn->rcpt_count++;
	txn->open_count++;
	return rcpt;
}

void
txn_rcpt_give(struct txn *txn, struct hl_rcpt *rcpt)
{
	list_push_back(&txn->given, &rcpt->given);
	txn->given_count++;
}

static struct hl_rcpt *
rcpt_of(struct link *link)
{
	return CONTAINER_OF(link, struct hl_rcpt, link);
}

/* From `link`, which may be the head, to the next that counts, or the head. */
static struct link *
step(const struct txn *txn, struct link *link, bool forward)
{
	do
		link = forward ? link->next : link->prev;
	while (link != &txn->rcpts.head && txn->place.open_only &&
	       rcpt_of(link)->is_decided);
	return link;
}

static struct hl_rcpt *
walk_to(struct txn *txn, size_t index, bool open_only)
{
	struct txn_place *place = &txn->place;

	if (place->link == NULL || place->open_only != open_only ||
	    index < place->index / 2) {
		place->open_only = open_only;
		place->index = 0;
		place->link = step(txn, &txn->rcpts.head, true);
	}
	for (; place->index < index; place->index++)
		place->link = step(txn, place->link, true);
	for (; place->index > index; place->index--)
		place->link = step(txn, place->link, false);
	return rcpt_of(place->link);
}

struct hl_rcpt *
txn_rcpt_at(struct txn *txn, size_t index)
{
	return index < txn->rcpt_count ? walk_to(txn, index, false) : NULL;
}

struct hl_rcpt *
txn_rcpt_open_at(struct txn *txn, size_t index)
{
	return index < txn->open_count ? walk_to(txn, index, true) : NULL;
}

/* The next one takes its number; behind the last there is the one before. */
static void
leave(struct txn *txn, struct link *link)
{
	struct txn_place *place = &txn->place;
	struct link *head = &txn->rcpts.head;

	if (place->link != link) {
		place->link = NULL; /* it may have stood before that one */
		return;
	}
	place->link = step(txn, link, true);
	if (place->link != head)
		return;
	place->link = step(txn, link, false);
	place->index--;
	if (place->link == head)
		place->link = NULL;
}

void
txn_rcpt_remove(struct txn *txn, struct hl_rcpt *rcpt)
{
	if (!link_is_linked(&rcpt->link))
		return;
	leave(txn, &rcpt->link);
	list_remove(&rcpt->link);
	notes_free(&rcpt->notes);
	txn->rcpt_count--;
	txn->open_count -= !rcpt->is_decided;
}

void
txn_rcpts_reopen(struct txn *txn)
{
	txn->open_count = 0;
	txn->place.link = NULL;
	txn->some_named = txn->some_decided = false;
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = rcpt_of(link);

		rcpt->is_decided = rcpt->is_refused;
		txn->some_decided |= rcpt->is_refused;
		txn->open_count += !rcpt->is_refused;
		if (!rcpt->is_refused)
			rcpt->verdict = 0;
	}
}

bool
txn_rcpts_decide(struct txn *txn)
{
	if (!txn->some_named)
		return true;
	txn->open_count = 0;
	txn->place.link = NULL;
	LIST_FOR_EACH (link, safe, &txn->rcpts) {
		struct hl_rcpt *rcpt = rcpt_of(link);

		rcpt->is_decided = rcpt->verdict != 0;
		txn->some_decided |= rcpt->is_decided;
		txn->open_count += !rcpt->is_decided;
	}
	return txn->open_count > 0 || !txn->some_decided;
}
