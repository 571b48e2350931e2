/* SPDX-License-Identifier: MIT */
/* spamassassin_spamd.h - one exchange with spamd; of the plugin spamassassin. */
#ifndef HOOKLINE_PLUGINS_SPAMASSASSIN_SPAMD_H
#define HOOKLINE_PLUGINS_SPAMASSASSIN_SPAMD_H

#include <hookline/plugin.h>

#define SPAMD_FIELDS_MAX 64u
#define SPAMD_FIELD_MAX 4096u /* of what is kept of one, and of a line */

/* A field X-Spam-... of its answer; folds as "\n\t". */
struct spamd_field {
	hl_str name;
	char *value;
	size_t n;
};

struct spamd_answer {
	struct spamd_field fields[SPAMD_FIELDS_MAX];
	size_t count;
};

struct spamd {
	hl_str where; /* as in hl_dial */
	hl_str user;  /* whose preferences count */
	uint64_t
	    timeout_ms; /* for connecting, and for each part of the answer */
};

/* Shows spamd the message.  0 and *ret, zeroed before, when it said EX_OK; a
 * negative errno, which is logged unless nobody waits for it any more.
 * BLOCKS. */
int spamd_ask(
    struct hl_ctx *ctx, const struct spamd *spamd, struct spamd_answer *ret);

#endif
