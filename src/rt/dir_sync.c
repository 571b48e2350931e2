/* SPDX-License-Identifier: MIT */
/* dir_sync.c - one fsync of a directory for all who ask meanwhile.
 *
 * Each directory with a request has a struct dir_sync.  The first who asks
 * leads: it takes all requests, has a thread sync the directory, hands out
 * the results and, if others came meanwhile, makes the first of those the
 * leader of the next round.
 *
 *	requests:  A --fsync 1 queued--|--fsync 1 runs--|--fsync 2--|
 *	B, before fsync 1 has begun: rides on it
 *	C, D, while fsync 1 runs: ride on fsync 2
 *
 * What B's caller renamed before is in the directory when the fsync begins:
 * B was let on only as `begun`, which the thread sets before it begins, was
 * still false.
 *
 * A request of file_publish has its rename done by the same thread, before
 * the fsync.  It rides with a round that was not handed to the pool yet:
 * from then on the thread walks `moves`.
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
	bool queued; /* the round was handed to the pool */
	atomic_bool begun;
	struct list moves; /* renames of the round under way */
	struct list now;   /* other requests that it serves */
	struct list next;  /* what the one after serves */
};

/* On the stack of the fiber that asked, which stays in file_sync_dir. */
struct request {
	struct link link;
	struct fiber *fiber;
	const char *from, *to; /* to be renamed; NULL: nothing */
	int result;            /* of its rename, then of the round */
	bool done;
	bool leads; /* the next round is this fiber's to do */
};

static struct dir_sync *
dir_find(struct rt *rt, struct slice path)
{
	LIST_FOR_EACH (link, next, &rt->dir_syncs) {
		struct dir_sync *dir =
		    CONTAINER_OF(link, struct dir_sync, link);

		if (slice_eq_text(path, dir->path))
			return dir;
	}
	return NULL;
}

static struct dir_sync *
dir_new(struct rt *rt, struct slice path)
{
	struct dir_sync *dir = mem_alloc(sizeof(*dir));

	dir->path = mem_dup(path);
	atomic_init(&dir->begun, false);
	list_init(&dir->moves);
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

int
dir__sync_now(const char *path)
{
	int rc = 0, fd;

	do {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

/* On a thread of the pool. */
static int
run_round(void *arg)
{
	struct dir_sync *dir = arg;

	LIST_FOR_EACH (link, next, &dir->moves) {
		struct request *request =
		    CONTAINER_OF(link, struct request, link);

		if (rename(request->from, request->to) == -1)
			request->result = -errno;
	}
	atomic_store(&dir->begun, true);
	return dir__sync_now(dir->path);
}

static void
move_all(struct list *to, struct list *from)
{
	struct link *link;

	while ((link = list_pop_front(from)) != NULL)
		list_push_back(to, link);
}

static void
hand_out(struct list *requests, int result)
{
	struct link *link;

	while ((link = list_pop_front(requests)) != NULL) {
		struct request *request =
		    CONTAINER_OF(link, struct request, link);

		if (request->result == 0)
			request->result = result;
		request->done = true;
		if (request->fiber != fiber_self())
			fiber_wake(request->fiber);
	}
}

/* Hands out the result of the round; `dir` is gone if nobody waits for
 * another. */
static void
end_round(struct dir_sync *dir, int result)
{
	struct request *request;

	hand_out(&dir->moves, result);
	hand_out(&dir->now, result);
	if (list_is_empty(&dir->next)) {
		dir_free(dir);
		return;
	}
	request = CONTAINER_OF(list_first(&dir->next), struct request, link);
	/* What comes until the next leader runs may ride with it. */
	move_all(&dir->now, &dir->next);
	dir->queued = false;
	atomic_store(&dir->begun, false);
	request->leads = true;
	fiber_wake(request->fiber);
}

/* From here on the thread walks `moves`, nobody adds to it. */
static void
take_moves(struct dir_sync *dir)
{
	LIST_FOR_EACH (link, next, &dir->now) {
		if (CONTAINER_OF(link, struct request, link)->from == NULL)
			continue;
		list_remove(link);
		list_push_back(&dir->moves, link);
	}
}

static void
lead_round(struct rt *rt, struct dir_sync *dir)
{
	rt->dir_syncs_made++;
	take_moves(dir);
	dir->queued = true;
	fiber_label_wait("dirsync");
	end_round(dir, rt_offload_always(run_round, dir));
}

static int
ask(struct request *request, struct slice path)
{
	struct dir_sync *dir;
	struct rt *rt;
	bool late;
	int rc;

	request->fiber = fiber_self();
	rc = fiber_check();
	if (rc < 0)
		return rc;
	rt = request->fiber->rt;
	rt->dir_syncs_asked++;
	dir = dir_find(rt, path);
	if (dir == NULL) {
		dir = dir_new(rt, path);
		request->leads = true;
	}
	late = request->from != NULL ? dir->queued : atomic_load(&dir->begun);
	list_push_back(late ? &dir->next : &dir->now, &request->link);
	while (!request->done && !request->leads) {
		fiber_label_wait("dirsync");
		fiber_block_always();
	}
	if (!request->done)
		lead_round(rt, dir);
	return request->result;
}

int
file_sync_dir(const char *path)
{
	struct request request = { 0 };

	return ask(&request, slice_of(path));
}

int
file_publish(const char *from, const char *to)
{
	struct request request = { .from = from, .to = to };
	const char *slash = strrchr(to, '/');

	if (slash == NULL)
		return ask(&request, SLICE_LIT("."));
	if (slash == to)
		return ask(&request, SLICE_LIT("/"));
	return ask(&request, slice_head(slice_of(to), (size_t)(slash - to)));
}

void
file_sync_dir_counts(
    const struct rt *rt, uint64_t *ret_made, uint64_t *ret_asked)
{
	*ret_made = rt->dir_syncs_made;
	*ret_asked = rt->dir_syncs_asked;
}
