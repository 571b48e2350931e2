# SPDX-License-Identifier: MIT
package Qpsmtpd::Config;

# Control files, for plugins that make an object of this class of their own;
# $self->qp->config is the usual way.

use strict;
use warnings;
use parent 'Qpsmtpd::Base';
use Qpsmtpd::SMTP;

sub config {
    my ($self, $qp, $key, @more) = @_;
    ($qp, $key, @more) = ($Qpsmtpd::SMTP::current, $qp, @more)
      unless ref $qp;
    return $qp->config($key, @more);
}

1;
