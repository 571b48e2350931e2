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
    $self->_extract_fields(@fields) unless _fill($self, @fields);
    $self->{hookline_edits} = [];
    return $self;
}

sub _extract_fields {
    my ($self, @fields) = @_;
    my @lines;
    while (my ($name, $value) = splice @fields, 0, 2) {
        push @lines, "$name: $value\n";
    }
    return $self->SUPER::extract(\@lines);
}

# What Mail::Header makes of fields that are as they should be, without the
# expressions that it compiles for each.  False: not all of them are.
our $fills = 1;

sub _fill {
    my ($self, @fields) = @_;
    my (@lines, %of);
    return 0 unless $fills;
    while (my ($name, $value) = splice @fields, 0, 2) {
        return 0 if $name =~ /[^\x21-\x39\x3b-\x7e]/ || $name eq ''
          || $value =~ /\n(?:\S|\z)/;
        push @lines, "$name: $value\n";
        push @{ $of{ _tag($name) } }, \$lines[-1];
    }
    @$self{qw(mail_hdr_list mail_hdr_hash)} = (\@lines, \%of);
    return 1;
}

# How Mail::Header spells a name; names are whatever clients send.
{
    use constant TAGS_MAX => 1000;
    my %tags;

    sub _tag {
        my $name = shift;
        return $tags{$name} if exists $tags{$name};
        my $tag = Mail::Header::_tag_case($name);
        $tags{$name} = $tag if keys %tags < TAGS_MAX;
        return $tag;
    }
}

# As Mail::Header's, which spells the name anew each time.
sub get {
    my ($self, $name, $index) = @_;
    return $self->SUPER::get($name, $index) unless $fills && defined $name;
    my $tag    = _tag($name);
    my $lines  = $self->{mail_hdr_hash}{$tag} or return;
    my $length = 1 + length $tag;
    my @values = wantarray && !defined $index ? @$lines : $lines->[$index || 0];
    for my $value (@values) {
        $value = substr $$value, $length if defined $value;
        $value =~ s/^\s+// if defined $value;
    }
    return wantarray && !defined $index ? @values : $values[0];
}

# Another Mail::Header may keep its fields in another way.
$fills = eval { _fills_as_it_extracts() } ? 1 : 0;

sub _fills_as_it_extracts {
    my @fields = ('Received', "by a\n\tfor b", 'x-mime-id', '', 'RECEIVED', ' c');
    my ($filled, $extracted) = map { __PACKAGE__->new(undef, Modify => 0) } 1, 2;
    _fill($filled, @fields);
    _extract_fields($extracted, @fields);
    return _seen($filled) eq _seen($extracted);
}

# All that is in it: lines, and places of those of each name.
sub _seen {
    my $self  = shift;
    my @lines = map { \$_ } @{ $self->{mail_hdr_list} };
    my $of    = $self->{mail_hdr_hash};
    return join '|', sort(keys %$self), map({ $$_ } @lines), map {
        my $name = $_;
        map { my $line = $_; $name, grep { $lines[$_] == $line } 0 .. $#lines }
          @{ $of->{$name} }
    } sort keys %$of;
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
