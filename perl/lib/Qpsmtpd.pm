# SPDX-License-Identifier: MIT
package Qpsmtpd;

# The server as plugins see it: configuration, logging, files.  What needs the
# worker is asked through $self->{_host} (Hookline::Session), which is undef
# while plugins are loaded.

use strict;
use warnings;
use parent 'Qpsmtpd::Base';
use Qpsmtpd::Constants;
use Scalar::Util qw(blessed);

our $VERSION = '1.00';

sub version { return $VERSION }

# ---- hooks ----

sub hooks {
    my ($self, $hook) = @_;
    return $self->{_hooks} unless defined $hook;
    return $self->{_hooks}{$hook} ? @{ $self->{_hooks}{$hook} } : ();
}

sub _register_hook {
    my ($self, $hook, $entry, $unshift) = @_;
    my $list = $self->{_hooks}{$hook} ||= [];
    $self->{_on_register}->($hook, $entry, $unshift) if $self->{_on_register};
    if   ($unshift) { unshift @$list, $entry }
    else            { push @$list, $entry }
    return;
}

sub load_plugins { return }
sub plugin_dirs  { return @{ $_[0]{_plugin_dirs} || [] } }

# ---- configuration ----

# All lines in list context, else the first.  config($key, 'map') is a hash
# tied to KEY.cdb; config($key, $address) asks for a recipient.  Anything else
# in its place (greylisting and whitelist give a hash) is none.
sub config {
    my ($self, $key, $for) = @_;
    return unless defined $key && length $key;
    return $self->_config_map($key) if defined $for && !ref $for && $for eq 'map';
    my $address = blessed $for && $for->can('address') ? $for : undef;
    my @lines = $self->{_host}
      ? $self->{_host}->config($key, $address ? $address->address : ())
      : $self->_config_file($key);
    return wantarray ? @lines : $lines[0];
}

sub _config_map {
    my ($self, $key) = @_;
    my ($path) =
        $self->{_host} ? $self->{_host}->ask('map', $key)
      :                  "$self->{_config_dir}/$key.cdb";
    my %map;
    return {} unless defined $path && length $path && -e $path;
    require CDB_File;
    tie %map, 'CDB_File', $path or return {};
    return \%map;
}

# In init and register, before there is a worker to ask: the file alone.
sub _config_file {
    my ($self, $key, $seen) = @_;
    my $path = $key =~ m{^/} ? $key : "$self->{_config_dir}/$key";
    return if ($seen ||= {})->{$path}++;
    open my $in, '<', $path or return;
    my @lines;
    while (defined(my $line = readline $in)) {
        $line =~ s/^\s+|\s+\z//g;
        next if $line eq '' || $line =~ /^#/;
        push @lines, $line =~ /^\$include\s+(\S.*)$/
          ? $self->_config_file($1, $seen) : $line;
    }
    close $in;
    return @lines;
}

sub clear_config_cache {
    my $self = shift;
    $self->{_host}->forget_config if ref $self && $self->{_host};
    return;
}
sub config_dir         { return $_[0]{_config_dir} }

sub get_qmail_config { my ($self, @args) = @_; return $self->config(@args) }

# ---- logging ----

sub log {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $level, @words) = @_;
    return $self->varlog($level, undef, undef, @words);
}

sub varlog {
    my ($self, $level, $hook, $plugin, @words) = @_;
    my $text = join ' ', map { defined $_ ? $_ : '' } @words;
    if ($self->{_host}) {
        $self->{_host}->log_line($level, $text);
    }
    elsif ($level <= LOGWARN) {
        print STDERR defined $plugin ? "$plugin: $text\n" : "$text\n";
    }
    return;
}

sub trace_level { return LOGINFO }

# ---- files ----

sub spool_dir {
    my $self = shift;
    return $self->{_spool_dir} if defined $self->{_spool_dir};
    my $dir = $self->config('spool_dir');
    $dir = "$self->{_state_dir}/spool" unless defined $dir && length $dir;
    $dir = $self->tildeexp($dir);
    $dir .= '/' unless $dir =~ m{/\z};
    mkdir $dir, 0700 unless -d $dir;
    return $self->{_spool_dir} = $dir;
}

my $count = 0;

sub temp_file {
    my $self = shift;
    return $self->spool_dir . join ':', time, $$, $count++;
}

sub temp_dir {
    my ($self, $mask) = @_;
    my $path = $self->temp_file;
    mkdir $path, defined $mask ? $mask : 0700
      or die "cannot make the directory $path: $!\n";
    return $path;
}

sub size_threshold {
    my $self = shift;
    return $self->config('size_threshold') || 0;
}

# ---- who the client is ----

sub auth_user      { return $_[0]{_auth_user} }
sub auth_mechanism { return $_[0]{_auth_mechanism} }
sub auth_ticket    { return $_[0]{_auth_ticket} }

sub authenticated {
    my $self = shift;
    return defined $self->{_auth_user} && length $self->{_auth_user} ? OK : undef;
}

1;
