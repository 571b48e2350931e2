# SPDX-License-Identifier: MIT
package Mail::DomainKeys::Policy;

# Stands in for the policy of a domain: its first label is it.

use strict;
use warnings;

sub fetch {
    my ($class, %args) = @_;
    my ($name) = $args{Domain} =~ /^(\w+)/;
    return if $name eq 'none';
    return bless { name => $name }, $class;
}

sub testing { return $_[0]{name} eq 'testing' }
sub signall { return $_[0]{name} eq 'all' }

1;
