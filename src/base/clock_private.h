/* SPDX-License-Identifier: MIT */
/* clock_private.h - what clock.c and random.c share. */
#ifndef HOOKLINE_BASE_CLOCK_PRIVATE_H
#define HOOKLINE_BASE_CLOCK_PRIVATE_H

#include "clock.h"

/* NULL: the system's. */
const struct clock_source *clock__source(void);
/* Throws away what this thread holds of random bytes. */
void random__forget(void);

#endif
