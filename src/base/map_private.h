/* SPDX-License-Identifier: MIT */
/* map_private.h - the hash with a given key, for tests. */
#ifndef HOOKLINE_BASE_MAP_PRIVATE_H
#define HOOKLINE_BASE_MAP_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3; key[0] is the first eight bytes of the key, little end
 * first.  `bytes` may be NULL when `n` is 0. */
uint64_t hash__keyed(const uint64_t key[2], const void *bytes, size_t n);

#endif
