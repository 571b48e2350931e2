/* SPDX-License-Identifier: MIT */
/* conf_tls_protocols.c - the words of config/tls_protocols.
 *
 * IO::Socket::SSL: words between colons (spaces and commas too, here), each
 * with a '!' in front to take it away; case and '_' do not matter.
 */
#include <errno.h>

#include "conf/conf_tls.h"

#define SAFE (CONF_TLS_1_2 | CONF_TLS_1_3)

static const struct {
	const char *name;
	unsigned bits; /* 0: nothing that we have */
} words[] = {
	{ "SSLv23", SAFE },
	{ "SSLv2/3", SAFE },
	{ "SSLv2", 0 },
	{ "SSLv3", 0 },
	{ "TLSv1", CONF_TLS_1_0 },
	{ "TLSv1_1", CONF_TLS_1_1 },
	{ "TLSv11", CONF_TLS_1_1 },
	{ "TLSv1.1", CONF_TLS_1_1 },
	{ "TLSv1_2", CONF_TLS_1_2 },
	{ "TLSv12", CONF_TLS_1_2 },
	{ "TLSv1.2", CONF_TLS_1_2 },
	{ "TLSv1_3", CONF_TLS_1_3 },
	{ "TLSv13", CONF_TLS_1_3 },
	{ "TLSv1.3", CONF_TLS_1_3 },
};

static struct slice
next_word(struct slice *text)
{
	struct slice word;
	size_t n = 0;

	while (text->n > 0 && (ascii_is_space(text->p[0]) ||
				  text->p[0] == ':' || text->p[0] == ','))
		*text = slice_from(*text, 1);
	while (n < text->n && !ascii_is_space(text->p[n]) &&
	       text->p[n] != ':' && text->p[n] != ',')
		n++;
	word = slice_head(*text, n);
	*text = slice_from(*text, n);
	return word;
}

static int
word_find(struct slice word)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_caseeq_text(word, words[i].name))
			return (int)i;
	return -1;
}

int
conf_tls_protocols_parse(struct slice text, unsigned *ret, struct err *err)
{
	unsigned on = 0, off = 0;
	struct slice word;

	while ((word = next_word(&text)).n > 0) {
		bool is_off = word.p[0] == '!';
		int i = word_find(slice_from(word, is_off ? 1 : 0));

		if (i < 0)
			return err_set(err, -EINVAL,
			    "\"%.*s\" is no protocol; the words are SSLv23 "
			    "(all that are safe), TLSv1_2, TLSv1_3, TLSv1, "
			    "TLSv1_1, each with ! to take it away",
			    STR(slice_head(word, 40)));
		if (!is_off && words[i].bits == 0)
			return err_set(err, -EINVAL,
			    "%s is broken and not in OpenSSL any more; take "
			    "it out",
			    words[i].name);
		if (is_off)
			off |= words[i].bits;
		else
			on |= words[i].bits;
	}
	if (on == 0)
		on = SAFE;
	if ((on & ~off) == 0)
		return err_set(err, -EINVAL,
		    "no protocol is left; TLSv1_2 TLSv1_3 is what is safe");
	*ret = on & ~off;
	return 0;
}
