# SPDX-License-Identifier: MIT
package Qpsmtpd::Postfix::Constants;

# What Postfix's cleanup service understands and answers, with the names and
# numbers of its src/global/cleanup_user.h, and what a plugin tells a client.

use strict;
use warnings;
use Exporter 'import';

our $postfix_version = '3.7';

my (%flags, %status);

BEGIN {
    %flags = (
        CLEANUP_FLAG_NONE      => 0,
        CLEANUP_FLAG_BOUNCE    => 1 << 0,
        CLEANUP_FLAG_FILTER    => 1 << 1,
        CLEANUP_FLAG_HOLD      => 1 << 2,
        CLEANUP_FLAG_DISCARD   => 1 << 3,
        CLEANUP_FLAG_BCC_OK    => 1 << 4,
        CLEANUP_FLAG_MAP_OK    => 1 << 5,
        CLEANUP_FLAG_MILTER    => 1 << 6,
        CLEANUP_FLAG_SMTPUTF8  => 1 << 8,
        CLEANUP_FLAG_AUTOUTF8  => 1 << 9,
    );
    $flags{CLEANUP_FLAG_FILTER_ALL} =
      $flags{CLEANUP_FLAG_FILTER} | $flags{CLEANUP_FLAG_MILTER};
    $flags{CLEANUP_FLAG_MASK_EXTERNAL} = $flags{CLEANUP_FLAG_FILTER_ALL}
      | $flags{CLEANUP_FLAG_BCC_OK} | $flags{CLEANUP_FLAG_MAP_OK};
    $flags{CLEANUP_FLAG_MASK_INTERNAL} = $flags{CLEANUP_FLAG_MAP_OK};
    $flags{CLEANUP_FLAG_MASK_EXTRA} =
      $flags{CLEANUP_FLAG_HOLD} | $flags{CLEANUP_FLAG_DISCARD};
    %status = (
        CLEANUP_STAT_OK    => 0,
        CLEANUP_STAT_BAD   => 1 << 0,
        CLEANUP_STAT_WRITE => 1 << 1,
        CLEANUP_STAT_SIZE  => 1 << 2,
        CLEANUP_STAT_CONT  => 1 << 3,
        CLEANUP_STAT_HOPS  => 1 << 4,
        CLEANUP_STAT_RCPT  => 1 << 6,
        CLEANUP_STAT_PROXY => 1 << 7,
        CLEANUP_STAT_DEFER => 1 << 8,
    );
    $status{CLEANUP_STAT_MASK_CANT_BOUNCE} = $status{CLEANUP_STAT_BAD}
      | $status{CLEANUP_STAT_WRITE} | $status{CLEANUP_STAT_DEFER};
    $status{CLEANUP_STAT_MASK_INCOMPLETE} =
      $status{CLEANUP_STAT_MASK_CANT_BOUNCE} | $status{CLEANUP_STAT_SIZE};
}

use constant { %flags, %status };

# By the names of the statuses: what the client is told when it may try again,
# and when not.
our %cleanup_soft = (
    CLEANUP_STAT_DEFER => 'service unavailable (#4.7.1)',
    CLEANUP_STAT_PROXY => 'queue file write error (#4.3.0)',
    CLEANUP_STAT_BAD   => 'internal protocol error (#4.3.0)',
    CLEANUP_STAT_WRITE => 'queue file write error (#4.3.0)',
);
our %cleanup_hard = (
    CLEANUP_STAT_RCPT => 'no recipients specified (#5.1.0)',
    CLEANUP_STAT_HOPS => 'too many hops (#5.4.0)',
    CLEANUP_STAT_SIZE => 'message file too big (#5.3.4)',
    CLEANUP_STAT_CONT => 'message content rejected (#5.7.1)',
);

our @EXPORT = (
    qw(%cleanup_soft %cleanup_hard $postfix_version),
    sort(keys %flags), sort(keys %status),
);

1;
