/* SPDX-License-Identifier: MIT */
/* http_fetch.c - see http_fetch.h.
 *
 * One easy handle for each request: they are rare, since answers are kept.
 * libcurl looks names up in a thread of its own, so that the timeout holds for
 * that, too; it is not waited for (CURLOPT_QUICK_EXIT).
 */
#include "http_fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROOM_FIRST 4096u
#define SCHEMES "http,https"

/* What a run needs beside its result. */
struct run {
	struct http_fetch *fetch;
	size_t room;
	bool is_too_large;
	char error[CURL_ERROR_SIZE];
};

int
http_fetch_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

void
http_fetch_done(void)
{
	curl_global_cleanup();
}

static size_t
on_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct run *run = arg;
	struct http_fetch *fetch = run->fetch;
	char *more;

	(void)one; /* 1 */
	if (n > fetch->size_max - fetch->n) {
		run->is_too_large = true;
		return 0;
	}
	if (fetch->n + n >= run->room) {
		size_t room = (fetch->n + n) * 2 + ROOM_FIRST;

		more = realloc(fetch->body, room);
		if (more == NULL)
			return 0;
		fetch->body = more;
		run->room = room;
	}
	memcpy(fetch->body + fetch->n, bytes, n);
	fetch->n += n;
	fetch->body[fetch->n] = '\0';
	return n;
}

/* What came by https does not go on in clear. */
static const char *
next_schemes(const char *url)
{
	return strncasecmp(url, "https:", 6) == 0 ? "https" : SCHEMES;
}

/* The first option that is refused counts. */
#define SET(curl, rc, option, value)                                        \
	do {                                                                \
		if ((rc) == CURLE_OK)                                       \
			(rc) = curl_easy_setopt((curl), (option), (value)); \
	} while (0)

static CURLcode
prepare(CURL *curl, struct run *run)
{
	const struct http_fetch *fetch = run->fetch;
	CURLcode rc = CURLE_OK;

	SET(curl, rc, CURLOPT_ERRORBUFFER, run->error);
	SET(curl, rc, CURLOPT_URL, fetch->url);
	SET(curl, rc, CURLOPT_PROTOCOLS_STR, SCHEMES);
	SET(curl, rc, CURLOPT_FOLLOWLOCATION, 1L);
	SET(curl, rc, CURLOPT_REDIR_PROTOCOLS_STR, next_schemes(fetch->url));
	SET(curl, rc, CURLOPT_MAXREDIRS, HTTP_FETCH_REDIRECTS);
	SET(curl, rc, CURLOPT_TIMEOUT_MS, (long)fetch->timeout_ms);
	SET(curl, rc, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)fetch->size_max);
	SET(curl, rc, CURLOPT_WRITEFUNCTION, on_bytes);
	SET(curl, rc, CURLOPT_WRITEDATA, run);
	SET(curl, rc, CURLOPT_USERAGENT, "hookline");
	/* A proxy of the environment would be one that nobody declared. */
	SET(curl, rc, CURLOPT_PROXY, "");
	SET(curl, rc, CURLOPT_NOSIGNAL, 1L);
	SET(curl, rc, CURLOPT_QUICK_EXIT, 1L);
	if (fetch->ca_file[0] != '\0')
		SET(curl, rc, CURLOPT_CAINFO, fetch->ca_file);
	return rc;
}

static bool
is_of_this_key(CURLcode rc, const struct run *run)
{
	return run->is_too_large || rc == CURLE_FILESIZE_EXCEEDED ||
	       rc == CURLE_TOO_MANY_REDIRECTS || rc == CURLE_OUT_OF_MEMORY ||
	       (rc == CURLE_UNSUPPORTED_PROTOCOL && run->fetch->status != 0);
}

static void
explain(struct run *run, CURLcode rc)
{
	struct http_fetch *fetch = run->fetch;

	if (run->is_too_large || rc == CURLE_FILESIZE_EXCEEDED)
		(void)snprintf(fetch->why, sizeof(fetch->why),
		    "more than %zu bytes", fetch->size_max);
	else
		(void)snprintf(fetch->why, sizeof(fetch->why), "%s",
		    run->error[0] != '\0' ? run->error
					  : curl_easy_strerror(rc));
}

int
http_fetch_run(void *what)
{
	struct run run = { .fetch = what };
	CURL *curl = curl_easy_init();
	CURLcode rc = curl != NULL ? prepare(curl, &run) : CURLE_OUT_OF_MEMORY;

	if (rc == CURLE_OK) {
		rc = curl_easy_perform(curl);
		(void)curl_easy_getinfo(
		    curl, CURLINFO_RESPONSE_CODE, &run.fetch->status);
	}
	curl_easy_cleanup(curl);
	if (rc == CURLE_OK)
		return 0;
	explain(&run, rc);
	run.fetch->is_down = !is_of_this_key(rc, &run);
	return -EIO;
}

/* ---- URLs ---- */

static char *
part(CURLU *url, CURLUPart which)
{
	char *text = NULL;

	if (curl_url_get(url, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return NULL;
	return text;
}

char *
http_fetch_where(const char *text, const char **ret_why)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL, *where = NULL;

	*ret_why = "must be a URL, with its host";
	if (url != NULL &&
	    curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK) {
		scheme = part(url, CURLUPART_SCHEME);
		host = part(url, CURLUPART_HOST);
		port = part(url, CURLUPART_PORT);
	}
	if (scheme != NULL && strcmp(scheme, "http") != 0 &&
	    strcmp(scheme, "https") != 0)
		*ret_why = "must begin with http:// or https://";
	else if (scheme != NULL && host != NULL && port != NULL &&
		 asprintf(&where, "%s:%s", host, port) < 0)
		where = NULL;
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return where;
}
