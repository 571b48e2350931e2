# SPDX-License-Identifier: MIT
package LoopbackDns;

# Loaded into qpsmtpd, which runs with taint checks: Net::DNS then cannot use
# what RES_OPTIONS says.

use strict;
use warnings;

my $port;

BEGIN {
    ($port) = $ENV{RES_OPTIONS} =~ /^port:(\d+)$/ or die "RES_OPTIONS?\n";
    delete $ENV{RES_OPTIONS};
}
use Net::DNS;

Net::DNS::Resolver->new;    # reads resolv.conf, once
Net::DNS::Resolver->port($port);
Net::DNS::Resolver->nameservers('127.0.0.1');

1;
