# SPDX-License-Identifier: MIT
"""virus/clamdscan against clamd itself, and against what is none."""
import itertools
import socket
import threading
from pathlib import Path

import pytest

from real import WAIT
from scanners import VIRUS, Clamd
from services import HOST, missing

CLEAN = b"Subject: x\r\n\r\nText.\r\n"
ILL = b"Subject: x\r\n\r\nThis is " + VIRUS.encode() + b".\r\n"
# Larger than what is sent at once, and than what is kept in memory.
LARGE = b"Subject: x\r\n\r\n" + b"All work and no play.\r\n" * 30000
NUMBERS = itertools.count()


@pytest.fixture
def clamd(stage):
    if missing("clamd"):
        pytest.skip("clamd is not installed")
    service = Clamd(stage.base / f"c{next(NUMBERS)}",
                    user=stage.process_user())
    try:
        yield service.start()
    finally:
        service.stop()


def serve(hookline, *words):
    server = hookline(
        plugins=["virus/clamdscan " + " ".join(str(word) for word in words),
                 "rcpt_ok", "queue/maildir $STATE/mail"],
        rcpthosts="example.com", max_per_client="0")
    server.start()
    return server


def complaints(server, count):
    """Lines of the plugin at error level: `count`, or fails."""
    lines = server.wait_line(" error ", " plugin=virus/clamdscan",
                             count=count)
    assert len(lines) == count, lines
    return lines


def mail(server):
    return [path.read_text() for path in
            Path(server.state, "mail", "new").iterdir()]


@pytest.fixture(params=["socket", "tcp"])
def words(request, clamd):
    if request.param == "socket":
        return ["clamd_socket", clamd.socket]
    return ["clamd_host", HOST, "clamd_port", clamd.port]


def test_finds(hookline, words):
    server = serve(hookline, *words)
    client = server.client()
    client.send(CLEAN)
    assert "552 5.7.1 Virus found: Test.Words.UNOFFICIAL" in \
        client.send(ILL, code="552")
    # A session that was refused once is looked at again.
    client.send(ILL, code="552")
    client.send(LARGE)
    client.send(LARGE + ILL, code="552")
    client.close()
    texts = mail(server)
    assert len(texts) == 2
    assert all("X-Virus-Found: No\n" in text for text in texts)
    complaints(server, 0)


def test_tells(hookline, words):
    server = serve(hookline, *words, "deny_viruses no")
    client = server.client()
    client.send(ILL)
    client.close()
    assert "X-Virus-Details: Test.Words.UNOFFICIAL\nX-Virus-Found: Yes\n" \
        in mail(server)[0]


def test_stopped_and_started(hookline, clamd, words):
    server = serve(hookline, *words, "defer_on_error yes")
    client = server.client()
    client.send(CLEAN)
    clamd.stop()
    client.send(CLEAN, code="452")
    complaints(server, 1)
    clamd.place.mkdir()
    clamd.place.chmod(0o777)
    clamd.start()
    client.send(CLEAN)
    client.send(ILL, code="552")
    client.close()
    complaints(server, 1)


def test_hangs(hookline, clamd, words):
    server = serve(hookline, *words, "defer_on_error yes timeout 1s")
    clamd.hang()
    client = server.client()
    client.send(CLEAN, code="452")
    # Those who need no clamd are served meanwhile.
    client.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<a@example.com>\r\n"
               "DATA\r\nSubject: x\r\n.")
    for code in "250", "250", "354":
        client.expect(code)
    other = server.client()
    other.ask("NOOP")
    other.close()
    client.expect("452")
    clamd.go_on()
    client.send(ILL, code="552")
    client.close()
    complaints(server, 2)


class Liar:
    """A Unix socket where each client is told `answer`, after its first
    bytes or after all, and is hung up on; None: silence."""

    def __init__(self, folder):
        folder.mkdir()
        folder.chmod(0o755)
        self.path = folder / "socket"
        self.answer, self.early = b"", True
        self.seen = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.path.chmod(0o777)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(WAIT)
                try:
                    self.serve(client)
                except OSError:
                    pass

    def serve(self, client):
        data = client.recv(65536)
        end = b"FILDES\n\0" if not self.early else b""
        while not data.endswith((end, b"\0\0\0\0")):
            data += client.recv(65536)
        self.seen.append(data)
        if self.answer is None:
            client.recv(1)
            return
        client.sendall(self.answer)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def liar(stage):
    liar = Liar(stage.base / f"l{next(NUMBERS)}")
    yield liar
    liar.stop()


LIES = {
    "nothing": b"",
    "no line": b"1: ClamAV",
    "an empty line": b"\n",
    "no result": b"1: ClamAV 1/2/3\n",
    "no version": b"2: stream: OK\n",
    "no name": b"1: x\n2: stream:  FOUND\n",
    "not a clamd": b"220 mx.example ESMTP\r\n250 yes\r\n",
    "binary": bytes(range(256)) * 4 + b"\n",
    "a long line": b"1: " + b"x" * 100000 + b"\n",
    "versions": b"1: ClamAV 1/2/3\n" * 3,
    "an error": b"1: x\n2: lstat() failed: No such file. ERROR\n",
    "silence": None,
}


@pytest.mark.parametrize("early", [True, False], ids=["early", "late"])
@pytest.mark.parametrize("name", LIES)
def test_lies(hookline, liar, name, early):
    liar.answer, liar.early = LIES[name], early
    server = serve(hookline, "clamd_socket", liar.path,
                   "timeout", "500ms" if name == "silence" else "25s",
                   "defer_on_error yes")
    client = server.client()
    client.send(CLEAN, code="452")
    complaints(server, 1)
    liar.answer, liar.early = b"2: fd[1]: OK\n1: ClamAV 1.0/2/3\n", False
    client.send(CLEAN)
    client.close()
    assert "X-Virus-Checked: by ClamAV 1.0 on mx.example\n" in \
        mail(server)[0]


def test_may_not_read(hookline, liar):
    """It gets a copy then."""
    liar.early = False
    liar.answer = b"1: ClamAV 1.0/2/3\n2: fd[7]: Access denied. ERROR\n"
    server = serve(hookline, "clamd_socket", liar.path)
    client = server.client()
    client.send(CLEAN)
    client.close()
    assert [data.split(b"\n")[2] for data in liar.seen] == \
        [b"nFILDES", b"nINSTREAM"]
    # As it will be delivered: our own fields are on top.
    assert b"\r\nReceived: from " in liar.seen[1]
    assert liar.seen[1].endswith(b"\0\0\0\7Text.\r\n\0\0\0\0")
    complaints(server, 1)


@pytest.mark.parametrize("byte", [b"\r", b"\x01", b"\xff"])
def test_odd_name(hookline, liar, byte):
    """A name that would be a header field, or a reply, of its own."""
    liar.early = False
    liar.answer = b"1: x\n2: fd[7]: A" + byte + b"B FOUND\n"
    server = serve(hookline, "clamd_socket", liar.path)
    client = server.client()
    assert "Virus found: A?B" in client.send(CLEAN, code="552")
    client.close()
