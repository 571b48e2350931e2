/* SPDX-License-Identifier: MIT */
/* api_auth.c - plugin.h: what a client has shown, and is it right? */
#include <errno.h>
#include <stdarg.h>

#include "auth.h"
#include "base/digest.h"
#include "base/mem.h"
#include "password.h"
#include "rt/fiber.h"
#include "rt/offload.h"
#include "run.h"
#include "smtp/base64.h"

hl_str
hl_auth_attempt_mechanism(const struct hl_auth *auth)
{
	return auth->mechanism;
}

hl_str
hl_auth_attempt_user(const struct hl_auth *auth)
{
	return auth->user;
}

hl_str
hl_auth_attempt_clear(const struct hl_auth *auth)
{
	return auth->clear;
}

hl_str
hl_auth_attempt_hash(const struct hl_auth *auth)
{
	return auth->hash;
}

hl_str
hl_auth_attempt_ticket(const struct hl_auth *auth)
{
	return auth->ticket;
}

hl_str
hl_auth_attempt_authzid(const struct hl_auth *auth)
{
	return auth->authzid;
}

/* ---- is it right? ------------------------------------------------------ */

/* hash = hex(HMAC-MD5(password, ticket)), RFC 2195. */
static enum hl_verdict
check_cram(struct hl_ctx *ctx, const struct hl_auth *auth, hl_str clear)
{
	uint8_t digest[DIGEST_MD5];
	char hex[2 * DIGEST_MD5 + 1];
	bool ok;

	if (clear.n == 0) {
		hl_log(ctx, HL_LOG_INFO,
		    "skip, CRAM-MD5 needs the password in clear text");
		return HL_DECLINED;
	}
	if (digest_hmac_md5(slice_str(clear), slice_str(auth->ticket), digest) <
	    0) {
		hl_log(ctx, HL_LOG_ERROR, "this system forbids MD5");
		return HL_DECLINED;
	}
	digest_hex(digest, sizeof(digest), hex);
	ok = secret_eq(slice_of(hex), slice_str(auth->hash));
	secret_wipe(digest, sizeof(digest));
	secret_wipe(hex, sizeof(hex));
	return ok ? HL_OK : HL_DENY;
}

struct check {
	hl_str stored, attempt;
};

static int
check_on_pool(void *arg)
{
	const struct check *check = arg;

	return password_check(check->stored, check->attempt);
}

static enum hl_verdict
check_hash(struct hl_ctx *ctx, hl_str stored, hl_str attempt)
{
	struct check check = { stored, attempt };
	int ret;

	if (!password_is_hash(stored)) {
		hl_log(ctx, HL_LOG_ERROR,
		    "the stored password has a form that is not known");
		return HL_DECLINED;
	}
	ret = rt_offload(check_on_pool, &check);
	if (ret == -ENOTSUP)
		hl_log(ctx, HL_LOG_ERROR, "libcrypt refuses the stored hash");
	if (ret < 0) /* the client is gone, or the hook is late */
		return HL_DECLINED;
	return ret > 0 ? HL_OK : HL_DENY;
}

enum hl_verdict
hl_auth_verify(struct hl_ctx *ctx, const struct hl_auth *auth, hl_str clear,
    hl_str crypted)
{
	ctx_check(ctx);
	if (clear.n == 0 && crypted.n == 0)
		return HL_DENY;
	if (auth->hash.n > 0)
		return check_cram(ctx, auth, clear);
	if (auth->clear.n == 0)
		return HL_DENY;
	if (clear.n > 0 && secret_eq(slice_str(auth->clear), slice_str(clear)))
		return HL_OK;
	return crypted.n > 0 ? check_hash(ctx, crypted, auth->clear) : HL_DENY;
}

bool
hl_auth_is_hash(hl_str stored)
{
	return password_is_hash(stored);
}

/* ---- what a hook gives -------------------------------------------------- */

/* NULL: the running hook is none of AUTH's. */
static struct auth_ret *
ret_of(struct hl_ctx *ctx, bool want_scram)
{
	const struct hook_args *args;
	enum hook_call_kind kind;

	ctx_check(ctx);
	if (ctx->frame->in_load || ctx->frame->args == NULL)
		return NULL;
	kind = (enum hook_call_kind)hook_table[ctx->frame->hook].call;
	args = ctx->frame->args;
	if (kind == HOOK_CALL_SCRAM || (!want_scram && kind == HOOK_CALL_AUTH))
		return args->ret;
	return NULL;
}

int
hl_auth_user_set(struct hl_ctx *ctx, hl_str user)
{
	struct auth_ret *ret = ret_of(ctx, false);

	if (ret == NULL || user.n == 0 || user.n > HL_AUTH_USER_MAX)
		return -EINVAL;
	for (size_t i = 0; i < user.n; i++) {
		if ((unsigned char)user.p[i] < ' ' || user.p[i] == 127)
			return -EINVAL;
	}
	ret->user = arena_str(ctx->arena, slice_str(user));
	return 0;
}

int
hl_auth_scram(struct hl_ctx *ctx, unsigned iterations, hl_str salt,
    hl_str stored_key, hl_str server_key)
{
	struct auth_ret *ret = ret_of(ctx, true);

	if (ret == NULL)
		return -EINVAL;
	return scram_keys_set(&ret->keys, iterations, slice_str(salt),
	    slice_str(stored_key), slice_str(server_key));
}

int
hl_auth_scram_stored(struct hl_ctx *ctx, hl_str stored)
{
	struct auth_ret *ret = ret_of(ctx, true);

	if (ret == NULL)
		return -EINVAL;
	return scram_keys_parse(slice_str(stored), &ret->keys);
}

struct derive {
	struct scram_keys keys;
	unsigned iterations;
	hl_str user, password;
	const uint8_t *secret;
};

static int
derive_on_pool(void *arg)
{
	struct derive *derive = arg;

	auth_keys_derive(&derive->keys, derive->iterations, derive->user,
	    derive->password, derive->secret);
	return 0;
}

int
hl_auth_scram_clear(struct hl_ctx *ctx, hl_str password)
{
	struct auth_ret *auth_ret = ret_of(ctx, true);
	const struct hook_args *args;
	struct derive derive = { .password = password };
	int ret;

	if (auth_ret == NULL || password.n == 0)
		return -EINVAL;
	args = ctx->frame->args;
	derive.user = args->b;
	derive.secret = ctx->engine->secret;
	derive.iterations = auth_keys_iterations(ctx);
	ret = rt_offload(derive_on_pool, &derive);
	if (ret == 0) {
		auth_ret->keys = derive.keys;
		ctx->engine->derives_keys = true;
	}
	secret_wipe(&derive.keys, sizeof(derive.keys));
	return ret;
}

void
auth_keys_pretend(struct hl_ctx *ctx, hl_str user)
{
	struct derive derive = {
		.user = user, .password = user, .secret = ctx->engine->secret
	};

	if (!ctx->engine->derives_keys)
		return;
	derive.iterations = auth_keys_iterations(ctx);
	(void)rt_offload(derive_on_pool, &derive);
}

/* A "saslname" (RFC 5801 4): ',' and '=' have other meanings. */
static void
add_saslname(struct buf *text, hl_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			buf_add(text, "=2C", 3);
		else if (name.p[i] == '=')
			buf_add(text, "=3D", 3);
		else
			buf_add_char(text, name.p[i]);
	}
}

/* False for a mechanism that has no such form. */
static bool
write_response(struct buf *text, const struct hl_auth *auth)
{
	if (str_eq_text(auth->mechanism, "plain") ||
	    str_eq_text(auth->mechanism, "login")) {
		buf_add_char(text, '\0');
		buf_add_slice(text, slice_str(auth->user));
		buf_add_char(text, '\0');
		buf_add_slice(text, slice_str(auth->clear));
	} else if (str_eq_text(auth->mechanism, "xoauth2")) {
		buf_printf(text, "user=%.*s\1auth=Bearer %.*s\1\1",
		    STR(auth->user), STR(auth->clear));
	} else if (str_eq_text(auth->mechanism, "oauthbearer")) {
		buf_printf(text, "n,%s", auth->user.n > 0 ? "a=" : "");
		add_saslname(text, auth->user);
		buf_printf(text, ",\1auth=Bearer %.*s\1\1", STR(auth->clear));
	} else {
		return false;
	}
	return true;
}

hl_str
hl_auth_response(struct hl_ctx *ctx, const struct hl_auth *auth)
{
	struct buf text = BUF_INIT;
	hl_str ret = STR_EMPTY;
	char *encoded;

	ctx_check(ctx);
	/* It must not grow: what it leaves behind then is not wiped. */
	buf_reserve(&text, 64 + 3 * auth->user.n + auth->clear.n);
	if (write_response(&text, auth)) {
		encoded = arena_alloc(ctx->arena, BASE64_ENCODED(text.n) + 1);
		base64_encode(buf_slice(&text), encoded);
		ret = str_of(encoded);
	}
	secret_wipe(text.p, text.n);
	buf_done(&text);
	return ret;
}

enum hl_verdict
hl_auth_unavailable(struct hl_ctx *ctx, const char *fmt, ...)
{
	va_list args;
	hl_str why;

	ctx_check(ctx);
	/* What failed is what the client, who has gone, was waiting for. */
	if (fiber_is_cancelled(fiber_self()))
		return HL_DENYSOFT;
	va_start(args, fmt);
	why = arena_vprintf(ctx->arena, fmt, args);
	va_end(args);
	hl_log(ctx, HL_LOG_ERROR, "%s", why.p);
	if (hl_reply(ctx, 454, "4.7.0", "%s",
		"Temporary authentication failure") < 0)
		return HL_DENYSOFT;
	return HL_DONE;
}
