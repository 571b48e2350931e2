# SPDX-License-Identifier: MIT
package Hookline::Inner;

# A hook that a plugin runs inside of another (docs/host-protocol.md, "A hook
# inside of a hook").  A part of Hookline::Session.

use strict;
use warnings;
use Hookline::Frame;
use Hookline::Hooks;
use Qpsmtpd::Constants;
use Qpsmtpd::Plugin;
use Scalar::Util ();

sub run_hooks {
    my ($self, $hook, @args) = @_;
    my $name = Qpsmtpd::Plugin::hook_of($hook) or return (0, '');
    # A plugin of mail and rcpt goes on with the address that it was given.
    my @kept = @$self{qw(address address_text)};
    my ($verdict, $text, @updates) =
      $self->ask('run', $name, Hookline::Frame::pack_list(map { _argument($_) } @args),
        $self->changes);
    $self->apply(@updates);
    @$self{qw(address address_text)} = @kept;
    return $self->_run_here($text, @args) unless length $verdict;
    return ($verdict + 0, length $text ? split /\n/, $text : '');
}

# Addresses go as their text.
sub _argument {
    my $value = shift;
    $value = "$value" if Scalar::Util::blessed($value) && $value->can('format');
    return Hookline::Frame::encode_value($value) // 'u';
}

# One that the worker cannot run with these arguments: those of the session's
# plugins that are loaded here.
sub _run_here {
    my ($self, $numbers, @args) = @_;
    my $qp = $self->{qp};
    my @answer = (0, '');
    for my $entry (@{ $self->{entries} }[split ' ', $numbers // '']) {
        @answer = (DECLINED, '');
        my @returned;
        if (!eval { @returned = $entry->{code}->($qp, $qp->transaction, @args); 1 }) {
            (my $reason = "$@") =~ s/\s+\z//;
            $self->log_line(LOGCRIT, "FATAL PLUGIN ERROR [$entry->{name}]: $reason");
            next;
        }
        next unless defined $returned[0] && $Hookline::Hooks::final{ $returned[0] };
        return @returned;
    }
    return @answer;
}

1;
