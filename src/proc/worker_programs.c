/* SPDX-License-Identifier: MIT */
/* worker_programs.c - a worker says which programs its plugins may have run. */
#include "worker_programs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "memfile.h"
#include "rt/wait.h"
#include "server/server.h"
#include "spawn/grants.h"

static enum grant
grant_of(const struct server_need *need)
{
	switch (need->kind) {
	case SERVER_NEED_EXEC:
		return GRANT_RUN;
	case SERVER_NEED_EXEC_SETUID:
		return GRANT_GAIN;
	case SERVER_NEED_READ:
	case SERVER_NEED_WRITE:
	case SERVER_NEED_CONNECT:
		break;
	}
	return GRANT_NONE;
}

static int
make_list(const struct server_loaded *loaded, struct buf *list, struct err *err)
{
	grants_begin(list, loaded->max_programs);
	for (size_t i = 0; i < loaded->need_count; i++) {
		const struct server_need *need = &loaded->needs[i];
		enum grant grant = grant_of(need);
		int rc = 0;

		if (grant != GRANT_NONE)
			rc = grants_add(list, slice_str(need->what), grant);
		if (rc < 0)
			return err_set(err, rc, "hl_need_exec: %.100s: %s",
			    need->what.p,
			    rc == -E2BIG ? "too many programs"
					 : "not an absolute path");
	}
	return 0;
}

/* BLOCKS until the spawn helper knows. */
static int
send_list(struct channel *channel, const struct buf *list,
    struct waiter **waiting, struct err *err)
{
	struct waiter *waiter;
	int fd = memfile_make("programs", buf_slice(list)), rc;

	if (fd < 0)
		return err_set(err, fd, "memfd: %s", strerror(-fd));
	rc = channel_send(channel, fd, "programs");
	(void)close(fd);
	if (rc < 0)
		return err_set(err, rc, "the master: %s", strerror(-rc));
	*waiting = waiter = waiter_new();
	waiter_wait_always(waiter);
	waiter_unref(&waiter);
	return 0;
}

int
worker_programs_send(struct channel *channel,
    const struct server_loaded *loaded, struct waiter **waiting,
    struct err *err)
{
	struct buf list = BUF_INIT;
	int rc = 0;
	bool any = false;

	for (size_t i = 0; i < loaded->need_count; i++)
		any |= grant_of(&loaded->needs[i]) != GRANT_NONE;
	if (any)
		rc = make_list(loaded, &list, err);
	if (any && rc == 0)
		rc = send_list(channel, &list, waiting, err);
	buf_done(&list);
	return rc;
}
