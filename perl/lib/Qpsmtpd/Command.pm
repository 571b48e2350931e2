# SPDX-License-Identifier: MIT
package Qpsmtpd::Command;

# Takes the arguments of a command apart, as the built-in parser does; for
# plugins that parse themselves and want to fall back.

use strict;
use warnings;
use Qpsmtpd::Constants;

# (OK, words...) or (DENY, text).
sub parse {
    my ($class, $verb, $line, $code) = @_;
    return $code->($Qpsmtpd::SMTP::current, $verb, $line) if ref $code eq 'CODE';
    return $class->_path($line, 'from') if lc $verb eq 'mail';
    return $class->_path($line, 'to')   if lc $verb eq 'rcpt';
    return (OK, split / +/, defined $line ? $line : '');
}

sub parse_mail { my ($self, $verb, $line) = @_; return _path($self, $line, 'from') }
sub parse_rcpt { my ($self, $verb, $line) = @_; return _path($self, $line, 'to') }

sub _path {
    my ($self, $line, $word) = @_;
    $line =~ s/^\Q$word\E:\s*//i or return (DENY, 'Syntax error in command');
    my ($path, $rest) = $line =~ /^(<(?:"(?:\\.|[^"\\])*"|[^">])*>|\S*)(.*)$/s;
    my @params;
    for my $param (split ' ', $rest) {
        return (DENY, 'Syntax error in parameters')
          unless $param =~ /^[A-Za-z0-9][-A-Za-z0-9]*(?:=[\x21-\x3c\x3e-\x7e]+)?\z/;
        push @params, $param;
    }
    return (OK, $path, @params);
}

1;
