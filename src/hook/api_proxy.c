/* SPDX-License-Identifier: MIT */
/* api_proxy.c - plugin.h: who stands in front: PROXY, XFORWARD. */
#include "ctx.h"
#include "mail/forwarded.h"
#include "net/proxy_header.h"

const struct hl_proxy *
hl_proxy(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->conv != NULL ? ctx->conv->facts.proxy : NULL;
}

unsigned
hl_proxy_version(const struct hl_proxy *proxy)
{
	return proxy->version;
}

hl_str
hl_proxy_ip(const struct hl_proxy *proxy)
{
	return proxy->ip;
}

bool
hl_proxy_is_local(const struct hl_proxy *proxy)
{
	return proxy->is_local;
}

bool
hl_proxy_tlv(const struct hl_proxy *proxy, unsigned type,
    const void **ret_bytes, size_t *ret_size)
{
	struct slice tlvs = proxy->tlvs;
	struct proxy_tlv tlv;

	while (proxy_tlv_next(&tlvs, &tlv)) {
		if (tlv.type != type)
			continue;
		*ret_bytes = tlv.value.p;
		*ret_size = tlv.value.n;
		return true;
	}
	return false;
}

hl_str
hl_forwarded(const struct hl_ctx *ctx, hl_str attribute)
{
	ctx_check(ctx);
	for (unsigned i = 0; ctx->txn != NULL && i < XATTR_COUNT; i++) {
		if (slice_caseeq_text(slice_str(attribute), xattr_names[i]))
			return forwarded_value(
			    ctx->txn->forwarded, (enum xattr)i);
	}
	return STR_EMPTY;
}
