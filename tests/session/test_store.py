# SPDX-License-Identifier: MIT
"""What is stored is what was sent.

Each message goes through the whole server, by DATA and by BDAT, and comes back from a queue plugin;
without our fields on top, and without the empty line that delivery puts
between a header and a body that had none, it must be the bytes sent.
"""
import random
import re

import pytest

from real import TOP, data_folder, sanitized

FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
OURS = re.compile(rb"(?:Return-Path: <[^\n]*>\n)?(?:Delivered-To: [^\n]*\n)*"
                  rb"Received: from [^\n]*\n(?:[ \t][^\n]*\n)*")
FOLDED_ON = re.compile(rb"[ \t]")


def crlf(text):
    return re.sub(rb"\r\n|\r|\n", b"\r\n", text.replace(b"\0", b" "))


def header_end(message):
    """Where the header ends, and whether an empty line must be put there."""
    at = 0
    while at < len(message):
        line = message[at:message.find(b"\n", at) + 1 or len(message)]
        if line == b"\n":
            return at, False
        folded = at > 0 and FOLDED_ON.match(line)
        if not folded and not FIELD.match(line):
            return at, True
        at += len(line)
    return at, False


def expected(sent, by_chunks):
    """Both forms that the stored message may have, with LF line ends."""
    if sent and not sent.endswith(b"\r\n") and not by_chunks:
        sent += b"\r\n"     # DATA cannot say it without
    text = sent.replace(b"\r\n", b"\n")
    at, put = header_end(text)
    if at == len(text):     # no body: the empty line does not matter
        return [text, text + b"\n"]
    return [text[:at] + b"\n" + text[at:] if put else text]


def eml_files():
    return sorted(data_folder().glob("mail/**/*.eml"))


def generated():
    rnd = random.Random(2)
    head = b"From: a@b.example\r\nSubject: x\r\n\r\n"
    octets = bytes(o for o in range(256) if o not in b"\r\n\0")
    bodies = {
        "empty": b"",
        "one line": b"text\r\n",
        "no line end": head + b"text",
        "header only": b"Subject: x\r\n",
        "header and blank": b"Subject: x\r\n\r\n",
        "blank only": b"\r\n",
        "blanks": b"\r\n" * 50,
        "no blank line": b"Subject: x\r\nno field\r\nmore\r\n",
        "body like fields": b"\r\nSubject: not a field\r\n folded\r\n",
        "begins folded": b" folded: x\r\nSubject: x\r\n\r\nbody\r\n",
        "folded fields": b"A: 1\r\n 2\r\n\t3\r\nB:\r\n 4\r\n\r\nx\r\n",
        "spaces before the colon": b"Subject : x\r\n\r\nx\r\n",
        "dots": head + b".\r\n..\r\n...\r\n.a\r\n. \r\n\r\n.\r\n",
        "dot first": b".\r\n",
        "octets": head + octets * 3 + b"\r\n" + octets + b"\r\n",
        "octets first": octets + b"\r\n",
        "1,000 octets": head + b"x" * 998 + b"\r\n" + b"y" * 999 + b"\r\n",
        "long line": head + b"0123456789" * 20000 + b"\r\n.\r\n",
        "long field": b"Long: " + b"z" * 50000 + b"\r\n\r\nx\r\n",
        "many lines": head + b"\r\n".join([b"", b".", b"x"] * 20000),
    }
    for i in range(12):
        bodies[f"random {i}"] = head + b"".join(
            rnd.choice([b"\r\n", b".", b"..", b"\xff", b"a" * 500, b" "])
            for _ in range(rnd.choice([10, 300, 20000])))
    return bodies


def stored(server):
    """The one message that is there, taken away."""
    files = [path for path in (server.state / "new").iterdir()
             if not path.name.startswith(".")] \
        if (server.state / "new").exists() else []
    files += (server.state / "maildir" / "new").glob("*")
    assert len(files) == 1
    text = files[0].read_bytes()
    files[0].unlink()
    if files[0].parent == server.state / "new":
        # Sent and stored with CRLF alone: no byte is lost by taking LF.
        assert text.count(b"\n") == text.count(b"\r\n") == text.count(b"\r")
        return text.replace(b"\r\n", b"\n")
    return text


def check(server, client, sent):
    """By DATA, and by BDAT in chunks of some size."""
    check_sent(server, client, sent, False)
    check_sent(server, client, sent, True)


def check_sent(server, client, sent, by_chunks):
    if by_chunks:
        client.send_chunks(sent, len(sent) // (1 + len(sent) % 7) + 1)
    else:
        client.send(sent)
    text = stored(server)
    ours = OURS.match(text)
    assert ours, text[:500]
    # Not by `assert ==`: nobody wants to see megabytes compared.
    rest = text[ours.end():]
    wanted = expected(sent, by_chunks)
    if rest in wanted:
        return
    at = next((i for i, pair in enumerate(zip(rest, wanted[0]))
               if pair[0] != pair[1]), min(len(rest), len(wanted[0])))
    pytest.fail(f"differs at {at} of {len(rest)}/{len(wanted[0])}: "
                f"{rest[max(at - 40, 0):at + 40]!r} is not "
                f"{wanted[0][max(at - 40, 0):at + 40]!r}")


QUEUES = {
    "store": ["rcpt_ok", "store $STATE/new crlf"],
    "maildir": ["rcpt_ok", "queue/maildir $STATE/maildir"],
}


@pytest.fixture(params=[("store", "0"), ("store", "100"), ("store", "256k"),
                        ("maildir", "256k"), ("maildir", "0")],
                ids=lambda param: "-".join(param))
def server(request, hookline):
    queue, threshold = request.param
    files = {"plugins": QUEUES[queue], "rcpthosts": "example.com",
             "size_threshold": threshold, "me-auth-results": "none",
             "max_hops": "10000"}
    server = hookline(**files)
    server.plugin(TOP / "tests" / "dialog" / "plugins" / "store.c")
    server.start()
    return server


def test_generated(server):
    client = server.client()
    for name, sent in generated().items():
        print(name)
        check(server, client, sent)
    client.close()


@pytest.mark.skipif(not eml_files(), reason="no messages, see tests/data.md")
def test_real_messages(server):
    client = server.client()
    for path in eml_files():
        print(path)
        check(server, client, crlf(path.read_bytes()))
    client.close()


def test_large(server):
    size = (5 if sanitized() else 50) << 20
    line = bytes(range(32, 126)) + b"\r\n"
    client = server.client()
    check(server, client, b"Subject: large\r\n\r\n" +
          line * (size // len(line)))
    client.close()
