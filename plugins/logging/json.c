/* SPDX-License-Identifier: MIT */
/* logging/json.c - log lines as JSON, one object a line (RFC 8259).
 *
 *	logging/json [loglevel LEVEL] [PATH | |PROGRAM [ARGUMENT]...]
 *
 * To a file or program as logging/file does, else to standard error:
 *
 *	{"time":"2026-11-28T11:49:19.123456Z","level":"info","process":4711,
 *	"host":"mx","event":"reject","hook":"rcpt","code":550,...}
 *
 * In front stand the time in UTC, the level, the process that has written the
 * line, and the machine's name; behind them the keys of the log line in its
 * order.  The keys in numbers[] are numbers, all else is text, in UTF-8; a byte
 * that is not is written as \xNN.  "cut":true is the last member where one had
 * no room.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"

#define DIGITS_MAX 15 /* a double holds that many */

struct args {
	int level;
	hl_str path;
};

struct json {
	struct lines lines;
	char text[LINES_BYTES - 1]; /* one line of `lines` */
	size_t n;
};

/* Always numbers in our lines; landlock is a text where there is none. */
static const char *const numbers[] = { "code", "count", "delay_ms", "dropped",
	"generation", "limit", "line", "ms", "pid", "rcpts", "sessions", "size",
	"slot", "status", "us", "workers" };

static bool
is_number(hl_str key, hl_str value)
{
	bool has_zero = value.n > 1 && value.p[0] == '0';

	if (value.n == 0 || value.n > DIGITS_MAX || has_zero ||
	    strspn(value.p, "0123456789") != value.n)
		return false;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(key.p, numbers[i]) == 0)
			return true;
	}
	return false;
}

/* ---- text ---- */

/* Length of the well-formed UTF-8 sequence at `p`; 0: there is none (RFC 3629,
 * section 4). */
static size_t
utf8_length(const unsigned char *p)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	if (p[0] == 0xf0)
		low = 0x90;
	if (p[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	for (size_t i = 1; i < n; i++) {
		if (p[i] < low || p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* Adds nothing when there is no room. */
static bool
put(struct json *json, const char *bytes, size_t n)
{
	if (n > sizeof(json->text) - json->n)
		return false;
	memcpy(json->text + json->n, bytes, n);
	json->n += n;
	return true;
}

static bool
put_char(struct json *json, const unsigned char *at, size_t length)
{
	char text[8];
	int n;

	if (length == 0)
		n = snprintf(text, sizeof(text), "\\\\x%02x", *at);
	else if (*at == '"' || *at == '\\')
		n = snprintf(text, sizeof(text), "\\%c", *at);
	else if (*at < ' ' || *at == 0x7f)
		n = snprintf(text, sizeof(text), "\\u%04x", *at);
	else
		return put(json, (const char *)at, length);
	return put(json, text, (size_t)n);
}

static bool
put_text(struct json *json, hl_str text)
{
	const unsigned char *at = (const unsigned char *)text.p;
	bool fits = put(json, "\"", 1);

	while (fits && *at != '\0') {
		size_t n = utf8_length(at);

		fits = put_char(json, at, n);
		at += n > 0 ? n : 1;
	}
	return fits && put(json, "\"", 1);
}

/* ---- the object ---- */

static bool
put_member(struct json *json, hl_str key, hl_str value)
{
	size_t before = json->n;
	bool fits = put(json, json->n > 0 ? "," : "{", 1) &&
		    put_text(json, key) && put(json, ":", 1) &&
		    (is_number(key, value) ? put(json, value.p, value.n)
					   : put_text(json, value));

	if (!fits)
		json->n = before;
	return fits;
}

static void
put_head(struct hl_ctx *ctx, struct json *json, const struct hl_log *log)
{
	static const char *const names[] = { "emerg", "alert", "crit", "error",
		"warn", "notice", "info", "debug" };
	int64_t now_us = hl_wall_us(ctx);
	time_t now_s = (time_t)(now_us / 1000000);
	char stamp[32] = "", host[65] = "";
	struct tm tm;

	(void)gmtime_r(&now_s, &tm);
	(void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)gethostname(host, sizeof(host) - 1);
	(void)put_member(json, HL_STR("time"),
	    hl_printf(ctx, "%s.%06ldZ", stamp, (long)(now_us % 1000000)));
	(void)put_member(
	    json, HL_STR("level"), hl_text(names[hl_log_level(log)]));
	json->n += (size_t)snprintf(
	    json->text + json->n, 32, ",\"process\":%ld", (long)getpid());
	(void)put_member(json, HL_STR("host"), hl_text(host));
}

static hl_str
object(struct hl_ctx *ctx, struct json *json, const struct hl_log *log)
{
	static const char cut[] = ",\"cut\":true}";
	bool is_cut = false;
	hl_str key, value;
	size_t at = 0;

	json->n = 0;
	put_head(ctx, json, log);
	while (hl_log_pair(log, &at, &key, &value)) {
		size_t before = json->n;

		if (put_member(json, key, value) &&
		    sizeof(json->text) - json->n > sizeof(cut))
			continue;
		json->n = before;
		is_cut = true;
	}
	(void)put(json, is_cut ? cut : "}", is_cut ? strlen(cut) : 1);
	json->text[json->n] = '\0';
	return hl_text(json->text);
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct json *json = hl_instance(ctx);

	hl_log_taken(log);
	if ((int)hl_log_level(log) <= args->level)
		lines_add(ctx, &json->lines, hl_time_text(ctx, args->path.p),
		    object(ctx, json, log));
	lines_end(ctx, &json->lines, log);
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);

	return lines_need(ctx, args->path);
}

static void
on_unload(struct hl_ctx *ctx)
{
	struct json *json = hl_instance(ctx);

	lines_done(&json->lines);
}

static const struct hl_arg args[] = {
	{ "loglevel", "least important lines that it writes", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL },
	{ "path", "of the file, or |PROGRAM; else to standard error",
	    .offset = offsetof(struct args, path), .type = HL_ARG_WORDS,
	    .positional = true },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/json",
	.about = "log lines as JSON to a file, a program or standard error",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct json),
	.load = on_load,
	.unload = on_unload,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
