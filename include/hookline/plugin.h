/* SPDX-License-Identifier: MIT */
/* plugin.h - the interface of hookline's plugins; being written. */
#ifndef HOOKLINE_PLUGIN_H
#define HOOKLINE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text: pointer and length, borrowed; always NUL-terminated, no NUL inside. */
typedef struct hl_str {
	const char *p;
	size_t n;
} hl_str;

#endif
