/* SPDX-License-Identifier: MIT */
/* test_tls_store.c - what is read, what is a fault, what is taken later. */
#include "../unit.h"

#include <errno.h>
#include <openssl/ocsp.h>
#include <sys/stat.h>

#include "../conf/sandbox.h"
#include "../net/tls_pki.h"
#include "base/mem.h"
#include "conf/conf_listen.h"
#include "net/tls_bundle.h"
#include "proc/tls_end.h"
#include "proc/tls_store.h"

#define DAY 86400

static struct sandbox box;
static struct pki_cert ca, one, one_new, rsa, rsa2, weak, weak_ca, under;

static int
group_set_up(void **state)
{
	(void)state;
	ca = pki_make("Test CA", &(struct pki_options){ .is_ca = true });
	one = pki_make("one.example", &(struct pki_options){ .issuer = &ca });
	one_new =
	    pki_make("one.example", &(struct pki_options){ .issuer = &ca });
	rsa = pki_make("one.example", &(struct pki_options){ .kind = "RSA" });
	rsa2 = pki_make("one.example", &(struct pki_options){ .kind = "RSA" });
	weak = pki_make("weak", &(struct pki_options){ .kind = "RSA1024" });
	weak_ca = pki_make(
	    "Weak CA", &(struct pki_options){
			   .kind = "RSA1024", .issuer = &ca, .is_ca = true });
	under = pki_make(
	    "one.example", &(struct pki_options){ .issuer = &weak_ca });
	return 0;
}

static int
group_tear_down(void **state)
{
	struct pki_cert *all[] = { &ca, &one, &one_new, &rsa, &rsa2, &weak,
		&weak_ca, &under };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		pki_done(all[i]);
	return 0;
}

static void
put(const char *name, const struct buf *bytes)
{
	sandbox_bytes(&box, name, bytes->p, bytes->n, 9999);
}

static int
set_up(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	put("one.crt", &one.cert);
	put("one.key", &one.key);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

/* ---- making one ---------------------------------------------------------- */

static struct conf_faults faults;

static int
make_with(const char *listen, const struct tls_store_options *options,
    struct tls_store **ret)
{
	struct conf_listeners *listeners = NULL;
	hl_str lines[8];
	struct slice rest = slice_of(listen), line;
	struct conf_list *list;
	size_t count = 0;
	int rc;

	while (slice_cut(&rest, '\n', &line))
		lines[count++] = (hl_str){ mem_dup(line), line.n };
	list = conf_list_from(STR_LIT("listen"), lines, count);
	for (size_t i = 0; i < count; i++)
		mem_free((void *)(uintptr_t)lines[i].p);
	assert_int_equal(conf_listen_parse(list, &listeners, NULL), 0);
	conf_list_unref(&list);
	sandbox_open(&box);
	conf_faults_init(&faults);
	*ret = NULL;
	rc = tls_store_new(box.dir, listeners, options, ret, &faults);
	conf_dir_free(&box.dir);
	conf_listeners_free(&listeners);
	assert_true((rc == 0) == (*ret != NULL));
	return rc;
}

static struct tls_store *
make(const char *listen)
{
	struct tls_store *store;

	if (make_with(listen, &(struct tls_store_options){ 0 }, &store) < 0)
		fail_msg("%s", faults.at[0].text.p);
	conf_faults_done(&faults);
	return store;
}

/* The bundle of `store`, for the caller to close. */
static struct tls_bundle
bundle_of(struct tls_store *store)
{
	struct tls_bundle bundle;
	int fd = tls_store_bundle(store);

	assert_true(fd >= 0);
	assert_int_equal(tls_bundle_open(fd, &bundle), 0);
	return bundle;
}

static bool
holds(struct slice got, const struct buf *want)
{
	return slice_eq(got, buf_slice(want));
}

static void
no_tls(void **state)
{
	struct tls_store *store = make("127.0.0.1:25\n127.0.0.1:26");

	(void)state;
	assert_true(tls_store_is_empty(store));
	assert_int_equal(tls_store_count(store), 0);
	tls_store_free(&store);
}

/* Listeners of one name, chain and kind share a scope; files are read once. */
static void
scopes(void **state)
{
	const struct tls_material *material;
	struct tls_bundle bundle;
	struct tls_store *store;

	(void)state;
	sandbox_write(&box, "plugins", "tls one.crt one.key\n", 9999);
	sandbox_write(&box, "plugins.none", "rcpt_ok\n", 9999);
	sandbox_write(&box, "sub/tls_certs",
	    "one.example one.crt one.key\n*.example one.crt one.key\n", 9999);
	sandbox_write(&box, "sub/tls_protocols", "TLSv1_3\n", 9999);
	sandbox_write(&box, "sub/tls_client_ca", "ca.crt\n", 9999);
	sandbox_write(&box, "sub/tls_request_cert", "1\n", 9999);
	put("ca.crt", &ca.cert);
	store = make("127.0.0.1:25 name=mx\n[::1]:25 name=mx\n"
		     "127.0.0.1:465 tls name=sub\n127.0.0.1:587 name=sub\n"
		     "127.0.0.1:24 lmtp plugins=plugins.none");
	assert_int_equal(tls_store_count(store), 2);
	bundle = bundle_of(store);
	assert_int_equal(bundle.count, 3);
	material = &bundle.scopes[0].material;
	assert_string_equal(material->scope.p, "mx");
	assert_string_equal(bundle.scopes[0].chain.p, "plugins");
	assert_false(material->is_implicit);
	assert_int_equal(material->site_count, 1);
	assert_string_equal(material->sites[0].name.p, "");
	assert_true(holds(material->sites[0].pairs[0].cert, &one.cert));
	assert_true(holds(material->sites[0].pairs[0].key, &one.key));
	material = &bundle.scopes[1].material;
	assert_string_equal(material->scope.p, "sub");
	assert_true(material->is_implicit);
	assert_int_equal(material->site_count, 3);
	assert_int_equal(material->protocols, TLS_V1_3);
	assert_true(material->request_cert);
	assert_true(holds(material->client_ca, &ca.cert));
	assert_false(bundle.scopes[2].material.is_implicit);
	tls_bundle_close(&bundle);
	tls_store_free(&store);
	assert_null(store);
}

static void
bad(void **state)
{
	static const struct {
		const char *name, *listen, *plugins, *certs, *want;
	} cases[] = {
		{ "no certificate", "127.0.0.1:25\n127.0.0.1:465 tls", "", "",
		    "listen:2: the listener is marked tls but has no" },
		{ "missing", "127.0.0.1:25", "rcpt_ok\ntls no.crt one.key\n",
		    "", "plugins:2: BOX/no.crt: No such file or directory; " },
		{ "missing key", "127.0.0.1:25", "",
		    "a.example one.crt no.key\n",
		    "tls_certs:1: BOX/no.key: No such file or directory; " },
		{ "defaults", "127.0.0.1:25", "tls\n", "",
		    "plugins:1: BOX/ssl/qpsmtpd-server.crt: No such file" },
		{ "a directory", "127.0.0.1:25", "tls . one.key\n", "",
		    "plugins:1: BOX/.: it is not a file" },
		{ "no PEM", "127.0.0.1:25", "tls plugins one.key\n", "",
		    "plugins:1: BOX/plugins, BOX/one.key: certificate: no "
		    "certificate in it" },
		{ "mismatch", "127.0.0.1:25", "tls one.crt rsa.key\n", "",
		    "plugins:1: BOX/one.crt, BOX/rsa.key: key and certificate "
		    "do not belong together" },
		{ "weak", "127.0.0.1:25", "tls weak.crt weak.key\n", "",
		    "plugins:1: BOX/weak.crt, BOX/weak.key: the certificate "
		    "is too weak" },
		{ "two of a kind", "127.0.0.1:25", "",
		    "a.example one.crt one.key\na.example rsa.crt rsa.key\n"
		    "a.example rsa2.crt rsa2.key\n",
		    "tls_certs:3: a.example: it has two certificates with "
		    "RSA keys" },
		{ "CA", "127.0.0.1:25", "tls one.crt one.key no.ca\n", "",
		    "plugins:1: BOX/no.ca: No such file" },
		{ "DH", "127.0.0.1:25", "tls one.crt one.key one.crt one.crt\n",
		    "", "plugins:1: BOX/one.crt: DH parameters: none in it" },
		{ "line", "127.0.0.1:25", "", "a.example one.crt\n",
		    "tls_certs:1: a line is NAME CERT KEY" },
		{ "plugin line", "127.0.0.1:465 tls",
		    "tls one.crt one.key\nrcpt_ok hl.timeot=3\n", "",
		    "plugins:2: unknown word hl.timeot" },
	};

	(void)state;
	put("rsa.crt", &rsa.cert);
	put("rsa.key", &rsa.key);
	put("rsa2.crt", &rsa2.cert);
	put("rsa2.key", &rsa2.key);
	put("weak.crt", &weak.cert);
	put("weak.key", &weak.key);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tls_store *store;
		struct buf got = BUF_INIT, want = BUF_INIT;
		struct conf_fault fault;
		const char *rest = cases[i].want, *mark;

		sandbox_write(&box, "plugins", cases[i].plugins, 9999);
		sandbox_write(&box, "tls_certs", cases[i].certs, 9999);
		UNIT_CASE(cases[i].name,
		    make_with(cases[i].listen, &(struct tls_store_options){ 0 },
			&store) == -EINVAL);
		fault = faults.at[0];
		if (fault.file.p[0] == '/')
			fault.file =
			    str_of(fault.file.p + strlen(box.path) + 1);
		conf_fault_print(&got, &fault);
		while ((mark = strstr(rest, "BOX")) != NULL) {
			buf_add(&want, rest, (size_t)(mark - rest));
			buf_add_text(&want, box.path);
			rest = mark + 3;
		}
		buf_add_text(&want, rest);
		if (!slice_starts(buf_slice(&got), want.p) || faults.count != 1)
			fail_msg(
			    "%s: %zu, %s", cases[i].name, faults.count, got.p);
		buf_done(&got);
		buf_done(&want);
		conf_faults_done(&faults);
	}
}

/* A CA that no word names is taken where it is, and not missed else. */
static void
default_files(void **state)
{
	struct tls_store *store;
	struct tls_bundle bundle;

	(void)state;
	put("ssl/qpsmtpd-server.crt", &one.cert);
	put("ssl/qpsmtpd-server.key", &one.key);
	sandbox_write(&box, "plugins", "tls\n", 9999);
	store = make("127.0.0.1:25");
	assert_int_equal(tls_store_count(store), 1);
	tls_store_free(&store);
	put("ssl/qpsmtpd-ca.crt", &ca.cert);
	store = make("127.0.0.1:25");
	assert_int_equal(tls_store_count(store), 2);
	bundle = bundle_of(store);
	assert_true(holds(bundle.scopes[0].material.chain_ca, &ca.cert));
	tls_bundle_close(&bundle);
	tls_store_free(&store);
}

/* A wrong cipher list is told where it stands, and once. */
static void
bad_ciphers(void **state)
{
	struct tls_store *store;

	(void)state;
	sandbox_write(&box, "plugins", "tls one.crt one.key\n", 9999);
	sandbox_write(&box, "tls_ciphers", "#\nNOSUCH\n", 9999);
	assert_int_equal(
	    make_with("127.0.0.1:25", &(struct tls_store_options){ 0 }, &store),
	    -EINVAL);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.at[0].line, 2);
	assert_non_null(strstr(faults.at[0].file.p, "/tls_ciphers"));
	conf_faults_done(&faults);
}

/* The check of a reload opens no file, but reads the configuration. */
static void
blind(void **state)
{
	const struct tls_store_options options = { .is_check = true,
		.is_blind = true };
	struct tls_store *store;

	(void)state;
	sandbox_write(&box, "plugins", "tls no.crt no.key\n", 9999);
	assert_int_equal(make_with("127.0.0.1:25", &options, &store), 0);
	assert_true(tls_store_at(store, 0)->is_skipped);
	conf_faults_done(&faults);
	tls_store_free(&store);
	sandbox_write(&box, "tls_certs", "x\n", 9999);
	assert_int_equal(make_with("127.0.0.1:25", &options, &store), -EINVAL);
	conf_faults_done(&faults);
}

/* ---- later versions ------------------------------------------------------ */

struct seen {
	unsigned taken, refused, mended;
};

static void
on_change(void *arg, struct tls_item *item, enum tls_item_change change)
{
	struct seen *seen = arg;

	(void)item;
	seen->taken += change == TLS_ITEM_TAKEN;
	seen->refused += change == TLS_ITEM_REFUSED;
	seen->mended += change == TLS_ITEM_MENDED;
}

/* "T", "R", "M" for each change of one look. */
static const char *
look(struct tls_store *store, bool is_forced)
{
	static char text[8];
	struct seen seen = { 0 };
	size_t n = 0;

	tls_store_look(store, is_forced, on_change, &seen);
	for (unsigned i = 0; i < seen.taken; i++)
		text[n++] = 'T';
	for (unsigned i = 0; i < seen.refused; i++)
		text[n++] = 'R';
	for (unsigned i = 0; i < seen.mended; i++)
		text[n++] = 'M';
	text[n] = '\0';
	return text;
}

static bool
serves(struct tls_store *store, const struct buf *cert, const struct buf *key)
{
	struct tls_bundle bundle = bundle_of(store);
	const struct tls_pair *pair =
	    &bundle.scopes[0].material.sites[0].pairs[0];
	bool is = holds(pair->cert, cert) && holds(pair->key, key);

	tls_bundle_close(&bundle);
	return is;
}

static struct tls_store *
one_store(void)
{
	struct tls_store *store;

	sandbox_write(&box, "plugins", "tls one.crt one.key\n", 9999);
	store = make("127.0.0.1:25");
	assert_true(serves(store, &one.cert, &one.key));
	assert_string_equal(look(store, false), "");
	return store;
}

static void
renewal(void **state)
{
	struct tls_store *store = one_store();
	unsigned version = tls_store_version(store);

	(void)state;
	/* The certificate first: not whole yet, and no fault so soon. */
	put("one.crt", &one_new.cert);
	assert_string_equal(look(store, false), "");
	put("one.key", &one_new.key);
	assert_string_equal(look(store, false), "T");
	assert_true(serves(store, &one_new.cert, &one_new.key));
	assert_true(tls_store_version(store) != version);
	/* The same bytes again are no renewal. */
	version = tls_store_version(store);
	put("one.key", &one_new.key);
	assert_string_equal(look(store, false), "");
	(void)tls_store_bundle(store);
	assert_int_equal(tls_store_version(store), version);
	tls_store_free(&store);
}

static void
bad_renewal(void **state)
{
	struct tls_store *store = one_store();
	const struct tls_item *item = tls_store_at(store, 0);

	(void)state;
	put("one.crt", &one_new.cert);
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	assert_non_null(strstr(item->fault.text, "do not belong together"));
	/* Told once. */
	assert_string_equal(look(store, false), "");
	assert_true(serves(store, &one.cert, &one.key));
	/* Another bad version is another fault. */
	sandbox_write(&box, "one.crt", "hello", 9999);
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	/* Back to what holds. */
	put("one.crt", &one.cert);
	assert_string_equal(look(store, false), "M");
	assert_int_equal(item->fault.code, 0);
	/* A file that is gone. */
	sandbox_remove(&box, "one.key");
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	assert_true(serves(store, &one.cert, &one.key));
	put("one.key", &one_new.key);
	put("one.crt", &one_new.cert);
	assert_string_equal(look(store, false), "T");
	assert_int_equal(item->fault.code, 0);
	tls_store_free(&store);
}

/* What is our own want is tried again, and told once. */
static void
no_descriptor(void **state)
{
	struct tls_store *store = one_store();
	struct rlimit limit, none;

	(void)state;
	put("one.crt", &one_new.cert);
	put("one.key", &one_new.key);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	assert_string_equal(look(store, false), "");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_string_equal(look(store, false), "T");
	assert_true(serves(store, &one_new.cert, &one_new.key));
	tls_store_free(&store);
}

static void
half_written(void **state)
{
	struct tls_store *store = one_store();

	(void)state;
	sandbox_bytes(&box, "one.crt", one_new.cert.p, one_new.cert.n, 0);
	sandbox_bytes(&box, "one.key", one_new.key.p, one_new.key.n, 0);
	assert_string_equal(look(store, false), "");
	sandbox_wait(250);
	assert_string_equal(look(store, false), "T");
	/* Forced: at once, and a fault at the first look. */
	sandbox_bytes(&box, "one.crt", one.cert.p, one.cert.n, 0);
	assert_string_equal(look(store, true), "R");
	sandbox_bytes(&box, "one.key", one.key.p, one.key.n, 0);
	assert_string_equal(look(store, true), "T");
	tls_store_free(&store);
}

/* As certbot does: links to links that are switched. */
static void
links(void **state)
{
	char target[64];
	struct tls_store *store;

	(void)state;
	put("archive/cert1.pem", &one.cert);
	put("archive/key1.pem", &one.key);
	put("archive/cert2.pem", &one_new.cert);
	put("archive/key2.pem", &one_new.key);
	(void)snprintf(target, sizeof(target), "archive/cert1.pem");
	assert_int_equal(symlink(target, sandbox_path(&box, "cert.pem")), 0);
	assert_int_equal(
	    symlink("archive/key1.pem", sandbox_path(&box, "key.pem")), 0);
	sandbox_write(&box, "plugins", "tls cert.pem key.pem\n", 9999);
	store = make("127.0.0.1:25");
	sandbox_remove(&box, "cert.pem");
	sandbox_remove(&box, "key.pem");
	assert_int_equal(
	    symlink("archive/cert2.pem", sandbox_path(&box, "cert.pem")), 0);
	assert_int_equal(
	    symlink("archive/key2.pem", sandbox_path(&box, "key.pem")), 0);
	assert_string_equal(look(store, false), "T");
	assert_true(serves(store, &one_new.cert, &one_new.key));
	tls_store_free(&store);
}

/* A renewal must fit in with the other keys of its name. */
static void
another_kind(void **state)
{
	struct tls_store *store;

	(void)state;
	put("rsa.crt", &rsa.cert);
	put("rsa.key", &rsa.key);
	sandbox_write(&box, "tls_certs",
	    "one.example one.crt one.key\none.example rsa.crt rsa.key\n", 9999);
	store = make("127.0.0.1:25");
	put("one.crt", &rsa2.cert);
	put("one.key", &rsa2.key);
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	assert_non_null(strstr(tls_store_at(store, 0)->fault.text,
	    "two certificates with RSA keys"));
	assert_true(serves(store, &one.cert, &one.key));
	tls_store_free(&store);
}

/* So must a CA file that completes the chain of a certificate. */
static void
chain_ca(void **state)
{
	struct tls_store *store;
	struct tls_bundle bundle;

	(void)state;
	put("under.crt", &under.cert);
	put("under.key", &under.key);
	put("ca.crt", &ca.cert);
	sandbox_write(
	    &box, "plugins", "tls under.crt under.key ca.crt\n", 9999);
	store = make("127.0.0.1:25\n127.0.0.1:465 tls name=smtps");
	assert_int_equal(tls_store_count(store), 2);
	put("ca.crt", &weak_ca.cert);
	assert_string_equal(look(store, false), "");
	assert_string_equal(look(store, false), "R");
	assert_non_null(strstr(tls_store_at(store, 1)->fault.text, "too weak"));
	bundle = bundle_of(store);
	assert_true(holds(bundle.scopes[0].material.chain_ca, &ca.cert));
	tls_bundle_close(&bundle);
	/* One that fits, but adds nothing. */
	put("ca.crt", &one.cert);
	assert_string_equal(look(store, false), "T");
	tls_store_free(&store);
}

/* A staple is sent when it is good; it never costs the certificate. */
static void
staple(void **state)
{
	struct buf good = pki_ocsp(&one, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct buf newer = pki_ocsp(&one_new, &ca, V_OCSP_CERTSTATUS_GOOD, DAY);
	struct tls_store *store;
	struct tls_bundle bundle;
	const struct tls_item *item;

	(void)state;
	sandbox_write(
	    &box, "tls_certs", "one.example one.crt one.key one.der\n", 9999);
	store = make("127.0.0.1:25");
	item = tls_store_at(store, 0);
	assert_non_null(strstr(item->now.staple_fault, "one.der: No such"));
	put("one.der", &good);
	assert_string_equal(look(store, false), "T");
	assert_string_equal(item->now.staple_fault, "");
	bundle = bundle_of(store);
	assert_true(
	    holds(bundle.scopes[0].material.sites[0].pairs[0].ocsp, &good));
	tls_bundle_close(&bundle);
	/* Renewed before its staple is. */
	put("one.crt", &one_new.cert);
	put("one.key", &one_new.key);
	assert_string_equal(look(store, false), "T");
	assert_non_null(strstr(item->now.staple_fault, "another certificate"));
	bundle = bundle_of(store);
	assert_int_equal(bundle.scopes[0].material.sites[0].pairs[0].ocsp.n, 0);
	tls_bundle_close(&bundle);
	put("one.der", &newer);
	assert_string_equal(look(store, false), "T");
	assert_string_equal(item->now.staple_fault, "");
	tls_store_free(&store);
	buf_done(&good);
	buf_done(&newer);
}

/* ---- before root was given up -------------------------------------------- */

static void
early(void **state)
{
	struct tls_early *early = tls_early_new();
	struct tls_store *store = one_store();
	struct tls_bytes bytes;

	(void)state;
	tls_item_keep(tls_store_at(store, 0), early);
	assert_int_equal(
	    tls_early_get(early, sandbox_path(&box, "one.key"), &bytes), 0);
	assert_true(holds(tls_bytes_slice(&bytes), &one.key));
	tls_bytes_done(&bytes);
	assert_int_equal(tls_early_get(early, "/none", &bytes), -ENOENT);
	assert_int_equal(tls_early_get(NULL, "/none", &bytes), -ENOENT);
	tls_store_free(&store);
	tls_early_free(&early);
	assert_null(early);
}

/* ---- the end ------------------------------------------------------------- */

static void
ends(void **state)
{
	static const struct {
		long life_d, left_d;
		enum tls_end want;
		const char *text;
	} cases[] = {
		{ 90, 31, TLS_END_FAR, "" },
		{ 90, 29, TLS_END_SOON, "ends on " },
		{ 365, 29, TLS_END_SOON, "ends on " },
		{ 365, 6, TLS_END_VERY_SOON, "ends on " },
		{ 90, 0, TLS_END_OVER, "ended on " },
		{ 90, -5, TLS_END_OVER, "ended on " },
		{ 6, 4, TLS_END_FAR, "" },
		{ 6, 1, TLS_END_SOON, "ends on " },
		{ 90, 91, TLS_END_NOT_BEGUN, "begins on " },
	};
	struct wall now = { 1800000000 * INT64_C(1000000) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t after =
		    now.us + cases[i].left_d * DAY * INT64_C(1000000);
		struct tls_cert_info info = { .not_after = { after },
			.not_before = { after - cases[i].life_d * DAY *
						    INT64_C(1000000) } };
		struct buf text = BUF_INIT;

		buf_add_text(&text, "");
		assert_int_equal(tls_end_of(&info, now), cases[i].want);
		tls_end_print(&text, &info, now);
		assert_true(slice_starts(buf_slice(&text), cases[i].text));
		assert_true((text.n == 0) == (cases[i].text[0] == '\0'));
		buf_done(&text);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_tls),
		TEST(scopes),
		TEST(bad),
		TEST(default_files),
		TEST(bad_ciphers),
		TEST(blind),
		TEST(renewal),
		TEST(bad_renewal),
		TEST(no_descriptor),
		TEST(half_written),
		TEST(links),
		TEST(another_kind),
		TEST(chain_ca),
		TEST(staple),
		TEST(early),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
