/* SPDX-License-Identifier: MIT */
/* net_floor.c - the least SMTP server on listener.h and stream.h: what the
 * two cost, measured beside a bare epoll loop that does the same.
 *
 *	net_floor PORT		127.0.0.1:PORT, until SIGTERM
 *
 * Checks nothing, takes no fiber.  For tests/bench only.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/mem.h"
#include "net/listen_socket.h"
#include "net/listener.h"
#include "net/stream.h"
#include "rt/rt.h"

struct session {
	struct stream *stream;
	bool in_body;
	unsigned have; /* command: bytes in verb; body: matched of END */
	char verb[4];
};

static const char END[] = "\r\n.\r\n";
static struct rt *rt;
static unsigned long accepted;

static const char *
skip_body(struct session *s, const char *p, const char *end)
{
	while (p < end) {
		if (s->have == 0) {
			p = memchr(p, '\r', (size_t)(end - p));
			if (p == NULL)
				return end;
			p++;
			s->have = 1;
		} else if (*p == END[s->have]) {
			p++;
			if (++s->have == 5) {
				s->in_body = false;
				return p;
			}
		} else {
			s->have = *p++ == '\r';
		}
	}
	return p;
}

static const char *
answer(struct session *s)
{
	s->have = 0;
	if (strncasecmp(s->verb, "DATA", 4) == 0) {
		s->in_body = true;
		s->have = 2;
		return "354 go\r\n";
	}
	if (strncasecmp(s->verb, "EHLO", 4) == 0)
		return "250-net_floor\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
	if (strncasecmp(s->verb, "QUIT", 4) == 0)
		return NULL;
	return "250 ok\r\n";
}

/* Gathers the replies of a read, as the server does. */
static void
on_data(void *owner, const char *p, size_t n)
{
	struct session *s = owner;
	const char *end = p + n, *reply = "";
	static char out[65536];
	size_t out_n = 0;

	while (p < end && reply != NULL) {
		const char *lf;

		if (s->in_body) {
			p = skip_body(s, p, end);
			if (s->in_body)
				break;
			accepted++;
			s->have = 0;
			reply = "250 ok\r\n";
		} else {
			lf = memchr(p, '\n', (size_t)(end - p));
			for (const char *q = p;
			     q < (lf != NULL ? lf : end) && s->have < 4; q++)
				s->verb[s->have++] = *q;
			if (lf == NULL)
				break;
			p = lf + 1;
			reply = answer(s);
		}
		memcpy(out + out_n, reply != NULL ? reply : "221 bye\r\n",
		    strlen(reply != NULL ? reply : "221 bye\r\n"));
		out_n += strlen(reply != NULL ? reply : "221 bye\r\n");
	}
	if (out_n > 0 && stream_write(s->stream, out, out_n) < 0)
		stream_close(s->stream);
	else if (reply == NULL)
		stream_linger_close(s->stream);
}

static void
on_eof(void *owner)
{
	struct session *s = owner;

	stream_close(s->stream);
}

static void
on_gone(void *owner, int err)
{
	(void)err;
	on_eof(owner);
}

static void
on_closed(void *owner)
{
	mem_free(owner);
}

static void
on_accept(void *owner, int fd, const struct inet_addr *peer,
    const struct inet_addr *local)
{
	static const struct stream_events events = {
		.on_data = on_data,
		.on_eof = on_eof,
		.on_gone = on_gone,
		.on_closed = on_closed,
	};
	struct session *s = mem_alloc(sizeof(*s));

	(void)owner;
	(void)peer;
	(void)local;
	if (stream_open(rt, fd, &events, s, &s->stream) < 0)
		abort();
	if (stream_write(s->stream, "220 net_floor\r\n", 15) < 0)
		stream_close(s->stream);
}

static void
on_signal(uv_signal_t *signal, int number)
{
	(void)signal;
	(void)number;
	(void)printf("%lu\n", accepted);
	exit(0);
}

int
main(int argc, char **argv)
{
	static const struct listener_events events = { .on_accept = on_accept };
	struct endpoint where;
	struct listener *listener;
	struct err err = { 0 };
	uv_signal_t term;
	char text[64];
	int fd;

	if (argc != 2)
		return 2;
	(void)snprintf(text, sizeof(text), "127.0.0.1:%s", argv[1]);
	rt = rt_new(NULL);
	if (endpoint_parse_listen(slice_of(text), &where, &err) < 0 ||
	    (fd = listen_socket_make(&where, NULL, &err)) < 0 ||
	    listener_open(rt, fd, &events, NULL, &listener) < 0) {
		(void)fprintf(stderr, "net_floor: %s\n", err.text);
		return 1;
	}
	listener_start(listener);
	(void)uv_signal_init(rt_loop(rt), &term);
	(void)uv_signal_start(&term, on_signal, SIGTERM);
	return rt_run(rt);
}
