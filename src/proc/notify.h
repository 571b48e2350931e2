/* SPDX-License-Identifier: MIT */
/* notify.h - talking to systemd: state, watchdog, sockets it opened.
 *
 * Through libsystemd, where the build has it; otherwise the functions do
 * nothing, and sockets from systemd are an error.  Without systemd around
 * ($NOTIFY_SOCKET unset) nothing is sent either.
 */
#ifndef HOOKLINE_PROC_NOTIFY_H
#define HOOKLINE_PROC_NOTIFY_H

#include <stdint.h>

#include "base/err.h"

void notify_ready(unsigned workers);
void notify_reloading(void);
void notify_stopping(void);
void notify_watchdog(void);
/* How often systemd wants to hear from us at least; 0: not at all. */
uint64_t notify_watchdog_ms(void);

struct activation_socket {
	int fd;     /* close-on-exec */
	char *name; /* FileDescriptorName=, "unknown" by default */
};

struct activation {
	struct activation_socket *sockets;
	unsigned count;
};

/* Takes the sockets that systemd passed to this process; none: count 0.
 * Once, before other descriptors are opened or processes started. */
int activation_take(struct activation *ret, struct err *err) WARN_UNUSED;
void activation_done(struct activation *activation);

#endif
