/* SPDX-License-Identifier: MIT */
/* body.h - the bytes of one message, as received.
 *
 * Header section, separator and body are one sequence of bytes: CRLF line
 * ends, dots unstuffed.  The header section ("head") is contiguous memory,
 * limited by its caller; what follows is kept in recycled blocks of memory
 * up to a threshold, beyond that in an unlinked spool file, which then holds
 * the whole sequence, head included:
 *
 *      0              head.n          spooled            size
 *      |--- head ------|---- in file ----|--- in blocks ---|
 *
 * `struct body_store` is what the bodies of a worker share: the spool
 * directory, the account of their memory, the free list of blocks.
 *
 * An error of the disk is sticky: each later call returns it again and stores
 * nothing, so that the server swallows the message to its end and
 * answers 452 (-ENOSPC, -EDQUOT, -EFBIG, -ENOMEM) or 451 (all others).
 * One fiber at a time uses a body.
 */
#ifndef HOOKLINE_MAIL_BODY_H
#define HOOKLINE_MAIL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/slice.h"
#include "base/str.h"

#include "memory.h"

struct body_block;
struct err;

#define BODY_BLOCK_SIZE 16384
/* A gathered spool write of this size goes through the thread pool. */
#define BODY_POOL_BYTES 262144
#define BODY_BLOCKS_INLINE 8

/* The system calls of a body, so that tests can make them fail.  Each
 * returns a negative errno on failure; reads and writes may be short, EINTR
 * is not seen.  Those of body_io_fiber go through the thread pool when
 * `in_pool` (BLOCKS), and so does its open_spool. */
struct body_io {
	int (*open_spool)(const char *dir);
	ssize_t (*write)(int fd, const struct iovec *iov, int count,
	    uint64_t pos, bool in_pool);
	ssize_t (*read)(
	    int fd, void *bytes, size_t n, uint64_t pos, bool in_pool);
};

extern const struct body_io body_io_fiber;
/* Never parks: for threads of the pool, and for programs without fibers. */
extern const struct body_io body_io_direct;

struct body_store {
	uint32_t magic;
	char *spool_dir;              /* owned */
	struct memory_account memory; /* cap: `body_memory` */
	struct body_block *free;
	unsigned free_count, free_max;
	const struct body_io *io;
	uint64_t spooled_bodies; /* counter: how many went to a file */
};

/* spool_dir    copied; nothing is done with it before the first spool
 * body_memory  bytes that all bodies together may keep in memory; 0: no cap
 */
void body_store_init(
    struct body_store *store, const char *spool_dir, size_t body_memory);
/* All bodies must be done. */
void body_store_done(struct body_store *store);
/* body_io_fiber until then; NULL restores it. */
void body_store_set_io(struct body_store *store, const struct body_io *io);
/* Removes files of body_filename's that processes which are gone left in the
 * spool directory; for the start.  Returns how many, or -errno. */
int body_store_sweep(const struct body_store *store);
/* Frees blocks that wait for their next use, but for `keep_bytes` of them:
 * for a worker that has become idle. */
void body_store_trim(struct body_store *store, size_t keep_bytes);

/* Private to body.c, but for the reading of `head`, `size` and `error`, and
 * for `text_end`, which its owner sets before the first body_append. */
struct body {
	uint32_t magic;
	int fd;    /* -1: all in memory */
	int error; /* sticky, negative errno */
	bool busy; /* parked in a call: one user at a time */
	struct body_store *store;
	struct buf head;
	uint64_t size;       /* head included */
	uint64_t spooled;    /* where the blocks begin: head.n, or file's end */
	size_t threshold;    /* bytes kept in memory */
	size_t head_charged; /* taken from the account for the head */
	unsigned block_count; /* in use */
	unsigned block_room;
	struct body_block **blocks; /* `first_blocks`, or on the heap */
	struct body_block *first_blocks[BODY_BLOCKS_INLINE];
	uint64_t text_end;     /* behind it line ends are not converted */
	uint64_t counted;      /* CRLF pairs were counted up to here */
	uint64_t crlf_count;   /* and there are so many */
	bool counted_cr;       /* the byte before `counted` is a CR */
	struct buf window;     /* what was read from the file last */
	uint64_t window_start; /* its position */
	char *copy_path;       /* body_filename's file, or NULL */
};

/* `threshold`: bytes up to which it stays in memory; 0: always spool. */
void body_init(struct body *body, struct body_store *store, size_t threshold);
/* Frees everything, removes body_filename's file.  NULL-safe: a zeroed body
 * is fine; the body is zeroed.  Never blocks. */
void body_done(struct body *body);

/* Adds to the head.  All of it comes before the first body_append.  Never
 * blocks, never fails (the caller limits it). */
void body_append_head(struct body *body, const void *bytes, size_t n);
/* Adds `n` bytes behind the head, in memory.  Never blocks, so `bytes` may
 * lie where others write as soon as the fiber parks; body_settle must follow
 * soon.  Returns 0 or the sticky error. */
int body_append(struct body *body, const void *bytes, size_t n) WARN_UNUSED;
/* Writes to the file what must not stay in memory.  BLOCKS.  Returns 0 or the
 * sticky error. */
int body_settle(struct body *body) WARN_UNUSED;
/* All bytes are there: a spooled body's last blocks are written.  BLOCKS.
 * Returns 0 or the sticky error. */
int body_finish(struct body *body) WARN_UNUSED;
/* Sets the sticky error, e.g. for a limit of the caller's; keeps the first.
 * Memory behind the head and the spool file are given back; it cannot be
 * read any more. */
void body_fail(struct body *body, int error);

static inline uint64_t
body_size(const struct body *body)
{
	return body->size;
}

/* Bytes that lie in memory at `pos`, borrowed until the next append; empty
 * at the end or when `pos` lies in the file.  Never blocks. */
struct slice body_peek(const struct body *body, uint64_t pos);
/* Reads up to `n` bytes at `pos`.  BLOCKS when a large part is in the file.
 * Returns their number, short only at the end; 0 at the end; the sticky
 * error; -EIO also when the file is shorter than it was. */
ssize_t body_read(
    struct body *body, uint64_t pos, void *bytes, size_t n) WARN_UNUSED;
/* The same on a thread of the pool, while the body's fiber is parked. */
ssize_t body_read_direct(
    struct body *body, uint64_t pos, void *bytes, size_t n) WARN_UNUSED;

/* Size with LF line ends (up to text_end), as qpsmtpd's data_size counts it.  Counted on
 * demand, each byte once.  Never blocks.  0 after an error. */
uint64_t body_data_size(struct body *body);
/* Makes sure that the whole sequence is in the spool file and returns its
 * descriptor, borrowed, position undefined (use pread).  BLOCKS.  -errno;
 * the body itself stays good. */
int body_fd(struct body *body) WARN_UNUSED;
/* Writes a copy with LF line ends (up to text_end; raw received header, separator, body, no
 * edits) into a file of mode 0600 in the spool directory at the first call,
 * and returns its path; the file is removed by body_done.  BLOCKS.
 * Returns 0, -errno with text in `err`; the body itself stays good. */
int body_filename(
    struct body *body, hl_str *ret_path, struct err *err) WARN_UNUSED;
/* Adds to that file, if there is one, what stands in the body from `pos` on.
 * BLOCKS.  Returns 0; -errno, and the file is removed then, but the body itself
 * stays good. */
int body_copy_grow(struct body *body, uint64_t pos) WARN_UNUSED;

#endif
