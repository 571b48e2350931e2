# SPDX-License-Identifier: MIT
package Qpsmtpd::Auth;

# Checks credentials for auth plugins.

use strict;
use warnings;
use Digest::HMAC_MD5 qw(hmac_md5_hex);
use Qpsmtpd::Constants;

# src_clear, src_crypt: what is stored; attempt_clear, attempt_hash (with
# ticket): what the client gave; method; deny: the verdict of a refusal.
# (verdict, "FILE - reason").
sub validate_password {
    my ($plugin, %args) = @_;
    my $file   = (split m{/}, (caller)[1])[-1];
    my $method = $args{method} or die "missing method\n";
    my $deny   = $args{deny} || DENY;
    my ($clear, $crypt) = @args{qw(src_clear src_crypt)};

    my $say = sub { $plugin->log(LOGINFO, shift) };
    if (!$clear && !$crypt) {
        $say->('fail: missing password');
        return ($deny, "$file - no such user");
    }
    if (!$clear && $method =~ /CRAM-MD5/i) {
        $say->('skip: cram-md5 not supported w/o clear pass');
        return (DECLINED, $file);
    }
    if (defined(my $attempt = $args{attempt_clear})) {
        my $match =
            $clear && $clear eq $attempt ? 'clear'
          : $crypt && $crypt eq (crypt($attempt, $crypt) // '') ? 'crypt'
          :                                                       undef;
        if ($match) {
            $say->("pass: $match match");
            return (OK, $file);
        }
    }
    if (defined $args{attempt_hash} && $clear) {
        my $ticket = $args{ticket} || $plugin->{auth}{ticket};
        if (!$ticket) {
            $plugin->log(LOGERROR, 'skip: missing ticket');
            return (DECLINED, $file);
        }
        if ($args{attempt_hash} eq hmac_md5_hex($ticket, $clear)) {
            $say->('pass: hash match');
            return (OK, $file);
        }
    }
    $say->('fail: wrong password');
    return ($deny, "$file - wrong password");
}

1;
