/* SPDX-License-Identifier: MIT */
/* conn_tls.c - TLS on an outgoing connection.
 *
 * OpenSSL reads and writes the socket itself and says which of the two it
 * waits for; that is when the fiber parks.  The queue of errors belongs to
 * the thread: it is emptied before each call and read before the fiber parks.
 *
 * The handshake's steps run on the thread pool: they need a deep stack, take
 * about a millisecond, and may read certificates from the disk.
 */
#include "net/conn_tls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <uv.h>

#include "base/inet.h"
#include "base/mem.h"
#include "net/conn_private.h"
#include "net/tls_trust.h"
#include "rt/fiber.h"
#include "rt/offload.h"

/* SSL_peek and the like count in int. */
#define TLS_WRITE_MAX ((size_t)1 << 30)

struct conn_tls {
	SSL *ssl;
	struct conn *conn;
	bool is_open;  /* the handshake is done */
	bool is_dead;  /* no call but SSL_free is allowed any more */
	bool has_shut; /* we have said goodbye */
};

/* ---- what a call of OpenSSL came to ---- */

enum { STEP_DONE, STEP_READ, STEP_WRITE, STEP_END };

/* What SSL_get_error says of `returned`: a STEP_*, or negative errno, which
 * ends the session.  Leaves the queue of errors as it is. */
static int
step_result(SSL *ssl, int returned)
{
	int code = errno;
	unsigned long top = ERR_peek_error();

	switch (SSL_get_error(ssl, returned)) {
	case SSL_ERROR_NONE:
		return STEP_DONE;
	case SSL_ERROR_WANT_READ:
		return STEP_READ;
	case SSL_ERROR_WANT_WRITE:
		return STEP_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STEP_END;
	case SSL_ERROR_SYSCALL:
		return code != 0 ? conn__failure(code) : -ECONNRESET;
	default:
		return ERR_GET_REASON(top) == SSL_R_UNEXPECTED_EOF_WHILE_READING
			   ? -ECONNRESET
			   : -EPROTO;
	}
}

/* Waits for what a step wants.  Returns 0 go on; else why not. */
static int
wait_for(struct conn_tls *tls, int step, struct mono until)
{
	return conn__wait(
	    tls->conn, step == STEP_READ ? UV_READABLE : UV_WRITABLE, until);
}

static int
ended(struct conn_tls *tls, int rc)
{
	if (rc < 0) {
		tls->is_dead = true;
		ERR_clear_error();
	}
	return rc;
}

/* ---- the handshake ---- */

struct handshake {
	SSL *ssl;
	struct err *err;
	const char *name;
};

static int
tell_verify(const struct handshake *shake)
{
	long why = SSL_get_verify_result(shake->ssl);
	const char *text = X509_verify_cert_error_string(why);

	if (why == X509_V_ERR_HOSTNAME_MISMATCH ||
	    why == X509_V_ERR_IP_ADDRESS_MISMATCH)
		return err_set(shake->err, -EKEYREJECTED,
		    "certificate verify failed: %s, it is not for %s", text,
		    shake->name);
	return err_set(
	    shake->err, -EKEYREJECTED, "certificate verify failed: %s", text);
}

static int
tell_failure(const struct handshake *shake, int rc)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	if (rc == -ECONNRESET)
		return err_set(shake->err, rc,
		    "TLS: the peer closed the connection in the handshake");
	if (rc != -EPROTO)
		return err_set(shake->err, rc, "TLS: %s", conn__reason(rc));
	if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return tell_verify(shake);
	if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
		text = "wrong version number, does the peer speak TLS here?";
	return err_set(shake->err, rc, "TLS: %s",
	    text != NULL ? text : "the handshake failed");
}

/* For the thread pool. */
static int
handshake_step(void *arg)
{
	const struct handshake *shake = arg;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = step_result(shake->ssl, SSL_connect(shake->ssl));
	if (rc == STEP_END)
		rc = -ECONNRESET;
	if (rc < 0)
		rc = tell_failure(shake, rc);
	ERR_clear_error();
	return rc;
}

static int
handshake_run(
    struct conn_tls *tls, const char *name, struct mono until, struct err *err)
{
	struct err own = { 0 };
	struct handshake shake = { tls->ssl, &own, name };
	int rc;

	do {
		rc = rt_offload(handshake_step, &shake);
		if (rc > STEP_DONE)
			rc = wait_for(tls, rc, until);
		else if (rc == STEP_DONE)
			return 0;
	} while (rc == 0);
	return err_set(
	    err, rc, "%s", own.code != 0 ? own.text : conn__reason(rc));
}

static int
ask_for(SSL *ssl, const struct conn_tls_options *options)
{
	struct inet_addr addr;
	bool is_ip;

	if (options->is_unverified)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (options->name == NULL)
		return 1;
	is_ip = inet_parse(slice_of(options->name), &addr) == 0;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* SSL_set_tlsext_host_name casts const away, which clang dislikes. */
	if (!is_ip && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
			  TLSEXT_NAMETYPE_host_name,
			  (void *)(uintptr_t)options->name) != 1)
		return 0;
	if (options->is_unverified)
		return 1;
	return is_ip ? X509_VERIFY_PARAM_set1_ip_asc(
			   SSL_get0_param(ssl), options->name)
		     : SSL_set1_host(ssl, options->name);
}

static int
tls_attach(struct conn *conn, struct tls_trust *trust,
    const struct conn_tls_options *options, struct err *err)
{
	SSL_CTX *ctx;
	SSL *ssl;
	int rc = tls_trust_get(trust, options->ca_file, &ctx, err);

	if (rc < 0)
		return rc;
	ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	CHECK(ssl != NULL && SSL_set_fd(ssl, conn_fd(conn)) == 1);
	if (ask_for(ssl, options) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return err_set(err, -EINVAL,
		    "'%s' cannot be the name of a TLS server", options->name);
	}
	conn->tls = mem_alloc(sizeof(*conn->tls));
	conn->tls->ssl = ssl;
	conn->tls->conn = conn;
	return 0;
}

/* Bytes that came ahead were sent in clear by whoever can speak for the
 * server (as in CVE-2021-38371). */
static int
may_begin(const struct conn *conn, const struct conn_tls_options *options,
    struct err *err)
{
	int rc = fiber_check();

	if (rc < 0)
		return err_set(err, rc, "%s", conn__reason(rc));
	if (conn->tls != NULL)
		return err_set(err, -EINVAL, "TLS: it has begun already");
	if (options->name == NULL && !options->is_unverified)
		return err_set(err, -EINVAL,
		    "TLS: no name to look for in the peer's certificate");
	if (conn__buffered(conn) > 0)
		return err_set(err, -EPROTO,
		    "TLS: the peer sent more in clear than was asked for");
	return 0;
}

/* Nothing more is sent, least of all in clear, and nothing is believed that
 * has come. */
static void
give_up(struct conn *conn)
{
	if (conn->tls == NULL)
		conn->tls = mem_alloc(sizeof(*conn->tls));
	conn->tls->is_dead = true;
	conn->is_broken = true;
	buf_done(&conn->in);
	conn->taken = 0;
}

int
conn_tls__start(struct conn *conn, struct tls_trust *trust,
    const struct conn_tls_options *options, struct mono until, struct err *err)
{
	int rc;

	CHECK_OBJ(conn, CONN_MAGIC);
	rc = may_begin(conn, options, err);
	if (rc == 0)
		rc = tls_attach(conn, trust, options, err);
	if (rc == 0) {
		rc = handshake_run(conn->tls, options->name, until, err);
		conn->tls->is_open = rc == 0;
	}
	if (rc < 0)
		give_up(conn);
	return rc;
}

int
conn_tls_start(struct conn *conn, struct tls_trust *trust,
    const struct conn_tls_options *options, uint64_t timeout_ms,
    struct err *err)
{
	return conn_tls__start(
	    conn, trust, options, conn__until(timeout_ms), err);
}

bool
conn_is_tls(const struct conn *conn)
{
	CHECK_OBJ(conn, CONN_MAGIC);
	return conn->tls != NULL;
}

/* ---- what conn.c asks for ---- */

ssize_t
conn_tls__read(struct conn_tls *tls, void *buf, size_t size, struct mono until)
{
	size_t n;
	int rc;

	if (tls->is_dead)
		return -EPROTO;
	for (;;) {
		ERR_clear_error();
		errno = 0;
		rc =
		    step_result(tls->ssl, SSL_read_ex(tls->ssl, buf, size, &n));
		if (rc == STEP_DONE)
			return (ssize_t)n;
		if (rc == STEP_END)
			return 0;
		if (rc < 0)
			return ended(tls, rc);
		rc = wait_for(tls, rc, until);
		if (rc < 0)
			return rc; /* it may be tried again */
	}
}

int
conn_tls__write(
    struct conn_tls *tls, const char *bytes, size_t size, struct mono until)
{
	size_t n;
	int rc;

	if (tls->is_dead || tls->has_shut)
		return tls->is_dead ? -EPROTO : -EPIPE;
	while (size > 0) {
		n = size < TLS_WRITE_MAX ? size : TLS_WRITE_MAX;
		ERR_clear_error();
		errno = 0;
		rc =
		    step_result(tls->ssl, SSL_write_ex(tls->ssl, bytes, n, &n));
		if (rc == STEP_DONE) {
			bytes += n;
			size -= n;
			continue;
		}
		if (rc > STEP_DONE && rc != STEP_END)
			rc = wait_for(tls, rc, until);
		else if (rc == STEP_END)
			rc = -EPIPE;
		if (rc < 0)
			return ended(tls, rc);
	}
	return 0;
}

void
conn_tls__try_write(struct conn_tls *tls, const char *bytes, size_t size)
{
	size_t n;

	if (tls->is_dead || tls->has_shut || !tls->is_open)
		return;
	ERR_clear_error();
	(void)SSL_write_ex(tls->ssl, bytes, size, &n);
	ERR_clear_error();
}

/* Also takes in what a server sends on its own after a handshake. */
bool
conn_tls__is_idle(struct conn_tls *tls)
{
	char byte;
	int rc;

	if (!tls->is_open || tls->is_dead || tls->has_shut)
		return false;
	ERR_clear_error();
	errno = 0;
	rc = step_result(tls->ssl, SSL_peek(tls->ssl, &byte, 1));
	return ended(tls, rc) == STEP_READ;
}

int
conn_tls__shutdown(struct conn_tls *tls)
{
	int rc;

	if (!tls->is_open || tls->is_dead)
		return -EPROTO;
	if (tls->has_shut)
		return 0;
	ERR_clear_error();
	errno = 0;
	rc = SSL_shutdown(tls->ssl);
	tls->has_shut = rc >= 0;
	if (rc >= 0)
		return 0; /* sent; 0 when the peer's has not come yet */
	rc = step_result(tls->ssl, rc);
	if (rc >= 0)
		return -EAGAIN;
	return ended(tls, rc);
}

void
conn_tls__free(struct conn_tls **tls_p)
{
	struct conn_tls *tls = *tls_p;

	*tls_p = NULL;
	if (tls == NULL)
		return;
	/* No answer is waited for; what the socket does not take is lost. */
	if (tls->is_open && !tls->is_dead && !tls->has_shut) {
		ERR_clear_error();
		(void)SSL_shutdown(tls->ssl);
	}
	SSL_free(tls->ssl);
	ERR_clear_error();
	mem_free(tls);
}
