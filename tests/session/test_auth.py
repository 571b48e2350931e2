# SPDX-License-Identifier: MIT
"""Real clients authenticate: swaks, curl, msmtp, gsasl, smtplib."""
import base64
import re
import smtplib
import ssl
import statistics
import time
from pathlib import Path

import pytest

from test_clients import needs, run

USER, PASSWORD = "tim@a.example", "tanstaaftanstaaf"
SENDER, RCPT = "tim@a.example", "c@far.example"
MESSAGE = b"From: <tim@a.example>\r\nSubject: x\r\n\r\nbody\r\n"
MX = "mx.example"


def keys_of(password):
    """RFC 5803's form, by gsasl."""
    said = run("gsasl", "--mkpasswd", "--mechanism=SCRAM-SHA-256",
               f"--password={password}", "--iteration-count=5000")
    count, salt, stored, server = re.search(
        r"\{SCRAM-SHA-256\}(\d+),([^,]+),([^,]+),(\S+)", said).groups()
    return f"SCRAM-SHA-256${count}:{salt}${stored}:{server}"


@pytest.fixture
def make(hookline):
    """A server with TLS and a certificate for mx.example; files as given."""
    def start(**files):
        files = {"plugins": ["auth/auth_flat_file", "tokens", "rcpt_ok",
                             "queue/maildir $STATE/maildir"],
                 "flat_auth_pw": [f"{USER}:{PASSWORD}"], "me": MX,
                 "auth_delay": "0", "tls_request_cert": "1", **files}
        server = hookline(**files)
        server.plugin(Path(__file__).with_name("tokens.c"))
        for name in (MX, "client.example"):
            server.stage.authority.give(name, "ec", server.tmp)
        server.config("tls_certs", [
            f"{MX} {server.tmp}/{MX}.crt {server.tmp}/{MX}.key"])
        server.config("tls_client_ca", [f"{server.tmp}/ca.crt"])
        server.start()
        return server
    return start


def passed(server, mechanism, user=USER):
    """It is in the log, and no password is."""
    server.wait_line("event=auth result=ok ",
                     f" mechanism={mechanism} user={user}")
    log = server.log()
    assert PASSWORD not in log
    assert base64.b64encode(PASSWORD.encode()).decode() not in log


def failed(server, mechanism):
    server.wait_line("event=reject ", " code=535 ", f" mechanism={mechanism}")


def mails(server):
    return [path.read_text()
            for path in (server.state / "maildir" / "new").glob("*")]


# ---- swaks -------------------------------------------------------------------

@needs("swaks")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks(make, mechanism):
    server = make(tls_before_auth="0")
    host, port = server.address

    def send(password, status):
        return run("swaks", "--server", f"{host}:{port}", "--from", SENDER,
                   "--to", RCPT, "--helo", "client.example", "--auth",
                   mechanism, "--auth-user", USER, "--auth-password",
                   password, "--body", "body", status=status)
    assert "235 2.7.0" in send(PASSWORD, 0)
    passed(server, mechanism.lower())
    assert "with ESMTPA id" in mails(server)[0]
    assert f"auth=pass ({mechanism.lower()}) smtp.auth={USER}" in \
        mails(server)[0]
    assert "535 5.7.8" in send("wrong", 28)
    failed(server, mechanism.lower())


@needs("swaks")
def test_swaks_is_not_offered_auth_in_clear(make):
    server = make()
    host, port = server.address
    said = run("swaks", "--server", f"{host}:{port}", "--to", RCPT, "--helo",
               "client.example", "--auth", "PLAIN", "--auth-user", USER,
               "--auth-password", PASSWORD, status=28)
    assert "AUTH" not in said.replace("*** Host did not advertise "
                                      "authentication", "")


# ---- curl --------------------------------------------------------------------

def curl(server, *more, status=0):
    host, port = server.address
    message = server.tmp / "message"
    message.write_bytes(MESSAGE)
    return run("curl", "-sS", "-v", "--url", f"smtp://{MX}:{port}",
               "--connect-to", f"{MX}:{port}:{host}:{port}", "--ssl-reqd",
               "--cacert", server.tmp / "ca.crt", "--mail-from", SENDER,
               "--mail-rcpt", RCPT, "--upload-file", message, *more,
               status=status)


@needs("curl")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_curl(make, mechanism):
    server = make()
    option = ["--login-options", f"AUTH={mechanism}"]
    curl(server, *option, "--user", f"{USER}:{PASSWORD}")
    passed(server, mechanism.lower())
    assert "with ESMTPSA id" in mails(server)[0]
    curl(server, *option, "--user", f"{USER}:wrong", status=67)
    failed(server, mechanism.lower())


@needs("curl")
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_curl_token(make, mechanism):
    server = make(auth_mechanisms=mechanism)
    curl(server, "--user", USER, "--oauth2-bearer", "good")
    passed(server, mechanism.lower())
    curl(server, "--user", USER, "--oauth2-bearer", "bad", status=67)
    failed(server, mechanism.lower())


@needs("curl")
def test_curl_external(make):
    server = make(auth_mechanisms="EXTERNAL")
    cert = ["--cert", server.tmp / "client.example.crt", "--key",
            server.tmp / "client.example.key"]
    curl(server, *cert, "--user", f"{USER}:", "--login-options",
         "AUTH=EXTERNAL")
    passed(server, "external")
    server.wait_line("hook=auth-external text=\"certificate of "
                     "O=Example,CN=client.example\"")
    # Without a certificate EXTERNAL is not there.
    assert "AUTH" not in re.findall("< 250.*", curl(
        server, "--user", f"{USER}:", "--login-options", "AUTH=EXTERNAL",
        status=55))[-1]


# ---- msmtp -------------------------------------------------------------------

def msmtp(server, mechanism, password, *more, status=0):
    host, port = server.address
    return run("msmtp", "--debug", "--file=/dev/null", f"--host={host}",
               f"--port={port}", "--tls=on", "--tls-starttls=on",
               f"--tls-host-override={MX}", f"--tls-trust-file={server.tmp}"
               "/ca.crt", f"--auth={mechanism}", f"--user={USER}",
               f"--passwordeval=echo {password}", f"--from={SENDER}",
               "--domain=client.example", *more, "--", RCPT,
               input=MESSAGE.replace(b"\r\n", b"\n"), status=status)


@needs("msmtp")
@pytest.mark.parametrize("mechanism", ["plain", "login", "cram-md5",
                                       "scram-sha-256"])
def test_msmtp(make, mechanism):
    server = make()
    msmtp(server, mechanism, PASSWORD)
    passed(server, mechanism)
    msmtp(server, mechanism, "wrong", status=77)
    failed(server, mechanism)


@needs("msmtp")
@pytest.mark.parametrize("mechanism", ["xoauth2", "oauthbearer"])
def test_msmtp_token(make, mechanism):
    server = make()
    msmtp(server, mechanism, "good")
    passed(server, mechanism)
    msmtp(server, mechanism, "bad", status=77)
    failed(server, mechanism)


@needs("msmtp")
def test_msmtp_external(make):
    server = make()
    msmtp(server, "external", "none",
          f"--tls-cert-file={server.tmp}/client.example.crt",
          f"--tls-key-file={server.tmp}/client.example.key")
    passed(server, "external")


# ---- gsasl -------------------------------------------------------------------

def gsasl(server, mechanism, password, *more, status=0):
    host, port = server.address
    return run("gsasl", "--client", "--smtp", f"--connect={host}:{port}",
               f"--hostname={MX}", f"--mechanism={mechanism}",
               f"--authentication-id={USER}", "--authorization-id=",
               f"--password={password}", "--starttls", "--x509-ca-file=",
               "--verbose", *([] if "PLUS" in mechanism else ["--no-cb"]),
               *more, input=b"", status=status)


@needs("gsasl")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5",
                                       "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
def test_gsasl(make, mechanism):
    server = make()
    gsasl(server, mechanism, PASSWORD)
    passed(server, mechanism.lower())
    gsasl(server, mechanism, "wrong", status=1)
    failed(server, mechanism.lower())


@needs("gsasl")
def test_gsasl_stored_keys(make):
    server = make(flat_auth_pw=[f"{USER}:{keys_of(PASSWORD)}"])
    gsasl(server, "SCRAM-SHA-256", PASSWORD)
    passed(server, "scram-sha-256")
    gsasl(server, "PLAIN", PASSWORD)
    passed(server, "plain")
    # What only clear text could do is refused.
    gsasl(server, "CRAM-MD5", PASSWORD, status=1)


# ---- smtplib -----------------------------------------------------------------

@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_smtplib(make, mechanism):
    server = make(auth_mechanisms=mechanism)
    context = ssl.create_default_context(cafile=f"{server.tmp}/ca.crt")
    context.check_hostname = False
    with smtplib.SMTP(*server.address, "client.example") as client:
        client.starttls(context=context)
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(USER, "wrong")
        assert refused.value.smtp_code == 535
        assert client.login(USER, PASSWORD)[0] == 235
        client.sendmail(SENDER, [RCPT], MESSAGE)
    passed(server, mechanism.lower())
    assert len(mails(server)) == 1


# ---- who does not exist -----------------------------------------------------

def scram_first(server, user):
    """What the server shows of a user before anything is proved."""
    client = server.client()
    first = base64.b64encode(f"n,,n={user},r=abcdefgh".encode()).decode()
    said = base64.b64decode(client.ask("AUTH SCRAM-SHA-256 " + first,
                                       "334")[4:]).decode()
    nonce, salt, iterations = re.fullmatch(
        r"r=abcdefgh([^,]+),s=([^,]+),i=(\d+)", said).groups()
    proof = base64.b64encode(
        f"c=biws,r=abcdefgh{nonce},p={'A' * 43}=".encode()).decode()
    reply = client.ask(proof, "535")
    client.close()
    return salt, iterations, reply


def test_unknown_users_look_like_others(make):
    """The same salt each time, also in another process; the same reply."""
    server = make(tls_before_auth="0", max_auth_failures_per_client="0",
                  workers="2")
    known, unknown = scram_first(server, USER), scram_first(server, "nobody")
    assert known[1:] == unknown[1:]
    assert len(known[0]) == len(unknown[0]) and known[0] != unknown[0]
    for _ in range(8):      # both workers
        assert scram_first(server, "nobody") == unknown
        assert scram_first(server, USER) == known
    server.stop()
    server.start()
    assert scram_first(server, "nobody") == unknown
    assert scram_first(server, USER) == known


def first_answer_s(client, user):
    """How long the server looks for a user; cancelled, so never refused."""
    first = base64.b64encode(f"n,,n={user},r=abcdefgh".encode()).decode()
    begin = time.perf_counter()
    client.ask("AUTH SCRAM-SHA-256 " + first, "334")
    passed_s = time.perf_counter() - begin
    client.ask("*", "501")
    return passed_s


def test_unknown_users_take_as_long(make):
    """Keys made of a password in clear text take time, which would tell."""
    server = make(tls_before_auth="0", max_errors="0")
    client = server.client()
    known, unknown = [], []
    for _ in range(40):
        known.append(first_answer_s(client, USER))
        unknown.append(first_answer_s(client, "nobody"))
    client.close()
    assert statistics.median(unknown) > statistics.median(known) / 2
