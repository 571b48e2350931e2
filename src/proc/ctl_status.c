/* SPDX-License-Identifier: MIT */
/* ctl_status.c - `ctl status`: who runs, where, and what is wrong. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "ctl_server.h"
#include "generation.h"
#include "json.h"
#include "master_private.h"
#include "reload.h"
#include "service.h"
#include "spawn_child.h"
#include "tls_status.h"

static const char *
phase_name(enum master_phase phase)
{
	static const char *const names[] = {
		[MASTER_STARTING] = "starting",
		[MASTER_RUNNING] = "running",
		[MASTER_DRAINING] = "draining",
		[MASTER_ENDING] = "ending",
	};

	return names[phase];
}

static uint64_t
seconds_since(struct mono then)
{
	return mono_since_us(mono_now(), then) / 1000000;
}

/* Each fault once; all workers of a generation see the same files. */
static void
collect_faults(struct master *master, struct buf *ret)
{
	char *text = mem_alloc(SHM_FAULTS_MAX);

	LIST_FOR_EACH (link, safe, &master->children) {
		struct child *child = CONTAINER_OF(link, struct child, link);
		struct slice rest, line;

		shm_faults_get(shm_segment(master->shm, child->segment), text);
		rest = slice_of(text);
		while (slice_cut(&rest, '\n', &line)) {
			struct buf with_newline = BUF_INIT;

			if (line.n == 0)
				continue;
			buf_printf(&with_newline, "%.*s\n", STR(line));
			if (ret->n == 0 ||
			    strstr(ret->p, with_newline.p) == NULL)
				buf_add_slice(ret, buf_slice(&with_newline));
			buf_done(&with_newline);
		}
	}
	mem_free(text);
}

/* ---- text ---------------------------------------------------------------- */

static void
print_head(struct master *master, struct buf *buf)
{
	uint64_t up = seconds_since(master->started);
	char begun[40];

	buf_printf(buf,
	    "hookline " HOOKLINE_VERSION
	    ", pid %ld, %s, up %llud %02llu:%02llu:%02llu\n",
	    (long)getpid(), phase_name(master->phase),
	    (unsigned long long)up / 86400, (unsigned long long)up / 3600 % 24,
	    (unsigned long long)up / 60 % 60, (unsigned long long)up % 60);
	buf_printf(buf, "config %s, state %s, user %s\n", master->config_dir,
	    master->state_dir, master->user.name);
	if (master->state != NULL)
		buf_printf(buf, "state process pid %d, %u deaths\n",
		    service_pid(master->state), service_deaths(master->state));
	if (master->spawn != NULL)
		buf_printf(buf, "spawn helper pid %d, %u deaths\n",
		    spawn_child_pid(master->spawn),
		    spawn_child_deaths(master->spawn));
	if (master->current == NULL)
		return;
	(void)wall_rfc3339(master->current->begun, begun, sizeof(begun));
	buf_printf(buf, "generation %u since %s, %u workers, %u deaths\n",
	    master->current->number, begun, master->current->workers,
	    master->deaths);
	for (unsigned i = 0; i < master->current->set->count; i++)
		buf_printf(
		    buf, "listen %s\n", master->current->set->addrs[i].line);
}

static void
print_children(struct master *master, struct buf *buf)
{
	buf_printf(buf, "\n%10s %5s %8s %-9s %11s %9s\n", "generation", "slot",
	    "pid", "state", "connections", "seconds");
	LIST_FOR_EACH (link, safe, &master->children) {
		struct child *child = CONTAINER_OF(link, struct child, link);

		buf_printf(buf, "%10u %5u %8d %-9s %11u %9llu\n",
		    child->generation, child->slot, child->pid,
		    child_state_name(child->state), child_connections(child),
		    (unsigned long long)seconds_since(child->started));
	}
}

static void
print_text(struct master *master, struct buf *buf)
{
	struct wall when;
	const char *last = reload_last(master->reload, &when);
	struct buf faults = BUF_INIT;
	char text[40];

	print_head(master, buf);
	print_children(master, buf);
	tls_status_print(master, buf);
	if (last[0] != '\0') {
		(void)wall_rfc3339(when, text, sizeof(text));
		buf_printf(buf, "\nlast reload %s %s\n", text, last);
	}
	collect_faults(master, &faults);
	if (faults.n > 0)
		buf_printf(buf,
		    "\nfaults of the configuration (the last good version "
		    "holds):\n%s",
		    faults.p);
	buf_done(&faults);
}

/* ---- JSON ---------------------------------------------------------------- */

static void
print_json_child(struct json *json, const struct child *child)
{
	json_open(json, NULL, '{');
	json_number(json, "generation", child->generation);
	json_number(json, "slot", child->slot);
	json_number(json, "pid", (uint64_t)child->pid);
	json_text(json, "state", child_state_name(child->state));
	json_number(json, "connections", child_connections(child));
	json_number(json, "seconds", seconds_since(child->started));
	json_close(json, '}');
}

static void
print_json_current(struct master *master, struct json *json)
{
	const struct generation *current = master->current;

	json_number(json, "generation", current->number);
	json_number(json, "slots", current->workers);
	json_open(json, "listen", '[');
	for (unsigned i = 0; i < current->set->count; i++)
		json_text(json, NULL, current->set->addrs[i].line);
	json_close(json, ']');
}

static void
print_json_faults(struct master *master, struct json *json)
{
	struct buf faults = BUF_INIT;
	struct slice rest, line;

	json_open(json, "faults", '[');
	collect_faults(master, &faults);
	rest = buf_slice(&faults);
	while (rest.n > 0 && slice_cut(&rest, '\n', &line)) {
		char *text = mem_dup(line);

		json_text(json, NULL, text);
		mem_free(text);
	}
	json_close(json, ']');
	buf_done(&faults);
}

static void
print_json_service(
    struct json *json, const char *name, int pid, unsigned deaths)
{
	json_open(json, name, '{');
	json_number(json, "pid", (uint64_t)pid);
	json_number(json, "deaths", deaths);
	json_close(json, '}');
}

static void
print_json(struct master *master, struct buf *buf)
{
	struct json json = { buf, false };
	struct wall when;

	json_open(&json, NULL, '{');
	json_text(&json, "version", HOOKLINE_VERSION);
	json_number(&json, "pid", (uint64_t)getpid());
	json_text(&json, "state", phase_name(master->phase));
	json_number(&json, "seconds", seconds_since(master->started));
	json_text(&json, "config", master->config_dir);
	json_text(&json, "user", master->user.name);
	json_number(&json, "deaths", master->deaths);
	json_text(&json, "last_reload", reload_last(master->reload, &when));
	if (master->state != NULL)
		print_json_service(&json, "state_process",
		    service_pid(master->state), service_deaths(master->state));
	if (master->spawn != NULL)
		print_json_service(&json, "spawn_helper",
		    spawn_child_pid(master->spawn),
		    spawn_child_deaths(master->spawn));
	if (master->current != NULL)
		print_json_current(master, &json);
	json_open(&json, "workers", '[');
	LIST_FOR_EACH (link, safe, &master->children)
		print_json_child(&json, CONTAINER_OF(link, struct child, link));
	json_close(&json, ']');
	tls_status_print_json(master, &json);
	print_json_faults(master, &json);
	json_close(&json, '}');
	buf_add_char(buf, '\n');
}

void
ctl_status_print(struct master *master, struct buf *buf, bool as_json)
{
	if (as_json)
		print_json(master, buf);
	else
		print_text(master, buf);
}
