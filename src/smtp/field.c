/* SPDX-License-Identifier: MIT */
/* field.c - one header field: its name, its value without folds.
 *
 * UNSAFE: indices stay below the slice's n.
 */
#include "smtp/field.h"

/* Octets of a line end that is followed by white space. */
static size_t
fold_len(struct slice s)
{
	size_t n = slice_starts(s, "\r\n") ? 2 : slice_starts(s, "\n") ? 1 : 0;

	if (n > 0 && n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		return n;
	return 0;
}

/* RFC 5322 2.2.3: "Unfolding is accomplished by simply removing any CRLF
 * that is immediately followed by WSP." */
hl_str
smtp_field_unfold(struct arena *arena, struct slice value)
{
	char *p = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	while (value.n > 0) {
		value = slice_from(value, fold_len(value));
		p[n++] = value.p[0] == '\0' ? ' ' : value.p[0];
		value = slice_from(value, 1);
	}
	return (hl_str){ p, n };
}

bool
smtp_field_is(struct slice name, const char *want)
{
	return slice_caseeq_text(name, want);
}

bool
smtp_field_name_is_valid(struct slice name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	}
	return name.n > 0;
}

/* sig-h-tag = "h" [FWS] "=" [FWS] hdr-name *( [FWS] ":" [FWS] hdr-name ) */
bool
smtp_dkim_covers(struct slice value, const char *name)
{
	struct slice tag, key, part;

	while (slice_cut(&value, ';', &tag)) {
		if (!slice_cut(&tag, '=', &key) ||
		    !slice_eq_text(slice_trim(key), "h"))
			continue;
		while (slice_cut(&tag, ':', &part)) {
			if (slice_caseeq_text(slice_trim(part), name))
				return true;
		}
	}
	return false;
}
