/* SPDX-License-Identifier: MIT */
/* listen_socket.c - making listening sockets. */
#include "net/listen_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(struct err *err, const char *what)
{
	int code = errno;

	return err_set(err, -code, "%s: %s", what, strerror(code));
}

static int
set_option(int fd, int level, int option, const char *what, struct err *err)
{
	const int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)) == -1)
		return fail(err, what);
	return 0;
}

static int
set_options(int fd, const struct endpoint *where,
    const struct listen_options *options, struct err *err)
{
	int rc = 0;

	if (where->kind == ENDPOINT_UNIX)
		return 0;
	rc = set_option(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", err);
	if (rc == 0 && options->reuse_port)
		rc = set_option(
		    fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", err);
	if (rc == 0)
		rc = set_option(
		    fd, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", err);
	if (rc == 0 && where->addr.family == INET_V6)
		rc = set_option(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", err);
	return rc;
}

/* Whether somebody accepts at this Unix socket; a full queue counts. */
static bool
is_served(const struct sockaddr *addr, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served;

	if (fd == -1)
		return true; /* cannot know: leave it alone */
	served = connect(fd, addr, len) == 0 || errno != ECONNREFUSED;
	(void)close(fd);
	return served;
}

/* Makes way for bind: removes the socket that a dead process left. */
static int
remove_stale(const char *path, const struct sockaddr *addr, socklen_t len,
    struct err *err)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : fail(err, path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(
		    err, -EEXIST, "%s exists and is not a socket", path);
	if (is_served(addr, len))
		return err_set(
		    err, -EADDRINUSE, "%s is in use by another process", path);
	if (unlink(path) == -1 && errno != ENOENT)
		return fail(err, path);
	return 0;
}

static int
bind_and_listen(int fd, const struct endpoint *where,
    const struct listen_options *options, struct err *err)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = (socklen_t)endpoint_to_sockaddr(where, &addr);
	mode_t mode = options->unix_mode != 0 ? options->unix_mode : 0666;
	const struct sockaddr *sockaddr = (const struct sockaddr *)&addr;
	bool is_unix = where->kind == ENDPOINT_UNIX;
	int rc = 0;

	if (is_unix)
		rc = remove_stale(where->name, sockaddr, len, err);
	if (rc < 0)
		return rc;
	if (bind(fd, sockaddr, len) == -1)
		return fail(err, "bind");
	/* Before listen: nobody can connect with another mode. */
	if (is_unix && chmod(where->name, mode) == -1)
		return fail(err, where->name);
	if (!options->bind_only && listen(fd, LISTEN_BACKLOG) == -1)
		return fail(err, "listen");
	return 0;
}

static int
domain_of(const struct endpoint *where)
{
	if (where->kind == ENDPOINT_UNIX)
		return AF_UNIX;
	return where->addr.family == INET_V6 ? AF_INET6 : AF_INET;
}

int
listen_socket_make(const struct endpoint *where,
    const struct listen_options *options, struct err *err)
{
	static const struct listen_options none;
	int fd, rc, type;

	CHECK(where->kind != ENDPOINT_HOST);
	if (options == NULL)
		options = &none;
	type = options->unix_bounds ? SOCK_SEQPACKET : SOCK_STREAM;
	fd = socket(domain_of(where), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return fail(err, "socket");
	rc = set_options(fd, where, options, err);
	if (rc == 0)
		rc = bind_and_listen(fd, where, options, err);
	if (rc < 0) {
		(void)close(fd);
		return rc;
	}
	return fd;
}
