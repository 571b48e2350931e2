/* SPDX-License-Identifier: MIT */
/* conf_tls.h - which certificates and keys a listener uses, and how.
 *
 * Out of the `tls` lines of its plugin file (qpsmtpd's: `tls [CERT [KEY [CA
 * [DHPARAM]]]]`), config/tls_certs (`NAME CERT KEY [OCSP]`) and the other
 * tls_ files, each of which the listener may have for itself.  Gives paths,
 * opens none of them: that is for who has the right to (proc/).
 *
 * A relative path is below the configuration directory; where there is no
 * such file but one below the directory's parent (qpsmtpd's home, to which
 * its paths are relative) that is meant.  A place where we may not look counts
 * as one that has the file.
 */
#ifndef HOOKLINE_CONF_CONF_TLS_H
#define HOOKLINE_CONF_CONF_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/conf_fault.h"

struct conf_dir;
struct conf_list;

#define CONF_TLS_CERTS_MAX 1000 /* lines of tls_certs */
#define CONF_TLS_NAME_MAX 253   /* bytes of a name; RFC 1035 2.3.4 */

enum conf_tls_protocol {
	CONF_TLS_1_0 = 1 << 0,
	CONF_TLS_1_1 = 1 << 1,
	CONF_TLS_1_2 = 1 << 2,
	CONF_TLS_1_3 = 1 << 3
};

/* Absolute, "" for none, and the line that names it. */
struct conf_tls_file {
	hl_str path;
	bool is_default; /* no word names it: it may be missing */
	hl_str file;
	unsigned line;
};

struct conf_tls_cert {
	hl_str name; /* lower case; "mx.example", "*.example", "" for all */
	hl_str cert, key, ocsp; /* as in conf_tls_file */
	hl_str file;
	unsigned line;
};

struct conf_tls {
	struct conf_tls_cert *certs; /* in file order, `tls` lines first */
	size_t count;                /* 0: the listener has no TLS */
	/* The CA and the parameters of the first `tls` line. */
	struct conf_tls_file chain_ca, dh;
	struct conf_tls_file client_ca;
	bool request_cert;
	hl_str ciphers;      /* "" for the default */
	hl_str ciphers_file; /* where they stand */
	unsigned ciphers_line;
	unsigned protocols; /* of enum conf_tls_protocol; 0: the default */
	struct arena arena; /* private */
};

/* `plugins` is the key of the listener's plugin file.
 * Returns 0; -EINVAL with each bad line in `faults`, also what
 * conf_plugins_parse finds in the plugin file: `ret` is not set. */
int conf_tls_read(struct conf_dir *dir, hl_str listener, hl_str plugins,
    struct conf_tls **ret, struct conf_faults *faults) WARN_UNUSED;
void conf_tls_free(struct conf_tls **tls);

/* The lines of tls_certs alone, for the directory `dir`. */
int conf_tls_certs_parse(const struct conf_list *list, const char *dir,
    struct conf_tls **ret, struct conf_faults *faults) WARN_UNUSED;

/* The words of tls_protocols, which are qpsmtpd's (IO::Socket::SSL's
 * SSL_version): "SSLv23:!TLSv1", "TLSv1_2 TLSv1_3".  "SSLv23" is all that is
 * safe, 1.2 and 1.3.  Returns 0; -EINVAL with "what; remedy" in `err`. */
int conf_tls_protocols_parse(
    struct slice text, unsigned *ret, struct err *err) WARN_UNUSED;

#endif
