/* SPDX-License-Identifier: MIT */
/* idna.h - domain names of which one form has letters outside of ASCII.
 *
 * "bücher.example" (a U-label) and "xn--bcher-kva.example" (its A-label) are
 * one name.  What is compared, looked up or asked of the DNS is the ASCII
 * form; what is plain ASCII already costs a look at its bytes.  Letters are
 * mapped as UTS #46 says, non-transitional ("ß" stays), in NFC: case, width
 * and composition do not matter.
 */
#ifndef HOOKLINE_BASE_IDNA_H
#define HOOKLINE_BASE_IDNA_H

#include <stdbool.h>
#include <stddef.h>

#include "check.h"
#include "slice.h"
#include "str.h"

struct arena;

#define IDNA_ASCII_MAX 255 /* octets of a name, RFC 5321 4.5.3.1.2 */

struct idna_name {
	char p[IDNA_ASCII_MAX + 1]; /* with its NUL */
	size_t n;
};

/* Has it no octet above 127? */
bool idna_is_ascii(struct slice text);
/* The ASCII form of a domain, in lower case.  A name that is ASCII comes back
 * as it is, unchecked.
 * 0; -EINVAL no UTF-8, a label that IDNA2008 (RFC 5891) does not allow, or a
 * result that is no domain; -ENAMETOOLONG.  RFC 5890, UTS #46. */
int idna_to_ascii(struct slice domain, struct idna_name *ret) WARN_UNUSED;
/* The form with letters, in `arena`: A-labels are decoded; a name without them,
 * or whose letters have another ASCII form, comes back as it is. */
hl_str idna_to_utf8(struct arena *arena, struct slice domain);
/* The same name?  ASCII case does not matter. */
bool idna_equal(struct slice a, struct slice b);

/* The same for the texts of control files and for addresses: a domain behind
 * the last '@', or all of it, or behind one dot at its start.  What is before
 * stays, and so does all of it where the rest is no domain.
 *
 * ret   room for `text`.n + IDNA_ASCII_MAX + 1 bytes
 * Returns its length; 0 when nothing changes (also for plain ASCII). */
size_t idna_address_to_ascii(struct slice text, char *ret);
/* ... and the other way; `text` itself, without a copy, when nothing changes.
 */
struct slice idna_address_to_utf8(struct arena *arena, struct slice text);

#endif
