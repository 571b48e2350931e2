/* SPDX-License-Identifier: MIT */
/* conf_forms.c - domains with letters outside of ASCII, as lists compare them.
 */
#include "conf_forms.h"

#include <stdint.h>

#include "base/mem.h"
#include "conf_list.h"

struct slice
conf_ascii_form(struct slice text, struct conf_form *form)
{
	size_t n = text.n <= CONF_LOOKUP_MAX
		       ? idna_address_to_ascii(text, form->room)
		       : 0;

	return n > 0 ? (struct slice){ form->room, n } : text;
}

struct slice *
conf_ascii_words(const struct conf_list *list)
{
	size_t count = conf_list_count(list);
	struct slice *words = NULL;

	for (size_t i = 0; i < count; i++) {
		struct slice word = conf_list_word(list, i), ascii;
		struct conf_form form;

		ascii = conf_ascii_form(word, &form);
		if (ascii.p == word.p)
			continue;
		if (words == NULL)
			words = mem_array(count, sizeof(words[0]));
		words[i] = (struct slice){ mem_dup(ascii), ascii.n };
	}
	return words;
}

void
conf_ascii_words_free(struct slice **words, size_t count)
{
	for (size_t i = 0; *words != NULL && i < count; i++)
		mem_free((void *)(uintptr_t)(*words)[i].p);
	mem_free(*words);
	*words = NULL;
}
