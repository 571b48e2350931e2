# SPDX-License-Identifier: MIT
package Hookline::Header;

# A message's header: Mail::Header, which remembers what plugins did to it, so
# that fields nobody touched keep their exact bytes in hookline.

use strict;
use warnings;
use parent 'Mail::Header';

# From name, value, name, value ...; values with folds, without a line end.
sub of_fields {
    my ($class, @fields) = @_;
    my $self = $class->new(undef, Modify => 0, MailFrom => 'COERCE');
    my @lines;
    while (my ($name, $value) = splice @fields, 0, 2) {
        push @lines, "$name: $value\n";
    }
    $self->SUPER::extract(\@lines);
    $self->{hookline_edits} = [];
    return $self;
}

# The updates since the last call: packed lists' fields.
sub take_edits {
    my $self  = shift;
    my $edits = $self->{hookline_edits} || [];
    my $all   = delete $self->{hookline_all};
    $self->{hookline_edits} = [];
    return $all ? (['header', $self->_fields]) : @$edits;
}

sub _fields {
    my $self = shift;
    my @fields;
    for my $line (@{ $self->header }) {
        my ($name, $value) = $line =~ /^([^:\s]+)[ \t]*:[ \t]?(.*?)\n?\z/s
          or next;
        push @fields, $name, $value;
    }
    return @fields;
}

sub _record {
    my ($self, @edit) = @_;
    # The name is the second word of all but `add`.
    s/:\z// for $edit[0] eq 'add' ? $edit[2] : $edit[1];
    push @{ $self->{hookline_edits} }, \@edit if $self->{hookline_edits};
    return;
}

# As Mail::Header writes it, and with the line ends of folds alone.
sub _clean {
    my $value = shift // '';
    $value =~ s/\r\n/\n/g;
    $value =~ s/[\r\n]+\z//;
    $value =~ s/\A[ \t]+//;
    return $value;
}

# Edits inside of edits (replace adds when there is none) are told once.
sub _quietly {
    my ($self, $code) = @_;
    my $edits = delete local $self->{hookline_edits};
    my $all   = delete local $self->{hookline_all};
    return $code->();
}

sub add {
    my ($self, $name, $value, $index) = @_;
    return $self->SUPER::add($name, $value, $index)
      unless $self->{hookline_edits};
    # Without a name it stands in the value.
    if (!defined $name || (defined $index && $index != 0)) {
        $self->{hookline_all} = 1;
    }
    else {
        $self->_record('add', defined $index ? 'top' : 'end',
            $name, _clean($value));
    }
    return $self->_quietly(sub { $self->SUPER::add($name, $value, $index) });
}

sub replace {
    my ($self, $name, $value, $index) = @_;
    if (defined $name) {
        $self->_record('set', $name, $index || 0, _clean($value));
    }
    elsif ($self->{hookline_edits}) {
        $self->{hookline_all} = 1;
    }
    return $self->_quietly(sub { $self->SUPER::replace($name, $value, $index) });
}

sub delete {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $name, @index) = @_;
    $self->_record('del', $name, defined $index[0] ? $index[0] : '');
    return $self->_quietly(sub { $self->SUPER::delete($name, @index) });
}

for my $method (qw(extract read empty combine)) {
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    *$method = sub {
        my $self  = shift;
        my $super = Mail::Header->can($method);
        $self->{hookline_all} = 1 if $self->{hookline_edits};
        return $super->($self, @_);
    };
}

1;
