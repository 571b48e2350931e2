/* SPDX-License-Identifier: MIT */
/* proxy_header.c - the PROXY protocol's header, versions 1 and 2.
 *
 * Bytes are indexed only below a length that was compared before. */
#include "net/proxy_header.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"

#define V1_START SLICE_LIT("PROXY ")
#define V2_SIGNATURE SLICE_LIT("\r\n\r\n\0\r\nQUIT\n")
/* The shortest header of all: "PROXY UNKNOWN" CR LF. */
#define SHORTEST 15

/* ---- version 1 ---- */

/* A header without its end: at least so many bytes are missing.  Each field
 * that is not there yet is a space and a character. */
static size_t
v1_missing(struct slice in)
{
	size_t spaces = 0, missing = 2;

	if (in.n > 0 && in.p[in.n - 1] == '\r')
		return 1;
	if (slice_starts(in, "PROXY U"))
		return missing;
	for (size_t i = 0; i < in.n; i++)
		spaces += in.p[i] == ' ';
	return spaces < 5 ? missing + 2 * (5 - spaces) : missing;
}

/* One field; the separator is exactly one space. */
static bool
v1_field(struct slice *line, struct slice *ret)
{
	return slice_cut(line, ' ', ret) && ret->n > 0;
}

static bool
v1_address(struct slice text, bool is_v6, struct inet_addr *ret)
{
	bool has_colon = slice_find(text, ':') < text.n;

	return has_colon == is_v6 && inet_parse(text, ret) == 0;
}

static bool
v1_port(struct slice text, struct inet_addr *ret)
{
	unsigned port;

	if ((text.n > 1 && text.p[0] == '0') ||
	    num_parse_unsigned(text, 65535, &port) < 0)
		return false;
	ret->port = (uint16_t)port;
	return true;
}

/* "TCP4 192.0.2.1 192.0.2.2 1025 25" */
static bool
v1_addresses(struct slice line, struct proxy_header *ret)
{
	struct slice family, source, destination, source_port, port;
	bool is_v6;

	if (!v1_field(&line, &family) || !v1_field(&line, &source) ||
	    !v1_field(&line, &destination) || !v1_field(&line, &source_port) ||
	    !v1_field(&line, &port) || line.p != NULL)
		return false;
	is_v6 = slice_eq_text(family, "TCP6");
	return (is_v6 || slice_eq_text(family, "TCP4")) &&
	       v1_address(source, is_v6, &ret->source) &&
	       v1_address(destination, is_v6, &ret->destination) &&
	       v1_port(source_port, &ret->source) &&
	       v1_port(port, &ret->destination);
}

static int
v1_parse(struct slice in, struct proxy_header *ret, size_t *ret_want,
    struct err *err)
{
	size_t end = slice_find(in, '\n');
	struct slice line;

	if (end >= PROXY_V1_MAX || (end == in.n && in.n >= PROXY_V1_MAX))
		return err_set(err, -EINVAL, "the header has no end");
	if (end == in.n) {
		*ret_want = v1_missing(in);
		return 0;
	}
	if (end == 0 || in.p[end - 1] != '\r')
		return err_set(err, -EINVAL, "the header must end in CRLF");
	line = slice_from(slice_head(in, end - 1), V1_START.n);
	ret->version = 1;
	ret->is_unknown =
	    slice_eq_text(line, "UNKNOWN") || slice_starts(line, "UNKNOWN ");
	if (!ret->is_unknown && !v1_addresses(line, ret))
		return err_set(err, -EINVAL, "a bad address or port");
	return (int)end + 1;
}

/* ---- version 2 ---- */

static unsigned
u8(struct slice in, size_t at)
{
	return (unsigned char)in.p[at];
}

static unsigned
u16(struct slice in, size_t at)
{
	return u8(in, at) << 8 | u8(in, at + 1);
}

static uint32_t
crc32c_byte(uint32_t crc, unsigned byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0x82f63b78) : 0);
	return crc;
}

/* 2.2.3: over the whole header, with the checksum's own bytes as zeros. */
static bool
crc_fits(struct slice header, struct slice checksum)
{
	size_t at = (size_t)(checksum.p - header.p);
	uint32_t crc = UINT32_MAX, told = 0;

	if (checksum.n != 4)
		return false;
	for (size_t i = 0; i < header.n; i++)
		crc =
		    crc32c_byte(crc, i >= at && i < at + 4 ? 0 : u8(header, i));
	for (size_t i = 0; i < 4; i++)
		told = told << 8 | u8(checksum, i);
	return told == (crc ^ UINT32_MAX);
}

bool
proxy_tlv_next(struct slice *tlvs, struct proxy_tlv *ret)
{
	size_t n;

	if (tlvs->n < 3)
		return false;
	n = u16(*tlvs, 1);
	if (tlvs->n - 3 < n)
		return false;
	ret->type = (uint8_t)u8(*tlvs, 0);
	ret->value = (struct slice){ tlvs->p + 3, n };
	*tlvs = slice_from(*tlvs, 3 + n);
	return true;
}

static int
check_tlvs(struct slice header, struct slice tlvs, struct err *err)
{
	struct proxy_tlv tlv;

	while (proxy_tlv_next(&tlvs, &tlv)) {
		if (tlv.type == PROXY_TLV_CRC32C &&
		    !crc_fits(header, tlv.value))
			return err_set(
			    err, -EINVAL, "the checksum does not fit");
	}
	if (tlvs.n > 0)
		return err_set(err, -EINVAL, "a TLV is cut off");
	return 0;
}

/* The address families of byte 13: how long the addresses are. */
enum { V2_INET = 1, V2_INET6 = 2, V2_UNIX = 3 };

static void
v2_address(
    struct slice in, size_t at, size_t port_at, size_t n, struct inet_addr *ret)
{
	char text[INET_TEXT_MAX];

	*ret = (struct inet_addr){ .family = n == 4 ? INET_V4 : INET_V6 };
	memcpy(ret->bytes, in.p + at, n);
	if (n == 16) {
		/* An IPv4-mapped one is held as IPv4. */
		size_t length = inet_text(ret, text);

		if (inet_parse((struct slice){ text, length }, ret) < 0)
			UNREACHABLE();
	}
	ret->port = (uint16_t)u16(in, port_at);
}

/* `more`: what follows the fixed part.  Returns the bytes of the addresses. */
static int
v2_addresses(unsigned family, struct slice more, struct proxy_header *ret,
    struct err *err)
{
	static const size_t sizes[] = {
		[V2_INET] = 12, [V2_INET6] = 36, [V2_UNIX] = 216
	};
	size_t size = family <= V2_UNIX ? sizes[family] : 0;

	if (more.n < size)
		return err_set(err, -EINVAL, "the addresses are cut off");
	if (family == V2_INET) {
		v2_address(more, 0, 8, 4, &ret->source);
		v2_address(more, 4, 10, 4, &ret->destination);
	} else if (family == V2_INET6) {
		v2_address(more, 0, 32, 16, &ret->source);
		v2_address(more, 16, 34, 16, &ret->destination);
	} else {
		ret->is_unknown = true;
	}
	return (int)size;
}

static int
v2_body(struct slice header, struct proxy_header *ret, struct err *err)
{
	struct slice more = slice_from(header, PROXY_V2_FIXED);
	unsigned command = u8(header, 12) & 15, family = u8(header, 13) >> 4;
	unsigned transport = u8(header, 13) & 15;
	int size;

	if (command > 1)
		return err_set(err, -EINVAL, "command %u", command);
	/* LOCAL: what stands behind it is skipped, whatever it is (2.2). */
	ret->is_local = command == 0;
	if (ret->is_local)
		return 0;
	if (family > V2_UNIX || (family != 0 && transport != 1))
		return err_set(err, -EINVAL, "address family %u, transport %u",
		    family, transport);
	size = v2_addresses(family, more, ret, err);
	if (size < 0)
		return size;
	ret->tlvs = slice_from(more, (size_t)size);
	return check_tlvs(header, ret->tlvs, err);
}

static int
v2_parse(struct slice in, struct proxy_header *ret, size_t *ret_want,
    struct err *err)
{
	size_t size;
	int status;

	if (in.n < PROXY_V2_FIXED) {
		*ret_want = PROXY_V2_FIXED - in.n;
		return 0;
	}
	if (u8(in, 12) >> 4 != 2)
		return err_set(err, -EINVAL, "version %u", u8(in, 12) >> 4);
	size = PROXY_V2_FIXED + u16(in, 14);
	if (size > PROXY_V2_FIXED + PROXY_V2_MORE_MAX)
		return err_set(err, -EINVAL, "the header is too long");
	if (in.n < size) {
		*ret_want = size - in.n;
		return 0;
	}
	ret->version = 2;
	status = v2_body(slice_head(in, size), ret, err);
	return status < 0 ? status : (int)size;
}

/* ---- both ---- */

/* Is it one, as far as it is there? */
static bool
begins_with(struct slice in, struct slice start)
{
	size_t n = in.n < start.n ? in.n : start.n;

	return n == 0 || memcmp(in.p, start.p, n) == 0;
}

int
proxy_header_parse(struct slice in, struct proxy_header *ret, size_t *ret_want,
    struct err *err)
{
	struct proxy_header header = { 0 };
	bool is_v1 = begins_with(in, V1_START);
	int size;

	if (!is_v1 && !begins_with(in, V2_SIGNATURE))
		return err_set(err, -EINVAL, "no PROXY header");
	if (in.n < V1_START.n) {
		*ret_want = SHORTEST - in.n;
		return 0;
	}
	size = is_v1 ? v1_parse(in, &header, ret_want, err)
		     : v2_parse(in, &header, ret_want, err);
	if (size > 0)
		*ret = header;
	return size;
}

bool
proxy_header_ssl(const struct proxy_header *header, struct proxy_ssl *ret)
{
	struct slice tlvs = header->tlvs, inner;
	struct proxy_tlv tlv = { 0 };

	*ret = (struct proxy_ssl){ 0 };
	while (tlv.type != PROXY_TLV_SSL) {
		if (!proxy_tlv_next(&tlvs, &tlv))
			return false;
	}
	if (tlv.value.n < 5)
		return false;
	/* 2.2.5: client flags, then 0 in four bytes if it was verified */
	ret->used = (u8(tlv.value, 0) & 1) != 0;
	ret->cert = (u8(tlv.value, 0) & 6) != 0;
	ret->cert_verified =
	    ret->cert && memcmp(tlv.value.p + 1, "\0\0\0\0", 4) == 0;
	inner = slice_from(tlv.value, 5);
	while (proxy_tlv_next(&inner, &tlv)) {
		if (tlv.type == PROXY_TLV_SSL_VERSION)
			ret->version = tlv.value;
		else if (tlv.type == PROXY_TLV_SSL_CN)
			ret->cn = tlv.value;
		else if (tlv.type == PROXY_TLV_SSL_CIPHER)
			ret->cipher = tlv.value;
	}
	return true;
}
