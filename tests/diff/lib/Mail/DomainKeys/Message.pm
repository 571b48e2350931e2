# SPDX-License-Identifier: MIT
package Mail::DomainKeys::Message;

# Stands in for the check of a signature: what it finds stands in the body, the
# sender's domain in From.

use strict;
use warnings;

sub load {
    my ($class, %args) = @_;
    my $text = join '', @{ $args{BodyReference} };
    return if $text =~ /unreadable/;
    return bless { head => $args{HeadString}, text => $text }, $class;
}

sub senderdomain { return $_[0]{head} =~ /^From:.*\@([\w.]+)/m ? $1 : undef }
sub testing      { return $_[0]{text} =~ /\btest\b/ }
sub signed       { return $_[0]{head} =~ /^DomainKey-Signature:/m }
sub verify       { return $_[0]{text} =~ /\bgood\b/ }
sub signature    { return $_[0] }
sub status       { return 'good' }

1;
