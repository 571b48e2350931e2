/* SPDX-License-Identifier: MIT */
/* log.h - one event, one line, key=value.
 *
 * Builds lines and hands them to a sink; who logs what is told in
 * docs/architecture.md, "Errors and log lines".
 * A value with a space, '"', '=', '\' or a control byte stands in double
 * quotes with \" \\ \xNN; an empty one is key="".  UTF-8 stays as it is, a
 * byte that is not part of well-formed UTF-8 and a C1 control are \xNN.
 * Values are cut to LOG_VALUE_MAX bytes before escaping; what was cut ends
 * with "...".  Keys are those of enum log_key only.
 */
#ifndef HOOKLINE_BASE_LOG_H
#define HOOKLINE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "slice.h"

/* qpsmtpd's levels, with its numbers: those of syslog. */
enum log_level {
	LOG_LEVEL_EMERG,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

#define LOG_VALUE_MAX 512

/* Every key that can stand in a line, in the order of the documentation. */
/* clang-format off */
#define LOG_KEYS(X) \
	X(event) X(hook) X(plugin) X(code) X(enh) X(from) X(to) X(ip) \
	X(helo) X(listener) X(sid) X(tid) X(queue_id) X(text) X(size) \
	X(rcpts) X(ms) X(us) X(verdict) X(args) X(waited) X(file) X(line) \
	X(pid) X(slot) X(generation) X(signal) X(status) X(key) X(value) \
	X(err) X(limit) X(count) X(phase) X(user) X(addr) X(path) X(name) \
	X(version) X(state) X(dropped) X(port) X(type) X(cmd) X(relay) \
	X(delay_ms) X(policy) X(at) X(stack) X(workers) X(sessions) \
	X(mechanism) X(result) X(orig_ip) X(orig_name) X(tls) X(sni) \
	X(landlock) X(seccomp)
/* clang-format on */

enum log_key {
#define LOG_KEY_ENUM(k) LOG_##k,
	LOG_KEYS(LOG_KEY_ENUM)
#undef LOG_KEY_ENUM
	    LOG_KEY_COUNT
};

/* A line being built.  Start with log_begin; add; end with log_end, which
 * hands it to the sink and frees it. */
struct log_line {
	enum log_level level;
	bool off; /* above the level when it began: nothing is built */
	struct buf buf;
};

const char *log_level_name(enum log_level level); /* "info" */
/* qpsmtpd's forms "LOGINFO", "info", "6", in either case, and syslog's
 * "LOG_WARNING"; "LOGRADAR" is "LOGEMERG".  -EINVAL if unknown. */
int log_level_parse(struct slice text, enum log_level *ret) WARN_UNUSED;
const char *log_key_name(enum log_key key);

void log_begin(struct log_line *line, enum log_level level);
void log_add(struct log_line *line, enum log_key key, struct slice value);
void log_add_text(struct log_line *line, enum log_key key, const char *value);
void log_add_int(struct log_line *line, enum log_key key, long long value);
void log_printf(struct log_line *line, enum log_key key, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void log_end(struct log_line *line);

/* The escaping alone (no cutting), for others that write key=value. */
void log_escape(struct buf *buf, struct slice value);

/* `text` is the finished line without newline.  The default sink writes
 * "LEVEL text\n" to stderr, one system call for each line; when stderr would
 * block, the line is lost.  NULL restores it. */
typedef void log_sink_fn(void *arg, enum log_level level, struct slice text);
void log_set_sink(log_sink_fn *sink, void *arg);
/* Lines above this level are dropped; default info. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);

#endif
