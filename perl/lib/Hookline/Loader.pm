# SPDX-License-Identifier: MIT
package Hookline::Loader;

# Loads the plugins of a list, in order, and numbers their entries
# (docs/host-protocol.md, "Greeting and describe").

use strict;
use warnings;
use Hookline::Process;
use Hookline::Stdio;
use mro;
use Qpsmtpd::Constants;
use Qpsmtpd::Plugin;
use Qpsmtpd::SMTP;

# Plugins use these as if they were always there.
use Qpsmtpd::Auth;
use Qpsmtpd::Command;
use Qpsmtpd::DSN;
use Qpsmtpd::Utils;
use Time::HiRes qw(time);

sub new {
    my ($class, %args) = @_;
    my $self = bless { plugins => [], entries => [], faults => [], notes => {} }, $class;
    $self->{qp} = Qpsmtpd::SMTP->new(%args);
    return $self;
}

sub qp      { return $_[0]{qp} }
sub entries { return $_[0]{entries} }

# Notes that plugins set on the connection while they were loaded: in qpsmtpd
# each client's process inherits them.
sub notes { return $_[0]{notes} }

# May one of them use STDIN or STDOUT?
sub has_stdio {
    my $self = shift;
    return scalar grep { $_->{stdio} } @{ $self->{plugins} };
}

# Lines "WHERE \t NAME \t PATH \t ARGUMENT...".  All of them have `seconds`; the
# one that is being loaded then is at fault, and the rest is not tried.
sub load_list {
    my ($self, $file, $seconds) = @_;
    my $end = time + $seconds;
    open my $in, '<', $file or die "cannot open $file: $!\n";
    while (defined(my $line = readline $in)) {
        chomp $line;
        next unless length $line;
        my ($where, $name, $path, @args) = split /\t/, $line, -1;
        my $plugin = { where => $where, name => $name, hooks => [], flags => '' };
        push @{ $self->{plugins} }, $plugin;
        # The process is that of all plugins; a child of this one may end.
        my $pid = $$;
        local $Hookline::Process::on_exit =
          sub { die "it calls $_[0]\n" if $$ == $pid; return };
        my $good = eval {
            die "the time for loading is over\n" if time >= $end;
            Hookline::Process::within($end - time, "$where: $name",
                sub { $self->_load($plugin, $path, @args) });
            1;
        };
        $plugin->{fault} = _reason($@) unless $good;
    }
    close $in;
    $self->{notes} = { %{ $self->{qp}->connection->{_notes} || {} } };
    return;
}

sub _reason {
    my $text = shift;
    $text = 'it died without a reason' unless defined $text && length $text;
    $text =~ s/\s+\z//;
    # The directories would leave no room for the place.
    $text =~ s/ \(\@INC contains: [^)]*\)//;
    return $text;
}

# The package of a file, as qpsmtpd names it.
sub _package {
    my $name = shift;
    $name =~ s/([^A-Za-z0-9_\/])/sprintf '_%2x', ord $1/eg;
    $name =~ s{/(\d)}{sprintf '/_%2x', ord $1}eg;
    $name =~ s{/}{::}g;
    $name =~ s/^(\d)/sprintf '_%2x', ord $1/e;
    return "Qpsmtpd::Plugin::$name";
}

sub _load {
    my ($self, $plugin, $path, @args) = @_;
    my $qp = $self->{qp};
    my ($package, $stdio);

    # Words that are for us.
    while (@args && $args[0] =~ /^hl\.(\w+)=(.*)\z/s) {
        $stdio = $2 if $1 eq 'stdio';
        shift @args;
    }

    if ($path =~ m{/}) {
        # A file that stands on two lines is compiled once.
        (my $bare = $plugin->{name}) =~ s/:\d+\z//;
        $package = _package($plugin->{name});
        Qpsmtpd::Plugin->compile($plugin->{name}, $package, $path)
          unless defined &{"${package}::plugin_name"};
    }
    else {
        $package = $path;
        (my $file = "$package.pm") =~ s{::}{/}g;
        require $file unless $package->can('new');
        $Hookline::Stdio::used{$package} = _file_uses_stdio($INC{$file})
          if $INC{$file};
    }
    my $object = $package->new;
    if (!$package->can('plugin_name')) {
        no strict 'refs';    ## no critic (ProhibitNoStrict)
        my $name = $plugin->{name};
        *{"${package}::plugin_name"} = sub { return $name };
    }
    local $qp->{_on_register} = sub { $self->_entry($plugin, @_) };
    $object->_register($qp, @args);
    $plugin->{object} = $object;
    $plugin->{stdio}  = $stdio
      // grep { $Hookline::Stdio::used{$_} } @{ mro::get_linear_isa($package) };
    return;
}

sub _file_uses_stdio {
    my $path = shift;
    open my $in, '<', $path or return 0;
    local $/;
    return Hookline::Stdio::is_used_in(scalar readline $in);
}

sub _entry {
    my ($self, $plugin, $hook, $entry, $unshift) = @_;
    my $number = @{ $self->{entries} };
    push @{ $self->{entries} },
      { %$entry, hook => $hook, plugin => $plugin, number => $number };
    push @{ $plugin->{hooks} }, $unshift ? "$hook!" : $hook;
    return;
}

# What `describe` is answered with: a list of frames.
sub describe {
    my $self = shift;
    return map {
        defined $_->{fault}
          ? ['fault', $_->{where}, $_->{fault}]
          : ['plugin', $_->{where}, $_->{name}, $_->{flags},
            @{ $_->{hooks} }]
    } @{ $self->{plugins} };
}

1;
