#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""test_nsd.py DNS_ASK - the resolver against real servers.

Starts nsd on a loopback port with zones of its own, and unbound in front of
it, asks either through dns_ask and compares line by line.  Prints TAP.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "services"), str(TESTS / "session")]

from nsd import PROGRAM, Nsd, free_port  # noqa: E402
from unbound import PROGRAM as RECURSIVE, Unbound  # noqa: E402

ZONE = r"""
$ORIGIN zone.test.
$TTL 120
@       IN SOA ns.zone.test. host\.master.zone.test. 7 3600 600 86400 45
@       IN NS  ns
ns      IN A   127.0.0.1
@       IN MX  20 mx2
@       IN MX  10 mx1
@       IN TXT "v=spf1 " "include:other.test " "-all"
mx1     IN A   192.0.2.1
mx1     IN A   192.0.2.2
mx1     IN AAAA 2001:db8::25
mx2 10  IN A   192.0.2.3
nomail  IN MX  0 .
text    IN TXT "one"
text    IN TXT "a \"quoted\" \; back\\slash"
_smtp._tcp IN SRV 10 60 25 mx1
_smtp._tcp IN SRV 5 40 25 mx2
_25._tcp.mx1 IN TLSA 3 1 1 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
@       IN CAA 0 issue "ca.test"
*.wild  IN A   192.0.2.9
alias 30 IN CNAME mx1
c1      IN CNAME c2
c2      IN CNAME c3
c3      IN CNAME c4
c4      IN CNAME c5
c5      IN CNAME c6
c6      IN CNAME c7
c7      IN CNAME c8
c8      IN CNAME mx1
c0      IN CNAME c1
loop1   IN CNAME loop2
loop2   IN CNAME loop1
toempty IN CNAME text
tonone  IN CNAME none
tosecond IN CNAME target.second.test.
toelse  IN CNAME www.elsewhere.test.
odd\.dot IN A  192.0.2.10
upper   IN PTR MX1.Zone.Test.
long    IN TXT {long}
{big}
{huge}
"""

SECOND = """
$ORIGIN second.test.
$TTL 60
@       IN SOA ns.zone.test. root.zone.test. 1 3600 600 86400 30
@       IN NS  ns.zone.test.
target  IN A   192.0.2.77
"""

REVERSE = """
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 60
@       IN SOA ns.zone.test. root.zone.test. 1 3600 600 86400 30
@       IN NS  ns.zone.test.
1       IN PTR mx1.zone.test.
"""

BIG = 250   # TXT records of one name: over 1,232 octets, not over 256
HUGE = 257  # A records: one too many
LONG = 8    # strings of 250 octets in one record

MX1 = "192.0.2.1 | 192.0.2.2"

# question: answer (None where only the number of records is looked at)
EXPECTED = [
    ("zone.test MX",
     "found ttl=120 name=zone.test | 10 mx1.zone.test | 20 mx2.zone.test"),
    ("ZONE.test. MX",
     "found ttl=120 name=zone.test | 10 mx1.zone.test | 20 mx2.zone.test"),
    ("mx1.zone.test A", f"found ttl=120 name=mx1.zone.test | {MX1}"),
    ("mx1.zone.test AAAA", "found ttl=120 name=mx1.zone.test | 2001:db8::25"),
    ("mx2.zone.test A", "found ttl=10 name=mx2.zone.test | 192.0.2.3"),
    ("zone.test TXT",
     "found ttl=120 name=zone.test | v=spf1 include:other.test -all"),
    ("nomail.zone.test MX", "found ttl=120 name=nomail.zone.test | 0 ."),
    ("zone.test NS", "found ttl=120 name=zone.test | ns.zone.test"),
    ("zone.test SOA", "found ttl=120 name=zone.test | "
     r"ns.zone.test host\.master.zone.test 7 45"),
    ("_smtp._tcp.zone.test SRV", "found ttl=120 name=_smtp._tcp.zone.test | "
     "5 40 25 mx2.zone.test | 10 60 25 mx1.zone.test"),
    ("_25._tcp.mx1.zone.test TLSA",
     "found ttl=120 name=_25._tcp.mx1.zone.test | 3 1 1 "
     + bytes(range(1, 33)).hex()),
    ("zone.test CAA", "found ttl=120 name=zone.test | 0 issue ca.test"),
    ("1.2.0.192.in-addr.arpa PTR",
     "found ttl=60 name=1.2.0.192.in-addr.arpa | mx1.zone.test"),
    ("upper.zone.test PTR",
     "found ttl=120 name=upper.zone.test | mx1.zone.test"),
    ("a.b.wild.zone.test A", "found ttl=120 name=a.b.wild.zone.test | "
     "192.0.2.9"),
    (r"odd\.dot.zone.test A",
     r"found ttl=120 name=odd\.dot.zone.test | 192.0.2.10"),
    ("long.zone.test TXT",
     f"found ttl=120 name=long.zone.test | {'l' * 250 * LONG}"),
    # No such name, no such record: the SOA's minimum is 45.
    ("none.zone.test A", "no-name ttl=45 name=none.zone.test"),
    ("mx2.zone.test AAAA", "no-data ttl=45 name=mx2.zone.test"),
    ("2.2.0.192.in-addr.arpa PTR",
     "no-name ttl=30 name=2.2.0.192.in-addr.arpa"),
    # An empty non-terminal exists.
    ("_tcp.zone.test A", "no-data ttl=45 name=_tcp.zone.test"),
    # Aliases: eight are followed, nine are not.
    ("alias.zone.test A", f"found ttl=30 name=mx1.zone.test | {MX1}"),
    ("c1.zone.test A", f"found ttl=120 name=mx1.zone.test | {MX1}"),
    ("c0.zone.test A", "-EAGAIN"),
    ("c0.zone.test CNAME", "found ttl=120 name=c0.zone.test | c1.zone.test"),
    ("loop1.zone.test A", "-EAGAIN"),
    ("toempty.zone.test A", "no-data ttl=45 name=text.zone.test"),
    ("tonone.zone.test A", "no-name ttl=45 name=none.zone.test"),
    ("tosecond.zone.test A",
     "found ttl=60 name=target.second.test | 192.0.2.77"),
    # Failures: the zone is not loaded, not served.
    ("broken.test MX", "-EAGAIN"),
    ("elsewhere.test A", "-EAGAIN"),
    ("toelse.zone.test A", "-EAGAIN"),
    ("a..b MX", "-EINVAL"),
    # Truncated over UDP, whole over TCP; one record too many.
    ("big.zone.test TXT", BIG),
    ("huge.zone.test A", "-EAGAIN"),
]


def write(folder, name, text):
    (folder / name).write_text(text, encoding="ascii")


def zone_text():
    big = "\n".join(f'big IN TXT "record {i} {"x" * 40}"' for i in range(BIG))
    huge = "\n".join(f"huge IN A 198.51.{i >> 8}.{i & 255}"
                     for i in range(HUGE))
    return (ZONE.replace("{big}", big).replace("{huge}", huge)
            .replace("{long}", f'"{"l" * 250}" ' * LONG))


def make_nsd(folder):
    write(folder, "zone", zone_text())
    write(folder, "second", SECOND)
    write(folder, "reverse", REVERSE)
    return Nsd(folder / "nsd", {
        "zone.test": folder / "zone", "second.test": folder / "second",
        "2.0.192.in-addr.arpa": folder / "reverse", "broken.test": "missing"})


def same(want, got):
    if isinstance(want, int) and isinstance(got, str):
        return got.startswith("found ") and got.count(" | ") == want
    return got == want


def without_ttl(answer):
    """A cache counts it down."""
    return re.sub(r"ttl=\d+", "ttl", answer) if isinstance(answer, str) \
        else answer


def run_ask(ask, servers, questions):
    """Exit status and answers."""
    done = subprocess.run(
        [ask, *servers], input="".join(line + "\n" for line in questions),
        text=True, stdout=subprocess.PIPE, check=False, timeout=100)
    lines = [line.removeprefix(question + ": ") for line, question
             in zip(done.stdout.splitlines(), questions)]
    return done.returncode, lines + [""] * (len(questions) - len(lines))


def ask_all(ask, folder):
    """Rows of a name, what is wanted, and what came."""
    questions = [line for line, _ in EXPECTED]
    server = make_nsd(folder)
    recursive = Unbound(folder / "unbound", server)
    try:
        server.start()
        status, answers = run_ask(
            ask, [f"127.0.0.1:{server.port}"], questions)
        second = run_ask(
            ask, [f"127.0.0.1:{free_port()}", f"127.0.0.1:{server.port}"],
            ["zone.test MX"])
        if RECURSIVE:
            recursive.start()
            through = run_ask(
                ask, [f"127.0.0.1:{recursive.port}"], questions)[1]
    finally:
        recursive.stop()
        server.stop()
    rows = [(line, want, got)
            for (line, want), got in zip(EXPECTED, answers)]
    rows.append(("a dead server in front", (0, [EXPECTED[0][1]]), second))
    rows.append(("exit status", 0, status))
    if RECURSIVE:
        rows += [(line + " through unbound", without_ttl(want),
                  without_ttl(got))
                 for (line, want), got in zip(EXPECTED, through)]
    return rows


def main():
    ask = sys.argv[1]
    if PROGRAM is None:
        print("1..0 # SKIP nsd is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="hookline-nsd-") as folder:
        rows = ask_all(ask, Path(folder))
    print(f"1..{len(rows)}")
    for number, (name, want, got) in enumerate(rows, 1):
        good = same(want, got)
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# want {want}\n# got  {str(got)[:400]}")


main()
