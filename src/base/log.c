/* SPDX-License-Identifier: MIT */
/* log.c - one event, one line, key=value.
 *
 * UNSAFE: walks raw pointers.  Invariant: `at` is an index below value.n.
 */
#include "log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "num.h"

#define LINE_FIRST 255 /* most lines fit */
#define CUT_MARK "..."

static const char *const level_names[] = {
	[LOG_LEVEL_EMERG] = "emerg",
	[LOG_LEVEL_ALERT] = "alert",
	[LOG_LEVEL_CRIT] = "crit",
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const key_names[] = {
#define LOG_KEY_NAME(k) [LOG_##k] = #k,
	LOG_KEYS(LOG_KEY_NAME)
#undef LOG_KEY_NAME
};

/* As it stands in a line: " key=". */
static const struct slice key_texts[] = {
#define LOG_KEY_TEXT(k) [LOG_##k] = { " " #k "=", sizeof(#k) + 1 },
	LOG_KEYS(LOG_KEY_TEXT)
#undef LOG_KEY_TEXT
};

static log_sink_fn write_stderr;

static struct {
	log_sink_fn *sink;
	void *arg;
	enum log_level level;
} config = { write_stderr, NULL, LOG_LEVEL_INFO };

const char *
log_level_name(enum log_level level)
{
	CHECK((unsigned)level < ARRAY_SIZE(level_names));
	return level_names[level];
}

int
log_level_parse(struct slice text, enum log_level *ret)
{
	unsigned number;

	if (num_parse_unsigned(text, LOG_LEVEL_DEBUG, &number) == 0) {
		*ret = (enum log_level)number;
		return 0;
	}
	if (slice_casestarts(text, "log"))
		text = slice_from(text, slice_casestarts(text, "log_") ? 4 : 3);
	if (slice_caseeq_text(text, "err"))
		text = SLICE_LIT("error");
	if (slice_caseeq_text(text, "warning"))
		text = SLICE_LIT("warn");
	for (unsigned i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (slice_caseeq_text(text, level_names[i])) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	if (slice_caseeq_text(text, "radar")) {
		*ret = LOG_LEVEL_EMERG;
		return 0;
	}
	return -EINVAL;
}

const char *
log_key_name(enum log_key key)
{
	CHECK((unsigned)key < ARRAY_SIZE(key_names));
	return key_names[key];
}

/* Length of the well-formed UTF-8 character at `at` (RFC 3629 4), 0 if there
 * is none there; a C1 control (U+0080 to U+009F) counts as none. */
static size_t
utf8_len(struct slice value, size_t at)
{
	const unsigned char *p = (const unsigned char *)value.p + at;
	size_t left = value.n - at;
	size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n == 0 || n > left || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xc2 && p[1] < 0xa0) || /* C1 */
	    (p[0] == 0xe0 && p[1] < 0xa0) || /* overlong */
	    (p[0] == 0xed && p[1] > 0x9f) || /* surrogates */
	    (p[0] == 0xf0 && p[1] < 0x90) || /* overlong */
	    (p[0] == 0xf4 && p[1] > 0x8f))   /* above U+10FFFF */
		return 0;
	return n;
}

enum {
	PLAIN = 0,
	QUOTED,  /* stands as it is, but in quotes */
	SLASHED, /* \c */
	HEXED,   /* \xNN */
	HIGH,    /* depends on the next bytes */
};

static const unsigned char classes[256] = {
	[0x00 ... 0x1f] = HEXED,
	[' '] = QUOTED,
	['='] = QUOTED,
	['"'] = SLASHED,
	['\\'] = SLASHED,
	[0x7f] = HEXED,
	[0x80 ... 0xff] = HIGH,
};

/* How many bytes can stand as they are. */
static size_t
verbatim_prefix(struct slice value, bool in_quotes)
{
	size_t at = 0;

	while (at < value.n) {
		unsigned class = classes[(unsigned char)value.p[at]];
		size_t n = 0;

		if (class == PLAIN || (class == QUOTED && in_quotes))
			n = 1;
		else if (class == HIGH)
			n = utf8_len(value, at);
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

static void
add_escaped(struct buf *buf, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char text[] = { '\\', 'x', digits[c >> 4], digits[c & 0xf] };

	if (classes[c] == SLASHED) {
		text[1] = (char)c;
		buf_add(buf, text, 2);
	} else {
		buf_add(buf, text, sizeof(text));
	}
}

static void
add_quoted(struct buf *buf, struct slice value)
{
	buf_add_char(buf, '"');
	while (value.n > 0) {
		size_t n = verbatim_prefix(value, true);

		buf_add_slice(buf, slice_head(value, n));
		if (n < value.n)
			add_escaped(buf, (unsigned char)value.p[n++]);
		value = slice_from(value, n);
	}
	buf_add_char(buf, '"');
}

void
log_escape(struct buf *buf, struct slice value)
{
	if (value.n > 0 && verbatim_prefix(value, false) == value.n)
		buf_add_slice(buf, value);
	else
		add_quoted(buf, value);
}

/* Not within a UTF-8 character. */
static struct slice
cut_value(struct slice value)
{
	size_t n = LOG_VALUE_MAX - (sizeof(CUT_MARK) - 1);

	for (int i = 0; i < 3 && ((unsigned char)value.p[n] & 0xc0) == 0x80;
	     i++)
		n--;
	return slice_head(value, n);
}

void
log_begin(struct log_line *line, enum log_level level)
{
	*line = (struct log_line){ .level = level, .off = !log_is_on(level) };
	if (!line->off)
		buf_reserve(&line->buf, LINE_FIRST);
}

static void
add_key(struct log_line *line, enum log_key key)
{
	CHECK((unsigned)key < ARRAY_SIZE(key_texts));
	/* The first one without the space. */
	buf_add_slice(&line->buf, slice_from(key_texts[key], line->buf.n == 0));
}

void
log_add(struct log_line *line, enum log_key key, struct slice value)
{
	char room[LOG_VALUE_MAX];

	if (line->off)
		return;
	if (value.n > LOG_VALUE_MAX) {
		value = cut_value(value);
		memcpy(room, value.p, value.n);
		memcpy(room + value.n, CUT_MARK, sizeof(CUT_MARK) - 1);
		value.p = room;
		value.n += sizeof(CUT_MARK) - 1;
	}
	add_key(line, key);
	log_escape(&line->buf, value);
}

void
log_add_text(struct log_line *line, enum log_key key, const char *value)
{
	if (!line->off)
		log_add(line, key, slice_of(value));
}

void
log_add_int(struct log_line *line, enum log_key key, long long value)
{
	unsigned long long size = (unsigned long long)value;

	if (line->off)
		return;
	add_key(line, key);
	if (value < 0) {
		buf_add_char(&line->buf, '-');
		size = 0 - size;
	}
	buf_add_u64(&line->buf, size);
}

void
log_printf(struct log_line *line, enum log_key key, const char *fmt, ...)
{
	char text[LOG_VALUE_MAX + 2]; /* one more than fits: it was cut */
	va_list args;
	int n;

	if (line->off)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	CHECK(n >= 0);
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	log_add(line, key, (struct slice){ text, (size_t)n });
}

void
log_end(struct log_line *line)
{
	if (!line->off)
		config.sink(config.arg, line->level, buf_slice(&line->buf));
	buf_done(&line->buf);
	line->off = true;
}

static struct iovec
part(const void *bytes, size_t n)
{
	/* writev only reads what it is given. */
	return (struct iovec){ (void *)(uintptr_t)bytes, n };
}

static void
write_stderr(void *arg, enum log_level level, struct slice text)
{
	const char *name = log_level_name(level);
	struct iovec parts[] = {
		part(name, strlen(name)),
		part(" ", 1),
		part(text.p, text.n),
		part("\n", 1),
	};
	ssize_t n;

	(void)arg;
	do
		n = writev(STDERR_FILENO, parts, ARRAY_SIZE(parts));
	while (n == -1 && errno == EINTR);
}

void
log_set_sink(log_sink_fn *sink, void *arg)
{
	config.sink = sink != NULL ? sink : write_stderr;
	config.arg = sink != NULL ? arg : NULL;
}

void
log_set_level(enum log_level level)
{
	config.level = level;
}

bool
log_is_on(enum log_level level)
{
	return level <= config.level;
}
