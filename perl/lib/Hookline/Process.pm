# SPDX-License-Identifier: MIT
package Hookline::Process;

# What a host does to its own process: how it ends with its parent, how it ends
# plugins that take too long where no worker has a clock on them, and what it
# says when one of them ends it or is ended.

use strict;
use warnings;
use Config;
use File::Basename qw(dirname);
use IO::Poll qw(POLLHUP POLLIN);
use POSIX ();
use Time::HiRes qw(setitimer ITIMER_REAL);

# From the first signal to one that caught it and goes on all the same.
use constant PATIENCE => 2;

# prctl(2)'s number; 1 is PR_SET_PDEATHSIG.
my %prctl = (x86_64 => 157, aarch64 => 167, riscv64 => 167, i686 => 172,
    i386 => 172, arm => 172, powerpc64le => 171, s390x => 172);

# In a hook: sub (text), which says that a plugin ends this process, and where.
# False: it is not this process, but a child of the plugin's.  While a plugin is
# loaded it dies of it instead.
our $on_exit;

# The hook that runs: [process, session, hook, plugin].
our $running;

# Where files are that are not the plugins'.
my $ours = dirname(dirname(__FILE__));
use constant FRAMES_MAX => 8;

# Before any plugin is compiled.  That a host ends so is never as it should be,
# whatever the plugin's status is.
BEGIN {
    *CORE::GLOBAL::exit = sub (;$) {
        my $status = defined $_[0] ? $_[0] : 0;
        my $tell = $on_exit or CORE::exit($status);
        my (undef, $file, $line) = caller;
        # Where it dies, a plugin may catch that, and come again.
        my $is_told = $tell->("exit($status) at $file line $line");
        undef $on_exit;
        CORE::exit($status) unless $is_told;
        CORE::exit($status || 1);
    };
}

# "FILE line N" of the plugin's code that runs, and of what has called it.
sub _places {
    my @places;
    for (my $i = 0; my (undef, $file, $line) = caller $i; $i++) {
        next if index($file, "$ours/") == 0;
        push @places, "$file line $line";
        last if @places == FRAMES_MAX;
    }
    return @places;
}

sub _quoted {
    my $text = shift;
    $text =~ s/(["\\])/\\$1/g;
    $text =~ s/([\x00-\x1f\x7f])/sprintf '\\x%02x', ord $1/eg;
    return qq{"$text"};
}

# For SIGQUIT: the call that runs was given up, and SIGKILL comes soon.  A line
# as those of the server's log says where the plugin was.  If it has returned
# meanwhile, another client must not be served all the same.
sub end_with_place {
    my ($pid, $session, $hook, $plugin) = @{ $running || [] };
    POSIX::_exit(1) if !defined $pid || $pid != $$;
    my ($at, @callers) = _places();
    my $connection = $session->{qp}->connection;
    my @words = ("event=perl_host_stuck pid=$$");
    push @words, "sid=$connection->{_sid}" if defined $connection->{_sid};
    push @words, "plugin=$plugin hook=$hook";
    push @words, 'at=' . _quoted($at) if defined $at;
    push @words, 'stack=' . _quoted(join ', ', @callers) if @callers;
    syswrite STDERR, "warn @words\n";
    POSIX::_exit(1);
}

# Gets this signal when its parent ends; 0: none.
sub signal_of_parents_end {
    my $signal = shift;
    my $number = $prctl{ (split /-/, $Config{archname})[0] };
    syscall $number, 1, $signal if defined $number;
    return;
}

# True: whoever holds the other end of this process's standard input has gone.
# After signal_of_parents_end, for a parent that ended before it.
sub parent_is_gone {
    my $poll = IO::Poll->new;
    $poll->mask(\*STDIN, POLLIN);
    return $poll->poll(0) > 0 && $poll->events(\*STDIN) & POLLHUP;
}

# Runs `code` and dies as it does, or when `seconds` are over, with file and
# line where it was.  `what` is it, for the last words of this process if `code`
# does not end even then.
sub within {
    my ($seconds, $what, $code) = @_;
    my $late;
    local $SIG{ALRM} = sub {
        my (undef, $file, $line) = caller;
        my $at = $file eq __FILE__ ? '' : ", at $file line $line";
        if ($late++) {
            print STDERR "$what does not end$at\n";
            POSIX::_exit(1);
        }
        die "it takes too long$at\n";
    };
    setitimer(ITIMER_REAL, $seconds, PATIENCE);
    my $good   = eval { $code->(); 1 };
    my $reason = $@;
    setitimer(ITIMER_REAL, 0);
    die $reason unless $good;
    return;
}

1;
