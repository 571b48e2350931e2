# SPDX-License-Identifier: MIT
package Hookline::Sharing;

# Several sessions in one process, between whose hooks it goes to and fro: one
# hook at a time.  What belongs to a session (the objects of $self->qp, %ENV) is
# put aside while another one's hook runs; what a plugin keeps itself, in $self
# or in variables of its file, all sessions have together.

use strict;
use warnings;
use IO::Select;

# For a child of `pool` (Hookline::Pool); `process` is how it is without any.
sub new {
    my ($class, $pool, $process) = @_;
    my $qp = $pool->{loader}->qp;
    return bless {
        pool    => $pool,
        process => $process,
        qp      => $qp,
        clean   => {%$qp},
        open    => {},         # by the number of the descriptor
    }, $class;
}

# Until there are none, and no more are taken.
sub serve {
    my ($self, $stop) = @_;
    my $pool = $self->{pool};
    while (1) {
        my $takes = $self->_has_room && $pool->takes_more($stop);
        my @handles = map { $_->{client} } values %{ $self->{open} };
        push @handles, $pool->{socket} if $takes;
        last unless @handles;
        my $select = IO::Select->new(@handles);
        for my $handle ($pool->waiting(sub { $select->can_read })) {
            if ($handle == $pool->{socket}) { $self->_begin }
            else                            { $self->_go_on(fileno $handle) }
        }
    }
    return;
}

sub _has_room {
    my $self = shift;
    return keys %{ $self->{open} } < $self->{pool}{share};
}

sub _begin {
    my $self   = shift;
    my $pool   = $self->{pool};
    my $client = $pool->accept_client or return;
    my $served = $pool->greet($client) or return;
    @$served{qw(qp env)} = ($self->{clean}, $self->{process}{env});
    $self->{open}{ fileno $client } = $served;
    $pool->report('b') unless $self->_has_room;
    return;
}

# All frames that have come: the select sees those in the socket alone.
sub _go_on {
    my ($self, $number) = @_;
    my $pool   = $self->{pool};
    my $served = $self->{open}{$number};
    my $more;
    %{ $self->{qp} } = %{ $served->{qp} };
    %ENV = %{ $served->{env} };
    $served->{session}->resume if $served->{session};
    do { $more = $pool->step($served) } while $more && $served->{frame}->has_more;
    @$served{qw(qp env)} = ({ %{ $self->{qp} } }, {%ENV});
    %{ $self->{qp} } = %{ $self->{clean} };
    return if $more;
    my $was_full = !$self->_has_room;
    delete $self->{open}{$number};
    close $served->{client};
    Hookline::Pool::process_restore($self->{process});
    $pool->report('i') if $was_full;
    return;
}

1;
