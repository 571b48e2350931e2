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
 * libldap knows no limit for the handshake of TLS: below TLS stands a layer of
 * ours that fails where it would wait too long.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include <ldap.h>

#include <hookline/plugin.h>

#define TLS_1_2 0x303
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

/* What a thread of the pool works on; it calls nothing of hookline. */
struct job {
	const char *uri, *base, *filter, *dn_password, *ca_file;
	long timeout_s;
	bool starttls, verify;
	LDAP *ldap;
	const char *step; /* that failed */
	char why[160];
	struct ldap_conncb watch;
};

enum { JOB_OK, JOB_NOT_RIGHT, JOB_FAILED };

/* ---- on the pool: a socket that does not wait for ever ---- */

static int
layer_setup(Sockbuf_IO_Desc *layer, void *arg)
{
	layer->sbiod_pvt = arg;
	return 0;
}

static int
layer_ignore(Sockbuf_IO_Desc *layer)
{
	(void)layer;
	return 0;
}

static int
layer_ctrl(Sockbuf_IO_Desc *layer, int option, void *arg)
{
	return LBER_SBIOD_CTRL_NEXT(layer, option, arg);
}

static bool
is_in_time(Sockbuf_IO_Desc *layer, short events)
{
	const struct job *job = layer->sbiod_pvt;
	struct pollfd ready = { .events = events };

	(void)ber_sockbuf_ctrl(layer->sbiod_sb, LBER_SB_OPT_GET_FD, &ready.fd);
	if (poll(&ready, 1, (int)job->timeout_s * 1000) != 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

static ber_slen_t
layer_read(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t size)
{
	if (!is_in_time(layer, POLLIN))
		return -1;
	return LBER_SBIOD_READ_NEXT(layer, bytes, size);
}

static ber_slen_t
layer_write(Sockbuf_IO_Desc *layer, void *bytes, ber_len_t size)
{
	if (!is_in_time(layer, POLLOUT))
		return -1;
	return LBER_SBIOD_WRITE_NEXT(layer, bytes, size);
}

static int
on_connected(LDAP *ldap, Sockbuf *socket, LDAPURLDesc *url,
    struct sockaddr *addr, struct ldap_conncb *watch)
{
	static Sockbuf_IO layer = { layer_setup, layer_ignore, layer_ctrl,
		layer_read, layer_write, layer_ignore };

	(void)ldap;
	(void)url;
	(void)addr;
	return ber_sockbuf_add_io(
	    socket, &layer, LBER_SBIOD_LEVEL_TRANSPORT, watch->lc_arg);
}

static void
on_gone(LDAP *ldap, Sockbuf *socket, struct ldap_conncb *watch)
{
	(void)ldap;
	(void)socket;
	(void)watch;
}

/* ---- on the pool: the login ---- */

static int
failed(struct job *job, const char *step, int code)
{
	char *more = NULL;

	if (job->ldap != NULL)
		(void)ldap_get_option(
		    job->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	(void)snprintf(job->why, sizeof(job->why), "%s%s%s",
	    ldap_err2string(code), more != NULL ? ": " : "",
	    more != NULL ? more : "");
	ldap_memfree(more);
	job->step = step;
	return JOB_FAILED;
}

static int
set_up(struct job *job)
{
	const struct timeval limit = { .tv_sec = job->timeout_s };
	const int version = LDAP_VERSION3, oldest = TLS_1_2, client = 0;
	const int need =
	    job->verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
	int rc = ldap_initialize(&job->ldap, job->uri);
	LDAP *ldap = job->ldap;

	if (rc != LDAP_SUCCESS)
		return failed(job, "address", rc);
	(void)ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	(void)ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &limit);
	(void)ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	job->watch = (struct ldap_conncb){ on_connected, on_gone, job };
	(void)ldap_set_option(ldap, LDAP_OPT_CONNECT_CB, &job->watch);
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &need);
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
	/* Also with NEVER it fails without the file; "" is none. */
	(void)ldap_set_option(
	    ldap, LDAP_OPT_X_TLS_CACERTFILE, job->verify ? job->ca_file : "");
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client);
	if (!job->starttls)
		return JOB_OK;
	rc = ldap_start_tls_s(ldap, NULL, NULL);
	return rc == LDAP_SUCCESS ? JOB_OK : failed(job, "StartTLS", rc);
}

/* The one entry that fits; NULL: none, or more than one. */
static int
find(struct job *job, char **ret_dn)
{
	struct timeval limit = { .tv_sec = job->timeout_s };
	char no_attributes[] = LDAP_NO_ATTRS;
	char *attributes[] = { no_attributes, NULL };
	LDAPMessage *found = NULL;
	int rc = ldap_search_ext_s(job->ldap, job->base, LDAP_SCOPE_SUBTREE,
	    job->filter, attributes, 0, NULL, NULL, &limit, 2, &found);

	*ret_dn = NULL;
	if (rc == LDAP_SUCCESS && ldap_count_entries(job->ldap, found) == 1)
		*ret_dn =
		    ldap_get_dn(job->ldap, ldap_first_entry(job->ldap, found));
	ldap_msgfree(found);
	if (rc != LDAP_SUCCESS && rc != LDAP_SIZELIMIT_EXCEEDED)
		return failed(job, "search", rc);
	return *ret_dn != NULL ? JOB_OK : JOB_NOT_RIGHT;
}

static int
bind_as(struct job *job, const char *dn)
{
	struct berval password = { strlen(job->dn_password),
		(char *)(uintptr_t)job->dn_password };
	int rc = ldap_sasl_bind_s(
	    job->ldap, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);

	/* RFC 4511 A.2; the last two: there is no password in the entry. */
	if (rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_NO_SUCH_OBJECT ||
	    rc == LDAP_INAPPROPRIATE_AUTH)
		return JOB_NOT_RIGHT;
	return rc == LDAP_SUCCESS ? JOB_OK : failed(job, "bind", rc);
}

static int
run(void *arg)
{
	struct job *job = arg;
	char *dn = NULL;
	int result = set_up(job);

	if (result == JOB_OK)
		result = find(job, &dn);
	if (result == JOB_OK)
		result = bind_as(job, dn);
	ldap_memfree(dn);
	if (job->ldap != NULL)
		(void)ldap_unbind_ext_s(job->ldap, NULL, NULL);
	return result;
}

/* ---- in the hook ---- */

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
	struct job job = {
		.base = text(file, "ldap_base", args->base, "").p,
		.dn_password = hl_auth_attempt_clear(auth).p,
		.ca_file = text(file, "ldap_ca_file", args->ca_file, CA_FILE).p,
		.timeout_s = number(file, "ldap_timeout", args->timeout_s, 5),
		.verify = number(file, "ldap_verify", args->verify, 1) != 0,
		.starttls = strcmp(tls.p, "starttls") == 0,
	};

	if (job.base[0] == '\0')
		return hl_auth_unavailable(ctx, "ldap_base is not configured");
	if (!ldaps && !job.starttls && strcmp(tls.p, "none") != 0)
		return hl_auth_unavailable(
		    ctx, "ldap_tls must be none, starttls or ldaps");
	job.uri = hl_printf(ctx, "%s://%s", ldaps ? "ldaps" : "ldap",
	    where(ctx, text(file, "ldap_host", args->host, HOST),
		number(
		    file, "ldap_port", args->port, ldaps ? PORT_LDAPS : PORT))
		.p)
		      .p;
	job.filter =
	    filter(ctx, text(file, "ldap_auth_filter_attr", args->attr, "uid"),
		hl_auth_attempt_user(auth))
		.p;
	switch (hl_offload(ctx, run, &job)) {
	case JOB_OK:
		return HL_OK;
	case JOB_NOT_RIGHT:
		return HL_DECLINED; /* another plugin may know this user */
	default:
		return hl_auth_unavailable(ctx, "directory %s: %s: %s", job.uri,
		    job.step != NULL ? job.step : "not asked", job.why);
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
