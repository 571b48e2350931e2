/* SPDX-License-Identifier: MIT */
/* tls_end.c - how near the end of a certificate is. */
#include "tls_end.h"

#define DAY_US INT64_C(86400000000)
#define SOON_DAYS 30
#define VERY_SOON_DAYS 7

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum tls_end
tls_end_of(const struct tls_cert_info *info, struct wall now)
{
	int64_t life = info->not_after.us - info->not_before.us;
	int64_t left = info->not_after.us - now.us;

	if (now.us < info->not_before.us)
		return TLS_END_NOT_BEGUN;
	if (left <= 0)
		return TLS_END_OVER;
	if (left < least(VERY_SOON_DAYS * DAY_US, life / 10))
		return TLS_END_VERY_SOON;
	if (left < least(SOON_DAYS * DAY_US, life / 3))
		return TLS_END_SOON;
	return TLS_END_FAR;
}

void
tls_end_print(
    struct buf *buf, const struct tls_cert_info *info, struct wall now)
{
	char first[WALL_RFC3339_MAX], last[WALL_RFC3339_MAX];

	(void)wall_rfc3339(info->not_before, first, sizeof(first));
	(void)wall_rfc3339(info->not_after, last, sizeof(last));
	switch (tls_end_of(info, now)) {
	case TLS_END_FAR:
		break;
	case TLS_END_SOON:
	case TLS_END_VERY_SOON:
		buf_printf(buf, "ends on %.10s; renew it", last);
		break;
	case TLS_END_OVER:
		buf_printf(
		    buf, "ended on %.10s; clients refuse it; renew it", last);
		break;
	case TLS_END_NOT_BEGUN:
		buf_printf(buf,
		    "begins on %.10s only; clients refuse it until then; is "
		    "the clock right?",
		    first);
		break;
	}
}
