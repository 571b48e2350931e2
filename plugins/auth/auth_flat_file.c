/* SPDX-License-Identifier: MIT */
/* auth/auth_flat_file.c - users and passwords of config/flat_auth_pw.
 *
 * A line is USER:PASSWORD; users are compared without regard to case, the
 * first line of a user counts.  What can stand for PASSWORD:
 *	secret              in clear text
 *	$y$... $2b$... $6$  a hash of crypt(3)
 *	SCRAM-SHA-256$...   keys in the form of RFC 5803
 *	{PLAIN}$ecret       in clear text, though it looks like a hash
 * CRAM-MD5 needs clear text, SCRAM-SHA-256 that or keys; a user whose line
 * does not serve the mechanism is left to the plugins behind.
 */
#include <hookline/plugin.h>
#include <string.h>
#include <strings.h>

/* The password of `user`; false if there is no line, or no password on it.
 * No user's name has a colon: else a part of what stands behind one, as of the
 * keys of SCRAM, could be given as name, and the rest as password. */
static bool
find(struct hl_ctx *ctx, hl_str user, hl_str *ret)
{
	const struct hl_list *list = hl_config_list(ctx, "flat_auth_pw");
	size_t count = strchr(user.p, ':') == NULL ? hl_list_count(list) : 0;

	for (size_t i = 0; i < count; i++) {
		hl_str line = hl_list_at(list, i);

		if (line.n <= user.n + 1 || line.p[user.n] != ':' ||
		    strncasecmp(line.p, user.p, user.n) != 0)
			continue;
		*ret = hl_text(line.p + user.n + 1);
		return true;
	}
	hl_log(ctx, HL_LOG_DEBUG, "skip, no such user");
	return false;
}

/* In clear text: without the mark, if it has one. */
static hl_str
clear_of(hl_str stored)
{
	static const char mark[] = "{PLAIN}";

	if (strncmp(stored.p, mark, sizeof(mark) - 1) == 0)
		return hl_text(stored.p + sizeof(mark) - 1);
	return stored;
}

static enum hl_verdict
on_password(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	hl_str stored;

	if (!find(ctx, hl_auth_attempt_user(auth), &stored))
		return HL_DECLINED;
	if (hl_auth_is_hash(stored))
		return hl_auth_verify(ctx, auth, HL_STR(""), stored);
	return hl_auth_verify(ctx, auth, clear_of(stored), HL_STR(""));
}

static enum hl_verdict
on_scram(struct hl_ctx *ctx, hl_str mechanism, hl_str user)
{
	hl_str stored;

	(void)mechanism;
	if (!find(ctx, user, &stored))
		return HL_DECLINED;
	if (hl_auth_scram_stored(ctx, stored) == 0)
		return HL_OK;
	if (hl_auth_is_hash(stored)) {
		hl_log(ctx, HL_LOG_INFO,
		    "skip, SCRAM needs clear text or keys, not a hash");
		return HL_DECLINED;
	}
	return hl_auth_scram_clear(ctx, clear_of(stored)) == 0 ? HL_OK
							       : HL_DECLINED;
}

static const char *const files[] = { "flat_auth_pw secret", NULL };

static const struct hl_plugin plugin = {
	.name = "auth/auth_flat_file",
	.about = "check passwords against config/flat_auth_pw",
	.files = files,
	.auth_plain = on_password,
	.auth_login = on_password,
	.auth_cram_md5 = on_password,
	.auth_scram_sha_256 = on_scram,
};
HL_PLUGIN(plugin);
