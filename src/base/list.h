/* SPDX-License-Identifier: MIT */
/* list.h - intrusive doubly linked list with a head. */
#ifndef HOOKLINE_BASE_LIST_H
#define HOOKLINE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "check.h"

struct link {
	struct link *prev, *next; /* both NULL: in no list */
};

struct list {
	struct link head; /* circular */
};

static inline void
list_init(struct list *list)
{
	list->head.prev = list->head.next = &list->head;
}

static inline bool
list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline bool
link_is_linked(const struct link *link)
{
	return link->next != NULL;
}

static inline void
list_insert_between(struct link *link, struct link *prev, struct link *next)
{
	CHECK(!link_is_linked(link));
	link->prev = prev;
	link->next = next;
	prev->next = link;
	next->prev = link;
}

static inline void
list_push_back(struct list *list, struct link *link)
{
	list_insert_between(link, list->head.prev, &list->head);
}

static inline void
list_push_front(struct list *list, struct link *link)
{
	list_insert_between(link, &list->head, list->head.next);
}

/* Taking out a link that is in no list is fine. */
static inline void
list_remove(struct link *link)
{
	if (!link_is_linked(link))
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->prev = link->next = NULL;
}

/* NULL when empty. */
static inline struct link *
list_first(struct list *list)
{
	return list_is_empty(list) ? NULL : list->head.next;
}

static inline struct link *
list_pop_front(struct list *list)
{
	struct link *first = list_first(list);

	if (first != NULL)
		list_remove(first);
	return first;
}

/* Safe against removal of the current link. */
#define LIST_FOR_EACH(link, safe, list)                                 \
	for (struct link *link = (list)->head.next, *safe = link->next; \
	     link != &(list)->head; link = safe, safe = link->next)

#endif
