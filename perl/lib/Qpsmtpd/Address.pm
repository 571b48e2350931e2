# SPDX-License-Identifier: MIT
package Qpsmtpd::Address;

# A mail address: qpsmtpd's interface, RFC 5321's grammar.

use strict;
use warnings;

use overload (
    '""'  => \&format,
    'bool' => sub { 1 },
    'cmp' => \&_compare,
    fallback => 1,
);

# How often parts were replaced; of a recipient, that is another recipient.
our $edits = 0;

# Sites change them.
our $atom_expr            = '[a-zA-Z0-9!#%&*+=?^_`{|}~\$\x27\x2D\/]+';
our $address_literal_expr =
  '(?:\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\])';
our $subdomain_expr = '(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)';
our $domain_expr;
our $qtext_expr = '[\x01-\x09\x0B\x0C\x0E-\x1F\x21\x23-\x5B\x5D-\x7F ]';
our $text_expr  = '\\\\[\x01-\x09\x0B\x0C\x0E-\x7F]';

# new('<a@b>') parses; new('a', 'b') takes the parts as they are; new('a@b')
# takes them apart and no more.
sub new {
    my ($class, $user, $host) = @_;
    my $self = bless {}, ref $class || $class;
    if (!defined $user) {
        return;
    }
    if ($user =~ /^<.*>\z/s) {
        ($user, $host) = $self->canonify($user);
        return unless defined $user;
    }
    elsif (!defined $host) {
        ($user, $host) = $user =~ /^(.*)\@(.*)\z/s;
    }
    ($self->{_user}, $self->{_host}) = ($user, $host);
    return $self;
}

# With brackets around it, as it stands in MAIL FROM and RCPT TO.
sub parse {
    my ($class, $line) = @_;
    return $class->new($line);
}

# The parts as they are, whatever they are.
sub of_parts {
    my ($class, $user, $host) = @_;
    return bless { _user => $user, _host => $host }, ref $class || $class;
}

# The expressions compiled, again when a site has changed one of them.
{
    my ($known, %compiled) = ('');

    sub _expressions {
        my $now = join "\0", map { defined $_ ? $_ : '' } $atom_expr,
          $address_literal_expr, $subdomain_expr, $domain_expr, $qtext_expr,
          $text_expr;
        return \%compiled if $now eq $known;
        my $domain = $domain_expr
          || "(?:$address_literal_expr|$subdomain_expr(?:\\.$subdomain_expr)*)";
        %compiled = (
            route   => qr/^\@$domain(?:,\@$domain)*:/,
            mailbox => qr/^(.*)\@($domain)$/s,
            quoted  => qr/^"((?:$qtext_expr|$text_expr)*)"$/,
        );
        $known = $now;
        return \%compiled;
    }
}

# In list context user and host; else the address.  () when it is none.
sub canonify {
    my ($class, $path) = @_;
    return unless defined $path && $path =~ /^<(.*)>$/s;
    my ($relay, $is) = ($1, _expressions());

    return wantarray ? ('', undef) : '' if $relay eq '';
    # Source routes are accepted and ignored (RFC 5321 4.1.2).
    $relay =~ s/$is->{route}// if $relay =~ /^\@/;
    return wantarray ? ('postmaster', undef) : 'postmaster'
      if lc $relay eq 'postmaster';
    my ($user, $host) = $relay =~ $is->{mailbox} or return;
    if ($user !~ _dots()) {
        return unless $user =~ $is->{quoted};
        $user = $1;
        $user =~ s/\\(.)/$1/g;
    }
    return wantarray ? ($user, $host) : "$user\@$host";
}

sub user {
    my $self = shift;
    if (defined $_[0]) { $self->{_user} = shift; $edits++ }
    return $self->{_user};
}

sub host {
    my $self = shift;
    if (defined $_[0]) { $self->{_host} = shift; $edits++ }
    return $self->{_host};
}

# Without brackets; a user that needs quotes stands as it is.
sub address {
    my ($self, $address) = @_;
    if (defined $address) {
        $address = "<$address>" unless $address =~ /^<.+>\z/s;
        @$self{qw(_user _host)} = $self->canonify($address);
        $edits++;
    }
    return ($self->{_user} // '')
      . (defined $self->{_host} ? '@' . $self->{_host} : '');
}

# What a local part looks like that needs no quotes.
{
    my ($known, $dots) = ('');

    sub _dots {
        return $dots if $known eq $atom_expr;
        $known = $atom_expr;
        return $dots = qr/^$atom_expr(?:\.$atom_expr)*$/;
    }
}

# With brackets, and quotes where they are needed.
sub format {    ## no critic (ProhibitBuiltinHomonyms)
    my $self = shift;
    return '<>' unless defined $self->{_user} && length $self->{_user};
    my $user = $self->{_user};
    if ($user !~ _dots()) {
        $user =~ s/(["\\])/\\$1/g;
        $user = qq("$user");
    }
    return '<' . $user
      . (defined $self->{_host} ? '@' . $self->{_host} : '') . '>';
}

# Domains first, from the right; then users.
sub _compare {
    my ($left, $right, $swapped) = @_;
    ($left, $right) = map {
        ref $_ ? $_
          : (__PACKAGE__->new($_ =~ /^</ ? $_ : "<$_>")
              || __PACKAGE__->new('', undef))
    } ($left, $right);
    my @left  = reverse split /\./, lc($left->host  // '');
    my @right = reverse split /\./, lc($right->host // '');
    my $order = join("\0", @left) cmp join("\0", @right)
      || lc($left->user // '') cmp lc($right->user // '');
    return $swapped ? -$order : $order;
}

sub notes {
    my ($self, $key) = (shift, shift);
    if (@_) {
        $self->{_notes}{$key} = shift;
        $self->{_note_touched}{$key} = 1;
    }
    return $self->{_notes}{$key};
}

sub qp {
    my $self = shift;
    $self->{qp} = shift if @_;
    return $self->{qp} || $Qpsmtpd::SMTP::current;
}

sub config {
    my ($self, $key) = @_;
    my $qp = $self->qp or return;
    return $qp->config($key, $self);
}

1;
