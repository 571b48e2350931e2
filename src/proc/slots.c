/* SPDX-License-Identifier: MIT */
/* slots.c - who serves which slot: deaths, respawn, adoption.
 *
 * A slot is a place in the current generation, with sockets of its own.  Its
 * worker may die; then another one is started in its place, after a wait
 * (respawn.h), and until that one is ready a living worker polls the slot's
 * sockets.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "generation.h"
#include "master_private.h"
#include "shm/running.h"

/* ---- who is where -------------------------------------------------------- */

static bool
is_of_next(const struct master *master, const struct child *child)
{
	return master->next != NULL &&
	       master->next->number == child->generation;
}

struct child *
slots_holder(struct master *master, unsigned slot)
{
	const struct slot *s = &master->slots[slot];

	return s->active != NULL ? s->active : s->adopter;
}

struct child *
slots_any(struct master *master, const struct child *after)
{
	bool found = after == NULL;

	for (unsigned i = 0; i < SHM_SLOT_MAX; i++) {
		struct child *child = master->slots[i].active;

		if (child != NULL && found)
			return child;
		found |= child != NULL && child == after;
	}
	return NULL;
}

/* ---- adoption ------------------------------------------------------------ */

static void
slot_adopt(struct master *master, unsigned slot, struct child *child)
{
	const struct listen_set *set = master->current->set;

	for (unsigned i = 0; i < set->count; i++)
		if (!set->addrs[i].shared)
			child_adopt(child, &set->addrs[i], slot);
	master->slots[slot].adopter = child;
}

static void
slot_release(struct master *master, unsigned slot)
{
	const struct listen_set *set = master->current->set;
	struct child *child = master->slots[slot].adopter;

	if (child == NULL)
		return;
	master->slots[slot].adopter = NULL;
	for (unsigned i = 0; i < set->count; i++)
		if (!set->addrs[i].shared)
			child_release(child, &set->addrs[i], slot);
}

/* What it could take it gives back: it is all in one hand, or tried again. */
void
slots_on_missed(struct master *master, const struct child *child, unsigned slot)
{
	struct slot *s = &master->slots[slot];

	if (s->adopter != child)
		return;
	s->missed = s->adopter;
	s->empty_since = mono_now();
	slot_release(master, slot);
}

/* The accepting worker that polls for the fewest others; somebody else than
 * who could not, if there is one. */
static struct child *
adopter_choose(struct master *master, unsigned slot)
{
	const struct child *missed = master->slots[slot].missed;
	struct child *best = NULL;
	unsigned best_count = 0;

	for (unsigned i = 0; i < master->current->workers; i++) {
		struct child *child = master->slots[i].active;
		unsigned count = child == missed ? SHM_SLOT_MAX : 0;

		if (child == NULL)
			continue;
		for (unsigned j = 0; j < master->current->workers; j++)
			count += master->slots[j].adopter == child;
		if (best == NULL || count < best_count) {
			best = child;
			best_count = count;
		}
	}
	return best;
}

/* ---- coming and going ---------------------------------------------------- */

static void
slot_forget_start(struct slot *slot)
{
	struct child *starting = slot->starting;

	slot->start_at = (struct mono){ 0 };
	slot->starting = NULL;
	if (starting != NULL)
		child_end(starting);
}

struct child *
slots_take(struct master *master, unsigned slot)
{
	struct slot *s = &master->slots[slot];
	struct child *former = s->active;

	slot_forget_start(s);
	slot_release(master, slot);
	memset(s, 0, sizeof(*s));
	return former;
}

struct child *
slots_put(struct master *master, struct child *child)
{
	struct slot *s = &master->slots[child->slot];
	struct respawn respawn = s->respawn;
	struct child *former;

	if (s->starting == child)
		s->starting = NULL;
	former = slots_take(master, child->slot);
	/* A new generation starts without guilt. */
	if (former == NULL)
		s->respawn = respawn;
	s->active = child;
	return former;
}

void
slots_on_ready(struct master *master, struct child *child)
{
	if (is_of_next(master, child)) {
		generation_on_ready(master, child);
	} else if (master->slots[child->slot].starting == child) {
		(void)slots_put(master, child);
		child_go(child);
	} else {
		child_end(child);
	}
}

/* ---- deaths -------------------------------------------------------------- */

static void
add_how(struct log_line *line, const struct child *child)
{
	log_add_int(line, LOG_pid, child->pid);
	log_add_int(line, LOG_slot, child->slot);
	log_add_int(line, LOG_generation, child->generation);
	if (child->signal != 0)
		log_add_text(line, LOG_signal, sigabbrev_np(child->signal));
	else
		log_add_int(line, LOG_status, child->status);
	log_add_text(line, LOG_state, child_state_name(child->state));
}

/* The plugin in whose hook it was; NULL: in none. */
static const char *
add_running(struct log_line *line, struct child *child)
{
	const struct shm_segment *segment =
	    shm_segment(child->master->shm, child->segment);
	struct shm_running running;

	if (!shm_running_get(segment, &running)) {
		log_add_text(line, LOG_plugin, "-");
		log_add_text(line, LOG_hook, "-");
		return NULL;
	}
	log_add_text(line, LOG_plugin, shm_stat_plugin(segment, running.stat));
	log_add_text(line, LOG_hook, shm_stat_hook(segment, running.stat));
	log_add_text(line, LOG_sid, running.sid);
	log_add_text(line, LOG_tid, running.tid);
	return shm_stat_plugin(segment, running.stat);
}

static void
log_blamed(const char *plugin)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "plugin_kills_workers");
	log_add_text(&line, LOG_plugin, plugin);
	log_add_int(&line, LOG_count, RESPAWN_BLAMED_DEATHS);
	log_printf(&line, LOG_err,
	    "%d workers died in hooks of this plugin within %d s; the next "
	    "one is started after %d s",
	    RESPAWN_BLAMED_DEATHS, RESPAWN_BLAMED_WITHIN_MS / 1000,
	    RESPAWN_BLAMED_MS / 1000);
	log_end(&line);
}

/* Says who died where and what it cost.  True: its plugin did that thrice. */
static bool
death_note(struct master *master, struct child *child)
{
	struct log_line line;
	const char *plugin;

	master->deaths++;
	log_begin(&line, LOG_LEVEL_WARN);
	log_add_text(&line, LOG_event, "worker_died");
	add_how(&line, child);
	plugin = add_running(&line, child);
	log_add_int(&line, LOG_sessions, child_connections(child));
	if (child->failure.code != 0)
		log_add_text(&line, LOG_err, child->failure.text);
	log_end(&line);
	if (plugin == NULL || !blame_note(&master->blame, plugin, mono_now()))
		return false;
	log_blamed(plugin);
	return true;
}

static void
respawn_later(struct master *master, struct child *child, bool blamed)
{
	struct slot *slot = &master->slots[child->slot];
	struct mono now = mono_now();
	uint64_t wait_ms = respawn_wait(&slot->respawn, child->started, now);

	if (blamed)
		wait_ms = RESPAWN_BLAMED_MS;
	slot->start_at = mono_add_ms(now, wait_ms);
}

static void
log_ended(struct child *child)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_INFO);
	log_add_text(&line, LOG_event, "worker_ended");
	add_how(&line, child);
	log_end(&line);
}

/* As it was told to, or killed because its time was up. */
static bool
ended_well(const struct child *child)
{
	if (child->state == CHILD_ENDING)
		return child->signal == 0 || child->signal == SIGKILL;
	return child->state == CHILD_RETIRED && child->signal == 0 &&
	       child->status == 0;
}

void
slots_on_exit(struct master *master, struct child *child)
{
	struct slot *slot = &master->slots[child->slot];
	bool was_active = slot->active == child;
	bool blamed = false;

	for (unsigned i = 0; i < SHM_SLOT_MAX; i++) {
		if (master->slots[i].adopter == child)
			master->slots[i].adopter = NULL;
		if (master->slots[i].missed == child)
			master->slots[i].missed = NULL;
	}
	if (ended_well(child))
		log_ended(child);
	else if (!is_of_next(master, child) || child->failure.code == 0)
		blamed = death_note(master, child);
	if (is_of_next(master, child)) {
		generation_on_exit(master, child); /* logs why */
	} else if (was_active || slot->starting == child) {
		if (was_active)
			slot->empty_since = mono_now();
		slot->active = slot->starting = NULL;
		if (master->phase == MASTER_RUNNING)
			respawn_later(master, child, blamed);
	}
}

/* ---- the tick ------------------------------------------------------------ */

static void
log_start_failed(unsigned slot, const char *why)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, "worker_start_failed");
	log_add_int(&line, LOG_slot, slot);
	log_add_text(&line, LOG_err, why);
	log_end(&line);
}

static void
slot_start(struct master *master, unsigned slot)
{
	struct slot *s = &master->slots[slot];
	struct err err;
	struct mono now = mono_now();

	s->start_at = (struct mono){ 0 };
	if (child_start(master, master->current, slot, &s->starting, &err) == 0)
		return;
	s->starting = NULL;
	s->start_at = mono_add_ms(now, respawn_wait(&s->respawn, now, now));
	log_start_failed(slot, err.text);
}

/* A replacement that hangs, in the load of a plugin as a rule, would leave
 * its slot to the adopter for ever. */
static void
slot_check_start(struct master *master, unsigned slot, struct mono now)
{
	struct child *child = master->slots[slot].starting;
	char why[96];

	if (child == NULL || child->state != CHILD_STARTING ||
	    mono_since_us(now, child->started) <
		master->options->start_s * 1000000ull)
		return;
	(void)snprintf(why, sizeof(why),
	    "not ready within %u seconds: does a plugin hang in its load?",
	    master->options->start_s);
	log_start_failed(slot, why);
	child_end(child);
}

void
slots_tick(struct master *master, struct mono now)
{
	if (master->phase != MASTER_RUNNING)
		return;
	for (unsigned i = 0; i < master->current->workers; i++) {
		struct slot *slot = &master->slots[i];

		if (slot->start_at.ns != 0 &&
		    !mono_is_before(now, slot->start_at))
			slot_start(master, i);
		slot_check_start(master, i, now);
		if (slot->active == NULL && slot->adopter == NULL &&
		    mono_since_us(now, slot->empty_since) / 1000 >=
			MASTER_ADOPT_MS) {
			struct child *child = adopter_choose(master, i);

			if (child != NULL)
				slot_adopt(master, i, child);
		}
	}
}
