/* SPDX-License-Identifier: MIT */
/* perl_sums.c - the Perl files that qpsmtpd ships, by checksum.
 *
 * Such a file has a native plugin of its name; a site's own changes make
 * another file of it.  The sums are those of perl/shipped.sums, made by
 * tools/perl-sums, without what does not run: POD, comments, blank lines.
 */
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "plugin_find.h"

/* "0123...": one line a file, sorted; ends with NULL. */
static const char *const sums[] = {
#include "perl_sums.inc"
	NULL
};

/* The next line that runs, trimmed; false at the end. */
static bool
next_line(struct slice *text, bool *in_pod, struct slice *ret)
{
	struct slice line;

	while (text->p != NULL && slice_cut(text, '\n', &line)) {
		if (line.n > 1 && line.p[0] == '=' && ascii_is_alpha(line.p[1]))
			*in_pod = !slice_starts(line, "=cut");
		else if (!*in_pod) {
			line = slice_trim(line);
			if (slice_eq_text(line, "__END__"))
				return false;
			if (line.n > 0 && line.p[0] != '#') {
				*ret = line;
				return true;
			}
		}
	}
	return false;
}

bool
perl_file_is_shipped(struct slice text)
{
	uint8_t digest[DIGEST_SHA256];
	char hex[2 * DIGEST_SHA256 + 1];
	struct buf code = BUF_INIT;
	struct slice line;
	bool in_pod = false;

	while (next_line(&text, &in_pod, &line)) {
		buf_add_slice(&code, line);
		buf_add_char(&code, '\n');
	}
	digest_sha256(buf_slice(&code), digest);
	buf_done(&code);
	digest_hex(digest, sizeof(digest), hex);
	for (size_t i = 0; sums[i] != NULL; i++) {
		if (strcmp(sums[i], hex) == 0)
			return true;
	}
	return false;
}
