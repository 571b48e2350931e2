/* SPDX-License-Identifier: MIT */
/* perl_dns.h - which DNS servers Perl's own Net::DNS asks.
 *
 * Plugins that use get_resolver ask through hookline.  Modules as Mail::SPF
 * and Mail::DKIM make a Net::DNS::Resolver themselves, which reads
 * /etc/resolv.conf and waits up to 75 seconds for a server that is silent,
 * longer than a hook may take.
 */
#ifndef HOOKLINE_PROC_PERL_DNS_H
#define HOOKLINE_PROC_PERL_DNS_H

struct conf_dir;

/* Sets RES_NAMESERVERS (with the servers of config/resolvers, if it names any)
 * and RES_OPTIONS (their port; times and tries of dns.h) in this process's
 * environment, which Net::DNS reads.  Where one of them is set already, both
 * stay as they are.  There is one port for all: servers with another than the
 * first's are left out. */
void perl_dns_set(struct conf_dir *conf);

#endif
