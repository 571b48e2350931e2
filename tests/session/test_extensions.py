# SPDX-License-Identifier: MIT
"""Real clients use what the queue carries: SMTPUTF8, DSN, LIMITS."""
import os
import smtplib
from email.message import EmailMessage

import pytest

from real import TOP, WAIT, until
from test_clients import Postfix, needs

RECORD = TOP / "tests" / "dialog" / "plugins" / "record.c"
SENDER, RCPT = "jürgen@bücher.example", "用户@例子.example"
MESSAGE = (f"From: Jürgen <{SENDER}>\r\n"
           f"To: <{RCPT}>\r\n"
           "Subject: Grüße\r\n"
           "\r\n"
           "äöü\r\n").encode()


@pytest.fixture
def server(hookline):
    server = hookline(plugins=["rcpt_ok", "record $STATE/new"],
                      rcpthosts=["例子.example", "example.com"],
                      max_recipients="5", max_per_client="0").plugin(RECORD)
    server.start()
    return server


@pytest.fixture
def postfix(server, stage):
    with Postfix(stage.base / "postfix-extensions", server.address) as relay:
        yield relay


def recorded(server, ending):
    return [path.read_bytes()
            for path in (server.state / "new").glob("*." + ending)]


def words(line):
    """`mail <address>`, and a set of its parameters, in no order."""
    command, address, *params = line.split()
    return f"{command} {address}", set(params)


def test_smtplib_utf8(server):
    with smtplib.SMTP(*server.address, "client.example",
                      timeout=WAIT) as client:
        client.sendmail(SENDER, [RCPT, "d@xn--fsqu00a.example"], MESSAGE,
                        ["SMTPUTF8", "BODY=8BITMIME"])
        assert client.verify("someone")[0] == 252
    mail, *rcpts = recorded(server, "env")[0].decode().splitlines()
    assert words(mail) == (f"mail <{SENDER}>", {
        f"size={len(MESSAGE)}", "smtputf8", "body=8BITMIME"})
    assert rcpts == [f"rcpt <{RCPT}>", "rcpt <d@xn--fsqu00a.example>"]
    assert recorded(server, "msg")[0].endswith(MESSAGE)


def test_smtplib_send_message(server):
    """Python's client finds out by itself that the message needs it."""
    message = EmailMessage()
    message["From"], message["To"] = SENDER, RCPT
    message["Subject"] = "Grüße"
    message.set_content("äöü\n", cte="8bit")
    with smtplib.SMTP(*server.address, "client.example",
                      timeout=WAIT) as client:
        client.send_message(message)
    env, msg = recorded(server, "env")[0], recorded(server, "msg")[0]
    assert env.startswith(f"mail <{SENDER}> ".encode())
    assert b" smtputf8" in env.partition(b"\n")[0]
    assert "\r\nSubject: Grüße\r\n".encode() in msg


def test_smtplib_dsn_and_limits(server):
    with smtplib.SMTP(*server.address, "client.example",
                      timeout=WAIT) as client:
        client.ehlo()
        assert client.has_extn("dsn")
        assert client.esmtp_features["limits"] == "RCPTMAX=5"
        refused = client.sendmail(
            "a@client.example", [f"r{i}@example.com" for i in range(7)],
            MESSAGE, ["RET=FULL", "ENVID=QQ314159"], ["NOTIFY=NEVER"])
        assert [code for code, _ in refused.values()] == [452, 452]
    mail, *rcpts = recorded(server, "env")[0].decode().splitlines()
    assert words(mail) == ("mail <a@client.example>", {
        f"size={len(MESSAGE)}", "ret=FULL", "envid=QQ314159"})
    assert rcpts == [f"rcpt <r{i}@example.com> notify=NEVER"
                     for i in range(5)]


@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
def test_postfix_passes_on(server, postfix):
    """SMTPUTF8 and DSN through a Postfix: it relies on what we offer."""
    with postfix.accepts() as client:
        client.sendmail(
            SENDER, RCPT, MESSAGE,
            ["SMTPUTF8", "BODY=8BITMIME", "RET=HDRS", "ENVID=QQ+2B314159"],
            ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Bob+2Bx@Example.COM"])
    until(lambda: recorded(server, "env") and "status=sent" in postfix.log(),
          postfix.log, server.log)
    mail, rcpt = recorded(server, "env")[0].decode().splitlines()
    command, params = words(mail)
    assert command == f"mail <{SENDER}>"
    assert {"smtputf8", "ret=HDRS", "envid=QQ+2B314159",
            "body=8BITMIME"} <= params
    assert words(rcpt) == (f"rcpt <{RCPT}>", {
        "notify=SUCCESS,DELAY", "orcpt=rfc822;Bob+2Bx@Example.COM"})
    text = recorded(server, "msg")[0]
    assert text.endswith(MESSAGE.partition(b"\r\n\r\n")[2])
    assert "\r\nSubject: Grüße\r\n".encode() in text
    # The duty to report success is ours now: Postfix reports nothing.
    assert "delivery status notification" not in postfix.log()


@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
def test_postfix_not_carried(hookline, stage):
    """A queue that carries none of it: Postfix returns mail that needs UTF-8,
    and reports itself what DSN asks for."""
    store = TOP / "tests" / "dialog" / "plugins" / "store.c"
    server = hookline(plugins=["rcpt_ok", "store $STATE/new"],
                      rcpthosts=["例子.example", "example.com"]).plugin(store)
    server.start()
    with Postfix(stage.base / "postfix-not-carried", server.address) as relay:
        with relay.accepts() as client:
            client.sendmail("a@example.com", RCPT, MESSAGE,
                            ["SMTPUTF8", "BODY=8BITMIME"])
            client.sendmail("a@example.com", "plain@example.com",
                            b"Subject: x\r\n\r\nx\r\n", [],
                            ["NOTIFY=SUCCESS"])
        until(lambda: "status=bounced" in relay.log() and
              "delivery status notification" in relay.log(),
              relay.log, server.log)
        assert "SMTPUTF8 is required" in relay.log()
        assert "用户" not in server.log()
