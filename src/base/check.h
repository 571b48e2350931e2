/* SPDX-License-Identifier: MIT */
/* check.h - invariants and compiler annotations.
 *
 * CHECK is on in release builds: a false condition is a bug of ours, never
 * something that the network, a configuration or a plugin can cause
 * (docs/architecture.md, "Errors and log lines").  It prints the place and
 * aborts.
 */
#ifndef HOOKLINE_BASE_CHECK_H
#define HOOKLINE_BASE_CHECK_H

#include <stddef.h>

#define WARN_UNUSED __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

/* Marks a fiber function: it may park its fiber, so other sessions run
 * before it returns.  Loop functions (on_*) call none. */
#define BLOCKS

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define CHECK(cond) \
	((cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__, __func__))
#define UNREACHABLE() check_failed("unreachable", __FILE__, __LINE__, __func__)

/* Long-lived objects begin with `uint32_t magic`. */
#define CHECK_OBJ(obj, want) CHECK((obj) != NULL && (obj)->magic == (want))

void check_failed(
    const char *cond, const char *file, int line, const char *func) NORETURN;

#endif
