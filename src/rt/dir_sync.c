/* SPDX-License-Identifier: MIT */
/* dir_sync.c - one fsync of a directory for all who ask meanwhile.
 *
 * Each directory with a request has a struct dir_sync.  The first who asks
 * leads: it takes all requests, has a thread sync the directory, hands out
 * the result and, if others came meanwhile, makes the first of those the
 * leader of the next round.
 *
 *	requests:  A --fsync 1 queued--|--fsync 1 runs--|--fsync 2--|
 *	B, before fsync 1 has begun: rides on it
 *	C, D, while fsync 1 runs: ride on fsync 2
 *
 * What B's caller renamed before is in the directory when the fsync begins:
 * B was let on only as `begun`, which the thread sets before it begins, was
 * still false.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "rt/offload.h"
#include "rt/rt_private.h"

struct dir_sync {
	struct link link; /* in rt->dir_syncs */
	char *path;
	atomic_bool begun;
	struct list now;  /* requests served by the round under way */
	struct list next; /* by the one after */
};

/* On the stack of the fiber that asked, which stays in file_sync_dir. */
struct request {
	struct link link;
	struct fiber *fiber;
	int result;
	bool done;
	bool leads; /* the next round is this fiber's to do */
};

static struct dir_sync *
dir_find(struct rt *rt, const char *path)
{
	LIST_FOR_EACH (link, next, &rt->dir_syncs) {
		struct dir_sync *dir =
		    CONTAINER_OF(link, struct dir_sync, link);

		if (strcmp(dir->path, path) == 0)
			return dir;
	}
	return NULL;
}

static struct dir_sync *
dir_new(struct rt *rt, const char *path)
{
	struct dir_sync *dir = mem_alloc(sizeof(*dir));

	dir->path = mem_dup(slice_of(path));
	atomic_init(&dir->begun, false);
	list_init(&dir->now);
	list_init(&dir->next);
	list_push_back(&rt->dir_syncs, &dir->link);
	return dir;
}

static void
dir_free(struct dir_sync *dir)
{
	list_remove(&dir->link);
	mem_free(dir->path);
	mem_free(dir);
}

/* On a thread of the pool. */
static int
sync_now(void *arg)
{
	struct dir_sync *dir = arg;
	int rc = 0, fd;

	atomic_store(&dir->begun, true);
	do {
		fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} while (fd == -1 && errno == EINTR);
	if (fd == -1)
		return -errno;
	while (fsync(fd) == -1) {
		if (errno == EINTR)
			continue;
		rc = -errno;
		break;
	}
	(void)close(fd);
	return rc;
}

static void
move_all(struct list *to, struct list *from)
{
	struct link *link;

	while ((link = list_pop_front(from)) != NULL)
		list_push_back(to, link);
}

/* Hands out the result of the round; `dir` is gone if nobody waits for
 * another. */
static void
end_round(struct dir_sync *dir, int result)
{
	struct link *link;
	struct request *request;

	while ((link = list_pop_front(&dir->now)) != NULL) {
		request = CONTAINER_OF(link, struct request, link);
		request->result = result;
		request->done = true;
		if (request->fiber != fiber_self())
			fiber_wake(request->fiber);
	}
	link = list_first(&dir->next);
	if (link == NULL) {
		dir_free(dir);
		return;
	}
	/* What comes until the next leader runs may ride with it. */
	move_all(&dir->now, &dir->next);
	atomic_store(&dir->begun, false);
	request = CONTAINER_OF(link, struct request, link);
	request->leads = true;
	fiber_wake(request->fiber);
}

int
file_sync_dir(const char *path)
{
	struct request request = { .fiber = fiber_self() };
	struct dir_sync *dir;
	struct rt *rt;
	int rc = fiber_check();

	if (rc < 0)
		return rc;
	rt = request.fiber->rt;
	rt->dir_syncs_asked++;
	dir = dir_find(rt, path);
	if (dir == NULL) {
		dir = dir_new(rt, path);
		request.leads = true;
	}
	list_push_back(
	    atomic_load(&dir->begun) ? &dir->next : &dir->now, &request.link);
	while (!request.done && !request.leads) {
		fiber_label_wait("dirsync");
		fiber_block_always();
	}
	if (!request.done) {
		rt->dir_syncs_made++;
		fiber_label_wait("dirsync");
		end_round(dir, rt_offload_always(sync_now, dir));
	}
	return request.result;
}

void
file_sync_dir_counts(
    const struct rt *rt, uint64_t *ret_made, uint64_t *ret_asked)
{
	*ret_made = rt->dir_syncs_made;
	*ret_asked = rt->dir_syncs_asked;
}
