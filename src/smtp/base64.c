/* SPDX-License-Identifier: MIT */
/* base64.c - base64 as SASL has it.
 *
 * UNSAFE: indices into `in` stay below in.n; the output has the room that
 * the header's macros say.
 */
#include "smtp/base64.h"

#include <errno.h>
#include <stdint.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(struct slice in, char *ret)
{
	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t three = (uint32_t)(uint8_t)in.p[i] << 16;

		if (i + 1 < in.n)
			three |= (uint32_t)(uint8_t)in.p[i + 1] << 8;
		if (i + 2 < in.n)
			three |= (uint8_t)in.p[i + 2];
		*ret++ = digits[three >> 18];
		*ret++ = digits[three >> 12 & 63];
		*ret++ = i + 1 < in.n ? digits[three >> 6 & 63] : '=';
		*ret++ = i + 2 < in.n ? digits[three & 63] : '=';
	}
	*ret = '\0';
}

/* -1 if it is no digit. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters of which the last `pad` are '='; -1 bad. */
static int32_t
quantum(const char *p, unsigned pad)
{
	int32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int value = i < 4 - pad ? value_of(p[i]) : 0;

		if (value < 0)
			return -1;
		bits = bits << 6 | value;
	}
	return (bits & ((1 << 8 * pad) - 1)) == 0 ? bits : -1;
}

int
base64_decode(struct slice in, char *ret, size_t *ret_n)
{
	size_t n = 0;

	if (in.n % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < in.n; i += 4) {
		bool last = i + 4 == in.n;
		unsigned pad = !last || in.p[i + 3] != '=' ? 0
			       : in.p[i + 2] != '='        ? 1
							   : 2;
		int32_t bits = quantum(in.p + i, pad);

		if (bits < 0)
			return -EINVAL;
		ret[n++] = (char)(bits >> 16);
		if (pad < 2)
			ret[n++] = (char)(bits >> 8 & 255);
		if (pad < 1)
			ret[n++] = (char)(bits & 255);
	}
	ret[n] = '\0';
	*ret_n = n;
	return 0;
}
