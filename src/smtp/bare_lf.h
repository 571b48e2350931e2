/* SPDX-License-Identifier: MIT */
/* bare_lf.h - what to do with bare LF, bare CR and NUL.
 *
 * RFC 5321 2.3.8 allows CR and LF only together as a line end.
 *
 *	          in a command line     in data
 *	REJECT    500 5.5.2, close      550 5.6.11 at its end
 *	FIX       a bare LF ends the    a bare LF becomes CRLF, bare CR and
 *	          line, the others as   NUL a space
 *	          with REJECT
 *	ALLOW     as FIX                kept as sent
 *
 * Only CRLF . CRLF ends data, whatever the policy.  The body of a
 * BODY=BINARYMIME message is exempt.
 */
#ifndef HOOKLINE_SMTP_BARE_LF_H
#define HOOKLINE_SMTP_BARE_LF_H

enum smtp_bare_lf { BARE_LF_REJECT, BARE_LF_FIX, BARE_LF_ALLOW };

#endif
