# SPDX-License-Identifier: MIT
"""Real clients send; what arrives is what they were given."""
import os
import shutil
import smtplib
import subprocess

import pytest

from real import WAIT, free_port, until

SENDER, RCPT = "sender@client.example", "c@example.com"
BODY = (b"Line one.\n"
        b".\n"
        b"..two dots\n"
        b"8-bit: \xc3\xa4\xc3\xb6\xc3\xbc\n"
        b" indented, and an empty line:\n"
        b"\n" +
        b"x" * 900 + b"\n"
        b"the end\n")
MESSAGE = (b"From: <sender@client.example>\n"
           b"To: <c@example.com>\n"
           b"Subject: from a real client\n"
           b"Content-Type: text/plain; charset=utf-8\n"
           b"Content-Transfer-Encoding: 8bit\n"
           b"\n" + BODY)
CRLF_MESSAGE = MESSAGE.replace(b"\n", b"\r\n")    # smtplib takes bytes as is


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None,
                              reason=f"{program} is not installed")


@pytest.fixture
def server(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com", databytes="1000000",
                      max_per_client="0")
    server.start()
    return server


@pytest.fixture
def message(tmp_path):
    path = tmp_path / "message"
    path.write_bytes(MESSAGE)
    return path


def run(*command, status=0, **options):
    result = subprocess.run([str(word) for word in command], timeout=WAIT,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False, **options)
    assert result.returncode == status, result.stdout.decode(errors="replace")
    return result.stdout.decode(errors="replace")


def mails(server):
    return [path.read_bytes()
            for path in (server.state / "maildir" / "new").glob("*")]


def arrived(server, count=1, body=BODY):
    """The messages, which must be there: the client has its 250."""
    found = mails(server)
    assert len(found) == count
    for text in found:
        assert text.startswith(f"Return-Path: <{SENDER}>\n".encode()), text
        assert text.partition(b"\n\n")[2] == body
    return found


@needs("swaks")
@pytest.mark.parametrize("more", [[], ["--pipeline"], ["--protocol", "SMTP"]])
def test_swaks(server, message, more):
    host, port = server.address
    said = run("swaks", "--server", f"{host}:{port}", "--from", SENDER,
               "--to", RCPT, "--helo", "client.example",
               "--data", message, *more)
    assert "250 2.0.0 Queued" in said
    # swaks ends its data with an empty line of its own.
    arrived(server, body=BODY + b"\n")


@needs("swaks")
def test_swaks_is_refused(server, message):
    host, port = server.address
    said = run("swaks", "--server", f"{host}:{port}", "--from", SENDER,
               "--to", "c@other.example", "--data", message, status=24)
    assert "550 5.7.1" in said
    assert not mails(server)


@needs("smtp-source")
@pytest.mark.parametrize("more", [[], ["-d"]], ids=["new", "kept"])
def test_smtp_source(server, more):
    host, port = server.address
    run("smtp-source", "-s", "5", "-m", "40", "-l", "5000", "-f", SENDER,
        "-t", RCPT, "-M", "client.example", *more, f"inet:{host}:{port}")
    found = mails(server)
    assert len(found) == 40
    assert all(len(text) > 5000 for text in found)


@needs("curl")
def test_curl(server, message):
    host, port = server.address
    message.write_bytes(CRLF_MESSAGE)
    run("curl", "-sS", "--url", f"smtp://{host}:{port}/client.example",
        "--mail-from", SENDER, "--mail-rcpt", RCPT, "--upload-file", message)
    arrived(server)


@needs("msmtp")
def test_msmtp(server, message):
    host, port = server.address
    with open(message, "rb") as text:
        run("msmtp", f"--host={host}", f"--port={port}", f"--from={SENDER}",
            "--domain=client.example", "--tls=off", "--auth=off", "--", RCPT,
            stdin=text)
    arrived(server)


@needs("nc")
def test_nc_half_close(server, message):
    """Everything at once, then the end of its side."""
    host, port = server.address
    stuffed = MESSAGE.replace(b"\n.", b"\n..").replace(b"\n", b"\r\n")
    said = run("nc", "-N", host, port, input=(
        f"EHLO client.example\r\nMAIL FROM:<{SENDER}>\r\n"
        f"RCPT TO:<{RCPT}>\r\nDATA\r\n").encode() + stuffed + b".\r\nNOOP\r\n")
    codes = [line[:3] for line in said.splitlines() if line[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "354", "250", "250"]
    arrived(server)


def test_smtplib(server):
    with smtplib.SMTP(*server.address, "client.example",
                      timeout=WAIT) as client:
        refused = client.sendmail(
            SENDER, [RCPT, "nobody@other.example", "d@example.com"],
            CRLF_MESSAGE, ["BODY=8BITMIME"])
        assert list(refused) == ["nobody@other.example"]
        assert refused["nobody@other.example"][0] == 550
        assert client.has_extn("size") and \
            client.esmtp_features["size"] == "1000000"
        arrived(server)
        with pytest.raises(smtplib.SMTPSenderRefused) as error:
            client.sendmail(SENDER, RCPT, b"x" * 1000001)
        assert error.value.smtp_code == 552
        client.rset()
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(SENDER, "nobody@other.example", CRLF_MESSAGE)
        assert client.verify("someone")[0] == 252
        client.sendmail(SENDER, RCPT, CRLF_MESSAGE)
    arrived(server, 2)


# ---- Postfix ----

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
config_directory = {conf}
queue_directory = {top}/queue
data_directory = {top}/data
maillog_file = {top}/log
maillog_file_prefixes = {top}
myhostname = relay.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relayhost = [{host}]:{relay_port}
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_relay_restrictions = permit_mynetworks, reject
alias_maps =
local_recipient_maps =
smtp_send_xforward_command = yes
"""


def greeted(port, *logs):
    """A client of 127.0.0.1, once somebody answers there."""
    def attempt():
        try:
            return smtplib.SMTP("127.0.0.1", port, "client.example",
                                timeout=WAIT)
        except (OSError, smtplib.SMTPException):
            return None
    return until(attempt, *logs)


class Postfix:
    """`more`, `services`: more lines of main.cf and master.cf."""

    def __init__(self, top, relay, more="", services=""):
        self.top = top
        self.conf = top / "conf"
        self.port = free_port("127.0.0.1")
        self.conf.mkdir(parents=True)
        for name in ("queue", "data"):
            (top / name).mkdir()
        shutil.chown(top / "data", "postfix")
        (self.conf / "master.cf").write_text(MASTER.format(
            port=self.port) + services)
        (self.conf / "main.cf").write_text(MAIN.format(
            conf=self.conf, top=top, host=relay[0], relay_port=relay[1]) +
            more)
        run("postfix", "-c", self.conf, "start")

    def log(self):
        path = self.top / "log"
        return path.read_text() if path.exists() else ""

    def stop(self):
        run("postfix", "-c", self.conf, "stop")

    def accepts(self):
        """The client, once smtpd has started."""
        return greeted(self.port, self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        # Its processes may still write their last.
        until(self.is_removed, self.log)

    def is_removed(self):
        shutil.rmtree(self.top, ignore_errors=True)
        return not self.top.exists()


@pytest.fixture
def postfix(server, stage):
    with Postfix(stage.base / "postfix", server.address) as relay:
        yield relay


@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
def test_postfix_relays(server, postfix):
    count = 20
    with postfix.accepts() as client:
        for i in range(count):
            client.sendmail(SENDER, [RCPT, f"d{i}@example.com"],
                            CRLF_MESSAGE, ["BODY=8BITMIME"])
        client.sendmail(SENDER, "nobody@other.example", CRLF_MESSAGE)
    until(lambda: len(mails(server)) >= count and
          "550 5.7.1" in postfix.log() and
          postfix.log().count("status=sent") >= 2 * count,
          postfix.log, server.log)
    arrived(server, count)
    # The refusal reached Postfix as what it is: no second try.
    assert "status=bounced" in postfix.log()
    assert all(b"from relay.example (" in text for text in mails(server))
