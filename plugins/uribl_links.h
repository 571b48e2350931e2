/* SPDX-License-Identifier: MIT */
/* uribl_links.h - the hosts of links in a text; belongs to the plugin uribl.
 *
 * It finds what a mail program makes a link of, and more: every host name with
 * a known top-level domain, every one behind "http://" or "www.", and addresses
 * behind "http://", as numbers too (http://3221226217/, http://0xc0.0.2.0251/).
 * Before that it undoes what hides them: soft line breaks and =41 of
 * quoted-printable, %41 of URIs, &#65; of HTML, and semicolons.
 *
 * A text comes in pieces, cut anywhere; memory does not grow with it.  Nothing
 * here calls hookline, so that it may run on the thread pool.
 */
#ifndef HOOKLINE_PLUGINS_URIBL_LINKS_H
#define HOOKLINE_PLUGINS_URIBL_LINKS_H

#include <stdbool.h>
#include <stddef.h>

#define LINKS_HOST_MAX 253 /* RFC 1035, 2.3.4, as text */

/* `host` is valid during the call: a name in lower case with at least one dot,
 * or as `is_ip` an address in reverse, "7.2.0.192". */
typedef void links_found(void *arg, const char *host, bool is_ip);

struct links {
	links_found *found;
	void *arg;
	unsigned soft;     /* held back: 1 "=", 2 "=\r" */
	char escape[2];    /* "=4" */
	unsigned escape_n; /* ... */
	char entity[5];    /* "&#123" */
	unsigned entity_n; /* ... */
	unsigned word;     /* letters before this; "http" */
	bool is_colon;     /* "http:" */
	bool in_link;      /* since "http:/", until white space */
	bool at_host;      /* a host begins here: behind '/' or '@' */
	bool is_linked;    /* the token began there */
	bool is_long;      /* ... and does not fit */
	char token[LINKS_HOST_MAX + 3]; /* letters, digits, '-' and '.' */
	size_t token_n;
};

void links_init(struct links *links, links_found *found, void *arg);
void links_read(struct links *links, const char *bytes, size_t n);
/* The text is over.  It may begin anew, with links_read. */
void links_end(struct links *links);

/* The part of `host`, a name as above, that somebody has registered: its last
 * two labels, or three where the country has a second level of its own ("co.uk").
 * NULL: it has fewer. */
const char *links_domain(const char *host);

#endif
