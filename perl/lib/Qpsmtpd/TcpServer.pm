# SPDX-License-Identifier: MIT
package Qpsmtpd::TcpServer;

# The functions of the server's socket that plugins use.

use strict;
use warnings;
use parent 'Qpsmtpd::SMTP';

sub has_ipv6 { return 1 }

# Local and remote address and port, as tcpserver's environment has them.
sub lrpip {
    my $connection = $Qpsmtpd::SMTP::current->connection;
    return map { $connection->$_ } qw(local_port remote_port local_ip remote_ip);
}

1;
