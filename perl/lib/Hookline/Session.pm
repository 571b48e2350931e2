# SPDX-License-Identifier: MIT
package Hookline::Session;

# One client's session in this host: what the worker tells goes into the
# objects that plugins see, their hooks are called, what they changed goes
# back.  docs/host-protocol.md is the contract.

use strict;
use warnings;
use Hookline::Frame;
use Hookline::Header;
use Hookline::Hooks;
use Hookline::Process;
use Hookline::Resolver;
use Hookline::Stdio;
use Hookline::TlsSocket;
use Qpsmtpd::Address;
use Qpsmtpd::Connection;
use Qpsmtpd::Plugin;
use Qpsmtpd::Constants;
use Qpsmtpd::Transaction;
use Scalar::Util ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

# A longer note stays here: all of them go into one frame.
use constant NOTE_MAX => 64 * 1024;

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
        my ($handle) = _undisturbed(sub {
            my ($size) = $self->ask('body');
            return defined $size && length $size
              ? $self->{frame}->receive_handle : undef;
        });
        return $handle;
    };
    $transaction->{_ask_file} = sub { ($self->ask('file'))[0] };
    return $transaction;
}

# ---- what the worker tells ----

my %apply = (
    fact   => \&_fact,
    relay  => sub {
        my ($self, $yes) = @_;
        $self->{qp}->connection->{_relay_client} = $yes ? 1 : undef;
        $ENV{RELAYCLIENT} = '' if $yes;
        delete $ENV{RELAYCLIENT} unless $yes;
    },
    note   => \&_note,
    begin  => sub {
        my ($self, $id) = @_;
        $self->_new_transaction->{_id} = $id;
    },
    reset  => sub { $_[0]->_new_transaction },
    command => \&_command,
    sender => sub {
        my ($self, $text) = @_;
        $self->{qp}->transaction->{_sender} =
          $self->_last_address($text) || _address($text);
    },
    rcpts   => \&_rcpts,
    message => sub {
        my ($self, $size, $body) = @_;
        my $transaction = $self->{qp}->transaction;
        @$transaction{qw(_data_size _body_length)} = ($size, $body);
    },
    header => sub {
        my ($self, @fields) = @_;
        $self->{qp}->transaction->{_header} =
          Hookline::Header->of_fields(@fields);
    },
);

sub apply {
    my ($self, @updates) = @_;
    for my $packed (@updates) {
        my ($kind, @fields) = Hookline::Frame::unpack_list($packed);
        @fields = Hookline::Frame::unpack_list($fields[0])
          if $kind eq 'rcpts' || $kind eq 'header';
        my $code = $apply{$kind} or die "unknown update '$kind'\n";
        $self->$code(@fields);
    }
    return;
}

my %environment = (
    remote_ip   => 'TCPREMOTEIP',
    remote_host => 'TCPREMOTEHOST',
    remote_port => 'TCPREMOTEPORT',
    local_ip    => 'TCPLOCALIP',
    local_port  => 'TCPLOCALPORT',
);

sub _fact {
    my ($self, $name, $text) = @_;
    my $qp         = $self->{qp};
    my $connection = $qp->connection;
    $ENV{ $environment{$name} } = $text if $environment{$name};
    if    ($name =~ /^auth_/) { $qp->{"_$name"} = length $text ? $text : undef }
    elsif ($name eq 'tls')    { _tls($connection, $text) }
    else                      { $connection->{"_$name"} = length $text ? $text : undef }
    return;
}

# As the plugin tls leaves them: plugins ask the socket for its cipher.
sub _tls {
    my ($connection, $cipher) = @_;
    my $notes = $connection->{_notes} ||= {};
    $notes->{tls_enabled} = length $cipher ? 1 : 0;
    delete $notes->{tls_socket};
    $notes->{tls_socket} = Hookline::TlsSocket->new($cipher) if length $cipher;
    return;
}

sub _note {
    my ($self, $scope, $name, $value) = @_;
    my $owner =
        $scope eq 'c' ? $self->{qp}->connection
      : $scope eq 't' ? $self->{qp}->transaction
      :                 $self->{rcpts}[$scope];
    return unless $owner;
    $owner->{_notes}{$name} = Hookline::Frame::decode_value($value);
    delete $owner->{_notes}{$name} if $value eq 'u';
    my $told = $self->_told($scope);
    if   ($value eq 'u') { delete $told->{$name} }
    else                 { $told->{$name} = $value }
    return;
}

sub _told {
    my ($self, $scope) = @_;
    return $self->{told}{$scope} if $scope =~ /^[ct]$/;
    return $self->{rcpts}[$scope]{hookline_told} ||= {};
}

# A new command.  As qpsmtpd notes its words down.
sub _command {
    my ($self, $number, $line) = @_;
    my $notes = $self->{qp}->connection->{_notes} ||= {};
    my ($verb, $rest) = split / +/, $line, 2;
    $self->{qp}{_command_counter} = $number;
    @$self{qw(last_address address)} = ($self->{address}, undef);
    # Another host was told; what it was is over.
    return unless defined $verb;
    # What an earlier EHLO was told holds no more.
    delete $self->{qp}->transaction->{_notes}{capabilities} if lc $verb eq 'ehlo';
    $notes->{original_string} = $line;
    $notes->{envelope_from} = $rest if lc $verb eq 'mail';
    $notes->{envelope_rcpt} = $rest if lc $verb eq 'rcpt';
    return;
}

# The hooks of a MAIL or RCPT are given the same object, and what they change of
# it holds.
sub running_address {
    my ($self, $text) = @_;
    my $address = $self->{address};
    $address = _address($text) unless defined $address && "$address" eq $text;
    $address->qp($self->{qp});
    $self->{address_text} = $text;
    return $self->{address} = $address;
}

# It becomes the sender or a recipient, once the command is over.
sub _last_address {
    my ($self, $text) = @_;
    my $address = $self->{last_address};
    return unless defined $address && "$address" eq $text;
    $self->{last_address} = undef;
    return $address;
}

# As it stands in MAIL and RCPT, with brackets; undef for "".
sub address_of { return _address($_[1]) }

sub _address {
    my $text = shift;
    return unless length $text;
    $text = "<$text>" unless $text =~ /^</;
    return Qpsmtpd::Address->new($text)
      || Qpsmtpd::Address->of_parts(
        $text =~ /^<(.*?)(?:\@([^\@>]*))?>?\z/s);
}

# Objects that stand for the same recipient stay, with their notes.
sub _rcpts {
    my ($self, @packed) = @_;
    my %known;
    push @{ $known{ $_->format } }, $_ for @{ $self->{rcpts} };
    my @rcpts;
    for my $rcpt (@packed) {
        my ($text) = Hookline::Frame::unpack_list($rcpt);
        my $address = _address($text) or next;
        push @rcpts, shift @{ $known{$text} || [] }
          || $self->_last_address($text) || $address;
    }
    $self->{rcpts} = [@rcpts];
    $self->{rcpt_texts} = [map { "$_" } @rcpts];
    $self->{qp}->transaction->{_rcpts} = [@rcpts];
    return;
}

# ---- what plugins changed ----

sub changes {
    my $self = shift;
    my ($connection, $transaction) =
      ($self->{qp}->connection, $self->{qp}->transaction);
    my @changes;
    if (delete $connection->{_relay_changed}) {
        push @changes, ['relay', $connection->{_relay_client} ? 1 : 0];
    }
    if (delete $transaction->{_sender_changed}) {
        my $sender = $transaction->{_sender};
        push @changes, ['sender', defined $sender ? "$sender" : ''];
    }
    if (defined $self->{address} && "$self->{address}" ne $self->{address_text}) {
        $self->{address_text} = "$self->{address}";
        # The next plugins get what the worker makes of it.
        $self->{must_stop} = 1;
        push @changes, ['address', $self->{address_text}];
    }
    push @changes, $self->_changed_rcpts($transaction)
      if $transaction->{_rcpts_changed} || $Qpsmtpd::Address::edits;
    my $rcpts = $self->{rcpts};
    push @changes, $transaction->{_header}->take_edits
      if $transaction->{_header}
      && $transaction->{_header}->isa('Hookline::Header');
    my $added = delete $transaction->{_added};
    push @changes, ['body', $added] if defined $added && length $added;
    my $told = $self->{told};
    push @changes, $self->_changed_notes('c', $connection, $told->{c})
      if _may_differ($connection, $told->{c});
    # Before MAIL the worker has none; what was noted then ends with MAIL.
    push @changes, $self->_changed_notes('t', $transaction, $told->{t})
      if defined $transaction->{_id} && _may_differ($transaction, $told->{t});
    for my $i (0 .. $#$rcpts) {
        my $rcpt_told = $rcpts->[$i]{hookline_told} ||= {};
        push @changes, $self->_changed_notes($i, $rcpts->[$i], $rcpt_told)
          if _may_differ($rcpts->[$i], $rcpt_told);
    }
    return map { _pack_update(@$_) } @changes;
}

sub _pack_update {
    my ($kind, @fields) = @_;
    return Hookline::Frame::pack_list($kind,
        $kind eq 'header' || $kind eq 'rcpts'
        ? Hookline::Frame::pack_list(@fields) : @fields);
}

# As the worker will have them: those that stay keep their places, new ones come
# last, nobody is there twice.
sub _changed_rcpts {
    my ($self, $transaction) = @_;
    my $edited = $Qpsmtpd::Address::edits;
    $Qpsmtpd::Address::edits = 0;
    my $changed = delete $transaction->{_rcpts_changed};
    return unless $changed || $edited;
    my (%object, %seen);
    my @wanted = map { "$_" } @{ $transaction->{_rcpts} };
    # Another address was edited.
    return if !$changed && join("\0", @wanted) eq join "\0",
      @{ $self->{rcpt_texts} };
    @object{ reverse @wanted } = reverse @{ $transaction->{_rcpts} };
    my @texts = grep { $object{$_} && !$seen{$_}++ }
      @{ $self->{rcpt_texts} }, @wanted;
    $self->{rcpt_texts} = \@texts;
    $self->{rcpts} = [@object{@texts}];
    return ['rcpts', map { Hookline::Frame::pack_list($_) } @texts];
}

# Is there something for _changed_notes to look at?
sub _may_differ {
    my ($owner, $told) = @_;
    return 1 if $owner->{_note_touched};
    my $notes = $owner->{_notes};
    return %$told ? 1 : 0 unless $notes;
    return 1 if grep { ref } values %$notes;
    return %$told && grep { !exists $notes->{$_} } keys %$told;
}

# Those that are other than what the worker knows: set by notes(), or changed
# inside (a list that a plugin pushed to).
sub _changed_notes {
    my ($self, $scope, $owner, $told) = @_;
    my $notes   = $owner->{_notes} || {};
    my $touched = delete $owner->{_note_touched} || {};
    my @changes;
    for my $name (keys %$notes) {
        my $value = $notes->{$name};
        next unless ref $value || $touched->{$name};
        my $bytes = Hookline::Frame::encode_value($value);
        # What cannot be written stays here, and replaces what could.
        $bytes = 'u' unless defined $bytes && length $bytes <= NOTE_MAX;
        next if defined $told->{$name} && $told->{$name} eq $bytes;
        next if $bytes eq 'u' && !defined $told->{$name};
        if   ($bytes eq 'u') { delete $told->{$name} }
        else                 { $told->{$name} = $bytes }
        push @changes, ['note', $scope, $name, $bytes];
    }
    for my $name (keys %$told) {
        next if exists $notes->{$name};
        delete $told->{$name};
        push @changes, ['note', $scope, $name, 'u'];
    }
    return @changes;
}

# ---- asking the worker ----

sub log_line {
    my ($self, $level, $text) = @_;
    utf8::encode($text) if utf8::is_utf8($text);
    $self->{frame}->send('log', $level, $text);
    return;
}

# A plugin's alarm that dies comes after what must not be left half done: the
# answer would be taken for that of the next question.
sub _undisturbed {
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
    return _undisturbed(sub { $self->_ask(@question) });
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

# ---- a hook that a plugin runs inside of another ----

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

# ---- a call ----

# What plugins put into the note are lines of the reply to EHLO.
sub _capabilities {
    my $self  = shift;
    my $lines = $self->{qp}->transaction->notes('capabilities');
    return unless ref $lines eq 'ARRAY';
    return map { _pack_update('ehlo', _bytes($_)) }
      grep { defined && /\S/ } @$lines;
}

# STDIN and STDOUT become the client, where one of the entries may use them.
# undef: they stay what they are.
sub _stdio {
    my ($self, $hook, @entries) = @_;
    return if $hook eq 'logging' || $self->{stdio};
    return unless grep { $_->{plugin}{stdio} } @entries;
    my ($handle) = _undisturbed(sub {
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
    my @groups = split /,/, $groups;
    while (defined(my $entries = shift @groups)) {
        $self->_call($id++, $hook, $entries, $arguments, scalar @groups)
          or return;
    }
    return;
}

# False: the row ends here.
sub _call {
    my ($self, $id, $hook, $entries, $arguments, $goes_on) = @_;
    my (@results, @texts, @args);
    local $self->{must_stop} = 0;
    @args = Hookline::Hooks::arguments($self, $hook,
        map { Hookline::Frame::decode_value($_) }
          Hookline::Frame::unpack_list($arguments))
      if length $arguments;
    my @numbers = split ' ', $entries;
    my @entries = map { $self->{entries}[$_] || die "there is no entry $_\n" }
      @numbers;
    my $stdio = $self->{has_stdio} && $self->_stdio($hook, @entries);
    local $self->{stdio} = $stdio || $self->{stdio};
    for my $entry (@entries) {
        my $number = shift @numbers;
        # Who is called first is known.
        $self->{frame}->send('at', $number) or CORE::exit(0) if @results;
        my ($verdict, $us, $remark, @answer) =
          $self->_run($hook, $entry, \@args);
        push @results, $number, $verdict, $us, $remark;
        @texts = @answer;
        $goes_on = 0
          if $Hookline::Hooks::final{$verdict} || $remark =~ /^died/;
        last if $Hookline::Hooks::final{$verdict};
    }
    my @unread = $stdio ? _undisturbed(sub { $stdio->close }) : ();
    @unread = map { _pack_update('unread', $_) } grep { length } @unread;
    my @changes = $self->changes;
    $goes_on = 0 if $self->{must_stop};
    $self->{frame}->send($goes_on ? 'then' : 'answer', $id,
        Hookline::Frame::pack_list(@results),
        @texts ? Hookline::Frame::pack_list(map { _bytes($_) } @texts) : '',
        @unread, @changes, $hook eq 'ehlo' ? $self->_capabilities : ())
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
    my $since = clock_gettime(CLOCK_MONOTONIC);
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
    my $us = int((clock_gettime(CLOCK_MONOTONIC) - $since) * 1e6);
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
    return (_bytes($verdict), $us, '', @texts);
}

1;
