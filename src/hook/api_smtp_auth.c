/* SPDX-License-Identifier: MIT */
/* api_smtp_auth.c - smtp_client.h: AUTH (RFC 4954), PLAIN or LOGIN.
 *
 * The file is read as a control file: it is live, and wiped when it is dropped.
 * What is made of a line is wiped here; it never reaches a log.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "api_smtp_private.h"
#include "base/mem.h"
#include "smtp/base64.h"

/* A line of the file, "SERVER USER:PASSWORD" or "SERVER -". */
struct login {
	struct slice server, user, password;
	bool is_none;
};

static bool
parse(hl_str line, struct login *ret)
{
	struct slice rest = { line.p, line.n };
	size_t colon;

	*ret = (struct login){ .server = slice_word(&rest) };
	rest = slice_trim(rest);
	ret->is_none = slice_eq_text(rest, "-");
	colon = slice_find(rest, ':');
	ret->user = slice_head(rest, colon);
	if (ret->is_none)
		return true;
	if (colon == 0 || colon + 1 >= rest.n)
		return false;
	ret->password = slice_from(rest, colon + 1);
	return true;
}

/* Of the first line for the server. */
static int
find_login(struct hl_smtp *smtp, struct login *ret)
{
	hl_str file = smtp->options->auth_file;
	const struct hl_list *list = hl_config_list_at(smtp->ctx, file);
	hl_str host = smtp__host(smtp);

	for (size_t i = 0; i < hl_list_count(list); i++) {
		bool is_right = parse(hl_list_at(list, i), ret);

		if (!slice_eq_text(ret->server, "*") &&
		    !slice_caseeq_text(ret->server, host.p) &&
		    !slice_caseeq_text(ret->server, smtp->where.p))
			continue;
		if (is_right)
			return 0;
		(void)smtp__fail(smtp, -EINVAL,
		    "its line in %s is not SERVER USER:PASSWORD", file.p);
		return -EINVAL;
	}
	(void)smtp__fail(
	    smtp, -ENOENT, "%s has no line for this server", file.p);
	return -ENOENT;
}

/* ---- the exchange ---- */

/* A server may repeat what we have said: not in our log. */
static void
hush(struct hl_smtp *smtp, struct slice secret)
{
	struct smtp_answer *answer = &smtp->answer;

	if (secret.n > 0 && memmem(answer->text, strlen(answer->text), secret.p,
				secret.n) != NULL)
		(void)snprintf(answer->text, sizeof(answer->text),
		    "(with what it was told)");
}

/* A message of the mechanism, and the reply to it. */
static int
respond(struct hl_smtp *smtp, struct slice message)
{
	size_t n = BASE64_ENCODED(message.n);
	char *text = hl_alloc(smtp->ctx, n + sizeof("\r\n"));
	int rc;

	base64_encode(message, text);
	memcpy(text + n, "\r\n", sizeof("\r\n"));
	rc = smtp__send(smtp, (hl_str){ text, n + strlen("\r\n") });
	if (rc == 0)
		rc = smtp__hear(smtp, smtp->options->command_ms);
	if (rc >= 0)
		hush(smtp, (struct slice){ text, n });
	secret_wipe(text, n);
	return rc == -EPROTO ? smtp__fail(smtp, rc, "AUTH: that is no reply")
			     : rc;
}

/* RFC 4616: NUL user NUL password. */
static int
respond_plain(struct hl_smtp *smtp, const struct login *login)
{
	size_t n = login->user.n + login->password.n + 2;
	char *message = hl_alloc(smtp->ctx, n);
	int code;

	CHECK(login->user.p != NULL && login->password.p != NULL);
	memcpy(message + 1, login->user.p, login->user.n);
	memcpy(
	    message + 2 + login->user.n, login->password.p, login->password.n);
	code = respond(smtp, (struct slice){ message, n });
	secret_wipe(message, n);
	return code;
}

/* draft-murchison-sasl-login: the server asks for one and then the other. */
static int
respond_login(struct hl_smtp *smtp, const struct login *login)
{
	int code = respond(smtp, login->user);

	return code == 334 ? respond(smtp, login->password) : code;
}

static int
exchange(struct hl_smtp *smtp, const struct login *login)
{
	bool has_plain = (smtp->kept.keywords.auth & SMTP_AUTH_PLAIN) != 0;
	int code = smtp__ask(
	    smtp, has_plain ? HL_STR("AUTH PLAIN") : HL_STR("AUTH LOGIN"));

	if (code == 334)
		code = has_plain ? respond_plain(smtp, login)
				 : respond_login(smtp, login);
	if (code < 0 || code == 235)
		return code < 0 ? code : 0;
	hush(smtp, login->password);
	return smtp__fail(smtp, code >= 500 ? -EPERM : -EAGAIN,
	    "AUTH: it said %d %.200s", code, smtp->answer.text);
}

static bool
may_tell(const struct hl_smtp *smtp)
{
	switch ((enum hl_smtp_auth_over)smtp->options->auth_over) {
	case HL_SMTP_AUTH_VERIFIED:
		return smtp->kept.is_in_tls &&
		       smtp->options->tls == HL_SMTP_TLS_VERIFY;
	case HL_SMTP_AUTH_TLS:
		return smtp->kept.is_in_tls;
	case HL_SMTP_AUTH_CLEAR:
		return true;
	}
	return false;
}

int
smtp__auth(struct hl_smtp *smtp)
{
	struct login login = { .is_none = false };
	int rc;

	if (smtp->options->auth_file.n == 0)
		return 0;
	rc = find_login(smtp, &login);
	if (rc < 0 || login.is_none)
		return rc;
	if (!may_tell(smtp))
		return smtp__fail(smtp, -ENOTSUP,
		    "the password is not sent: no such TLS as auth_over "
		    "wants");
	if (smtp->kept.keywords.auth == 0)
		return smtp__fail(
		    smtp, -ENOTSUP, "it does not offer AUTH PLAIN or LOGIN");
	return exchange(smtp, &login);
}

/* ---- in load ---- */

static int
check_lines(struct hl_ctx *ctx, hl_str file)
{
	const struct hl_list *list = hl_config_list_at(ctx, file);
	struct login login;

	for (size_t i = 0; i < hl_list_count(list); i++)
		if (!parse(hl_list_at(list, i), &login))
			hl_config_fault(ctx, file.p, list, i,
			    "write SERVER USER:PASSWORD, or SERVER - where "
			    "no AUTH is wanted");
	return 0;
}

int
smtp__auth_need(struct hl_ctx *ctx, const struct hl_smtp_options *options)
{
	hl_str file = options->auth_file;
	struct stat st;

	if (file.p == NULL || file.n == 0)
		return 0;
	if (options->xclient)
		return hl_load_error(
		    ctx, "auth and xclient exclude each other");
	if (options->auth_over == HL_SMTP_AUTH_VERIFIED &&
	    options->tls != HL_SMTP_TLS_VERIFY)
		return hl_load_error(ctx,
		    "auth wants `tls verify`, or `auth_over tls` to send the "
		    "password to whoever answers");
	if (hl_need_read(ctx, file) < 0)
		return -EINVAL;
	/* Who may not look at it finds out when it is read. */
	if (stat(file.p, &st) == -1)
		return errno == EACCES ? 0
				       : hl_load_error(ctx, "%s: %s", file.p,
					     strerrordesc_np(errno));
	if ((st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		return hl_load_error(ctx,
		    "%s: everybody may read or write it: chmod o= %s", file.p,
		    file.p);
	return check_lines(ctx, file);
}
