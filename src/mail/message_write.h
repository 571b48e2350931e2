/* SPDX-License-Identifier: MIT */
/* message_write.h - a message into a file, in one piece of pool work. */
#ifndef HOOKLINE_MAIL_MESSAGE_WRITE_H
#define HOOKLINE_MAIL_MESSAGE_WRITE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/slice.h"

#include "message_reader.h"

/* Writes what a message reader gives to `fd` at its position, and then, if
 * `sync`, waits for fsync.  The fiber is parked meanwhile; nothing may change
 * the message.  BLOCKS.
 * Returns 0; -ENOSPC, -EIO and the like: part of it may have been written;
 * -ECANCELED, -ETIMEDOUT: it was not begun. */
int message_write(struct message *message, int fd, enum line_end line_end,
    bool sync) WARN_UNUSED;
/* The same work on the calling thread. */
int message_write_direct(struct message *message, int fd,
    enum line_end line_end, bool sync) WARN_UNUSED;
/* ... with `top`, as it is, in front. */
int message_write_under(struct message *message, struct slice top, int fd,
    enum line_end line_end, bool sync) WARN_UNUSED;
/* On the calling thread, with LF, as lines of SMTP: a '.' more in front of
 * lines that begin with one, and a line end at the end. */
int message_write_dots(struct message *message, int fd) WARN_UNUSED;

#endif
