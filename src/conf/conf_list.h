/* SPDX-License-Identifier: MIT */
/* conf_list.h - one version of one control file: immutable, counted.
 *
 * A list never changes; who holds a reference keeps the version it first
 * saw.  Look-ups make no system call and cost the same for a hundred or a
 * hundred thousand entries; the exception is the number of regular
 * expressions that name no text of two bytes that they need (".*\d$",
 * "!^mx"): these are tried one after the other (conf_regexes.h).
 *
 * The tables for look-ups are made at the first look-up of that kind.  A
 * list remembers which kinds were asked for, and conf_dir.h compiles the
 * next version of the file for these kinds before it takes it.
 *
 * The word of a line is its text up to the first white space; the rest is
 * what follows.  All text comparisons ignore ASCII case.  Where several
 * lines fit, the first in file order is the answer.  Counters are plain: a
 * list belongs to one thread.
 */
#ifndef HOOKLINE_CONF_LIST_H
#define HOOKLINE_CONF_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/inet.h"
#include "base/str.h"
#include "conf/conf_fault.h"
#include "conf/conf_file.h"
#include "conf/conf_flavour.h"

struct conf_list;

/* What a list is used for; a bit set. */
enum conf_kind {
	CONF_KIND_WORDS = 1, /* first words, domains */
	CONF_KIND_LINES = 2, /* whole lines */
	CONF_KIND_NETS = 4   /* every word is an IP network */
};
/* Patterns, as written in that flavour. */
#define CONF_KIND_PATTERNS(flavour) (8u << (flavour))

/* Takes the lines over; the list has one reference.  `present` is false for
 * a file that does not exist. */
struct conf_list *conf_list_new(struct conf_lines *lines, bool present);
/* A list of lines from a hook or the command line, see conf_lines_from. */
struct conf_list *conf_list_from(
    hl_str name, const hl_str *lines, size_t count);
struct conf_list *conf_list_ref(struct conf_list *list); /* returns `list` */
void conf_list_unref(struct conf_list **list);           /* sets NULL */

/* Makes the tables for all bits of `kinds`.
 * Returns 0, or -EINVAL with each bad line in `faults` (may be NULL): the
 * tables then hold the good lines. */
int conf_list_compile(
    struct conf_list *list, unsigned kinds, struct conf_faults *faults);
/* The kinds that were compiled or asked for so far. */
unsigned conf_list_kinds(const struct conf_list *list);

/* Where a look-up reports a line that it cannot use (a list that was used
 * before it was compiled, or a pattern that costs too much); each line at
 * most once.  NULL: nowhere. */
typedef void conf_list_fault_fn(
    void *arg, hl_str file, unsigned line, const char *text);
void conf_list_on_fault(
    struct conf_list *list, conf_list_fault_fn *fn, void *arg);

/* -- reading; texts are borrowed until the list is freed -- */

bool conf_list_is_present(const struct conf_list *list);
size_t conf_list_count(const struct conf_list *list);
/* `index` below conf_list_count. */
hl_str conf_list_at(const struct conf_list *list, size_t index);
struct slice conf_list_word(const struct conf_list *list, size_t index);
hl_str conf_list_rest(const struct conf_list *list, size_t index);
hl_str conf_list_file(const struct conf_list *list, size_t index);
unsigned conf_list_line(const struct conf_list *list, size_t index);
/* The first line, STR_EMPTY if there is none. */
hl_str conf_list_first(const struct conf_list *list);

/* -- look-ups; `ret_index` may be NULL and is set only when found -- */

/* Is `word` the first word of a line? */
bool conf_list_has(struct conf_list *list, struct slice word);
bool conf_list_find(
    struct conf_list *list, struct slice word, size_t *ret_index);
/* Is `text` a whole line? */
bool conf_list_find_line(
    struct conf_list *list, struct slice text, size_t *ret_index);
/* rcpthosts: "example.com" fits itself, ".example.com" fits every name below
 * it (not itself). */
bool conf_list_find_domain(
    struct conf_list *list, struct slice domain, size_t *ret_index);
/* The first line whose word is a network with `addr` in it: "192.0.2.1",
 * "192.0.2.0/24", "192.0.2.", "2001:db8::/32", "2001:0db8:12" (prefix of the
 * long form). */
bool conf_list_has_ip(struct conf_list *list, const struct inet_addr *addr);
bool conf_list_find_ip(
    struct conf_list *list, const struct inet_addr *addr, size_t *ret_index);
/* The first line whose pattern fits `text`, an address or a name: a regular
 * expression, "@domain" where the flavour has that, anything else must be
 * equal. */
bool conf_list_match(struct conf_list *list, enum conf_flavour_id flavour,
    struct slice text, size_t *ret_index);
/* What look-ups have done so far: entries and expressions that were tried,
 * places of tables that were looked at. */
uint64_t conf_list_work(const struct conf_list *list);

#endif
