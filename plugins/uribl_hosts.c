/* SPDX-License-Identifier: MIT */
/* uribl_hosts.c - the hosts that a message names.
 *
 * A body is read on the pool, piece by piece: it may be large.
 */
#include "uribl_hosts.h"

#include <string.h>

#include "uribl_links.h"

#define PIECE 65536u

/* FNV-1a. */
static uint32_t
hash_of(const char *host)
{
	uint32_t hash = 2166136261u;

	for (; *host != '\0'; host++)
		hash = (hash ^ (unsigned char)*host) * 16777619u;
	return hash;
}

static bool
is_known(struct hosts *hosts, const char *host, uint32_t hash)
{
	const char *at = hosts->text;
	unsigned i = 0, n = 0;

	for (; i < hosts->count; i++) {
		if (hosts->hash[i] != hash)
			continue;
		for (; n < i; n++)
			at += strlen(at) + 1;
		hosts->compared++;
		if (strcmp(at, host) == 0)
			return true;
	}
	return false;
}

void
hosts_add(struct hosts *hosts, const char *host, bool is_ip)
{
	size_t size = strlen(host) + 1;
	uint32_t hash = hash_of(host);

	if (hosts->is_full || is_known(hosts, host, hash))
		return;
	if (hosts->count == HOSTS_MAX || hosts->n + size > HOSTS_BYTES) {
		hosts->is_full = true;
		return;
	}
	memcpy(hosts->text + hosts->n, host, size);
	hosts->n += size;
	hosts->hash[hosts->count] = hash;
	hosts->is_ip[hosts->count++] = is_ip;
}

/* As links_found; on the pool. */
static void
on_host(void *arg, const char *host, bool is_ip)
{
	hosts_add(arg, host, is_ip);
}

struct piece {
	struct links links;
	char bytes[PIECE];
	size_t n;
};

static int
scan_piece(void *arg)
{
	struct piece *piece = arg;

	links_read(&piece->links, piece->bytes, piece->n);
	return 0;
}

int
hosts_of_body(struct hl_ctx *ctx, struct hosts *hosts)
{
	struct hl_reader *reader = hl_body_read(ctx, HL_LF);
	struct piece *piece = hl_alloc(ctx, sizeof(*piece));
	long n = 0;

	links_init(&piece->links, on_host, hosts);
	while (
	    reader != NULL && (n = hl_read(reader, piece->bytes, PIECE)) > 0) {
		int rc;

		piece->n = (size_t)n;
		rc = hl_offload(ctx, scan_piece, piece);
		if (rc < 0)
			return rc;
	}
	links_end(&piece->links);
	return (int)n;
}

void
hosts_of_header(struct hl_ctx *ctx, struct hosts *hosts)
{
	struct links links;
	hl_str name, value;

	links_init(&links, on_host, hosts);
	for (size_t i = 0; hl_header_at(ctx, i, &name, &value); i++) {
		links_read(&links, value.p, value.n);
		links_end(&links);
	}
}
