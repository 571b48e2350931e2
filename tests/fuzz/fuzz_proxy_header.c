/* SPDX-License-Identifier: MIT */
/* fuzz_proxy_header.c - any bytes as a PROXY header, whole and as a client
 * reads it that takes only what is wanted. */
#include "fuzz.h"

#include "base/err.h"
#include "net/proxy_header.h"
#include "net/proxy_text.h"

/* Nothing of what a proxy tells can end a line or a string. */
static void
check_texts(const struct proxy_ssl *ssl)
{
	struct arena arena;
	hl_str texts[3];

	arena_init(&arena, 256, 0);
	texts[0] = proxy_text_word(&arena, ssl->version);
	texts[1] = proxy_text_word(&arena, ssl->cipher);
	texts[2] = proxy_text_cn(&arena, ssl->cn);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		for (size_t at = 0; at < texts[i].n; at++)
			CHECK(texts[i].p[at] >= ' ' && texts[i].p[at] <= '~');
	arena_done(&arena);
}

static void
check_tlvs(const struct proxy_header *header)
{
	struct slice tlvs = header->tlvs;
	struct proxy_tlv tlv;
	struct proxy_ssl ssl;
	size_t used = 0;

	while (proxy_tlv_next(&tlvs, &tlv))
		used += 3 + tlv.value.n;
	CHECK(used == header->tlvs.n);
	if (proxy_header_ssl(header, &ssl))
		check_texts(&ssl);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct slice in = fuzz_input(bytes, n);
	struct proxy_header whole, header;
	struct err err = { 0 };
	size_t want = 0, have = 0;
	int size = proxy_header_parse(in, &whole, &want, &err);
	int again = 0;

	CHECK(size >= 0 || err.text[0] != '\0');
	CHECK(size <= (int)n && (size != 0 || want > 0));
	if (size > 0)
		check_tlvs(&whole);
	for (want = 1; again == 0; have += want) {
		if (have > n)
			break;
		again = proxy_header_parse(
		    slice_head(in, have), &header, &want, NULL);
		if (again > 0)
			CHECK((size_t)again == have);
	}
	CHECK(size <= 0 || again == size);
	return 0;
}
