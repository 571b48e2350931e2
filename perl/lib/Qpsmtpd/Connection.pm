# SPDX-License-Identifier: MIT
package Qpsmtpd::Connection;

# What is known of the client.  hookline tells it (Hookline::Told); notes and
# relay_client go back.

use strict;
use warnings;

my @FACTS = qw(
  remote_host remote_ip remote_info remote_port local_ip local_port
  relay_client hello hello_host
);

sub new {
    my $proto = shift;
    my $self  = bless {}, ref $proto || $proto;
    $self->start(@_) if @_;
    return $self;
}

sub start {
    my ($self, %facts) = @_;
    $self = $self->new unless ref $self;
    for my $name (@FACTS) {
        $self->$name($facts{$name}) if defined $facts{$name};
    }
    return $self;
}

# A copy without the notes, unless asked for them.
sub clone {
    my ($self, %args) = @_;
    my $new = $self->new;
    for my $name (@FACTS) {
        $new->{"_$name"} = $self->{"_$name"} if defined $self->{"_$name"};
    }
    $new->{_notes} = $self->{_notes} if defined $self->{_notes};
    return $new;
}

for my $name (qw(remote_ip remote_port local_ip local_port hello hello_host)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$name = sub {
        my $self = shift;
        $self->{"_$name"} = shift if @_;
        return $self->{"_$name"};
    };
}

# Asked for at the first use: it may have to wait for the DNS.
sub remote_host {
    my $self = shift;
    $self->{_remote_host} = shift if @_;
    $self->{_remote_host} = $self->{_ask_name}->()
      if !defined $self->{_remote_host} && $self->{_ask_name};
    return $self->{_remote_host};
}

sub remote_info {
    my $self = shift;
    $self->{_remote_info} = shift if @_;
    return defined $self->{_remote_info}
      ? $self->{_remote_info}
      : $self->remote_host;
}

sub relay_client {
    my $self = shift;
    if (@_) {
        $self->{_relay_client} = shift;
        $self->{_relay_changed} = 1;
    }
    return $self->{_relay_client};
}

sub notes {
    my ($self, $key) = (shift, shift);
    if (@_) {
        $self->{_notes}{$key} = shift;
        $self->{_note_touched}{$key} = 1;
    }
    return $self->{_notes}{$key};
}

sub reset {    ## no critic (ProhibitBuiltinHomonyms)
    my $self = shift;
    $self->{_notes} = undef;
    return $self = $self->new;
}

# hookline's own: the session's id, and the listener's name.
sub id       { return $_[0]{_sid} }
sub listener { return $_[0]{_listener} }

1;
