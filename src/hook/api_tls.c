/* SPDX-License-Identifier: MIT */
/* api_tls.c - plugin.h: what a TLS handshake has shown. */
#include "ctx.h"

const struct hl_tls *
hl_tls(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->conv != NULL ? ctx->conv->facts.tls : NULL;
}

hl_str
hl_tls_version(const struct hl_tls *tls)
{
	return tls->version;
}

hl_str
hl_tls_cipher(const struct hl_tls *tls)
{
	return tls->cipher;
}

unsigned
hl_tls_bits(const struct hl_tls *tls)
{
	return tls->bits;
}

hl_str
hl_tls_sni(const struct hl_tls *tls)
{
	return tls->sni;
}

bool
hl_tls_resumed(const struct hl_tls *tls)
{
	return tls->resumed;
}

hl_str
hl_tls_cert_subject(const struct hl_tls *tls)
{
	return tls->cert_subject;
}

hl_str
hl_tls_cert_issuer(const struct hl_tls *tls)
{
	return tls->cert_issuer;
}

hl_str
hl_tls_cert_fingerprint(const struct hl_tls *tls)
{
	return tls->cert_fingerprint;
}

bool
hl_tls_cert_verified(const struct hl_tls *tls)
{
	return tls->cert_verified;
}

int64_t
hl_tls_cert_not_after(const struct hl_tls *tls)
{
	return tls->cert_not_after.us / 1000000;
}

size_t
hl_tls_cert_name_count(const struct hl_tls *tls)
{
	return tls->alt_name_count;
}

hl_str
hl_tls_cert_name(const struct hl_tls *tls, size_t index)
{
	return index < tls->alt_name_count ? tls->alt_names[index] : STR_EMPTY;
}
