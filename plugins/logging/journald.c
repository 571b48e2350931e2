/* SPDX-License-Identifier: MIT */
/* logging/journald.c - log lines to systemd's journal, with their fields.
 *
 *	logging/journald [loglevel LEVEL] [ident WORD] [socket PATH]
 *
 * One datagram for each line, in the journal's native protocol
 * (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): MESSAGE is the whole line,
 * PRIORITY its level, SYSLOG_FACILITY mail, SYSLOG_IDENTIFIER `ident`, and each
 * key of the line a field of its own with HOOKLINE_ in front:
 *
 *	journalctl -t hookline HOOKLINE_EVENT=reject HOOKLINE_PLUGIN=dnsbl
 *
 * A field is "NAME=VALUE\n", or if it has a newline "NAME\n", the length in 64
 * bits, little-endian, VALUE, "\n".  Values have at most 512 bytes, so a line
 * never needs the memfd that the protocol has for what no datagram can hold.
 * What cannot be sent goes to standard error.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <hookline/plugin.h>

#define DATAGRAM_MAX 131072u
#define NAME_MAX_BYTES 64u /* as the journal has it */
#define MAIL "2"           /* the facility */

struct args {
	int level;
	hl_str ident, socket;
};

struct journal {
	char where[128];
	int last; /* result */
	size_t n;
	char bytes[DATAGRAM_MAX];
};

static void
put(struct journal *journal, const void *bytes, size_t n)
{
	memcpy(journal->bytes + journal->n, bytes, n);
	journal->n += n;
}

/* One that has no room is left out. */
static void
put_field(struct journal *journal, const char *name, hl_str value)
{
	size_t name_n = strlen(name);
	unsigned char length[8];

	if (name_n + value.n + sizeof(length) + 2 >
	    sizeof(journal->bytes) - journal->n)
		return;
	for (unsigned i = 0; i < sizeof(length); i++)
		length[i] = (unsigned char)((uint64_t)value.n >> (8 * i));
	put(journal, name, name_n);
	if (strchr(value.p, '\n') == NULL) {
		put(journal, "=", 1);
	} else {
		put(journal, "\n", 1);
		put(journal, length, sizeof(length));
	}
	put(journal, value.p, value.n);
	put(journal, "\n", 1);
}

/* "queue_id" to "HOOKLINE_QUEUE_ID"; our keys are of such letters. */
static void
put_pair(struct journal *journal, hl_str key, hl_str value)
{
	char name[NAME_MAX_BYTES + 1];
	int n = snprintf(name, sizeof(name), "HOOKLINE_%s", key.p);

	if (n < 0 || (size_t)n >= sizeof(name))
		return;
	for (char *at = name; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	put_field(journal, name, value);
}

static void
write_entry(
    struct hl_ctx *ctx, struct journal *journal, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	hl_str key, value;
	size_t at = 0;

	journal->n = 0;
	put_field(
	    journal, "PRIORITY", hl_printf(ctx, "%d", (int)hl_log_level(log)));
	put_field(journal, "SYSLOG_FACILITY", HL_STR(MAIL));
	put_field(journal, "SYSLOG_IDENTIFIER", args->ident);
	put_field(journal, "MESSAGE", hl_log_text(log));
	while (hl_log_pair(log, &at, &key, &value))
		put_pair(journal, key, value);
}

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct journal *journal = hl_instance(ctx);
	int rc;

	if ((int)hl_log_level(log) > args->level) {
		hl_log_taken(log);
		return HL_DECLINED;
	}
	write_entry(ctx, journal, log);
	rc = hl_send_datagram(
	    ctx, hl_text(journal->where), journal->bytes, journal->n);
	if (rc == 0)
		hl_log_taken(log);
	else if (rc != journal->last)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot send to %s: %s",
		    journal->where, strerror(-rc));
	journal->last = rc;
	return HL_DECLINED;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct journal *journal = hl_instance(ctx);
	int n = snprintf(
	    journal->where, sizeof(journal->where), "unix:%s", args->socket.p);

	if (args->socket.p[0] != '/' || (size_t)n >= sizeof(journal->where))
		return hl_load_error(
		    ctx, "socket %s: no absolute path", args->socket.p);
	return hl_need_connect(ctx, hl_text(journal->where));
}

static const struct hl_arg args[] = {
	{ "loglevel", "least important lines that it sends", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL },
	{ "ident", "name of the program", .def = "hookline",
	    .offset = offsetof(struct args, ident) },
	{ "socket", "of the journal", .def = "/run/systemd/journal/socket",
	    .offset = offsetof(struct args, socket) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/journald",
	.about = "log lines to systemd's journal, with their fields",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct journal),
	.load = on_load,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
