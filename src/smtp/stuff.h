/* SPDX-License-Identifier: MIT */
/* stuff.h - a message as it goes behind DATA (RFC 5321 4.5.2).
 *
 * The other end sees the line ends and the end that we mean, whatever it takes
 * for one: what goes out has CRLF line ends, no CR and no LF without the
 * other, no NUL, and no line of one dot but the last (RFC 5321 2.3.8, 4.1.1.4).
 */
#ifndef HOOKLINE_SMTP_STUFF_H
#define HOOKLINE_SMTP_STUFF_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed: before the first byte. */
struct smtp_stuff {
	bool is_inside; /* of a line: something stands in front */
	bool has_cr;    /* a CR came whose LF may follow */
};

/* Room that `n` bytes of the message may need, and that the end may. */
#define SMTP_STUFF_ROOM(n) (2 * (n) + 1)
#define SMTP_STUFF_END_ROOM 6

/* Writes the next `n` bytes of the message to `out`, with each dot at the
 * start of a line doubled.  A bare LF becomes CRLF, a bare CR and a NUL a
 * space.  Returns how many it wrote, at most SMTP_STUFF_ROOM(n). */
size_t smtp_stuff(
    struct smtp_stuff *stuff, const char *bytes, size_t n, char *out);
/* Ends the last line, if it has not ended, and the message.  Returns how many
 * it wrote, at most SMTP_STUFF_END_ROOM. */
size_t smtp_stuff_end(struct smtp_stuff *stuff, char *out);

#endif
