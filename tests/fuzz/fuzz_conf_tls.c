/* SPDX-License-Identifier: MIT */
/* fuzz_conf_tls.c - lines of tls_certs and the words of tls_protocols: what
 * is parsed is within the limits, and written again it parses to the same. */
#include "base/buf.h"
#include "conf/conf_tls.h"
#include "fuzz_conf.h"

#define DIR "/nonexistent/config"

static void
check_path(hl_str path, bool is_optional)
{
	CHECK(is_optional || path.n > 0);
	CHECK(path.n == 0 || path.p[0] == '/');
}

static void
check_one(const struct conf_tls_cert *cert, struct buf *buf)
{
	struct slice name = slice_str(cert->name);

	CHECK(name.n <= CONF_TLS_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		CHECK(name.p[i] == ascii_lower(name.p[i]) &&
		      (name.p[i] != '*' || (i == 0 && name.p[1] == '.')));
	check_path(cert->cert, false);
	check_path(cert->key, false);
	check_path(cert->ocsp, true);
	buf_printf(buf, "%s %s %s %s\n", name.n > 0 ? name.p : "*",
	    cert->cert.p, cert->key.p, cert->ocsp.p);
}

static void
check_again(const struct conf_tls *tls)
{
	struct conf_tls *again = NULL;
	struct buf buf = BUF_INIT;
	struct conf_list *list;

	for (size_t i = 0; i < tls->count; i++)
		check_one(&tls->certs[i], &buf);
	list = fuzz_list(buf_slice(&buf));
	CHECK(conf_tls_certs_parse(list, DIR, &again, NULL) == 0);
	CHECK(again->count == tls->count);
	for (size_t i = 0; i < tls->count; i++) {
		const struct conf_tls_cert *a = &tls->certs[i];
		const struct conf_tls_cert *b = &again->certs[i];

		CHECK(str_eq(a->name, b->name) && str_eq(a->cert, b->cert) &&
		      str_eq(a->key, b->key) && str_eq(a->ocsp, b->ocsp));
	}
	conf_tls_free(&again);
	conf_list_unref(&list);
	buf_done(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct conf_list *list = fuzz_list(fuzz_input(bytes, n));
	struct conf_tls *tls = NULL;
	struct conf_faults faults;
	struct err err = { 0 };
	unsigned protocols = 0;

	conf_faults_init(&faults);
	if (conf_tls_certs_parse(list, DIR, &tls, &faults) == 0)
		check_again(tls);
	else
		CHECK(faults.count > 0);
	if (conf_tls_protocols_parse(fuzz_input(bytes, n), &protocols, &err) ==
	    0)
		CHECK(protocols > 0 && protocols < 16);
	else
		CHECK(err.text[0] != '\0');
	conf_tls_free(&tls);
	conf_faults_done(&faults);
	conf_list_unref(&list);
	return 0;
}
