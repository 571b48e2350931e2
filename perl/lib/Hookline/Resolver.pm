# SPDX-License-Identifier: MIT
package Hookline::Resolver;

# Net::DNS::Resolver, whose questions go through hookline's own resolver: its
# cache, its servers, its limits.  What that does not know (other types, zone
# transfers, bgsend) is Net::DNS's.

use strict;
use warnings;
use parent 'Net::DNS::Resolver';
use Net::DNS;

my %known = map { $_ => 1 } qw(A AAAA CNAME MX NS PTR SOA SRV TXT TLSA);

# Set by Hookline::Host: sub (name, type) giving (status, record...).
our $ask;

sub new {
    my ($class, %args) = @_;
    my $timeout = delete $args{timeout} || 5;
    my $self    = $class->SUPER::new(dnsrch => 0, %args);
    $self->tcp_timeout($timeout);
    $self->udp_timeout($timeout);
    return $self;
}

sub _reverse_name {
    my $name = shift;
    return Net::DNS::Question->new($name, 'PTR')->qname
      if $name =~ /^\d+(?:\.\d+){3}$/ || $name =~ /:/;
    return $name;
}

sub _text_of {
    my ($type, $record) = @_;
    return $record unless $type eq 'TXT';
    my @parts = unpack '(a255)*', $record;
    @parts = ('') unless @parts;
    return join ' ', map { my $p = $_; $p =~ s/(["\\])/\\$1/g; qq("$p") } @parts;
}

# A packet as the resolver would give it, or undef with errorstring set.
sub _packet {
    my ($self, $name, $type, $class) = @_;
    my ($status, @records) = $ask->($name, $type);
    if (!defined $status || $status =~ /^-/) {
        $self->errorstring($status && $status eq '-EINVAL'
            ? 'FORMERR' : 'query timed out');
        return;
    }
    my $packet = Net::DNS::Packet->new($name, $type, $class);
    $packet->header->qr(1);
    for my $record (@records) {
        my $rr = eval {
            Net::DNS::RR->new(
                "$name. 300 $class $type " . _text_of($type, $record));
        } or next;
        $packet->push(answer => $rr);
    }
    my $missing = !@records && $status eq '0 NXDOMAIN';
    $packet->header->rcode($missing ? 'NXDOMAIN' : 'NOERROR');
    $self->errorstring($missing ? 'NXDOMAIN' : 'NOERROR');
    return $packet;
}

sub send {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $name, $type, $class) = @_;
    return $self->SUPER::send($name, $type, $class)
      if ref $name || !$ask;
    $type  = uc($type || ($name =~ /^\d+(?:\.\d+){3}$/ ? 'PTR' : 'A'));
    $class = uc($class || 'IN');
    return $self->SUPER::send($name, $type, $class)
      if !$known{$type} || $class ne 'IN';
    $name = _reverse_name($name) if $type eq 'PTR';
    $name =~ s/\.\z//;
    return $self->_packet($name, $type, $class);
}

# Undef when there is no answer.
sub query {
    my ($self, @question) = @_;
    my $packet = $self->send(@question) or return;
    return $packet->header->ancount ? $packet : undef;
}

# There is no search list, so it is the same.
sub search { my ($self, @question) = @_; return $self->query(@question) }

1;
