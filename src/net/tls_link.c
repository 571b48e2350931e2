/* SPDX-License-Identifier: MIT */
/* tls_link.c - the server's end of one TLS connection, without its socket. */
#include "net/tls_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"

#define LINK_MAGIC 0x746c6e6bu
#define REASON_MAX 96

struct tls_link {
	uint32_t magic;
	uint8_t state;      /* enum tls_link_state */
	uint8_t late;       /* records that carried handshake messages */
	bool is_text;       /* it failed because the client spoke in clear */
	bool has_input;     /* something has come */
	int send_err;       /* of `send`; negative: nothing can be sent */
	struct slice input; /* borrowed by tls_link_take */
	tls_send_fn *send;
	void *owner;
	SSL *ssl;
	char *reason; /* owned; NULL before it failed */
};

/* Shared by all links: used up before a function returns (one loop a
 * process). */
static char plain_buffer[TLS_LINK_TAKE_MAX + TLS_LINK_RECORD_MAX];
static struct {
	char bytes[32 * 1024];
	size_t n;
} out;

/* ---- the BIO ---- */

static void
send_out(struct tls_link *link)
{
	if (out.n > 0 && link->send_err == 0)
		link->send_err = link->send(link->owner, out.bytes, out.n);
	out.n = 0;
}

static int
bio_read(BIO *bio, char *to, size_t size, size_t *ret_n)
{
	struct tls_link *link = BIO_get_data(bio);
	size_t n = link->input.n < size ? link->input.n : size;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	memcpy(to, link->input.p, n);
	link->input = slice_from(link->input, n);
	*ret_n = n;
	return 1;
}

/* Takes everything; whether it could be sent is looked at afterwards. */
static int
bio_write(BIO *bio, const char *bytes, size_t n, size_t *ret_n)
{
	struct tls_link *link = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*ret_n = n;
	while (n > 0) {
		size_t room = sizeof(out.bytes) - out.n;
		size_t part = n < room ? n : room;

		memcpy(out.bytes + out.n, bytes, part);
		out.n += part;
		bytes += part;
		n -= part;
		if (out.n == sizeof(out.bytes))
			send_out(link);
	}
	return 1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

/* Made once, kept as long as the process. */
static const BIO_METHOD *
bio_method(void)
{
	static BIO_METHOD *method;

	if (method != NULL)
		return method;
	method = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hookline");
	if (method == NULL)
		mem_exhausted();
	(void)BIO_meth_set_read_ex(method, bio_read);
	(void)BIO_meth_set_write_ex(method, bio_write);
	(void)BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* ---- failure ---- */

static int
fail(struct tls_link *link, const char *reason)
{
	if (link->state != TLS_LINK_FAILED) {
		link->state = TLS_LINK_FAILED;
		link->reason = mem_dup(slice_of(reason));
	}
	ERR_clear_error();
	return -EPROTO;
}

/* The first of the queue is the cause. */
static int
fail_by_openssl(struct tls_link *link)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_reason_error_string(code);
	char text[REASON_MAX];

	if (reason == NULL) {
		(void)snprintf(text, sizeof(text), "TLS error %lx", code);
		reason = text;
	}
	return fail(link, reason);
}

/* ---- what a client may not do without end ---- */

/* Called for the header of each record and, in TLS 1.3, for its inner type.
 * Handshake records that come after the handshake are counted. */
static void
on_record(int is_write, int version, int kind, const void *bytes, size_t n,
    SSL *ssl, void *arg)
{
	struct tls_link *link = arg;
	const unsigned char *type = bytes;

	(void)version;
	(void)ssl;
	if (is_write || n == 0 || link->state == TLS_LINK_HANDSHAKE ||
	    (kind != SSL3_RT_HEADER && kind != SSL3_RT_INNER_CONTENT_TYPE))
		return;
	if (*type == SSL3_RT_HANDSHAKE && link->late < UINT8_MAX)
		link->late++;
}

/* ---- life ---- */

struct tls_link *
tls_link_new(SSL_CTX *ssl_ctx, tls_send_fn *send, void *owner)
{
	struct tls_link *link;
	SSL *ssl;
	BIO *bio;

	ERR_clear_error();
	ssl = SSL_new(ssl_ctx);
	bio = ssl != NULL ? BIO_new(bio_method()) : NULL;
	if (bio == NULL) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	link = mem_alloc(sizeof(*link));
	link->magic = LINK_MAGIC;
	link->send = send;
	link->owner = owner;
	link->ssl = ssl;
	BIO_set_data(bio, link);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio); /* one reference for both */
	SSL_set_accept_state(ssl);
	SSL_set_msg_callback(ssl, on_record);
	SSL_set_msg_callback_arg(ssl, link);
	return link;
}

void
tls_link_free(struct tls_link **link)
{
	struct tls_link *old = *link;

	*link = NULL;
	if (old == NULL)
		return;
	CHECK_OBJ(old, LINK_MAGIC);
	ERR_clear_error();
	SSL_free(old->ssl);
	ERR_clear_error();
	mem_free(old->reason);
	old->magic = 0;
	mem_free(old);
}

/* ---- bytes ---- */

/* A ClientHello begins with 0x16, one of SSL 2 with a set bit 7. */
static bool
is_text(char first)
{
	return (first >= ' ' && first <= '~') || first == '\r' || first == '\n';
}

/* 1: done; 0: more bytes are needed. */
static int
shake_hands(struct tls_link *link)
{
	int ret;

	if (!link->has_input && is_text(link->input.p[0])) {
		link->is_text = true;
		return fail(link, "the client speaks no TLS");
	}
	link->has_input = true;
	ret = SSL_do_handshake(link->ssl);
	if (ret == 1) {
		link->state = TLS_LINK_SECURE;
		return 1;
	}
	if (SSL_get_error(link->ssl, ret) == SSL_ERROR_WANT_READ)
		return 0;
	return fail_by_openssl(link);
}

static int
read_plain(struct tls_link *link, struct tls_taken *ret)
{
	size_t have = 0, n;
	int rc = 0;

	while (SSL_read_ex(link->ssl, plain_buffer + have,
		   sizeof(plain_buffer) - have, &n) == 1) {
		have += n;
		/* Plain text is shorter than its records. */
		CHECK(have < sizeof(plain_buffer));
	}
	switch (SSL_get_error(link->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		link->state = TLS_LINK_ENDED;
		ret->has_ended = true;
		break;
	default:
		rc = fail_by_openssl(link);
	}
	if (rc == 0 && link->late > TLS_LINK_LATE_MAX)
		rc = fail(link, "too many handshake messages");
	ret->plain = (struct slice){ plain_buffer, have };
	return rc;
}

int
tls_link_take(
    struct tls_link *link, const char *bytes, size_t n, struct tls_taken *ret)
{
	int rc = 1;

	CHECK_OBJ(link, LINK_MAGIC);
	CHECK(n <= TLS_LINK_TAKE_MAX);
	*ret = (struct tls_taken){ 0 };
	if (link->state == TLS_LINK_FAILED)
		return -EPROTO;
	if (link->state == TLS_LINK_ENDED || n == 0)
		return 0;
	ERR_clear_error();
	link->input = (struct slice){ bytes, n };
	if (link->state == TLS_LINK_HANDSHAKE) {
		rc = shake_hands(link);
		ret->is_secure = rc == 1;
	}
	if (rc == 1)
		rc = read_plain(link, ret);
	link->input = SLICE_NONE;
	send_out(link);
	ERR_clear_error();
	return rc < 0 ? rc : link->send_err;
}

int
tls_link_write(struct tls_link *link, const char *bytes, size_t n)
{
	size_t written;
	int rc = 0;

	CHECK_OBJ(link, LINK_MAGIC);
	CHECK(link->state != TLS_LINK_HANDSHAKE);
	if (link->state == TLS_LINK_FAILED)
		return -EPROTO;
	if (n == 0)
		return 0;
	ERR_clear_error();
	/* The BIO takes all there is; a context may still let it be called
	 * once for each record. */
	while (n > 0) {
		if (SSL_write_ex(link->ssl, bytes, n, &written) != 1) {
			rc = fail_by_openssl(link);
			break;
		}
		bytes += written;
		n -= written;
	}
	send_out(link);
	ERR_clear_error();
	return rc < 0 ? rc : link->send_err;
}

void
tls_link_end(struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	if (link->state == TLS_LINK_HANDSHAKE || link->state == TLS_LINK_FAILED)
		return;
	ERR_clear_error();
	(void)SSL_shutdown(link->ssl);
	send_out(link);
	ERR_clear_error();
}

/* ---- what is known ---- */

enum tls_link_state
tls_link_state(const struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return (enum tls_link_state)link->state;
}

bool
tls_link_is_text(const struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->is_text;
}

const char *
tls_link_reason(const struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->reason != NULL ? link->reason : "";
}

SSL *
tls_link_ssl(const struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return link->ssl;
}

size_t
tls_link_memory(const struct tls_link *link)
{
	CHECK_OBJ(link, LINK_MAGIC);
	return sizeof(*link) + TLS_LINK_OPENSSL_BYTES;
}
