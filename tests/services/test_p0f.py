# SPDX-License-Identifier: MIT
"""ident/p0f against p0f 3 itself, and against programs that speak the
protocols of 2 and 3 byte for byte, or do not."""
import itertools
import os
import re
import socket
import struct
import time
from pathlib import Path

import pytest

from fake import Fake, at_path
from real import WAIT, until
from services import Service, listens, missing

HERE = Path(__file__).resolve().parent
NUMBERS = itertools.count()
MAIL = b"Subject: x\r\nX-P0f-OS: forged\r\n\r\nText.\r\n"


class P0f(Service):
    """Hears what comes to one address of the loopback interface."""

    def __init__(self, folder, host):
        super().__init__(folder)
        self.socket, self.host = folder / "socket", host

    def command(self):
        return ["p0f", "-i", "lo", "-s", self.socket,
                f"tcp and (dst host {self.host} or src host {self.host})"]

    def is_ready(self):
        if not listens(self.socket):
            return False
        self.socket.chmod(0o777)
        return True


class FakeP0f(Fake):
    """`answer` gives what it says to a question of `size`: bytes, pieces of
    bytes, or None: it hangs.  Then it closes."""

    def __init__(self, folder, size, answer):
        self.socket = folder / "socket"
        self.size, self.answer = size, answer
        self.seen = []
        super().__init__(at_path(folder))

    def serve(self, client):
        question = b""
        while len(question) < self.size:
            question += client.recv(self.size - len(question))
        self.seen.append(question)
        answer = self.answer(question)
        if answer is None:
            client.recv(1)
            return
        if isinstance(answer, bytes):
            # In two writes: a stream has no borders.
            answer = answer[:5], answer[5:]
        for piece in answer:
            client.sendall(piece)


@pytest.fixture
def fake(stage):
    fakes = []

    def make(size, answer):
        fakes.append(FakeP0f(stage.base / f"p{next(NUMBERS)}", size, answer))
        return fakes[-1]
    yield make
    for one in fakes:
        one.stop()


def make_server(hookline, words, **files):
    server = hookline(
        plugins=[f"ident/p0f {words}", "show_notes", "rcpt_ok",
                 "queue/maildir $STATE/mail"],
        rcpthosts="example.com", max_per_client="0", **files)
    return server.plugin(HERE / "show_notes.c")


def notes(server):
    """Of one session, as show_notes logs them."""
    before = len(server.lines("plugin=show_notes"))
    client = server.client()
    client.ask("NOOP")
    client.close()
    server.wait_line("plugin=show_notes", "karma:", count=1)
    until(lambda: "karma:" in server.lines("plugin=show_notes")[-1]
          and len(server.lines("plugin=show_notes")) > before)
    lines = server.lines("plugin=show_notes")[before:]
    return dict(re.search(r'text="?(\w+):(.*?);', line).groups()
                for line in lines)


def answer_3(status=0x10, magic=0x50304602):
    return struct.pack(
        "=9IhBB32s32s32s32s32s32s", magic, status, 1000, 2000, 7, 90, 49,
        0, 1500, 17, 1, 2, b"Windows", b"XP", b"IIS\x1b", b"",
        b"Ethernet or modem", b"English")


def answer_2(question, kind=0):
    _, _, number = struct.unpack_from("=III", question)
    answer = struct.pack(
        "=IIB20s40sb30s30sBBBxhHxxi", 0x0defaced, number, kind, b"FreeBSD",
        b"6.x (1)", 17, b"ethernet/modem", b"", 0, 0, 0, -2, 0, 1390)
    assert len(answer) == 144
    return answer


def drip(answer):
    """Never longer than 100 ms without a byte, and 14 s and more in all."""
    for number in range(len(answer)):
        time.sleep(0.1)
        yield answer[number:number + 1]


@pytest.mark.skipif(os.geteuid() != 0 or bool(missing("p0f")),
                    reason="p0f needs root, and to be installed")
def test_p0f(hookline, stage):
    server = hookline()
    service = P0f(stage.base / f"p{next(NUMBERS)}", server.host)
    server.config("plugins", [
        f"ident/p0f {service.socket} smite_os LINUX add_headers 1",
        "show_notes", "rcpt_ok", "queue/maildir $STATE/mail".replace(
            "$STATE", str(server.state))])
    server.config("rcpthosts", ["example.com"])
    server.config("max_per_client", ["0"])
    server.plugin(HERE / "show_notes.c")
    try:
        service.start()
        server.start()
        seen = {}

        def is_known():
            # Of the first connection p0f may not know when we ask.
            seen.update(notes(server))
            return "genre" in seen
        until(is_known, service.output)
        assert seen["genre"].startswith("Linux "), seen
        assert seen["os_name"] == "Linux" and seen["distance"] == "0"
        assert seen["magic"] == str(0x50304602)
        assert seen["karma"] == "-1"
        client = server.client()
        client.send(MAIL)
        client.close()
        text = next(Path(server.state, "mail", "new").iterdir()).read_text()
        assert f"\nX-P0f-OS: {seen['genre']}\n" in text
        assert "\nX-P0f-Distance: 0\n" in text and "forged" not in text
        assert not server.lines(" error ", "ident/p0f")
    finally:
        service.stop()


def test_version_3(hookline, fake):
    service = fake(21, lambda question: answer_3())
    server = make_server(hookline, f"{service.socket} smite_os ^win",
                         p0f_blocked_operating_systems="windows 98")
    server.start()
    assert notes(server) == {
        "magic": str(0x50304602), "status": "16", "first_seen": "1000",
        "last_seen": "2000", "total_conn": "7", "uptime_min": "90",
        "up_mod_days": "49", "last_nat": "0", "last_chg": "1500",
        "distance": "17", "bad_sw": "1", "os_match_q": "2",
        "os_name": "Windows", "os_flavor": "XP", "http_name": "IIS?",
        "http_flavor": "", "link_type": "Ethernet or modem",
        "language": "English", "genre": "Windows XP",
        "link": "Ethernet or modem", "uptime": "90", "karma": "-1"}
    assert service.seen == [struct.pack("=IB4B12x", 0x50304601, 4,
                                        127, 0, 0, 1)]


def test_version_2(hookline, fake):
    service = fake(24, answer_2)
    server = make_server(hookline, f"{service.socket} version 2 "
                         "local_ip 192.0.2.25 add_headers 1")
    server.start()
    assert notes(server) == {
        "genre": "FreeBSD", "detail": "6.x (1)", "distance": "17",
        "link": "ethernet/modem", "uptime": "1390", "karma": "0"}
    assert len(server.lines("FreeBSD (6.x (1))")) == 1
    magic, kind, _, *way = struct.unpack("=III4s4sHH", service.seen[0])
    assert (magic, kind) == (0x0defaced, 1)
    assert way[:2] == [bytes([127, 0, 0, 1]), bytes([192, 0, 2, 25])]
    assert way[2] > 0 and way[3] == server.address[1]
    client = server.client()
    client.send(MAIL)
    client.close()
    text = next(Path(server.state, "mail", "new").iterdir()).read_text()
    assert "\nX-P0f-OS: FreeBSD\nX-P0f-Link: ethernet/modem\n" \
        "X-P0f-Distance: 17\nX-P0f-Uptime: 1390\n" in text
    assert "forged" not in text


@pytest.mark.parametrize("name, code", [
    ("windows", "550"), ("Windows xp", "550"), ("Windows X", "220"),
    ("XP", "220"), ("Windows XP SP1", "220")])
def test_blocked(hookline, fake, name, code):
    service = fake(21, lambda question: answer_3())
    server = make_server(hookline, str(service.socket),
                         p0f_blocked_operating_systems=name)
    server.start()
    with socket.create_connection(server.address, WAIT) as client:
        assert client.recv(1000).decode().startswith(code)


LIES = {
    "closes": (lambda question: b"", "Bad response magic"),
    "a part": (lambda question: answer_3()[:7], "Bad response magic"),
    "other magic": (lambda question: answer_3(magic=1), "Bad response magic"),
    "bad query": (lambda question: answer_3(status=0), "bad query"),
    "other status": (lambda question: answer_3(status=0x11),
                     "unknown status"),
    "hangs": (lambda question: None, "no answer in time"),
    "drips": (lambda question: drip(answer_3()), "no answer in time"),
}
LIES_2 = {
    "closes": (lambda question: b"", "Bad response magic"),
    "a part": (lambda question: answer_2(question)[:8], "Bad response magic"),
    "other magic": (lambda question: b"x" * 144, "Bad response magic"),
    "bad query": (lambda question: answer_2(question, 1),
                  "p0f did not honor our query"),
    "not known": (lambda question: answer_2(question, 2),
                  "connection not in the cache"),
    "hangs": (lambda question: None, "no answer in time"),
    "drips": (lambda question: drip(answer_2(question)), "no answer in time"),
}


@pytest.mark.parametrize("version", [3, 2])
def test_lies(hookline, fake, version):
    lie, service = [None], fake({3: 21, 2: 24}[version],
                                lambda question: lie[0](question))
    server = make_server(hookline,
                         f"{service.socket} version {version} timeout 300ms")
    server.start()
    lies = {3: LIES, 2: LIES_2}[version].values()
    for count, (lie[0], words) in enumerate(lies, 1):
        assert notes(server) == {"karma": "0"}
        lines = server.lines("plugin=ident/p0f")
        assert len(lines) == count and words in lines[-1], lines
    lie[0] = {3: lambda question: answer_3(), 2: answer_2}[version]
    assert "genre" in notes(server)
    # Nobody is there, and somebody again.
    service.socket.rename(service.socket.with_name("away"))
    assert notes(server) == {"karma": "0"}
    assert "skip, cannot connect to unix:" in \
        server.lines("plugin=ident/p0f")[-1]
    service.socket.with_name("away").rename(service.socket)
    assert "genre" in notes(server)


def test_more_than_an_answer(hookline, fake):
    """What is behind it is not read."""
    service = fake(21, lambda question: answer_3() + b"x" * 100000)
    server = make_server(hookline, str(service.socket))
    server.start()
    assert notes(server)["genre"] == "Windows XP"
