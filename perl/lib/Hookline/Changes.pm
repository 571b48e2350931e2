# SPDX-License-Identifier: MIT
package Hookline::Changes;

# What plugins changed of a session's objects goes back to the worker
# (docs/host-protocol.md, "Updates").  A part of Hookline::Session.

use strict;
use warnings;
use Hookline::Frame;
use Qpsmtpd::Address;

# A longer note stays here: all of them go into one frame.
use constant NOTE_MAX => 64 * 1024;

sub changes {
    my $self = shift;
    my ($connection, $transaction) = @{ $self->{qp} }{qw(_connection _transaction)};
    my @changes;
    if (delete $connection->{_relay_changed}) {
        push @changes, ['relay', $connection->{_relay_client} ? 1 : 0];
    }
    if (delete $transaction->{_sender_changed}) {
        my $sender = $transaction->{_sender};
        push @changes, ['sender', defined $sender ? "$sender" : ''];
    }
    push @changes, $self->_changed_address if $Qpsmtpd::Address::edits;
    push @changes, $self->_changed_rcpts($transaction)
      if $transaction->{_rcpts_changed} || $Qpsmtpd::Address::edits;
    my $header = $transaction->{_header};
    push @changes, $header->take_edits
      if $header && $header->isa('Hookline::Header');
    my $added = delete $transaction->{_added};
    push @changes, ['body', $added] if defined $added && length $added;
    my $told = $self->{told};
    push @changes, $self->_changed_notes('c', $connection, $told->{c})
      if _may_differ($connection, $told->{c});
    # Before MAIL the worker has none; what was noted then ends with MAIL.
    push @changes, $self->_changed_notes('t', $transaction, $told->{t})
      if defined $transaction->{_id} && _may_differ($transaction, $told->{t});
    my $rcpts = $self->{rcpts};
    for my $i (0 .. $#$rcpts) {
        my $rcpt_told = $rcpts->[$i]{hookline_told} ||= {};
        push @changes, $self->_changed_notes($i, $rcpts->[$i], $rcpt_told)
          if _may_differ($rcpts->[$i], $rcpt_told);
    }
    return @changes ? map { pack_update(@$_) } @changes : ();
}

sub pack_update {
    my ($kind, @fields) = @_;
    return Hookline::Frame::pack_list($kind,
        $kind eq 'header' || $kind eq 'rcpts'
        ? Hookline::Frame::pack_list(@fields) : @fields);
}

# That of the command that runs.
sub _changed_address {
    my $self    = shift;
    my $address = $self->{address};
    return unless defined $address && "$address" ne $self->{address_text};
    # The next plugins get what the worker makes of it.
    $self->{must_stop} = 1;
    return ['address', $self->{address_text} = "$address"];
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
    return 1 if $owner->{_note_touched} || $owner->{_note_refs};
    return unless %$told;
    my $notes = $owner->{_notes} or return 1;
    return grep { !exists $notes->{$_} } keys %$told;
}

# Those that are other than what the worker knows: set by notes(), or changed
# inside (a list that a plugin pushed to).
sub _changed_notes {
    my ($self, $scope, $owner, $told) = @_;
    my $notes   = $owner->{_notes} || {};
    my $touched = delete $owner->{_note_touched} || {};
    my (@changes, $refs);
    for my $name (keys %$notes) {
        my $value = $notes->{$name};
        $refs = 1 if ref $value;
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
    $owner->{_note_refs} = $refs;
    for my $name (keys %$told) {
        next if exists $notes->{$name};
        delete $told->{$name};
        push @changes, ['note', $scope, $name, 'u'];
    }
    return @changes;
}

1;
