/* SPDX-License-Identifier: MIT */
/* notify.c - talking to systemd: state, watchdog, sockets it opened. */
#include "notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#ifdef HOOKLINE_SYSTEMD

#include <systemd/sd-daemon.h>

void
notify_ready(unsigned workers)
{
	(void)sd_notifyf(0, "READY=1\nSTATUS=%u worker%s\nMAINPID=%ld", workers,
	    workers == 1 ? "" : "s", (long)getpid());
}

void
notify_reloading(void)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)(mono_now().ns / 1000));
}

void
notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=draining");
}

void
notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

uint64_t
notify_watchdog_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 1000 : 0;
}

int
activation_take(struct activation *ret, struct err *err)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	*ret = (struct activation){ 0 };
	if (n < 0)
		return err_set(
		    err, n, "sockets from systemd: %s", strerror(-n));
	ret->count = (unsigned)n;
	ret->sockets = mem_array(ret->count + 1, sizeof(*ret->sockets));
	for (unsigned i = 0; i < ret->count; i++) {
		ret->sockets[i].fd = SD_LISTEN_FDS_START + (int)i;
		ret->sockets[i].name = mem_dup(slice_of(names[i]));
		free(names[i]);
	}
	free(names);
	return 0;
}

#else

void
notify_ready(unsigned workers)
{
	(void)workers;
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_watchdog(void)
{
}

uint64_t
notify_watchdog_ms(void)
{
	return 0;
}

int
activation_take(struct activation *ret, struct err *err)
{
	*ret = (struct activation){ 0 };
	if (getenv("LISTEN_FDS") != NULL)
		return err_set(err, -ENOSYS,
		    "sockets from systemd: built without libsystemd");
	return 0;
}

#endif

void
activation_done(struct activation *activation)
{
	for (unsigned i = 0; i < activation->count; i++) {
		(void)close(activation->sockets[i].fd);
		mem_free(activation->sockets[i].name);
	}
	mem_free(activation->sockets);
	*activation = (struct activation){ 0 };
}
