/* SPDX-License-Identifier: MIT */
/* proxy_header.h - the PROXY protocol's header, versions 1 and 2.
 *
 * Source: "The PROXY protocol, versions 1 & 2" (haproxy's proxy-protocol.txt,
 * sections 2.1 and 2.2).  Pure: bytes in, struct out.
 */
#ifndef HOOKLINE_NET_PROXY_HEADER_H
#define HOOKLINE_NET_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/inet.h"
#include "base/slice.h"

struct err;

#define PROXY_V1_MAX 107        /* bytes with CRLF */
#define PROXY_V2_FIXED 16       /* bytes before the addresses */
#define PROXY_V2_MORE_MAX 4096u /* bytes behind them; the field has 16 bits */

/* Types of TLVs (2.2.1 to 2.2.6). */
enum proxy_tlv_type {
	PROXY_TLV_AUTHORITY = 0x02, /* the SNI that the proxy saw */
	PROXY_TLV_CRC32C = 0x03,
	PROXY_TLV_SSL = 0x20,
	PROXY_TLV_SSL_VERSION = 0x21, /* this and the next inside of SSL */
	PROXY_TLV_SSL_CN = 0x22,
	PROXY_TLV_SSL_CIPHER = 0x23,
};

struct proxy_tlv {
	uint8_t type;
	struct slice value; /* any bytes */
};

/* What stands in the SSL TLV. */
struct proxy_ssl {
	bool used;          /* the client spoke TLS to the proxy */
	bool cert;          /* ... and gave a certificate */
	bool cert_verified; /* ... that the proxy could verify */
	struct slice version, cn, cipher; /* p == NULL: not given */
};

struct proxy_header {
	unsigned version; /* 1 or 2 */
	/* LOCAL: the proxy speaks for itself, e.g. to see whether we live. */
	bool is_local;
	/* UNKNOWN, AF_UNSPEC, AF_UNIX: for a client of which it has no address.
	 * In neither case are the addresses here set. */
	bool is_unknown;
	struct inet_addr source, destination;
	struct slice tlvs; /* checked; borrowed from the input */
};

/* Parses the header at the start of `in`.
 *
 * ret_want  when more is needed: how many bytes may be read without going
 *           beyond the header's end, at least 1
 * Returns the header's length; 0: more is needed; -EINVAL no such header, or
 * a bad one, with the reason in `err`.  `ret` is set only for lengths. */
int proxy_header_parse(struct slice in, struct proxy_header *ret,
    size_t *ret_want, struct err *err) WARN_UNUSED;

/* Takes the next TLV off `tlvs`; false at the end, or where the rest is not
 * one. */
bool proxy_tlv_next(struct slice *tlvs, struct proxy_tlv *ret);
/* False: there is no SSL TLV; `ret` is then zeroed. */
bool proxy_header_ssl(const struct proxy_header *header, struct proxy_ssl *ret);

#endif
