/* SPDX-License-Identifier: MIT */
/* ldap_login.h - one login at a directory, with libldap. */
#ifndef HOOKLINE_AUTH_LDAP_LOGIN_H
#define HOOKLINE_AUTH_LDAP_LOGIN_H

#include <stdbool.h>

#include <ldap.h>

struct ldap_login {
	/* Asked for; all of it stays there until the run is over. */
	const char *uri, *base;
	const char *filter; /* of the one entry to bind as */
	const char *password;
	const char *ca_file; /* counts with `verify` */
	long timeout_s;      /* for connecting, and for each answer */
	bool starttls, verify;

	/* Found, when it failed. */
	const char *step; /* in which; NULL: it has not begun */
	char why[160];

	/* Its own. */
	LDAP *ldap;
	struct ldap_conncb watch;
};

enum {
	LDAP_LOGIN_OK,
	LDAP_LOGIN_NOT_RIGHT, /* no such entry, or another password */
	LDAP_LOGIN_FAILED     /* nobody can tell */
};
/* One of these.  For the thread pool; zero at first, but for what is asked. */
int ldap_login_run(void *login);

#endif
