/* SPDX-License-Identifier: MIT */
/* test_tls_bundle.c - material through a memory file, and what is refused. */
#include "../unit.h"

#include <errno.h>
#include <sys/mman.h>

#include "net/tls_bundle.h"

static const struct tls_pair pairs[] = {
	{ { "cert", 4 }, { "k\0y", 3 }, { NULL, 0 } },
	{ { "cert2", 5 }, { "key2", 4 }, { "\0\xff", 2 } },
};
static const struct tls_site sites[] = {
	{ { "mx.example", 10 }, pairs, 2 },
	{ { "", 0 }, pairs, 1 },
	{ { "*.example", 9 }, NULL, 0 },
};

static const struct tls_scope *
scopes(void)
{
	static struct tls_scope all[2];

	all[0] = (struct tls_scope){ STR_LIT("plugins"),
		{ .scope = STR_LIT("127.0.0.1:25"),
		    .sites = sites,
		    .site_count = 3,
		    .client_ca = SLICE_LIT("ca"),
		    .chain_ca = SLICE_LIT("chain"),
		    .dh = SLICE_LIT("dh"),
		    .ciphers = STR_LIT("HIGH"),
		    .protocols = TLS_V1_3,
		    .request_cert = true } };
	all[1] = (struct tls_scope){ STR_LIT("plugins.sub"),
		{ .scope = STR_LIT("sub"),
		    .sites = sites,
		    .site_count = 1,
		    .is_implicit = true } };
	return all;
}

static void
same_bytes(struct slice a, struct slice b)
{
	assert_true(slice_eq(a, b));
}

static void
same_material(const struct tls_material *a, const struct tls_material *b)
{
	assert_true(str_eq(a->scope, b->scope));
	assert_true(str_eq(a->ciphers, b->ciphers) || a->ciphers.n == 0);
	same_bytes(a->client_ca, b->client_ca);
	same_bytes(a->chain_ca, b->chain_ca);
	same_bytes(a->dh, b->dh);
	assert_int_equal(a->protocols, b->protocols);
	assert_int_equal(a->request_cert, b->request_cert);
	assert_int_equal(a->is_implicit, b->is_implicit);
	assert_int_equal(a->site_count, b->site_count);
	for (size_t i = 0; i < a->site_count; i++) {
		const struct tls_site *x = &a->sites[i], *y = &b->sites[i];

		assert_true(str_eq(x->name, y->name));
		assert_int_equal(x->pair_count, y->pair_count);
		for (size_t j = 0; j < x->pair_count; j++) {
			same_bytes(x->pairs[j].cert, y->pairs[j].cert);
			same_bytes(x->pairs[j].key, y->pairs[j].key);
			same_bytes(x->pairs[j].ocsp, y->pairs[j].ocsp);
		}
	}
}

static void
there_and_back(void **state)
{
	int fd = tls_bundle_make(scopes(), 2);
	struct tls_bundle bundle;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tls_bundle_open(fd, &bundle), 0);
	/* The mapping does not need the descriptor. */
	(void)close(fd);
	assert_int_equal(bundle.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_true(str_eq(bundle.scopes[i].chain, scopes()[i].chain));
		same_material(
		    &scopes()[i].material, &bundle.scopes[i].material);
	}
	tls_bundle_close(&bundle);
	assert_null(bundle.map);
}

static void
nothing_in_it(void **state)
{
	int fd = tls_bundle_make(NULL, 0);
	struct tls_bundle bundle;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(tls_bundle_open(fd, &bundle), 0);
	assert_int_equal(bundle.count, 0);
	tls_bundle_close(&bundle);
	(void)close(fd);
}

/* A reader cannot change what the others read. */
static void
sealed(void **state)
{
	int fd = tls_bundle_make(scopes(), 2);

	(void)state;
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_ptr_equal(
	    mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
	    MAP_FAILED);
	(void)close(fd);
}

/* Cut anywhere, or with any byte changed, it is refused or whole. */
static void
damaged(void **state)
{
	static char bytes[4096];
	int good = tls_bundle_make(scopes(), 2), fd;
	ssize_t n = pread(good, bytes, sizeof(bytes), 0);
	struct tls_bundle bundle;

	(void)state;
	assert_true(n > 0 && n < (ssize_t)sizeof(bytes));
	fd = memfd_create("damaged", MFD_CLOEXEC);
	for (ssize_t cut = 0; cut < n; cut++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, bytes, (size_t)cut, 0), cut);
		assert_int_equal(tls_bundle_open(fd, &bundle), -EINVAL);
	}
	for (ssize_t at = 0; at < n; at++) {
		char saved = bytes[at];

		bytes[at] = (char)(saved ^ 0x81);
		assert_int_equal(pwrite(fd, bytes, (size_t)n, 0), n);
		if (tls_bundle_open(fd, &bundle) == 0)
			tls_bundle_close(&bundle);
		bytes[at] = saved;
	}
	assert_int_equal(pwrite(fd, bytes, (size_t)n, 0), n);
	assert_int_equal(pwrite(fd, "x", 1, n), 1);
	assert_int_equal(tls_bundle_open(fd, &bundle), -EINVAL);
	(void)close(fd);
	(void)close(good);
}

static void
tickets(void **state)
{
	struct tls_ticket_keys keys = { 0 }, got;
	int fd, bad;

	(void)state;
	tls_ticket_keys_rotate(&keys);
	tls_ticket_keys_rotate(&keys);
	fd = tls_ticket_file_make(&keys);
	assert_true(fd >= 0);
	/* Several readers of one descriptor. */
	for (unsigned i = 0; i < 2; i++) {
		memset(&got, 0, sizeof(got));
		assert_int_equal(tls_ticket_file_read(fd, &got), 0);
		assert_memory_equal(&got, &keys, sizeof(keys));
	}
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	(void)close(fd);
	keys.count = TLS_TICKET_KEYS + 1;
	fd = tls_ticket_file_make(&keys);
	assert_int_equal(tls_ticket_file_read(fd, &got), -EINVAL);
	(void)close(fd);
	bad = memfd_create("bad", MFD_CLOEXEC);
	assert_int_equal(tls_ticket_file_read(bad, &got), -EINVAL);
	(void)close(bad);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_in_it),
		cmocka_unit_test(sealed),
		cmocka_unit_test(damaged),
		cmocka_unit_test(tickets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
