# SPDX-License-Identifier: MIT
package Qpsmtpd::DB::Redis;

# A Redis server, when the argument `redis` (host:port) names one.

use strict;
use warnings;
use parent 'Qpsmtpd::DB';

sub new {
    my ($class, %args) = @_;
    my $server = $args{redis} || $args{server} or die "no server is named\n";
    require Redis;
    my $self = bless { %args }, $class;
    $self->{redis} = Redis->new(server => $server, cnx_timeout => 2,
        read_timeout => 2, write_timeout => 2);
    $self->{redis}->select($args{dbid}) if $args{dbid};
    return $self;
}

sub _key { return join ':', grep { defined } $_[0]->name, $_[1] }

# Single commands need no lock.
sub lock     { return 1 }    ## no critic (ProhibitBuiltinHomonyms)
sub unlock   { return 1 }
sub get      { my ($self, $key) = @_; return $self->{redis}->get($self->_key($key)) }
sub mget     { my ($self, @keys) = @_; return $self->{redis}->mget(map { $self->_key($_) } @keys) }
sub set      { my ($self, $key, $value) = @_; return $self->{redis}->set($self->_key($key), $value) }
sub delete   { my ($self, @keys) = @_; return $self->{redis}->del(map { $self->_key($_) } @keys) }    ## no critic (ProhibitBuiltinHomonyms)
sub size     { my $self = shift; return scalar $self->get_keys }
sub flush    { my $self = shift; my @keys = $self->get_keys; return @keys ? $self->delete(@keys) : 0 }

sub get_keys {
    my $self = shift;
    my $front = $self->_key('');
    return map { substr $_, length $front } $self->{redis}->keys("$front*");
}

1;
