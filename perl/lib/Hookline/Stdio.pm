# SPDX-License-Identifier: MIT
package Hookline::Stdio;

# Standard input and output of a plugin that talks to the client itself
# (docs/host-protocol.md, "Standard input and output").  Descriptors 0 and 1
# are the client from new() to close(); between them they are what they were.

use strict;
use warnings;
use Socket qw(SHUT_RD);

# Packages whose source names them.
our %used;

my ($stdin, $stdout) = (*STDIN{IO}, *STDOUT{IO});

# Does a plugin of this source read or write them?  Too much is asked for
# rather than too little: that costs a question, no more.
sub is_used_in {
    my $source = shift;
    $source =~ s/^__(?:END|DATA)__\b.*//ms;
    $source =~ s/^=[a-zA-Z].*?(?:^=cut\b[^\n]*\n|\z)//gms;
    $source =~ s/(?:^|\s)#[^\n]*//g;
    return 1 if $source =~ /\b(?:STDIN|STDOUT)\b|\bgetline\b/;
    # print without a handle before what it prints
    return 1 if $source =~ m{
        (?<![\$\@%&>:\w])(?:print|printf|say)\b
        (?!\s*=>)(?!\s*\(?\s*(?:
            \{ | [A-Z_][A-Z0-9_]*\s | \$\w+\s+(?:["'\$\@\\\w<]) ))
    }x;
    return 0;
}

# On the socket `handle`.
sub new {
    my ($class, $handle) = @_;
    my $self = bless { handle => $handle }, $class;
    no warnings 'once';    ## no critic (ProhibitNoWarnings)
    (*STDIN, *STDOUT) = ($stdin, $stdout);
    open $self->{in},  '<&', \*STDIN  or return;
    open $self->{out}, '>&', \*STDOUT or return;
    open STDIN,  '<&', $handle or return;
    open STDOUT, '>&', $handle or return;
    binmode $_ for \*STDIN, \*STDOUT;
    $self->{selected} = select STDOUT;
    $| = 1;    ## no critic (RequireLocalizedPunctuationVars)
    return $self;
}

# Returns what was not read.
sub close {    ## no critic (ProhibitBuiltinHomonyms)
    my $self   = shift;
    my $unread = '';
    # They may be closed, or other files by now.
    no warnings qw(closed unopened io);    ## no critic (ProhibitNoWarnings)
    (*STDIN, *STDOUT) = ($stdin, $stdout);
    select STDOUT;
    $| = 0;        ## no critic (RequireLocalizedPunctuationVars)
    shutdown $self->{handle}, SHUT_RD;
    my $is_ours = defined fileno STDIN
      && (stat STDIN)[1] == (stat $self->{handle})[1];
    for my $from ($is_ours ? \*STDIN : (), $self->{handle}) {
        binmode $from;
        while (read $from, my $bytes, 65_536) { $unread .= $bytes }
    }
    open STDOUT, '>&', $self->{out};
    open STDIN,  '<&', $self->{in};
    close $_ for @$self{qw(in out handle)};
    select $self->{selected};
    return $unread;
}

1;
