# SPDX-License-Identifier: MIT
package Qpsmtpd::DB::File;

# Where the file of a database is, and its lock.

use strict;
use warnings;
use parent 'Qpsmtpd::DB';
use Fcntl qw(:flock);
use Qpsmtpd::SMTP;

sub new {
    my ($class, %args) = @_;
    return bless { %args }, $class;
}

sub dir {
    my ($self, @candidates) = @_;
    return $self->{dir} if $self->{dir} && !@candidates;
    for my $dir (grep { defined } @candidates, $self->candidate_dirs) {
        return $self->{dir} = $dir if -d $dir && -w _;
    }
    die "no directory that can be written\n";
}

sub candidate_dirs {
    my ($self, @more) = @_;
    push @{ $self->{candidates} }, @more if @more;
    my $qp = $Qpsmtpd::SMTP::current;
    return grep { defined } @{ $self->{candidates} || [] }, $self->{dir},
      $qp ? ("$qp->{_config_dir}/../var/db", "$qp->{_state_dir}/db",
        $qp->{_state_dir}) : (), '/var/lib/qpsmtpd/' . ($self->name // '');
}

sub path {
    my $self = shift;
    return $self->dir . '/' . $self->name . $self->file_extension;
}

sub nfs_locking {
    my $self = shift;
    $self->{nfs_locking} = shift if @_;
    return $self->{nfs_locking};
}

# True, or false with the reason in errors.
sub lock {    ## no critic (ProhibitBuiltinHomonyms)
    my $self = shift;
    my $path = $self->path . '.lock';
    open my $lock, '>>', $path or die "cannot open $path: $!\n";
    flock $lock, LOCK_EX or die "cannot lock $path: $!\n";
    $self->{lock} = $lock;
    return $self->_open;
}

sub unlock {
    my $self = shift;
    $self->_close;
    close delete $self->{lock} if $self->{lock};
    return 1;
}

1;
