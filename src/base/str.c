/* SPDX-License-Identifier: MIT */
/* str.c - hl_str: text that something keeps. */
#include "str.h"

#include <string.h>

hl_str
str_of(const char *text)
{
	if (text == NULL)
		return STR_EMPTY;
	return (hl_str){ text, strlen(text) };
}

bool
str_eq(hl_str a, hl_str b)
{
	return slice_eq(slice_str(a), slice_str(b));
}

bool
str_caseeq(hl_str a, hl_str b)
{
	return slice_caseeq(slice_str(a), slice_str(b));
}

bool
str_eq_text(hl_str a, const char *b)
{
	return slice_eq_text(slice_str(a), b);
}
