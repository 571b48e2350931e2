/* SPDX-License-Identifier: MIT */
/* addr.c - envelope addresses. */
#include "addr.h"

#include <string.h>

#include "base/arena.h"
#include "base/idna.h"
#include "smtp/path.h"

/* arena_printf would do, but this is done for each recipient. */
static hl_str
in_brackets(struct arena *arena, struct slice text)
{
	char *path = arena_alloc(arena, text.n + 3);

	path[0] = '<';
	memcpy(path + 1, text.p, text.n);
	path[text.n + 1] = '>';
	return (hl_str){ path, text.n + 2 };
}

static hl_str
ascii_form(struct arena *arena, hl_str host)
{
	struct idna_name name;

	if (idna_is_ascii(slice_str(host)) ||
	    idna_to_ascii(slice_str(host), &name) < 0)
		return host;
	return arena_str(arena, (struct slice){ name.p, name.n });
}

static const struct hl_addr *
addr_new(struct arena *arena, struct slice text, struct slice local,
    struct slice host)
{
	struct hl_addr *addr = arena_alloc(arena, sizeof(*addr));

	addr->path = in_brackets(arena, text);
	addr->text = arena_str(arena, text);
	addr->local = arena_str(arena, local);
	addr->host = arena_str(arena, host);
	addr->host_ascii = ascii_form(arena, addr->host);
	addr->is_null = text.n == 0;
	return addr;
}

const struct hl_addr *
addr_from_path(struct arena *arena, const struct smtp_path *path)
{
	return addr_new(arena, slice_str(path->text), slice_str(path->local),
	    slice_str(path->host));
}

const struct hl_addr *
addr_from_parts(struct arena *arena, struct slice local, struct slice host)
{
	hl_str text = STR_EMPTY;

	if (local.n > 0 || host.n > 0)
		text = smtp_address_text(arena, local, host);
	return addr_new(arena, slice_str(text), local, host);
}

bool
addr_equal(const struct hl_addr *a, const struct hl_addr *b)
{
	return str_eq(a->local, b->local) &&
	       str_caseeq(a->host_ascii, b->host_ascii);
}
