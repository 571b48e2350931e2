/* SPDX-License-Identifier: MIT */
/* worker_tls.c - a worker takes TLS material and ticket keys. */
#include "worker_tls.h"

#include <unistd.h>

#include "base/log.h"
#include "heritage.h"
#include "server/server.h"

int
worker_tls_inherit(
    struct server *server, const struct heritage *heritage, struct err *err)
{
	int rc;

	if (heritage->tls_fd == 0)
		return 0;
	rc = server_tickets_take(server, heritage->tickets_fd, err);
	if (rc == 0)
		rc = server_tls_take(server, heritage->tls_fd, err);
	(void)close(heritage->tickets_fd);
	(void)close(heritage->tls_fd);
	return rc;
}

/* The master has checked it, so this is the environment's fault. */
static void
log_failed(const char *event, const struct err *err)
{
	struct log_line line;

	log_begin(&line, LOG_LEVEL_ERROR);
	log_add_text(&line, LOG_event, event);
	log_add_text(&line, LOG_err, err->text);
	log_end(&line);
}

void
worker_tls_take(struct server *server, int fd)
{
	struct err err;

	if (server_tls_take(server, fd, &err) < 0)
		log_failed("tls_failed", &err);
	(void)close(fd);
}

void
worker_tickets_take(struct server *server, int fd)
{
	struct err err;

	if (server_tickets_take(server, fd, &err) < 0)
		log_failed("tickets_failed", &err);
	(void)close(fd);
}
