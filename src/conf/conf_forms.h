/* SPDX-License-Identifier: MIT */
/* conf_forms.h - domains with letters outside of ASCII, as lists compare them.
 *
 * A site may write either form of a name in its control files, and a client
 * may send either: both are looked up as the ASCII form (base/idna.h).
 * Private to conf_list.c.
 */
#ifndef HOOKLINE_CONF_FORMS_H
#define HOOKLINE_CONF_FORMS_H

#include <stddef.h>

#include "base/idna.h"
#include "base/slice.h"

struct conf_list;

/* A name or an address that is longer has no chance to be in a file. */
#define CONF_LOOKUP_MAX 2048

struct conf_form {
	char room[CONF_LOOKUP_MAX + IDNA_ASCII_MAX + 1];
};

/* The ASCII form of a name, an address, "@domain" or ".domain", in `form` if
 * it is not `text` itself. */
struct slice conf_ascii_form(struct slice text, struct conf_form *form);
/* The ASCII forms of the words of a list, by line; p == NULL where the word is
 * its own.  NULL: of none it is another. */
struct slice *conf_ascii_words(const struct conf_list *list);
void conf_ascii_words_free(struct slice **words, size_t count);

#endif
