/* SPDX-License-Identifier: MIT */
/* api_addr.c - plugin.h: addresses, and the parameters of the envelope. */
#include <errno.h>

#include "base/err.h"
#include "base/idna.h"
#include "ctx.h"
#include "smtp/path.h"

hl_str
hl_addr_text(const struct hl_addr *addr)
{
	return addr->text;
}

hl_str
hl_addr_local(const struct hl_addr *addr)
{
	return addr->local;
}

hl_str
hl_addr_host(const struct hl_addr *addr)
{
	return addr->host;
}

hl_str
hl_addr_host_ascii(const struct hl_addr *addr)
{
	return addr->host_ascii;
}

bool
hl_addr_equal(const struct hl_addr *a, const struct hl_addr *b)
{
	return addr_equal(a, b);
}

hl_str
hl_domain_ascii(struct hl_ctx *ctx, hl_str domain)
{
	struct idna_name name;

	ctx_check(ctx);
	if (idna_to_ascii(slice_str(domain), &name) < 0)
		return STR_EMPTY;
	for (size_t i = 0; i < name.n; i++)
		name.p[i] = ascii_lower(name.p[i]);
	return arena_str(ctx->arena, (struct slice){ name.p, name.n });
}

hl_str
hl_domain_utf8(struct hl_ctx *ctx, hl_str domain)
{
	hl_str ascii = hl_domain_ascii(ctx, domain);

	return idna_to_utf8(ctx->arena, slice_str(ascii));
}

bool
hl_domain_equal(hl_str a, hl_str b)
{
	return idna_equal(slice_str(a), slice_str(b));
}

bool
hl_addr_is_null(const struct hl_addr *addr)
{
	return addr->is_null;
}

int
hl_addr_parse(struct hl_ctx *ctx, hl_str text, const struct hl_addr **ret)
{
	struct smtp_path path;
	struct err err;

	ctx_check(ctx);
	if (smtp_address_parse(ctx->arena, slice_str(text),
		SMTP_PATH_NULL | SMTP_PATH_POSTMASTER | SMTP_PATH_UTF8 |
		    SMTP_PATH_UNDERSCORE,
		&path, &err) < 0)
		return -EINVAL;
	*ret = addr_from_path(ctx->arena, &path);
	return 0;
}

const struct hl_addr *
hl_sender(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->txn != NULL ? ctx->txn->sender : NULL;
}

static const struct hl_params no_params;

bool
hl_is_smtputf8(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->txn != NULL && ctx->txn->smtputf8;
}

const struct hl_params *
hl_sender_params(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->txn != NULL ? &ctx->txn->params : &no_params;
}

const struct hl_params *
hl_params(const struct hl_ctx *ctx)
{
	ctx_check(ctx);
	return ctx->params != NULL ? ctx->params : &no_params;
}

hl_str
hl_param(const struct hl_params *params, hl_str name)
{
	const struct smtp_param *param = smtp_params_get(&params->list, name.p);

	return param != NULL ? param->value : STR_EMPTY;
}

bool
hl_param_has(const struct hl_params *params, hl_str name)
{
	return smtp_params_get(&params->list, name.p) != NULL;
}

size_t
hl_param_count(const struct hl_params *params)
{
	return params->list.count;
}

hl_str
hl_param_name(const struct hl_params *params, size_t index)
{
	return index < params->list.count ? params->list.items[index].key
					  : STR_EMPTY;
}
