# SPDX-License-Identifier: MIT
package vpopmail;    ## no critic (Capitalization)

# Stands in for the module that asks vpopmail's library, with two users.

use strict;
use warnings;
use parent 'Exporter';

our @EXPORT = qw(vauth_getpw);    ## no critic (ProhibitAutomaticExportation)

my %users = (
    'postmaster@example.com' => { pw_clear_passwd => 'post_pass' },
    # crypt('crypt_pass', 'ab')
    'crypted@example.com' => { pw_passwd => crypt 'crypt_pass', 'ab' },
);

sub vlistdomains { return 'example.com' }

sub vauth_getpw {
    my ($user, $domain) = @_;
    return $users{"$user\@" . ($domain // '')};
}

1;
