/* SPDX-License-Identifier: MIT */
/* perl_hosts.h - the processes that run Perl plugins, as the master sees them.
 *
 * For each generation of workers one service (service.h) `hookline perl-host`,
 * which loads that configuration's Perl plugins and forks hosts, or ends when
 * there are none.  It lives as long as a worker of its generation does.
 */
#ifndef HOOKLINE_PROC_PERL_HOSTS_H
#define HOOKLINE_PROC_PERL_HOSTS_H

#include "base/check.h"
#include "base/err.h"
#include "base/slice.h"

struct conf_listeners;
struct generation;
struct master;
struct perl_hosts;

/* Name of the socket in the state directory, on which hosts accept. */
#define PERL_SOCKET "perl-%u.sock"

/* Removes the sockets that a master which was killed has left behind; after
 * state_dir_lock. */
void perl_hosts_sweep(const char *state_dir);
/* Starts those of a generation.  0; as service_start. */
int perl_hosts_start(struct master *master, const struct generation *generation,
    const struct conf_listeners *listeners, struct err *err) WARN_UNUSED;
/* Stops those whose generation is gone; the tick's work. */
void perl_hosts_tick(struct master *master);
void perl_hosts_stop(struct master *master);
/* A worker has given up a call in this host process, in the way `how`
 * (host/host.h): ends it, if it is one of ours, with a chance to say where it
 * is unless the client has gone.  While its connection is open, that is during
 * this call, it has no other client, and then it has heard of its end. */
void perl_hosts_kill(struct master *master, int pid, struct slice how);

#endif
