/* SPDX-License-Identifier: MIT */
/* endpoint.c - where a socket listens or is connected to. */
#include "net/endpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/num.h"
#include "base/str.h"

_Static_assert(
    sizeof(((struct sockaddr_un *)0)->sun_path) == ENDPOINT_PATH_MAX + 1,
    "ENDPOINT_PATH_MAX is the kernel's");

static int
parse_port(struct slice text, struct slice whole, unsigned min,
    struct endpoint *endpoint, struct err *err)
{
	unsigned port;

	if (num_parse_unsigned(text, 65535, &port) < 0 || port < min)
		return err_set(err, -EINVAL,
		    "'%.*s': port must be a number from %u to 65535",
		    STR(whole), min);
	endpoint->addr.port = (uint16_t)port;
	return 0;
}

static int
parse_path(struct slice path, struct endpoint *endpoint, struct err *err)
{
	if (path.n == 0 || path.p[0] != '/')
		return err_set(err, -EINVAL,
		    "'unix:%.*s': the path must begin with '/'", STR(path));
	if (path.n > ENDPOINT_PATH_MAX)
		return err_set(err, -EINVAL,
		    "'unix:%.*s': the path is longer than %d bytes", STR(path),
		    ENDPOINT_PATH_MAX);
	if (memchr(path.p, '\0', path.n) != NULL)
		return err_set(err, -EINVAL, "NUL in a path");
	endpoint->kind = ENDPOINT_UNIX;
	endpoint->addr.family = INET_UNIX;
	memcpy(endpoint->name, path.p, path.n);
	return 0;
}

/* "[IPv6]:PORT" */
static int
parse_brackets(struct slice text, unsigned min_port, struct endpoint *endpoint,
    struct err *err)
{
	size_t close = slice_find(text, ']');
	struct slice inside = slice_from(slice_head(text, close), 1);

	if (close + 1 >= text.n || text.p[close + 1] != ':' ||
	    slice_find(inside, ':') == inside.n ||
	    inet_parse(inside, &endpoint->addr) < 0)
		return err_set(err, -EINVAL,
		    "'%.*s': not of the form [IPv6]:PORT", STR(text));
	endpoint->kind = ENDPOINT_INET;
	return parse_port(
	    slice_from(text, close + 2), text, min_port, endpoint, err);
}

/* Letters, digits, '-', '_' and '.'; the resolver checks the rest. */
static bool
is_host(struct slice host)
{
	if (host.n == 0 || host.n > ENDPOINT_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		if (!ascii_is_alnum(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* "IPv4:PORT" or "HOST:PORT" */
static int
parse_plain(struct slice text, unsigned min_port, bool with_host,
    struct endpoint *endpoint, struct err *err)
{
	size_t colon = slice_rfind(text, ':');
	struct slice front = slice_head(text, colon);

	if (colon == text.n)
		return err_set(
		    err, -EINVAL, "'%.*s': no port given", STR(text));
	if (slice_find(front, ':') < front.n)
		return err_set(err, -EINVAL,
		    "'%.*s': IPv6 addresses stand in brackets", STR(text));
	if (inet_parse(front, &endpoint->addr) == 0) {
		endpoint->kind = ENDPOINT_INET;
	} else if (with_host && is_host(front)) {
		endpoint->kind = ENDPOINT_HOST;
		endpoint->addr.family = INET_NONE;
		memcpy(endpoint->name, front.p, front.n);
	} else {
		return err_set(err, -EINVAL, "'%.*s': not an address%s",
		    STR(text), with_host ? " or host name" : "");
	}
	return parse_port(
	    slice_from(text, colon + 1), text, min_port, endpoint, err);
}

static int
endpoint_parse(struct slice text, unsigned min_port, bool with_host,
    struct endpoint *ret_endpoint, struct err *err)
{
	struct endpoint endpoint = { 0 };
	int rc;

	if (with_host && slice_starts(text, "tls:")) {
		endpoint.is_tls = true;
		text = slice_from(text, 4);
	}
	if (slice_starts(text, "unix:"))
		rc = parse_path(slice_from(text, 5), &endpoint, err);
	else if (slice_starts(text, "["))
		rc = parse_brackets(text, min_port, &endpoint, err);
	else
		rc = parse_plain(text, min_port, with_host, &endpoint, err);
	if (rc == 0)
		*ret_endpoint = endpoint;
	return rc;
}

int
endpoint_parse_listen(
    struct slice text, struct endpoint *ret_endpoint, struct err *err)
{
	return endpoint_parse(text, 0, false, ret_endpoint, err);
}

int
endpoint_parse_dial(
    struct slice text, struct endpoint *ret_endpoint, struct err *err)
{
	return endpoint_parse(text, 1, true, ret_endpoint, err);
}

size_t
endpoint_to_sockaddr(const struct endpoint *endpoint, void *ret)
{
	struct sockaddr_un *un = ret;
	size_t n;

	CHECK(endpoint->kind != ENDPOINT_HOST);
	if (endpoint->kind == ENDPOINT_INET)
		return inet_to_sockaddr(&endpoint->addr, ret);
	n = strlen(endpoint->name);
	CHECK(n <= ENDPOINT_PATH_MAX);
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, endpoint->name, n);
	return offsetof(struct sockaddr_un, sun_path) + n + 1;
}
