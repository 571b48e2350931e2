/* SPDX-License-Identifier: MIT */
/* unix_connect.c - commands find the sockets of the running server. */
#include "unix_connect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
unix_connect(const char *state_dir, const char *name, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int n = snprintf(
	    addr.sun_path, sizeof(addr.sun_path), "%s/%s", state_dir, name);
	int fd, code;

	if (n < 0 || (size_t)n >= sizeof(addr.sun_path))
		return err_set(
		    err, -ENAMETOOLONG, "%s: path too long", state_dir);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	code = errno;
	(void)close(fd);
	if (code == ENOENT || code == ECONNREFUSED)
		return err_set(err, -code,
		    "no server runs with the state directory %s; name another "
		    "with --state",
		    state_dir);
	return err_set(err, -code, "%s: %s", addr.sun_path, strerror(code));
}
