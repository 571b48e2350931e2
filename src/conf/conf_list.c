/* SPDX-License-Identifier: MIT */
/* conf_list.c - one version of one control file: immutable, counted. */
#include "conf_list.h"

#include <errno.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_forms.h"
#include "conf/conf_index.h"
#include "conf/conf_nets.h"
#include "conf/conf_pattern.h"

#define CONF_LIST_MAGIC 0x4c697374u

struct regex {
	struct conf_pattern *pattern;
	size_t line;
	bool is_reported; /* that it costs too much */
};

struct conf_list {
	uint32_t magic;
	unsigned refs;
	bool present;
	unsigned kinds; /* compiled */
	unsigned bad;   /* those of them with a line that is left out */
	struct conf_lines lines;
	struct conf_index words, whole;
	struct slice *ascii_words; /* of conf_ascii_words; for `words` */
	struct conf_nets *nets;
	struct regex *regexes; /* in file order */
	size_t regex_count;
	struct conf_matcher *matcher;
	conf_list_fault_fn *on_fault;
	void *arg;
};

struct conf_list *
conf_list_new(struct conf_lines *lines, bool present)
{
	struct conf_list *list = mem_alloc(sizeof(*list));

	list->magic = CONF_LIST_MAGIC;
	list->refs = 1;
	list->present = present;
	list->lines = *lines;
	*lines = (struct conf_lines){ .count = 0 };
	return list;
}

struct conf_list *
conf_list_from(hl_str name, const hl_str *lines, size_t count)
{
	struct conf_lines made;

	conf_lines_from(&made, name, lines, count);
	return conf_list_new(&made, true);
}

struct conf_list *
conf_list_ref(struct conf_list *list)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	list->refs++;
	return list;
}

void
conf_list_unref(struct conf_list **list_p)
{
	struct conf_list *list = *list_p;

	*list_p = NULL;
	if (list == NULL)
		return;
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	if (--list->refs > 0)
		return;
	for (size_t i = 0; i < list->regex_count; i++)
		conf_pattern_free(&list->regexes[i].pattern);
	mem_free(list->regexes);
	conf_matcher_free(&list->matcher);
	conf_nets_free(&list->nets);
	conf_index_done(&list->words);
	conf_index_done(&list->whole);
	conf_ascii_words_free(&list->ascii_words, list->lines.count);
	conf_lines_done(&list->lines);
	list->magic = 0;
	mem_free(list);
}

/* --------------------------------------------------------------- reading */

bool
conf_list_is_present(const struct conf_list *list)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	return list->present;
}

size_t
conf_list_count(const struct conf_list *list)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	return list->lines.count;
}

static const struct conf_line *
line_at(const struct conf_list *list, size_t index)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	CHECK(index < list->lines.count);
	return &list->lines.at[index];
}

hl_str
conf_list_at(const struct conf_list *list, size_t index)
{
	return line_at(list, index)->text;
}

struct slice
conf_list_word(const struct conf_list *list, size_t index)
{
	struct slice text = slice_str(conf_list_at(list, index));

	return slice_word(&text);
}

hl_str
conf_list_rest(const struct conf_list *list, size_t index)
{
	struct slice text = slice_str(conf_list_at(list, index));

	(void)slice_word(&text);
	text = slice_trim(text);
	/* It ends where the line does, at its NUL. */
	return text.n > 0 ? (hl_str){ text.p, text.n } : STR_EMPTY;
}

hl_str
conf_list_file(const struct conf_list *list, size_t index)
{
	return list->lines.files[line_at(list, index)->file];
}

unsigned
conf_list_line(const struct conf_list *list, size_t index)
{
	return line_at(list, index)->line;
}

hl_str
conf_list_first(const struct conf_list *list)
{
	return conf_list_count(list) > 0 ? conf_list_at(list, 0) : STR_EMPTY;
}

/* ------------------------------------------------------------- compiling */

static struct slice
key_word(const void *arg, size_t line)
{
	const struct conf_list *list = arg;

	if (list->ascii_words != NULL && list->ascii_words[line].p != NULL)
		return list->ascii_words[line];
	return conf_list_word(arg, line);
}

static struct slice
key_line(const void *arg, size_t line)
{
	return slice_str(conf_list_at(arg, line));
}

/* A line that cannot be used: to the caller of conf_list_compile, or to who
 * is behind the list. */
static void
report(struct conf_list *list, struct conf_faults *faults, size_t index,
    const char *text)
{
	hl_str file = conf_list_file(list, index);
	unsigned line = conf_list_line(list, index);

	if (faults != NULL)
		(void)conf_faults_add(faults, file, line, "%s", text);
	else if (list->on_fault != NULL)
		list->on_fault(list->arg, file, line, text);
}

static int
compile_nets(struct conf_list *list, struct conf_faults *faults)
{
	int res = 0;

	list->nets = conf_nets_new(conf_list_count(list));
	for (size_t i = 0; i < conf_list_count(list); i++) {
		struct slice word = conf_list_word(list, i);
		struct buf text = BUF_INIT;

		if (conf_nets_add(list->nets, word, i) == 0)
			continue;
		res = -EINVAL;
		buf_printf(&text,
		    "\"%.*s\" is no IP address or network; write "
		    "192.0.2.1, 192.0.2.0/24, 192.0.2. or 2001:db8::/32",
		    STR(slice_head(word, 80)));
		report(list, faults, i, text.p);
		buf_done(&text);
	}
	return res;
}

static bool
is_regex(struct slice word)
{
	struct slice special = SLICE_LIT("/^$*+!%?\\");

	for (size_t i = 0; i < word.n; i++)
		if (slice_find(special, word.p[i]) < special.n)
			return true;
	return false;
}

static int
compile_regex(struct conf_list *list, struct conf_faults *faults, size_t line)
{
	struct conf_pattern *pattern;
	size_t n = list->regex_count;
	struct err err;

	if (conf_pattern_new(
		conf_list_word(list, line), true, &pattern, &err) != 0) {
		report(list, faults, line, err.text);
		return -EINVAL;
	}
	if ((n & (n - 1)) == 0)
		list->regexes = mem_grow(list->regexes,
		    (n > 0 ? 2 * n : 1) * sizeof(list->regexes[0]));
	list->regexes[n] = (struct regex){ pattern, line, false };
	list->regex_count++;
	return 0;
}

static int
compile_patterns(struct conf_list *list, struct conf_faults *faults)
{
	int res = 0;

	list->matcher = conf_matcher_new();
	for (size_t i = 0; i < conf_list_count(list); i++)
		if (is_regex(conf_list_word(list, i)) &&
		    compile_regex(list, faults, i) != 0)
			res = -EINVAL;
	return res;
}

int
conf_list_compile(
    struct conf_list *list, unsigned kinds, struct conf_faults *faults)
{
	unsigned missing;

	CHECK_OBJ(list, CONF_LIST_MAGIC);
	if (kinds & CONF_KIND_PATTERNS)
		kinds |= CONF_KIND_WORDS;
	missing = kinds & ~list->kinds;
	list->kinds |= kinds;
	if (missing & CONF_KIND_WORDS) {
		list->ascii_words = conf_ascii_words(list);
		conf_index_build(
		    &list->words, conf_list_count(list), key_word, list);
	}
	if (missing & CONF_KIND_LINES)
		conf_index_build(
		    &list->whole, conf_list_count(list), key_line, list);
	if ((missing & CONF_KIND_NETS) && compile_nets(list, faults) != 0)
		list->bad |= CONF_KIND_NETS;
	if ((missing & CONF_KIND_PATTERNS) &&
	    compile_patterns(list, faults) != 0)
		list->bad |= CONF_KIND_PATTERNS;
	return (list->bad & kinds) ? -EINVAL : 0;
}

unsigned
conf_list_kinds(const struct conf_list *list)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	return list->kinds;
}

void
conf_list_on_fault(struct conf_list *list, conf_list_fault_fn *fn, void *arg)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	list->on_fault = fn;
	list->arg = arg;
}

/* Bad lines were reported and are left out. */
static void
need(struct conf_list *list, unsigned kinds)
{
	CHECK_OBJ(list, CONF_LIST_MAGIC);
	if ((list->kinds & kinds) != kinds)
		(void)conf_list_compile(list, kinds, NULL);
}

/* -------------------------------------------------------------- look-ups */

static bool
find(
    struct conf_list *list, unsigned kind, struct slice text, size_t *ret_index)
{
	size_t line;

	need(list, kind);
	if (text.n == 0 ||
	    !conf_index_find(
		kind == CONF_KIND_WORDS ? &list->words : &list->whole, text,
		&line))
		return false;
	if (ret_index != NULL)
		*ret_index = line;
	return true;
}

bool
conf_list_has(struct conf_list *list, struct slice word)
{
	return conf_list_find(list, word, NULL);
}

bool
conf_list_find(struct conf_list *list, struct slice word, size_t *ret_index)
{
	struct conf_form form;

	return find(
	    list, CONF_KIND_WORDS, conf_ascii_form(word, &form), ret_index);
}

bool
conf_list_find_line(
    struct conf_list *list, struct slice text, size_t *ret_index)
{
	return find(list, CONF_KIND_LINES, text, ret_index);
}

/* Keeps the lower one. */
static void
take_earlier(struct conf_list *list, struct slice word, size_t *best)
{
	size_t line;

	if (find(list, CONF_KIND_WORDS, word, &line) && line < *best)
		*best = line;
}

static bool
give_best(size_t best, size_t *ret_index)
{
	if (best == SIZE_MAX)
		return false;
	if (ret_index != NULL)
		*ret_index = best;
	return true;
}

bool
conf_list_find_domain(
    struct conf_list *list, struct slice domain, size_t *ret_index)
{
	struct conf_form form;
	size_t best = SIZE_MAX;

	if (domain.n > CONF_LOOKUP_MAX)
		return false;
	domain = conf_ascii_form(domain, &form);
	take_earlier(list, domain, &best);
	/* Not at 0: ".example.com" is no name below itself. */
	for (size_t i = 1; i < domain.n; i++)
		if (domain.p[i] == '.')
			take_earlier(list, slice_from(domain, i), &best);
	return give_best(best, ret_index);
}

bool
conf_list_find_ip(
    struct conf_list *list, const struct inet_addr *addr, size_t *ret_index)
{
	size_t best = SIZE_MAX;

	need(list, CONF_KIND_NETS);
	(void)conf_nets_find(list->nets, addr, &best);
	return give_best(best, ret_index);
}

bool
conf_list_has_ip(struct conf_list *list, const struct inet_addr *addr)
{
	return conf_list_find_ip(list, addr, NULL);
}

static bool
regex_fits(struct conf_list *list, struct regex *regex, struct slice text)
{
	int res = conf_pattern_match(regex->pattern, list->matcher, text, NULL);

	if (res == -E2BIG && !regex->is_reported) {
		regex->is_reported = true;
		report(list, NULL, regex->line,
		    "the regular expression takes too many steps and is "
		    "passed over; write it with fewer repetitions");
	}
	return res == 1;
}

/* The earliest line that is no regular expression and fits. */
static size_t
match_plain(struct conf_list *list, struct slice text)
{
	size_t at = slice_rfind(text, '@');
	size_t best = SIZE_MAX;

	/* A word that is one has its own meaning, even if it looks equal. */
	if (!is_regex(text))
		take_earlier(list, text, &best);
	if (at < text.n && !is_regex(slice_from(text, at)))
		take_earlier(list, slice_from(text, at), &best);
	return best;
}

/* The first expression before line `best` that fits the text, else `best`. */
static size_t
match_regexes(struct conf_list *list, struct slice text, size_t best)
{
	for (size_t i = 0; i < list->regex_count; i++) {
		struct regex *regex = &list->regexes[i];

		if (regex->line > best)
			break;
		if (regex_fits(list, regex, text))
			return regex->line;
	}
	return best;
}

/* An expression may be written for either form of a domain. */
static size_t
match_other_form(
    struct conf_list *list, struct slice text, struct slice ascii, size_t best)
{
	struct slice other = ascii;
	struct arena arena;

	if (list->regex_count == 0)
		return best;
	arena_init(&arena, 512, 0);
	if (ascii.p == text.p)
		other = idna_address_to_utf8(&arena, text);
	if (!slice_eq(other, text))
		best = match_regexes(list, other, best);
	arena_done(&arena);
	return best;
}

bool
conf_list_match(struct conf_list *list, struct slice text, size_t *ret_index)
{
	struct conf_form form;
	struct slice ascii;
	size_t best;

	need(list, CONF_KIND_PATTERNS);
	if (text.n > CONF_LOOKUP_MAX)
		return false;
	ascii = conf_ascii_form(text, &form);
	best = match_regexes(list, text, match_plain(list, ascii));
	best = match_other_form(list, text, ascii, best);
	return give_best(best, ret_index);
}
