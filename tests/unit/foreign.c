/* SPDX-License-Identifier: MIT */
/* foreign.c - calls into libraries, as the memory sanitizer is to see them.
 *
 * It knows only what was built with it.  Inside of OpenSSL and libidn2 nothing
 * is checked, and what they have written counts as written.  Linked into unit
 * tests in place of those functions (ld's --wrap); a further function needs a
 * place here and in `foreign_calls` (meson.build).
 */
#include <string.h>

#include <idn2.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sanitizer/msan_interface.h>

#define FOREIGN(ret, name, params, args)                    \
	ret __real_##name params;                           \
	ret __wrap_##name params;                           \
	static ret call_##name params                       \
	{                                                   \
		ret got;                                    \
                                                            \
		__msan_scoped_disable_interceptor_checks(); \
		got = __real_##name args;                   \
		__msan_scoped_enable_interceptor_checks();  \
		return got;                                 \
	}                                                   \
	ret __wrap_##name params

FOREIGN(int, EVP_Digest,
    (const void *in, size_t n, unsigned char *digest, unsigned *size,
	const EVP_MD *type, ENGINE *engine),
    (in, n, digest, size, type, engine))
{
	int ret = call_EVP_Digest(in, n, digest, size, type, engine);

	__msan_unpoison(digest, *size);
	return ret;
}

FOREIGN(unsigned char *, HMAC,
    (const EVP_MD *type, const void *key, int key_n, const unsigned char *in,
	size_t n, unsigned char *digest, unsigned *size),
    (type, key, key_n, in, n, digest, size))
{
	unsigned char *ret = call_HMAC(type, key, key_n, in, n, digest, size);

	__msan_unpoison(digest, *size);
	return ret;
}

FOREIGN(int, PKCS5_PBKDF2_HMAC,
    (const char *password, int password_n, const unsigned char *salt,
	int salt_n, int iterations, const EVP_MD *type, int n,
	unsigned char *key),
    (password, password_n, salt, salt_n, iterations, type, n, key))
{
	int ret = call_PKCS5_PBKDF2_HMAC(
	    password, password_n, salt, salt_n, iterations, type, n, key);

	__msan_unpoison(key, (size_t)n);
	return ret;
}

FOREIGN(int, idn2_lookup_u8, (const uint8_t *in, uint8_t **name, int flags),
    (in, name, flags))
{
	int ret = call_idn2_lookup_u8(in, name, flags);

	__msan_unpoison(name, sizeof(*name));
	if (ret == IDN2_OK)
		__msan_unpoison_string((const char *)*name);
	return ret;
}

FOREIGN(int, idn2_to_unicode_8z8z, (const char *in, char **name, int flags),
    (in, name, flags))
{
	int ret = call_idn2_to_unicode_8z8z(in, name, flags);

	__msan_unpoison(name, sizeof(*name));
	if (ret == IDN2_OK)
		__msan_unpoison_string(*name);
	return ret;
}
