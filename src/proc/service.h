/* SPDX-License-Identifier: MIT */
/* service.h - a process of our own that the master keeps running.
 *
 * `hookline COMMAND DIR [WORD...]`, forked and executed from our own binary.
 * The master makes a listening socket for it once and keeps it, so workers that
 * connect while a process is replaced wait for the next.  A process that died
 * is started again after a wait (respawn.h).  When the master closes its end
 * of the channel, or is gone, the process ends.
 *
 *	start -> running --death--> waiting --timer--> running ...
 *	service_stop: running -> ending -> freed
 */
#ifndef HOOKLINE_PROC_SERVICE_H
#define HOOKLINE_PROC_SERVICE_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

struct service;
struct uv_loop_s;

/* What the process finds behind the standard three. */
enum { SERVICE_FD_LISTEN = 3, SERVICE_FD_MASTER };

/* From the order to end until it is killed. */
#define SERVICE_KILL_MS 3000

/* The exit status of one that is not needed: it is not started again.  Not 0,
 * with which a Perl plugin, or SIGTERM, can end what it has become; nor a
 * number that Perl makes of an errno. */
#define SERVICE_NOT_NEEDED 200

/* Texts are static, but for `socket`, which is copied. */
struct service_kind {
	const char *command;      /* of our program, which it runs */
	const char *socket;       /* name in the state directory */
	bool keeps_bounds;        /* a SOCK_SEQPACKET socket */
	const char *died;         /* the events in the log */
	const char *start_failed; /* ... */
	const char *died_text;    /* what that means for the mail */
};

/* kind      its struct is copied
 * dir       the state directory; borrowed, and the argument of the command
 * more      further arguments, ending with NULL, or NULL; copied
 * on_start  after each start that succeeded, but not within this call, which
 *           has started the first; may be NULL
 * Returns 0; as state_dir_listen.  A process that cannot be started is
 * logged and tried again. */
int service_start(struct uv_loop_s *loop, const struct service_kind *kind,
    const char *dir, const char *const *more, void (*on_start)(void *arg),
    void *arg, struct service **ret, struct err *err) WARN_UNUSED;

/* The loop must run until the service's handles are closed: that takes as
 * long as the process.  NULL is fine. */
void service_stop(struct service **service);

/* Sends it `text`, with `fd` (still the caller's).  0; -EAGAIN it does not
 * read, -EPIPE none runs now. */
int service_send(struct service *service, int fd, const char *text) WARN_UNUSED;

/* 0: none runs now. */
int service_pid(const struct service *service);
unsigned service_deaths(const struct service *service);

#endif
