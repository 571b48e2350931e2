# SPDX-License-Identifier: MIT
package Hookline::TlsSocket;

# What stands for the client's TLS in the note tls_socket.  The worker has the
# connection itself.

use strict;
use warnings;

sub new {
    my ($class, $cipher) = @_;
    return bless { cipher => $cipher }, $class;
}

sub get_cipher { return $_[0]{cipher} }

1;
