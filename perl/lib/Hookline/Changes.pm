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
    return map { pack_update(@$_) } @changes;
}

sub pack_update {
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

1;
