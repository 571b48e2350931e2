/* SPDX-License-Identifier: MIT */
/* tls.c - the certificate for clients that ask for no name of their own.
 *
 *	tls [CERT [KEY [CA [DHPARAM]]]]
 *
 * Its line is all there is of it: the master, which alone may read keys,
 * finds it in the plugin file, and the server itself does STARTTLS, so that
 * this has no hook.  More certificates, by name: config/tls_certs.  What else
 * there is to say of TLS stands in config/tls_ciphers, tls_protocols,
 * tls_request_cert and tls_client_ca (hookline-config(5)).
 */
#include <hookline/plugin.h>

struct args {
	hl_str cert, key, ca, dhparam;
};

static const struct hl_arg args[] = {
	{ .name = "cert",
	    .about = "PEM file of the certificate, with its chain",
	    .def = "ssl/qpsmtpd-server.crt",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .offset = offsetof(struct args, cert) },
	{ .name = "key",
	    .about = "PEM file of its key, without passphrase",
	    .def = "ssl/qpsmtpd-server.key",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .offset = offsetof(struct args, key) },
	{ .name = "ca",
	    .about = "PEM file with the chain, if the certificate's has none; "
		     "by default ssl/qpsmtpd-ca.crt where that exists",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .offset = offsetof(struct args, ca) },
	{ .name = "dhparam",
	    .about = "PEM file with DH parameters; by default "
		     "ssl/dhparam.pem where that exists",
	    .type = HL_ARG_STR,
	    .positional = true,
	    .offset = offsetof(struct args, dhparam) },
	{ .name = NULL },
};

static const char *const files[] = { "tls_certs", "tls_ciphers",
	"tls_protocols", "tls_request_cert", "tls_client_ca", NULL };

static const struct hl_plugin plugin = {
	.name = "tls",
	.about = "the certificate and key for TLS",
	.args = args,
	.args_size = sizeof(struct args),
	.files = files,
};
HL_PLUGIN(plugin);
