/* SPDX-License-Identifier: MIT */
/* perl_list.h - which lines of a configuration Perl hosts are to load. */
#ifndef HOOKLINE_PROC_PERL_LIST_H
#define HOOKLINE_PROC_PERL_LIST_H

#include <stddef.h>

#include "base/buf.h"
#include "base/check.h"

struct conf_dir;

/* Adds a line for each Perl plugin in config/logging, config/plugins, the
 * files that config/listen names and those of `keys`, as `hookline-host
 * --plugins` takes them (docs/host-protocol.md).  Lines that cannot be read
 * are left out: whoever loads the plugins says what is wrong.
 * ret_loggers  how many of them config/logging has
 * Returns how many there are. */
size_t perl_list_make(struct conf_dir *conf, const char *const *keys,
    size_t key_count, struct buf *ret, size_t *ret_loggers);

#endif
