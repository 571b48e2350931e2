# SPDX-License-Identifier: MIT
package Hookline::Session;

# One client's session in this host: it is told what there is (Hookline::Told),
# its plugins' hooks are called, what they changed goes back (Hookline::Changes).
# docs/host-protocol.md is the contract.

use strict;
use warnings;
use parent qw(Hookline::Told Hookline::Changes Hookline::Asking Hookline::Inner);
use Hookline::Frame;
use Hookline::Hooks;
use Hookline::Process;
use Hookline::Resolver;
use Hookline::Stdio;
use POSIX ();
use Qpsmtpd::Connection;
use Qpsmtpd::Constants;
use Qpsmtpd::Transaction;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# Asked for once, not at each look at the clock.
use constant CLOCK => CLOCK_MONOTONIC;

# A new session on `frame` (Hookline::Frame) for the plugins of `loader`.
sub new {
    my ($class, $frame, $loader) = @_;
    my $self = bless {
        frame   => $frame,
        entries => $loader->entries,
        has_stdio => $loader->has_stdio,
        qp      => $loader->qp,
        told    => { c => {}, t => {} },    # notes as the worker knows them
    }, $class;
    $self->{on_exit} = sub {
        return $$ == $frame->{pid} && ($self->log_line(LOGERROR, @_), 1);
    };
    my $qp = $self->{qp};
    $qp->{_host} = $self;
    $qp->{$_} = undef for qw(_auth_user _auth_mechanism _spool_dir);
    my $connection = $qp->connection(Qpsmtpd::Connection->new);
    my $notes      = $loader->notes;
    $connection->notes($_, $notes->{$_}) for keys %$notes;
    $connection->{_ask_name} = sub { ($self->ask('name'))[0] };
    # Facts that are not told are none.
    Hookline::Told::tls_is($connection, '');
    $self->_new_transaction;
    $self->resume;
    return $self;
}

# Another session was in between.
sub resume {
    my $self = shift;
    $Hookline::Resolver::ask = sub { $self->ask('dns', @_) };
    return;
}

sub done {
    my $self = shift;
    my $qp   = $self->{qp};
    $qp->reset_transaction;
    $qp->connection(Qpsmtpd::Connection->new);
    $qp->{_host} = undef;
    return;
}

sub _new_transaction {
    my $self        = shift;
    my $transaction = $self->{qp}->reset_transaction;
    $self->{told}{t} = {};
    $self->{rcpts} = [];
    $self->{rcpt_texts} = [];
    $transaction->{_ask_body} = sub {
        my ($handle) = Hookline::Asking::undisturbed(sub {
            my ($size) = $self->ask('body');
            return defined $size && length $size
              ? $self->{frame}->receive_handle : undef;
        });
        return $handle;
    };
    $transaction->{_ask_file} = sub { ($self->ask('file'))[0] };
    return $transaction;
}

# ---- a call ----

# What plugins put into the note are lines of the reply to EHLO.
sub _capabilities {
    my $self  = shift;
    my $lines = $self->{qp}->transaction->notes('capabilities');
    return unless ref $lines eq 'ARRAY';
    return map { Hookline::Changes::pack_update('ehlo', _bytes($_)) }
      grep { defined && /\S/ } @$lines;
}

# STDIN and STDOUT become the client, where one of the entries may use them.
# undef: they stay what they are.
sub _stdio {
    my ($self, $hook, @entries) = @_;
    return if $hook eq 'logging' || $self->{stdio};
    return unless grep { $_->{plugin}{stdio} } @entries;
    my ($handle) = Hookline::Asking::undisturbed(sub {
        my ($yes) = $self->ask('stdio');
        return length $yes ? $self->{frame}->receive_handle : undef;
    });
    return $handle && Hookline::Stdio->new($handle);
}

# Several groups of entries are a row: each has an answer of its own, and the
# worker need not ask for the next.
sub call {
    my ($self, $id, $hook, $groups, $arguments, @updates) = @_;
    $self->apply(@updates) if @updates;
    my @values = map { Hookline::Frame::decode_value($_) }
      Hookline::Frame::unpack_list($arguments);
    my @groups = split /,/, $groups;
    while (defined(my $entries = shift @groups)) {
        $self->_call($id++, $hook, $entries, \@values, scalar @groups)
          or return;
    }
    return;
}

# False: the row ends here.
sub _call {
    my ($self, $id, $hook, $numbers, $values, $goes_on) = @_;
    my (@results, @texts);
    local $self->{must_stop} = 0;
    my @args = @$values ? Hookline::Hooks::arguments($self, $hook, @$values) : ();
    my @entries = map { $self->{entries}[$_] || die "there is no entry $_\n" }
      split ' ', $numbers;
    my $stdio = $self->{has_stdio} && $self->_stdio($hook, @entries);
    local $self->{stdio} = $stdio if $stdio;
    for my $entry (@entries) {
        # Who is called first is known.
        $self->{frame}->send('at', $entry->{number}) or CORE::exit(0) if @results;
        my ($verdict, $us, $remark, @answer) =
          $self->_run($hook, $entry, \@args);
        push @results, $entry->{number}, $verdict, $us, $remark;
        @texts = @answer;
        $goes_on = 0 if $remark =~ /^died/;
        next unless $Hookline::Hooks::final{$verdict};
        $goes_on = 0;
        last;
    }
    my @unread = $stdio ? Hookline::Asking::undisturbed(sub { $stdio->close }) : ();
    my @changes = $self->changes;
    unshift @changes, map { Hookline::Changes::pack_update('unread', $_) }
      grep { length } @unread
      if @unread;
    push @changes, $self->_capabilities if $hook eq 'ehlo';
    $goes_on = 0 if $self->{must_stop};
    $self->{frame}->send($goes_on ? 'then' : 'answer', $id,
        Hookline::Frame::pack_list(@results),
        @texts ? Hookline::Frame::pack_list(@texts) : '', @changes)
      or CORE::exit(0);
    return $goes_on;
}

sub _bytes {
    my $text = defined $_[0] ? "$_[0]" : '';
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

# (verdict, microseconds, remark, texts...)
sub _run {
    my ($self, $hook, $entry, $args) = @_;
    my $qp    = $self->{qp};
    my $since = clock_gettime(CLOCK);
    my @answer;
    my $good = eval {
        local $SIG{__DIE__} = 'DEFAULT';
        local $Hookline::Process::on_exit = $self->{on_exit};
        local $Hookline::Process::running =
          [$self->{frame}{pid}, $self, $hook, $entry->{plugin}{name}];
        @answer = $entry->{code}->($qp, $qp->transaction, @$args);
        @answer = Hookline::Hooks::result($self, $hook, $args, @answer)
          if ref $answer[1];
        1;
    };
    my $reason = $@;
    # A child that a plugin forked and forgot to end must not answer.
    POSIX::_exit(0) if $$ != $self->{frame}{pid};
    my $us = int((clock_gettime(CLOCK) - $since) * 1e6);
    if (!$good) {
        # An object makes its text itself, or dies of it.
        $reason = eval { "$reason" } // 'an object without text' if ref $reason;
        $reason = 'without a reason' unless defined $reason && length $reason;
        $reason =~ s/\s+\z//;
        return (DECLINED, $us, 'died: ' . _bytes($reason));
    }
    my ($verdict, @texts) = @answer;
    return ('', $us, 'returned undef') unless defined $verdict;
    # Lines; of a parser it is what it has parsed, where none may be lost.
    @texts = map { split /\n/, _bytes($_), -1 } @texts
      if @texts && $hook !~ /_parse\z/;
    return (_bytes($verdict), $us, '', map { _bytes($_) } @texts);
}

1;
