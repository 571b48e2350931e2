/* SPDX-License-Identifier: MIT */
/* tls_end.h - how near the end of a certificate is.
 *
 * 30 days and 7 days before it, or for certificates that live shorter than
 * 90 days, a third and a tenth of their life.
 */
#ifndef HOOKLINE_PROC_TLS_END_H
#define HOOKLINE_PROC_TLS_END_H

#include "base/buf.h"
#include "base/clock.h"
#include "net/tls_ctx.h"

enum tls_end {
	TLS_END_FAR,
	TLS_END_SOON,      /* 30 days */
	TLS_END_VERY_SOON, /* 7 days */
	TLS_END_OVER,
	TLS_END_NOT_BEGUN /* its first day is to come */
};

enum tls_end tls_end_of(const struct tls_cert_info *info, struct wall now);
/* Adds "ends on 2027-01-01; renew it" or what else there is to say; nothing
 * for TLS_END_FAR. */
void tls_end_print(
    struct buf *buf, const struct tls_cert_info *info, struct wall now);

#endif
