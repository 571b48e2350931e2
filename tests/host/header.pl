# SPDX-License-Identifier: MIT
# header.pl - is Hookline::Header what Mail::Header makes of the same fields?
# Random ones, well and badly made; prints what differs, and "same".
use strict;
use warnings;
use Hookline::Header;

my @names = ('Received', 'x-ID', 'Subject', 'From x', 'X Y', '', 'a_b', 'SUBJECT',
    'MIME-VERSION', 'to', 'Sender:', 'X-' . 'y' x 100);
my @values = ('a', '', "a\n b", '  lead', 'trail  ', "a\nb", 'x: y', "\tq\n\t\n z",
    "a\n", 'From z', "\xe4\xf6", "a\r\n b");
my $differ = 0;

# What `code` gives, or the reason without its place.
sub of {
    my $code = shift;
    local $SIG{__WARN__} = sub { };
    my @got = eval { $code->() };
    (my $reason = $@) =~ s/ at .*//s;
    return (join('|', map { $_ // 'none' } @got), $reason);
}

sub same {
    my ($what, $ours, $theirs) = @_;
    my ($left, $right) = map { join '#', of($_) } $ours, $theirs;
    return if $left eq $right;
    $differ++;
    print "$what: $left, not $right\n";
}

srand 7;
for (1 .. 2000) {
    my @fields = map { ($names[rand @names], $values[rand @values]) } 0 .. rand 6;
    my @options = (undef, Modify => 0, MailFrom => 'COERCE');
    my ($ours, $theirs);
    same("made of @fields",
        sub { $ours = Hookline::Header->of_fields(@fields); $ours->as_string },
        sub {
            $theirs = Mail::Header->new(@options);
            my @lines;
            my @rest = @fields;
            push @lines, join(': ', splice @rest, 0, 2) . "\n" while @rest;
            $theirs->extract(\@lines)->as_string;
        });
    next unless $ours && $theirs;
    for my $name (@names, 'none') {
        for my $index ([], [0], [1], [5], [-1]) {
            same("all $name @$index", sub { $ours->get($name, @$index) },
                sub { $theirs->get($name, @$index) });
            same("$name @$index", sub { scalar $ours->get($name, @$index) },
                sub { scalar $theirs->get($name, @$index) });
        }
    }
}
print "the fields are not filled in\n" unless $Hookline::Header::fills;
print "same\n" if !$differ && $Hookline::Header::fills;
