/* SPDX-License-Identifier: MIT */
/* flush.c - config-flush: every worker looks at its files, then we answer.
 *
 * Each flush has a number; a worker answers with it.  Who died, or does not
 * answer because it is ending, is not waited for.
 */
#include <errno.h>

#include "base/mem.h"
#include "base/str.h"
#include "master_private.h"
#include "tls_watch.h"

struct flush {
	struct link link;
	unsigned id;
	unsigned asked;
	unsigned waiting;        /* workers that have not answered */
	struct child **children; /* of them; NULL: answered */
	struct err fault;        /* the first */
	flush_fn *fn;            /* NULL: nobody waits */
	void *arg;
};

struct flush *
flush_start(struct master *master, flush_fn *fn, void *arg)
{
	struct flush *flush = mem_alloc(sizeof(*flush));
	size_t count = 0;

	LIST_FOR_EACH (link, safe, &master->children)
		count++;
	tls_watch_now(master);
	flush->id = ++master->last_flush;
	flush->fn = fn;
	flush->arg = arg;
	flush->children = mem_array(count + 1, sizeof(*flush->children));
	LIST_FOR_EACH (link, safe, &master->children) {
		struct child *child = CONTAINER_OF(link, struct child, link);

		if (child->state == CHILD_STARTING ||
		    child_flush(child, flush->id) < 0)
			continue;
		flush->children[flush->asked++] = child;
	}
	flush->waiting = flush->asked;
	list_push_back(&master->flushes, &flush->link);
	return flush;
}

void
flush_cancel(struct flush *flush)
{
	flush->fn = NULL;
}

/* Answers who waits once every worker has. */
static void
flush_check(struct flush *flush)
{
	if (flush->waiting > 0)
		return;
	list_remove(&flush->link);
	if (flush->fn != NULL)
		flush->fn(flush->arg, flush->asked,
		    flush->fault.code == 0 ? NULL : &flush->fault);
	mem_free(flush->children);
	mem_free(flush);
}

static void
flush_answered(struct flush *flush, const struct child *child)
{
	for (unsigned i = 0; i < flush->asked; i++)
		if (flush->children[i] == child) {
			flush->children[i] = NULL;
			flush->waiting--;
			flush_check(flush);
			return;
		}
}

void
flush_on_answer(struct master *master, struct child *child, unsigned id,
    unsigned faults, struct slice text)
{
	LIST_FOR_EACH (link, safe, &master->flushes) {
		struct flush *flush = CONTAINER_OF(link, struct flush, link);

		if (flush->id != id)
			continue;
		if (faults > 0 && flush->fault.code == 0)
			(void)err_set(
			    &flush->fault, -EINVAL, "%.*s", STR(text));
		flush_answered(flush, child);
	}
}

void
flush_on_exit(struct master *master, struct child *child)
{
	LIST_FOR_EACH (link, safe, &master->flushes)
		flush_answered(CONTAINER_OF(link, struct flush, link), child);
}

void
flush_tick(struct master *master)
{
	LIST_FOR_EACH (link, safe, &master->flushes)
		flush_check(CONTAINER_OF(link, struct flush, link));
}
