# SPDX-License-Identifier: MIT
package Qpsmtpd::Postfix;

# Hands a message to Postfix's cleanup service, over its socket: a client of
# Postfix's internal protocol (its src/global/rec_type.h, src/util/attr_print0.c
# and src/pickup/pickup.c).  Attributes are "name NUL value NUL", ended by a
# NUL; records a type, a length in groups of 7 bits from the lowest, and so
# many bytes.

use strict;
use warnings;
use parent 'IO::Socket';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Qpsmtpd::Postfix::Constants;

use constant {
    DEFAULT_SOCKET => '/var/spool/postfix/public/cleanup',
    LINE_MAX       => 1024,    # a longer line is several records
};

my %types = (
    REC_TYPE_SIZE => 'C',
    REC_TYPE_TIME => 'T',
    REC_TYPE_FULL => 'F',
    REC_TYPE_INSP => 'I',
    REC_TYPE_FILT => 'L',
    REC_TYPE_FROM => 'S',
    REC_TYPE_DONE => 'D',
    REC_TYPE_RCPT => 'R',
    REC_TYPE_ORCP => 'O',
    REC_TYPE_WARN => 'W',
    REC_TYPE_ATTR => 'A',
    REC_TYPE_MESG => 'M',
    REC_TYPE_CONT => 'L',
    REC_TYPE_NORM => 'N',
    REC_TYPE_XTRA => 'X',
    REC_TYPE_RRTO => 'r',
    REC_TYPE_ERTO => 'e',
    REC_TYPE_PRIO => 'P',
    REC_TYPE_VERP => 'V',
    REC_TYPE_END  => 'E',
);

# The path of a socket, or ADDRESS:PORT.  undef with the reason in $!.
sub open_cleanup {
    my ($class, $where) = @_;
    my $self =
        $where =~ m{^/} ? IO::Socket::UNIX->new(Peer => $where)
      : $where =~ /^(.+):(\d+)\z/
      ? IO::Socket::INET->new(Proto => 'tcp', PeerAddr => $1, PeerPort => $2)
      : undef;
    return unless $self;
    binmode $self;
    $self->autoflush(0);
    bless $self, $class;
    $self->init;
    return $self;
}

sub init { return }

# ---- records ----

sub print_rec {
    my ($self, $type, @words) = @_;
    my $letter = $types{$type} or die "unknown record type '$type'\n";
    my $text   = join ' ', @words;
    utf8::encode($text) if utf8::is_utf8($text);
    my ($n, $length) = (length $text, '');
    while ($n >= 0x80) {
        $length .= chr($n & 0x7f | 0x80);
        $n >>= 7;
    }
    return $self->print($letter, $length, chr $n, $text);
}

sub print_rec_size {
    my ($self, @numbers) = @_;
    return $self->print_rec('REC_TYPE_SIZE',
        sprintf '%15d %15d %15d', @numbers);
}

sub print_rec_time {
    my ($self, $time) = @_;
    return $self->print_rec('REC_TYPE_TIME', defined $time ? $time : time);
}

# One line of the message, without its end.
sub print_msg_line {
    my ($self, $line) = @_;
    $line =~ s/\r?\n\z//;
    utf8::encode($line) if utf8::is_utf8($line);
    while (length $line > LINE_MAX) {
        $self->print_rec('REC_TYPE_CONT', substr $line, 0, LINE_MAX, '')
          or return;
    }
    return $self->print_rec('REC_TYPE_NORM', $line);
}

# ---- attributes ----

sub print_attr {
    my ($self, @words) = @_;
    return $self->print((map { "$_\0" } @words), "\0");
}

# () when the other side has closed before the end of the list.
sub get_attr {
    my $self = shift;
    my %attributes;
    local $/ = "\0";
    while (defined(my $name = readline $self)) {
        return unless chomp $name;
        return %attributes if $name eq '';
        my $value = readline $self;
        return unless defined $value && chomp $value;
        $attributes{$name} = $value;
    }
    return;
}

# ---- a message ----

sub _open_any {
    my ($class, @where) = @_;
    my @reasons;
    for my $where (@where) {
        my $stream = $class->open_cleanup($where);
        return $stream if $stream;
        push @reasons, "$where: $!";
    }
    die 'Unable to open any cleanup sockets: ', join('; ', @reasons), "\n";
}

sub _print_envelope {
    my ($self, $transaction) = @_;
    my $sender = $transaction->sender;
    return $self->print_attr(flags => $transaction->notes('postfix-queue-flags')
          || CLEANUP_FLAG_NONE)
      && $self->print_rec_time
      && $self->print_rec('REC_TYPE_FROM', $sender ? $sender->address : '')
      && !grep { !$self->print_rec('REC_TYPE_RCPT', $_->address) }
      $transaction->recipients;
}

sub _print_message {
    my ($self, $transaction) = @_;
    # The start, of a length that cleanup finds out.
    $self->print_rec('REC_TYPE_MESG', '') or return;
    for my $line (split /\r?\n/, $transaction->header->as_string) {
        $self->print_msg_line($line) or return;
    }
    $transaction->body_resetpos;
    while (defined(my $line = $transaction->body_getline)) {
        $self->print_msg_line($line) or return;
    }
    return $self->print_rec('REC_TYPE_XTRA', '')
      && $self->print_rec('REC_TYPE_END', '')
      && $self->flush;
}

# Queues the message.  The notes postfix-queue-sockets and postfix-queue-flags
# say where and how.  Returns (status, queue id, reason), in scalar context the
# status: 0, or some of CLEANUP_STAT_*.  Dies when there is no service.
sub inject_mail {
    my ($class, $transaction) = @_;
    my $where  = $transaction->notes('postfix-queue-sockets');
    my $stream = $class->_open_any($where ? @$where : DEFAULT_SOCKET);
    my %hello  = $stream->get_attr;
    my ($id, %end) = ($hello{queue_id});
    if (defined $id) {
        # If this fails, cleanup may have said why it reads no further.
        $stream->_print_envelope($transaction)
          && $stream->_print_message($transaction);
        %end = $stream->get_attr;
    }
    $stream->close;
    # Without its last word the message is not queued.
    my ($status, $reason) = @end{qw(status reason)};
    $status = CLEANUP_STAT_WRITE
      unless defined $status && $status =~ /^\d+\z/;
    return wantarray ? ($status, $id, $reason || '') : $status;
}

1;
