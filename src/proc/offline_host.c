/* SPDX-License-Identifier: MIT */
/* offline_host.c - a Perl host for `check` and `try`. */
#include "offline_host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf_dir.h"
#include "perl_list.h"
#include "service.h"
#include "settings.h"

struct offline_host {
	char dir[32];
	char socket[64];
	pid_t pid;
	int end; /* closed: it ends */
};

/* Does it need one at all? */
static int
count_lines(const char *config_dir, size_t *ret, struct err *err)
{
	struct buf list = BUF_INIT;
	struct conf_dir *conf;
	size_t loggers;
	int rc = settings_open(config_dir, &conf, err);

	if (rc < 0)
		return rc;
	*ret = perl_list_make(conf, NULL, 0, &list, &loggers);
	buf_done(&list);
	conf_dir_free(&conf);
	return 0;
}

static int
listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)(const void *)&addr,
		sizeof(addr)) == -1 ||
	    listen(fd, 16) == -1) {
		int error = errno;

		if (fd != -1)
			(void)close(fd);
		return -error;
	}
	return fd;
}

/* In the child: 3 and 4 are what a service finds there. */
static void
run(const struct offline_host *host, const char *config_dir, int listener,
    int end)
{
	int a = fcntl(listener, F_DUPFD, 10), b = fcntl(end, F_DUPFD, 10);

	if (a != -1 && b != -1 && dup2(a, SERVICE_FD_LISTEN) != -1 &&
	    dup2(b, SERVICE_FD_MASTER) != -1) {
		(void)close(a);
		(void)close(b);
		(void)execl("/proc/self/exe", "hookline", "perl-host",
		    host->dir, config_dir, "1", (char *)NULL);
	}
	_exit(127);
}

static int
start(struct offline_host *host, const char *config_dir, struct err *err)
{
	int listener, ends[2];

	(void)snprintf(host->dir, sizeof(host->dir), "/tmp/hookline-XXXXXX");
	if (mkdtemp(host->dir) == NULL)
		return err_set(
		    err, -errno, "%s: %s", host->dir, strerror(errno));
	(void)snprintf(
	    host->socket, sizeof(host->socket), "%s/perl.sock", host->dir);
	listener = listen_on(host->socket);
	if (listener < 0)
		return err_set(
		    err, listener, "%s: %s", host->socket, strerror(-listener));
	if (pipe2(ends, O_CLOEXEC) == -1) {
		(void)close(listener);
		return err_set(err, -errno, "pipe: %s", strerror(errno));
	}
	host->pid = fork();
	if (host->pid == 0)
		run(host, config_dir, listener, ends[0]);
	(void)close(ends[0]);
	(void)close(listener);
	host->end = ends[1];
	return host->pid > 0
		   ? 0
		   : err_set(err, -errno, "fork: %s", strerror(errno));
}

int
offline_host_start(
    const char *config_dir, struct offline_host **ret, struct err *err)
{
	struct offline_host *host;
	size_t lines = 0;
	int rc = count_lines(config_dir, &lines, err);

	*ret = NULL;
	if (rc < 0 || lines == 0)
		return rc;
	host = mem_alloc(sizeof(*host));
	host->end = -1;
	rc = start(host, config_dir, err);
	if (rc < 0)
		offline_host_stop(&host);
	else
		*ret = host;
	return rc;
}

const char *
offline_host_socket(const struct offline_host *host)
{
	return host != NULL ? host->socket : NULL;
}

/* One that does not look at its standard input, because it still loads a
 * plugin, is killed. */
static void
wait_for_end(pid_t pid)
{
	static const struct timespec pause = { .tv_nsec = 5000000 };
	struct mono late = mono_add_ms(mono_now(), SERVICE_KILL_MS);

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (mono_is_before(late, mono_now()))
			(void)kill(pid, SIGKILL);
		(void)nanosleep(&pause, NULL);
	}
}

void
offline_host_stop(struct offline_host **host)
{
	struct offline_host *old = *host;

	*host = NULL;
	if (old == NULL)
		return;
	if (old->end != -1)
		(void)close(old->end);
	if (old->pid > 0)
		wait_for_end(old->pid);
	(void)unlink(old->socket);
	(void)rmdir(old->dir);
	mem_free(old);
}
