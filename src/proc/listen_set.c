/* SPDX-License-Identifier: MIT */
/* listen_set.c - the listening sockets of one generation. */
#include "listen_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "conf/conf_listen.h"
#include "net/listen_socket.h"
#include "notify.h"

/* How long the workers of a master that was killed may go on listening. */
#define PREDECESSOR_MS 3000

/* ---- text ---------------------------------------------------------------- */

static void
add_address(struct buf *buf, const struct inet_addr *addr, hl_str path)
{
	char text[INET_TEXT_MAX];

	if (addr->family == INET_UNIX) {
		buf_printf(buf, "unix:%.*s", STR(path));
		return;
	}
	(void)inet_text(addr, text);
	buf_printf(buf, addr->family == INET_V6 ? "[%s]:%u" : "%s:%u", text,
	    addr->port);
}

static char *
buf_take(struct buf *buf)
{
	char *text = mem_dup(buf_slice(buf));

	buf_done(buf);
	return text;
}

static char *
address_text(const struct inet_addr *addr, hl_str path)
{
	struct buf buf = BUF_INIT;

	add_address(&buf, addr, path);
	return buf_take(&buf);
}

/* The line again.  A name with ':' is the address itself, the default. */
static char *
line_text(const struct conf_listener *line, const char *where)
{
	struct buf buf = BUF_INIT;

	buf_printf(&buf, "%s%s%s%s plugins=%.*s", where,
	    line->tls ? " tls" : "", line->lmtp ? " lmtp" : "",
	    line->proxy ? " proxy" : "", STR(line->plugins));
	if (memchr(line->name.p, ':', line->name.n) == NULL)
		buf_printf(&buf, " name=%.*s", STR(line->name));
	return buf_take(&buf);
}

/* ---- one address --------------------------------------------------------- */

static void
addr_close(struct listen_addr *addr)
{
	for (unsigned i = 0; i < addr->count; i++) {
		if (addr->fds[i] != -1)
			(void)close(addr->fds[i]);
		addr->fds[i] = -1;
	}
}

static void
addr_done(struct listen_addr *addr)
{
	addr_close(addr);
	mem_free(addr->fds);
	mem_free(addr->key);
	mem_free(addr->line);
	mem_free(addr->where);
	mem_free(addr->path);
}

static void
addr_room(struct listen_addr *addr, unsigned count)
{
	addr->count = count;
	addr->fds = mem_array(count, sizeof(*addr->fds));
	for (unsigned i = 0; i < count; i++)
		addr->fds[i] = -1;
}

static int
dup_fd(int fd, struct err *err)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy == -1)
		return err_set(err, -errno, "descriptor: %s", strerror(errno));
	return copy;
}

/* The real address of a bound socket: its port where the line said 0. */
static int
fd_address(int fd, struct inet_addr *ret)
{
	struct sockaddr_storage storage = { 0 };
	socklen_t len = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &len) == -1)
		return -errno;
	return inet_from_sockaddr(&storage, ret);
}

static int
make_socket(const struct conf_listener *line, const struct inet_addr *addr,
    bool reuse_port, struct err *err)
{
	const struct listen_options options = {
		.reuse_port = reuse_port && addr->family != INET_UNIX,
		.bind_only = true,
	};
	struct endpoint where = {
		.kind =
		    addr->family == INET_UNIX ? ENDPOINT_UNIX : ENDPOINT_INET,
		.addr = *addr,
	};

	(void)snprintf(where.name, sizeof(where.name), "%.*s", STR(line->path));
	return listen_socket_make(&where, &options, err);
}

/* What slots share by SO_REUSEPORT the kernel would let another server of our
 * user share, too, and each would get some of the connections: a socket
 * without it finds out. */
static int
check_free(const struct conf_listener *line, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	struct mono end = mono_add_ms(mono_now(), PREDECESSOR_MS);
	int fd;

	while (
	    (fd = make_socket(line, &line->addr, false, err)) == -EADDRINUSE &&
	    mono_is_before(mono_now(), end))
		(void)nanosleep(&pause, NULL);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

/* Opens what `was` (may be NULL) does not have.  With port 0 the first
 * socket chooses for all slots. */
static int
addr_open(struct listen_addr *addr, const struct conf_listener *line,
    const struct listen_addr *was, struct err *err)
{
	struct inet_addr real = line->addr;

	for (unsigned i = 0; i < addr->count; i++) {
		addr->fds[i] = was != NULL && i < was->count
				   ? dup_fd(was->fds[i], err)
				   : make_socket(line, &real, true, err);
		if (addr->fds[i] < 0) {
			int rc = addr->fds[i];

			addr->fds[i] = -1;
			return rc;
		}
		if (real.family != INET_UNIX && real.port == 0 &&
		    fd_address(addr->fds[i], &real) < 0)
			return err_set(err, -EINVAL, "no port");
	}
	addr->where = address_text(&real, line->path);
	return 0;
}

/* ---- sockets of systemd -------------------------------------------------- */

/* The path of a bound Unix socket; "" for any other. */
static void
fd_path(int fd, char ret[CONF_UNIX_PATH_MAX + 1])
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr);

	ret[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&addr, &len) == 0 &&
	    addr.sun_family == AF_UNIX && addr.sun_path[0] != '\0')
		(void)snprintf(ret, CONF_UNIX_PATH_MAX + 1, "%.*s",
		    CONF_UNIX_PATH_MAX, addr.sun_path);
}

static bool
fd_is_at(int fd, const struct conf_listener *line)
{
	char path[CONF_UNIX_PATH_MAX + 1];
	struct inet_addr addr = { 0 };

	if (fd_address(fd, &addr) < 0 || addr.family != line->addr.family)
		return false;
	if (addr.family == INET_UNIX) {
		fd_path(fd, path);
		return str_eq_text(line->path, path);
	}
	return inet_eq(&addr, &line->addr) && addr.port == line->addr.port;
}

/* How well a line fits a socket; 0: not at all. */
static unsigned
line_fits(
    const struct conf_listener *line, const struct activation_socket *socket)
{
	return (unsigned)fd_is_at(socket->fd, line) * 2 +
	       str_eq_text(line->name, socket->name);
}

/* The line whose words are for `socket`: of its address and name, else of its
 * address, else of its name; NULL: none. */
static const struct conf_listener *
activation_line(
    const struct activation_socket *socket, const struct conf_listeners *lines)
{
	const struct conf_listener *best = NULL;
	unsigned best_fit = 0;

	for (size_t i = 0; i < lines->count; i++) {
		unsigned fit = line_fits(&lines->at[i], socket);

		if (fit > best_fit) {
			best = &lines->at[i];
			best_fit = fit;
		}
	}
	return best;
}

/* A socket that no line wants would never be polled. */
static int
activation_check(const struct activation *activation,
    const struct conf_listeners *lines, struct err *err)
{
	for (unsigned i = 0; i < activation->count; i++) {
		const struct activation_socket *s = &activation->sockets[i];

		if (activation_line(s, lines) == NULL)
			return err_set(err, -EINVAL,
			    "systemd passed the socket %s; no line of "
			    "config/listen has this name (name=%s) or its "
			    "address",
			    s->name, s->name);
	}
	return 0;
}

/* ---- the set ------------------------------------------------------------- */

static const struct listen_addr *
set_by_key(const struct listen_set *set, const char *key, unsigned nth)
{
	for (unsigned i = 0; set != NULL && i < set->count; i++)
		if (strcmp(set->addrs[i].key, key) == 0 && nth-- == 0)
			return &set->addrs[i];
	return NULL;
}

/* How many of the addresses before the last have the last one's key: several
 * lines may say port 0. */
static unsigned
key_number(const struct listen_set *set)
{
	const struct listen_addr *last = &set->addrs[set->count - 1];
	unsigned n = 0;

	for (unsigned i = 0; i + 1 < set->count; i++)
		n += strcmp(set->addrs[i].key, last->key) == 0;
	return n;
}

static struct listen_addr *
set_room(struct listen_set *set, char *key, bool from_systemd,
    const struct listen_set *old, unsigned *next_id,
    const struct listen_addr **ret_was)
{
	struct listen_addr *addr = &set->addrs[set->count++];
	const struct listen_addr *was;

	addr->key = key;
	addr->from_systemd = from_systemd;
	was = set_by_key(old, addr->key, key_number(set));
	if (was != NULL && was->from_systemd != from_systemd)
		was = NULL;
	addr->id = was != NULL ? was->id : (*next_id)++;
	*ret_was = was;
	return addr;
}

/* A line for which we open the sockets. */
static int
set_add(struct listen_set *set, const struct conf_listener *line,
    const struct listen_set *old, unsigned *next_id, struct err *err)
{
	const struct listen_addr *was;
	struct listen_addr *addr = set_room(set,
	    address_text(&line->addr, line->path), false, old, next_id, &was);
	int rc;

	addr->shared = line->addr.family == INET_UNIX;
	addr_room(addr, addr->shared ? 1 : set->slots);
	/* At a reload it could be our own older workers who still listen. */
	rc = old == NULL && !addr->shared ? check_free(line, err) : 0;
	if (rc == 0)
		rc = addr_open(addr, line, was, err);
	if (rc < 0)
		return err_prefix(err, "cannot listen on %s", addr->key);
	if (addr->shared)
		addr->path = mem_dup(slice_str(line->path));
	addr->line = line_text(line, addr->where);
	return 0;
}

/* A socket of systemd, with the words of `line`. */
static int
set_add_given(struct listen_set *set, const struct activation_socket *given,
    const struct conf_listener *line, const struct listen_set *old,
    unsigned *next_id, struct err *err)
{
	char path[CONF_UNIX_PATH_MAX + 1];
	const struct listen_addr *was;
	struct listen_addr *addr;
	struct inet_addr real = { 0 };
	int fd;

	if (fd_address(given->fd, &real) < 0)
		return err_set(err, -EINVAL,
		    "socket %s from systemd: neither IPv4, IPv6 nor Unix",
		    given->name);
	fd = dup_fd(given->fd, err);
	if (fd < 0)
		return fd;
	fd_path(given->fd, path);
	addr = set_room(
	    set, address_text(&real, str_of(path)), true, old, next_id, &was);
	addr->shared = true;
	addr_room(addr, 1);
	addr->fds[0] = fd;
	addr->where = mem_dup(slice_of(addr->key));
	addr->line = line_text(line, addr->where);
	return 0;
}

/* Without any line each socket of systemd is one of its own. */
static int
set_add_activation(struct listen_set *set, const struct activation *activation,
    const struct listen_set *old, unsigned *next_id, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < activation->count; i++) {
		const struct conf_listener line = {
			.name = str_of(activation->sockets[i].name),
			.plugins = STR_LIT("plugins"),
		};

		rc = set_add_given(
		    set, &activation->sockets[i], &line, old, next_id, err);
	}
	return rc;
}

static int
set_add_line(struct listen_set *set, const struct conf_listeners *lines,
    const struct conf_listener *line, const struct activation *activation,
    const struct listen_set *old, unsigned *next_id, struct err *err)
{
	bool is_given = false;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < activation->count; i++) {
		const struct activation_socket *s = &activation->sockets[i];

		if (activation_line(s, lines) != line)
			continue;
		is_given = true;
		rc = set_add_given(set, s, line, old, next_id, err);
	}
	return is_given ? rc : set_add(set, line, old, next_id, err);
}

int
listen_set_make(const struct conf_listeners *lines, unsigned slots,
    const struct activation *activation, const struct listen_set *old,
    unsigned *next_id, struct listen_set **ret, struct err *err)
{
	struct listen_set *set = mem_alloc(sizeof(*set));
	int rc = 0;

	set->slots = slots;
	set->addrs = mem_array(
	    lines->count + activation->count + 1, sizeof(*set->addrs));
	if (lines->count == 0) {
		rc = set_add_activation(set, activation, old, next_id, err);
	} else {
		rc = activation_check(activation, lines, err);
		for (size_t i = 0; rc == 0 && i < lines->count; i++)
			rc = set_add_line(set, lines, &lines->at[i], activation,
			    old, next_id, err);
	}
	if (rc == 0 && set->count == 0)
		rc = err_set(err, -ENOENT,
		    "nothing to listen on: write a line such as 0.0.0.0:25 "
		    "into config/listen, or give --listen");
	if (rc < 0) {
		listen_set_unlink(set, old);
		listen_set_free(&set);
		return rc;
	}
	*ret = set;
	return 0;
}

int
listen_set_listen(const struct listen_set *set, struct err *err)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct listen_addr *addr = &set->addrs[i];

		for (unsigned j = 0; j < addr->count; j++)
			if (!addr->from_systemd &&
			    listen(addr->fds[j], LISTEN_BACKLOG) == -1)
				return err_set(err, -errno,
				    "cannot listen on %s: %s", addr->where,
				    strerror(errno));
	}
	return 0;
}

void
listen_set_close(struct listen_set *set)
{
	listen_set_unlink(set, NULL);
	for (unsigned i = 0; i < set->count; i++)
		addr_close(&set->addrs[i]);
}

void
listen_set_free(struct listen_set **set)
{
	if (*set == NULL)
		return;
	for (unsigned i = 0; i < (*set)->count; i++)
		addr_done(&(*set)->addrs[i]);
	mem_free((*set)->addrs);
	mem_free(*set);
	*set = NULL;
}

void
listen_set_unlink(const struct listen_set *set, const struct listen_set *keep)
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct listen_addr *addr = &set->addrs[i];

		if (addr->path != NULL && addr->fds[0] != -1 &&
		    set_by_key(keep, addr->key, 0) == NULL)
			(void)unlink(addr->path);
	}
}

const struct listen_addr *
listen_set_find(const struct listen_set *set, unsigned id)
{
	for (unsigned i = 0; i < set->count; i++)
		if (set->addrs[i].id == id)
			return &set->addrs[i];
	return NULL;
}

int
listen_set_fd(const struct listen_set *set, unsigned id, unsigned slot)
{
	const struct listen_addr *addr = listen_set_find(set, id);

	if (addr == NULL || slot >= addr->count)
		return -1;
	return addr->fds[slot];
}
