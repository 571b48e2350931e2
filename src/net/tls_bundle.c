/* SPDX-License-Identifier: MIT */
/* tls_bundle.c - the material of all listeners as a sealed memory file.
 *
 * The file is a row of fields, each with its length in front.  One function
 * for each struct serves for measuring, writing and reading (struct pass), so
 * that they cannot come apart.
 */
#include "net/tls_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#define BUNDLE_MAX (256u << 20)

enum pass_kind { MEASURE, WRITE, READ };

struct pass {
	enum pass_kind kind;
	char *p; /* WRITE, READ */
	size_t n, size;
	struct arena *arena; /* READ */
	bool is_bad;
};

/* A number or `size` raw bytes.  What is written may lie in constants: only
 * READ changes anything. */
static void
pass_raw(struct pass *pass, void *at, size_t size)
{
	if (pass->kind != MEASURE && pass->size - pass->n < size)
		pass->is_bad = true;
	if (pass->is_bad)
		return;
	if (pass->kind == WRITE)
		memcpy(pass->p + pass->n, at, size);
	else if (pass->kind == READ)
		memcpy(at, pass->p + pass->n, size);
	pass->n += size;
}

static void
pass_bool(struct pass *pass, bool *at)
{
	unsigned char byte = *at;

	pass_raw(pass, &byte, 1);
	if (pass->kind == READ)
		*at = byte != 0;
}

static void
pass_slice(struct pass *pass, struct slice *s)
{
	pass_raw(pass, &s->n, sizeof(s->n));
	if (pass->kind != MEASURE && pass->size - pass->n < s->n)
		pass->is_bad = true;
	if (pass->is_bad) {
		if (pass->kind == READ)
			*s = SLICE_NONE;
		return;
	}
	if (pass->kind == WRITE && s->n > 0)
		memcpy(pass->p + pass->n, s->p, s->n);
	else if (pass->kind == READ)
		s->p = pass->p + pass->n;
	pass->n += s->n;
}

static void
pass_str(struct pass *pass, hl_str *str)
{
	struct slice s = slice_str(*str);

	pass_slice(pass, &s);
	if (pass->kind == READ)
		*str = arena_str(pass->arena, s);
}

/* A table of `size` bytes for each element; what is there when writing. */
static void *
pass_table(struct pass *pass, const void *old, size_t *count, size_t size)
{
	pass_raw(pass, count, sizeof(*count));
	if (pass->kind != READ)
		return (void *)(uintptr_t)old;
	/* Every element takes some bytes of the file. */
	if (*count > pass->size - pass->n)
		pass->is_bad = true;
	if (pass->is_bad)
		*count = 0;
	return arena_array(pass->arena, *count, size);
}

static void
pass_pair(struct pass *pass, struct tls_pair *pair)
{
	pass_slice(pass, &pair->cert);
	pass_slice(pass, &pair->key);
	pass_slice(pass, &pair->ocsp);
}

static void
pass_site(struct pass *pass, struct tls_site *site)
{
	struct tls_pair *pairs;

	pass_str(pass, &site->name);
	pairs = pass_table(
	    pass, site->pairs, &site->pair_count, sizeof(*site->pairs));
	for (size_t i = 0; i < site->pair_count; i++)
		pass_pair(pass, &pairs[i]);
	if (pass->kind == READ)
		site->pairs = pairs;
}

static void
pass_material(struct pass *pass, struct tls_material *material)
{
	struct tls_site *sites;

	pass_str(pass, &material->scope);
	pass_slice(pass, &material->client_ca);
	pass_slice(pass, &material->chain_ca);
	pass_slice(pass, &material->dh);
	pass_str(pass, &material->ciphers);
	pass_raw(pass, &material->protocols, sizeof(material->protocols));
	pass_bool(pass, &material->request_cert);
	pass_bool(pass, &material->is_implicit);
	sites = pass_table(
	    pass, material->sites, &material->site_count, sizeof(*sites));
	for (size_t i = 0; i < material->site_count; i++)
		pass_site(pass, &sites[i]);
	if (pass->kind == READ)
		material->sites = sites;
}

static struct tls_scope *
pass_bundle(struct pass *pass, const struct tls_scope *old, size_t *count)
{
	struct tls_scope *scopes =
	    pass_table(pass, old, count, sizeof(*scopes));

	for (size_t i = 0; i < *count; i++) {
		pass_str(pass, &scopes[i].chain);
		pass_material(pass, &scopes[i].material);
	}
	return scopes;
}

/* ---- files --------------------------------------------------------------- */

static int
map_written(int fd, size_t size, void **ret)
{
	if (ftruncate(fd, (off_t)size) == -1)
		return -errno;
	*ret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return *ret == MAP_FAILED ? -errno : 0;
}

/* Nobody writes to it any more.  Returns it; or `rc` or what goes wrong, and
 * it is closed. */
static int
sealed(int fd, int rc)
{
	if (rc == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == -1)
		rc = -errno;
	if (rc == 0)
		return fd;
	(void)close(fd);
	return rc;
}

int
tls_bundle_make(const struct tls_scope *scopes, size_t count)
{
	struct pass pass = { .kind = MEASURE };
	void *map = NULL;
	int fd, rc;

	(void)pass_bundle(&pass, scopes, &count);
	fd = memfd_create("tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -errno;
	rc = map_written(fd, pass.n, &map);
	if (rc == 0) {
		pass = (struct pass){ WRITE, map, 0, pass.n, NULL, false };
		(void)pass_bundle(&pass, scopes, &count);
		CHECK(!pass.is_bad);
		(void)munmap(map, pass.size);
	}
	return sealed(fd, rc);
}

int
tls_bundle_open(int fd, struct tls_bundle *ret)
{
	struct tls_bundle bundle = { 0 };
	struct pass pass = { .kind = READ };
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -errno;
	if (st.st_size <= 0 || st.st_size > BUNDLE_MAX)
		return -EINVAL;
	bundle.map_size = (size_t)st.st_size;
	bundle.map = mmap(NULL, bundle.map_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bundle.map == MAP_FAILED)
		return -errno;
	(void)madvise(bundle.map, bundle.map_size, MADV_DONTDUMP);
	arena_init(&bundle.arena, 4096, 0);
	pass.p = bundle.map;
	pass.size = bundle.map_size;
	pass.arena = &bundle.arena;
	bundle.scopes = pass_bundle(&pass, NULL, &bundle.count);
	if (pass.is_bad || pass.n != pass.size) {
		tls_bundle_close(&bundle);
		return -EINVAL;
	}
	*ret = bundle;
	return 0;
}

void
tls_bundle_close(struct tls_bundle *bundle)
{
	arena_done(&bundle->arena);
	if (bundle->map != NULL)
		(void)munmap(bundle->map, bundle->map_size);
	*bundle = (struct tls_bundle){ 0 };
}

int
tls_ticket_file_make(const struct tls_ticket_keys *keys)
{
	int fd = memfd_create("tickets", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int rc = 0;
	ssize_t n;

	if (fd == -1)
		return -errno;
	n = write(fd, keys, sizeof(*keys));
	if (n != (ssize_t)sizeof(*keys))
		rc = n == -1 ? -errno : -EIO;
	return sealed(fd, rc);
}

/* The position is shared by all who have the descriptor. */
int
tls_ticket_file_read(int fd, struct tls_ticket_keys *ret)
{
	struct tls_ticket_keys keys;
	ssize_t n = pread(fd, &keys, sizeof(keys), 0);
	int rc = 0;

	if (n == -1)
		rc = -errno;
	else if (n != (ssize_t)sizeof(keys) || keys.count > TLS_TICKET_KEYS)
		rc = -EINVAL;
	else
		*ret = keys;
	secret_wipe(&keys, sizeof(keys));
	return rc;
}
