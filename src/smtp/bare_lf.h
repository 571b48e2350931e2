/* SPDX-License-Identifier: MIT */
/* bare_lf.h - what to do with bare LF, bare CR and NUL.
 *
 * RFC 5321 2.3.8 allows CR and LF only together as a line end; HOOKS.md
 * decision 7 has what each policy means in a command line and in data.
 */
#ifndef HOOKLINE_SMTP_BARE_LF_H
#define HOOKLINE_SMTP_BARE_LF_H

enum smtp_bare_lf { BARE_LF_REJECT, BARE_LF_FIX, BARE_LF_ALLOW };

#endif
