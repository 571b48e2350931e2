/* SPDX-License-Identifier: MIT */
/* ldap_login.c - one login at a directory, with libldap.
 *
 * libldap knows no limit for the handshake of TLS: below TLS stands a layer of
 * ours that fails where it would wait too long.
 */
#include "ldap_login.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#define TLS_1_2 0x303

/* ---- a socket that does not wait for ever ---- */

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
	const struct ldap_login *login = layer->sbiod_pvt;
	struct pollfd ready = { .events = events };

	(void)ber_sockbuf_ctrl(layer->sbiod_sb, LBER_SB_OPT_GET_FD, &ready.fd);
	if (poll(&ready, 1, (int)login->timeout_s * 1000) != 0)
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

/* ---- the login ---- */

static int
failed(struct ldap_login *login, const char *step, int code)
{
	char *more = NULL;

	if (login->ldap != NULL)
		(void)ldap_get_option(
		    login->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	(void)snprintf(login->why, sizeof(login->why), "%s%s%s",
	    ldap_err2string(code), more != NULL ? ": " : "",
	    more != NULL ? more : "");
	ldap_memfree(more);
	login->step = step;
	return LDAP_LOGIN_FAILED;
}

static int
set_up(struct ldap_login *login)
{
	const struct timeval limit = { .tv_sec = login->timeout_s };
	const int version = LDAP_VERSION3, oldest = TLS_1_2, client = 0;
	const int need =
	    login->verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
	int rc = ldap_initialize(&login->ldap, login->uri);
	LDAP *ldap = login->ldap;

	if (rc != LDAP_SUCCESS)
		return failed(login, "address", rc);
	(void)ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	(void)ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &limit);
	(void)ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	login->watch = (struct ldap_conncb){ on_connected, on_gone, login };
	(void)ldap_set_option(ldap, LDAP_OPT_CONNECT_CB, &login->watch);
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &need);
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest);
	/* Also with NEVER it fails without the file; "" is none. */
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE,
	    login->verify ? login->ca_file : "");
	(void)ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client);
	if (!login->starttls)
		return LDAP_LOGIN_OK;
	rc = ldap_start_tls_s(ldap, NULL, NULL);
	return rc == LDAP_SUCCESS ? LDAP_LOGIN_OK
				  : failed(login, "StartTLS", rc);
}

/* The one entry that fits; NULL: none, or more than one. */
static int
find(struct ldap_login *login, char **ret_dn)
{
	struct timeval limit = { .tv_sec = login->timeout_s };
	char no_attributes[] = LDAP_NO_ATTRS;
	char *attributes[] = { no_attributes, NULL };
	LDAPMessage *found = NULL;
	int rc = ldap_search_ext_s(login->ldap, login->base, LDAP_SCOPE_SUBTREE,
	    login->filter, attributes, 0, NULL, NULL, &limit, 2, &found);

	*ret_dn = NULL;
	if (rc == LDAP_SUCCESS && ldap_count_entries(login->ldap, found) == 1)
		*ret_dn = ldap_get_dn(
		    login->ldap, ldap_first_entry(login->ldap, found));
	ldap_msgfree(found);
	if (rc != LDAP_SUCCESS && rc != LDAP_SIZELIMIT_EXCEEDED)
		return failed(login, "search", rc);
	return *ret_dn != NULL ? LDAP_LOGIN_OK : LDAP_LOGIN_NOT_RIGHT;
}

static int
bind_as(struct ldap_login *login, const char *dn)
{
	struct berval password = { strlen(login->password),
		(char *)(uintptr_t)login->password };
	int rc = ldap_sasl_bind_s(
	    login->ldap, dn, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);

	/* RFC 4511 A.2; the last two: there is no password in the entry. */
	if (rc == LDAP_INVALID_CREDENTIALS || rc == LDAP_NO_SUCH_OBJECT ||
	    rc == LDAP_INAPPROPRIATE_AUTH)
		return LDAP_LOGIN_NOT_RIGHT;
	return rc == LDAP_SUCCESS ? LDAP_LOGIN_OK : failed(login, "bind", rc);
}

int
ldap_login_run(void *arg)
{
	struct ldap_login *login = arg;
	char *dn = NULL;
	int result = set_up(login);

	if (result == LDAP_LOGIN_OK)
		result = find(login, &dn);
	if (result == LDAP_LOGIN_OK)
		result = bind_as(login, dn);
	ldap_memfree(dn);
	if (login->ldap != NULL)
		(void)ldap_unbind_ext_s(login->ldap, NULL, NULL);
	return result;
}
