/* SPDX-License-Identifier: MIT */
/* conf_listen.c - the lines of config/listen. */
#include "conf_listen.h"

#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "conf/conf_nearest.h"

struct parser {
	struct conf_listeners *listeners;
	struct conf_faults *faults;
	struct conf_listener *listener;
	struct slice seen; /* the words so far, to find one given twice */
	bool is_bad;
};

static void bad(struct parser *parser, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
bad(struct parser *parser, const char *fmt, ...)
{
	va_list args;

	parser->is_bad = true;
	va_start(args, fmt);
	(void)conf_faults_vadd(parser->faults, parser->listener->file,
	    parser->listener->line, fmt, args);
	va_end(args);
}

/* ------------------------------------------------------------ the address */

static int
parse_inet(struct slice text, struct inet_addr *ret)
{
	size_t colon = slice_rfind(text, ':');
	struct slice host = slice_head(text, colon);
	bool is_v6 = slice_starts(host, "[") && slice_ends(host, "]");
	struct inet_addr addr;
	unsigned port;

	if (colon == text.n ||
	    num_parse_unsigned(slice_from(text, colon + 1), 65535, &port) != 0)
		return -EINVAL;
	if (is_v6)
		host = slice_from(slice_head(host, host.n - 1), 1);
	/* An IPv4-mapped address is IPv4 for inet_parse. */
	if (inet_parse(host, &addr) != 0 ||
	    (slice_find(host, ':') < host.n) != is_v6)
		return -EINVAL;
	addr.port = (uint16_t)port;
	*ret = addr;
	return 0;
}

static void
parse_unix(struct parser *parser, struct slice path)
{
	if (path.n < 2 || path.p[0] != '/' || path.n > CONF_UNIX_PATH_MAX)
		bad(parser,
		    "\"%.*s\" cannot be the path of a socket; write unix:/PATH "
		    "with at most %d bytes",
		    STR(slice_head(path, 120)), CONF_UNIX_PATH_MAX);
	parser->listener->addr.family = INET_UNIX;
	parser->listener->path = arena_str(&parser->listeners->arena, path);
}

static void
parse_address(struct parser *parser, struct slice text)
{
	if (slice_starts(text, "unix:"))
		parse_unix(parser, slice_from(text, 5));
	else if (parse_inet(text, &parser->listener->addr) != 0)
		bad(parser,
		    "\"%.*s\" is no address; write IPv4:PORT, [IPv6]:PORT or "
		    "unix:/PATH, for example 0.0.0.0:25",
		    STR(slice_head(text, 80)));
	parser->listener->name = arena_str(&parser->listeners->arena, text);
}

static bool
is_same_address(const struct conf_listener *a, const struct conf_listener *b)
{
	if (a->addr.family == INET_UNIX || b->addr.family == INET_UNIX)
		return a->addr.family == b->addr.family &&
		       str_eq(a->path, b->path);
	return inet_eq(&a->addr, &b->addr) && a->addr.port == b->addr.port &&
	       a->addr.port != 0;
}

static void
check_duplicate(struct parser *parser)
{
	struct conf_listeners *listeners = parser->listeners;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct conf_listener *other = &listeners->at[i];

		if (!is_same_address(other, parser->listener))
			continue;
		bad(parser, "the same address as in %s:%u; remove one of them",
		    other->file.p, other->line);
		return;
	}
}

/* -------------------------------------------------------------- the words */

typedef void word_fn(struct parser *parser, struct slice value);

static void
on_tls(struct parser *parser, struct slice value)
{
	(void)value;
	parser->listener->tls = true;
}

static void
on_lmtp(struct parser *parser, struct slice value)
{
	(void)value;
	parser->listener->lmtp = true;
}

static void
on_proxy(struct parser *parser, struct slice value)
{
	(void)value;
	parser->listener->proxy = true;
}

/* It is also a directory: NAME/KEY. */
static bool
is_good_name(struct slice name)
{
	if (name.n == 0 || name.n > CONF_LISTENER_NAME_MAX || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is_alnum(name.p[i]) && name.p[i] != '.' &&
		    name.p[i] != '_' && name.p[i] != '-')
			return false;
	return true;
}

/* A name that is an address, as those without name= have: the master writes
 * them so for its workers. */
static bool
is_address_name(struct slice name)
{
	if (name.n == 0 || name.n > CONF_UNIX_PATH_MAX + 5)
		return false;
	return slice_find(name, ':') < name.n && name.p[0] != '.';
}

static void
on_name(struct parser *parser, struct slice value)
{
	if (!is_good_name(value) && !is_address_name(value))
		bad(parser,
		    "name=%.*s: a name has letters, digits, '.', '_' and '-' "
		    "and at most %d of them; write for example "
		    "name=submission",
		    STR(slice_head(value, 80)), CONF_LISTENER_NAME_MAX);
	else
		parser->listener->name =
		    arena_str(&parser->listeners->arena, value);
}

static void
on_plugins(struct parser *parser, struct slice value)
{
	if (!is_good_name(value))
		bad(parser,
		    "plugins=%.*s: no name of a file in the configuration "
		    "directory; write for example "
		    "plugins=plugins.submission",
		    STR(slice_head(value, 80)));
	else
		parser->listener->plugins =
		    arena_str(&parser->listeners->arena, value);
}

static const struct word {
	const char *name;
	bool has_value;
	word_fn *fn;
} words[] = {
	{ "tls", false, on_tls },
	{ "lmtp", false, on_lmtp },
	{ "proxy", false, on_proxy },
	{ "name", true, on_name },
	{ "plugins", true, on_plugins },
};

/* The name of a word "name=value". */
static struct slice
word_name(struct slice word)
{
	return slice_head(word, slice_find(word, '='));
}

static bool
is_second(struct parser *parser, struct slice name)
{
	struct slice seen = parser->seen;
	struct slice word;
	unsigned count = 0;

	while ((word = slice_word(&seen)).n > 0)
		count += slice_eq(word_name(word), name);
	return count > 1;
}

static void
unknown_word(struct parser *parser, struct slice name)
{
	const char *names[ARRAY_SIZE(words)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		names[i] = words[i].name;
	near = conf_nearest(name, names, ARRAY_SIZE(names));
	bad(parser,
	    "unknown word \"%.*s\"%s%s%s; the words are tls, lmtp, proxy, "
	    "name=NAME and plugins=FILE",
	    STR(slice_head(name, 80)), near != NULL ? " (did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?)" : "");
}

static void
parse_word(struct parser *parser, struct slice word)
{
	struct slice name = word_name(word);
	bool has_value = name.n < word.n;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!slice_eq_text(name, words[i].name))
			continue;
		if (is_second(parser, name))
			bad(parser, "%s is there twice; remove one of them",
			    words[i].name);
		else if (has_value != words[i].has_value)
			bad(parser,
			    has_value ? "%s takes no value; write %s"
				      : "%s has no value; write %s=VALUE",
			    words[i].name, words[i].name);
		else
			words[i].fn(parser, slice_from(word, name.n + 1));
		return;
	}
	unknown_word(parser, name);
}

/* --------------------------------------------------------------- the line */

static void
parse_line(struct parser *parser, struct slice text)
{
	struct slice word = slice_word(&text);

	parser->listener->plugins = str_of("plugins");
	parser->listener->path = STR_EMPTY;
	parse_address(parser, word);
	if (!parser->is_bad)
		check_duplicate(parser);
	parser->seen = slice_head(text, 0);
	while ((word = slice_word(&text)).n > 0) {
		parser->seen.n = (size_t)(word.p + word.n - parser->seen.p);
		parse_word(parser, word);
	}
}

int
conf_listen_parse(const struct conf_list *list, struct conf_listeners **ret,
    struct conf_faults *faults)
{
	struct conf_listeners *listeners = mem_alloc(sizeof(*listeners));
	size_t count = conf_list_count(list);
	bool is_bad = false;

	arena_init(&listeners->arena, 4096, 0);
	if (count > CONF_LISTENERS_MAX) {
		(void)conf_faults_add(faults,
		    conf_list_file(list, CONF_LISTENERS_MAX),
		    conf_list_line(list, CONF_LISTENERS_MAX),
		    "more than %d listeners; remove some", CONF_LISTENERS_MAX);
		count = CONF_LISTENERS_MAX;
		is_bad = true;
	}
	listeners->at =
	    arena_array(&listeners->arena, count, sizeof(listeners->at[0]));
	for (size_t i = 0; i < count; i++) {
		struct conf_listener *listener = &listeners->at[i];
		struct parser parser = { listeners, faults, listener,
			SLICE_NONE, false };

		listener->file = arena_str(
		    &listeners->arena, slice_str(conf_list_file(list, i)));
		listener->line = conf_list_line(list, i);
		parse_line(&parser, slice_str(conf_list_at(list, i)));
		is_bad = is_bad || parser.is_bad;
		listeners->count++;
	}
	if (is_bad)
		conf_listeners_free(&listeners);
	else
		*ret = listeners;
	return is_bad ? -EINVAL : 0;
}

void
conf_listeners_free(struct conf_listeners **listeners)
{
	if (*listeners != NULL)
		arena_done(&(*listeners)->arena);
	mem_free(*listeners);
	*listeners = NULL;
}
