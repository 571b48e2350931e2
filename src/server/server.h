/* SPDX-License-Identifier: MIT */
/* server.h - the SMTP server of one worker, as the worker sees it.
 *
 * A worker makes one server: it loads the plugins and their chains, is given
 * listening sockets, accepts when it is told to, and is drained.  Who starts
 * and ends workers, and where sockets come from, is proc/'s business; this
 * header is all that proc/ knows about mail.
 *
 *	server_load -> server_listen... -> server_accept_start
 *	    -> server_drain (KEEP, then perhaps IDLE, then perhaps NOW)
 *	    -> on_empty -> server_free
 *
 * All functions are called on the loop's own stack (never from a fiber), from
 * the thread that runs `rt`.
 */
#ifndef HOOKLINE_SERVER_SERVER_H
#define HOOKLINE_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/str.h"

struct buf;
struct conf_listener;
struct rt;
struct server;
struct shm;

/* What the plugins declared (hl_need_*), and what the server needs itself
 * (server_needs.h).  A path that ends in '/' is a directory with all in it. */
struct server_need {
	enum server_need_kind {
		SERVER_NEED_READ,
		SERVER_NEED_WRITE,
		SERVER_NEED_EXEC,
		SERVER_NEED_EXEC_SETUID,
		SERVER_NEED_CONNECT
	} kind;
	hl_str what;
};

/* Borrowed, valid as long as the server. */
struct server_loaded {
	const struct server_need *needs;
	size_t need_count;
	unsigned max_programs; /* of the worker, at the same time */
};

/* Everything is borrowed and must outlive the server. */
struct server_options {
	struct rt *rt;
	struct shm *shm;        /* this worker's segment (shm/shm.h) */
	const char *config_dir; /* absolute */
	const char *state_dir;  /* absolute */
	unsigned slot;          /* 0 to workers - 1 */
	unsigned workers;       /* size of this generation */
	unsigned generation;    /* 1, 2, ...: counts reloads */
	/* Control files of the chains to load; none: "plugins".  Those that
	 * config/listen names are loaded as well. */
	const char *const *chains;
	unsigned chain_count;
	/* Where the hosts of plugins in other languages accept; NULL: there
	 * are none.  How long a session waits for one, and who is told of a
	 * process that does not answer (host.h; may be NULL). */
	const char *host_socket;
	uint64_t host_wait_ms;
	void (*on_stuck)(void *arg, int pid, int fd, const char *how);
	/* A new fault in the configuration was found and logged; may be NULL.
	 * May be called on a fiber, and within server_load. */
	void (*on_fault)(void *arg);
	/* The plugins are loaded, none was started (`init_worker`): called
	 * once, on a fiber, within server_load, which fails if it does.  May
	 * be NULL. */
	int (*on_loaded)(
	    void *arg, const struct server_loaded *loaded, struct err *err);
	void *arg;
};

/* Reads the configuration, loads the plugins, computes the chains and runs
 * `init_worker`.  Accepts nothing yet.  May run the loop until the fibers of
 * `init_worker` have returned, so it takes as long as they do.
 * Returns 0; negative errno with "file:line: reason" in `err`, and then
 * nothing is left behind. */
int server_load(const struct server_options *options, struct server **ret,
    struct err *err) WARN_UNUSED;

/* Adds a listening socket.  It is polled from server_accept_start on, at once
 * if that has been called already.
 *
 * fd    bound, possibly not listening before server_accept_start; non-blocking
 *       and close-on-exec.  Taken over on success: the server closes it.
 * line  copied; its name, chain and flags belong to this socket
 * Returns 0; -EEXIST `fd` is there already; -EINVAL no chain for `line`. */
int server_listen(struct server *server, int fd,
    const struct conf_listener *line, struct err *err) WARN_UNUSED;

enum server_unlisten {
	/* Stop polling and close our descriptor; what waits in the queue is
	 * left to the others who hold the socket. */
	SERVER_UNLISTEN_LEAVE,
	/* We hold the last descriptor of this socket: accept until EAGAIN,
	 * then close (closing it with connections queued resets them). */
	SERVER_UNLISTEN_EMPTY,
};

/* Takes a socket out, also one that was stopped by server_accept_stop.
 * Sessions accepted on it live on. */
void server_unlisten(struct server *server, int fd, enum server_unlisten how);

/* Begins and stops polling all sockets; neither closes any. */
void server_accept_start(struct server *server);
void server_accept_stop(struct server *server);

enum server_drain {
	/* After a reload: sessions live on, see server_age_out. */
	SERVER_DRAIN_KEEP,
	/* SIGTERM: idle sessions get 421 4.3.2 at once, the others after
	 * their transaction. */
	SERVER_DRAIN_IDLE,
	/* Time is up: every session gets 421 4.3.2 as soon as its state allows
	 * a reply, parked hooks return -ECANCELED. */
	SERVER_DRAIN_NOW,
};

/* Stops accepting, closes the listening sockets and ends the sessions as
 * `how` says.  May be called again with a stronger `how`; a weaker one
 * changes nothing.  `on_empty` of the last call is called once, from the
 * loop, not from within this function, when no session is left; the
 * `shutdown` hooks run in server_free. */
void server_drain(struct server *server, enum server_drain how,
    void (*on_empty)(void *arg), void *arg);

/* Open sessions, those included that only linger before the close. */
unsigned server_sessions(const struct server *server);
/* Bytes of messages in memory. */
size_t server_body_memory(const struct server *server);

/* Gives 421 4.3.2 to sessions that began more than `older_than_ms` ago, at
 * once if idle, between transactions otherwise.  Called again and again while
 * an old generation drains. */
void server_age_out(struct server *server, uint64_t older_than_ms);

/* Looks at every file of the configuration now, whatever its age, so that
 * each look-up after this call sees the files as they are.  Returns how many
 * files have a fault and so stand at their last good version, with the first
 * of them ("file:line: reason") in `err`; 0 if none. */
unsigned server_config_flush(struct server *server, struct err *err);

/* Adds all faults that the configuration has now, one a line. */
void server_faults(struct server *server, struct buf *ret);

/* The material of TLS contexts and the keys of session tickets, as sealed
 * memory files of the master (net/tls_bundle.h); `fd` stays the caller's.
 * New sessions take the new contexts; before the first call there is no TLS.
 * Returns 0; negative errno with the reason in `err`: what was stays. */
int server_tls_take(struct server *server, int fd, struct err *err) WARN_UNUSED;
int server_tickets_take(
    struct server *server, int fd, struct err *err) WARN_UNUSED;

/* Only after on_empty, or with the process about to exit anyway. */
void server_free(struct server **server);

#endif
