# SPDX-License-Identifier: MIT
"""Real clients speak TLS: STARTTLS and from the first byte."""
import os
import select
import smtplib
import socket
import ssl
import subprocess
import time

import pytest

from real import WAIT, until
from test_clients import (BODY, CRLF_MESSAGE, MESSAGE, RCPT, SENDER, Postfix,
                          arrived, mails, needs, run)

from dlg.tls import Authority  # found by real.py

VERSIONS = {"1.2": "TLSv1.2", "1.3": "TLSv1.3"}


@pytest.fixture
def server(hookline, stage):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com", tls_request_cert="1",
                      max_per_client="0", tls_timeout="600",
                      loglevel="debug")
    authority = Authority(stage.base / "ca")
    for name, kind in (("mx.example", "ec"), ("rsa.example", "rsa"),
                       ("client.example", "ec")):
        authority.give(name, kind, server.tmp)
    for path in server.tmp.glob("*.key"):
        stage.give(path)
    host, port = server.address
    server.config("listen", [f"{host}:{port}",
                             f"{host}:{server.vars['PORT2']} tls name=smtps"])
    server.config("tls_certs", [
        f"{name} {server.tmp}/{name}.crt {server.tmp}/{name}.key"
        for name in ("mx.example", "rsa.example")])
    server.config("tls_client_ca", [f"{server.tmp}/ca.crt"])
    server.start()
    server.smtps = int(server.vars["PORT2"])
    return server


@pytest.fixture
def message(tmp_path):
    path = tmp_path / "message"
    path.write_bytes(MESSAGE)
    return path


def arrived_by_tls(server, count=1, version="TLSv1.3", body=BODY):
    for text in arrived(server, count, body):
        head = text.partition(b"\n\n")[0].decode()
        assert " with ESMTPS id " in head, head
        assert f"({version} cipher " in head, head
    server.wait_line(" tls=" + version)


# ---- openssl ----

def s_client(server, *more, say="QUIT\n", port=None):
    host = server.address[0]
    how = [] if port else ["-starttls", "smtp"]
    return run("openssl", "s_client", "-connect",
               f"{host}:{port or server.address[1]}", *how, "-CAfile",
               server.tmp / "ca.crt", "-verify_return_error", "-crlf",
               "-ign_eof", *more, input=say.encode())


@needs("openssl")
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
@pytest.mark.parametrize("name, kind", [("mx.example", "ECDSA"),
                                        ("rsa.example", "RSA")])
def test_s_client(server, version, name, kind):
    said = s_client(server, "-servername", name, "-verify_hostname", name,
                    "-" + version)
    assert "Verification: OK" in said
    assert f"CN = {name}" in said
    assert ("RSA" in said.partition("Peer signature type:")[2][:20]) == \
        (kind == "RSA")
    assert "221 2.0.0" in said


@needs("openssl")
def test_s_client_implicit(server):
    said = s_client(server, "-servername", "mx.example", "-alpn", "smtp",
                    port=server.smtps, say="EHLO client.example\nQUIT\n")
    assert "220 mx.example ESMTP" in said and "221 2.0.0" in said
    assert "STARTTLS" not in said.partition("220 mx.example")[2]


@needs("openssl")
@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_s_client_resumes(server, tmp_path, version):
    session = tmp_path / "session"
    # The ticket of TLS 1.3 comes with the first thing that is read.
    first = s_client(server, "-" + version, "-sess_out", session,
                     say="EHLO a\nQUIT\n")
    assert "\nNew, " in first
    again = s_client(server, "-" + version, "-sess_in", session,
                     say="EHLO a\nQUIT\n")
    assert "\nReused, " in again
    assert "221 2.0.0" in again


@needs("openssl")
def test_s_client_reconnects(server):
    """Five more handshakes on one key, all resumed."""
    said = s_client(server, "-tls1_2", "-reconnect", port=server.smtps)
    assert said.count("\nReused, ") == 5


@needs("openssl")
def test_s_client_old_version(server):
    result = subprocess.run(
        ["openssl", "s_client", "-connect", "%s:%d" % server.address,
         "-starttls", "smtp", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=WAIT, check=False)
    assert b"alert protocol version" in result.stdout
    server.wait_line("event=tls_failed")


@needs("openssl")
def test_s_client_renegotiates_in_vain(server):
    """R on a line of its own asks for it (so no -ign_eof)."""
    process = subprocess.Popen(
        ["openssl", "s_client", "-connect", "%s:%d" % server.address,
         "-starttls", "smtp", "-tls1_2"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""

    def has_said(words):
        nonlocal said
        if select.select([process.stdout], [], [], 1)[0]:
            said += os.read(process.stdout.fileno(), 65536)
        return words in said
    try:
        until(lambda: has_said(b"Verify return code"), lambda: str(said))
        process.stdin.write(b"R\n")
        process.stdin.flush()
        until(lambda: has_said(b"no renegotiation"), lambda: str(said))
        assert b"RENEGOTIATING" in said
    finally:
        process.kill()
        process.communicate()


# ---- clients that send mail ----

@needs("swaks")
@pytest.mark.parametrize("how", [["--tls"], ["--tls", "--pipeline"],
                                 ["--tls-on-connect"]],
                         ids=["starttls", "pipelined", "implicit"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_swaks(server, message, how, version):
    host, port = server.address
    port = server.smtps if "--tls-on-connect" in how else port
    said = run("swaks", "--server", f"{host}:{port}", "--from", SENDER,
               "--to", RCPT, "--helo", "client.example", "--data", message,
               "--tls-protocol", "tlsv" + version.replace(".", "_"),
               "--tls-ca-path", server.tmp / "ca.crt", "--tls-verify",
               "--tls-sni", "mx.example", *how)
    assert "250 2.0.0 Queued" in said
    arrived_by_tls(server, 1, VERSIONS[version], BODY + b"\n")


@needs("curl")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_curl(server, message, scheme):
    host, port = server.address
    port = server.smtps if scheme == "smtps" else port
    message.write_bytes(CRLF_MESSAGE)
    run("curl", "-sS", "--ssl-reqd", "--cacert", server.tmp / "ca.crt",
        "--resolve", f"mx.example:{port}:{host}",
        "--url", f"{scheme}://mx.example:{port}/client.example",
        "--mail-from", SENDER, "--mail-rcpt", RCPT, "--upload-file", message)
    arrived_by_tls(server)


@needs("msmtp")
@pytest.mark.parametrize("starttls", ["on", "off"])
def test_msmtp(server, message, starttls):
    host, port = server.address
    port = port if starttls == "on" else server.smtps
    with open(message, "rb") as text:
        run("msmtp", f"--host={host}", f"--port={port}", f"--from={SENDER}",
            "--domain=client.example", "--auth=off", "--tls=on",
            f"--tls-starttls={starttls}", "--tls-host-override=mx.example",
            f"--tls-trust-file={server.tmp}/ca.crt", "--", RCPT, stdin=text)
    arrived_by_tls(server)


def test_smtplib(server):
    context = ssl.create_default_context(cafile=server.tmp / "ca.crt")
    context.check_hostname = False
    context.load_cert_chain(server.tmp / "client.example.crt",
                            server.tmp / "client.example.key")
    with smtplib.SMTP(*server.address, "client.example",
                      timeout=WAIT) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail(SENDER, RCPT, CRLF_MESSAGE, ["BODY=8BITMIME"])
        assert client.docmd("STARTTLS")[0] == 503
    with smtplib.SMTP_SSL(server.address[0], server.smtps, "client.example",
                          timeout=WAIT, context=context) as client:
        client.sendmail(SENDER, RCPT, CRLF_MESSAGE, ["BODY=8BITMIME"])
    arrived_by_tls(server, 2)


# ---- Postfix ----

MANDATORY = """\
smtp_tls_security_level = encrypt
smtp_tls_CAfile = {ca}
smtp_tls_loglevel = 1
"""
VERIFYING = """\
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = mx.example
smtp_tls_CAfile = {ca}
smtp_tls_loglevel = 1
smtp_tls_cert_file = {cert}
smtp_tls_key_file = {key}
"""


@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
@pytest.mark.parametrize("how", ["may", "encrypt", "certificate"])
def test_postfix(server, stage, how):
    more = {"may": "smtp_tls_security_level = may\nsmtp_tls_loglevel = 1\n",
            "encrypt": MANDATORY, "certificate": VERIFYING}[how]
    more = more.format(
        ca=server.tmp / "ca.crt", cert=server.tmp / "client.example.crt",
        key=server.tmp / "client.example.key")
    count = 5
    with Postfix(stage.base / "postfix-tls", server.address, more) as relay:
        with relay.accepts() as client:
            for _ in range(count):
                client.sendmail(SENDER, [RCPT], CRLF_MESSAGE,
                                ["BODY=8BITMIME"])
        until(lambda: len(mails(server)) >= count and
              relay.log().count("status=sent") >= count,
              relay.log, server.log)
        trust = {"may": "Untrusted", "encrypt": "Trusted",
                 "certificate": "Verified"}[how]
        assert f"{trust} TLS connection established" in relay.log()
        arrived_by_tls(server, count)


# ---- those who never finish ----

def hello():
    """The bytes of a ClientHello."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="mx.example")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_half_open_handshakes(server):
    """Others are served meanwhile, each costs one line, and a drain does not
    wait for them."""
    count = 300
    first = hello()
    half = [socket.create_connection((server.address[0], server.smtps), WAIT)
            for _ in range(count)]
    for sock in half:
        sock.sendall(first)
        assert sock.recv(5)[:1] == b"\x16"      # the server waits for Finished
    context = ssl.create_default_context(cafile=server.tmp / "ca.crt")
    context.check_hostname = False
    with smtplib.SMTP_SSL(server.address[0], server.smtps, "client.example",
                          timeout=WAIT, context=context) as client:
        client.noop()
    for sock in half[:count // 2]:
        sock.close()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 25    # the time of a drain is 30
    for sock in half:
        sock.close()
    lines = {}
    for line in server.log().splitlines():
        sid = line.partition(" sid=")[2].split(" ")[0]
        if " listener=smtps " in line and " helo=client.example " not in line:
            lines.setdefault(sid, []).append(line)
    lines = [found for found in lines.values()
             if "event=tls_failed" in found[0] or
             "state=shutdown" in found[0]]
    assert len(lines) == count
    assert all(len(found) == 1 for found in lines), lines[0]
