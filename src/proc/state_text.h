/* SPDX-License-Identifier: MIT */
/* state_text.h - rows of the state, as people read them. */
#ifndef HOOKLINE_PROC_STATE_TEXT_H
#define HOOKLINE_PROC_STATE_TEXT_H

#include <stdint.h>

#include "base/slice.h"

#define STATE_TIME_MAX 24

/* "2026-11-28 11:40", local time; "-" for 0. */
const char *state_time(int64_t seconds, char ret[STATE_TIME_MAX]);
/* Takes a number and the ':' behind it off `value`; what is none counts as
 * 0. */
uint64_t state_number(struct slice *value);
/* To stdout; what a terminal would take for an order is a '?'. */
void state_print(struct slice text);

#endif
