/* SPDX-License-Identifier: MIT */
/* inet.c - IP addresses and networks as values.
 *
 * UNSAFE: writes text through raw pointers.  Invariant: the longest text,
 * eight groups of four digits with seven colons, and "/64" is shorter than
 * INET_TEXT_MAX.
 */
#include "inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "num.h"

#define MAPPED_BITS 96
#define CLIENT_BYTES 8 /* of IPv6: a /64 */

static const uint8_t mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
	0xff };

static struct inet_addr
addr_v4(const void *bytes)
{
	struct inet_addr addr = { .family = INET_V4 };

	memcpy(addr.bytes, bytes, 4);
	return addr;
}

/* An IPv4-mapped one becomes IPv4. */
static struct inet_addr
addr_v6(const uint8_t bytes[16])
{
	struct inet_addr addr = { .family = INET_V6 };

	if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0)
		return addr_v4(bytes + sizeof(mapped_prefix));
	memcpy(addr.bytes, bytes, 16);
	return addr;
}

/* *ret_mapped: it was written as IPv4-mapped IPv6. */
static int
parse_addr(struct slice text, struct inet_addr *ret, bool *ret_mapped)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	bool colon;

	if (text.n >= sizeof(copy) || slice_find(text, '\0') < text.n)
		return -EINVAL;
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	colon = slice_find(text, ':') < text.n;
	if (inet_pton(colon ? AF_INET6 : AF_INET, copy, bytes) != 1)
		return -EINVAL;
	*ret = colon ? addr_v6(bytes) : addr_v4(bytes);
	*ret_mapped = colon && ret->family == INET_V4;
	return 0;
}

int
inet_parse(struct slice text, struct inet_addr *ret)
{
	bool mapped;

	return parse_addr(text, ret, &mapped);
}

static unsigned
addr_bits(const struct inet_addr *addr)
{
	return addr->family == INET_V4 ? 32 : 128;
}

static void
clear_host_bits(struct inet_net *net)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;

	if (whole >= sizeof(net->addr.bytes))
		return;
	if (rest > 0) {
		net->addr.bytes[whole] &= (uint8_t)(0xff00u >> rest);
		whole++;
	}
	memset(net->addr.bytes + whole, 0, sizeof(net->addr.bytes) - whole);
}

/* "ADDR/BITS" */
static int
parse_cidr(struct slice addr, struct slice bits, struct inet_net *ret)
{
	struct inet_net net;
	unsigned value;
	bool mapped;

	if (parse_addr(addr, &net.addr, &mapped) != 0 ||
	    num_parse_unsigned(bits, 128, &value) != 0)
		return -EINVAL;
	if (mapped) {
		if (value < MAPPED_BITS)
			return -EINVAL;
		value -= MAPPED_BITS;
	}
	if (value > addr_bits(&net.addr))
		return -EINVAL;
	net.bits = (uint8_t)value;
	clear_host_bits(&net);
	*ret = net;
	return 0;
}

/* One to three octets, each with its dot: "192.168." */
static int
parse_prefix_v4(struct slice text, struct inet_net *ret)
{
	struct inet_net net = { .addr.family = INET_V4 };
	struct slice rest = text, octet;
	unsigned count = 0, value;

	if (!slice_ends(text, "."))
		return -EINVAL;
	rest.n--;
	while (slice_cut(&rest, '.', &octet)) {
		if (count == 3 || octet.n > 3 ||
		    num_parse_unsigned(octet, 255, &value) != 0)
			return -EINVAL;
		net.addr.bytes[count++] = (uint8_t)value;
	}
	net.bits = (uint8_t)(8 * count);
	*ret = net;
	return 0;
}

/* The value of a group of one to four hexadecimal digits, or -EINVAL. */
static int
parse_group(struct slice text)
{
	int value = 0;

	if (text.n == 0 || text.n > 4)
		return -EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		char c = ascii_lower(text.p[i]);

		if (ascii_is_digit(c))
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else
			return -EINVAL;
	}
	return value;
}

/* Groups with a colon behind each are complete ("2001:db8:", leading zeros
 * may be left out); digits behind the last colon are the first ones of a
 * group, as in qpsmtpd ("2001:db8:a" is 2001:db8:a000::/36). */
static int
parse_prefix_v6(struct slice text, struct inet_net *ret)
{
	struct inet_net net = { .addr.family = INET_V6 };
	struct slice rest = text, group;
	unsigned bits = 0;

	if (slice_find(text, ':') == text.n)
		return -EINVAL;
	while (slice_cut(&rest, ':', &group)) {
		bool last = rest.p == NULL;
		int value;

		if (last && group.n == 0)
			break;
		value = parse_group(group);
		if (value < 0 || bits >= 128)
			return -EINVAL;
		if (last)
			value <<= 4 * (4 - group.n);
		net.addr.bytes[bits / 8] = (uint8_t)(value >> 8);
		net.addr.bytes[bits / 8 + 1] = (uint8_t)value;
		bits += last ? 4 * (unsigned)group.n : 16;
	}
	if (bits >= 128)
		return -EINVAL;
	net.bits = (uint8_t)bits;
	*ret = net;
	return 0;
}

int
inet_net_parse(struct slice text, struct inet_net *ret)
{
	size_t slash = slice_find(text, '/');
	struct inet_addr addr;

	if (slash < text.n)
		return parse_cidr(
		    slice_head(text, slash), slice_from(text, slash + 1), ret);
	if (inet_parse(text, &addr) == 0) {
		*ret = (struct inet_net){ addr, (uint8_t)addr_bits(&addr) };
		return 0;
	}
	if (parse_prefix_v4(text, ret) == 0)
		return 0;
	return parse_prefix_v6(text, ret);
}

bool
inet_net_has(const struct inet_net *net, const struct inet_addr *addr)
{
	struct inet_net other = { *addr, net->bits };

	if (addr->family != net->addr.family ||
	    (addr->family != INET_V4 && addr->family != INET_V6))
		return false;
	clear_host_bits(&other);
	return inet_eq(&other.addr, &net->addr);
}

bool
inet_eq(const struct inet_addr *a, const struct inet_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool
inet_is_loopback(const struct inet_addr *addr)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (addr->family == INET_V4)
		return addr->bytes[0] == 127;
	return addr->family == INET_V6 &&
	       memcmp(addr->bytes, loopback, sizeof(loopback)) == 0;
}

static unsigned
group_at(const struct inet_addr *addr, size_t i)
{
	return (unsigned)addr->bytes[2 * i] << 8 | addr->bytes[2 * i + 1];
}

/* RFC 5952 4.2: the longest run of at least two zero groups, the first of
 * equals. Returns its length, 0 if there is none. */
static unsigned
find_zero_run(const struct inet_addr *addr, unsigned *ret_start)
{
	unsigned best = 0, run = 0;

	for (unsigned i = 0; i < 8; i++) {
		run = group_at(addr, i) == 0 ? run + 1 : 0;
		if (run > 1 && run > best) {
			best = run;
			*ret_start = i + 1 - run;
		}
	}
	return best;
}

static char *
put_hex(char *at, unsigned group)
{
	static const char digits[] = "0123456789abcdef";

	for (int shift = 12; shift >= 0; shift -= 4)
		if (group >> shift != 0 || shift == 0)
			*at++ = digits[group >> shift & 0xf];
	return at;
}

static char *
put_v6(char *at, const struct inet_addr *addr)
{
	unsigned start = 8;
	unsigned run = find_zero_run(addr, &start);

	for (unsigned i = 0; i < 8; i++) {
		if (run > 0 && i == start) {
			*at++ = ':';
			if (i == 0)
				*at++ = ':';
			i += run - 1;
			continue;
		}
		at = put_hex(at, group_at(addr, i));
		if (i < 7)
			*at++ = ':';
	}
	return at;
}

static char *
put_v4(char *at, const uint8_t bytes[4])
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		if (bytes[i] >= 100)
			*at++ = (char)('0' + bytes[i] / 100);
		if (bytes[i] >= 10)
			*at++ = (char)('0' + bytes[i] / 10 % 10);
		*at++ = (char)('0' + bytes[i] % 10);
	}
	return at;
}

size_t
inet_text(const struct inet_addr *addr, char buf[INET_TEXT_MAX])
{
	char *at = buf;

	switch ((enum inet_family)addr->family) {
	case INET_NONE:
		break;
	case INET_V4:
		at = put_v4(at, addr->bytes);
		break;
	case INET_V6:
		at = put_v6(at, addr);
		break;
	case INET_UNIX:
		memcpy(at, "unix", 4);
		at += 4;
		break;
	}
	*at = '\0';
	return (size_t)(at - buf);
}

size_t
inet_client_text(const struct inet_addr *addr, char buf[INET_TEXT_MAX])
{
	static const uint8_t translated[12] = { 0x00, 0x64, 0xff, 0x9b };
	struct inet_addr net = *addr;
	size_t n;

	if (addr->family != INET_V6 || inet_is_loopback(addr) ||
	    memcmp(addr->bytes, translated, sizeof(translated)) == 0)
		return inet_text(addr, buf);
	memset(net.bytes + CLIENT_BYTES, 0, sizeof(net.bytes) - CLIENT_BYTES);
	n = inet_text(&net, buf);
	memcpy(buf + n, "/64", sizeof("/64"));
	return n + 3;
}

int
inet_from_sockaddr(const void *sockaddr, struct inet_addr *ret)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	memcpy(&family, sockaddr, sizeof(family));
	switch (family) {
	case AF_INET:
		memcpy(&in, sockaddr, sizeof(in));
		*ret = addr_v4(&in.sin_addr);
		ret->port = ntohs(in.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&in6, sockaddr, sizeof(in6));
		*ret = addr_v6(in6.sin6_addr.s6_addr);
		ret->port = ntohs(in6.sin6_port);
		return 0;
	case AF_UNIX:
		*ret = (struct inet_addr){ .family = INET_UNIX };
		return 0;
	}
	return -EAFNOSUPPORT;
}

size_t
inet_to_sockaddr(const struct inet_addr *addr, void *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(addr->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(addr->port) };
	sa_family_t family = AF_UNIX;

	memset(ret, 0, sizeof(struct sockaddr_storage));
	switch ((enum inet_family)addr->family) {
	case INET_V4:
		memcpy(&in.sin_addr, addr->bytes, 4);
		memcpy(ret, &in, sizeof(in));
		return sizeof(in);
	case INET_V6:
		memcpy(&in6.sin6_addr, addr->bytes, 16);
		memcpy(ret, &in6, sizeof(in6));
		return sizeof(in6);
	case INET_UNIX:
		memcpy(ret, &family, sizeof(family));
		return sizeof(family);
	case INET_NONE:
		break;
	}
	return 0;
}
