# SPDX-License-Identifier: MIT
package Hookline::Asking;

# What a host asks the worker during a call, and tells its log
# (docs/host-protocol.md, "What a host may ask during a call").  A part of
# Hookline::Session.

use strict;
use warnings;
use Hookline::Frame;

sub log_line {
    my ($self, $level, $text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $self->{frame}->send('log', $level, $text);
    return;
}

# A plugin's alarm that dies comes after what must not be left half done: the
# answer would be taken for that of the next question.
sub undisturbed {
    my $code = shift;
    # What ends the process leaves nothing.
    return $code->() unless _catches_alarm();
    my ($late, @result) = (0);
    {
        local $SIG{ALRM} = sub { $late = 1 };
        @result = $code->();
    }
    kill 'ALRM', $$ if $late;
    return @result;
}

sub _catches_alarm {
    my $handler = $SIG{ALRM};
    return defined $handler && $handler !~ /^(?:DEFAULT|IGNORE)?\z/;
}

sub ask {
    my ($self, @question) = @_;
    return $self->_ask(@question) unless _catches_alarm();
    return undisturbed(sub { $self->_ask(@question) });
}

# As in qpsmtpd, a key is looked up once for each connection, hook_config asked
# once.  Not what is for one address, nor where there is no client (logging).
sub config {
    my ($self, $key, @address) = @_;
    return $self->ask('config', $key, @address)
      if @address || !defined $self->{qp}->connection->{_sid};
    my $lines = $self->{config}{$key} ||= [$self->ask('config', $key)];
    return @$lines;
}

sub forget_config { $_[0]{config} = {}; return }

# After these it is not for us to say who is called next.
my %ends_row = map { $_ => 1 } qw(respond run disconnect stdio);

# Answers a call of the worker's meanwhile.
sub _ask {
    my ($self, @question) = @_;
    $self->{must_stop} = 1 if $ends_row{ $question[0] };
    $self->{frame}->send('ask', @question) or CORE::exit(0);
    # A descriptor follows what is told of these.
    my $exact = $question[0] =~ /^(?:body|stdio)$/;
    while (my ($kind, @fields) = $self->{frame}->receive($exact)) {
        return @fields if $kind eq 'tell';
        die "expected an answer, got '$kind'\n" unless $kind eq 'call';
        $self->call(@fields);
    }
    CORE::exit(0);
}

1;
