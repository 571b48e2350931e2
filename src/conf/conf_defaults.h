/* SPDX-License-Identifier: MIT */
/* conf_defaults.h - the table of the core's control files.
 *
 * Used by the typed getters, by `hookline check` and by the manual.  The
 * rows are in conf_defaults.def.
 */
#ifndef HOOKLINE_CONF_DEFAULTS_H
#define HOOKLINE_CONF_DEFAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum conf_type {
	CONF_TYPE_TEXT,    /* the first line */
	CONF_TYPE_INT,     /* a number */
	CONF_TYPE_SIZE,    /* bytes: "4096", "256k", "64M", "1G" */
	CONF_TYPE_TIME,    /* "30", "30s", "500ms", "5m", "1h"; held in ms */
	CONF_TYPE_BOOL,    /* 1 yes on true, 0 no off false */
	CONF_TYPE_OCTAL,   /* "0700" */
	CONF_TYPE_RANGE,   /* "2 20", "5" for "5 5"; see conf_range() */
	CONF_TYPE_ENUM,    /* a word, or its index; held as the index */
	CONF_TYPE_LIST,    /* any lines */
	CONF_TYPE_NETS,    /* IP networks */
	CONF_TYPE_PLUGINS, /* conf_plugins.h */
	CONF_TYPE_LISTEN   /* conf_listen.h */
};

enum conf_when { CONF_LIVE, CONF_RELOAD };

/* CONF_ME, CONF_DATABYTES, ... */
enum conf_key {
#define X(id, name, type, def, least, most, when, words, help) CONF_##id,
#include "conf/conf_defaults.def"
#undef X
	CONF_KEY_COUNT
};

struct conf_def {
	const char *name; /* file name */
	enum conf_type type;
	const char *text; /* default as in the file, "" for none */
	int64_t least, most;
	enum conf_when when;
	const char *words; /* of CONF_TYPE_ENUM: "reject|fix|allow" */
	const char *help;
};

extern const struct conf_def conf_defs[CONF_KEY_COUNT];

/* -1 when the core has no such control file. */
int conf_key_find(struct slice name);
/* "size", "time" ... for tables. */
const char *conf_type_name(enum conf_type type);

/* Parses a value of the types INT to ENUM by its row; a RANGE becomes the
 * least << 32 | the most.
 * Returns 0; -EINVAL or -ERANGE with "what; remedy" in `err`. */
int conf_value_parse(const struct conf_def *def, struct slice text,
    int64_t *ret, struct err *err) WARN_UNUSED;
/* "30" seconds, "500ms", "5m", "1h" to milliseconds.  0, -EINVAL, -ERANGE. */
int conf_time_parse(
    struct slice text, uint64_t max_ms, uint64_t *ret_ms) WARN_UNUSED;

#endif
