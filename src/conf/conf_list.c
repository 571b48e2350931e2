/* SPDX-License-Identifier: MIT */
/* conf_list.c - one version of one control file: immutable, counted. */
#include "conf_list.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf_forms.h"
#include "conf_list_private.h"

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
	for (size_t i = 0; i < CONF_FLAVOURS; i++)
		conf_regexes_free(&list->regexes[i]);
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

void
conf_list__report(struct conf_list *list, struct conf_faults *faults,
    size_t index, const char *text)
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
		conf_list__report(list, faults, i, text.p);
		buf_done(&text);
	}
	return res;
}

/* What of a line is the pattern. */
static struct slice
pattern_of(const struct conf_list *list, const struct conf_flavour *flavour,
    size_t line)
{
	return flavour->is_line ? key_line(list, line)
				: conf_list_word(list, line);
}

static int
compile_patterns(
    struct conf_list *list, struct conf_faults *faults, enum conf_flavour_id id)
{
	const struct conf_flavour *flavour = &conf_flavours[id];
	int res = 0;

	list->regexes[id] = conf_regexes_new();
	for (size_t i = 0; i < conf_list_count(list); i++) {
		struct conf_regex regex;
		struct err err;

		if (!conf_flavour_regex(
			flavour, pattern_of(list, flavour, i), &regex) ||
		    conf_regexes_add(list->regexes[id], &regex, i, &err) == 0)
			continue;
		conf_list__report(list, faults, i, err.text);
		res = -EINVAL;
	}
	return res;
}

/* With the tables that its other patterns are looked up in. */
static unsigned
complete(unsigned kinds)
{
	for (unsigned i = 0; i < CONF_FLAVOURS; i++)
		if (kinds & CONF_KIND_PATTERNS(i))
			kinds |= conf_flavours[i].is_line ? CONF_KIND_LINES
							  : CONF_KIND_WORDS;
	return kinds;
}

int
conf_list_compile(
    struct conf_list *list, unsigned kinds, struct conf_faults *faults)
{
	unsigned missing;

	CHECK_OBJ(list, CONF_LIST_MAGIC);
	kinds = complete(kinds);
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
	for (unsigned i = 0; i < CONF_FLAVOURS; i++)
		if ((missing & CONF_KIND_PATTERNS(i)) &&
		    compile_patterns(list, faults, i) != 0)
			list->bad |= CONF_KIND_PATTERNS(i);
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
