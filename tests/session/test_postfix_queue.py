# SPDX-License-Identifier: MIT
"""queue/postfix-queue hands messages to a real Postfix: our own, and Debian's
unmodified Perl file.

The client sends to hookline, its plugin gives the message to Postfix's cleanup
service, and Postfix relays it to a second hookline, or holds it.
"""
import os
import re
import shutil
import smtplib
import socket
import threading
from pathlib import Path

import pytest

from real import QPSMTPD_PLUGINS, WAIT, RealServer, until
from test_clients import (CRLF_MESSAGE, RCPT, SENDER, Postfix, arrived, mails,
                          needs, run)

pytestmark = [
    needs("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root"),
]
CHECKS = """\
/^X-Bad: code/ REJECT 5.7.9 not this one
/^X-Bad: / REJECT
/^X-Hold: / HOLD
"""


@pytest.fixture(scope="module")
def next_hop(stage):
    server = RealServer(stage, rcpthosts="example.com",
                        plugins=["rcpt_ok", "queue/maildir $STATE/maildir"])
    server.start()
    yield server
    server.end()


@pytest.fixture(scope="module")
def postfix(next_hop, stage):
    checks = stage.base / "header_checks"
    checks.write_text(CHECKS)
    # A limit of its own: we take more.
    with Postfix(stage.base / "postfix", next_hop.address,
                 "message_size_limit = 40000\nsmtputf8_enable = yes\n"
                 f"header_checks = regexp:{checks}\n") as postfix:
        public = postfix.top / "queue" / "public"
        until((public / "cleanup").exists, postfix.log)
        # What an administrator does with a group.
        public.chmod(0o755)
        postfix.cleanup = public / "cleanup"
        yield postfix


@pytest.fixture
def target(next_hop):
    """Without the mail of the test before."""
    shutil.rmtree(next_hop.state / "maildir" / "new", ignore_errors=True)
    (next_hop.state / "maildir" / "new").mkdir(parents=True)
    next_hop.stage.give(next_hop.state / "maildir")
    next_hop.stage.give(next_hop.state / "maildir" / "new")
    return next_hop


def sender(hookline, line, **files):
    """A server whose queue is `line`."""
    server = hookline(rcpthosts="example.com", plugin_dirs=[
        str(path) for path in (QPSMTPD_PLUGINS,) if path.exists()],
        plugins=["rcpt_ok", line], **files)
    server.start()
    return server


def own(hookline, *words, **files):
    files.setdefault("plugin_dirs", [])
    server = hookline(rcpthosts="example.com", loglevel="7",
                      plugins=["fcrdns", "rcpt_ok", " ".join(map(str, (
                          "queue/postfix-queue", *words)))],
                      **{name: lines for name, lines in files.items()
                         if lines})
    server.start()
    return server


@pytest.fixture(params=["native", "perl"])
def server(request, hookline, postfix):
    """Sends to `postfix`, by our own plugin or by qpsmtpd's."""
    if request.param == "native":
        return own(hookline, postfix.cleanup, "FLAG_MAP_OK")
    if not QPSMTPD_PLUGINS.exists():
        pytest.skip("qpsmtpd is not installed")
    return sender(hookline, "perl:queue/postfix-queue "
                            f"{postfix.cleanup} FLAG_MAP_OK")


def client(server):
    return smtplib.SMTP(*server.address, "client.example", timeout=WAIT)


def test_it_arrives(server, postfix, target):
    with client(server) as smtp:
        refused = smtp.sendmail(SENDER, [RCPT, "d@example.com"], CRLF_MESSAGE)
        assert not refused
        smtp.mail(SENDER)
        smtp.rcpt(RCPT)
        code, text = smtp.data(CRLF_MESSAGE)
    assert code == 250
    queue_id = re.search(rb"Queue-Id: (\w+)\)", text)[1].decode()
    until(lambda: f"]: {queue_id}: " in postfix.log(), postfix.log)
    until(lambda: len(mails(target)) == 2, postfix.log, server.log)
    for mail in arrived(target, 2):
        header = mail.partition(b"\n\n")[0]
        assert b"\nReceived: from client.example" in header
        assert b"\nSubject: from a real client" in header
    # Postfix logs a delivery after the reply to it.
    until(lambda: postfix.log().count(f"to=<{RCPT}>") >= 2, postfix.log)
    assert "to=<d@example.com>" in postfix.log()


def test_long_lines_and_no_sender(server, postfix, target):
    body = (b"a" * 990 + b"\n" + b"b" * 3000 + b"\n" + b"c" * 1024 + b"\n" +
            b"d" * 2048 + b"\n\n.\n" + b"e" * 4096 + b"\n")
    with client(server) as smtp:
        smtp.sendmail("", RCPT, b"Subject: long\r\n\r\n" +
                      body.replace(b"\n", b"\r\n"))
    until(lambda: mails(target), postfix.log, server.log)
    (mail,) = mails(target)
    assert mail.startswith(b"Return-Path: <>\n")
    # Postfix's smtp client folds what is over 998.
    assert mail.partition(b"\n\n")[2].replace(b"\n ", b"") == body


def test_what_postfix_refuses(server, postfix, target):
    with client(server) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as error:
            smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE +
                          (b"x" * 70 + b"\r\n") * 1000)
        assert error.value.smtp_code == 552
        assert re.search(rb"5\.3\.4 .*message file too big|"
                         rb"message file too big \(#5\.3\.4\)",
                         error.value.smtp_error)
        smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    until(lambda: mails(target), postfix.log, server.log)
    assert len(mails(target)) == 1


@pytest.mark.skipif(not QPSMTPD_PLUGINS.exists(),
                    reason="qpsmtpd is not installed")
def test_perl_nobody_there(hookline, postfix, stage):
    server = sender(hookline, "perl:queue/postfix-queue /nonexistent/cleanup")
    with client(server) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as error:
            smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    assert error.value.smtp_code == 451
    server.wait_line("Unable to open any cleanup sockets")
    # Its last words are a fault elsewhere.
    assert server.stop() == 0
    hookline.servers.remove(server)


# ---- our own ----

def queued(server, message=CRLF_MESSAGE, mail=(), rcpts=((RCPT, ()),),
           sender=SENDER):
    """The queue id."""
    with client(server) as smtp:
        smtp.ehlo()
        assert smtp.mail(sender, mail)[0] == 250
        for address, options in rcpts:
            assert smtp.rcpt(address, options)[0] == 250
        code, text = smtp.data(message)
    assert code == 250, text
    queue_id = re.search(rb"Queued! (\S+) \(Queue-Id: (\w+)\)", text)[2]
    server.wait_line(f"queued as {queue_id.decode()}")
    return queue_id.decode()


def held(postfix, queue_id):
    """The records of its envelope, as Postfix's own program reads them."""
    text = run("postcat", "-c", postfix.conf, "-q", queue_id)
    run("postsuper", "-c", postfix.conf, "-d", queue_id)
    return text.partition("*** MESSAGE CONTENTS")[0].splitlines()


def test_records(hookline, postfix):
    server = own(hookline, postfix.cleanup, "FLAG_HOLD", "FLAG_BOGUS",
                 "FLAG_NONE")
    server.wait_line("Ignoring unkown cleanup flag FLAG_BOGUS")
    queue_id = queued(
        server, mail=["ENVID=a+2Bb", "RET=HDRS", "BODY=8BITMIME"],
        rcpts=[(RCPT, ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;x+2By@z"]),
               ('"a b"@example.com', ["NOTIFY=NEVER"]),
               ("d@example.com", [])])
    head = held(postfix, queue_id)
    for line in ("sender: " + SENDER,
                 "named_attribute: rewrite_context=remote",
                 "named_attribute: envelope_id=a+b",
                 "named_attribute: ret_flags=2",
                 "named_attribute: encoding=8bit",
                 "named_attribute: log_client_name=unknown",
                 "named_attribute: log_client_address=127.0.0.1",
                 "named_attribute: log_message_origin=unknown[127.0.0.1]",
                 "named_attribute: log_helo_name=client.example",
                 "named_attribute: log_protocol_name=ESMTP",
                 "named_attribute: client_address=127.0.0.1",
                 "named_attribute: server_port=" + server.vars["PORT"],
                 "named_attribute: client_address_type=2",
                 "named_attribute: notify_flags=10",
                 "named_attribute: dsn_orig_rcpt=rfc822;x+y@z",
                 "named_attribute: notify_flags=1",
                 'named_attribute: dsn_orig_rcpt=rfc822;"a b"@example.com',
                 "named_attribute: dsn_orig_rcpt=rfc822;d@example.com"):
        assert line in head, line
    assert [line for line in head if line.startswith("recipient: ")] == [
        "recipient: " + RCPT, "recipient: a b@example.com",
        "recipient: d@example.com"]
    assert sum("notify_flags" in line for line in head) == 2
    assert any(line.startswith("named_attribute: log_ident=")
               for line in head)
    # What Postfix could not make sense of would be in its log.
    assert "warning: " + queue_id not in postfix.log()


def test_smtputf8(hookline, postfix, target):
    server = own(hookline, postfix.cleanup)
    rcpt, subject = "jörg@example.com", "Subject: Grüße\r\n\r\nä\r\n"
    with client(server) as smtp:
        smtp.ehlo()
        smtp.command_encoding = "utf-8"
        assert smtp.mail("ä@client.example", ["SMTPUTF8", "BODY=8BITMIME"])[
            0] == 250
        assert smtp.rcpt(rcpt)[0] == 250
        assert smtp.data(subject.encode())[0] == 250
    until(lambda: mails(target), postfix.log, server.log)
    (mail,) = mails(target)
    assert f"Delivered-To: {rcpt}\n".encode() in mail
    assert "Return-Path: <ä@client.example>\n".encode() in mail
    assert "Subject: Grüße\n\nä\n".encode() in mail


def test_header_checks(hookline, postfix):
    """Their reasons are the client's, with the code that begins them."""
    server = own(hookline, postfix.cleanup, "FLAG_MASK_EXTERNAL")
    for field, reply in ((b"X-Bad: code", b"5.7.9 not this one"),
                         (b"X-Bad: none", b"5.7.1 message content rejected")):
        with client(server) as smtp, \
                pytest.raises(smtplib.SMTPDataError) as error:
            smtp.sendmail(SENDER, RCPT, field + b"\r\n" + CRLF_MESSAGE)
        assert error.value.smtp_code == 552
        assert error.value.smtp_error == reply
    # Not for mail that has no flag for it.
    server = own(hookline, postfix.cleanup, "FLAG_HOLD")
    held(postfix, queued(server, b"X-Bad: code\r\n" + CRLF_MESSAGE))


class Liar:
    """Stands for cleanup: what it answers is what it was made with."""

    def __init__(self, stage, *answers, wait_for=b"E\0"):
        self.path = stage.base / f"liar{id(self)}"
        self.answers, self.wait_for = answers, wait_for
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.path.chmod(0o777)
        self.listener.listen()
        self.heard = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                talk, _ = self.listener.accept()
            except OSError:
                return
            with talk:
                talk.settimeout(WAIT)
                try:
                    self.talk(talk)
                except OSError:
                    pass

    def talk(self, talk):
        heard = b""
        for answer in self.answers:
            talk.sendall(answer)
            while answer is not self.answers[-1]:
                more = talk.recv(65536)
                heard += more
                if not more or heard.endswith(self.wait_for):
                    break
        self.heard.append(heard)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


GREETING = b"protocol\0cleanup_protocol\0queue_id\0ABC\0\0"


def result(status, reason=b""):
    return b"status\0%d\0reason\0%s\0\0" % (status, reason)


@pytest.mark.parametrize("answers, code, text", [
    ([GREETING, result(0)], 250, "Queued! <> (Queue-Id: ABC)"),
    ([b"queue_id\0X\0\0", b"reason\0\0status\0000\0\0"], 250, "Queue-Id: X"),
    ([GREETING, result(256, b"4.7.2 later")], 452, "4.7.2 later"),
    ([GREETING, result(256, b"5.7.2 class")], 452, "4.7.2 class"),
    ([GREETING, result(4 | 1)], 452, "4.3.0 internal protocol error"),
    ([GREETING, result(512)], 552, "5.7.1 service denied"),
    ([GREETING, result(1 << 20)], 451, "Unable to queue message"),
    ([GREETING, b"status\0zero\0\0"], 452, "4.3.0 queue file write error"),
    ([GREETING, b"reason\0none\0\0"], 452, "4.3.0 queue file write error"),
    ([GREETING, b"status\0000"], 452, "4.3.0 queue file write error"),
    ([GREETING, b"x" * 5000], 452, "4.3.0 queue file write error"),
    ([GREETING, result(0) + b"more"], 452, "4.3.0 queue file write error"),
    ([GREETING, b""], 452, "4.3.0 queue file write error"),
    ([b""], 451, "4.3.0"), ([b"220 mx.example ESMTP\r\n"], 451, "4.3.0"),
    ([b"\0"], 451, "4.3.0"), ([b"queue_id\0a b\r\nc\0\0"], 451, "4.3.0"),
    ([b"protocol\0cleanup_protocol\0\0"], 451, "4.3.0"),
])
def test_answers(liars, answers, code, text):
    server, stand_in = liars
    stand_in.answers = answers
    with client(server) as smtp:
        smtp.ehlo()
        smtp.mail(SENDER)
        smtp.rcpt(RCPT)
        got = smtp.data(b"Subject: x\r\n\r\n")
    assert got[0] == code, got
    assert text in got[1].decode()


@pytest.mark.parametrize("results, is_sure", [
    ("iprev=pass", True), ("x=y; iprev=pass", True),
    ("iprev=pass a=b; x=y", True),
    ("iprev=fail; dkim=fail header.i=@iprev=pass", False),
    ("dkim=fail header.i=@iprev=pass", False),
    ("iprev=fail; iprev=pass", False), ("iprev=passed", False)])
def test_client_name(liars, results, is_sure):
    """It is told only where the address has led back to it."""
    server, stand_in = liars
    stand_in.heard.clear()
    stand_in.answers = [GREETING, result(0)]
    with client(server) as smtp:
        smtp.sendmail(SENDER, RCPT, f"X-Results: {results}\r\n\r\n")
    (heard,) = until(lambda: stand_in.heard)
    assert (b"log_client_name=unknown" in heard) != is_sure


@pytest.fixture(scope="module")
def liars(stage):
    stand_in = Liar(stage)
    server = RealServer(stage, rcpthosts="example.com", plugins=[
        "rcpt_ok", "results", f"queue/postfix-queue {stand_in.path}"])
    server.plugin(Path(__file__).with_name("results.c")).start()
    yield server, stand_in
    stand_in.close()
    server.end()


def test_failover(hookline, stage, postfix):
    """Nobody there, one who hangs up, one by TCP; a message that was begun
    goes nowhere else."""
    silent, last = Liar(stage, b""), Liar(stage, GREETING, result(0))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    server = own(hookline, "/nonexistent", cleanup_sockets=[
        "/nonexistent/cleanup", f"127.0.0.1:{port}", str(silent.path),
        str(last.path)])
    assert queued(server) == "ABC"
    for socket_path in ("/nonexistent/cleanup", f"127.0.0.1:{port}",
                        silent.path):
        server.wait_line(f'Couldn\'t open \\"{socket_path}\\"')
    (heard,) = last.heard
    assert heard.startswith(b"flags\x000\x00\x00T")
    assert heard.endswith(b"X\0E\0")
    assert b"N\x08Line one" not in heard and b"N\x09Line one.N\x01." in heard
    first = Liar(stage, GREETING, b"")
    server = own(hookline, cleanup_sockets=[str(first.path), str(last.path)])
    with client(server) as smtp, pytest.raises(smtplib.SMTPDataError):
        smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    assert len(last.heard) == 1
    for stand_in in (silent, last, first):
        stand_in.close()


def test_nobody_there(hookline):
    server = own(hookline, "/nonexistent/cleanup")
    with client(server) as smtp, \
            pytest.raises(smtplib.SMTPDataError) as error:
        smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    assert error.value.smtp_code == 451
    server.wait_line("Unable to open any cleanup sockets!")
