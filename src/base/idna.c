/* SPDX-License-Identifier: MIT */
/* idna.c - domain names of which one form has letters outside of ASCII. */
#include "idna.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <idn2.h>

#include "arena.h"

/* Eight bytes at a time: every address comes by, and nearly all are ASCII. */
bool
idna_is_ascii(struct slice text)
{
	uint64_t all = 0, word;

	for (; text.n >= sizeof(word); text = slice_from(text, sizeof(word))) {
		memcpy(&word, text.p, sizeof(word));
		all |= word;
	}
	for (size_t i = 0; i < text.n; i++)
		all |= (unsigned char)text.p[i];
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* UTS #46 maps some signs to several ASCII characters ("℀" is "a/c"): those
 * are no domain.  No empty labels; a dot at the end neither. */
static bool
is_domain(const char *name, size_t n)
{
	char before = '.';

	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (c == '.' ? before == '.'
			     : !ascii_is_alnum(c) && c != '-' && c != '_')
			return false;
		before = c;
	}
	return before != '.';
}

/* The library wants text that ends in NUL. */
static int
look_up(const char *domain, struct idna_name *ret)
{
	uint8_t *name = NULL;
	int status = idn2_lookup_u8((const uint8_t *)domain, &name,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	size_t n;

	CHECK(status != IDN2_MALLOC);
	if (status == IDN2_TOO_BIG_DOMAIN || status == IDN2_TOO_BIG_LABEL ||
	    status == IDN2_PUNYCODE_BIG_OUTPUT)
		return -ENAMETOOLONG;
	if (status != IDN2_OK)
		return -EINVAL;
	n = strlen((const char *)name);
	if (n > IDNA_ASCII_MAX) {
		idn2_free(name);
		return -ENAMETOOLONG;
	}
	memcpy(ret->p, name, n + 1);
	ret->n = n;
	idn2_free(name);
	return is_domain(ret->p, n) ? 0 : -EINVAL;
}

int
idna_to_ascii(struct slice domain, struct idna_name *ret)
{
	char text[IDNA_ASCII_MAX + 1];

	if (domain.n > IDNA_ASCII_MAX)
		return -ENAMETOOLONG;
	if (slice_find(domain, '\0') < domain.n)
		return -EINVAL;
	if (domain.n > 0)
		memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	if (!idna_is_ascii(domain))
		return look_up(text, ret);
	memcpy(ret->p, text, domain.n + 1);
	ret->n = domain.n;
	return 0;
}

static bool
has_a_label(struct slice domain)
{
	for (;;) {
		size_t dot = slice_find(domain, '.');

		if (slice_casestarts(domain, "xn--"))
			return true;
		if (dot == domain.n)
			return false;
		domain = slice_from(domain, dot + 1);
	}
}

static void
name_free(struct slice *name)
{
	idn2_free((void *)(uintptr_t)name->p);
	*name = SLICE_NONE;
}

/* Some labels decode to letters that have another A-label (RFC 5890 2.3.2.1
 * calls them fake): they are no other form of this name. */
static bool
is_form_of(struct slice letters, struct slice domain)
{
	struct idna_name name;

	return idna_to_ascii(letters, &name) == 0 &&
	       slice_caseeq((struct slice){ name.p, name.n }, domain);
}

/* Decodes what has A-labels; false: it has none, or bad ones. */
static bool
decode(struct slice domain, struct slice *ret)
{
	char text[IDNA_ASCII_MAX + 1], *name = NULL;
	int status;

	if (domain.n > IDNA_ASCII_MAX || !has_a_label(domain) ||
	    slice_find(domain, '\0') < domain.n)
		return false;
	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	status = idn2_to_unicode_8z8z(text, &name, 0);
	CHECK(status != IDN2_MALLOC);
	if (status != IDN2_OK)
		return false;
	*ret = (struct slice){ name, strlen(name) };
	if (is_form_of(*ret, domain))
		return true;
	name_free(ret);
	return false;
}

hl_str
idna_to_utf8(struct arena *arena, struct slice domain)
{
	struct slice name;
	hl_str ret;

	if (!decode(domain, &name))
		return arena_str(arena, domain);
	ret = arena_str(arena, name);
	name_free(&name);
	return ret;
}

bool
idna_equal(struct slice a, struct slice b)
{
	struct idna_name ascii_a, ascii_b;

	if (slice_caseeq(a, b))
		return true;
	if (idna_is_ascii(a) && idna_is_ascii(b))
		return false;
	if (idna_to_ascii(a, &ascii_a) < 0 || idna_to_ascii(b, &ascii_b) < 0)
		return false;
	return slice_caseeq((struct slice){ ascii_a.p, ascii_a.n },
	    (struct slice){ ascii_b.p, ascii_b.n });
}

size_t
idna_address_to_ascii(struct slice text, char *ret)
{
	size_t at = slice_rfind(text, '@'), before = at < text.n ? at + 1 : 0;
	struct slice domain = slice_from(text, before);
	struct idna_name name;

	if (domain.n > 1 && domain.p[0] == '.') {
		before++;
		domain = slice_from(domain, 1);
	}
	if (idna_is_ascii(domain) || idna_to_ascii(domain, &name) < 0)
		return 0;
	memcpy(ret, text.p, before);
	memcpy(ret + before, name.p, name.n + 1);
	return before + name.n;
}

struct slice
idna_address_to_utf8(struct arena *arena, struct slice text)
{
	size_t at = slice_rfind(text, '@'), before = at < text.n ? at + 1 : 0;
	struct slice name;
	hl_str ret;

	if (!decode(slice_from(text, before), &name))
		return text;
	ret = arena_printf(
	    arena, "%.*s%.*s", STR(slice_head(text, before)), STR(name));
	name_free(&name);
	return slice_str(ret);
}
