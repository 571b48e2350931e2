# SPDX-License-Identifier: MIT
"""virus/* and spamassassin against clamd, clamscan and spamd themselves, and
against what is none of them."""
import itertools
import time
from pathlib import Path

import pytest

from fake import Fake, at_path, say
from scanners import SPAM, VIRUS, Clamd, Spamd
from services import HOST, missing

CLEAN = b"Subject: x\r\n\r\nText.\r\n"
ILL = b"Subject: x\r\n\r\nThis is " + VIRUS.encode() + b".\r\n"
SPAM_MAIL = b"Subject: free\r\n\r\nYou should " + SPAM.encode() + b".\r\n"
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


def serve(hookline, *words, plugin="virus/clamdscan", **files):
    server = hookline(
        plugins=[" ".join(str(word) for word in (plugin, *words)),
                 "rcpt_ok", "queue/maildir $STATE/mail"],
        rcpthosts="example.com", max_per_client="0", **files)
    server.start()
    return server


def complaints(server, count):
    """Lines of the plugin at error level: `count`, or fails."""
    lines = server.wait_line(" error ", " hook=data_post", count=count)
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


def test_own_disk(hookline, clamd):
    """A file that cannot be written is no fault of clamd's, which gets the
    message another way."""
    server = serve(hookline, "clamd_socket", clamd.socket, "defer_on_error yes")
    client = server.client()
    (server.state / "spool").rmdir()
    client.send(CLEAN)
    client.send(ILL, code="552")
    client.close()
    assert all("event=body_file" in line for line in complaints(server, 2))
    server.wait_line("plugin=virus/clamdscan", "; clamd gets a copy", count=2)


# ---- clamscan ----------------------------------------------------------------

@pytest.fixture(scope="module")
def clamscan(stage):
    """The real one, with one signature."""
    if missing("clamscan"):
        pytest.skip("clamscan is not installed")
    folder = stage.base / "clamscan"
    folder.mkdir()
    (folder / "words.ndb").write_text(
        f"Test.Words:0:*:{VIRUS.encode().hex()}\n")
    program = folder / "scan"
    program.write_text(f'#!/bin/sh\nexec /usr/bin/clamscan --database={folder}'
                       ' "$@"\n')
    program.chmod(0o755)
    stage.give(folder)
    return program


def test_clamscan(hookline, clamscan):
    server = serve(hookline, f"clamscan_path={clamscan}",
                   plugin="virus/clamav")
    client = server.client()
    client.send(CLEAN)
    assert "552 5.7.1 Virus Found: Test.Words.UNOFFICIAL" in \
        client.send(ILL, code="552")
    client.send(LARGE)
    client.close()
    texts = mail(server)
    assert sum("X-Virus-Checked: Checked by ClamAV on " in text
               for text in texts) == 1
    assert len(texts) == 2
    complaints(server, 0)


def test_clamscan_by_its_exit_codes(hookline, clamscan):
    server = serve(hookline, "infected 1 name_before FOUND name_after :",
                   f"{clamscan} --stdout --no-summary", plugin="virus/exec")
    client = server.client()
    client.send(CLEAN)
    assert "552 5.7.1 Virus found: Test.Words.UNOFFICIAL" in \
        client.send(ILL, code="552")
    client.close()
    complaints(server, 0)


class Liar(Fake):
    """Says `answer` after the client's first bytes, or after all."""

    def __init__(self, folder):
        self.path = folder / "socket"
        self.answer, self.early = b"", True
        self.ends = b"FILDES\n\0", b"\0\0\0\0"
        self.seen = []
        super().__init__(at_path(folder))

    def serve(self, client):
        data = client.recv(65536)
        while not self.early and not data.endswith(self.ends):
            data += client.recv(65536)
        self.seen.append(data)
        say(client, self.answer)


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
    "results without end": [b"2: a: OK\n"],
    "lines without end": [b"1: X/1\n", b"\n"],
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


# ---- spamassassin -----------------------------------------------------------

@pytest.fixture
def spamd(stage):
    if missing("spamd"):
        pytest.skip("spamd is not installed")
    service = Spamd(stage.base / f"s{next(NUMBERS)}",
                    user=stage.process_user())
    try:
        yield service.start()
    finally:
        service.stop()


def serve_spamd(hookline, where, *words):
    return serve(hookline, "spamd_socket", where, *words,
                 plugin="spamassassin")


def test_spamd(hookline, spamd):
    server = serve_spamd(hookline, f"{HOST}:{spamd.port}", "reject 7.6",
                         "munge_subject_threshold 5")
    client = server.client()
    client.send(CLEAN)
    assert "Subject: x\n" in mail(server)[0]
    client.send(b"X-Spam-Status: No\r\n" + SPAM_MAIL)
    texts = [text for text in mail(server) if "free" in text]
    for field in ("X-Spam-Status: Yes, score=7.5 required=5.0 "
                  "tests=SNAKE_OIL", "X-Old-Spam-Status: No",
                  "Subject: *** SPAM *** free"):
        assert f"\n{field}\n" in texts[0]
    client.close()
    complaints(server, 0)


def test_spamd_refuses(hookline, spamd):
    server = serve_spamd(hookline, f"{HOST}:{spamd.port}", "reject 7.5",
                         "reject_type temp headers none")
    client = server.client()
    client.send(CLEAN)
    assert "X-Spam" not in mail(server)[0]
    assert "452 4.7.1 spam score exceeded threshold" in \
        client.send(SPAM_MAIL, code="452")
    client.close()


def test_spamd_stopped_and_started(hookline, spamd):
    server = serve_spamd(hookline, f"{HOST}:{spamd.port}", "reject 7",
                         "timeout 3s")
    client = server.client()
    client.send(SPAM_MAIL, code="552")
    spamd.hang()
    client.send(SPAM_MAIL)
    complaints(server, 1)
    spamd.go_on()
    spamd.stop()
    client.send(SPAM_MAIL)
    complaints(server, 2)
    spamd.start()
    client.send(SPAM_MAIL, code="552")
    client.close()
    complaints(server, 2)


@pytest.fixture
def liar_spamd(liar):
    liar.ends, liar.early = (b"Text.\r\n",), False
    return liar


def drip(client):
    """A good answer: never 100 ms without a byte, and over 8 s in all."""
    for byte in b"SPAMD/1.1 0 EX_OK\r\n" + STATUS * 2:
        time.sleep(0.08)
        client.sendall(bytes([byte]))


STATUS = b"X-Spam-Status: Yes, score=9 required=5.0\r\n"
SPAMD_LIES = {
    "nothing": b"",
    "no line": b"SPAMD/1.1 0 EX_OK",
    "an error": b"SPAMD/1.0 76 Bad header line: x\r\n",
    "not a spamd": b"220 mx.example ESMTP\r\n" + STATUS,
    "no status": b"SPAMD/1.1 0 EX_OK\r\n\r\nX-Spam-Level: **\r\n",
    "half a status": b"SPAMD/1.1 0 EX_OK\r\n" + STATUS[:-2],
    "no score": b"SPAMD/1.1 0 EX_OK\r\nX-Spam-Status: Yes, a b=c\r\n",
    "no number": b"SPAMD/1.1 0 EX_OK\r\nX-Spam-Status: Yes, score=x\r\n",
    "binary": bytes(range(256)) * 400,
    "silence": None,
    "drips": drip,
}


@pytest.mark.parametrize("early", [True, False], ids=["early", "late"])
@pytest.mark.parametrize("name", SPAMD_LIES)
def test_spamd_lies(hookline, liar_spamd, name, early):
    liar_spamd.answer, liar_spamd.early = SPAMD_LIES[name], early
    server = serve_spamd(hookline, liar_spamd.path, "reject 7 timeout",
                         "500ms" if name in ("silence", "drips") else "25s")
    client = server.client()
    client.send(CLEAN)
    complaints(server, 1)
    liar_spamd.answer, liar_spamd.early = \
        b"SPAMD/1.1 0 EX_OK\r\n" + STATUS, False
    client.send(CLEAN, code="552")
    client.close()
    complaints(server, 1)


def test_spamd_long_lines(hookline, liar_spamd):
    """A sender's own long fields come back, and hide nothing."""
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" + STATUS + \
        b"X-Spam-Report: " + b"r" * 100000 + b"\r\n\t" + b"s" * 100000 + \
        b"\r\nX-Long: " + b"x" * 100000 + b"\r\n" + \
        b"X-Spam-Odd: a\0b\rc\r\n" + \
        b"X-Spam-Level: **" + b"*" * 10000 + b"\r\n"
    server = serve_spamd(hookline, liar_spamd.path, "reject 10")
    client = server.client()
    client.send(CLEAN)
    client.close()
    assert "\nX-Spam-Odd: abc\n" in mail(server)[0]
    # No line of a header is that long.
    assert "\nX-Spam-Level" not in mail(server)[0]
    assert len(server.lines(" warn ", "cannot add X-Spam-Level")) == 1


def test_spamd_many_fields(hookline, liar_spamd):
    """Those that a sender puts there do not hide spamd's, which come first."""
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" + STATUS + \
        b"X-Spam-A: b\r\n" * 1000
    server = serve_spamd(hookline, liar_spamd.path, "reject 9")
    client = server.client()
    client.send(CLEAN, code="552")
    client.close()


def test_spamd_user(hookline, liar_spamd):
    """With `vpopmail` it is the recipient, if there is one alone."""
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" \
        b"X-Spam-Status: No, hits=-0.1 required=5.0 autolearn=ham\r\n"
    server = serve_spamd(hookline, liar_spamd.path, "spamd_user vpopmail")
    client = server.client()
    client.send(CLEAN)
    client.ask("MAIL FROM:<>")
    client.ask("RCPT TO:<c@example.com>")
    client.ask("RCPT TO:<d@example.com>")
    client.ask("DATA", "354")
    client.ask("Subject: two\r\n\r\nText.\r\n.")
    client.close()
    assert b"User: c@example.com\r\n" in liar_spamd.seen[0]
    assert b"\r\n\r\nX-Envelope-From: <a@client.example>\r\n" in \
        liar_spamd.seen[0]
    assert b"User: vpopmail\r\n" in liar_spamd.seen[1]
    assert b"X-Envelope-From: <>\r\n" in liar_spamd.seen[1]
    texts = [text for text in mail(server) if "Subject: two\n" in text]
    assert "X-Spam-User: vpopmail, 2 recipients\n" in texts[0]
    for data in liar_spamd.seen:
        head, _, body = data.partition(b"\r\n\r\n")
        assert f"Content-length: {len(body)}\r\n".encode() in head


def test_spamd_folds(hookline, liar_spamd):
    """Of a field that is too long the lines that fit are kept, whole; a blank
    line would end the header."""
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" + STATUS + \
        b"X-Spam-Odd: first\r\n" + b"".join(
            b"\t" + bytes([letter]) * 900 + b"\r\n"
            for letter in b"abcdefgh") + \
        b"X-Spam-Blank: first\r\n \t \r\n\t\r\n\tsecond\r\n"
    server = serve_spamd(hookline, liar_spamd.path)
    client = server.client()
    client.send(CLEAN)
    client.close()
    text, = mail(server)
    header = text.partition("\n\n")[0]
    assert "\nX-Spam-Odd: first\n" + "".join(
        "\t\t" + letter * 900 + "\n" for letter in "abcd") + "X-Spam-" in text
    assert "\nX-Spam-Blank: first\n\t\tsecond\n" in text
    # All of it is header.
    assert "\nSubject: x" in header
    complaints(server, 0)


def test_spamd_old_fields(hookline, liar_spamd):
    """32 of them are renamed; none keeps a name of spamd's."""
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" + STATUS
    server = serve_spamd(hookline, liar_spamd.path)
    client = server.client()
    client.send(b"".join(b"X-Spam-Status: No, %d\r\n" % i
                         for i in range(40)) + CLEAN)
    client.close()
    text, = mail(server)
    assert text.count("X-Spam-Status: ") == 1
    assert text.count("X-Old-Spam-Status: ") == 32
    assert "X-Old-Spam-Status: No, 31\n" in text
    assert "No, 32" not in text


def test_spamd_size_limit(hookline, liar_spamd):
    liar_spamd.answer = b"SPAMD/1.1 0 EX_OK\r\n" + STATUS
    server = serve_spamd(hookline, liar_spamd.path, "reject 9 size_limit 1k")
    client = server.client()
    # Counted as received, with line ends as LF.
    head = b"Subject: x\r\n\r\n"
    line = b"." * 62 + b"\r\n"
    fits = head + line * 15 + b"x" * 60 + b"\r\n" + b"Text.\r\n"
    assert len(fits.replace(b"\r", b"")) == 1024
    client.send(fits, code="552")
    client.send(head + b"x" + fits[len(head):])
    client.close()
    assert server.wait_line(" info ", "skip, too large (1025)")
    assert len(liar_spamd.seen) == 1
