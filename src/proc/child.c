/* SPDX-License-Identifier: MIT */
/* child.c - one worker process, as the master sees it. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "channel.h"
#include "generation.h"
#include "heritage.h"
#include "master_private.h"
#include "perl_hosts.h"
#include "memfile.h"
#include "spawn/grants.h"
#include "spawn_child.h"
#include "tls_watch.h"

#define CHILD_MAGIC 0x63686c64

/* What every worker inherits before the listening sockets. */
enum {
	FD_CHANNEL = HERITAGE_FD + 1,
	FD_SHM,
	FD_SHM_RW,
	FD_TLS,
	FD_TICKETS,
	FD_SOCKETS
};

const char *
child_state_name(enum child_state state)
{
	static const char *const names[] = {
		[CHILD_STARTING] = "starting",
		[CHILD_READY] = "ready",
		[CHILD_ACTIVE] = "active",
		[CHILD_RETIRED] = "draining",
		[CHILD_ENDING] = "ending",
	};

	return names[state];
}

/* ---- messages ------------------------------------------------------------ */

static void
take_ready(struct child *child)
{
	if (child->state != CHILD_STARTING)
		return;
	child->state = CHILD_READY;
	tls_watch_on_ready(child->master, child);
	slots_on_ready(child->master, child);
}

static void
take_failure(struct child *child, struct slice text)
{
	(void)err_set(&child->failure, -EINVAL, "%.*s", STR(text));
}

/* "flushed N FAULTS TEXT" */
static void
take_flushed(struct child *child, struct slice text)
{
	unsigned id, faults;

	if (num_parse_unsigned(slice_word(&text), UINT32_MAX, &id) == 0 &&
	    num_parse_unsigned(slice_word(&text), UINT32_MAX, &faults) == 0)
		flush_on_answer(
		    child->master, child, id, faults, slice_trim(text));
}

/* While the caller has the descriptor that came with it open, the host can
 * have no other client yet. */
static void
take_stuck(struct child *child, struct slice text)
{
	unsigned pid;

	if (num_parse_unsigned(slice_word(&text), INT32_MAX, &pid) == 0)
		perl_hosts_kill(child->master, (int)pid, slice_trim(text));
}

/* Only while it starts: it has no clients yet, so nobody but the plugins
 * can have told it what to ask for. */
static void
take_programs(struct child *child, int fd)
{
	struct buf list = BUF_INIT, check = BUF_INIT;

	if (child->state != CHILD_STARTING)
		return;
	if (memfile_read(fd, GRANTS_MAX, &list) == 0 &&
	    grants_join(&check, child->pid, buf_slice(&list)) == 0) {
		buf_done(&child->programs);
		child->programs = list;
		child->wants_known = true;
		spawn_child_update(child->master->spawn);
	} else {
		buf_done(&list);
	}
	buf_done(&check);
}

/* Versions and serials begin with 1. */
static void
take_missed(struct child *child, struct slice text)
{
	unsigned slot;

	if (num_parse_unsigned(slice_word(&text), SHM_SLOT_MAX - 1, &slot) == 0)
		slots_on_missed(child->master, child, slot);
	else
		child->tls_version = child->tickets_serial = 0;
}

static void
on_message(void *owner, struct slice text, int fd)
{
	struct child *child = owner;
	struct slice word = slice_word(&text);

	CHECK_OBJ(child, CHILD_MAGIC);
	if (slice_eq_text(word, "ready")) {
		take_ready(child);
	} else if (slice_eq_text(word, "programs")) {
		if (fd != -1)
			take_programs(child, fd);
	} else if (slice_eq_text(word, "fail")) {
		take_failure(child, slice_trim(text));
	} else if (slice_eq_text(word, "missed")) {
		take_missed(child, text);
	} else if (slice_eq_text(word, "stuck")) {
		take_stuck(child, text);
	} else if (slice_eq_text(word, "flushed")) {
		take_flushed(child, text);
	}
	if (fd != -1)
		(void)close(fd);
}

static void
kill_within(struct child *child, uint64_t ms)
{
	struct mono at = mono_add_ms(mono_now(), ms);

	if (child->kill_at.ns == 0 || mono_is_before(at, child->kill_at))
		child->kill_at = at;
}

/* Without a channel we could neither command nor end it. */
static void
on_closed(void *owner)
{
	struct child *child = owner;

	channel_close(&child->channel);
	kill_within(child, MASTER_KILL_MS);
}

/* ---- start --------------------------------------------------------------- */

static void
on_process_closed(uv_handle_t *handle)
{
	struct child *child = handle->data;

	child->magic = 0;
	buf_done(&child->programs);
	mem_free(child);
}

static void
on_exit_of(uv_process_t *process, int64_t status, int sig)
{
	struct child *child = process->data;
	struct master *master = child->master;

	if (child->channel != NULL)
		channel_drain(child->channel);
	channel_close(&child->channel);
	child->status = (int)status;
	child->signal = sig;
	list_remove(&child->link);
	if (child->programs.n > 0)
		spawn_child_update(master->spawn);
	flush_on_exit(master, child);
	slots_on_exit(master, child);
	shm_sum_add(
	    &master->past, shm_segment(master->shm, child->segment), false);
	shm_clear(master->shm, child->segment);
	uv_close((uv_handle_t *)process, on_process_closed);
	master_check_end(master);
}

char **
child_environment(struct arena *arena)
{
	static const char *const not_theirs[] = { "NOTIFY_SOCKET=",
		"WATCHDOG_PID=", "WATCHDOG_USEC=", "LISTEN_FDS=",
		"LISTEN_FDNAMES=", "LISTEN_PID=" };
	size_t count = 0, kept = 0;
	char **copy;

	while (environ[count] != NULL)
		count++;
	copy = arena_array(arena, count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++) {
		bool keep = true;

		for (size_t j = 0; j < ARRAY_SIZE(not_theirs); j++)
			keep &= strncmp(environ[i], not_theirs[j],
				    strlen(not_theirs[j])) != 0;
		if (keep)
			copy[kept++] = environ[i];
	}
	return copy;
}

/* The sockets of `slot`; their descriptors here go to `ret_fds`. */
static void
inherit_sockets(const struct listen_set *set, unsigned slot,
    struct arena *arena, struct heritage *heritage, int *ret_fds)
{
	heritage->sockets =
	    arena_array(arena, set->count, sizeof(*heritage->sockets));
	for (unsigned i = 0; i < set->count; i++) {
		const struct listen_addr *addr = &set->addrs[i];
		struct heritage_socket *s = &heritage->sockets[i];

		s->slot = addr->shared ? 0 : slot;
		s->id = addr->id;
		s->line = str_of(addr->line);
		s->fd = FD_SOCKETS + (int)i;
		ret_fds[i] = addr->fds[s->slot];
	}
	heritage->socket_count = set->count;
}

static int
spawn(struct child *child, const int *fds, unsigned count, struct arena *arena,
    struct err *err)
{
	static char name[] = "hookline", command[] = "worker";
	char slot[32], number[32];
	char *args[] = { name, command, slot, number, NULL };
	uv_stdio_container_t *stdio = arena_array(arena, count, sizeof(*stdio));
	uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = "/proc/self/exe",
		.args = args,
		.env = child_environment(arena),
		.stdio_count = (int)count,
		.stdio = stdio,
	};
	int rc;

	/* For those who look at the list of processes. */
	(void)snprintf(slot, sizeof(slot), "--slot=%u", child->slot);
	(void)snprintf(
	    number, sizeof(number), "--generation=%u", child->generation);
	for (unsigned i = 0; i < count; i++) {
		stdio[i].flags = fds[i] == -1 ? UV_IGNORE : UV_INHERIT_FD;
		stdio[i].data.fd = fds[i];
	}
	rc = uv_spawn(&child->master->loop, &child->process, &options);
	if (rc < 0)
		return err_set(
		    err, rc, "cannot start a worker: %s", uv_strerror(rc));
	child->pid = child->process.pid;
	return 0;
}

/* With everything open that the worker gets, except `worker_end` of the
 * channel and the read-only shared memory, which the caller closes. */
static int
child_exec(struct child *child, const struct generation *generation,
    int worker_end, int shm_fd, struct err *err)
{
	struct master *master = child->master;
	struct heritage heritage = {
		.generation = child->generation,
		.slot = child->slot,
		.workers = generation->workers,
		.segment = child->segment,
		.master_pid = getpid(),
		.channel_fd = FD_CHANNEL,
		.shm_fd = FD_SHM,
		.shm_rw_fd = FD_SHM_RW,
		.config_dir = str_of(master->config_dir),
		.state_dir = str_of(master->state_dir),
	};
	unsigned count = FD_SOCKETS + generation->set->count;
	struct arena arena;
	int *fds, rc, memory;

	arena_init(&arena, 4096, 0);
	fds = arena_array(&arena, count, sizeof(*fds));
	rc = tls_watch_heritage(
	    master, generation, child, &fds[FD_TLS], &fds[FD_TICKETS], err);
	if (rc < 0) {
		arena_done(&arena);
		return rc;
	}
	heritage.tls_fd = fds[FD_TLS] == -1 ? 0 : FD_TLS;
	heritage.tickets_fd = fds[FD_TICKETS] == -1 ? 0 : FD_TICKETS;
	inherit_sockets(
	    generation->set, child->slot, &arena, &heritage, fds + FD_SOCKETS);
	rc = memory = heritage_write(&heritage, err);
	if (rc >= 0) {
		fds[0] = -1;
		fds[1] = 1;
		fds[2] = 2;
		fds[HERITAGE_FD] = memory;
		fds[FD_CHANNEL] = worker_end;
		fds[FD_SHM] = shm_fd;
		fds[FD_SHM_RW] = master->shm->fd;
		rc = spawn(child, fds, count, &arena, err);
		(void)close(memory);
	}
	arena_done(&arena);
	return rc;
}

/* One that never ran.  libuv may have seen its handle already. */
static void
child_discard(struct child *child)
{
	shm_clear(child->master->shm, child->segment);
	if (child->process.loop == NULL)
		mem_free(child);
	else
		uv_close((uv_handle_t *)&child->process, on_process_closed);
}

/* The process with its channel. */
static int
child_connect(
    struct child *child, const struct generation *generation, struct err *err)
{
	static const struct channel_events events = { on_message, on_closed };
	struct master *master = child->master;
	int shm_fd = shm_open_readonly(master->shm);
	int ends[2], rc;

	if (shm_fd < 0)
		return err_set(
		    err, shm_fd, "shared memory: %s", strerror(-shm_fd));
	rc = channel_pair(ends);
	if (rc < 0) {
		(void)close(shm_fd);
		return err_set(err, rc, "socketpair: %s", strerror(-rc));
	}
	rc = child_exec(child, generation, ends[1], shm_fd, err);
	(void)close(shm_fd);
	(void)close(ends[1]);
	if (rc < 0)
		(void)close(ends[0]);
	else
		child->channel =
		    channel_open(&master->loop, ends[0], &events, child);
	return rc;
}

int
child_start(struct master *master, const struct generation *generation,
    unsigned slot, struct child **ret, struct err *err)
{
	struct child *child = mem_alloc(sizeof(*child));
	int rc;

	child->magic = CHILD_MAGIC;
	child->master = master;
	child->generation = generation->number;
	child->slot = slot;
	child->started = mono_now();
	child->process.data = child;
	rc = shm_take(
	    master->shm, slot, child->generation, &child->segment, err);
	if (rc < 0) {
		mem_free(child);
		return rc;
	}
	rc = child_connect(child, generation, err);
	if (rc < 0) {
		child_discard(child);
		return rc;
	}
	shm_set_pid(master->shm, child->segment, child->pid);
	list_push_back(&master->children, &child->link);
	*ret = child;
	return 0;
}

/* ---- orders -------------------------------------------------------------- */

/* A worker whose buffer is full hangs; the watchdog deals with it. */
#define ORDER(child, fd, ...)     \
	((child)->channel == NULL \
		? -EPIPE          \
		: channel_send((child)->channel, fd, __VA_ARGS__))

void
child_go(struct child *child)
{
	child->state = CHILD_ACTIVE;
	(void)ORDER(child, -1, "go");
}

void
child_retire(struct child *child)
{
	child->state = CHILD_RETIRED;
	(void)ORDER(child, -1, "retire");
}

void
child_drain(struct child *child)
{
	child->state = CHILD_ENDING;
	(void)ORDER(child, -1, "drain");
}

void
child_end(struct child *child)
{
	child->state = CHILD_ENDING;
	(void)ORDER(child, -1, "now");
	kill_within(child, MASTER_KILL_MS);
}

void
child_adopt(struct child *child, const struct listen_addr *addr, unsigned slot)
{
	(void)ORDER(child, addr->fds[slot], "adopt %u %u %s", addr->id, slot,
	    addr->line);
}

void
child_release(
    struct child *child, const struct listen_addr *addr, unsigned slot)
{
	(void)ORDER(child, -1, "release %u %u", addr->id, slot);
}

void
child_finish(struct child *child, const struct listen_addr *addr, unsigned slot)
{
	(void)ORDER(child, -1, "finish %u %u", addr->id, slot);
}

void
child_known(struct child *child)
{
	if (!child->wants_known)
		return;
	child->wants_known = false;
	(void)ORDER(child, -1, "known");
}

int
child_flush(struct child *child, unsigned id)
{
	return ORDER(child, -1, "flush %u", id);
}

int
child_tls(struct child *child, const char *what, int fd)
{
	return ORDER(child, fd, "%s", what);
}

void
child_tick(struct child *child, struct mono now)
{
	if (child->kill_at.ns == 0 || mono_is_before(now, child->kill_at))
		return;
	child->kill_at = (struct mono){ 0 };
	(void)uv_process_kill(&child->process, SIGKILL);
}

unsigned
child_connections(const struct child *child)
{
	const struct shm_segment *segment =
	    shm_segment(child->master->shm, child->segment);

	return __atomic_load_n(&segment->peers.open, __ATOMIC_RELAXED);
}
