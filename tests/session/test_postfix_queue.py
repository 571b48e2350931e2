# SPDX-License-Identifier: MIT
"""Debian's queue/postfix-queue, unmodified, hands messages to a real Postfix.

The client sends to hookline, its plugin gives the message to Postfix's cleanup
service, and Postfix relays it to a second hookline.
"""
import os
import re
import smtplib

import pytest

from real import QPSMTPD_PLUGINS, WAIT, until
from test_clients import (CRLF_MESSAGE, RCPT, SENDER, Postfix, arrived, mails,
                          needs)

pytestmark = [
    needs("postfix"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root"),
    pytest.mark.skipif(not QPSMTPD_PLUGINS.exists(),
                       reason="qpsmtpd is not installed"),
]


@pytest.fixture
def target(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com")
    server.start()
    return server


@pytest.fixture
def postfix(target, stage):
    # A limit of its own: we take more.
    with Postfix(stage.base / "postfix", target.address,
                 "message_size_limit = 40000\n") as postfix:
        public = postfix.top / "queue" / "public"
        until((public / "cleanup").exists, postfix.log)
        # What an administrator does with a group.
        public.chmod(0o755)
        yield postfix


@pytest.fixture
def server(hookline, postfix):
    """Sends to `postfix`."""
    server = hookline(
        plugin_dirs=str(QPSMTPD_PLUGINS), rcpthosts="example.com",
        plugins=["rcpt_ok", "perl:queue/postfix-queue "
                 f"{postfix.top}/queue/public/cleanup FLAG_MAP_OK"])
    server.start()
    return server


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
    until(lambda: postfix.log().count(f"to=<{RCPT}>") == 2, postfix.log)
    assert "to=<d@example.com>" in postfix.log()


def test_long_lines_and_no_sender(server, postfix, target):
    body = b"a" * 990 + b"\n" + b"b" * 3000 + b"\n" + b"c" * 1024 + b"\n"
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
        assert b"message file too big (#5.3.4)" in error.value.smtp_error
        smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    until(lambda: mails(target), postfix.log, server.log)
    assert len(mails(target)) == 1


def test_nobody_there(hookline, server, postfix):
    (postfix.top / "queue" / "public" / "cleanup").unlink()
    with client(server) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as error:
            smtp.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    assert error.value.smtp_code == 451
    server.wait_line("Unable to open any cleanup sockets")
    # Its last words are a fault elsewhere.
    assert server.stop() == 0
    hookline.servers.remove(server)
