/* SPDX-License-Identifier: MIT */
/* conf_plugins.h - files of plugin lines: plugins, logging, plugins=FILE.
 *
 * A line is "[native:|perl:]name[:N] args..." or "My::Package args...": words
 * between spaces and tabs, quotes have no meaning, printable ASCII only, all
 * as in qpsmtpd.  Words that begin with "hl." are the core's own and are
 * taken out of the arguments:
 *	hl.timeout=30          deadline of each hook call; ms, s, m, h behind
 *	                       the number, seconds without
 *	hl.on_failure=soft     open, soft or hard (docs/hooks.md, "Answers")
 *	hl.stdio=1             a Perl plugin talks to the client by STDIN and
 *	                       STDOUT, 0 it does not; else its source says
 */
#ifndef HOOKLINE_CONF_PLUGINS_H
#define HOOKLINE_CONF_PLUGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/conf_fault.h"
#include "conf/conf_list.h"

enum conf_runtime { CONF_RUNTIME_ANY, CONF_RUNTIME_NATIVE, CONF_RUNTIME_PERL };

enum conf_on_failure {
	CONF_FAIL_UNSET, /* the hook's default holds */
	CONF_FAIL_OPEN,
	CONF_FAIL_SOFT,
	CONF_FAIL_HARD
};

enum conf_stdio {
	CONF_STDIO_UNSET, /* as the plugin's source looks */
	CONF_STDIO_NO,
	CONF_STDIO_YES
};

#define CONF_PLUGIN_TIMEOUT_MAX_MS 3600000u

struct conf_plugin {
	hl_str name;       /* "rcpt_ok", "logging/warn", "My::Package" */
	bool is_package;   /* the name is a Perl package */
	bool has_instance; /* written "name:N" */
	unsigned instance; /* N */
	enum conf_runtime runtime;
	hl_str *args; /* without the hl. words */
	size_t arg_count;
	hl_str args_text;    /* the same, joined by one space */
	uint64_t timeout_ms; /* 0: the hook's default */
	enum conf_on_failure on_failure;
	enum conf_stdio stdio;
	hl_str file;
	unsigned line;
};

struct conf_plugins {
	struct conf_plugin *at;
	size_t count;
	struct conf_list *list; /* private: the source, for its texts */
	struct arena arena;     /* private */
};

/* Parses every line of `list` (which it keeps a reference to).
 * Returns 0; -EINVAL with each bad line in `faults`; `ret` is then not set. */
int conf_plugins_parse(struct conf_list *list, struct conf_plugins **ret,
    struct conf_faults *faults) WARN_UNUSED;
void conf_plugins_free(struct conf_plugins **plugins);

#endif
