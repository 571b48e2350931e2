# SPDX-License-Identifier: MIT
package Qpsmtpd::DB;

# A small database of a plugin's own: Redis when the arguments name one, else
# a DBM file. Qpsmtpd::DB->new(name => ..., class => ..., ...).

use strict;
use warnings;
use parent 'Qpsmtpd::Base';

my @classes = qw(Qpsmtpd::DB::Redis Qpsmtpd::DB::File::DBM);

sub new {
    my ($class, %args) = @_;
    my @try = $args{class} ? ($args{class}) : @classes;
    my @reasons;
    for my $child (@try) {
        (my $file = "$child.pm") =~ s{::}{/}g;
        my $self = eval { require $file; $child->new(%args) };
        return $self if $self;
        my $reason = $@ || 'it is not available';
        $reason =~ s/\s+\z//;
        push @reasons, "$child: $reason";
    }
    die 'no database: ' . join('; ', @reasons) . "\n";
}

sub name {
    my $self = shift;
    $self->{name} = shift if @_;
    return $self->{name};
}

# What each kind of database has: lock, unlock, get, mget, set, delete,
# get_keys, size, flush.
for my $method (qw(lock unlock get mget set delete get_keys size flush)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$method = sub { die ref(shift) . ": no $method\n" }
      unless defined &$method;
}

1;
