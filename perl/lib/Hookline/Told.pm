# SPDX-License-Identifier: MIT
package Hookline::Told;

# What the worker tells of a session goes into the objects that plugins see
# (docs/host-protocol.md, "Updates").  A part of Hookline::Session.

use strict;
use warnings;
use Hookline::Frame;
use Hookline::TlsSocket;
use Qpsmtpd::Address;

my %apply = (
    fact   => \&_fact,
    relay  => sub {
        my ($self, $yes) = @_;
        $self->{qp}->connection->{_relay_client} = $yes ? 1 : undef;
        $ENV{RELAYCLIENT} = '' if $yes;
        delete $ENV{RELAYCLIENT} unless $yes;
    },
    note   => \&_note,
    begin  => sub {
        my ($self, $id) = @_;
        $self->_new_transaction->{_id} = $id;
    },
    reset  => sub { $_[0]->_new_transaction },
    command => \&_command,
    sender => sub {
        my ($self, $text) = @_;
        $self->{qp}->transaction->{_sender} =
          $self->_last_address($text) || _address($text);
    },
    rcpts   => \&_rcpts,
    message => sub {
        my ($self, $size, $body) = @_;
        my $transaction = $self->{qp}->transaction;
        @$transaction{qw(_data_size _body_length)} = ($size, $body);
    },
    header => sub {
        my ($self, $packed) = @_;
        my $transaction = $self->{qp}->transaction;
        @$transaction{qw(_header _header_packed)} = (undef, $packed);
    },
);

sub apply {
    my ($self, @updates) = @_;
    for my $packed (@updates) {
        my ($kind, @fields) = Hookline::Frame::unpack_list($packed);
        my $code = $apply{$kind} or die "unknown update '$kind'\n";
        $self->$code(@fields);
    }
    return;
}

my %environment = (
    remote_ip   => 'TCPREMOTEIP',
    remote_host => 'TCPREMOTEHOST',
    remote_port => 'TCPREMOTEPORT',
    local_ip    => 'TCPLOCALIP',
    local_port  => 'TCPLOCALPORT',
);

sub _fact {
    my ($self, $name, $text) = @_;
    my $qp         = $self->{qp};
    my $connection = $qp->connection;
    if (my $variable = $environment{$name}) {
        if   (length $text) { $ENV{$variable} = $text }
        else                { delete $ENV{$variable} }
    }
    if    ($name =~ /^auth_/) { $qp->{"_$name"} = length $text ? $text : undef }
    elsif ($name eq 'tls')    { tls_is($connection, $text) }
    else                      { $connection->{"_$name"} = length $text ? $text : undef }
    return;
}

# As the plugin tls leaves them: plugins ask the socket for its cipher.
sub tls_is {
    my ($connection, $cipher) = @_;
    my $notes = $connection->{_notes} ||= {};
    $notes->{tls_enabled} = length $cipher ? 1 : 0;
    delete $notes->{tls_socket};
    $notes->{tls_socket} = Hookline::TlsSocket->new($cipher) if length $cipher;
    return;
}

sub _note {
    my ($self, $scope, $name, $value) = @_;
    my $owner =
        $scope eq 'c' ? $self->{qp}->connection
      : $scope eq 't' ? $self->{qp}->transaction
      :                 $self->{rcpts}[$scope];
    return unless $owner;
    my $decoded = $owner->{_notes}{$name} = Hookline::Frame::decode_value($value);
    $owner->{_note_refs} = 1 if ref $decoded;
    delete $owner->{_notes}{$name} if $value eq 'u';
    my $told = $self->_told($scope);
    if   ($value eq 'u') { delete $told->{$name} }
    else                 { $told->{$name} = $value }
    return;
}

sub _told {
    my ($self, $scope) = @_;
    return $self->{told}{$scope} if $scope =~ /^[ct]$/;
    return $self->{rcpts}[$scope]{hookline_told} ||= {};
}

# A new command.  As qpsmtpd notes its words down.
sub _command {
    my ($self, $number, $line) = @_;
    my $notes = $self->{qp}->connection->{_notes} ||= {};
    my ($verb, $rest) = split / +/, $line, 2;
    $self->{qp}{_command_counter} = $number;
    @$self{qw(last_address address)} = ($self->{address}, undef);
    # Another host was told; what it was is over.
    return unless defined $verb;
    # What an earlier EHLO was told holds no more.
    delete $self->{qp}->transaction->{_notes}{capabilities} if lc $verb eq 'ehlo';
    $notes->{original_string} = $line;
    $notes->{envelope_from} = $rest if lc $verb eq 'mail';
    $notes->{envelope_rcpt} = $rest if lc $verb eq 'rcpt';
    return;
}

# The hooks of a MAIL or RCPT are given the same object, and what they change of
# it holds.
sub running_address {
    my ($self, $text) = @_;
    my $address = $self->{address};
    # As long as nothing was edited, its text is known.
    $address = _address($text)
      unless defined $address
      && ($Qpsmtpd::Address::edits ? "$address" : $self->{address_text}) eq $text;
    $address->qp($self->{qp});
    $self->{address_text} = $text;
    return $self->{address} = $address;
}

# It becomes the sender or a recipient, once the command is over.
sub _last_address {
    my ($self, $text) = @_;
    my $address = $self->{last_address};
    return unless defined $address && "$address" eq $text;
    $self->{last_address} = undef;
    return $address;
}

# As it stands in MAIL and RCPT, with brackets; undef for "".
sub address_of { return _address($_[1]) }

sub _address {
    my $text = shift;
    return unless length $text;
    $text = "<$text>" unless $text =~ /^</;
    return Qpsmtpd::Address->new($text)
      || Qpsmtpd::Address->of_parts(
        $text =~ /^<(.*?)(?:\@([^\@>]*))?>?\z/s);
}

# Objects that stand for the same recipient stay, with their notes.
sub _rcpts {
    my ($self, $list) = @_;
    my (%known, @rcpts);
    push @{ $known{ $_->format } }, $_ for @{ $self->{rcpts} };
    for my $rcpt (Hookline::Frame::unpack_list($list)) {
        my ($text) = Hookline::Frame::unpack_list($rcpt);
        next unless length $text;
        push @rcpts, shift @{ $known{$text} || [] }
          || $self->_last_address($text) || _address($text);
    }
    $self->{rcpts} = [@rcpts];
    $self->{rcpt_texts} = [map { "$_" } @rcpts];
    $self->{qp}->transaction->{_rcpts} = [@rcpts];
    return;
}

1;
