/* SPDX-License-Identifier: MIT */
/* tls_trust.c - whom outgoing TLS connections trust.
 *
 * The system's authorities lie in a directory of files that are named after
 * their subject; OpenSSL opens the few that a handshake asks for.
 */
#include "net/tls_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/list.h"
#include "base/mem.h"
#include "rt/offload.h"

#define TRUST_MAGIC 0x74727374u

struct tls_trust {
	uint32_t magic;
	unsigned count;
	SSL_CTX *system;   /* NULL: not used yet */
	struct list files; /* of struct trust_file, the latest used first */
};

struct trust_file {
	struct link link;
	char *path;
	struct stat seen;
	SSL_CTX *ctx;
};

/* For the thread pool. */
struct loading {
	const char *path; /* NULL: the system's */
	struct stat stat; /* in: what is known; out: what was read */
	SSL_CTX *ctx;     /* NULL when nothing has changed */
	struct err *err;
};

static SSL_CTX *
ctx_make(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	CHECK(ctx != NULL); /* out of memory, or no OpenSSL at all */
	CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
	(void)SSL_CTX_set_options(
	    ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	/* Connections are kept open in pools; sessions are not. */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(
	    ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
cannot_read(struct loading *loading, int code)
{
	return err_set(loading->err, code, "cannot read the CA file %s: %s",
	    loading->path, strerrordesc_np(-code));
}

static int
load_file(struct loading *loading)
{
	struct stat now;
	/* OpenSSL does not tell why it cannot open a file. */
	int fd = open(loading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return cannot_read(loading, -errno);
	if (fstat(fd, &now) == -1)
		memset(&now, 0, sizeof(now));
	(void)close(fd);
	if (!S_ISREG(now.st_mode))
		return cannot_read(loading, -EISDIR);
	if (is_same(&now, &loading->stat))
		return 0;
	loading->stat = now;
	loading->ctx = ctx_make();
	if (SSL_CTX_load_verify_file(loading->ctx, loading->path) == 1)
		return 0;
	SSL_CTX_free(loading->ctx);
	loading->ctx = NULL;
	return err_set(loading->err, -EINVAL,
	    "no certificate can be read from the CA file %s", loading->path);
}

static int
load(void *arg)
{
	struct loading *loading = arg;
	int rc = 0;

	ERR_clear_error();
	if (loading->path != NULL) {
		rc = load_file(loading);
	} else {
		loading->ctx = ctx_make();
		CHECK(SSL_CTX_set_default_verify_paths(loading->ctx) == 1);
	}
	ERR_clear_error();
	return rc;
}

/* ---- the cache ---- */

static void
file_free(struct tls_trust *trust, struct trust_file *file)
{
	list_remove(&file->link);
	trust->count--;
	SSL_CTX_free(file->ctx);
	mem_free(file->path);
	mem_free(file);
}

/* Which is then the latest used. */
static struct trust_file *
file_find(struct tls_trust *trust, const char *path)
{
	LIST_FOR_EACH (link, safe, &trust->files) {
		struct trust_file *file =
		    CONTAINER_OF(link, struct trust_file, link);

		if (strcmp(file->path, path) != 0)
			continue;
		list_remove(link);
		list_push_front(&trust->files, link);
		return file;
	}
	return NULL;
}

static void
file_keep(struct tls_trust *trust, const struct loading *loading)
{
	struct trust_file *file = file_find(trust, loading->path);

	if (file == NULL && trust->count == TLS_TRUST_FILES_MAX)
		file = CONTAINER_OF(
		    trust->files.head.prev, struct trust_file, link);
	if (file != NULL)
		file_free(trust, file);
	file = mem_alloc(sizeof(*file));
	file->path = mem_dup(slice_of(loading->path));
	file->seen = loading->stat;
	file->ctx = loading->ctx;
	CHECK(SSL_CTX_up_ref(file->ctx) == 1);
	list_push_front(&trust->files, &file->link);
	trust->count++;
}

struct tls_trust *
tls_trust_new(void)
{
	struct tls_trust *trust = mem_alloc(sizeof(*trust));

	trust->magic = TRUST_MAGIC;
	list_init(&trust->files);
	return trust;
}

void
tls_trust_free(struct tls_trust **trust_p)
{
	struct tls_trust *trust = *trust_p;
	struct link *link;

	*trust_p = NULL;
	if (trust == NULL)
		return;
	CHECK_OBJ(trust, TRUST_MAGIC);
	while ((link = list_first(&trust->files)) != NULL)
		file_free(trust, CONTAINER_OF(link, struct trust_file, link));
	SSL_CTX_free(trust->system);
	trust->magic = 0;
	mem_free(trust);
}

static int
get_system(struct tls_trust *trust, SSL_CTX **ret_ctx, struct err *err)
{
	struct loading loading = { .err = err };
	int rc = 0;

	if (trust->system == NULL)
		rc = rt_offload(load, &loading);
	if (rc < 0)
		return err_set(err, rc, "%s", strerrordesc_np(-rc));
	/* Another fiber may have been faster. */
	if (trust->system == NULL)
		trust->system = loading.ctx;
	else
		SSL_CTX_free(loading.ctx);
	CHECK(SSL_CTX_up_ref(trust->system) == 1);
	*ret_ctx = trust->system;
	return 0;
}

int
tls_trust_get(struct tls_trust *trust, const char *ca_file, SSL_CTX **ret_ctx,
    struct err *err)
{
	struct err own = { 0 };
	struct loading loading = { .path = ca_file, .err = &own };
	struct trust_file *file;
	SSL_CTX *known = NULL;
	int rc;

	CHECK_OBJ(trust, TRUST_MAGIC);
	if (ca_file == NULL)
		return get_system(trust, ret_ctx, err);
	file = file_find(trust, ca_file);
	if (file != NULL) {
		loading.stat = file->seen;
		known = file->ctx;
		CHECK(SSL_CTX_up_ref(known) == 1);
	}
	rc = rt_offload(load, &loading);
	if (rc < 0) {
		SSL_CTX_free(known);
		return err_set(err, rc, "%s",
		    own.code != 0 ? own.text : strerrordesc_np(-rc));
	}
	if (loading.ctx == NULL) {
		*ret_ctx = known;
		return 0;
	}
	SSL_CTX_free(known);
	file_keep(trust, &loading);
	*ret_ctx = loading.ctx;
	return 0;
}
