# SPDX-License-Identifier: MIT
package Qpsmtpd::Transaction;

# One message, as plugins see it.  The worker holds it: the envelope and the
# header are told with each call, the body is a file that is asked for when a
# plugin wants it.

use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use Qpsmtpd::Address;

sub new {
    my $proto = shift;
    my $self  = bless { _rcpts => [], _notes => {} }, ref $proto || $proto;
    return $self->start(@_);
}

sub start {
    my $self = shift;
    $self = $self->new unless ref $self;
    return $self;
}

sub id { return $_[0]{_id} }

sub sender {
    my $self = shift;
    if (@_) {
        $self->{_sender} = shift;
        $self->{_sender_changed} = 1;
    }
    return $self->{_sender};
}

sub recipients {
    my $self = shift;
    if (@_) {
        $self->{_rcpts} = [@_];
        $self->{_rcpts_changed} = 1;
    }
    return @{ $self->{_rcpts} };
}

sub add_recipient {
    my ($self, $rcpt) = @_;
    return unless $rcpt;
    push @{ $self->{_rcpts} }, $rcpt;
    $self->{_rcpts_changed} = 1;
    return;
}

sub remove_recipient {
    my ($self, $rcpt) = @_;
    $self->{_rcpts} =
      [grep { $_->address ne $rcpt->address } @{ $self->{_rcpts} }];
    $self->{_rcpts_changed} = 1;
    return;
}

sub notes {
    my ($self, $key) = (shift, shift);
    if (@_) {
        $self->{_notes}{$key} = shift;
        $self->{_note_touched}{$key} = 1;
    }
    return $self->{_notes}{$key};
}

# Undef before the header has arrived.
sub header {
    my $self = shift;
    $self->{_header} = shift if @_;
    return $self->{_header};
}

# ---- the body ----

# Header, empty line and body with LF line ends, as received.
sub _fh {
    my $self = shift;
    return $self->{_fh} if $self->{_fh};
    my $ask = $self->{_ask_body} or return;
    $self->{_fh} = $ask->() or return;
    binmode $self->{_fh};
    seek $self->{_fh}, $self->body_start, SEEK_SET;
    return $self->{_fh};
}

sub data_size   { return $_[0]{_data_size} || 0 }
sub body_length { return $_[0]{_body_length} || 0 }
sub body_size   { return $_[0]->data_size }

# Where the empty line is that parts header and body.
sub body_start {
    my $self = shift;
    return $self->data_size - $self->body_length;
}

sub set_body_start { return }

sub body_current_pos {
    my $self = shift;
    my $fh   = $self->_fh or return 0;
    return tell $fh;
}

sub body_resetpos {
    my $self = shift;
    my $fh   = $self->_fh or return;
    seek $fh, $self->body_start, SEEK_SET;
    return 1;
}

sub body_getline {
    my $self = shift;
    my $fh   = $self->_fh or return;
    local $/ = "\n";
    return scalar readline $fh;
}

sub body_as_string {
    my $self = shift;
    my $fh   = $self->_fh or return '';
    my $at   = tell $fh;
    $self->body_resetpos;
    local $/;
    my $text = readline $fh;
    seek $fh, $at, SEEK_SET;
    return defined $text ? $text : '';
}

sub body_fh { return $_[0]->_fh }

sub dup_body_fh {
    my $self = shift;
    my $fh   = $self->_fh or return;
    open my $dup, '<&', $fh or return;
    return $dup;
}

# A path with the message as received; removed with the transaction.
sub body_filename {
    my $self = shift;
    $self->{_filename} = $self->{_ask_file}->()
      if !defined $self->{_filename} && $self->{_ask_file};
    return $self->{_filename};
}

sub body_spool { return $_[0]->body_filename }

# hookline keeps what was sent; a plugin cannot write another body.
sub body_write {
    die "body_write: the body cannot be changed\n";
}

# ---- files of plugins ----

sub DESTROY {
    my $self = shift;
    require File::Path;
    for my $path (@{ $self->{_temp_files} || [] }) {
        unlink $path if -e $path;
    }
    for my $path (@{ $self->{_temp_dirs} || [] }) {
        File::Path::remove_tree($path, { safe => 1, error => \my $ignored });
    }
    return;
}

1;
