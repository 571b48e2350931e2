# SPDX-License-Identifier: MIT
package Qpsmtpd::DB::File::DBM;

# A DBM file, open while it is locked.

use strict;
use warnings;
use parent 'Qpsmtpd::DB::File';
use Fcntl qw(O_CREAT O_RDWR);

BEGIN { @AnyDBM_File::ISA = qw(DB_File GDBM_File NDBM_File SDBM_File) }
use AnyDBM_File;

sub file_extension { return '.dbm' }

sub _open {
    my $self = shift;
    my %tied;
    tie %tied, 'AnyDBM_File', $self->path, O_CREAT | O_RDWR, 0600
      or die 'cannot open ' . $self->path . ": $!\n";
    $self->{tied} = \%tied;
    return 1;
}

sub _close {
    my $self = shift;
    my $tied = delete $self->{tied} or return;
    untie %$tied;
    return;
}

sub get { return $_[0]{tied}{ $_[1] } }

sub mget {
    my ($self, @keys) = @_;
    return map { $self->get($_) } @keys;
}

sub set {
    my ($self, $key, $value) = @_;
    die "no key\n" unless defined $key && length $key;
    $self->{tied}{$key} = $value;
    return $value;
}

sub get_keys { return keys %{ $_[0]{tied} } }
sub size     { return scalar keys %{ $_[0]{tied} } }

sub delete {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, @keys) = @_;
    return scalar grep { defined } map { CORE::delete $self->{tied}{$_} } @keys;
}

sub flush {
    my $self = shift;
    %{ $self->{tied} } = ();
    return 1;
}

1;
