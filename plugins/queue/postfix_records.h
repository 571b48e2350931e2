/* SPDX-License-Identifier: MIT */
/* postfix_records.h - what Postfix's processes say to each other.
 *
 * Records: a letter, the length in groups of seven bits (the lowest first, the
 * highest bit of an octet says that more follow), and so many octets.
 * Attributes: a name and a value, each with a NUL, and a NUL behind the last.
 * See rec_type.h, cleanup_user.h and mail_proto.h of Postfix.
 */
#ifndef HOOKLINE_QUEUE_POSTFIX_RECORDS_H
#define HOOKLINE_QUEUE_POSTFIX_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#define RECORD_TIME 'T'
#define RECORD_SENDER 'S'
#define RECORD_RECIPIENT 'R'
#define RECORD_ATTRIBUTE 'A'
#define RECORD_MESSAGE 'M'   /* the message begins */
#define RECORD_PART 'L'      /* of a line; more of it follows */
#define RECORD_LINE 'N'      /* a line, or its last part, without line end */
#define RECORD_EXTRACTED 'X' /* the message has ended */
#define RECORD_END 'E'

/* Lines are cut there; smtpd does so at 2,048. */
#define RECORD_LINE_MAX 2048

/* Gathers records and gives them to `send` when many are there. */
struct records {
	int (*send)(void *arg, const void *bytes, size_t size);
	void *arg;
	int error; /* of `send`, negative: nothing is sent any more */
	size_t n;
	size_t line;  /* octets of the line under way */
	bool is_open; /* ... which has no end yet */
	char *bytes;  /* RECORDS_SIZE */
	char text[RECORD_LINE_MAX];
};
#define RECORDS_SIZE 16384u

void record_put(
    struct records *records, char type, const void *bytes, size_t size);
/* "NAME=VALUE"; none where `value` is "": Postfix warns of those.  Nor what is
 * over 2,047 octets. */
void record_attribute(
    struct records *records, const char *name, const char *value);
/* A list of attributes that has one. */
void attribute_put(
    struct records *records, const char *name, const char *value);
/* Text of a message, in pieces as they come; LF ends a line. */
void record_text(struct records *records, const char *bytes, size_t size);
/* The last line needs no LF. */
void record_text_end(struct records *records);
/* Gives what is there to `send`.  0 or the first error. */
int records_flush(struct records *records);

/* Attributes that a process has sent.
 * Returns how many of `n` bytes they are; 0: more must come; -EPROTO it is no
 * such list.  `on_attribute` is called for each only when all are there. */
long attributes_read(const char *bytes, size_t n,
    void (*on_attribute)(void *arg, const char *name, const char *value),
    void *arg);

/* What cleanup says of a message: a bit for each fault, 0 none. */
struct record_fault {
	unsigned long bit;
	bool for_good;
	const char *enhanced, *text;
};
/* The worst of them; NULL: none that is known. */
const struct record_fault *record_fault(unsigned long status);

/* "FLAG_MAP_OK" to its bits; 0: not known. */
unsigned record_flag(const char *name);
#define RECORD_FLAG_SMTPUTF8 (1u << 8)

#endif
