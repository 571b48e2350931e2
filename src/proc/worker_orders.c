/* SPDX-License-Identifier: MIT */
/* worker_orders.c - what the master orders a worker to do (channel.h).
 *
 * A new order needs its function, its row in `orders`, and its line in
 * channel.h.
 */
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "channel.h"
#include "command.h"
#include "rt/wait.h"
#include "worker_private.h"
#include "worker_tls.h"

/* What came with an order, though we may have no descriptor left to take it.
 * It is told once until one is taken again. */
static bool
has_come(struct worker *worker, int fd, const char *event, const char *what)
{
	struct log_line line;

	if (fd == -1 && !worker->has_missed) {
		log_begin(&line, LOG_LEVEL_WARN);
		log_add_text(&line, LOG_event, event);
		log_printf(&line, LOG_err,
		    "no descriptor is free: %s; raise the limit of descriptors "
		    "(LimitNOFILE=) or lower max_connections",
		    what);
		log_end(&line);
	}
	worker->has_missed = fd == -1;
	return fd != -1;
}

/* Without a descriptor for it the master finds somebody else, or tries again
 * a second later. */
static void
run_adopt(struct worker *worker, struct slice args, int fd)
{
	struct log_line line;
	struct err err;
	unsigned id, slot;

	if (worker->is_draining ||
	    num_parse_unsigned(slice_word(&args), UINT32_MAX, &id) < 0 ||
	    num_parse_unsigned(slice_word(&args), UINT32_MAX, &slot) < 0 ||
	    polled_has(&worker->polled, id, slot)) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	if (!has_come(worker, fd, "adopt_missed",
		"the clients of a worker that has died wait")) {
		(void)channel_send(worker->channel, -1, "missed %u", slot);
		return;
	}
	args = slice_trim(args);
	if (polled_add(&worker->polled, worker->server, id, slot, fd,
		(hl_str){ args.p, args.n }, &err) == 0)
		return;
	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "adopt_failed");
	log_add_int(&line, LOG_slot, slot);
	log_add_text(&line, LOG_err, err.text);
	log_end(&line);
}

static void
run_unlisten(struct worker *worker, struct slice args, enum server_unlisten how)
{
	unsigned id, slot;

	if (worker->is_draining ||
	    num_parse_unsigned(slice_word(&args), UINT32_MAX, &id) < 0 ||
	    num_parse_unsigned(slice_word(&args), UINT32_MAX, &slot) < 0)
		return;
	polled_remove(&worker->polled, worker->server, id, slot, how);
}

static void
run_go(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	(void)fd;
	if (!worker->is_draining)
		server_accept_start(worker->server);
}

static void
run_release(struct worker *worker, struct slice args, int fd)
{
	(void)fd;
	run_unlisten(worker, args, SERVER_UNLISTEN_LEAVE);
}

static void
run_finish(struct worker *worker, struct slice args, int fd)
{
	(void)fd;
	run_unlisten(worker, args, SERVER_UNLISTEN_EMPTY);
}

static void
run_retire(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	(void)fd;
	worker__drain(worker, SERVER_DRAIN_KEEP);
}

static void
run_drain(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	(void)fd;
	worker__drain(worker, SERVER_DRAIN_IDLE);
}

static void
run_now(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	(void)fd;
	worker__drain(worker, SERVER_DRAIN_NOW);
}

static void
run_flush(struct worker *worker, struct slice args, int fd)
{
	struct err err = { 0 };
	unsigned faults = server_config_flush(worker->server, &err);

	(void)fd;
	worker__look_at_faults(worker);
	(void)channel_send(worker->channel, -1, "flushed %.*s %u %s",
	    STR(slice_trim(args)), faults, err.text);
}

static void
run_known(struct worker *worker, struct slice args, int fd)
{
	struct waiter *waiter = worker->known;

	(void)args;
	(void)fd;
	worker->known = NULL;
	if (waiter != NULL)
		waiter_done(waiter, 0);
}

/* Else the master tries again, once a second. */
static bool
has_tls_come(struct worker *worker, int fd)
{
	if (has_come(worker, fd, "tls_missed",
		"the old certificates and ticket keys hold"))
		return true;
	(void)channel_send(worker->channel, -1, "missed");
	return false;
}

static void
run_tls(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	if (has_tls_come(worker, fd))
		worker_tls_take(worker->server, fd);
}

static void
run_tickets(struct worker *worker, struct slice args, int fd)
{
	(void)args;
	if (has_tls_come(worker, fd))
		worker_tickets_take(worker->server, fd);
}

static const struct {
	const char *name;
	void (*run)(struct worker *worker, struct slice args, int fd);
} orders[] = {
	{ "go", run_go },
	{ "adopt", run_adopt },
	{ "release", run_release },
	{ "finish", run_finish },
	{ "retire", run_retire },
	{ "drain", run_drain },
	{ "now", run_now },
	{ "flush", run_flush },
	{ "known", run_known },
	{ "tls", run_tls },
	{ "tickets", run_tickets },
};

void
worker__order(struct worker *worker, struct slice text, int fd)
{
	struct slice word = slice_word(&text);

	/* Told to end while it loads: nothing is served yet. */
	if (worker->server == NULL && !slice_eq_text(word, "known"))
		_exit(EXIT_OK);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (slice_eq_text(word, orders[i].name)) {
			orders[i].run(worker, text, fd);
			return;
		}
	if (fd != -1)
		(void)close(fd);
}
