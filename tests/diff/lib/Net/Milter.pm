# SPDX-License-Identifier: MIT
package Net::Milter;

# Stands in for the client of the milter protocol.  There is no milter: what the
# answer is to be stands in what it is asked about.

use strict;
use warnings;

sub new { return bless { data => '' }, shift }

sub open {    ## no critic (ProhibitBuiltinHomonyms)
    my ($self, @where) = @_;
    "@where" eq '127.0.0.1 5513 tcp' or die "open: @where\n";
    return;
}

sub protocol_negotiation { return }
sub send_quit            { return }

sub send_connect {
    my ($self, $host, $family, $port, $ip) = @_;
    return answer($ip eq '127.0.0.9' ? 'refuse' : '');
}

sub send_header { return answer("$_[1]: $_[2]") }
sub send_helo   { return answer($_[1]) }

sub send_end_headers { return answer('') }

sub send_body {
    my ($self, $data) = @_;
    $self->{data} .= $data;
    return answer('');
}

sub send_end_body {
    my $self = shift;
    my $data = $self->{data};
    $self->{data} = '';
    return answer($data);
}

*send_mail_from = *send_rcpt_to = \&send_helo;

sub answer {
    my $text = shift;
    return { action => 'reject', explanation => 'not this' }
      if $text =~ /refuse/;
    return { action => 'add', header => 'body', value => "More.\n" }
      if $text =~ /addbody/;
    return { action => 'add', header => 'X-Milter', value => 'seen' }
      if $text =~ /addfield/;
    return { action => 'continue' };
}

1;
