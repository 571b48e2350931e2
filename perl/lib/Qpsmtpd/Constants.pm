# SPDX-License-Identifier: MIT
package Qpsmtpd::Constants;

# Verdicts and log levels, with qpsmtpd's names and values.

use strict;
use warnings;
use Exporter 'import';

our (%return_codes, %log_levels);

BEGIN {
    %return_codes = (
        OK                  => 900,
        DENY                => 901,
        DENYSOFT            => 902,
        DENYHARD            => 903,
        DENY_DISCONNECT     => 903,
        DENYSOFT_DISCONNECT => 904,
        DECLINED            => 909,
        DONE                => 910,
        CONTINUATION        => 911,
        YIELD               => 911,
    );
    %log_levels = (
        LOGDEBUG  => 7,
        LOGINFO   => 6,
        LOGNOTICE => 5,
        LOGWARN   => 4,
        LOGERROR  => 3,
        LOGCRIT   => 2,
        LOGALERT  => 1,
        LOGEMERG  => 0,
        LOGRADAR  => 0,
    );
}

use constant \%return_codes;
use constant \%log_levels;

our @EXPORT = (
    keys %return_codes, keys %log_levels,
    '%return_codes',    '%log_levels',
    'return_code',      'log_level',
);

# Both ways; undef for what is none.  Of several names for a number the one
# that is first in the alphabet, but DENY_DISCONNECT and LOGEMERG are theirs.
sub _translate {
    my ($table, $preferred, $test) = @_;
    return unless defined $test;
    return $table->{$test} if $test !~ /^-?\d+$/;
    my @names = grep { $table->{$_} == $test } sort keys %$table;
    for my $name (@names) {
        return $name if $preferred->{$name};
    }
    return $names[0];
}

sub return_code {
    return _translate(\%return_codes, { DENY_DISCONNECT => 1 }, shift);
}

sub log_level {
    return _translate(\%log_levels, { LOGEMERG => 1 }, shift);
}

1;
