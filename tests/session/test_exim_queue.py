# SPDX-License-Identifier: MIT
"""queue/exim-bsmtp hands messages to a real Exim, which relays them to a second
hookline."""
import re
import shlex
import smtplib

import pytest

from real import WAIT, until
from test_clients import mails
from test_each import Exim, needs_exim, shared  # noqa: F401

pytestmark = needs_exim
SENDER, RCPT = "sender@client.example", "c@example.com"
# What an unprivileged Exim asks of its configuration beside that.
MORE = "message_size_limit = 40000\nbegin acl\n"


@pytest.fixture
def target(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com")
    server.start()
    return server


@pytest.fixture
def exim(target, shared):  # noqa: F811
    exim = Exim(shared, target.address)
    conf = shared / "conf"
    conf.write_text(conf.read_text().replace("begin acl\n", MORE))
    # As Exim's own user would run it, with this configuration.
    exim.wrapper = shared / "rsmtp"
    exim.wrapper.write_text(
        "#!/bin/sh\nexport LD_PRELOAD=libnss_wrapper.so "
        f"NSS_WRAPPER_PASSWD={shlex.quote(str(shared / 'passwd'))} "
        f"NSS_WRAPPER_GROUP={shlex.quote(str(shared / 'group'))}\n"
        f"exec {shlex.quote(str(exim.program))} -C "
        f"{shlex.quote(str(conf))} -odf \"$@\"\n")
    exim.wrapper.chmod(0o755)
    return exim


@pytest.fixture
def server(hookline, exim):
    server = hookline(plugins=[
        "rcpt_ok", f"queue/exim-bsmtp exim_path {exim.wrapper}"],
        rcpthosts="example.com")
    server.start()
    return server


def client(server):
    return smtplib.SMTP(*server.address, "client.example", timeout=WAIT)


def test_it_arrives(server, exim, target):
    lines = [b"one", b".", b"..", b".x", b"", b"x" * 900, b"8 bit: \xc3\xa4",
             b"QUIT", b"."]
    body = b"".join(line + b"\n" for line in lines)
    message = b"From: <a@client.example>\nSubject: x\n\n" + body
    with client(server) as smtp:
        assert not smtp.sendmail(SENDER, [RCPT, '"x y"@example.com'],
                                 message.replace(b"\n", b"\r\n"))
    server.wait_line("Enqueued to exim via BSMTP")
    until(lambda: mails(target), exim.log, server.log)
    (mail,) = mails(target)
    assert mail.startswith(f"Return-Path: <{SENDER}>\n".encode())
    assert b'Delivered-To: "x y"@example.com\n' in mail
    assert mail.partition(b"\n\n")[2] == body
    # There was one message for Exim, too.
    assert len(re.findall(r" <= ", exim.log())) == 1, exim.log()


def test_no_sender(server, exim, target):
    with client(server) as smtp:
        smtp.sendmail("", RCPT, b"Subject: x\r\n\r\n")
    until(lambda: mails(target), exim.log, server.log)
    assert mails(target)[0].startswith(b"Return-Path: <>\n")


def test_what_exim_refuses(server, exim, target):
    with client(server) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as error:
            smtp.sendmail(SENDER, RCPT, b"Subject: x\r\n\r\n" +
                          (b"x" * 70 + b"\r\n") * 1000)
        assert error.value.smtp_code == 552
        assert b"Message size exceeds maximum" in error.value.smtp_error
        server.wait_line("BSMTP enqueue failed; response 552")
        smtp.sendmail(SENDER, RCPT, b"Subject: y\r\n\r\n")
    until(lambda: mails(target), exim.log, server.log)
    assert len(mails(target)) == 1


def test_it_cannot_run(server, exim):
    """A configuration that it does not read."""
    (exim.top / "conf").write_text("no such setting\n")
    with client(server) as smtp, \
            pytest.raises(smtplib.SMTPDataError) as error:
        smtp.sendmail(SENDER, RCPT, b"Subject: x\r\n\r\n")
    assert error.value.smtp_code == 451
    server.wait_line("BSMTP enqueue failed; exitcode")
