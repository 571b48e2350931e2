# SPDX-License-Identifier: MIT
"""The plugins that ask the DNS, as a site has it: they ask unbound, and unbound
asks the servers of the zones (nsd)."""
import time

import pytest

import nsd
import unbound
from real import until
from services import HOST

pytestmark = pytest.mark.skipif(
    nsd.PROGRAM is None or unbound.PROGRAM is None,
    reason="nsd or unbound is not installed")

MANY = 60  # MX with long names: more than a UDP reply may have
ZONE = """
$ORIGIN example.
$TTL 60
@       IN SOA ns.example. root.example. 1 3600 600 86400 60
@       IN NS  ns.example.
ns      IN A   127.0.0.1
good    IN MX  10 mx.good
mx.good IN A   192.0.2.25
badmx   IN MX  10 none.badmx
v6      IN AAAA 2001:db8::25
alias   IN CNAME good
{many}
; lists
5.2.0.192.bl    IN TXT "Listed for spam"
6.2.0.192.bl    IN TXT "{long}"
spam.example.rhs IN A 127.0.0.2
bad.com.uri     IN A   127.0.0.2
bad.com.uri     IN TXT "bad link"
; clients
back    IN A   192.0.2.1
near    IN A   192.0.2.77
far     IN A   198.51.100.1
; it had to be signed
name.bogus IN MX 10 mx.good
"""
REVERSE = """
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 60
@ IN SOA ns.example. root.example. 1 3600 600 86400 60
@ IN NS  ns.example.
1 IN PTR back.example.
2 IN PTR near.example.
3 IN PTR far.example.
4 IN PTR nowhere.example.
7 IN PTR lame.test.
8 IN PTR name.bogus.example.
"""
PLUGINS = ["fcrdns", "dnsbl timeout 3", "rhsbl",
           "resolvable_fromhost reject_type perm timeout 3",
           "uribl action deny timeout 3"]
LINK = b"Subject: x\r\n\r\nhttp://www.%s/\r\n"


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zones")
    many = "\n".join(f"many IN MX {i} {'x' * 50}{i:02}.good"
                     for i in range(1, MANY))
    (folder / "example").write_text(ZONE.format(
        many="many IN MX 0 mx.good\n" + many,
        long='" "'.join(["y" * 200] * 8)))
    (folder / "reverse").write_text(REVERSE)
    return {"example": folder / "example", "broken.test": "missing",
            "2.0.192.in-addr.arpa": folder / "reverse"}


@pytest.fixture(scope="module")
def dns(zones, tmp_path_factory):
    """unbound and nsd."""
    folder = tmp_path_factory.mktemp("dns")
    behind = nsd.Nsd(folder / "nsd", zones)
    front = unbound.Unbound(folder / "unbound", behind, ["bogus.example"])
    try:
        behind.start()
        front.start()
        yield front, behind
    finally:
        front.stop()
        behind.stop()


@pytest.fixture
def start(hookline, dns):
    """A server, which has an empty cache."""
    def make(plugins, rdns="1"):
        server = hookline(
            plugins=[*plugins, "rcpt_ok", "queue/discard"], rdns=rdns,
            rcpthosts="example.com", proxy_hosts="127.0.0.0/8",
            resolvers=f"{HOST}:{dns[0].port}",
            dnsbl_zones=["lame.test", "bl.example"],
            rhsbl_zones=["lame.test", "rhs.example is bad"],
            uribl_zones=["lame.test", "uri.example"])
        server.config("listen", ["%s:%d proxy" % server.address])
        server.start()
        return server
    return make


@pytest.fixture
def server(start):
    return start(PLUGINS)


def connect(server, ip, greeting="220"):
    client = server.client(hello=None)
    client.say(f"PROXY TCP4 {ip} 192.0.2.250 1024 25")
    reply = client.expect(greeting)
    if greeting == "220":
        client.ask("EHLO client.example")
    return client, reply


def mail(server, domain, code):
    """What MAIL is answered."""
    client, _ = connect(server, "192.0.2.1")
    reply = client.ask(f"MAIL FROM:<a@{domain}>", code)
    client.close()
    return reply


@pytest.mark.parametrize("ip, text", [
    ("192.0.2.1", "pass"),
    ("192.0.2.2", "pass, network match"),
    ("192.0.2.3", "fail, the name has another address"),
    ("192.0.2.4", "fail, no PTR hosts have forward DNS"),
    ("192.0.2.7", "fail, the DNS does not answer"),
    ("192.0.2.8", "fail, the DNS does not answer"),
    ("192.0.2.9", "fail, no rDNS"),
    ("198.51.100.9", "fail, error getting rDNS: the DNS does not answer"),
])
def test_fcrdns(server, ip, text):
    connect(server, ip)[0].close()
    server.wait_line("plugin=fcrdns",
                     f'text="{text}"' if " " in text else f"text={text}")


@pytest.mark.parametrize("ip, text", [
    ("192.0.2.5", "Listed for spam"),
    ("192.0.2.6", "y" * 400),  # over TCP
])
def test_dnsbl(server, dns, ip, text):
    before = dns[0].count("num.query.tcp")
    _, reply = connect(server, ip, "5")
    assert text in reply
    assert (dns[0].count("num.query.tcp") > before) == (len(text) > 300)
    server.wait_line("plugin=dnsbl", 'text="no answer from lame.test"')


def test_rhsbl(server):
    # There is nothing at this name, and it is listed.
    assert "is bad" in mail(server, "spam.example", "5")
    mail(server, "good.example", "250")
    server.wait_line("plugin=rhsbl", 'text="no answer from lame.test"')


@pytest.mark.parametrize("domain, code", [
    ("good.example", "250"),
    ("alias.example", "250"),
    ("v6.example", "250"),
    ("badmx.example", "550 5.1.8"),
    ("none.example", "550 5.4.3"),
    ("ns.example", "250"),
    # Nobody can tell: SERVFAIL.
    ("lame.test", "450 4.4.3"),
    ("broken.test", "450 4.4.3"),
    ("name.bogus.example", "450 4.4.3"),
])
def test_resolvable_fromhost(server, domain, code):
    mail(server, domain, code)


def test_truncated(server, dns):
    """The good one of many MX is first; all of them came over TCP."""
    before = dns[0].count("num.query.tcp")
    mail(server, "many.example", "250")
    assert dns[0].count("num.query.tcp") == before + 1


def test_uribl(server):
    client, _ = connect(server, "192.0.2.1")
    reply = client.send(LINK % b"bad.com", sender="a@good.example",
                        code="552")
    assert "bad.com in uri.example: bad link" in reply
    client.send(LINK % b"good.com", sender="a@good.example")
    client.close()
    server.wait_line("plugin=uribl", 'text="no answer from lame.test"')


def test_hanging(start, dns):
    """nsd stands still: nobody waits longer than he was told to; when it goes
    on, so does everything."""
    server = start(["fcrdns total_timeout 1", "dnsbl timeout 1",
                    "resolvable_fromhost reject_type perm timeout 1"], "0")
    mail(server, "good.example", "250")
    dns[1].hang()
    try:
        begin = time.monotonic()
        client, _ = connect(server, "192.0.2.10")
        client.ask("MAIL FROM:<a@late.example>", "450 4.4.3")
        client.close()
        took = time.monotonic() - begin
        server.wait_line("plugin=fcrdns", "error getting rDNS")
        server.wait_line("plugin=dnsbl", "no answer from", "bl.example")
        server.wait_line("plugin=resolvable_fromhost",
                         "no answer about late.example")
        # Of this it is known still.
        mail(server, "good.example", "250")
    finally:
        dns[1].go_on()
    # One second for each plugin; resolvers are asked twice for 3 s.
    assert 2.5 < took < 5.5
    until(lambda: "5.4.3" in mail(server, "late.example", ""), server.log)


def test_caches(start, dns):
    """That there is no such name is known for its time: by unbound, without
    nsd, and by us, without unbound.  What nobody has asked yet is unknown."""
    front, behind = dns
    plugins = ["resolvable_fromhost reject_type perm timeout 1"]
    server = start(plugins, "0")
    mail(server, "gone.example", "550 5.4.3")
    behind.stop()
    other = start(plugins, "0")
    mail(other, "gone.example", "550 5.4.3")
    mail(other, "fresh.example", "450 4.4.3")
    front.stop()
    for each in server, other:
        mail(each, "gone.example", "550 5.4.3")
    mail(other, "fresher.example", "450 4.4.3")
    behind.start()
    front.start()
    mail(other, "fresh.example", "550 5.4.3")
