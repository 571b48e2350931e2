# SPDX-License-Identifier: MIT
package Qpsmtpd::Transaction;

# One message, as plugins see it.  The worker holds it: the envelope and the
# header are told with each call, the body is a file that is asked for when a
# plugin wants it.

use strict;
use warnings;
use Fcntl qw(SEEK_END SEEK_SET);
use File::Copy ();
use Hookline::Frame;
use Hookline::Header;
use IO::Handle;
use Qpsmtpd::Address;

# What one hook may add to a message: it goes back in one frame.
use constant ADDED_MAX => 8 * 1024 * 1024;

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

# In qpsmtpd it inherits these from the server.
for my $method (qw(log varlog config spool_dir temp_file temp_dir size_threshold
    version)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$method = sub {
        my $self = shift;
        return $Qpsmtpd::SMTP::current->$method(@_);
    };
}

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

# Undef before the header has arrived.  The object is made when it is asked for.
sub header {
    my $self   = shift;
    my $packed = $self->{_header_packed};
    if (@_) { $self->{_header} = shift }
    elsif (defined $packed) {
        $self->{_header} =
          Hookline::Header->of_fields(Hookline::Frame::unpack_list($packed));
    }
    delete $self->{_header_packed} if defined $packed;
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

# Adds to the end of the message.  It is read back from a copy here; the worker
# hears of it when the hook has ended (Hookline::Changes).
sub body_write {
    my ($self, $data) = @_;
    my $text = ref $data ? $$data : $data;
    utf8::encode($text) if utf8::is_utf8($text);
    $text =~ s/\r\n/\n/g;
    die "body_write: the message has not arrived\n" unless $self->{_data_size};
    die "body_write: this is too much for one hook\n"
      if length($text) + length($self->{_added} // '') > ADDED_MAX;
    my $fh = $self->_own_copy;
    my $at = tell $fh;
    seek $fh, 0, SEEK_END;
    print {$fh} $text or die "body_write: $!\n";
    $fh->flush;
    seek $fh, $at, SEEK_SET;
    $self->{_added} .= $text;
    $self->{$_} += length $text for qw(_data_size _body_length);
    return 1;
}

# A file of our own, that we may write to, instead of the worker's.
sub _own_copy {
    my $self = shift;
    return $self->{_fh} if $self->{_is_own_copy};
    my $from = $self->_fh or die "body_write: there is no message\n";
    my $at   = tell $from;
    my $path = $Qpsmtpd::SMTP::current->temp_file;
    open my $to, '+>', $path or die "body_write: $path: $!\n";
    push @{ $self->{_temp_files} }, $path;
    binmode $to;
    seek $from, 0, SEEK_SET;
    File::Copy::copy($from, $to) or die "body_write: $path: $!\n";
    $to->flush;
    seek $to, $at, SEEK_SET;
    @$self{qw(_fh _filename _is_own_copy)} = ($to, $path, 1);
    return $to;
}

# ---- files of plugins ----

sub DESTROY {
    my $self = shift;
    return unless $self->{_temp_files} || $self->{_temp_dirs};
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
