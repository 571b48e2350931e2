/* SPDX-License-Identifier: MIT */
/* tls_watch.c - TLS in the master. */
#include "tls_watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "generation.h"
#include "master_private.h"
#include "net/tls_bundle.h"
#include "tls_end.h"
#include "tls_store.h"

#define LOOK_MS 1000
#define REMIND_MS 86400000u

struct tls_watch {
	struct tls_early *early; /* NULL: files can be read again */
	struct mono look_at;
	struct tls_ticket_keys keys;
	int tickets_fd; /* of `keys` */
	unsigned tickets_serial;
	struct mono rotate_at;
};

/* ---- log lines ----------------------------------------------------------- */

static const char *
item_name(const struct tls_item *item)
{
	return item->name.n > 0 ? item->name.p : "*";
}

static void
log_begin_item(struct log_line *line, enum log_level level, const char *event,
    const struct tls_item *item)
{
	log_begin(line, level);
	log_add_text(line, LOG_event, event);
	if (item->kind == TLS_ITEM_PAIR)
		log_add_text(line, LOG_name, item_name(item));
	log_add_text(line, LOG_path, item->paths[TLS_ITEM_CERT]);
}

static void
log_staple(const struct tls_item *item)
{
	struct log_line line;

	if (item->now.staple_fault[0] == '\0')
		return;
	log_begin_item(&line, LOG_LEVEL_WARN, "tls_no_staple", item);
	log_add_text(&line, LOG_err, item->now.staple_fault);
	log_end(&line);
}

static void
log_taken(const struct tls_item *item)
{
	struct log_line line;
	char until[WALL_RFC3339_MAX];

	log_begin_item(&line, LOG_LEVEL_NOTICE, "tls_renewed", item);
	if (item->kind == TLS_ITEM_PAIR) {
		(void)wall_rfc3339(
		    item->now.info.not_after, until, sizeof(until));
		log_printf(&line, LOG_text, "%s, %s, until %s",
		    item->now.info.subject, item->now.info.key_kind, until);
	}
	log_end(&line);
	log_staple(item);
}

/* tls_store_change_fn */
static void
on_change(void *arg, struct tls_item *item, enum tls_item_change change)
{
	struct log_line line;

	(void)arg;
	switch (change) {
	case TLS_ITEM_SAME:
		break;
	case TLS_ITEM_TAKEN:
		item->remind_at = (struct mono){ 0 };
		log_taken(item);
		break;
	case TLS_ITEM_REFUSED:
		log_begin_item(&line, LOG_LEVEL_ERROR, "tls_refused", item);
		log_add(&line, LOG_file, slice_str(item->file));
		log_add_int(&line, LOG_line, item->line);
		log_printf(
		    &line, LOG_err, "%s; what was holds on", item->fault.text);
		log_end(&line);
		break;
	case TLS_ITEM_MENDED:
		log_begin_item(&line, LOG_LEVEL_NOTICE, "tls_mended", item);
		log_end(&line);
		break;
	}
}

/* Once a day, the louder the nearer. */
static void
remind(struct tls_item *item, struct mono now)
{
	const struct tls_cert_info *info = &item->now.info;
	struct wall clock = wall_now();
	enum tls_end end = tls_end_of(info, clock);
	struct buf text = BUF_INIT;
	struct log_line line;

	item->remind_at = mono_add_ms(now, REMIND_MS);
	if (info->ocsp_until.us != 0 && info->ocsp_until.us < clock.us) {
		log_begin_item(&line, LOG_LEVEL_WARN, "tls_no_staple", item);
		log_printf(&line, LOG_err,
		    "%s: the OCSP response is over and not sent; fetch a "
		    "new one",
		    item->paths[TLS_ITEM_OCSP]);
		log_end(&line);
	}
	if (end == TLS_END_FAR)
		return;
	log_begin_item(&line,
	    end == TLS_END_SOON        ? LOG_LEVEL_NOTICE
	    : end == TLS_END_VERY_SOON ? LOG_LEVEL_WARN
				       : LOG_LEVEL_ERROR,
	    "tls_certificate_ends", item);
	tls_end_print(&text, info, clock);
	log_add(&line, LOG_err, buf_slice(&text));
	log_end(&line);
	buf_done(&text);
}

/* ---- start --------------------------------------------------------------- */

struct tls_watch *
tls_watch_new(void)
{
	struct tls_watch *watch = mem_alloc(sizeof(*watch));

	watch->tickets_fd = -1;
	return watch;
}

void
tls_watch_free(struct tls_watch **ref)
{
	struct tls_watch *watch = *ref;

	if (watch == NULL)
		return;
	*ref = NULL;
	tls_early_free(&watch->early);
	if (watch->tickets_fd != -1)
		(void)close(watch->tickets_fd);
	secret_wipe(watch, sizeof(*watch));
	mem_free(watch);
}

static int
store_make(struct master *master, const struct conf_listeners *listeners,
    struct tls_store **ret, struct err *err)
{
	struct tls_store_options options = { .early = master->tls->early };
	const struct conf_faults *values;
	struct conf_faults faults;
	struct buf text = BUF_INIT;
	struct conf_dir *dir;
	int rc = settings_open(master->config_dir, &dir, err);

	if (rc < 0)
		return rc;
	conf_faults_init(&faults);
	rc = tls_store_new(dir, listeners, &options, ret, &faults);
	values = conf_faults(dir);
	if (rc == 0 && values->count > 0) {
		conf_faults_merge(&faults, values);
		tls_store_free(ret);
		rc = -EINVAL;
	}
	if (rc < 0) {
		conf_fault_print(&text, &faults.at[0]);
		(void)err_set(err, rc, "%s", text.p);
		buf_done(&text);
	}
	conf_faults_done(&faults);
	conf_dir_free(&dir);
	return rc;
}

static void
log_read_once(void)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "tls_read_once");
	log_add_text(&line, LOG_err,
	    "without CAP_DAC_READ_SEARCH certificates and keys are read once: "
	    "a renewal needs a restart, unless the user that hookline runs as "
	    "may read them");
	log_end(&line);
}

/* No reason to give up: the run user may be able to read what root, without
 * its rights, is not.  But if it is not, this is what was wrong. */
static void
log_not_read(const struct err *err)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_NOTICE);
	log_add_text(&line, LOG_event, "tls_not_read");
	log_add_text(&line, LOG_err, err->text);
	log_add_text(&line, LOG_text, "tried again as the user that runs");
	log_end(&line);
}

/* A configuration that cannot be read is told when the generation begins. */
void
tls_watch_read_early(struct master *master)
{
	const struct master_options *options = master->options;
	struct tls_store *store = NULL;
	struct settings settings;
	struct err err;

	if (settings_read(master->config_dir, options->listen,
		options->listen_count, &settings, &err) < 0)
		return;
	if (store_make(master, settings.listeners, &store, &err) < 0) {
		log_not_read(&err);
	} else if (!tls_store_is_empty(store)) {
		master->tls->early = tls_early_new();
		for (size_t i = 0; i < tls_store_count(store); i++)
			tls_item_keep(
			    tls_store_at(store, i), master->tls->early);
		log_read_once();
	}
	tls_store_free(&store);
	settings_done(&settings);
}

int
tls_watch_prepare(struct master *master, struct generation *generation,
    const struct conf_listeners *listeners, struct err *err)
{
	int rc = store_make(master, listeners, &generation->tls, err);

	for (size_t i = 0; rc == 0 && i < tls_store_count(generation->tls); i++)
		log_staple(tls_store_at(generation->tls, i));
	return rc;
}

/* ---- to the workers ------------------------------------------------------ */

static int
tickets_rotate(struct tls_watch *watch, struct mono now)
{
	int fd;

	tls_ticket_keys_rotate(&watch->keys);
	watch->rotate_at = mono_add_ms(now, TLS_TICKET_ROTATE_MS);
	fd = tls_ticket_file_make(&watch->keys);
	if (fd < 0)
		return fd;
	if (watch->tickets_fd != -1)
		(void)close(watch->tickets_fd);
	watch->tickets_fd = fd;
	watch->tickets_serial++;
	return 0;
}

int
tls_watch_heritage(struct master *master, const struct generation *generation,
    struct child *child, int *ret_tls, int *ret_tickets, struct err *err)
{
	struct tls_watch *watch = master->tls;
	int rc = 0, fd;

	*ret_tls = *ret_tickets = -1;
	if (tls_store_is_empty(generation->tls))
		return 0;
	if (watch->tickets_fd == -1)
		rc = tickets_rotate(watch, mono_now());
	fd = rc < 0 ? rc : tls_store_bundle(generation->tls);
	if (fd < 0)
		return err_set(err, fd, "TLS material: %s", strerror(-fd));
	child->tls_version = tls_store_version(generation->tls);
	child->tickets_serial = watch->tickets_serial;
	*ret_tls = fd;
	*ret_tickets = watch->tickets_fd;
	return 0;
}

static const struct generation *
generation_of(const struct master *master, const struct child *child)
{
	if (master->current != NULL &&
	    master->current->number == child->generation)
		return master->current;
	if (master->next != NULL && master->next->number == child->generation)
		return master->next;
	return NULL;
}

/* What it does not have yet.  One that does not read is sent it later. */
static void
catch_up(struct master *master, struct child *child)
{
	const struct generation *generation = generation_of(master, child);
	struct tls_watch *watch = master->tls;
	int fd;

	if (generation == NULL || tls_store_is_empty(generation->tls))
		return;
	fd = tls_store_bundle(generation->tls);
	if (fd >= 0 &&
	    child->tls_version != tls_store_version(generation->tls) &&
	    child_tls(child, "tls", fd) == 0)
		child->tls_version = tls_store_version(generation->tls);
	if (child->tickets_serial != watch->tickets_serial &&
	    child_tls(child, "tickets", watch->tickets_fd) == 0)
		child->tickets_serial = watch->tickets_serial;
}

void
tls_watch_on_ready(struct master *master, struct child *child)
{
	catch_up(master, child);
}

/* ---- the tick ------------------------------------------------------------ */

static void
look(struct master *master, bool is_forced)
{
	struct generation *current = master->current;
	struct mono now = mono_now();

	tls_store_look(current->tls, is_forced, on_change, NULL);
	for (size_t i = 0; i < tls_store_count(current->tls); i++) {
		struct tls_item *item = tls_store_at(current->tls, i);

		if (item->kind == TLS_ITEM_PAIR &&
		    !mono_is_before(now, item->remind_at))
			remind(item, now);
	}
	LIST_FOR_EACH (link, safe, &master->children) {
		struct child *child = CONTAINER_OF(link, struct child, link);

		if (child->state == CHILD_READY || child->state == CHILD_ACTIVE)
			catch_up(master, child);
	}
}

void
tls_watch_tick(struct master *master, struct mono now)
{
	struct tls_watch *watch = master->tls;

	if (master->phase != MASTER_RUNNING ||
	    tls_store_is_empty(master->current->tls) ||
	    mono_is_before(now, watch->look_at))
		return;
	watch->look_at = mono_add_ms(now, LOOK_MS);
	if (!mono_is_before(now, watch->rotate_at))
		(void)tickets_rotate(watch, now);
	look(master, false);
}

void
tls_watch_now(struct master *master)
{
	if (master->phase == MASTER_RUNNING)
		look(master, true);
}
