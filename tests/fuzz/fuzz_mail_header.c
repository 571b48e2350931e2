/* SPDX-License-Identifier: MIT */
/* fuzz_mail_header.c - no edit can add a second field, end the header or
 * touch another field: the delivered message, read again, has the fields
 * that the list says it has, and the same body.
 *
 * Input: number of edits; for each an operation, a place and the length of a
 * value; the values; the message.
 */
#include "fuzz_mail.h"

#include "mail/authres.h"
#include "mail/received.h"

#define ID SLICE_LIT("me.example")

enum { ADD_TOP, ADD_BOTTOM, REPLACE, DELETE, DELETE_ALL, RENAME, AUTHRES };

static const char *const names[] = { "A", "subject", "Received",
	"Authentication-Results", "DKIM-Signature", "X-Y", "bad name", "c:d" };

static struct slice
take(struct slice *in, size_t n)
{
	struct slice part = slice_head(*in, n);

	*in = slice_from(*in, part.n);
	return part;
}

static void
edit(struct header *header, struct slice *in)
{
	uint8_t what = fuzz_byte(in), place = fuzz_byte(in);
	struct slice name = slice_of(names[place % ARRAY_SIZE(names)]);
	struct slice value = take(in, fuzz_byte(in));
	size_t index = place / ARRAY_SIZE(names) % 4;
	size_t before = header_total(header);
	int ret = 0;

	switch (what % 7) {
	case ADD_TOP:
		ret = header_add_top(header, name, value, NULL);
		break;
	case ADD_BOTTOM:
		ret = header_add_bottom(header, name, value, NULL);
		break;
	case REPLACE:
		ret = header_replace(header, name, index, value, NULL);
		break;
	case DELETE:
		before -= header_delete(header, name, index);
		CHECK(header_total(header) == before);
		break;
	case DELETE_ALL:
		before -= header_delete(header, name, HEADER_ALL);
		CHECK(header_total(header) == before);
		CHECK(header_count(header, name) == 0);
		break;
	case RENAME:
		ret = header_rename_at(header, index, name);
		break;
	case AUTHRES:
		ret = authres_rename(header, ID);
		CHECK(ret >= 0);
		if (header_count(header, SLICE_LIT("DKIM-Signature")) == 0)
			CHECK(header_count(header,
				  SLICE_LIT("Authentication-Results")) == 0);
		break;
	}
	if (ret < 0)
		CHECK(header_total(header) == before);
}

static void
same_body(struct message *message, struct slice want)
{
	uint64_t pos = message->body_start;
	struct slice part;

	/* All in memory. */
	while ((part = body_peek(&message->body, pos)).n > 0) {
		CHECK(slice_eq(part, slice_head(want, part.n)));
		want = slice_from(want, part.n);
		pos += part.n;
	}
	CHECK(want.n == 0);
}

/* The delivered message, taken in once more. */
static void
check_again(struct message *message, struct body_store *store)
{
	struct message again;
	struct buf out = BUF_INIT;
	const struct header *a = &message->header, *b = &again.header;

	fuzz_delivered(message, LINE_CRLF, &out);
	message_init(&again, store, &message->limits, NULL);
	CHECK(fuzz_feed(&again, buf_slice(&out), 0) == 0);
	CHECK(message_end(&again) == 0);
	CHECK(header_total(a) == header_total(b));
	for (size_t i = 0; i < header_total(a); i++) {
		CHECK(slice_eq(header_name(a, header_at(a, i)),
		    header_name(b, header_at(b, i))));
		/* The last field may have ended in a bare LF. */
		CHECK(slice_eq(slice_trim(header_raw_value(a, header_at(a, i))),
		    slice_trim(header_raw_value(b, header_at(b, i)))));
	}
	same_body(message, slice_from(buf_slice(&out), again.body_start));
	message_done(&again);
	buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct message_limits limits = { 1 << 20, 1 << 20, 100000, 0 };
	struct memory_account account = { .cap = 4096 };
	struct slice in = fuzz_input(bytes, n), edits;
	uint8_t count = fuzz_byte(&in) % 16;
	struct body_store store;
	struct body_io io;
	struct message message;

	edits = take(&in, (size_t)fuzz_byte(&in) * 4);
	fuzz_store_init(&store, &io, 0);
	message_init(&message, &store, &limits, &account);
	CHECK(fuzz_feed(&message, slice_head(in, in.n / 2), 1) == 0);
	/* Edits while fields still arrive, and afterwards. */
	for (unsigned i = 0; i < count; i++) {
		if (i == count / 2) {
			CHECK(fuzz_feed(
				  &message, slice_from(in, in.n / 2), 1) == 0);
			CHECK(message_end(&message) == 0);
		}
		edit(&message.header, &edits);
	}
	if (count == 0) {
		CHECK(fuzz_feed(&message, slice_from(in, in.n / 2), 1) == 0);
		CHECK(message_end(&message) == 0);
	}
	(void)received_count(&message.header);
	check_again(&message, &store);
	message_done(&message);
	CHECK(account.used == 0);
	body_store_done(&store);
	return 0;
}
