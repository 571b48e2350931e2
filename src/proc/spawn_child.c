/* SPDX-License-Identifier: MIT */
/* spawn_child.c - the spawn helper, as the master sees it. */
#include "spawn_child.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "child.h"
#include "master_private.h"
#include "memfile.h"
#include "service.h"
#include "spawn/grants.h"
#include "spawn/proto.h"

struct spawn_child {
	struct master *master;
	struct service *service;
	bool is_behind; /* the helper has an older list */
};

static const struct service_kind spawn_kind = {
	.command = "spawn-helper",
	.socket = SPAWN_SOCKET,
	.keeps_bounds = true,
	.died = "spawn_helper_died",
	.start_failed = "spawn_helper_start_failed",
	.died_text = "the process that runs programs has died, and they with "
		     "it; hl_spawn waits until the next one runs",
};

static void
print_grants(const struct master *master, struct buf *ret)
{
	LIST_FOR_EACH (link, safe, &master->children) {
		const struct child *child =
		    CONTAINER_OF(link, struct child, link);

		/* It was looked at when it came. */
		if (child->programs.n > 0)
			CHECK(grants_join(ret, child->pid,
				  buf_slice(&child->programs)) == 0);
	}
}

static int
send_grants(struct spawn_child *spawn)
{
	struct buf text = BUF_INIT;
	int fd, rc;

	print_grants(spawn->master, &text);
	rc = fd = memfile_make("grants", buf_slice(&text));
	buf_done(&text);
	if (fd < 0)
		return rc;
	rc = service_send(spawn->service, fd, "grants");
	(void)close(fd);
	return rc;
}

static void
tell_waiting(struct master *master)
{
	LIST_FOR_EACH (link, safe, &master->children)
		child_known(CONTAINER_OF(link, struct child, link));
}

void
spawn_child_update(struct spawn_child *spawn)
{
	int rc;

	if (spawn == NULL)
		return;
	rc = send_grants(spawn);
	/* One that does not run gets them when it is started. */
	spawn->is_behind = rc < 0 && rc != -EPIPE;
	if (!spawn->is_behind)
		tell_waiting(spawn->master);
}

void
spawn_child_tick(struct spawn_child *spawn)
{
	if (spawn != NULL && spawn->is_behind)
		spawn_child_update(spawn);
}

static void
on_start(void *arg)
{
	spawn_child_update(arg);
}

int
spawn_child_start(struct master *master, struct err *err)
{
	struct spawn_child *spawn = mem_alloc(sizeof(*spawn));
	int rc = service_start(&master->loop, &spawn_kind, master->state_dir,
	    NULL, on_start, spawn, &spawn->service, err);

	if (rc < 0) {
		mem_free(spawn);
		return rc;
	}
	spawn->master = master;
	master->spawn = spawn;
	spawn_child_update(spawn);
	return 0;
}

void
spawn_child_stop(struct spawn_child **spawn)
{
	struct spawn_child *old = *spawn;

	*spawn = NULL;
	if (old == NULL)
		return;
	service_stop(&old->service);
	mem_free(old);
}

int
spawn_child_pid(const struct spawn_child *spawn)
{
	return service_pid(spawn->service);
}

unsigned
spawn_child_deaths(const struct spawn_child *spawn)
{
	return service_deaths(spawn->service);
}
