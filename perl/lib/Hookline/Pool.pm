# SPDX-License-Identifier: MIT
package Hookline::Pool;

# Processes that wait in accept(2) on one socket, each serving one session at
# a time, or `share` of them (Hookline::Sharing).  The plugins are compiled once,
# here; a child is a fork.
#
# Children tell through a pipe: "b PID" busy, "i PID" idle, which is to say that
# they take another session.  There are `min` of
# them, more while all are busy, up to `max`; one that has been idle for a
# minute beyond `min` is ended.

use strict;
use warnings;
use Config;
use Hookline::Frame;
use Hookline::Process;
use Hookline::Session;
use Hookline::Sharing;
use IO::Handle;
use IO::Select;
use POSIX qw(:sys_wait_h SIGTERM);
use Socket;
use Time::HiRes qw(time);

# KILL behind 9.
my @signals = split / /, $Config{sig_name};

use constant {
    TICK      => 0.2,
    IDLE_MAX  => 60,
    GRACE     => 2,     # from the order to end until a child is killed
    AGAIN     => 0.2,   # ... until it is given again
    LAST_WORD => 0.3,   # for a child that is killed, to say where it was
    THROTTLE  => 5,     # so many deaths within ...
    WINDOW    => 10,    # ... seconds slow the forking down
};

# socket, loader; min, max, share, max_sessions, max_memory (bytes); load_time,
# which a plugin's own hooks (init_worker, shutdown) have as well
sub new {
    my ($class, %args) = @_;
    return bless { %args, starter => $$, children => {}, deaths => [],
        heard => '' }, $class;
}

sub run {
    my $self = shift;
    pipe my $read, my $write or die "pipe: $!\n";
    $write->autoflush(1);
    $read->blocking(0);
    @$self{qw(report read)} = ($write, $read);
    # Then they wait in select, and one of them is first.
    $self->{socket}->blocking(0) if $self->{share} > 1;
    my $select = IO::Select->new($read, \*STDIN);
    local $SIG{TERM} = sub { $self->{stop} = 1 };
    local $SIG{CHLD} = sub { };
    while (!$self->{stop}) {
        $self->_reap;
        $self->_size;
        for my $handle ($select->can_read(TICK)) {
            if ($handle == $read) { $self->_hear }
            else                  { $self->_hear_master }
        }
        $self->_kill_late;
    }
    $self->_end;
    return;
}

# Nobody has sessions here any more.  Idle children end at once; one that hangs
# in a plugin would outlive us, and the server.
sub _end {
    my $self = shift;
    my $late = time + GRACE;
    my $next = 0;
    while (keys %{ $self->{children} }) {
        # More than once: one about to wait in accept does not see the first.
        if (time >= $next) {
            kill 'TERM', keys %{ $self->{children} };
            $next = time + AGAIN;
        }
        kill 'KILL', keys %{ $self->{children} } if time > $late;
        $self->_reap;
        select undef, undef, undef, 0.02;
    }
    return;
}

sub _hear {
    my $self = shift;
    while (sysread $self->{read}, my $bytes, 4096) { $self->{heard} .= $bytes }
    while ($self->{heard} =~ s/^([bi]) (\d+)\n//) {
        my $child = $self->{children}{$2} or next;
        @$child{qw(busy since)} = ($1 eq 'b', time);
    }
    return;
}

# "stuck PID HOW": a call in it was given up.  The master has told it to end,
# or killed it, where nobody asks what it was doing.
sub _hear_master {
    my $self = shift;
    my $n    = sysread STDIN, my $text, 4096;
    return if !defined $n && ($!{EAGAIN} || $!{EINTR});
    return $self->{stop} = 1 unless $n;
    my ($pid, $how) = $text =~ /^stuck (\d+) (\w+)/ or return;
    my $child = $self->{children}{$pid} or return;
    $child->{given_up} = $how;
    $child->{kill_at}  = time + LAST_WORD;
    return;
}

sub _kill_late {
    my $self = shift;
    my $now  = time;
    kill 'KILL', $_->{pid}
      for grep { $_->{kill_at} && $_->{kill_at} <= $now }
      values %{ $self->{children} };
    return;
}

# A client that goes, or a plugin that waits for what a client chooses, is
# nothing that comes in a loop.
sub _counts {
    my $child = shift;
    return ($child->{given_up} // '') !~ /^(?:gone|late)\z/;
}

sub _reap {
    my $self = shift;
    while ((my $pid = waitpid -1, WNOHANG) > 0) {
        my $status = $?;
        # What it has said may still be in the pipe, and why it was ended.
        $self->_hear;
        $self->_hear_master
          while $status && !$self->{stop} && IO::Select->new(\*STDIN)->can_read(0);
        my $child = delete $self->{children}{$pid} or next;
        next unless $status;
        push @{ $self->{deaths} }, time if _counts($child);
        my $how = $status & 127 ? "signal=$signals[$status & 127]" : 'status=' . ($status >> 8);
        print STDERR "warn event=perl_host_ended pid=$pid $how\n";
    }
    return;
}

sub _size {
    my $self  = shift;
    my @all   = values %{ $self->{children} };
    my @idle  = grep { !$_->{busy} } @all;
    my $now   = time;
    @{ $self->{deaths} } = grep { $_ > $now - WINDOW } @{ $self->{deaths} };
    return if $self->_is_throttled($now);
    if (@all < $self->{min} || (!@idle && @all < $self->{max})) {
        $self->_fork for @all .. ($self->{min} > @all ? $self->{min} - 1 : @all);
        return;
    }
    return if @all <= $self->{min};
    my ($old) = grep { $_->{since} < $now - IDLE_MAX } @idle;
    kill 'TERM', $old->{pid} if $old;
    return;
}

sub _is_throttled {
    my ($self, $now) = @_;
    my $often = @{ $self->{deaths} } >= THROTTLE;
    print STDERR 'hosts end too often: after ' . THROTTLE . ' deaths within '
      . WINDOW . " seconds the next ones wait for a second\n"
      if $often && !$self->{often};
    $self->{often} = $often;
    return $often && $now < $self->{deaths}[-1] + 1;
}

sub _fork {
    my $self = shift;
    my $pid  = fork;
    if (!defined $pid) {
        print STDERR "fork: $!\n";
        push @{ $self->{deaths} }, time;
        return;
    }
    if ($pid) {
        $self->{children}{$pid} = { pid => $pid, busy => 0, since => time };
        return;
    }
    $self->_child;
    POSIX::_exit(0);
}

# ---- a child ----

sub _child {
    my $self = shift;
    my $stop = 0;
    local $SIG{TERM} = sub { $stop = 1; die "stop\n" if $self->{waiting} };
    # It came so early that what our starter does then was done here.
    return if $self->{stop};
    local $SIG{QUIT} = \&Hookline::Process::end_with_place;
    local $SIG{CHLD} = 'DEFAULT';
    local $SIG{PIPE} = 'IGNORE';
    # Ours is the way to hear of our starter's end; a plugin must not read it.
    open STDIN, '<', '/dev/null' or return;
    _end_with_starter($self->{starter}) or return;
    srand;
    $self->_own_hooks('init_worker', 'post-fork');
    my $process = _process_state();
    if ($self->{share} > 1) {
        Hookline::Sharing->new($self, $process)->serve(\$stop);
    }
    else {
        $self->_serve_one($process, \$stop) while $self->takes_more(\$stop);
    }
    $self->_own_hooks('shutdown');
    return;
}

# Another session; false: this process is to end with those that it has.
sub takes_more {
    my ($self, $stop) = @_;
    return !$$stop && getppid == $self->{starter} && $self->{max_sessions} > 0
      && _memory() < $self->{max_memory};
}

# Runs `code`, which waits for clients, until SIGTERM.
sub waiting {
    my ($self, $code) = @_;
    my @result;
    eval {
        local $self->{waiting} = 1;
        @result = $code->();
        1;
    } or return;
    return @result;
}

# undef: not this time.
sub accept_client {
    my $self = shift;
    my $client;
    if (accept $client, $self->{socket}) {
        $self->{max_sessions}--;
        return $client;
    }
    return if $!{EINTR} || $!{ECONNABORTED} || $!{EAGAIN};
    # Nothing that becomes better soon; the starter waits before the next one.
    print STDERR "host process $$: accept: $!\n";
    POSIX::_exit(1);
}

# TERM when our starter is killed: nobody would count us, nor end us.
sub _end_with_starter {
    my $starter = shift;
    Hookline::Process::signal_of_parents_end(SIGTERM);
    return getppid == $starter;
}

# What plugins may change of the process, in a session: the next client's finds
# it as it was (qpsmtpd's processes end with their connection).
sub _process_state {
    my $dir;
    opendir $dir, '.' or undef $dir;
    return { env => {%ENV}, sig => {%SIG}, umask => umask, dir => $dir };
}

sub process_restore {
    my $state = shift;
    alarm 0;
    %ENV = %{ $state->{env} };
    for my $name (keys %SIG) {
        my ($now, $was) = ($SIG{$name}, $state->{sig}{$name});
        next if (defined $now ? $now : '') eq (defined $was ? $was : '');
        if    (defined $was)      { $SIG{$name} = $was }
        elsif ($name =~ /^__/)    { delete $SIG{$name} }
        else                      { $SIG{$name} = 'DEFAULT' }
    }
    umask $state->{umask};
    chdir $state->{dir} if $state->{dir};
    select STDOUT;
    return;
}

# Those that are about this process, not about a client.
sub _own_hooks {
    my ($self, @hooks) = @_;
    my $qp = $self->{loader}->qp;
    for my $entry (@{ $self->{loader}->entries }) {
        next unless grep { $_ eq $entry->{hook} } @hooks;
        my $what = "$entry->{name}, $entry->{hook}";
        local $Hookline::Process::on_exit = sub { print STDERR "$what: @_\n" };
        next if eval {
            Hookline::Process::within($self->{load_time}, $what,
                sub { $entry->{code}->($qp, $qp->transaction) });
            1;
        };
        print STDERR "$what: $@";
    }
    return;
}

sub report {
    my ($self, $what) = @_;
    syswrite $self->{report}, "$what $$\n";
    return;
}

# Bytes of memory that are this process's own.
sub _memory {
    open my $in, '<', '/proc/self/statm' or return 0;
    my @pages = split ' ', scalar readline $in;
    close $in;
    return ($pages[1] - $pages[2]) * 4096;
}

sub _serve_one {
    my ($self, $process, $stop) = @_;
    # SIGTERM may have come just before.
    my ($client) =
      $self->waiting(sub { $$stop ? () : $self->accept_client })
      or return;
    return unless $client;
    $self->report('b');
    my $served = $self->greet($client);
    1 while $served && $self->step($served);
    close $client;
    process_restore($process);
    $self->report('i');
    return;
}

# What there is to a client: its frames, and its session when that has begun.
# undef: it has gone already.
sub greet {
    my ($self, $client) = @_;
    my $frame = Hookline::Frame->new($client);
    $frame->{pid} = $$;
    $frame->send('hello', 1, "perl $^V", $$, 'rows') or return;
    return { client => $client, frame => $frame };
}

# Does what the next frame says.  False: that was the last one.
sub step {
    my ($self, $served) = @_;
    local ($/, $\, $,, $") = ("\n", undef, undef, ' ');
    my $more = eval { $self->_frame($served) ? 1 : 0 };
    my $reason = $@;
    return 1 if $more;
    $served->{session}->done if $served->{session};
    if (!defined $more) {
        print STDERR "host process $$: $reason";
        POSIX::_exit(1);
    }
    return 0;
}

sub _frame {
    my ($self, $served) = @_;
    my $frame = $served->{frame};
    my ($kind, @fields) = $frame->receive or return 0;
    return 0 if $kind eq 'end';
    if ($kind eq 'describe') {
        $frame->send(@$_) for $self->{loader}->describe;
        $frame->send('end');
    }
    elsif ($kind eq 'session') {
        $served->{session} = Hookline::Session->new($frame, $self->{loader});
        $served->{session}->apply(@fields);
    }
    elsif ($kind eq 'call' && $served->{session}) {
        $served->{session}->call(@fields);
    }
    else { die "a frame '$kind'\n" }
    return 1;
}

1;
