/* SPDX-License-Identifier: MIT */
/* mail_bench.c - what it costs to keep a message instead of dropping it.
 *
 * Prints microseconds for each operation: the least of several rounds, since
 * what disturbs a measurement only ever makes it longer.  The pieces are
 * those of a read from a socket.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "mail/memory.h"
#include "mail/message.h"
#include "mail/message_reader.h"
#include "mail/notes.h"

#define ROUNDS 15
#define PIECE 65536
#define HEADER_LINES 20

static struct body_store store;
static char *text;
static size_t text_n;
static struct message message;

/* A message of about `n` bytes with a header like those of today. */
static void
make_text(size_t n)
{
	text = realloc(text, n + 200);
	text_n = 0;
	for (int i = 0; i < HEADER_LINES; i++)
		text_n += (size_t)sprintf(text + text_n,
		    "X-Header-%d: some value that is as long as most\r\n", i);
	text_n += (size_t)sprintf(text + text_n, "\r\n");
	while (text_n < n)
		text_n += (size_t)sprintf(text + text_n,
		    "seventy-six columns of text, as base64 makes them, so that"
		    " lines are real\r\n");
}

static void
store_message(size_t threshold)
{
	struct message_limits limits = {
		.size_threshold = threshold,
		.header_bytes = 65536,
		.header_fields = 1000,
	};

	message_init(&message, &store, &limits, NULL);
	for (size_t i = 0; i < text_n; i += PIECE) {
		size_t n = text_n - i < PIECE ? text_n - i : PIECE;

		if (message_append(&message, text + i, n) < 0 ||
		    message_settle(&message) < 0)
			abort();
	}
	if (message_end(&message) < 0)
		abort();
}

static void
in_memory(void)
{
	store_message(1 << 30);
	message_done(&message);
}

static void
in_spool(void)
{
	store_message(0);
	message_done(&message);
}

/* The least that keeping can cost: one copy of the bytes. */
static void
one_copy(void)
{
	static char *copy;

	if (copy == NULL)
		copy = malloc(1 << 24);
	for (size_t i = 0; i < text_n; i += PIECE)
		memcpy(copy + i, text + i,
		    text_n - i < PIECE ? text_n - i : PIECE);
	__asm__ volatile("" : : "r"(copy) : "memory");
}

static void
read_out(enum line_end line_end)
{
	static char bytes[PIECE];
	struct message_reader reader;

	message_reader_init(&reader, &message, line_end);
	while (message_reader_read(&reader, bytes, sizeof(bytes)) > 0)
		__asm__ volatile("" : : "r"(bytes) : "memory");
}

static void
read_crlf(void)
{
	read_out(LINE_CRLF);
}

static void
read_lf(void)
{
	read_out(LINE_LF);
}

static void
read_lines(void)
{
	static char bytes[1024];
	struct message_reader reader;

	message_reader_init(&reader, &message, LINE_LF);
	while (message_reader_line(&reader, bytes, sizeof(bytes)) > 0)
		__asm__ volatile("" : : "r"(bytes) : "memory");
}

static void
count_lines(void)
{
	message.body.counted = message.body.crlf_count = 0;
	(void)body_data_size(&message.body);
}

static void
set_note(void)
{
	static struct memory_account account;
	struct notes *notes = NULL;

	if (notes_set_text(
		&notes, &account, SLICE_LIT("key"), SLICE_LIT("a value")) < 0 ||
	    notes_set_int(&notes, &account, SLICE_LIT("other"), 1) < 0)
		abort();
	notes_free(&notes);
}

static void
measure(const char *name, void (*fn)(void), unsigned repeat)
{
	uint64_t best = UINT64_MAX;

	for (int round = 0; round < ROUNDS; round++) {
		struct mono start = mono_now();
		uint64_t ns;

		for (unsigned i = 0; i < repeat; i++)
			fn();
		ns = (mono_now().ns - start.ns) / repeat;
		best = ns < best ? ns : best;
	}
	printf("%-36s %10.2f us\n", name, (double)best / 1000);
}

int
main(void)
{
	body_store_init(&store, "/tmp", 0);
	body_store_set_io(&store, &body_io_direct);
	make_text(1000);
	measure("1 KiB: append, free", in_memory, 20000);
	make_text(102400);
	measure("100 KiB: one copy (floor)", one_copy, 2000);
	measure("100 KiB: append, free", in_memory, 2000);
	measure("100 KiB: always spooled", in_spool, 200);
	store_message(1 << 30);
	measure("100 KiB: read CRLF", read_crlf, 2000);
	measure("100 KiB: read LF", read_lf, 1000);
	measure("100 KiB: read LF by lines", read_lines, 200);
	measure("100 KiB: count line ends", count_lines, 2000);
	message_done(&message);
	make_text(10 << 20);
	measure("10 MiB: append, free, memory", in_memory, 5);
	measure("10 MiB: append, free, spool", in_spool, 2);
	measure("two notes: set, free", set_note, 20000);
	printf("struct message %zu bytes, struct body %zu\n",
	    sizeof(struct message), sizeof(struct body));
	body_store_done(&store);
	free(text);
	return 0;
}
