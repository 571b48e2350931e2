/* SPDX-License-Identifier: MIT */
/* perl_host.h - `hookline perl-host STATE CONFIG [KEY...]`: becomes the Perl
 * program that loads the plugins and forks hosts; ends with status
 * SERVICE_NOT_NEEDED when the configuration names no Perl plugin.
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
