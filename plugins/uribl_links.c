/* SPDX-License-Identifier: MIT */
/* uribl_links.c - the hosts of links in a text.
 *
 * Each byte goes through four steps, which hold back what may be the begin of
 * something:
 *
 *	soft_break -> unescape -> entity -> text
 *	"=\n"         "=41" "%41"  "&#65;"   words, "http://", tokens
 *
 * A token is a run of letters, digits, '-' and '.'; at its end hosts and
 * addresses are looked for in it.
 */
#include "uribl_links.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63
#define NUMBER_MIN 7 /* digits of an address that is one number */

/* Top-level domains of more than two letters in text that is no link. */
static const char *const top_levels[] = { "aero", "arpa", "asia", "biz", "cat",
	"com", "coop", "edu", "gov", "info", "int", "jobs", "mil", "mobi",
	"museum", "name", "net", "org", "pro", "tel", "travel" };

/* Countries where domains are registered below a second level, "co.uk". */
static const char two_levels[] =
    "ac ae uk ai ar at au az bb bh bm br bs ca ck cn co cr cu cy do et ge hk "
    "id il jp kr kw lv sg za ";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* -1: it is none. */
static int
hex(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ---- names ---- */

static bool
is_known_top_level(const char *label, size_t n)
{
	if (n == 2)
		return is_letter(label[0]) && is_letter(label[1]);
	for (size_t i = 0; i < sizeof(top_levels) / sizeof(top_levels[0]);
	     i++) {
		if (strlen(top_levels[i]) == n &&
		    memcmp(top_levels[i], label, n) == 0)
			return true;
	}
	return false;
}

/* Behind "http://" new ones count, too. */
static bool
is_top_level(const char *label, size_t n)
{
	if (n > 4 && memcmp(label, "xn--", 4) == 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		if (!is_letter(label[i]))
			return false;
	}
	return n >= 2;
}

/* How much of `text`, labels with dots between, is a host: as far as the last
 * label that is a top-level domain, or begins with one and '-'.  0: nothing. */
static size_t
host_length(const char *text, size_t n, bool is_linked)
{
	while (n > 0) {
		const char *dot = memrchr(text, '.', n);
		size_t begin, label, part;

		if (dot == NULL)
			return 0;
		begin = (size_t)(dot - text) + 1;
		label = n - begin;
		part = strcspn(dot + 1, "-");
		if (is_known_top_level(dot + 1, label) ||
		    (is_linked && is_top_level(dot + 1, label)))
			return n;
		if (part < label && is_known_top_level(dot + 1, part))
			return begin + part;
		n = begin - 1;
	}
	return 0;
}

static bool
has_long_label(const char *host)
{
	while (*host != '\0') {
		size_t n = strcspn(host, ".");

		if (n > LABEL_MAX)
			return true;
		host += n;
		host += *host == '.';
	}
	return false;
}

/* A part of a token without empty labels; `next` is what follows. */
static void
find_host(struct links *links, char *text, size_t n, char next, bool is_linked)
{
	size_t length;
	char after;

	while (n > 0 && (*text == '-' || *text == '.')) {
		text++;
		n--;
	}
	is_linked = is_linked || (n > 4 && memcmp(text, "www.", 4) == 0);
	/* A name that goes on is none, "x.com_y"; what is before it may be. */
	length = host_length(text, n, is_linked);
	if (length == n && next == '_') {
		while (length > 0 && text[length - 1] != '.')
			length--;
		length = length > 0 ? host_length(text, length - 1, false) : 0;
	}
	if (length == 0 || length > LINKS_HOST_MAX)
		return;
	after = text[length];
	text[length] = '\0';
	if (!has_long_label(text))
		links->found(links->arg, text, false);
	text[length] = after;
}

static void
find_hosts(struct links *links, char next)
{
	char *text = links->token, *empty;
	bool is_linked = links->is_linked;

	while ((empty = strstr(text, "..")) != NULL) {
		find_host(links, text, (size_t)(empty - text), '.', is_linked);
		text = empty + strspn(empty, ".");
		is_linked = false;
	}
	if (*text != '\0') {
		size_t n = strlen(text);
		bool has_dot = text[n - 1] == '.';

		find_host(
		    links, text, n - has_dot, has_dot ? '.' : next, is_linked);
	}
}

/* ---- addresses ---- */

static void
found_address(struct links *links, const unsigned octets[4])
{
	char text[sizeof("255.255.255.255")];

	(void)snprintf(text, sizeof(text), "%u.%u.%u.%u", octets[3] & 255,
	    octets[2] & 255, octets[1] & 255, octets[0] & 255);
	links->found(links->arg, text, true);
}

/* "http://3221225991/" */
static bool
find_number(struct links *links, char next)
{
	uint64_t value = 0;
	const char *at = links->token;

	for (; is_digit(*at) && value <= UINT32_MAX; at++)
		value = value * 10 + (unsigned)(*at - '0');
	if (*at != '\0' || at - links->token < NUMBER_MIN ||
	    strchr(":/? \t\r\n", next) == NULL || value > UINT32_MAX)
		return false;
	found_address(links,
	    (unsigned[]){ (unsigned)(value >> 24), (unsigned)(value >> 16),
		(unsigned)(value >> 8), (unsigned)value });
	return true;
}

/* Decimal, "0377" or "0xff", up to a dot or the end. */
static bool
parse_octet(const char **text, unsigned *ret)
{
	const char *at = *text;
	unsigned base = 10, value = 0;

	if (at[0] == '0' && at[1] == 'x') {
		base = 16;
		at += 2;
	} else if (at[0] == '0' && is_digit(at[1])) {
		base = 8;
	}
	if (hex(*at) < 0)
		return false;
	for (; hex(*at) >= 0; at++) {
		if ((unsigned)hex(*at) >= base || value > 255)
			return false;
		value = value * base + (unsigned)hex(*at);
	}
	*text = at;
	*ret = value;
	return value <= 255;
}

static void
find_address(struct links *links)
{
	const char *at = links->token;
	unsigned octets[4];

	for (unsigned i = 0; i < 4; i++) {
		if (i > 0 && *at++ != '.')
			return;
		if (!parse_octet(&at, &octets[i]))
			return;
	}
	if (at[*at == '.'] == '\0')
		found_address(links, octets);
}

/* ---- the text ---- */

static void
token_end(struct links *links, char next)
{
	links->token[links->token_n] = '\0';
	if (!links->is_long) {
		if (links->is_linked && !find_number(links, next))
			find_address(links);
		if (memchr(links->token, '.', links->token_n) != NULL)
			find_hosts(links, next);
	}
	links->token_n = 0;
	links->is_long = false;
}

static void
token_add(struct links *links, char c)
{
	if (links->token_n == 0)
		links->is_linked = links->at_host;
	if (links->token_n == sizeof(links->token) - 1)
		links->is_long = true;
	else
		links->token[links->token_n++] =
		    is_letter(c) ? (char)(c | 0x20) : c;
}

/* "http://", "https://me@": a host begins behind it. */
static void
follow_link(struct links *links, char c)
{
	bool is_word = is_letter(c) || is_digit(c) || c == '_';

	links->at_host = false;
	if (c == '/' && links->is_colon) {
		links->in_link = true;
		links->at_host = true;
	} else {
		links->is_colon = c == ':' && links->word >= 3;
		links->at_host = c == '@' && links->in_link;
	}
	if (c == ' ' || (c >= '\t' && c <= '\r'))
		links->in_link = false;
	links->word = is_word ? links->word + (links->word < 3) : 0;
}

static void
text(struct links *links, char c)
{
	if (c == ';')
		return;
	if (is_letter(c) || is_digit(c) || c == '-' || c == '.')
		token_add(links, c);
	else if (links->token_n > 0)
		token_end(links, c);
	follow_link(links, c);
}

/* ---- what hides it ---- */

/* "&#12" and "&#123", with or without ';'. */
static void
entity(struct links *links, char c)
{
	unsigned n = links->entity_n;

	if ((n == 1 && c == '#') || (n >= 2 && n <= 4 && is_digit(c))) {
		links->entity[links->entity_n++] = c;
		return;
	}
	links->entity_n = 0;
	if (n >= 4) {
		unsigned value = 0;

		for (unsigned i = 2; i < n; i++)
			value = value * 10 + (unsigned)(links->entity[i] - '0');
		text(links, value <= 255 ? (char)value : '?');
	} else {
		for (unsigned i = 0; i < n; i++)
			text(links, links->entity[i]);
	}
	if (c == '&')
		links->entity[links->entity_n++] = c;
	else
		text(links, c); /* the ';', too: it is passed over there */
}

static void
unescape(struct links *links, char c)
{
	unsigned n = links->escape_n;

	if (n == 1 && hex(c) >= 0) {
		links->escape[links->escape_n++] = c;
		return;
	}
	links->escape_n = 0;
	if (n == 2 && hex(c) >= 0) {
		entity(links, (char)(hex(links->escape[1]) * 16 + hex(c)));
		return;
	}
	for (unsigned i = 0; i < n; i++)
		entity(links, links->escape[i]);
	if (c == '=' || c == '%')
		links->escape[links->escape_n++] = c;
	else
		entity(links, c);
}

static void
soft_break(struct links *links, char c)
{
	unsigned held = links->soft;

	if (held == 1 && c == '\r') {
		links->soft = 2;
		return;
	}
	links->soft = 0;
	if (held > 0 && c == '\n')
		return;
	if (held > 0)
		unescape(links, '=');
	if (held == 2)
		unescape(links, '\r');
	if (c == '=')
		links->soft = 1;
	else
		unescape(links, c);
}

void
links_init(struct links *links, links_found *found, void *arg)
{
	*links = (struct links){ .found = found, .arg = arg };
}

void
links_read(struct links *links, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		soft_break(links, bytes[i]);
}

void
links_end(struct links *links)
{
	/* White space ends whatever there is; twice, since a held '=' takes
	 * the first. */
	soft_break(links, '\n');
	soft_break(links, '\n');
	links_init(links, links->found, links->arg);
}

const char *
links_domain(const char *host)
{
	const char *at = strrchr(host, '.');
	unsigned labels = 2;

	if (at == NULL)
		return NULL;
	if (strlen(at) == 3) {
		char country[] = { at[1], at[2], ' ', '\0' };

		labels += strstr(two_levels, country) != NULL;
	}
	while (--labels > 0) {
		at = memrchr(host, '.', (size_t)(at - host));
		if (at == NULL)
			return labels == 1 ? host : NULL;
	}
	return at + 1;
}
