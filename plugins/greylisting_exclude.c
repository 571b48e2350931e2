/* SPDX-License-Identifier: MIT */
/* greylisting_exclude.c - the clients that files of config/
 * greylist_exclude_files name: lists as postgrey has them, too.
 *
 * A line is an address, the beginning of one ("192.0.2."), a network, a name
 * with all names below it, or an expression between slashes for names.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <hookline/policy.h>

#include "greylisting.h"

/* A path, or a name in config/. */
static const struct hl_list *
list_of(struct hl_ctx *ctx, hl_str file)
{
	return file.p[0] == '/' ? hl_config_list_at(ctx, file)
				: hl_config_list(ctx, file.p);
}

/* The address, or what it begins with, up to a dot or colon. */
static bool
has_prefix(struct hl_ctx *ctx, const struct hl_list *list, hl_str ip)
{
	for (size_t n = ip.n; n > 0; n--) {
		bool is_whole = n == ip.n;

		if (!is_whole && strchr(".:", ip.p[n]) == NULL)
			continue;
		if (hl_list_has(list, hl_printf(ctx, "%.*s", (int)n, ip.p)) ||
		    (!is_whole && hl_list_has(list, hl_printf(ctx, "%.*s",
							(int)n + 1, ip.p))))
			return true;
	}
	return false;
}

/* Each network that has the address, from the smallest. */
static bool
has_network(struct hl_ctx *ctx, const struct hl_list *list, hl_str ip)
{
	int family = strchr(ip.p, ':') != NULL ? AF_INET6 : AF_INET;
	char text[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	unsigned bits = family == AF_INET6 ? 128 : 32;

	if (inet_pton(family, ip.p, bytes) != 1)
		return false;
	do {
		if (inet_ntop(family, bytes, text, sizeof(text)) != NULL &&
		    hl_list_has(list, hl_printf(ctx, "%s/%u", text, bits)))
			return true;
		if (bits > 0)
			bytes[(bits - 1) / 8] &=
			    (unsigned char)~(0x80u >> (bits - 1) % 8);
	} while (bits-- > 0);
	return false;
}

/* The name, or one that it is below, with and without a dot in front. */
static bool
has_name(const struct hl_list *list, hl_str name)
{
	const char *at = name.p;

	if (hl_list_has(list, name))
		return true;
	while ((at = strchr(at, '.')) != NULL) {
		if (hl_list_has(list, hl_text(at)) ||
		    hl_list_has(list, hl_text(at + 1)))
			return true;
		at++;
	}
	return hl_list_match_as(list, HL_PATTERNS_SLASHED, name, NULL) >= 0;
}

bool
exclude_has(struct hl_ctx *ctx)
{
	const struct hl_list *files = hl_config_list(ctx, EXCLUDE_FILES);
	hl_str ip = hl_peer_ip(ctx);

	for (size_t i = 0; i < hl_list_count(files); i++) {
		const struct hl_list *list = list_of(ctx, hl_list_at(files, i));

		if (hl_list_count(list) == 0)
			continue;
		if (has_prefix(ctx, list, ip) || has_network(ctx, list, ip) ||
		    has_name(list, hl_peer_name(ctx)))
			return true;
	}
	return false;
}

int
exclude_check(struct hl_ctx *ctx)
{
	const struct hl_list *files = hl_config_list(ctx, EXCLUDE_FILES);

	for (size_t i = 0; i < hl_list_count(files); i++) {
		hl_str file = hl_list_at(files, i);
		const struct hl_list *list;

		if (file.p[0] == '/' && hl_need_read(ctx, file) < 0)
			return hl_load_error(ctx, "%s: not a path", file.p);
		list = list_of(ctx, file);
		if (hl_list_count(list) == 0)
			hl_config_fault(ctx, EXCLUDE_FILES, files, i,
			    "%s is empty, or is not there: nobody is excluded "
			    "by it; write it, or take this line out",
			    file.p);
		/* Bad expressions show now. */
		(void)hl_list_match_as(
		    list, HL_PATTERNS_SLASHED, HL_STR("."), NULL);
	}
	return 0;
}
