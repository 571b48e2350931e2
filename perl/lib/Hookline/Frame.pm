# SPDX-License-Identifier: MIT
package Hookline::Frame;

# Frames and values of the host protocol (docs/host-protocol.md), and reading
# and writing them on a socket.

use strict;
use warnings;
use Scalar::Util qw(blessed reftype);
use IO::FDPass;

use constant FRAME_MAX  => 16 * 1024 * 1024;
use constant FIELDS_MAX => 65_536;
use constant DEPTH_MAX  => 16;

# ---- lists of fields ----

# Characters, where Perl has them, are written as UTF-8; undef as "".
sub pack_list {
    no warnings 'uninitialized';
    my $bytes = pack '(N/a*)*', @_;
    # One field in characters makes characters of all.
    return $bytes unless utf8::is_utf8($bytes);
    my @fields = @_;
    for my $field (@fields) {
        utf8::encode($field) if utf8::is_utf8($field);
    }
    return pack '(N/a*)*', @fields;
}

# Dies when lengths do not fit.
sub unpack_list {
    return unless length $_[0];
    my @fields = unpack '(N/a*)* .', $_[0];
    # unpack gives a last field that is shorter than it says, and leaves out
    # what comes after it.
    my $end  = pop @fields;
    my $last = @fields ? length $fields[-1] : 0;
    die "a field is cut off\n"
      if $end != length $_[0] || unpack('N', substr $_[0], -4 - $last) != $last;
    die "too many fields\n" if @fields > FIELDS_MAX;
    return @fields;
}

# ---- values ----

# undef: it cannot be written (an object, code, a cycle, too deep, too much).
sub encode_value {
    my ($value, $depth) = (@_, 0);
    return 'u' unless defined $value;
    if (!ref $value) {
        my $bytes = "$value";
        utf8::encode($bytes) if utf8::is_utf8($bytes);
        return "s$bytes";
    }
    return if blessed($value) || $depth >= DEPTH_MAX;
    my $kind = reftype $value;
    my @parts;
    if ($kind eq 'ARRAY') {
        return if @$value > FIELDS_MAX;
        @parts = map { encode_value($_, $depth + 1) } @$value;
        return if @parts != @$value || grep { !defined } @parts;
        return 'l' . pack_list(@parts);
    }
    return unless $kind eq 'HASH' && keys %$value <= FIELDS_MAX / 2;
    for my $key (sort keys %$value) {
        my $part = encode_value($value->{$key}, $depth + 1);
        return unless defined $part;
        my $name = "$key";
        utf8::encode($name) if utf8::is_utf8($name);
        push @parts, $name, $part;
    }
    return 'm' . pack_list(@parts);
}

sub decode_value {
    my ($bytes, $depth) = (@_, 0);
    die "values nest too deeply\n" if $depth > DEPTH_MAX;
    my $kind = substr $bytes, 0, 1;
    return substr $bytes, 1 if $kind eq 's';
    return undef if $kind eq 'u';    ## no critic (ProhibitExplicitReturnUndef)
    my $rest = length $bytes ? substr($bytes, 1) : '';
    return [map { decode_value($_, $depth + 1) } unpack_list($rest)]
      if $kind eq 'l';
    die "no value: '$kind'\n" unless $kind eq 'm';
    my @fields = unpack_list($rest);
    die "a map needs pairs\n" if @fields % 2;
    my %map;
    while (my ($key, $value) = splice @fields, 0, 2) {
        $map{$key} = decode_value($value, $depth + 1);
    }
    return \%map;
}

# ---- on a socket ----

sub new {
    my ($class, $socket) = @_;
    return bless { socket => $socket, in => '' }, $class;
}

# At least `size` bytes are in the buffer, and more only if there may be:
# `exact` reads none beyond them, since a descriptor may follow.
sub _fill {
    my ($self, $size, $exact) = @_;
    my $have = length $self->{in};
    while ($have < $size) {
        my $n = sysread $self->{socket}, $self->{in},
          $exact || $size - $have > 65_536 ? $size - $have : 65_536, $have;
        next if !defined $n && $!{EINTR};
        return 0 unless $n;
        $have += $n;
    }
    return 1;
}

# The fields of the next frame; () when the other side has closed.
sub receive {
    my ($self, $exact) = @_;
    my $in = \$self->{in};
    # Mostly all of it.
    sysread $self->{socket}, $$in, 65_536 unless $exact || length $$in;
    length $$in >= 4 or $self->_fill(4, $exact) or return;
    my $n = unpack 'N', $$in;
    die "a frame of $n bytes\n" if $n > FRAME_MAX;
    length $$in >= 4 + $n or $self->_fill(4 + $n, $exact) or return;
    my $body = substr $$in, 4, $n;
    if   (length $$in == 4 + $n) { $$in = '' }
    else                         { substr $$in, 0, 4 + $n, '' }
    return unpack_list($body);
}

# Has something been read of the next frame?
sub has_more { return length $_[0]{in} }

# True; false when the other side has closed.
sub send {    ## no critic (ProhibitBuiltinHomonyms)
    my $self  = shift;
    my $frame = pack 'N/a*', pack_list(@_);
    my $at    = syswrite $self->{socket}, $frame;
    return 1 if defined $at && $at == length $frame;
    while (!defined $at || $at < length $frame) {
        return 0 unless defined $at || $!{EINTR};
        my $n = syswrite $self->{socket}, $frame, length($frame) - $at, $at //= 0;
        $at = defined $n ? $at + $n : $!{EINTR} ? $at : return 0;
    }
    return 1;
}

# The descriptor that follows a frame, as an open handle.
sub receive_handle {
    my $self = shift;
    my $fd   = IO::FDPass::recv(fileno $self->{socket});
    return if $fd < 0;
    open my $handle, '+<&=', $fd or return;
    return $handle;
}

1;
