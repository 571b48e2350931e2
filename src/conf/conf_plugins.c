/* SPDX-License-Identifier: MIT */
/* conf_plugins.c - files of plugin lines: plugins, logging, plugins=FILE. */
#include "conf_plugins.h"

#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "conf/conf_defaults.h"
#include "conf/conf_nearest.h"

/* A line being parsed. */
struct parser {
	struct arena *arena;
	struct conf_faults *faults;
	struct conf_plugin *plugin;
	bool is_bad;
};

static void bad(struct parser *parser, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
bad(struct parser *parser, const char *fmt, ...)
{
	va_list args;

	parser->is_bad = true;
	va_start(args, fmt);
	(void)conf_faults_vadd(parser->faults, parser->plugin->file,
	    parser->plugin->line, fmt, args);
	va_end(args);
}

/* ---------------------------------------------------------- the hl. words */

typedef void word_fn(struct parser *parser, struct slice value);

static void
on_timeout(struct parser *parser, struct slice value)
{
	uint64_t ms;

	if (conf_time_parse(value, CONF_PLUGIN_TIMEOUT_MAX_MS, &ms) != 0 ||
	    ms == 0)
		bad(parser,
		    "hl.timeout=%.*s is not understood; write a time from "
		    "1ms to 1h, such as 30, 500ms or 5m",
		    STR(value));
	else
		parser->plugin->timeout_ms = ms;
}

static void
on_failure(struct parser *parser, struct slice value)
{
	static const char *const names[] = { "open", "soft", "hard" };
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (slice_eq_text(value, names[i])) {
			parser->plugin->on_failure =
			    (enum conf_on_failure)(CONF_FAIL_OPEN + i);
			return;
		}
	near = conf_nearest(value, names, ARRAY_SIZE(names));
	bad(parser,
	    "hl.on_failure=%.*s is not understood; write open, soft or hard%s"
	    "%s%s",
	    STR(value), near != NULL ? " (did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
}

static void
on_stdio(struct parser *parser, struct slice value)
{
	unsigned number;

	if (num_parse_unsigned(value, 1, &number) != 0)
		bad(parser, "hl.stdio=%.*s is not understood; write 0 or 1",
		    STR(value));
	else
		parser->plugin->stdio =
		    number == 1 ? CONF_STDIO_YES : CONF_STDIO_NO;
}

static const struct {
	const char *name;
	word_fn *fn;
} words[] = {
	{ "hl.timeout", on_timeout },
	{ "hl.on_failure", on_failure },
	{ "hl.stdio", on_stdio },
};

static void
parse_hl_word(struct parser *parser, struct slice word)
{
	const char *names[ARRAY_SIZE(words)];
	struct slice name;
	const char *near;

	(void)slice_cut(&word, '=', &name);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		names[i] = words[i].name;
		if (slice_eq_text(name, names[i])) {
			words[i].fn(parser, word);
			return;
		}
	}
	near = conf_nearest(name, names, ARRAY_SIZE(names));
	bad(parser,
	    "unknown word %.*s%s%s%s; the words of this kind are "
	    "hl.timeout=, hl.on_failure= and hl.stdio=",
	    STR(name), near != NULL ? " (did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
}

/* --------------------------------------------------------------- the name */

static bool
is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '_' || c == '-' || c == '.' ||
	       c == '/' || c == ':' || c == '+';
}

/* No way out of the directories of plugins. */
static bool
is_good_name(struct slice name)
{
	struct slice part;

	if (name.n == 0)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_char(name.p[i]))
			return false;
	while (slice_cut(&name, '/', &part))
		if (part.n == 0 || slice_eq_text(part, ".") ||
		    slice_eq_text(part, ".."))
			return false;
	return true;
}

static bool
is_package(struct slice name)
{
	size_t at = slice_find(name, ':');

	return at + 1 < name.n && name.p[at + 1] == ':';
}

/* Takes ":N" off the end of `name`. */
static void
parse_instance(struct parser *parser, struct slice *name)
{
	struct conf_plugin *plugin = parser->plugin;
	size_t at = slice_find(*name, ':');

	if (at == name->n)
		return;
	if (num_parse_unsigned(
		slice_from(*name, at + 1), 1000000, &plugin->instance) != 0)
		bad(parser,
		    "%.*s: what follows the colon is no number; write "
		    "%.*s:0, %.*s:1 to load a plugin more than once",
		    STR(*name), STR(slice_head(*name, at)),
		    STR(slice_head(*name, at)));
	plugin->has_instance = true;
	*name = slice_head(*name, at);
}

static void
parse_name(struct parser *parser, struct slice name)
{
	struct conf_plugin *plugin = parser->plugin;

	if (slice_starts(name, "native:")) {
		plugin->runtime = CONF_RUNTIME_NATIVE;
		name = slice_from(name, 7);
	} else if (slice_starts(name, "perl:")) {
		plugin->runtime = CONF_RUNTIME_PERL;
		name = slice_from(name, 5);
	}
	plugin->is_package = is_package(name);
	if (plugin->is_package && plugin->runtime == CONF_RUNTIME_NATIVE)
		bad(parser, "%.*s is a Perl package; leave native: out",
		    STR(name));
	if (!plugin->is_package)
		parse_instance(parser, &name);
	if (!is_good_name(name))
		bad(parser,
		    "\"%.*s\" cannot be a plugin's name; write a name such as "
		    "rcpt_ok or queue/maildir, and its directory into "
		    "plugin_dirs",
		    STR(slice_head(name, 80)));
	plugin->name = arena_str(parser->arena, name);
}

/* --------------------------------------------------------------- the line */

static size_t
count_words(struct slice text)
{
	size_t count = 0;

	while (slice_word(&text).n > 0)
		count++;
	return count;
}

static void
add_arg(struct parser *parser, struct buf *joined, struct slice word)
{
	struct conf_plugin *plugin = parser->plugin;

	plugin->args[plugin->arg_count++] = arena_str(parser->arena, word);
	if (joined->n > 0)
		buf_add_char(joined, ' ');
	buf_add_slice(joined, word);
}

static void
parse_line(struct parser *parser, struct slice text)
{
	struct conf_plugin *plugin = parser->plugin;
	struct buf joined = BUF_INIT;
	struct slice word;

	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] < ' ' && text.p[i] != '\t') || text.p[i] > '~') {
			bad(parser,
			    "a byte that is not printable ASCII (\\x%02x); "
			    "take it out",
			    (unsigned)(unsigned char)text.p[i]);
			return;
		}
	parse_name(parser, slice_word(&text));
	plugin->args = arena_array(
	    parser->arena, count_words(text), sizeof(plugin->args[0]));
	while ((word = slice_word(&text)).n > 0) {
		if (slice_starts(word, "hl."))
			parse_hl_word(parser, word);
		else
			add_arg(parser, &joined, word);
	}
	plugin->args_text = arena_str(parser->arena, buf_slice(&joined));
	buf_done(&joined);
}

int
conf_plugins_parse(struct conf_list *list, struct conf_plugins **ret,
    struct conf_faults *faults)
{
	struct conf_plugins *plugins = mem_alloc(sizeof(*plugins));
	bool is_bad = false;

	arena_init(&plugins->arena, 4096, 0);
	plugins->list = conf_list_ref(list);
	plugins->count = conf_list_count(list);
	plugins->at = arena_array(
	    &plugins->arena, plugins->count, sizeof(plugins->at[0]));
	for (size_t i = 0; i < plugins->count; i++) {
		struct parser parser = { &plugins->arena, faults,
			&plugins->at[i], false };

		plugins->at[i].file = conf_list_file(list, i);
		plugins->at[i].line = conf_list_line(list, i);
		parse_line(&parser, slice_str(conf_list_at(list, i)));
		is_bad = is_bad || parser.is_bad;
	}
	if (is_bad)
		conf_plugins_free(&plugins);
	else
		*ret = plugins;
	return is_bad ? -EINVAL : 0;
}

void
conf_plugins_free(struct conf_plugins **plugins)
{
	if (*plugins != NULL) {
		conf_list_unref(&(*plugins)->list);
		arena_done(&(*plugins)->arena);
	}
	mem_free(*plugins);
	*plugins = NULL;
}
