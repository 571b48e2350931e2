/* SPDX-License-Identifier: MIT */
/* fuzz_mail.h - a message store without a disk, for the targets of mail/. */
#ifndef HOOKLINE_TESTS_FUZZ_MAIL_H
#define HOOKLINE_TESTS_FUZZ_MAIL_H

#include "fuzz.h"

#include <sys/mman.h>

#include "base/buf.h"
#include "mail/body.h"
#include "mail/message.h"
#include "mail/message_reader.h"

static inline int
fuzz_open_spool(const char *dir)
{
	(void)dir;
	return memfd_create("spool", MFD_CLOEXEC);
}

static inline void
fuzz_store_init(struct body_store *store, struct body_io *io, size_t memory)
{
	*io = body_io_direct;
	io->open_spool = fuzz_open_spool;
	body_store_init(store, "/nonexistent", memory);
	body_store_set_io(store, io);
}

/* Appends `in`, cut by `seed` if that is not 0.  Returns the result. */
static inline int
fuzz_feed(struct message *message, struct slice in, uint32_t seed)
{
	int ret = 0;

	while (in.n > 0 && ret == 0) {
		size_t n = seed == 0 ? in.n : fuzz_step(&seed);

		if (n > in.n)
			n = in.n;
		ret = message_append(message, in.p, n);
		if (ret == 0)
			ret = message_settle(message);
		in = slice_from(in, n);
	}
	return ret;
}

/* The message as it is delivered. */
static inline void
fuzz_delivered(struct message *message, enum line_end line_end, struct buf *out)
{
	struct message_reader reader;
	char bytes[256];
	ssize_t n;

	message_reader_init(&reader, message, line_end);
	while ((n = message_reader_read(&reader, bytes, sizeof(bytes))) > 0)
		buf_add(out, bytes, (size_t)n);
	CHECK(n == 0);
}

#endif
