/* SPDX-License-Identifier: MIT */
/* dns_rdata.c - what is inside a record. */
#include "dns/dns_rdata.h"

#include <netinet/in.h>
#include <string.h>

static bool
take_bytes(struct dns_rdata *rd, size_t n, const uint8_t **ret)
{
	if (rd->n < n)
		return false;
	*ret = rd->p;
	rd->p += n;
	rd->n -= n;
	return true;
}

static bool
take_u8(struct dns_rdata *rd, uint8_t *ret)
{
	const uint8_t *p;

	if (!take_bytes(rd, 1, &p))
		return false;
	*ret = p[0];
	return true;
}

static bool
take_u16(struct dns_rdata *rd, uint16_t *ret)
{
	const uint8_t *p;

	if (!take_bytes(rd, 2, &p))
		return false;
	*ret = (uint16_t)(p[0] << 8 | p[1]);
	return true;
}

static bool
take_u32(struct dns_rdata *rd, uint32_t *ret)
{
	uint16_t high, low;

	if (!take_u16(rd, &high) || !take_u16(rd, &low))
		return false;
	*ret = (uint32_t)high << 16 | low;
	return true;
}

bool
dns_rdata_name(struct dns_rdata *rd, char text[NS_MAXDNAME])
{
	int n = ns_name_uncompress(rd->msg, rd->end, rd->p, text, NS_MAXDNAME);

	if (n < 0 || (size_t)n > rd->n)
		return false;
	rd->p += n;
	rd->n -= (size_t)n;
	return true;
}

static bool
take_name(struct dns_rdata *rd, struct arena *arena, hl_str *ret)
{
	char text[NS_MAXDNAME];

	if (!dns_rdata_name(rd, text))
		return false;
	*ret =
	    text[0] == '\0' ? STR_LIT(".") : arena_str(arena, slice_of(text));
	return true;
}

static struct slice
slice_bytes(const uint8_t *p, size_t n)
{
	return (struct slice){ (const char *)p, n };
}

/* <character-string>s, joined (RFC 1035 3.3.14). */
static bool
take_strings(struct dns_rdata *rd, struct arena *arena, hl_str *ret)
{
	char *joined = arena_alloc(arena, rd->n + 1);
	const uint8_t *p;
	size_t n = 0;
	uint8_t len;

	if (rd->n == 0)
		return false;
	while (rd->n > 0) {
		if (!take_u8(rd, &len) || !take_bytes(rd, len, &p))
			return false;
		for (size_t i = 0; i < len; i++)
			joined[n++] = p[i] == '\0' ? ' ' : (char)p[i];
	}
	*ret = (hl_str){ joined, n };
	return true;
}

static bool
take_v4(struct dns_rdata *rd, struct inet_addr *ret)
{
	const uint8_t *p;

	if (!take_bytes(rd, 4, &p))
		return false;
	ret->family = INET_V4;
	memcpy(ret->bytes, p, 4);
	return true;
}

/* A mapped address becomes IPv4 (inet.h). */
static bool
take_v6(struct dns_rdata *rd, struct inet_addr *ret)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	const uint8_t *p;

	if (!take_bytes(rd, sizeof(addr.sin6_addr), &p))
		return false;
	memcpy(&addr.sin6_addr, p, sizeof(addr.sin6_addr));
	return inet_from_sockaddr(&addr, ret) == 0;
}

static bool
take_soa(struct dns_rdata *rd, struct arena *arena, struct dns_record *ret)
{
	return take_name(rd, arena, &ret->soa.primary) &&
	       take_name(rd, arena, &ret->soa.mailbox) &&
	       take_u32(rd, &ret->soa.serial) &&
	       take_u32(rd, &ret->soa.refresh) &&
	       take_u32(rd, &ret->soa.retry) &&
	       take_u32(rd, &ret->soa.expire) &&
	       take_u32(rd, &ret->soa.minimum);
}

static bool
take_srv(struct dns_rdata *rd, struct arena *arena, struct dns_record *ret)
{
	return take_u16(rd, &ret->srv.priority) &&
	       take_u16(rd, &ret->srv.weight) && take_u16(rd, &ret->srv.port) &&
	       take_name(rd, arena, &ret->srv.target);
}

static bool
take_tlsa(struct dns_rdata *rd, struct arena *arena, struct dns_record *ret)
{
	const uint8_t *p;
	size_t n;
	char *copy;

	if (!take_u8(rd, &ret->tlsa.usage) ||
	    !take_u8(rd, &ret->tlsa.selector) ||
	    !take_u8(rd, &ret->tlsa.matching))
		return false;
	n = rd->n;
	copy = arena_alloc(arena, n + 1);
	if (!take_bytes(rd, n, &p))
		return false;
	memcpy(copy, p, n);
	ret->tlsa.data = (struct slice){ copy, n };
	return true;
}

static bool
take_caa(struct dns_rdata *rd, struct arena *arena, struct dns_record *ret)
{
	const uint8_t *tag, *value;
	uint8_t tag_n;
	size_t value_n;

	if (!take_u8(rd, &ret->caa.flags) || !take_u8(rd, &tag_n) ||
	    tag_n == 0 || !take_bytes(rd, tag_n, &tag))
		return false;
	value_n = rd->n;
	if (!take_bytes(rd, value_n, &value))
		return false;
	ret->caa.tag = arena_str(arena, slice_bytes(tag, tag_n));
	ret->caa.value = arena_str(arena, slice_bytes(value, value_n));
	return true;
}

bool
dns_rdata_take(struct dns_rdata *rd, enum dns_type type, struct arena *arena,
    struct dns_record *ret)
{
	switch (type) {
	case DNS_A:
		return take_v4(rd, &ret->addr);
	case DNS_AAAA:
		return take_v6(rd, &ret->addr);
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		return take_name(rd, arena, &ret->name);
	case DNS_MX:
		return take_u16(rd, &ret->mx.preference) &&
		       take_name(rd, arena, &ret->mx.host);
	case DNS_TXT:
		return take_strings(rd, arena, &ret->text);
	case DNS_SOA:
		return take_soa(rd, arena, ret);
	case DNS_SRV:
		return take_srv(rd, arena, ret);
	case DNS_TLSA:
		return take_tlsa(rd, arena, ret);
	case DNS_CAA:
		return take_caa(rd, arena, ret);
	}
	return false;
}
