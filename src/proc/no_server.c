/* SPDX-License-Identifier: MIT */
/* no_server.c - stands in for src/server/server.c until that is there. */
#include <errno.h>

#include "server/server.h"

int
server_load(
    const struct server_options *options, struct server **ret, struct err *err)
{
	(void)options;
	*ret = NULL;
	return err_set(err, -ENOSYS, "the SMTP server is not built yet");
}

int
server_listen(struct server *server, int fd, const struct conf_listener *line,
    struct err *err)
{
	(void)server;
	(void)fd;
	(void)line;
	return err_set(err, -ENOSYS, "the SMTP server is not built yet");
}

void
server_unlisten(struct server *server, int fd, enum server_unlisten how)
{
	(void)server;
	(void)fd;
	(void)how;
}

void
server_accept_start(struct server *server)
{
	(void)server;
}

void
server_accept_stop(struct server *server)
{
	(void)server;
}

void
server_drain(struct server *server, enum server_drain how,
    void (*on_empty)(void *arg), void *arg)
{
	(void)server;
	(void)how;
	(void)on_empty;
	(void)arg;
}

unsigned
server_sessions(const struct server *server)
{
	(void)server;
	return 0;
}

void
server_age_out(struct server *server, uint64_t older_than_ms)
{
	(void)server;
	(void)older_than_ms;
}

unsigned
server_config_flush(struct server *server, struct err *err)
{
	(void)server;
	(void)err;
	return 0;
}

void
server_free(struct server **server)
{
	*server = NULL;
}
