# SPDX-License-Identifier: MIT
package Qpsmtpd::Plugin;

# The base class of plugins, with qpsmtpd's interface.  The host loads a
# plugin's file with `compile`; its hooks are registered with the loader
# (Hookline::Loader) and called by Hookline::Session.

use strict;
use warnings;
use parent 'Qpsmtpd::Base';
use Hookline::Stdio;
use Qpsmtpd::Constants;

# The order in which one plugin's hook_* subs are registered.
our @hooks = qw(
  logging config user_config init_worker post-fork shutdown pre-connection
  connect ehlo_parse ehlo helo_parse helo auth_parse auth auth-plain auth-login
  auth-cram-md5 auth-xoauth2 auth-oauthbearer auth-external rcpt_parse rcpt_pre
  rcpt mail_parse mail mail_pre data header data_headers_end
  max_data_exceeded data_post_headers received_line data_post queue_pre queue
  queue_post vrfy noop rset quit timeout abort reset_transaction disconnect
  post-connection unrecognized_command help deny ok
);
our %hooks = map { $_ => 1 } @hooks;
my %canonical = map { (my $name = $_) =~ tr/-/_/; $name => $_ } @hooks;

sub new {
    my $class = shift;
    return bless {}, ref $class || $class;
}

sub hook_name { return $_[0]{_hook} }
sub qp        { return $_[0]{_qp} || $Qpsmtpd::SMTP::current }

# The name as it is written in @hooks; undef: there is no such hook.
sub hook_of {
    my $key = shift;
    $key =~ tr/-/_/;
    return $canonical{$key};
}

# "; did you mean NAME?", or "".
sub _did_you_mean {
    my $wrong = shift;
    my ($best, $least) = ('', 3);
    for my $hook (@hooks) {
        my $steps = _distance($wrong, $hook);
        ($best, $least) = ("; did you mean $hook?", $steps) if $steps < $least;
    }
    return $best;
}

# Letters to put in, take out or change (Levenshtein).
sub _distance {
    my ($from, $to) = @_;
    my @row = 0 .. length $to;
    for my $i (1 .. length $from) {
        my @next = ($i);
        for my $j (1 .. length $to) {
            my $same = substr($from, $i - 1, 1) eq substr $to, $j - 1, 1;
            my $least = $row[$j - 1] + ($same ? 0 : 1);
            for my $other ($row[$j] + 1, $next[-1] + 1) {
                $least = $other if $other < $least;
            }
            push @next, $least;
        }
        @row = @next;
    }
    return $row[-1];
}

# What works, but not as its author may think: on standard error.
sub _warn_of_names {
    my $self    = shift;
    my $package = ref $self;
    my $asked   = delete $self->{_asked} || [];
    for my $ask (@$asked) {
        my ($method, $place) = @$ask;
        print STDERR $self->plugin_name
          . ": register_hook names the method $method, which is not there, at $place\n"
          unless $self->can($method) || $self->can('AUTOLOAD');
    }
    my %methods = map { $_->[0] => 1 } @$asked;
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    for my $name (sort keys %{"${package}::"}) {
        my ($hook) = $name =~ /^hook_(\w+)\z/ or next;
        next if hook_of($hook) || $methods{$name} || !defined &{"${package}::$name"};
        print STDERR $self->plugin_name
          . ": sub $name is never called, no hook has this name"
          . _did_you_mean($hook) . "\n";
    }
    return;
}

sub register_hook {
    my ($self, $hook, $method, $unshift) = @_;
    my $place = sprintf '%s line %d', (caller)[1, 2];
    my $name  = hook_of($hook)
      or die "Invalid hook: $hook" . _did_you_mean($hook) . " at $place\n";
    push @{ $self->{_asked} }, [$method, $place]
      if $self->{_asked} && !ref $method;
    $self->qp->_register_hook(
        $name,
        {
            name => $self->plugin_name,
            code => sub {
                local $self->{_qp}   = shift;
                local $self->{_hook} = $name;
                return $self->$method(@_);
            },
        },
        $unshift,
    );
    return;
}

# init, the hook_* subs, register: in this order.
sub _register {
    my ($self, $qp, @args) = @_;
    local $self->{_qp} = $qp;
    $self->{_asked} = [];
    $self->init($qp, @args) if $self->can('init');
    $self->_register_standard_hooks($qp, @args);
    $self->register($qp, @args) if $self->can('register');
    $self->_warn_of_names;
    return;
}

sub _register_standard_hooks {
    my $self = shift;
    for my $hook (@hooks) {
        (my $method = "hook_$hook") =~ s/\W/_/g;
        $self->register_hook($hook, $method) if $self->can($method);
    }
    return;
}

# ---- loading ----

# A file of bare subs becomes a package.
sub compile {
    my ($class, $plugin, $package, $file) = @_;
    open my $in, '<', $file or die "cannot open $file: $!\n";
    my $source = do { local $/; readline $in };
    close $in;
    $Hookline::Stdio::used{$package} = Hookline::Stdio::is_used_in($source);
    $plugin =~ s/(["\\\$\@])/\\$1/g;
    my $code = join "\n", "package $package;", 'use Qpsmtpd::Constants;',
      'require Qpsmtpd::Plugin;', 'use vars qw(@ISA);', 'use strict;',
      '@ISA = qw(Qpsmtpd::Plugin);', qq{sub plugin_name { return "$plugin" }},
      # Numbered so that its first line is 1 in messages.
      "#line 1 $file", $source, "\n;1;\n";
    my $good = do { local $@; my $ok = eval $code; $class->_keep($@); $ok };
    die $class->_kept unless $good;
    return 1;
}

{
    my $kept;
    sub _keep { $kept = $_[1]; return }
    sub _kept { return $kept || "it could not be compiled\n" }
}

# $self->isa_plugin('rhsbl'): this plugin's package inherits from that file's.
sub isa_plugin {
    my ($self, $parent) = @_;
    my $package = caller;
    (my $clean = $parent) =~ s/\W/_/g;
    my $new = "${package}::_isa_$clean";
    no strict 'refs';    ## no critic (ProhibitNoStrict)
    return if defined &{"${new}::plugin_name"};
    my ($dir) = grep { -e "$_/$parent" } $self->qp->plugin_dirs;
    die "cannot find plugin '$parent'\n" unless defined $dir;
    $self->compile($self->plugin_name . "_isa_$clean", $new, "$dir/$parent");
    @{"${package}::ISA"} = ($new, @{"${package}::ISA"});
    return;
}

# ---- the session ----

sub connection { return ($_[0]{_qp} || $Qpsmtpd::SMTP::current)->connection }
sub transaction { return ($_[0]{_qp} || $Qpsmtpd::SMTP::current)->transaction }
sub spool_dir      { return $_[0]->qp->spool_dir }
sub auth_user      { return $_[0]->qp->auth_user }
sub auth_mechanism { return $_[0]->qp->auth_mechanism }

sub temp_file {
    my $self = shift;
    my $path = $self->qp->temp_file;
    push @{ $self->qp->transaction->{_temp_files} }, $path;
    return $path;
}

sub temp_dir {
    my ($self, @mask) = @_;
    my $path = $self->qp->temp_dir(@mask);
    push @{ $self->qp->transaction->{_temp_dirs} }, $path;
    return $path;
}

# ---- logging ----

sub log {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, $level, @words) = @_;
    return if defined $self->{_hook} && $self->{_hook} eq 'logging';
    $self->qp->varlog($self->adjust_log_level($level, $self->plugin_name),
        $self->{_hook}, $self->plugin_name, @words);
    return;
}

# The plugin's argument loglevel: a level, or +1, -2 ...
sub adjust_log_level {
    my ($self, $level) = @_;
    my $by = $self->{_args}{loglevel};
    return $level unless defined $by && length $by;
    return $by if $by =~ /^[0-7]$/;
    if ($by !~ /^([+-])(\d)$/) {
        undef $self->{_args}{loglevel};
        $self->log(LOGERROR, "invalid loglevel setting ($by)");
        return $level;
    }
    my $new = $1 eq '+' ? $level + $2 : $level - $2;
    return $new > 7 ? 7 : $new < 0 ? 0 : $new;
}

# ---- rejecting ----

sub get_reject {
    my ($self, $text, $log) = @_;
    # As there: "0" is no text either.
    $text ||= 'unspecified error';
    $log = $log ? ", $log" : '';
    my $reject = $self->{_args}{reject};
    if (defined $reject && !$reject) {
        $self->log(LOGINFO, "fail, tolerated$log");
        return DECLINED;
    }
    if (defined $reject && $reject eq 'naughty') {
        $self->log(LOGINFO, "fail, NAUGHTY$log");
        return $self->store_deferred_reject($text);
    }
    $self->log(LOGINFO, "fail$log");
    return ($self->get_reject_type, $text);
}

sub get_reject_type {
    my ($self, $default, $type) = @_;
    $default = DENY unless $default;
    $type ||= $self->{_args}{reject_type} or return $default;
    return $type =~ /^(?:temp|soft)$/i ? DENYSOFT
      : $type =~ /^(?:perm|hard)$/i    ? DENY
      : $type eq 'disconnect'          ? DENY_DISCONNECT
      : $type eq 'temp_disconnect'     ? DENYSOFT_DISCONNECT
      :                                  $default;
}

# For the plugin naughty, which rejects later.
sub store_deferred_reject {
    my ($self, $text) = @_;
    my $connection = $self->connection;
    my $before     = $connection->notes('naughty');
    $connection->notes('naughty', $before ? "$before\r\n$text" : $text);
    $connection->notes('naughty_reject_type', $self->{_args}{reject_type})
      unless $connection->notes('naughty_reject_type');
    return DECLINED;
}

sub store_auth_results {
    my ($self, $result) = @_;
    my $connection = $self->connection;
    my $before     = $connection->notes('authentication_results');
    $connection->notes('authentication_results',
        $before ? "$before; $result" : $result);
    return;
}

sub is_immune {
    my $self = shift;
    my $why =
        $self->connection->relay_client            ? 'relay client'
      : $self->connection->notes('whitelisthost')  ? 'whitelisted host'
      : $self->transaction->notes('whitelistsender') ? 'whitelisted sender'
      :                                              return;
    $self->log(LOGINFO, "skip, $why");
    return 1;
}

sub is_naughty {
    my ($self, $set) = @_;
    my $connection = $self->connection;
    return $connection->notes('naughty') unless defined $set;
    $connection->notes($_, $set) for qw(naughty rejected);
    return unless $set;
    $self->log(LOGINFO, 'skip, naughty');
    return 1;
}

sub adjust_karma {
    my ($self, $points) = @_;
    my $karma = ($self->connection->notes('karma') || 0) + $points;
    $self->log(LOGINFO, "karma $points ($karma)");
    $self->connection->notes('karma', $karma);
    return $points;
}

# ---- data of a plugin's own ----

sub db_args {
    my ($self, %args) = @_;
    $self->{db_args} = {%args} if %args;
    $self->{db_args} ||= {};
    $self->{db_args}{name} ||= $self->plugin_name;
    return %{ $self->{db_args} };
}

sub db {
    my ($self, %args) = @_;
    require Qpsmtpd::DB;
    return $self->{db} ||= Qpsmtpd::DB->new($self->db_args(%args));
}

sub validate_db_args {
    my ($self, @args) = @_;
    die $self->plugin_name . ": database arguments must be pairs\n" if @args % 2;
    return 1;
}

1;
