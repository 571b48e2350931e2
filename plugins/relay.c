/* SPDX-License-Identifier: MIT */
/* relay.c - says which clients may send to every recipient.
 *
 *	relay [only 1]
 *
 * The first of these that fits decides: config/norelayclients (it may not),
 * the environment variable RELAYCLIENT of the server (every client may; for
 * servers behind something that has checked them), config/relayclients, and
 * the map config/morerelayclients.cdb, in which an address is looked up whole
 * and then shortened as in "192.0.2." or "2001:0db8:00".  With `only` nobody
 * else may send to anyone.  Unlike qpsmtpd, ::1 has to be listed as well.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <hookline/plugin.h>

struct args {
	bool only;
};

/* "2001:0db8:..." in full, so that a shorter one is a prefix of it. */
static void
write_key(hl_str ip, char *key, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[16];

	(void)memset(key, 0, size);
	if (inet_pton(AF_INET6, ip.p, bytes) != 1) {
		memcpy(key, ip.p, ip.n < size ? ip.n : size - 1);
		return;
	}
	for (size_t i = 0; i < sizeof(bytes); i++) {
		*key++ = digits[bytes[i] >> 4];
		*key++ = digits[bytes[i] & 15];
		if (i % 2 == 1 && i < 15)
			*key++ = ':';
	}
}

/* "192.0.2.1" to "192.0.2.", then "192.0."; "2001:0db8" to "2001:0db". */
static void
shorten(char *key)
{
	size_t n = strlen(key);

	if (strchr(key, ':') != NULL || strchr(key, '.') == NULL) {
		key[--n] = '\0';
		if (n > 0 && key[n - 1] == ':')
			key[n - 1] = '\0';
		return;
	}
	do
		key[--n] = '\0';
	while (n > 0 && key[n - 1] != '.');
}

static bool
is_in_map(struct hl_ctx *ctx, hl_str ip)
{
	const struct hl_map *map = hl_config_map(ctx, "morerelayclients");
	char key[64];
	hl_str value;

	if (map == NULL)
		return false;
	for (write_key(ip, key, sizeof(key)); key[0] != '\0'; shorten(key)) {
		if (hl_map_get(ctx, map, hl_text(key), &value))
			return true;
	}
	return false;
}

static const char *
reason_to_relay(struct hl_ctx *ctx, hl_str ip)
{
	const char *env = getenv("RELAYCLIENT");

	if (env != NULL && env[0] != '\0')
		return "pass, enabled by env";
	if (hl_list_find_ip(hl_config_list(ctx, "relayclients"), ip) >= 0)
		return "pass, match in relayclients";
	return is_in_map(ctx, ip) ? "pass, match in morerelayclients" : NULL;
}

static enum hl_verdict
on_connect(struct hl_ctx *ctx)
{
	hl_str ip = hl_peer_ip(ctx);
	const char *reason;

	if (hl_list_find_ip(hl_config_list(ctx, "norelayclients"), ip) >= 0) {
		hl_log(ctx, HL_LOG_DEBUG, "fail, disabled by norelayclients");
		hl_relay_client_set(ctx, false);
		return HL_DECLINED;
	}
	reason = reason_to_relay(ctx, ip);
	if (reason != NULL)
		hl_relay_client_set(ctx, true);
	hl_log(ctx, HL_LOG_DEBUG, "%s",
	    reason != NULL ? reason : "skip, no match");
	return HL_DECLINED;
}

static enum hl_verdict
on_rcpt(struct hl_ctx *ctx, const struct hl_addr *to)
{
	const struct args *args = hl_args(ctx);

	(void)to;
	if (!args->only)
		return HL_DECLINED;
	return hl_relay_client(ctx) ? HL_OK : hl_deny(ctx, NULL, "%s", "");
}

static int
on_load(struct hl_ctx *ctx)
{
	const char *env = getenv("RELAYCLIENT");

	if (env != NULL && env[0] != '\0')
		hl_log(ctx, HL_LOG_WARN,
		    "RELAYCLIENT is set: every client may relay");
	return 0;
}

static const char *const files[] = { "norelayclients networks",
	"relayclients networks", "morerelayclients map", NULL };

static const struct hl_arg args[] = {
	{ "only", "refuse whoever may not relay", .def = "0",
	    .offset = offsetof(struct args, only), .type = HL_ARG_BOOL },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "relay",
	.about = "let the clients in config/relayclients send to everyone",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
	.load = on_load,
	.connect = on_connect,
	.rcpt = on_rcpt,
};
HL_PLUGIN(plugin);
