/* SPDX-License-Identifier: MIT */
/* http_config.c - control files from web servers.
 *
 *	http_config [ttl 60s] [stale 1h] [retry 10s] [timeout 5s]
 *	    [max_size 1M] [ca_file FILE] URL...
 *
 * Who looks up the control file `me` gets what http://www.example/config/me
 * has, for the URL http://www.example/config/: the key is put behind it.  Of
 * several URLs the first counts that has a line; comments and empty lines are
 * left out.  Where none has, the file in the configuration directory holds.
 *
 * An answer is kept for `ttl`, also that there is none.  For `stale` more it
 * is still used, and asked for again when the session is over, so that nobody
 * waits.  A web server that is not there, or has nothing of use to say, is
 * asked again after `retry`; meanwhile the last answer holds, however old.
 * A line at error level says so.
 *
 * A request may take `timeout`, and 5 redirects, to web servers at the ports
 * of these URLs; from https they lead to https alone.  At most 4 run at once in a worker.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hookline/plugin.h>

#include "http_cache.h"
#include "http_fetch.h"

#define URLS_MAX 8u
#define URL_MAX 1024u
#define AT_ONCE 4u
#define POLL_FIRST_MS 2u
#define POLL_MAX_MS 64u

struct args {
	uint64_t ttl_ms, stale_ms, retry_ms, timeout_ms, size_max;
	hl_str ca_file, urls;
};

struct server {
	char url[URL_MAX];
	char shown[URL_MAX]; /* without a password */
	uint64_t down_ms;    /* until then it is not asked */
};

/* Of this line in config/plugins. */
struct line {
	struct server servers[URLS_MAX];
	size_t count;
	struct http_cache cache;
};

/* Requests of this worker that run. */
static unsigned running;

/* ---- waiting ---- */

/* 0, or as hl_sleep. */
static int
wait_more(struct hl_ctx *ctx, uint64_t *ms)
{
	int rc = hl_sleep(ctx, *ms);

	if (*ms < POLL_MAX_MS)
		*ms *= 2;
	return rc;
}

static int
run(struct hl_ctx *ctx, struct http_fetch *fetch)
{
	uint64_t ms = POLL_FIRST_MS;
	int rc = 0;

	while (rc == 0 && running >= AT_ONCE)
		rc = wait_more(ctx, &ms);
	if (rc < 0)
		return rc;
	running++;
	rc = hl_offload(ctx, http_fetch_run, fetch);
	running--;
	return rc;
}

/* ---- one key at one web server ---- */

/* Bytes that have a meaning in a URL lose it. */
static hl_str
url_of(struct hl_ctx *ctx, const char *base, const char *key)
{
	char *url = hl_alloc(ctx, strlen(base) + 3 * strlen(key) + 1);
	size_t n = strlen(base);
	static const char hex[] = "0123456789ABCDEF";

	memcpy(url, base, n + 1);
	for (; *key != '\0'; key++) {
		unsigned char c = (unsigned char)*key;

		if (isalnum(c) || strchr("-._~/", c) != NULL) {
			url[n++] = (char)c;
			continue;
		}
		url[n++] = '%';
		url[n++] = hex[c >> 4];
		url[n++] = hex[c & 15];
	}
	return hl_text(url);
}

/* Lines that it has: 0 none; -EIO it failed, which is logged; or why there was
 * no time for it. */
static long
ask(struct hl_ctx *ctx, struct server *server, const char *key,
    struct http_fetch *fetch)
{
	const struct args *args = hl_args(ctx);
	const char *why = fetch->why;
	long rc;

	fetch->url = url_of(ctx, server->url, key).p;
	fetch->ca_file = args->ca_file.p;
	fetch->timeout_ms = args->timeout_ms;
	fetch->size_max = args->size_max;
	rc = run(ctx, fetch);
	if (rc < 0 && rc != -EIO)
		return rc;
	if (fetch->is_down)
		server->down_ms = hl_now_ms(ctx) + args->retry_ms;
	if (rc == 0 && (fetch->status == 404 || fetch->status == 410))
		return 0;
	if (rc == 0 && (fetch->status < 200 || fetch->status > 299)) {
		why = hl_printf(ctx, "status %ld", fetch->status).p;
		rc = -EIO;
	} else if (rc == 0 && fetch->n > 0) {
		rc = http_cache_lines(fetch->body, fetch->n, &fetch->n);
		if (rc < 0)
			why = "it is no text";
	}
	if (rc < 0)
		hl_log(ctx, HL_LOG_ERROR, "error, %s%s: %s", server->shown, key,
		    why);
	return rc < 0 ? -EIO : rc;
}

/* ---- one key ---- */

/* Asks the web servers in turn, and keeps what they say. */
static void
refresh(struct hl_ctx *ctx, struct http_entry *entry)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	struct http_fetch *fetch = hl_alloc(ctx, sizeof(*fetch));
	bool has_failed = false;
	long count = 0;
	uint64_t now;

	entry->is_busy = true;
	entry->is_due = false;
	for (size_t i = 0; i < line->count && count <= 0; i++) {
		free(fetch->body);
		memset(fetch, 0, sizeof(*fetch));
		count = -EIO;
		if (hl_now_ms(ctx) >= line->servers[i].down_ms)
			count = ask(ctx, &line->servers[i], entry->key, fetch);
		if (count < 0 && count != -EIO)
			break; /* who asked has no more time */
		has_failed = has_failed || count < 0;
	}
	now = hl_now_ms(ctx);
	if (count > 0 || (count == 0 && !has_failed)) {
		free(entry->text);
		entry->text = count > 0 ? fetch->body : NULL;
		entry->n = count > 0 ? fetch->n : 0;
		entry->is_known = true;
		entry->fresh_ms = now + args->ttl_ms;
		entry->stale_ms = entry->fresh_ms + args->stale_ms;
	} else if (has_failed) {
		entry->fresh_ms = now + args->retry_ms;
	}
	if (entry->text != fetch->body)
		free(fetch->body);
	entry->is_busy = false;
}

/* Another session asks for it: waits for that. */
static struct http_entry *
wait_for(struct hl_ctx *ctx, const char *key)
{
	struct line *line = hl_instance(ctx);
	uint64_t ms = POLL_FIRST_MS;
	struct http_entry *entry;

	do {
		entry = http_cache_find(&line->cache, key, hl_now_ms(ctx));
	} while (entry != NULL && entry->is_busy && wait_more(ctx, &ms) == 0);
	return entry;
}

static struct http_entry *
look_up(struct hl_ctx *ctx, const char *key)
{
	struct line *line = hl_instance(ctx);
	uint64_t now = hl_now_ms(ctx);
	struct http_entry *entry = http_cache_add(&line->cache, key, now);

	if (entry == NULL || now < entry->fresh_ms)
		return entry;
	if (entry->is_known && now < entry->stale_ms) {
		/* Else somebody asks already. */
		entry->is_due = !entry->is_busy;
		return entry;
	}
	if (entry->is_busy)
		return wait_for(ctx, key);
	refresh(ctx, entry);
	return entry;
}

static enum hl_verdict
on_config(struct hl_ctx *ctx, hl_str key, struct hl_lines *ret)
{
	struct http_entry *entry = look_up(ctx, key.p);
	uint64_t now = hl_now_ms(ctx);

	if (entry == NULL || entry->text == NULL)
		return HL_DECLINED;
	for (const char *at = entry->text; at < entry->text + entry->n;
	     at += strlen(at) + 1)
		hl_lines_add(ret, hl_text(at));
	if (entry->fresh_ms > now)
		hl_config_ttl(ctx, (unsigned)((entry->fresh_ms - now) / 1000));
	return HL_OK;
}

/* Nobody waits here for what is stale. */
static enum hl_verdict
on_post_connection(struct hl_ctx *ctx)
{
	struct line *line = hl_instance(ctx);
	struct http_entry *entry;

	while ((entry = http_cache_due(&line->cache)) != NULL)
		refresh(ctx, entry);
	return HL_DECLINED;
}

/* ---- the line in config/plugins ---- */

/* http://user:password@host/ without the first two. */
static void
hide(const char *url, char *ret)
{
	const char *host = strstr(url, "://");
	const char *end, *at = NULL;

	if (host != NULL) {
		host += 3;
		end = host + strcspn(host, "/?#");
		for (const char *p = host; p < end; p++) {
			if (*p == '@')
				at = p;
		}
	}
	if (at == NULL) {
		memcpy(ret, url, strlen(url) + 1);
		return;
	}
	memcpy(ret, url, (size_t)(host - url));
	memcpy(ret + (host - url), at + 1, strlen(at + 1) + 1);
}

static int
add_server(struct hl_ctx *ctx, struct line *line, hl_str url)
{
	struct server *server = &line->servers[line->count];
	const char *why;
	char *where;
	int rc;

	if (line->count == URLS_MAX)
		return hl_load_error(ctx, "more than %u URLs", URLS_MAX);
	if (url.n >= URL_MAX)
		return hl_load_error(
		    ctx, "a URL is longer than %u bytes", URL_MAX - 1);
	memcpy(server->url, url.p, url.n);
	hide(server->url, server->shown);
	where = http_fetch_where(server->url, &why);
	if (where == NULL)
		return hl_load_error(ctx, "%s: %s", server->shown, why);
	rc = hl_need_connect(ctx, hl_text(where));
	free(where);
	line->count++;
	return rc;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct line *line = hl_instance(ctx);
	hl_str rest = args->urls, url;
	int rc = http_fetch_init();

	if (rc < 0)
		return hl_load_error(ctx, "libcurl cannot be started");
	/* To libcurl it is none, and threads are never abandoned. */
	if (args->timeout_ms == 0)
		return hl_load_error(ctx, "timeout must be more than 0");
	if (args->ca_file.n > 0)
		rc = hl_need_read(ctx, args->ca_file);
	while (rc == 0 && (url = hl_word(ctx, &rest)).n > 0)
		rc = add_server(ctx, line, url);
	return rc;
}

static void
on_unload(struct hl_ctx *ctx)
{
	struct line *line = hl_instance(ctx);

	http_cache_free(&line->cache);
	http_fetch_done();
}

static const struct hl_arg args[] = {
	{ "ttl", "how long an answer is kept", .def = "60s",
	    .offset = offsetof(struct args, ttl_ms), .type = HL_ARG_SECONDS },
	{ "stale", "how much longer it may be used while it is asked for",
	    .def = "1h", .offset = offsetof(struct args, stale_ms),
	    .type = HL_ARG_SECONDS },
	{ "retry", "how long a web server that failed is left alone",
	    .def = "10s", .offset = offsetof(struct args, retry_ms),
	    .type = HL_ARG_SECONDS },
	{ "timeout", "for a request", .def = "5s",
	    .offset = offsetof(struct args, timeout_ms),
	    .type = HL_ARG_SECONDS },
	{ "max_size", "of an answer", .def = "1M",
	    .offset = offsetof(struct args, size_max), .type = HL_ARG_SIZE },
	{ "ca_file", "authorities of its own, for https",
	    .offset = offsetof(struct args, ca_file), .type = HL_ARG_PATH },
	{ "urls", "what stands in front of a key", .positional = true,
	    .required = true, .offset = offsetof(struct args, urls),
	    .type = HL_ARG_WORDS },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "http_config",
	.about = "control files from web servers",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct line),
	.load = on_load,
	.unload = on_unload,
	.config = on_config,
	.post_connection = on_post_connection,
};
HL_PLUGIN(plugin);
