# SPDX-License-Identifier: MIT
"""qmail_deliverable against a server of its protocol, and what is none."""
import socket

import pytest

from deliverabled import Deliverabled
from fake import Fake, say
from services import HOST


@pytest.fixture
def deliverabled():
    server = Deliverabled().start()
    yield server
    server.stop()


def serve(hookline, *words, plugins=(), **files):
    server = hookline(
        plugins=[" ".join(map(str, ("qmail_deliverable", *words))),
                 *plugins, "rcpt_ok", "queue/discard"],
        rcpthosts=["example.com", ".example.com"], max_per_client="0",
        loglevel="6", **files)
    server.start()
    return server


def texts(server, count):
    lines = server.wait_line(" plugin=qmail_deliverable hook=rcpt ",
                             count=count)
    return [line.partition("text=")[2].strip('"') for line in lines]


STATUSES = {
    "0x11": "error, permission failure",
    "0x12": "pass, qmail-command in dot-qmail",
    "0x13": "pass, bouncesaying with program",
    "0x14": "pass, ezmlm list",
    "0x21": "Temporarily undeliverable: group/world writable",
    "0x22": "Temporarily undeliverable: sticky home directory",
    "0xf1": "pass, normal delivery",
    "0xf2": "pass, vpopmail dir",
    "0xf3": "pass, vpopmail alias",
    "0xf4": "pass, vpopmail catchall",
    "0xf5": "pass, vpopmail vuser",
    "0xf6": "pass, vpopmail qmail-ext",
    "0xfe": "error, SHOULD NOT HAPPEN",
    "0xff": "fail, address not local",
    "0x77": "error, unknown: 0x77",
}


def test_statuses(hookline, deliverabled):
    where = f"{HOST}:{deliverabled.port}"
    server = serve(hookline, "server", where)
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    for status in STATUSES:
        client.ask(f"RCPT TO:<{status}@example.com>")
    assert texts(server, len(STATUSES)) == list(STATUSES.values())
    assert "550 5.1.1 Sorry, no mailbox by that name. qd" in \
        client.ask("RCPT TO:<0@example.com>", "550")
    client.ask("RCPT TO:<0xF1+a%&/=?B@Sub.example.com>")
    assert deliverabled.asked[-1] == (
        "/qd1/deliverable?0xf1%2Ba%25%26%2F%3D%3Fb%40sub.example.com", where)
    # Not its addresses: nobody asks.
    count = len(deliverabled.asked)
    client.ask('RCPT TO:<"0 x"@example.com>')
    assert len(deliverabled.asked) == count
    assert server.wait_line(" warn ", "error (unknown) checking")
    client.ask("RSET")
    client.ask("MAIL FROM:<>")
    assert "mailing lists do not accept null senders" in \
        client.ask("RCPT TO:<0x14@example.com>", "550")
    client.ask("RCPT TO:<0xf1@example.com>")
    client.close()


def test_reject(hookline, deliverabled):
    where = f"{HOST}:{deliverabled.port}"
    server = serve(hookline, "server", where, "reject 0")
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    client.ask("RCPT TO:<0@example.com>")
    client.close()
    server = serve(hookline, "server", where, "reject_type temp")
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    client.ask("RCPT TO:<0@example.com>", "450")
    client.close()


def test_routes(hookline, deliverabled):
    """The host that a domain has, or one above it, or all."""
    other = Deliverabled(host="127.0.0.2", port=deliverabled.port).start()
    port = deliverabled.port
    files = {"smtproutes": [":127.0.0.3", "one.example.com:127.0.0.2:25",
                            ".example.com:", ".two.example.com:[127.0.0.2]",
                            "three.example.com:", "four"]}
    server = serve(hookline, f"server smtproutes:{HOST}:{port}", **files)
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    for domain in "One", "a.b.two", "two", "three", "four":
        client.ask(f"RCPT TO:<0xf1@{domain}.example.com>")
    client.close()
    assert [path.partition("%40")[2] for path, _ in other.asked] == \
        ["one.example.com", "a.b.two.example.com"]
    assert [path.partition("%40")[2] for path, _ in deliverabled.asked] == \
        ["two.example.com", "three.example.com", "four.example.com"]
    server = serve(hookline, f"server smtproutes:{port}", **files)
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    client.ask("RCPT TO:<0@four.example.com>")
    client.ask("RCPT TO:<0@one.example.com>", "550")
    client.close()
    other.stop()
    assert texts(server, 1)[0] == \
        "error, No SERVER defined; connection not attempted"


class Liar(Fake):
    """Says `answer` after the client's first bytes."""

    def __init__(self):
        self.answer = b""
        listener = socket.create_server((HOST, 0))
        self.port = listener.getsockname()[1]
        super().__init__(listener)

    def serve(self, client):
        client.recv(65536)
        say(client, self.answer)


@pytest.fixture
def liar():
    liar = Liar()
    yield liar
    liar.stop()


OK = b"HTTP/1.0 200 OK\r\n"
LIES = {
    "nothing": b"",
    "no header": b"0",
    "no end": OK,
    "no number": OK + b"\r\nyes",
    "no body": OK + b"\r\n",
    "a large number": OK + b"\r\n256",
    "a negative one": OK + b"\r\n-1",
    "two": OK + b"\r\n1 2",
    "much": OK + b"\r\n" + b"0" * 100000,
    "NUL": OK + b"\r\n0\0",
    "a long line": OK + b"X: " + b"x" * 100000 + b"\r\n\r\n0",
    "many lines": [OK, b"X: y\r\n"],
    "a length that is none": OK + b"Content-Length: x\r\n\r\n0",
    "no http": b"220 mx.example ESMTP\r\n\r\n0",
    "no status": b"HTTP/1.0 OK\r\n\r\n0",
    "forbidden": b"HTTP/1.0 403 Forbidden\r\n\r\n0",
    "undefined": b"HTTP/1.0 204 No Content\r\n\r\n",
    "an error": b"HTTP/1.1 500\r\nContent-Length: 70000\r\n\r\n" + b"0" * 70000,
    "binary": bytes(range(256)) * 40,
    "silence": None,
}


def test_lies(hookline, liar):
    """Everyone passes, with one line each; then it recovers by itself."""
    server = serve(hookline, f"server {HOST}:{liar.port} timeout 1")
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    for count, (name, answer) in enumerate(LIES.items(), 1):
        liar.answer = answer
        client.ask("RCPT TO:<a@example.com>")
        errors = server.wait_line(" error ", "unreachable or broken",
                                  count=count)
        assert len(errors) == count, (name, errors)
    liar.answer = OK + b"\r\n0\r\n"
    client.ask("RCPT TO:<a@example.com>", "550")
    # A server that would keep the connection.
    liar.answer = [OK + b"content-length:  1\r\n\r\n0", b"x"]
    client.ask("RCPT TO:<a@example.com>", "550")
    client.close()
    assert len(server.lines(" error ")) == len(LIES)


def test_dead_and_back(hookline):
    service = Deliverabled().start()
    service.stop()
    server = serve(hookline, f"server {HOST}:{service.port}")
    client = server.client()
    client.ask("MAIL FROM:<a@b.example>")
    client.ask("RCPT TO:<0@example.com>")
    assert len(server.wait_line(" error ", "cannot connect to")) == 1
    service = Deliverabled(port=service.port).start()
    client.ask("RCPT TO:<0@example.com>", "550")
    client.close()
    service.stop()
