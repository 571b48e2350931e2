/* SPDX-License-Identifier: MIT */
/* arena_private.h - whether each request has a block of its own. */
#ifndef HOOKLINE_BASE_ARENA_PRIVATE_H
#define HOOKLINE_BASE_ARENA_PRIVATE_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define ARENA_ALONE 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_ALONE)
#define ARENA_ALONE 1
#endif
#ifndef ARENA_ALONE
#define ARENA_ALONE 0
#endif

#endif
