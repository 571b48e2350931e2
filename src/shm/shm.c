/* SPDX-License-Identifier: MIT */
/* shm.c - the shared file itself: made, mapped, given out, cleared. */
#include "shm/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define SHM_MAGIC 0x53484d31
#define SHM_HEAD_MAGIC 0x686f6f6b6c696e65 /* "hookline" */

enum { FREE, TAKEN };

static off_t
segment_offset(unsigned index)
{
	return (off_t)(sizeof(struct shm_head) +
		       (size_t)index * sizeof(struct shm_segment));
}

static void *
map_part(int fd, off_t at, size_t size, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, at);

	return p == MAP_FAILED ? NULL : p;
}

static struct shm *
shm_new(int fd)
{
	struct shm *shm = mem_alloc(sizeof(*shm));

	shm->magic = SHM_MAGIC;
	shm->fd = fd;
	return shm;
}

int
shm_create(struct shm **ret, struct err *err)
{
	int fd = memfd_create("hookline", MFD_CLOEXEC);
	struct shm *shm;

	if (fd == -1)
		return err_set(
		    err, -errno, "memfd_create: %s", strerror(errno));
	shm = shm_new(fd);
	shm->is_master = true;
	if (ftruncate(fd, segment_offset(SHM_SEGMENT_MAX)) == 0)
		shm->head = map_part(fd, 0, sizeof(struct shm_head), true);
	if (shm->head == NULL) {
		int code = -errno;

		shm_free(&shm);
		return err_set(err, code, "shared memory: %s", strerror(-code));
	}
	shm->head->magic = SHM_HEAD_MAGIC;
	random_bytes(shm->head->hash_key, sizeof(shm->head->hash_key));
	*ret = shm;
	return 0;
}

/* Maps head and own segment; errno on failure. */
static bool
attach_map(struct shm *shm, int fd_rw, unsigned segment)
{
	shm->head = map_part(shm->fd, 0, sizeof(struct shm_head), false);
	if (shm->head == NULL)
		return false;
	if (shm->head->magic != SHM_HEAD_MAGIC || segment >= SHM_SEGMENT_MAX ||
	    shm->head->taken[segment] != TAKEN) {
		errno = EINVAL;
		return false;
	}
	shm->own_index = segment;
	shm->own = map_part(
	    fd_rw, segment_offset(segment), sizeof(struct shm_segment), true);
	shm->segments[segment] = shm->own;
	return shm->own != NULL;
}

int
shm_attach(
    int fd, int fd_rw, unsigned segment, struct shm **ret, struct err *err)
{
	struct shm *shm = shm_new(fd);
	bool ok = attach_map(shm, fd_rw, segment);
	int code = -errno;

	(void)close(fd_rw);
	if (!ok) {
		shm_free(&shm);
		return err_set(err, code, "shared memory: %s", strerror(-code));
	}
	if (shm->own->stat_count == 0)
		shm->own->stat_count = 2; /* none and "other" */
	*ret = shm;
	return 0;
}

struct shm *
shm_private(void)
{
	struct shm *shm = shm_new(-1);

	shm->head = mmap(NULL, (size_t)segment_offset(1),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(shm->head != MAP_FAILED);
	shm->own = (struct shm_segment *)(void *)(shm->head + 1);
	shm->segments[0] = shm->own;
	shm->head->magic = SHM_HEAD_MAGIC;
	shm->head->taken[0] = TAKEN;
	shm->head->count = 1;
	random_bytes(shm->head->hash_key, sizeof(shm->head->hash_key));
	shm->own->stat_count = 2;
	return shm;
}

void
shm_free(struct shm **shm)
{
	struct shm *s = *shm;

	if (s == NULL)
		return;
	CHECK_OBJ(s, SHM_MAGIC);
	if (s->fd == -1) {
		(void)munmap(s->head, (size_t)segment_offset(1));
	} else {
		if (s->head != NULL)
			(void)munmap(s->head, sizeof(*s->head));
		for (unsigned i = 0; i < SHM_SEGMENT_MAX; i++)
			if (s->segments[i] != NULL)
				(void)munmap(
				    s->segments[i], sizeof(struct shm_segment));
		(void)close(s->fd);
	}
	s->magic = 0;
	mem_free(s);
	*shm = NULL;
}

int
shm_open_readonly(const struct shm *shm)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", shm->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd == -1 ? -errno : fd;
}

int
shm_take(struct shm *shm, unsigned slot, unsigned generation,
    unsigned *ret_segment, struct err *err)
{
	CHECK(shm->is_master && slot < SHM_SLOT_MAX);
	for (unsigned i = slot * SHM_PER_SLOT; i < (slot + 1) * SHM_PER_SLOT;
	     i++) {
		struct shm_segment *segment = shm->segments[i];

		if (shm->head->taken[i] != FREE)
			continue;
		if (segment == NULL)
			segment = map_part(
			    shm->fd, segment_offset(i), sizeof(*segment), true);
		if (segment == NULL)
			return err_set(
			    err, -errno, "shared memory: %s", strerror(errno));
		shm->segments[i] = segment;
		segment->slot = slot;
		segment->generation = generation;
		if (i >= shm->head->count)
			__atomic_store_n(
			    &shm->head->count, i + 1, __ATOMIC_RELEASE);
		__atomic_store_n(&shm->head->taken[i], TAKEN, __ATOMIC_RELEASE);
		*ret_segment = i;
		return 0;
	}
	return err_set(err, -ENOBUFS,
	    "slot %u: all %d segments are taken by workers that still drain",
	    slot, SHM_PER_SLOT);
}

void
shm_set_pid(struct shm *shm, unsigned segment, int pid)
{
	CHECK(shm->is_master);
	__atomic_store_n(&shm->segments[segment]->pid, pid, __ATOMIC_RELAXED);
}

void
shm_clear(struct shm *shm, unsigned segment)
{
	CHECK(shm->is_master);
	__atomic_store_n(&shm->head->taken[segment], FREE, __ATOMIC_RELEASE);
	/* Gives the pages back, and all mappings read zeroes. */
	if (fallocate(shm->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		segment_offset(segment),
		(off_t)sizeof(struct shm_segment)) == -1)
		memset(shm->segments[segment], 0, sizeof(struct shm_segment));
}

unsigned
shm_taken(const struct shm *shm, unsigned slot)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SHM_PER_SLOT; i++)
		count += shm->head->taken[slot * SHM_PER_SLOT + i] == TAKEN;
	return count;
}

unsigned
shm_count(const struct shm *shm)
{
	return __atomic_load_n(&shm->head->count, __ATOMIC_ACQUIRE);
}

const struct shm_segment *
shm_segment(struct shm *shm, unsigned index)
{
	if (index >= SHM_SEGMENT_MAX ||
	    __atomic_load_n(&shm->head->taken[index], __ATOMIC_ACQUIRE) !=
		TAKEN)
		return NULL;
	if (shm->segments[index] == NULL)
		shm->segments[index] = map_part(shm->fd, segment_offset(index),
		    sizeof(struct shm_segment), false);
	return shm->segments[index];
}

void
shm_faults_set(struct shm *shm, struct slice text)
{
	struct shm_segment *own = shm->own;
	size_t n = text.n < SHM_FAULTS_MAX ? text.n : SHM_FAULTS_MAX - 1;

	__atomic_add_fetch(&own->faults_turn, 1, __ATOMIC_ACQ_REL);
	if (n > 0)
		memcpy(own->faults, text.p, n);
	own->faults[n] = '\0';
	__atomic_add_fetch(&own->faults_turn, 1, __ATOMIC_RELEASE);
}

void
shm_faults_get(const struct shm_segment *segment, char ret[SHM_FAULTS_MAX])
{
	/* A few tries; the worker may have died in the middle. */
	for (unsigned i = 0; i < 100; i++) {
		uint32_t turn =
		    __atomic_load_n(&segment->faults_turn, __ATOMIC_ACQUIRE);

		memcpy(ret, segment->faults, SHM_FAULTS_MAX);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (turn % 2 == 0 &&
		    turn == __atomic_load_n(
				&segment->faults_turn, __ATOMIC_RELAXED))
			break;
	}
	ret[SHM_FAULTS_MAX - 1] = '\0';
}
