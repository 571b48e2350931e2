# SPDX-License-Identifier: MIT
package Qmail::Deliverable::Client;

# Stands in for the client of qmail-deliverabled: the answer is the number that
# the local part begins with, none for others.

use strict;
use warnings;
use parent 'Exporter';

our @EXPORT_OK = ('deliverable');
our ($SERVER, $ERROR);

sub deliverable {
    my ($address) = @_;
    return $address =~ /^(0x[0-9a-f]+|0)/ ? hex $1 : undef;
}

1;
