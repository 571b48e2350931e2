/* SPDX-License-Identifier: MIT */
/* body_private.h - what the files of the message store share. */
#ifndef HOOKLINE_MAIL_BODY_PRIVATE_H
#define HOOKLINE_MAIL_BODY_PRIVATE_H

#include "body.h"

#define BODY_MAGIC 0x424f4459u

struct body_block {
	union {
		struct body_block *next; /* in the free list */
		char bytes[BODY_BLOCK_SIZE];
	};
};

/* A block with undefined content; over the cap too, for as long as it takes
 * to write it to the file. */
struct body_block *body_store__take(struct body_store *store);
void body_store__give(struct body_store *store, struct body_block *block);

/* Writes all of `iov` (which it changes) at `pos`.  BLOCKS.  0 or -errno. */
int body__write_all(const struct body_io *io, int fd, struct iovec *iov,
    int count, uint64_t pos);

#endif
