/* SPDX-License-Identifier: MIT */
/* scram_keys.c - what a server keeps of a password for SCRAM-SHA-256. */
#include "smtp/scram_keys.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "smtp/base64.h"

/* At most `size` octets. */
static int
decode(struct slice text, uint8_t *ret, size_t size, size_t *ret_n)
{
	char bytes[BASE64_DECODED_MAX(BASE64_ENCODED(SCRAM_SALT_MAX)) + 1];
	size_t n;

	if (text.n > BASE64_ENCODED(SCRAM_SALT_MAX) ||
	    base64_decode(text, bytes, &n) < 0 || n > size)
		return -EINVAL;
	memcpy(ret, bytes, n);
	*ret_n = n;
	return 0;
}

int
scram_keys_set(struct scram_keys *ret, unsigned iterations, struct slice salt,
    struct slice stored_key, struct slice server_key)
{
	struct scram_keys keys = { .iterations = iterations };
	size_t n;

	if (iterations < SCRAM_ITERATIONS_MIN ||
	    iterations > SCRAM_ITERATIONS_MAX)
		return -EINVAL;
	if (decode(salt, keys.salt, sizeof(keys.salt), &keys.salt_n) < 0 ||
	    keys.salt_n == 0)
		return -EINVAL;
	if (decode(stored_key, keys.stored_key, SCRAM_KEY, &n) < 0 ||
	    n != SCRAM_KEY)
		return -EINVAL;
	if (decode(server_key, keys.server_key, SCRAM_KEY, &n) < 0 ||
	    n != SCRAM_KEY)
		return -EINVAL;
	*ret = keys;
	return 0;
}

int
scram_keys_parse(struct slice text, struct scram_keys *ret)
{
	struct slice scheme, info, iterations, stored_key;
	unsigned number;

	if (!slice_cut(&text, '$', &scheme) ||
	    !slice_caseeq_text(slice_trim(scheme), "SCRAM-SHA-256") ||
	    !slice_cut(&text, '$', &info) ||
	    !slice_cut(&info, ':', &iterations) ||
	    !slice_cut(&text, ':', &stored_key))
		return -EINVAL;
	if (num_parse_unsigned(
		slice_trim(iterations), SCRAM_ITERATIONS_MAX, &number) < 0)
		return -EINVAL;
	return scram_keys_set(ret, number, slice_trim(info),
	    slice_trim(stored_key), slice_trim(text));
}
