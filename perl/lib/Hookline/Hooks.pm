# SPDX-License-Identifier: MIT
package Hookline::Hooks;

# What each hook's subs are given, and what is made of what they return.

use strict;
use warnings;
use Qpsmtpd::Address;
use Qpsmtpd::Constants;

my %verdict = map { $_ => 1 } values %return_codes;

# Those at which a chain ends.
our %final = map { $_ => 1 } grep { $_ != DECLINED } keys %verdict;

# The values of a call to what a sub gets after ($self, $transaction).
my %arguments = (
    mail         => \&_address_and_params,
    rcpt         => \&_address_and_params,
    mail_pre     => \&_text_and_params,
    rcpt_pre     => \&_text_and_params,
    helo_parse   => sub { () },
    ehlo_parse   => sub { () },
    user_config  => sub {
        my ($session, $address, $key) = @_;
        return (_address($session, $address), $key);
    },
    # As qpsmtpd passes them; the rest is in the note original_string.
    vrfy         => sub { () },
    noop         => sub { () },
    'pre-connection' => sub {
        my ($session, $facts) = @_;
        my %facts = %$facts;
        my $count = delete $facts{connections} || 0;
        my $packed = _packed_ip($facts{remote_ip});
        return (%facts, child_addrs => [($packed) x $count]);
    },
);

sub arguments {
    my ($session, $hook, @values) = @_;
    my $code = $arguments{$hook};
    # For the parser that such a hook gives.
    $session->{line} = $values[0] if $hook =~ /_parse\z/;
    return $code ? $code->($session, @values) : @values;
}

sub _packed_ip {
    my $ip = shift;
    require Socket;
    return Socket::inet_pton(Socket::AF_INET(), $ip)
      || Socket::inet_pton(Socket::AF_INET6(), $ip) || '';
}

sub _address {
    my ($session, $text) = @_;
    my $address = $session->address_of($text);
    $address->qp($session->{qp});
    return $address;
}

sub _params {
    my @words = @_;
    my %params;
    while (my ($name, $value) = splice @words, 0, 2) { $params{$name} = $value }
    return %params;
}

sub _address_and_params {
    my ($session, $text, @params) = @_;
    return ($session->running_address($text), _params(@params));
}

sub _text_and_params {
    my ($session, $text, @params) = @_;
    return ($text, { _params(@params) });
}

# A *_parse hook returns code, which is run here; everything else is as it is.
sub result {
    my ($session, $hook, $args, @answer) = @_;
    return @answer
      unless ref $answer[1] eq 'CODE' && $hook =~ /^(\w+)_parse$/;
    my $verb = $1;
    my ($verdict, @parsed) =
      $answer[1]->($session->{qp}, $verb, $session->{line});
    return (DECLINED) unless defined $verdict;
    return (DENY) unless $verdict{$verdict};
    return ($verdict, @parsed) if $verdict != OK;
    # An address, then each parameter: "SIZE=1000"
    my $what = shift @parsed;
    @parsed = map { my ($name, $value) = split /=/, $_ // '', 2; (lc $name, $value) }
      @parsed if $verb =~ /^(?:mail|rcpt)\z/;
    return (OK, map { defined $_ ? $_ : '' } $what, @parsed);
}

1;
