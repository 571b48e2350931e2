/* SPDX-License-Identifier: MIT */
/* generation.c - workers that start together and take over together. */
#include "generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf_listen.h"
#include "master_private.h"
#include "perl_hosts.h"
#include "tls_store.h"
#include "tls_watch.h"

/* ---- begin --------------------------------------------------------------- */

static int
start_children(struct master *master, struct generation *next, struct err *err)
{
	for (unsigned i = 0; i < next->workers; i++) {
		int rc = child_start(master, next, i, &next->children[i], err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
generation_make(struct master *master, const struct settings *settings,
    struct generation *next, struct err *err)
{
	const struct listen_set *old =
	    master->current == NULL ? NULL : master->current->set;
	int rc = tls_watch_prepare(master, next, settings->listeners, err);

	if (rc < 0)
		return rc;
	next->workers = master->options->workers != 0 ? master->options->workers
						      : settings->workers;
	next->children = mem_array(next->workers, sizeof(struct child *));
	return listen_set_make(settings->listeners, next->workers,
	    &master->activation, old, &master->next_addr_id, &next->set, err);
}

/* What a reload cannot change, and only root at all. */
static void
tell_user(const struct master *master, const struct settings *settings)
{
	struct log_line line;

	if (master->options->user != NULL || !settings->user_given ||
	    strcmp(settings->user, master->user.name) == 0)
		return;
	log_begin(&line, master->was_root ? LOG_LEVEL_WARN : LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "user_kept");
	log_add_text(&line, LOG_user, master->user.name);
	log_add_text(&line, master->was_root ? LOG_err : LOG_text,
	    master->was_root
		? "config/user names another user; that needs a restart"
		: "config/user names another user; only root can become it");
	log_end(&line);
}

int
generation_begin(struct master *master, generation_fn *done, struct err *err)
{
	const struct master_options *options = master->options;
	struct generation *next = mem_alloc(sizeof(*next));
	struct settings settings;
	int rc = settings_read(master->config_dir, options->listen,
	    options->listen_count, &settings, err);

	CHECK(master->next == NULL);
	if (rc == 0) {
		log_set_level(settings.loglevel);
		tell_user(master, &settings);
		next->number = ++master->next_generation;
		rc = generation_make(master, &settings, next, err);
		if (rc == 0)
			rc = perl_hosts_start(
			    master, next, settings.listeners, err);
		settings_done(&settings);
	}
	if (rc < 0) {
		generation_free(&next);
		return rc;
	}
	next->begun = wall_now();
	next->deadline = mono_add_ms(mono_now(), options->start_s * 1000ull);
	master->next = next;
	rc = start_children(master, next, err);
	if (rc < 0)
		generation_refuse(master, NULL);
	else
		next->done = done;
	return rc;
}

void
generation_free(struct generation **generation)
{
	struct generation *g = *generation;

	if (g == NULL)
		return;
	listen_set_free(&g->set);
	tls_store_free(&g->tls);
	mem_free(g->children);
	mem_free(g);
	*generation = NULL;
}

/* ---- take over ----------------------------------------------------------- */

/* Gives up a socket of the generation before.  A worker accepts what waits in
 * it and then closes the last descriptor: so ours goes first. */
static void
socket_finish(
    struct master *master, const struct listen_addr *addr, unsigned slot)
{
	struct child *holder = slots_holder(master, slot);

	if (holder == NULL) {
		holder = slots_any(master, NULL);
		if (holder != NULL)
			child_adopt(holder, addr, slot);
	}
	(void)close(addr->fds[slot]);
	addr->fds[slot] = -1;
	if (holder != NULL)
		child_finish(holder, addr, slot);
}

/* Each worker has a descriptor of it; whoever closes last has emptied it. */
static void
shared_finish(struct master *master, const struct listen_addr *addr)
{
	struct child *child = NULL;

	(void)close(addr->fds[0]);
	addr->fds[0] = -1;
	while ((child = slots_any(master, child)) != NULL)
		child_finish(child, addr, 0);
}

static void
sockets_finish(struct master *master, const struct listen_set *old,
    const struct listen_set *now)
{
	for (unsigned i = 0; i < old->count; i++) {
		const struct listen_addr *addr = &old->addrs[i];

		for (unsigned j = 0; j < addr->count; j++)
			if (listen_set_fd(now, addr->id, j) != -1)
				continue;
			else if (addr->shared)
				shared_finish(master, addr);
			else
				socket_finish(master, addr, j);
	}
}

static void
log_take_over(const struct generation *generation)
{
	struct log_line line;

	for (unsigned i = 0; i < generation->set->count; i++) {
		log_begin(&line, LOG_LEVEL_INFO);
		log_add_text(&line, LOG_event, "listen");
		log_add_text(&line, LOG_addr, generation->set->addrs[i].where);
		log_add_int(&line, LOG_generation, generation->number);
		log_end(&line);
	}
	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "ready");
	log_add_int(&line, LOG_generation, generation->number);
	log_add_int(&line, LOG_workers, generation->workers);
	log_add_text(&line, LOG_version, HOOKLINE_VERSION);
	log_end(&line);
}

static void
take_over(struct master *master, struct generation *next)
{
	struct generation *old = master->current;
	struct child *former[SHM_SLOT_MAX] = { NULL };
	unsigned slots = next->workers;

	if (old != NULL) {
		listen_set_unlink(old->set, next->set);
		sockets_finish(master, old->set, next->set);
		if (old->workers > slots)
			slots = old->workers;
	}
	master->current = next;
	master->next = NULL;
	/* The new ones accept before the old ones stop. */
	for (unsigned i = 0; i < next->workers; i++) {
		former[i] = slots_put(master, next->children[i]);
		child_go(next->children[i]);
	}
	for (unsigned i = next->workers; i < slots; i++)
		former[i] = slots_take(master, i);
	for (unsigned i = 0; i < slots; i++)
		if (former[i] != NULL)
			child_retire(former[i]);
	generation_free(&old);
}

void
generation_on_ready(struct master *master, struct child *child)
{
	struct generation *next = master->next;
	struct err err;

	CHECK(next->children[child->slot] == child);
	if (++next->ready < next->workers)
		return;
	if (listen_set_listen(next->set, &err) < 0) {
		generation_refuse(master, &err);
		return;
	}
	take_over(master, next);
	log_take_over(next);
	next->done(master, NULL);
}

/* ---- refuse -------------------------------------------------------------- */

void
generation_refuse(struct master *master, const struct err *err)
{
	struct generation *next = master->next;
	generation_fn *done;

	if (next == NULL)
		return;
	done = next->done;
	master->next = NULL;
	for (unsigned i = 0; i < next->workers; i++)
		if (next->children[i] != NULL)
			child_end(next->children[i]);
	listen_set_unlink(
	    next->set, master->current == NULL ? NULL : master->current->set);
	generation_free(&next);
	if (done != NULL)
		done(master, err);
}

void
generation_on_exit(struct master *master, struct child *child)
{
	struct err err = child->failure;

	CHECK(master->next->children[child->slot] == child);
	master->next->children[child->slot] = NULL;
	if (err.code == 0 && child->signal != 0)
		(void)err_set(&err, -EIO,
		    "worker %u was killed by signal %d while it started",
		    child->slot, child->signal);
	else if (err.code == 0)
		(void)err_set(&err, -EIO,
		    "worker %u ended with status %d while it started",
		    child->slot, child->status);
	generation_refuse(master, &err);
}

void
generation_tick(struct master *master, struct mono now)
{
	struct err err;

	if (master->next == NULL || mono_is_before(now, master->next->deadline))
		return;
	(void)err_set(&err, -ETIMEDOUT,
	    "the workers were not ready within %u seconds",
	    master->options->start_s);
	generation_refuse(master, &err);
}
