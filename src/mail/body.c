/* SPDX-License-Identifier: MIT */
/* body.c - storing a message.
 *
 * Blocks are filled one after the other, so the place of a byte follows from
 * its position: block (pos - spooled) / BODY_BLOCK_SIZE.  A write to the
 * file takes all bytes in memory, and after it succeeded all blocks are
 * given back; when it fails nothing changes.
 */
#include "body_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* The head in front and the blocks of one write. */
#define IOV_MAX_COUNT 64
/* Most header sections fit. */
#define HEAD_FIRST 2047

void
body_init(struct body *body, struct body_store *store, size_t threshold)
{
	*body = (struct body){
		.magic = BODY_MAGIC,
		.fd = -1,
		.store = store,
		.threshold = threshold,
		.text_end = UINT64_MAX,
		.block_room = BODY_BLOCKS_INLINE,
	};
}

static struct body_block **
body_blocks(struct body *body)
{
	return body->blocks == NULL ? body->first_blocks : body->blocks;
}

static void
give_blocks(struct body *body)
{
	while (body->block_count > 0) {
		body->block_count--;
		body_store__give(
		    body->store, body_blocks(body)[body->block_count]);
	}
}

void
body_done(struct body *body)
{
	if (body->magic == 0)
		return;
	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(!body->busy);
	give_blocks(body);
	mem_free(body->blocks);
	memory_account_give(&body->store->memory, body->head_charged);
	buf_done(&body->head);
	buf_done(&body->window);
	if (body->fd != -1)
		(void)close(body->fd);
	if (body->copy_path != NULL)
		(void)unlink(body->copy_path);
	mem_free(body->copy_path);
	*body = (struct body){ 0 };
}

/* Makes room for one more pointer in the table of blocks. */
static void
grow_table(struct body *body)
{
	unsigned room = body->block_room * 2;
	bool was_inline = body->blocks == NULL;

	body->blocks =
	    mem_grow(body->blocks, room * sizeof(struct body_block *));
	if (was_inline)
		memcpy(body->blocks, body->first_blocks,
		    sizeof(body->first_blocks));
	body->block_room = room;
}

void
body_append_head(struct body *body, const void *bytes, size_t n)
{
	size_t charge;

	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(body->size == body->head.n && body->fd == -1);
	if (body->head.p == NULL)
		buf_reserve(&body->head, HEAD_FIRST);
	buf_add(&body->head, bytes, n);
	body->size = body->spooled = body->head.n;
	charge = body->head.cap - body->head_charged;
	memory_account_force(&body->store->memory, charge);
	body->head_charged += charge;
}

void
body_fail(struct body *body, int error)
{
	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(error < 0 && !body->busy);
	if (body->error != 0)
		return;
	/* Nobody will read it: what comes is swallowed, and neither memory nor
	 * disk is held. */
	body->error = error;
	give_blocks(body);
	buf_done(&body->window);
	if (body->fd != -1) {
		(void)close(body->fd);
		body->fd = -1;
	}
	body->size = body->spooled = body->head.n;
}

/* ---- counting line ends ------------------------------------------------ */

/* How many LF follow a CR; `last_cr`: the byte before is one.  Sums of bytes
 * in short runs, so that the compiler can use vector instructions. */
static uint64_t
count_crlf(const char *bytes, size_t n, bool last_cr)
{
	uint64_t count = last_cr && n > 0 && bytes[0] == '\n';
	size_t i = 1;

	while (i < n) {
		size_t end = n - i > 255 ? i + 255 : n;
		unsigned char sum = 0;

		for (; i < end; i++)
			sum =
			    (unsigned char)(sum + ((bytes[i] == '\n') &
						      (bytes[i - 1] == '\r')));
		count += sum;
	}
	return count;
}

static void
count_bytes(struct body *body, const char *bytes, size_t n)
{
	if (n == 0)
		return;
	if (body->counted < body->text_end)
		body->crlf_count += count_crlf(bytes, n, body->counted_cr);
	body->counted += n;
	body->counted_cr = bytes[n - 1] == '\r';
}

/* Counts what is in memory and was not counted.  What is in the file was
 * counted before it was written. */
static void
count_memory(struct body *body)
{
	CHECK(body->fd == -1 || body->counted >= body->spooled);
	while (body->counted < body->size) {
		struct slice part = body_peek(body, body->counted);

		CHECK(part.n > 0);
		count_bytes(body, part.p, part.n);
	}
}

uint64_t
body_data_size(struct body *body)
{
	CHECK_OBJ(body, BODY_MAGIC);
	if (body->error != 0)
		return 0;
	count_memory(body);
	return body->size - body->crlf_count;
}

/* ---- the spool file ---------------------------------------------------- */

/* Drops the first `n` bytes of `iov`. */
static void
iov_advance(struct iovec **iov, int *count, size_t n)
{
	while (*count > 0 && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

int
body__write_all(const struct body_io *io, int fd, struct iovec *iov, int count,
    uint64_t pos)
{
	size_t left = 0;

	for (int i = 0; i < count; i++)
		/* cppcheck-suppress uninitvar ; callers fill count entries */
		left += iov[i].iov_len;
	while (left > 0) {
		ssize_t n =
		    io->write(fd, iov, count, pos, left >= BODY_POOL_BYTES);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		CHECK((size_t)n <= left);
		iov_advance(&iov, &count, (size_t)n);
		pos += (uint64_t)n;
		left -= (size_t)n;
	}
	return 0;
}

/* One write of bytes in memory from `pos` on.  Returns their number. */
static ssize_t
write_batch(struct body *body, uint64_t pos)
{
	struct iovec iov[IOV_MAX_COUNT];
	uint64_t from = pos;
	int count = 0, ret;

	while (count < IOV_MAX_COUNT && pos < body->size) {
		struct slice part = body_peek(body, pos);

		iov[count].iov_base = (char *)(uintptr_t)part.p;
		iov[count].iov_len = part.n;
		count++;
		pos += part.n;
	}
	ret = body__write_all(body->store->io, body->fd, iov, count, from);
	return ret < 0 ? ret : (ssize_t)(pos - from);
}

static int
open_spool(struct body *body)
{
	int fd;

	if (body->fd != -1)
		return 0;
	fd = body->store->io->open_spool(body->store->spool_dir);
	if (fd < 0)
		return fd;
	body->fd = fd;
	body->store->spooled_bodies++;
	return 0;
}

/* Writes what is in memory to the file, the head with the first bytes.
 * Returns 0; -errno, and then everything is still where it was. */
static int
flush_busy(struct body *body)
{
	bool is_first = body->fd == -1;
	uint64_t pos = is_first ? 0 : body->spooled;
	int ret;

	count_memory(body);
	ret = open_spool(body);
	if (ret < 0)
		return ret;
	while (pos < body->size) {
		ssize_t n = write_batch(body, pos);

		if (n < 0) {
			if (is_first) {
				(void)close(body->fd);
				body->fd = -1;
			}
			return (int)n;
		}
		pos += (uint64_t)n;
	}
	give_blocks(body);
	body->spooled = body->size;
	return 0;
}

static int
flush(struct body *body)
{
	int ret;

	body->busy = true;
	ret = flush_busy(body);
	body->busy = false;
	return ret;
}

/* ---- appending --------------------------------------------------------- */

/* Copies into the last block, or a new one.  Returns the number of bytes. */
static size_t
fill_block(struct body *body, const char *bytes, size_t n)
{
	size_t used = (size_t)(body->size - body->spooled);
	size_t start = used % BODY_BLOCK_SIZE;
	struct body_block *block;

	if (used == (size_t)body->block_count * BODY_BLOCK_SIZE) {
		if (body->block_count == body->block_room)
			grow_table(body);
		body_blocks(body)[body->block_count++] =
		    body_store__take(body->store);
	}
	block = body_blocks(body)[body->block_count - 1];
	if (n > BODY_BLOCK_SIZE - start)
		n = BODY_BLOCK_SIZE - start;
	memcpy(block->bytes + start, bytes, n);
	body->size += n;
	return n;
}

int
body_append(struct body *body, const void *bytes, size_t n)
{
	const char *from = bytes;

	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(!body->busy);
	if (body->error != 0)
		return body->error;
	while (n > 0) {
		size_t done = fill_block(body, from, n);

		from += done;
		n -= done;
	}
	return 0;
}

/* Writes go out when enough has gathered, or when the memory of all bodies
 * is used up. */
static bool
is_due(const struct body *body)
{
	uint64_t gathered = body->size - body->spooled;

	if (gathered == 0)
		return false;
	if (memory_account_is_full(&body->store->memory))
		return true;
	if (body->fd == -1)
		return body->size > body->threshold &&
		       gathered + body->head.n >= BODY_POOL_BYTES;
	return gathered >= BODY_POOL_BYTES;
}

int
body_settle(struct body *body)
{
	int ret = 0;

	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(!body->busy);
	if (body->error == 0 && is_due(body))
		ret = flush(body);
	if (ret < 0)
		body_fail(body, ret);
	return body->error;
}

int
body_finish(struct body *body)
{
	int ret = 0;

	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(!body->busy);
	if (body->error != 0)
		return body->error;
	if (body->fd != -1 ? body->spooled < body->size
			   : body->size > body->threshold)
		ret = flush(body);
	if (ret < 0)
		body_fail(body, ret);
	return body->error;
}

int
body_fd(struct body *body)
{
	int ret = 0;

	CHECK_OBJ(body, BODY_MAGIC);
	CHECK(!body->busy);
	if (body->error != 0)
		return body->error;
	if (body->fd == -1 || body->spooled < body->size)
		ret = flush(body);
	return ret < 0 ? ret : body->fd;
}
