/* SPDX-License-Identifier: MIT */
/* header_private.h - what the files of the header list share. */
#ifndef HOOKLINE_MAIL_HEADER_PRIVATE_H
#define HOOKLINE_MAIL_HEADER_PRIVATE_H

#include "header.h"

struct buf;

/* 0 or -EINVAL with text. */
int header__check_name(struct slice name, struct err *err) WARN_UNUSED;
/* Adds "name: value" with CRLF to `out`, as header_add_top says.  0, -EINVAL
 * or -E2BIG with text; `out` then holds anything. */
int header__build(struct buf *out, struct slice name, struct slice value,
    struct err *err) WARN_UNUSED;

#endif
