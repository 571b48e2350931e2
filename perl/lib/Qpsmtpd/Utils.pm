# SPDX-License-Identifier: MIT
package Qpsmtpd::Utils;

use strict;
use warnings;
use Qpsmtpd::Base;

sub tildeexp {
    my @args = @_;
    return Qpsmtpd::Base->tildeexp($args[-1]);
}

1;
