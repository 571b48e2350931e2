/* SPDX-License-Identifier: MIT */
/* tls_status.c - certificates in `ctl status`. */
#include "tls_status.h"

#include "base/buf.h"
#include "generation.h"
#include "json.h"
#include "master_private.h"
#include "tls_end.h"
#include "tls_store.h"

static const char *
item_name(const struct tls_item *item)
{
	return item->name.n > 0 ? item->name.p : "*";
}

/* What somebody should do something about. */
static void
add_faults(struct buf *buf, const struct tls_item *item)
{
	const struct tls_item_version *now = &item->now;

	if (item->fault.code != 0)
		buf_printf(
		    buf, "; newer files not taken: %s", item->fault.text);
	if (now->staple_fault[0] != '\0')
		buf_printf(buf, "; no OCSP staple: %s", now->staple_fault);
	else if (now->info.ocsp_until.us != 0 &&
		 now->info.ocsp_until.us < wall_now().us)
		buf_add_text(buf, "; no OCSP staple: the response is over");
	if (item->kind == TLS_ITEM_PAIR &&
	    tls_end_of(&now->info, wall_now()) != TLS_END_FAR) {
		buf_add_text(buf, "; it ");
		tls_end_print(buf, &now->info, wall_now());
	}
}

static void
print_item(struct buf *buf, const struct tls_item *item)
{
	char until[WALL_RFC3339_MAX], taken[WALL_RFC3339_MAX];
	struct buf faults = BUF_INIT;

	(void)wall_rfc3339(item->now.info.not_after, until, sizeof(until));
	(void)wall_rfc3339(item->now.when, taken, sizeof(taken));
	if (item->kind == TLS_ITEM_PAIR)
		buf_printf(buf, "%-24s %-14s %.19sZ %.19sZ %s\n",
		    item_name(item), item->now.info.key_kind, until, taken,
		    item->paths[TLS_ITEM_CERT]);
	add_faults(&faults, item);
	if (faults.n > 0)
		buf_printf(buf, "  %s:%u: %s\n", item->file.p, item->line,
		    faults.p + 2);
	buf_done(&faults);
}

void
tls_status_print(struct master *master, struct buf *buf)
{
	struct tls_store *store =
	    master->current == NULL ? NULL : master->current->tls;

	if (store == NULL || tls_store_is_empty(store))
		return;
	buf_printf(buf, "\n%-24s %-14s %-20s %-20s %s\n", "certificate", "key",
	    "until", "taken", "file");
	for (size_t i = 0; i < tls_store_count(store); i++)
		print_item(buf, tls_store_at(store, i));
}

static void
print_json_time(struct json *json, const char *key, struct wall when)
{
	char text[WALL_RFC3339_MAX];

	(void)wall_rfc3339(when, text, sizeof(text));
	json_text(json, key, text);
}

static void
print_json_item(struct json *json, const struct tls_item *item)
{
	struct buf faults = BUF_INIT;

	json_open(json, NULL, '{');
	if (item->kind == TLS_ITEM_PAIR) {
		json_text(json, "name", item_name(item));
		json_text(json, "key", item->now.info.key_kind);
		json_text(json, "subject", item->now.info.subject);
		print_json_time(json, "until", item->now.info.not_after);
		if (item->now.info.ocsp_until.us != 0)
			print_json_time(
			    json, "staple_until", item->now.info.ocsp_until);
	}
	print_json_time(json, "taken", item->now.when);
	json_text(json, "file", item->paths[TLS_ITEM_CERT]);
	add_faults(&faults, item);
	if (faults.n > 0)
		json_text(json, "fault", faults.p + 2);
	json_close(json, '}');
	buf_done(&faults);
}

void
tls_status_print_json(struct master *master, struct json *json)
{
	struct tls_store *store =
	    master->current == NULL ? NULL : master->current->tls;

	json_open(json, "tls", '[');
	for (size_t i = 0; store != NULL && i < tls_store_count(store); i++)
		print_json_item(json, tls_store_at(store, i));
	json_close(json, ']');
}
