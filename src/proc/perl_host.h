/* SPDX-License-Identifier: MIT */
/* perl_host.h - `hookline perl-host STATE CONFIG WORKERS [KEY...]`: becomes
 * the Perl program that loads the plugins and forks hosts; ends with status
 * SERVICE_NOT_NEEDED when the configuration names no Perl plugin.
 *
 * There are as many hosts as config/perl_hosts says, for sessions; where
 * config/logging names a Perl plugin one more for each worker, which keeps it
 * for its lines (host/session.c).
 *
 * Started by the master (perl_hosts.h) and by `check` and `try`
 * (offline_host.h).  Descriptor 3 is the socket on which hosts accept; when
 * the other end of descriptor 4 is closed, it ends.
 */
#ifndef HOOKLINE_PROC_PERL_HOST_H
#define HOOKLINE_PROC_PERL_HOST_H

/* Returns the exit code, if at all. */
int perl_host_main(int argc, char **argv);

#endif
