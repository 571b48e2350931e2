/* SPDX-License-Identifier: MIT */
/* channel.h - messages between the master and one worker.
 *
 * A pair of Unix sockets that keep message bounds.  A message is a line of
 * text without newline, at most CHANNEL_MAX bytes: a word, then arguments;
 * one descriptor may come with it.  When one side is gone the other is told,
 * which is how a worker learns that its master died.
 *
 *	master -> worker
 *	go                    start to accept
 *	adopt ID SLOT LINE    (descriptor) poll this socket too
 *	release ID SLOT       stop polling it, close it
 *	finish ID SLOT        accept what waits in it, close it
 *	retire                replaced: accept no more, end when empty
 *	drain                 server stops: 421 to idle sessions
 *	now                   time is up
 *	flush N               look at the configuration files now
 *	known                 the spawn helper has the list
 *	tls                   (descriptor) new TLS material
 *	tickets               (descriptor) new keys of session tickets
 *
 *	worker -> master
 *	programs              (descriptor) the list of spawn/grants.h, before
 *	                      the plugins start
 *	ready                 loaded, may go
 *	fail TEXT             could not load; the worker ends
 *	flushed N FAULTS TEXT
 *	missed                it had no room for the descriptor of `tls` or
 *	                      `tickets`: both are sent again
 *	missed SLOT           the same for `adopt`
 *	stuck PID HOW         (descriptor) a host process in which a call was
 *	                      given up (host/host.h); the descriptor keeps it
 *	                      from serving another client
 */
#ifndef HOOKLINE_PROC_CHANNEL_H
#define HOOKLINE_PROC_CHANNEL_H

#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"

struct channel;
struct uv_loop_s;

#define CHANNEL_MAX 2048

/* Callbacks run on the loop's stack; both may call channel_close. */
struct channel_events {
	/* `text` is NUL-terminated behind its end and valid during the call;
	 * `fd` is the callee's, -1 for none. */
	void (*on_message)(void *owner, struct slice text, int fd);
	/* The other side closed or died; called once, no message follows. */
	void (*on_closed)(void *owner);
};

/* Both ends: close-on-exec and non-blocking.  0 or negative errno. */
int channel_pair(int ret_fds[2]) WARN_UNUSED;

/* `fd` is one end and belongs to the channel from now on.  `events` and
 * `owner` must outlive it. */
struct channel *channel_open(struct uv_loop_s *loop, int fd,
    const struct channel_events *events, void *owner);
/* Sends a message, with `fd` (still the caller's) if it is not -1; longer
 * ones are cut.  Never blocks.  Returns 0; -EAGAIN the other side does not
 * read and its buffer is full; -EPIPE it is gone. */
int channel_send(struct channel *channel, int fd, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Delivers now what has arrived: the last words of a process that is gone. */
void channel_drain(struct channel *channel);
void channel_close(struct channel **channel);

#endif
