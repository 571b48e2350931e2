/* SPDX-License-Identifier: MIT */
/* conf_flavour.c - the ways in which control files write patterns. */
#include "conf_flavour.h"

const struct conf_flavour conf_flavours[CONF_FLAVOURS] = {
	[CONF_ADDRESSES] = { .signs = "/^$*+!%?\\", .has_domains = true },
	[CONF_NAMES] = { .signs = "{}[]()^$|*+?\\!",
	    .can_negate = true,
	    .is_line = true },
	[CONF_SLASHED] = { .signs = "", .is_slashed = true },
	[CONF_WHOLE] = { .signs = "", .is_line = true, .is_whole = true },
};

static bool
has_sign(const struct conf_flavour *flavour, struct slice text)
{
	struct slice signs = slice_of(flavour->signs);

	for (size_t i = 0; i < text.n; i++)
		if (slice_find(signs, text.p[i]) < signs.n)
			return true;
	return false;
}

static bool
is_between_slashes(struct slice text)
{
	return text.n >= 2 && text.p[0] == '/' && text.p[text.n - 1] == '/';
}

bool
conf_flavour_regex(const struct conf_flavour *flavour, struct slice text,
    struct conf_regex *ret)
{
	struct conf_regex regex = { .text = text,
		.is_whole = flavour->is_whole };

	if (flavour->is_slashed ? !is_between_slashes(text)
	    : flavour->is_whole ? false
				: !has_sign(flavour, text))
		return false;
	if (flavour->is_slashed)
		regex.text = slice_head(slice_from(text, 1), text.n - 2);
	if (flavour->can_negate && text.p[0] == '!') {
		regex.text = slice_from(text, 1);
		regex.is_negated = true;
	}
	if (ret != NULL)
		*ret = regex;
	return true;
}
