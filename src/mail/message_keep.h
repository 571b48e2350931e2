/* SPDX-License-Identifier: MIT */
/* message_keep.h - a message into files that outlive a power cut. */
#ifndef HOOKLINE_MAIL_MESSAGE_KEEP_H
#define HOOKLINE_MAIL_MESSAGE_KEEP_H

#include <sys/types.h>

#include "base/check.h"
#include "base/slice.h"

#include "message_reader.h"

struct message_copy {
	const char *tmp, *path; /* tmp while it is written, then path */
	struct slice top;       /* put in front as it is; may be empty */
};

/* Keeps the message in all of these files or in none.
 *
 * Each `tmp` must not be there; it is made with `mode` whatever the umask, and
 * synced.  When all are, they are renamed and the directories synced.  One
 * piece of pool work for all that is written, and one for each copy that is
 * renamed, shared with others of that directory (file_publish).  BLOCKS.
 *
 * Returns 0; -EEXIST, -ENOENT, -ENOSPC and the like, -ECANCELED, -ETIMEDOUT:
 * nothing is left behind, *ret_failed is the copy that could not be kept. */
int message_keep(struct message *message, const struct message_copy *copies,
    size_t count, mode_t mode, enum line_end line_end,
    size_t *ret_failed) WARN_UNUSED;

#endif
