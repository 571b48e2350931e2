/* SPDX-License-Identifier: MIT */
/* test_conf_tls.c - which certificates a listener has, and the words of
 * tls_protocols. */
#include "unit.h"

#include <errno.h>

#include "base/buf.h"
#include "conf/conf_tls.h"
#include "sandbox.h"

/* What a `tls` line means besides, where that is. */
#define DEFAULTS "ca ssl/qpsmtpd-ca.crt?;dh ssl/dhparam.pem?;"

static struct sandbox box;

static int
set_up(void **state)
{
	(void)state;
	sandbox_start(&box, 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sandbox_stop(&box);
	return 0;
}

static const char *
shorten(hl_str path)
{
	size_t n = strlen(box.path);

	return strncmp(path.p, box.path, n) == 0 ? path.p + n + 1 : path.p;
}

static void
print(struct buf *out, const struct conf_tls *tls)
{
	for (size_t i = 0; i < tls->count; i++) {
		const struct conf_tls_cert *it = &tls->certs[i];

		buf_printf(out, "%s:%u '%s' %s %s '%s';", shorten(it->file),
		    it->line, it->name.p, shorten(it->cert), shorten(it->key),
		    shorten(it->ocsp));
	}
	if (tls->chain_ca.path.n > 0)
		buf_printf(out, "ca %s%s;", shorten(tls->chain_ca.path),
		    tls->chain_ca.is_default ? "?" : "");
	if (tls->dh.path.n > 0)
		buf_printf(out, "dh %s%s;", shorten(tls->dh.path),
		    tls->dh.is_default ? "?" : "");
	if (tls->client_ca.path.n > 0)
		buf_printf(out, "%s:%u client %s;",
		    shorten(tls->client_ca.file), tls->client_ca.line,
		    shorten(tls->client_ca.path));
	buf_printf(out, "%s%u%s", tls->ciphers.p, tls->protocols,
	    tls->request_cert ? " ask" : "");
}

/* What a listener has, or its faults. */
static const char *
read_for(const char *listener, const char *plugins)
{
	static struct buf out;
	struct conf_tls *tls = NULL;
	struct conf_faults faults;

	conf_faults_init(&faults);
	sandbox_open(&box);
	buf_done(&out);
	if (conf_tls_read(
		box.dir, str_of(listener), str_of(plugins), &tls, &faults) == 0)
		print(&out, tls);
	else
		assert_true(faults.count > 0);
	for (size_t i = 0; i < faults.count; i++) {
		struct conf_fault fault = faults.at[i];

		fault.file = str_of(shorten(fault.file));
		conf_fault_print(&out, &fault);
		buf_add_char(&out, '\n');
	}
	conf_tls_free(&tls);
	conf_faults_done(&faults);
	conf_dir_free(&box.dir);
	return out.p;
}

static void
nothing(void **state)
{
	(void)state;
	assert_string_equal(read_for("", "plugins"), "0");
	sandbox_write(&box, "plugins", "rcpt_ok\nperl:tls\ntlsx\n", 9999);
	assert_string_equal(read_for("", "plugins"), "0");
}

static void
plugin_lines(void **state)
{
	(void)state;
	sandbox_write(&box, "plugins", "rcpt_ok\ntls\n", 9999);
	assert_string_equal(read_for("", "plugins"),
	    "plugins:2 '' ssl/qpsmtpd-server.crt "
	    "ssl/qpsmtpd-server.key '';" DEFAULTS "0");
	/* Arguments; what is named is meant, whether it is there or not. */
	sandbox_write(&box, "plugins",
	    "tls:0 /etc/c.pem k.pem hl.timeout=5 ca.pem dh.pem\n"
	    "native:tls:1 c2.pem k2.pem\n",
	    9999);
	assert_string_equal(read_for("", "plugins"),
	    "plugins:1 '' /etc/c.pem k.pem '';plugins:2 '' c2.pem k2.pem '';"
	    "ca ca.pem;dh dh.pem;0");
	/* Another plugin file, another listener. */
	assert_string_equal(read_for("", "plugins.sub"), "0");
}

static void
certs(void **state)
{
	(void)state;
	sandbox_write(&box, "tls_certs",
	    "# ours\nMX.example a.crt a.key\n*.Example\tb.crt b.key /o.der\n"
	    "* c.crt c.key\nmx.example d.crt d.key\n",
	    9999);
	assert_string_equal(read_for("", "plugins"),
	    "tls_certs:2 'mx.example' a.crt a.key '';"
	    "tls_certs:3 '*.example' b.crt b.key '/o.der';"
	    "tls_certs:4 '' c.crt c.key '';"
	    "tls_certs:5 'mx.example' d.crt d.key '';0");
	/* Behind those of `tls` lines; a listener's own instead of ours. */
	sandbox_write(&box, "plugins", "tls x.crt x.key\n", 9999);
	sandbox_write(&box, "sub/tls_certs", "sub.example s.crt s.key\n", 9999);
	assert_string_equal(read_for("sub", "plugins"),
	    "plugins:1 '' x.crt x.key '';"
	    "sub/tls_certs:1 'sub.example' s.crt s.key '';" DEFAULTS "0");
}

static void
bad_certs(void **state)
{
	static const char *const lines[] = {
		"mx.example a.crt",
		"mx.example",
		"mx.example a b c d",
		"*.*.example a b",
		"m*.example a b",
		"*. a b",
		"example. a b",
		".example a b",
		"a..b a b",
		"m\303\274.example a b",
		"a/b a b",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct buf text = BUF_INIT;
		const char *got;

		buf_printf(
		    &text, "ok.example a b\n%s\nok2.example c d\n", lines[i]);
		sandbox_write(&box, "tls_certs", text.p, 9999);
		got = read_for("", "plugins");
		UNIT_CASE(lines[i], strncmp(got, "tls_certs:2: ", 13) == 0);
		/* That line alone. */
		UNIT_CASE(lines[i], strchr(got, '\n')[1] == '\0');
		buf_done(&text);
	}
}

static void
too_many(void **state)
{
	struct buf text = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i <= CONF_TLS_CERTS_MAX; i++)
		buf_printf(&text, "n%u.example a b\n", i);
	sandbox_write(&box, "tls_certs", text.p, 9999);
	assert_string_equal(read_for("", "plugins"),
	    "tls_certs:1001: more than 1000 certificates; remove some\n");
	buf_done(&text);
}

/* qpsmtpd's paths are relative to its home, the directory above. */
static void
paths(void **state)
{
	struct buf plugins = BUF_INIT, want = BUF_INIT;
	const char *name = strrchr(box.path, '/') + 1;

	(void)state;
	sandbox_write(&box, "ssl/here.crt", "", 9999);
	buf_printf(
	    &plugins, "tls %s/ssl/here.crt %s/ssl/none.key\n", name, name);
	sandbox_write(&box, "plugins", plugins.p, 9999);
	buf_printf(&want,
	    "plugins:1 '' ../%s/ssl/here.crt %s/ssl/none.key '';" DEFAULTS "0",
	    name, name);
	assert_string_equal(read_for("", "plugins"), want.p);
	buf_done(&plugins);
	buf_done(&want);
}

static void
settings(void **state)
{
	(void)state;
	sandbox_write(&box, "plugins", "tls c k\n", 9999);
	sandbox_write(&box, "tls_ciphers", "HIGH:!aNULL\n", 9999);
	sandbox_write(&box, "tls_protocols", "TLSv1_3\n", 9999);
	sandbox_write(&box, "tls_client_ca", "#\nssl/client ca.pem\n", 9999);
	sandbox_write(&box, "tls_request_cert", "yes\n", 9999);
	sandbox_write(&box, "sub/tls_ciphers", "ECDHE\n", 9999);
	assert_string_equal(read_for("", "plugins"),
	    "plugins:1 '' c k '';" DEFAULTS
	    "tls_client_ca:2 client ssl/client ca.pem;"
	    "HIGH:!aNULL8 ask");
	assert_string_equal(read_for("sub", "plugins"),
	    "plugins:1 '' c k '';" DEFAULTS
	    "tls_client_ca:2 client ssl/client ca.pem;"
	    "ECDHE8 ask");
	sandbox_write(&box, "sub/tls_protocols", "\n#\nTLSv4\n", 9999);
	assert_true(
	    strncmp(read_for("sub", "plugins"),
		"sub/tls_protocols:3: \"TLSv4\" is no protocol;", 44) == 0);
}

static void
protocols(void **state)
{
	static const struct {
		const char *text;
		unsigned want; /* 0: refused */
	} cases[] = {
		{ "TLSv1_2", CONF_TLS_1_2 },
		{ "tlsv1.2:TLSV13", CONF_TLS_1_2 | CONF_TLS_1_3 },
		{ "TLSv1 TLSv1_1, TLSv1_2",
		    CONF_TLS_1_0 | CONF_TLS_1_1 | CONF_TLS_1_2 },
		{ "SSLv23:!SSLv2:!SSLv3", CONF_TLS_1_2 | CONF_TLS_1_3 },
		{ "SSLv2/3:!SSLv3:!TLSv1:!TLSv1_2", CONF_TLS_1_3 },
		{ "!TLSv1_3", CONF_TLS_1_2 },
		{ " : ", CONF_TLS_1_2 | CONF_TLS_1_3 },
		{ "SSLv3", 0 },
		{ "SSLv2:TLSv1_2", 0 },
		{ "TLSv1_2:!TLSv1_2", 0 },
		{ "TLSv1_4", 0 },
		{ "!", 0 },
		{ "TLS", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned got = 99;
		struct err err = { 0 };
		int rc = conf_tls_protocols_parse(
		    slice_of(cases[i].text), &got, &err);

		if (cases[i].want == 0) {
			UNIT_CASE(cases[i].text, rc == -EINVAL && got == 99);
			UNIT_CASE(
			    cases[i].text, strstr(err.text, "; ") != NULL);
		} else {
			UNIT_CASE(
			    cases[i].text, rc == 0 && got == cases[i].want);
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(plugin_lines),
		TEST(certs),
		TEST(bad_certs),
		TEST(too_many),
		TEST(paths),
		TEST(settings),
		cmocka_unit_test(protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
