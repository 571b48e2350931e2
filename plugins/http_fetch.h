/* SPDX-License-Identifier: MIT */
/* http_fetch.h - one request by HTTP, with libcurl. */
#ifndef HOOKLINE_PLUGINS_HTTP_FETCH_H
#define HOOKLINE_PLUGINS_HTTP_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_FETCH_WHY 256
#define HTTP_FETCH_REDIRECTS 5L

struct http_fetch {
	/* Asked for; all of it stays there until the run is over. */
	const char *url, *ca_file; /* "": the system's authorities */
	uint64_t timeout_ms;       /* for all of it */
	size_t size_max;           /* bytes of the body */

	/* Found. */
	long status; /* of the last answer, "200"; 0: none */
	char *body;  /* the caller frees it; with a NUL behind it, or NULL */
	size_t n;
	bool is_down; /* there is no web server, or it speaks no HTTP */
	char why[HTTP_FETCH_WHY]; /* it failed, in words */
};

/* Before threads are started, and when the worker ends.  0, or negative. */
int http_fetch_init(void);
void http_fetch_done(void);
/* 0: there is an answer, of any status; -EIO: `why` tells.  For the thread
 * pool. */
int http_fetch_run(void *fetch);
/* "www.example:443" of a URL that http_fetch_run takes, to be freed; NULL: it
 * is none, and *ret_why tells why. */
char *http_fetch_where(const char *url, const char **ret_why);

#endif
