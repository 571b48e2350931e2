# SPDX-License-Identifier: MIT
package Qpsmtpd::SMTP;

# The session, as plugins reach it with $self->qp.

use strict;
use warnings;
use parent 'Qpsmtpd';
use Qpsmtpd::Address;
use Qpsmtpd::Connection;
use Qpsmtpd::Constants;
use Qpsmtpd::Transaction;

# The one of this process.
our $current;

sub new {
    my ($class, %args) = @_;
    my $self = bless {
        _config_dir  => $args{config_dir},
        _state_dir   => $args{state_dir},
        _plugin_dirs => $args{plugin_dirs} || [],
        _hooks       => {},
    }, ref $class || $class;
    $current = $self;
    return $self;
}

sub connection {
    my $self = shift;
    $self->{_connection} = shift if @_;
    return $self->{_connection} ||= Qpsmtpd::Connection->new;
}

# Always there, also before MAIL, as in qpsmtpd.
sub transaction {
    my $self = shift;
    return $self->{_transaction} ||= Qpsmtpd::Transaction->new;
}

sub reset_transaction {
    my $self = shift;
    $self->{_transaction} = Qpsmtpd::Transaction->new;
    return $self->{_transaction};
}

sub address {
    my ($self, @parts) = @_;
    my $address = Qpsmtpd::Address->new(@parts);
    $address->qp($self) if $address;
    return $address;
}

sub command_counter { return $_[0]{_command_counter} || 0 }

# Sends a reply now; the hook returns DONE then.
sub respond {
    my ($self, $code, @lines) = @_;
    return $self->{_host} ? ($self->{_host}->ask('respond', $code,
        map { defined $_ ? split /\r?\n/, $_ : () } @lines))[0] : 0;
}

sub disconnect {
    my $self = shift;
    $self->{_host}->ask('disconnect') if $self->{_host};
    return;
}

# A line of the client's, for plugins that talk to it.
sub getline {
    my $self = shift;
    my $line = readline STDIN;
    $line =~ s/\r?\n\z// if defined $line;
    return $line;
}

sub fault {
    my ($self, $text) = @_;
    $self->log(LOGERROR, $text) if defined $text;
    return $self->respond(451, 'Internal error, try again later');
}

# Runs a hook's chain, and returns verdict and texts.  No reply is made of them.
sub run_hooks {
    my ($self, $hook, @args) = @_;
    return (0, '') unless $self->{_host};
    return $self->{_host}->run_hooks($hook, @args);
}

sub run_hooks_no_respond { my ($self, @args) = @_; return $self->run_hooks(@args) }

1;
