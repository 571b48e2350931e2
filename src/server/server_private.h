/* SPDX-License-Identifier: MIT */
/* server_private.h - the server of a worker, as its parts see it. */
#ifndef HOOKLINE_SERVER_SERVER_PRIVATE_H
#define HOOKLINE_SERVER_SERVER_PRIVATE_H

#include "base/list.h"
#include "hook/engine.h"
#include "limits.h"
#include "mail/body.h"
#include "server.h"

struct host;
struct listener;
struct server_tls;
struct session;
struct timeq;
struct tls_ctx;
struct uv_timer_s;

/* A listening socket. */
struct server_listener {
	struct link link;
	struct server *server;
	struct listener *listener;
	hl_str name; /* owned */
	const struct chain_set *chains;
	struct limits *limits;   /* shared by young sessions; may be NULL */
	bool tls, lmtp, proxy;   /* as its line in config/listen says */
	struct tls_ctx *tls_ctx; /* server_tls.h; NULL: none */
	int fd;
};

/* Deadlines: one queue for each length that is in use. */
#define SERVER_TIMEQS 32
/* A session that finds no free fiber waits this long. */
#define SERVER_FIBER_WAIT_MS 30000

struct server_timeq {
	uint64_t timeout_ms;
	struct timeq *queue;
};

struct server {
	uint32_t magic;
	struct server_options options;
	struct rt *rt;
	struct conf_dir *conf;
	struct engine *engine;
	struct host *host; /* NULL: none */
	struct body_store bodies;
	struct list listeners;
	struct list sessions;
	struct list waiting; /* sessions without a fiber */
	unsigned session_count;
	struct server_timeq timeqs[SERVER_TIMEQS];
	struct server_tls *tls; /* NULL: nothing was sent yet */
	bool accepting;
	bool draining;
	enum server_drain how;
	bool stopping; /* the shutdown fiber has started */
	void (*on_empty)(void *arg);
	void *on_empty_arg;
};

/* The queue of that length; the nearest longer one when all are taken. */
struct timeq *server_timeq(struct server *server, uint64_t timeout_ms);
/* A session was freed. */
void server_session_gone(struct server *server);

#endif
