# SPDX-License-Identifier: MIT
package Qpsmtpd::Base;

# What plugins and the server share: addresses of hosts, and the DNS through
# hookline's resolver.

use strict;
use warnings;
use Socket qw(inet_pton AF_INET AF_INET6);

sub new {
    my $class = shift;
    return bless {}, ref $class || $class;
}

sub tildeexp {
    my ($self, $path) = @_;
    $path =~ s{^~([^/]*)}{
        my $home = length $1 ? (getpwnam $1)[7] : $ENV{HOME} || (getpwuid $>)[7];
        defined $home ? $home : "~$1"
    }e;
    return $path;
}

sub is_ipv6 {
    my ($self, $ip) = @_;
    return unless defined $ip;
    return defined inet_pton(AF_INET6, $ip) ? 1 : 0;
}

sub is_valid_ip {
    my ($self, $ip) = @_;
    return unless defined $ip;
    return defined inet_pton(AF_INET, $ip) || $self->is_ipv6($ip) ? 1 : 0;
}

sub is_localhost {
    my ($self, $ip) = @_;
    return unless defined $ip;
    return $ip =~ /^127\./ || $ip eq '::1' || $ip eq '::ffff:127.0.0.1' ? 1 : 0;
}

sub get_resolver {
    my ($self, %args) = @_;
    return $self->{_resolver} if $self->{_resolver};
    require Hookline::Resolver;
    $self->{_resolver} = Hookline::Resolver->new(%args);
    return $self->{_resolver};
}
*get_async_resolver = \&get_resolver;
*init_resolver      = \&get_resolver;

for my $type (qw(A AAAA PTR MX NS TXT)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *{ 'resolve_' . lc $type } = sub {
        my ($self, $name) = @_;
        my $query = $self->get_resolver->query($name, $type) or return;
        return map {
                $type eq 'PTR' ? $_->ptrdname
              : $type eq 'MX'  ? $_->exchange
              : $type eq 'NS'  ? $_->nsdname
              : $type eq 'TXT' ? $_->txtdata
              :                  $_->address
        } grep { $_->type eq $type } $query->answer;
    };
}

1;
