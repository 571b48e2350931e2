/* SPDX-License-Identifier: MIT */
/* logging/syslog.c - log lines to syslog.
 *
 *	logging/syslog [loglevel LEVEL] [priority LEVEL] [ident WORD]
 *	    [facility NAME] [logsock unix|udp]
 *
 * Levels become syslog's of the same name, or all become `priority`.  unix is
 * /dev/log (unix:PATH another socket), udp is 127.0.0.1:514 (udp:ADDR:PORT
 * another server); of several, parted by commas, the first is taken.  What
 * cannot be sent goes to standard error.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hookline/plugin.h>

#define LINE_MAX_BYTES 4096

struct args {
	int level, priority;
	hl_str ident, facility, logsock;
};

struct syslog {
	char where[128];
	unsigned facility;
	int last; /* result */
};

static enum hl_verdict
on_logging(struct hl_ctx *ctx, const struct hl_log *log)
{
	const struct args *args = hl_args(ctx);
	struct syslog *syslog = hl_instance(ctx);
	int rc, level = (int)hl_log_level(log);
	hl_str line;

	if (level > args->level) {
		hl_log_taken(log);
		return HL_DECLINED;
	}
	if (args->priority != 0)
		level = args->priority;
	line = hl_printf(ctx, "<%u>%s %s[%ld]: %s",
	    syslog->facility * 8 + (unsigned)level,
	    hl_time_text(ctx, "%b %e %T").p, args->ident.p, (long)getpid(),
	    hl_log_text(log).p);
	rc = hl_send_datagram(ctx, hl_text(syslog->where), line.p,
	    line.n < LINE_MAX_BYTES ? line.n : LINE_MAX_BYTES);
	if (rc == 0)
		hl_log_taken(log);
	else if (rc != syslog->last)
		hl_log(ctx, HL_LOG_ERROR, "error, cannot send to %s: %s",
		    syslog->where, strerror(-rc));
	syslog->last = rc;
	return HL_DECLINED;
}

/* "mail" or "LOG_MAIL" to its number. */
static bool
find_facility(hl_str name, unsigned *ret)
{
	static const char *const names[] = { "kern", "user", "mail", "daemon",
		"auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
		"ftp", "ntp", "audit", "alert", "clock", "local0", "local1",
		"local2", "local3", "local4", "local5", "local6", "local7" };
	const char *word = name.p;

	if (strncasecmp(word, "LOG_", 4) == 0)
		word += 4;
	for (*ret = 0; *ret < sizeof(names) / sizeof(names[0]); ++*ret) {
		if (strcasecmp(word, names[*ret]) == 0)
			return true;
	}
	return false;
}

static int
on_load(struct hl_ctx *ctx)
{
	const struct args *args = hl_args(ctx);
	struct syslog *syslog = hl_instance(ctx);
	const char *sock = args->logsock.p;
	int n = (int)strcspn(sock, ",");
	bool is_udp = strncmp(sock, "udp", 3) == 0;

	if (!is_udp && strncmp(sock, "unix", 4) != 0)
		return hl_load_error(ctx, "logsock %s: unix or udp", sock);
	if (n == (is_udp ? 3 : 4))
		(void)snprintf(syslog->where, sizeof(syslog->where), "%s",
		    is_udp ? "127.0.0.1:514" : "unix:/dev/log");
	else
		(void)snprintf(syslog->where, sizeof(syslog->where), "%.*s",
		    is_udp ? n - 4 : n, is_udp ? sock + 4 : sock);
	if (!find_facility(args->facility, &syslog->facility))
		return hl_load_error(ctx, "no facility %s", args->facility.p);
	return hl_need_connect(ctx, hl_text(syslog->where));
}

static const struct hl_arg args[] = {
	{ "loglevel", "least important lines that it sends", .def = "info",
	    .offset = offsetof(struct args, level), .type = HL_ARG_LEVEL },
	{ "priority", "for all lines",
	    .offset = offsetof(struct args, priority), .type = HL_ARG_LEVEL },
	{ "ident", "name of the program", .def = "hookline",
	    .offset = offsetof(struct args, ident) },
	{ "facility", "as in syslog(3)", .def = "mail",
	    .offset = offsetof(struct args, facility) },
	{ "logsock", "unix[:PATH] or udp[:ADDR:PORT]", .def = "unix",
	    .offset = offsetof(struct args, logsock) },
	{ .name = NULL },
};

static const struct hl_plugin plugin = {
	.name = "logging/syslog",
	.about = "log lines to syslog",
	.args = args,
	.args_size = sizeof(struct args),
	.instance_size = sizeof(struct syslog),
	.load = on_load,
	.logging = on_logging,
};
HL_PLUGIN(plugin);
