/* SPDX-License-Identifier: MIT */
/* tokens.c - for test_auth.py: accepts the token "good" and the certificate of
 * client.example, and says in the log in which hook. */
#include <hookline/plugin.h>
#include <string.h>

static enum hl_verdict
on_token(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	hl_log(ctx, HL_LOG_NOTICE, "token of %s", hl_auth_attempt_user(auth).p);
	return strcmp(hl_auth_attempt_clear(auth).p, "good") == 0 ? HL_OK
								  : HL_DENY;
}

static enum hl_verdict
on_external(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	hl_str subject = hl_tls_cert_subject(hl_tls(ctx));

	(void)auth;
	hl_log(ctx, HL_LOG_NOTICE, "certificate of %s", subject.p);
	return strstr(subject.p, "CN=client.example") != NULL ? HL_OK : HL_DENY;
}

static const struct hl_plugin plugin = {
	.name = "tokens",
	.about = "accept one token and one certificate",
	.auth_xoauth2 = on_token,
	.auth_oauthbearer = on_token,
	.auth_external = on_external,
};
HL_PLUGIN(plugin);
