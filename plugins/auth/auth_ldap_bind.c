/* SPDX-License-Identifier: MIT */
/* auth_ldap_bind.c - find the user in a directory and bind as that entry.
 *
 *	auth/auth_ldap_bind [ldap_base dc=example,dc=com] [ldap_host H] ...
 *
 * Each argument may also be a line `key value` of config/ldap, which is read
 * at each login; an argument goes before it.  As in qpsmtpd the attribute
 * ldap_auth_filter_attr is compared with what stands in front of the user's
 * '@', in lower case; with `mail` it is the whole.  The search is anonymous.
 *
 * libldap blocks, so it is called on the thread pool, which gives one plugin
 * at most half of its threads; connecting, and each answer, has ldap_timeout.
 */
#include <ctype.h>
#include <string.h>

#include <hookline/plugin.h>

#include "ldap_login.h"

#define HOST "127.0.0.1"
#define PORT 389
#define PORT_LDAPS 636
#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"

struct args {
	hl_str host, base, attr, ca_file, tls;
	int64_t port, timeout_s;
	int64_t verify;
};

static const struct hl_arg args_table[] = {
#define TEXT_ARG(key, member, text)                             \
	{                                                       \
		.name = key, .about = text, .type = HL_ARG_STR, \
		.offset = offsetof(struct args, member)         \
	}
#define INT_ARG(key, member, text, highest)                              \
	{                                                                \
		.name = key, .about = text, .type = HL_ARG_INT,          \
		.offset = offsetof(struct args, member), .max = highest, \
		.def = "-1", .min = -1                                   \
	}
	TEXT_ARG("ldap_base", base, "where the users are"),
	TEXT_ARG("ldap_host", host, "the server, 127.0.0.1"),
	INT_ARG("ldap_port", port, "389, or 636 for ldaps", 65535),
	INT_ARG("ldap_timeout", timeout_s, "seconds for each step, 5", 300),
	TEXT_ARG("ldap_auth_filter_attr", attr, "attribute of the user, uid"),
	TEXT_ARG("ldap_tls", tls, "none, starttls or ldaps; none"),
	TEXT_ARG("ldap_ca_file", ca_file, "authorities to trust"),
	INT_ARG("ldap_verify", verify, "0: take any certificate", 1),
	{ .name = NULL },
};

static hl_str
text(const struct hl_list *file, const char *key, hl_str arg, const char *def)
{
	hl_str value = arg;

	if (value.n == 0)
		(void)hl_list_find(file, hl_text(key), &value);
	return value.n > 0 ? value : hl_text(def);
}

static int64_t
number(const struct hl_list *file, const char *key, int64_t arg, int64_t def)
{
	hl_str value;
	int64_t sum = 0;

	if (arg >= 0 || !hl_list_find(file, hl_text(key), &value))
		return arg >= 0 ? arg : def;
	for (size_t i = 0; i < value.n; i++) {
		if (i > 4 || !isdigit((unsigned char)value.p[i]))
			return def;
		sum = sum * 10 + (value.p[i] - '0');
	}
	return sum;
}

/* With the brackets that an IPv6 address has in front of a port. */
static hl_str
where(struct hl_ctx *ctx, hl_str host, int64_t port)
{
	return hl_printf(ctx, strchr(host.p, ':') != NULL ? "[%s]:%d" : "%s:%d",
	    host.p, (int)port);
}

/* RFC 4515 3: every byte of the user that could mean something to a filter,
 * as \XX. */
static hl_str
filter(struct hl_ctx *ctx, hl_str attr, hl_str user)
{
	bool is_mail = strcmp(attr.p, "mail") == 0;
	char *escaped = hl_alloc(ctx, 3 * user.n + 1), *to = escaped;

	for (size_t i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];

		if (c == '@' && !is_mail)
			break;
		if (isalnum(c) || strchr("-_.@+", c) != NULL) {
			*to++ = (char)tolower(c);
			continue;
		}
		memcpy(to, hl_printf(ctx, "\\%02x", c).p, 3);
		to += 3;
	}
	return hl_printf(ctx, "(%s=%s)", attr.p, escaped);
}

static enum hl_verdict
on_auth(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	const struct args *args = hl_args(ctx);
	const struct hl_list *file = hl_config_list(ctx, "ldap");
	hl_str tls = text(file, "ldap_tls", args->tls, "none");
	bool ldaps = strcmp(tls.p, "ldaps") == 0;
	struct ldap_login login = {
		.base = text(file, "ldap_base", args->base, "").p,
		.password = hl_auth_attempt_clear(auth).p,
		.ca_file = text(file, "ldap_ca_file", args->ca_file, CA_FILE).p,
		.timeout_s = number(file, "ldap_timeout", args->timeout_s, 5),
		.verify = number(file, "ldap_verify", args->verify, 1) != 0,
		.starttls = strcmp(tls.p, "starttls") == 0,
	};

	if (login.base[0] == '\0')
		return hl_auth_unavailable(ctx, "ldap_base is not configured");
	if (!ldaps && !login.starttls && strcmp(tls.p, "none") != 0)
		return hl_auth_unavailable(
		    ctx, "ldap_tls must be none, starttls or ldaps");
	login.uri = hl_printf(ctx, "%s://%s", ldaps ? "ldaps" : "ldap",
	    where(ctx, text(file, "ldap_host", args->host, HOST),
		number(
		    file, "ldap_port", args->port, ldaps ? PORT_LDAPS : PORT))
		.p)
			.p;
	login.filter =
	    filter(ctx, text(file, "ldap_auth_filter_attr", args->attr, "uid"),
		hl_auth_attempt_user(auth))
		.p;
	switch (hl_offload(ctx, ldap_login_run, &login)) {
	case LDAP_LOGIN_OK:
		return HL_OK;
	case LDAP_LOGIN_NOT_RIGHT:
		return HL_DECLINED; /* another plugin may know this user */
	default:
		return hl_auth_unavailable(ctx, "directory %s: %s: %s",
		    login.uri, login.step != NULL ? login.step : "not asked",
		    login.why);
	}
}

/* Where it will go and what it will read; a later change of host, port or
 * file in config/ldap needs a reload. */
static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	const struct hl_list *file = hl_config_list(ctx, "ldap");
	bool ldaps =
	    strcmp(text(file, "ldap_tls", args->tls, "none").p, "ldaps") == 0;

	if (hl_need_read(
		ctx, text(file, "ldap_ca_file", args->ca_file, CA_FILE)) < 0)
		return hl_load_error(ctx, "ldap_ca_file: bad path");
	/* libldap's and GnuTLS's own. */
	(void)hl_need_read(ctx, HL_STR("/etc/ldap/"));
	(void)hl_need_read(ctx, HL_STR("/etc/gnutls/"));
	return hl_need_connect(
	    ctx, where(ctx, text(file, "ldap_host", args->host, HOST),
		     number(file, "ldap_port", args->port,
			 ldaps ? PORT_LDAPS : PORT)));
}

static const struct hl_plugin plugin = {
	.name = "auth/auth_ldap_bind",
	.about = "AUTH PLAIN and LOGIN by binding to an LDAP directory",
	.args = args_table,
	.args_size = sizeof(struct args),
	.files = (const char *const[]){ "ldap", NULL },
	.load = on_load,
	.auth_plain = on_auth,
	.auth_login = on_auth,
};
HL_PLUGIN(plugin);
