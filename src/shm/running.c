/* SPDX-License-Identifier: MIT */
/* running.c - writing and reading the cells of running hooks. */
#include "shm/running.h"

#include <string.h>

#define READ_TRIES 8

static void
id_copy(char to[SHM_ID_MAX], struct slice id)
{
	size_t n = id.n < SHM_ID_MAX ? id.n : SHM_ID_MAX - 1;

	if (n > 0)
		memcpy(to, id.p, n);
	to[n] = '\0';
}

static void
cell_begin(struct shm_running *cell)
{
	__atomic_store_n(&cell->turn, cell->turn + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void
cell_end(struct shm_running *cell)
{
	__atomic_store_n(&cell->turn, cell->turn + 1, __ATOMIC_RELEASE);
}

void
shm_running_set(struct shm *shm, unsigned stat, struct slice sid,
    struct slice tid, struct mono since)
{
	struct shm_running *cell = &shm->own->running;

	cell_begin(cell);
	cell->stat = stat;
	cell->since_ns = since.ns;
	id_copy(cell->sid, sid);
	id_copy(cell->tid, tid);
	cell_end(cell);
}

static void
held_note(struct shm *shm, uint64_t held_ns)
{
	const struct shm_running *cell = &shm->own->running;
	struct shm_running *held = &shm->own->held;

	cell_begin(held);
	held->stat = cell->stat;
	held->since_ns = cell->since_ns;
	held->held_ns = held_ns;
	memcpy(held->sid, cell->sid, SHM_ID_MAX);
	memcpy(held->tid, cell->tid, SHM_ID_MAX);
	cell_end(held);
}

void
shm_running_clear(struct shm *shm, struct mono now)
{
	struct shm_running *cell = &shm->own->running;

	if (cell->stat != 0 && now.ns > cell->since_ns &&
	    now.ns - cell->since_ns >= SHM_HELD_MS * UINT64_C(1000000))
		held_note(shm, now.ns - cell->since_ns);
	__atomic_store_n(&cell->stat, 0, __ATOMIC_RELEASE);
}

void
shm_tick(struct shm *shm, unsigned segment)
{
	CHECK(shm->is_master);
	__atomic_add_fetch(&shm->segments[segment]->tick, 1, __ATOMIC_RELAXED);
}

static bool
cell_get(const struct shm_running *cell, struct shm_running *ret)
{
	for (unsigned i = 0; i < READ_TRIES; i++) {
		uint32_t turn = __atomic_load_n(&cell->turn, __ATOMIC_ACQUIRE);

		*ret = *cell;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (turn % 2 == 0 &&
		    turn == __atomic_load_n(&cell->turn, __ATOMIC_RELAXED))
			break;
	}
	ret->sid[SHM_ID_MAX - 1] = ret->tid[SHM_ID_MAX - 1] = '\0';
	return ret->stat != 0 && ret->stat < SHM_STAT_MAX;
}

bool
shm_running_get(const struct shm_segment *segment, struct shm_running *ret)
{
	return cell_get(&segment->running, ret);
}

bool
shm_held_get(const struct shm_segment *segment, struct shm_running *ret)
{
	return cell_get(&segment->held, ret);
}
