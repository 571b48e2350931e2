/* SPDX-License-Identifier: MIT */
/* conf_nets.c - from an address to the first line whose network has it. */
#include "conf_nets.h"

#include <errno.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

/* What is hashed and compared: all of it is set. */
struct net_key {
	uint8_t bytes[16];
	uint8_t family;
	uint8_t bits;
};

struct slot {
	struct net_key key;
	bool used;
	uint32_t line;
};

struct conf_nets {
	struct slot *slots;
	size_t mask;
	size_t free_count;
	/* The lengths of prefix that occur. */
	uint8_t lengths_v4[33], lengths_v6[129];
	unsigned count_v4, count_v6;
	uint64_t work;
};

struct conf_nets *
conf_nets_new(size_t count)
{
	struct conf_nets *nets = mem_alloc(sizeof(*nets));
	size_t size = 8;

	while (size < 2 * count)
		size *= 2;
	nets->slots = mem_array(size, sizeof(nets->slots[0]));
	nets->mask = size - 1;
	nets->free_count = size / 2;
	return nets;
}

void
conf_nets_free(struct conf_nets **nets)
{
	if (*nets != NULL)
		mem_free((*nets)->slots);
	mem_free(*nets);
	*nets = NULL;
}

static struct net_key
make_key(const struct inet_addr *addr, unsigned bits)
{
	struct net_key key = { .family = addr->family, .bits = (uint8_t)bits };
	size_t whole = bits / 8;

	memcpy(key.bytes, addr->bytes, whole);
	if (bits % 8 > 0)
		key.bytes[whole] =
		    (uint8_t)(addr->bytes[whole] & (0xff00u >> bits % 8));
	return key;
}

/* The slot that has `key`, or the free one where it would be. */
static struct slot *
find_slot(struct conf_nets *nets, const struct net_key *key)
{
	size_t at = (size_t)hash_bytes(key, sizeof(*key)) & nets->mask;

	nets->work++;
	while (nets->slots[at].used &&
	       memcmp(&nets->slots[at].key, key, sizeof(*key)) != 0) {
		at = (at + 1) & nets->mask;
		nets->work++;
	}
	return &nets->slots[at];
}

static void
note_length(uint8_t *lengths, unsigned *count, uint8_t bits)
{
	for (unsigned i = 0; i < *count; i++)
		if (lengths[i] == bits)
			return;
	lengths[(*count)++] = bits;
}

/* ------------------------------------- qpsmtpd's prefix of the long form */

static int
hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "2001:0db8:12": hex digits in groups of four from the front, the last one
 * may be shorter; a colon at the end is left to inet_net_parse. */
static int
parse_nibbles(struct slice text, struct inet_net *ret)
{
	struct inet_net net = { .addr.family = INET_V6 };
	unsigned nibbles = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = hex_value(text.p[i]);

		if (i % 5 == 4) {
			if (text.p[i] != ':' || i + 1 == text.n)
				return -EINVAL;
			continue;
		}
		if (value < 0 || nibbles == 32)
			return -EINVAL;
		net.addr.bytes[nibbles / 2] |=
		    (uint8_t)(nibbles % 2 == 0 ? value << 4 : value);
		nibbles++;
	}
	if (slice_find(text, ':') == text.n)
		return -EINVAL; /* "10": more likely half an IPv4 address */
	net.bits = (uint8_t)(4 * nibbles);
	*ret = net;
	return 0;
}

int
conf_nets_add(struct conf_nets *nets, struct slice text, size_t line)
{
	struct net_key key;
	struct inet_net net;
	struct slot *slot;

	if (inet_net_parse(text, &net) != 0 && parse_nibbles(text, &net) != 0)
		return -EINVAL;
	key = make_key(&net.addr, net.bits);
	slot = find_slot(nets, &key);
	if (slot->used)
		return 0; /* an earlier line has it */
	CHECK(nets->free_count > 0);
	nets->free_count--;
	*slot = (struct slot){ key, true, (uint32_t)line };
	if (net.addr.family == INET_V4)
		note_length(nets->lengths_v4, &nets->count_v4, net.bits);
	else
		note_length(nets->lengths_v6, &nets->count_v6, net.bits);
	return 0;
}

bool
conf_nets_find(
    struct conf_nets *nets, const struct inet_addr *addr, size_t *ret_line)
{
	bool is_v4 = addr->family == INET_V4;
	const uint8_t *lengths = is_v4 ? nets->lengths_v4 : nets->lengths_v6;
	unsigned count = is_v4 ? nets->count_v4 : nets->count_v6;
	bool found = false;

	if (addr->family != INET_V4 && addr->family != INET_V6)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct net_key key = make_key(addr, lengths[i]);
		const struct slot *slot = find_slot(nets, &key);

		if (slot->used && (!found || slot->line < *ret_line)) {
			*ret_line = slot->line;
			found = true;
		}
	}
	return found;
}

uint64_t
conf_nets_work(const struct conf_nets *nets)
{
	return nets->work;
}
