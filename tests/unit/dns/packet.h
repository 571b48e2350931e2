/* SPDX-License-Identifier: MIT */
/* packet.h - writing DNS messages for tests, good and bad ones. */
#ifndef HOOKLINE_TESTS_DNS_PACKET_H
#define HOOKLINE_TESTS_DNS_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PACKET_MAX 65535
#define PACKET_QR 0x8000
#define PACKET_TC 0x0200

enum { SECTION_QD = 4, SECTION_AN = 6, SECTION_NS = 8, SECTION_AR = 10 };

struct packet {
	size_t n;
	uint8_t bytes[PACKET_MAX];
};

static inline void
packet_u8(struct packet *p, unsigned value)
{
	p->bytes[p->n++] = (uint8_t)value;
}

static inline void
packet_u16(struct packet *p, unsigned value)
{
	packet_u8(p, value >> 8);
	packet_u8(p, value & 255);
}

static inline void
packet_u32(struct packet *p, uint32_t value)
{
	packet_u16(p, value >> 16);
	packet_u16(p, value & 65535);
}

static inline void
packet_bytes(struct packet *p, const void *bytes, size_t n)
{
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
}

/* "a.example": labels, without escapes. */
static inline void
packet_name(struct packet *p, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		packet_u8(p, (unsigned)n);
		packet_bytes(p, name, n);
		name += n;
		if (*name == '.')
			name++;
	}
	packet_u8(p, 0);
}

/* Header; the counts follow from what is added. */
static inline void
packet_begin(struct packet *p, unsigned id, unsigned flags)
{
	p->n = 0;
	packet_u16(p, id);
	packet_u16(p, flags);
	packet_u32(p, 0);
	packet_u32(p, 0);
}

static inline void
packet_count(struct packet *p, unsigned section)
{
	p->bytes[section + 1]++;
	if (p->bytes[section + 1] == 0)
		p->bytes[section]++;
}

static inline void
packet_question(struct packet *p, const char *name, unsigned type)
{
	packet_count(p, SECTION_QD);
	packet_name(p, name);
	packet_u16(p, type);
	packet_u16(p, 1);
}

/* A record up to RDLENGTH; packet_rr_end fills that in. */
static inline size_t
packet_rr(struct packet *p, unsigned section, const char *name, unsigned type,
    uint32_t ttl)
{
	packet_count(p, section);
	packet_name(p, name);
	packet_u16(p, type);
	packet_u16(p, 1);
	packet_u32(p, ttl);
	packet_u16(p, 0);
	return p->n;
}

static inline void
packet_rr_end(struct packet *p, size_t begin)
{
	size_t n = p->n - begin;

	p->bytes[begin - 2] = (uint8_t)(n >> 8);
	p->bytes[begin - 1] = (uint8_t)n;
}

static inline void
packet_rr_bytes(struct packet *p, unsigned section, const char *name,
    unsigned type, uint32_t ttl, const void *bytes, size_t n)
{
	size_t begin = packet_rr(p, section, name, type, ttl);

	packet_bytes(p, bytes, n);
	packet_rr_end(p, begin);
}

/* NS, CNAME, PTR. */
static inline void
packet_rr_name(struct packet *p, const char *name, unsigned type, uint32_t ttl,
    const char *target)
{
	size_t begin = packet_rr(p, SECTION_AN, name, type, ttl);

	packet_name(p, target);
	packet_rr_end(p, begin);
}

static inline void
packet_mx(struct packet *p, const char *name, uint32_t ttl, unsigned preference,
    const char *host)
{
	size_t begin = packet_rr(p, SECTION_AN, name, 15, ttl);

	packet_u16(p, preference);
	packet_name(p, host);
	packet_rr_end(p, begin);
}

static inline void
packet_soa(struct packet *p, unsigned section, const char *zone, uint32_t ttl,
    uint32_t minimum)
{
	size_t begin = packet_rr(p, section, zone, 6, ttl);

	packet_name(p, "ns.example");
	packet_name(p, "root.example");
	packet_u32(p, 2026);
	packet_u32(p, 3600);
	packet_u32(p, 600);
	packet_u32(p, 86400);
	packet_u32(p, minimum);
	packet_rr_end(p, begin);
}

#endif
