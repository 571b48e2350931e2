# SPDX-License-Identifier: MIT
"""queue/smtp-forward to a real Postfix, queue/lmtp to a real Dovecot."""
import os
import re
import shutil
import threading

import pytest

from real import free_port, until
from services import HOST, USERS, Dovecot, certificate, missing
from test_clients import Postfix, mails

MESSAGE = (b"From: <a@client.example>\r\nTo: <c@example.com>\r\n"
           b"Subject: from a real client\r\n\r\n"
           b"\xc3\xa4\xc3\xb6\r\n.\r\n..two\r\n" + b"x" * 900 + b"\r\n")


def arrived_as_sent(server, count):
    found = mails(server)
    assert len(found) == count
    return found


def told_id(reply):
    return re.search(r"queued as (\S+) \[", reply)[1]


# ---- Postfix ----

@pytest.fixture
def target(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com")
    server.start()
    return server


@pytest.fixture
def postfix(target, stage):
    if missing("postfix"):
        pytest.skip("Postfix is not installed")
    if os.geteuid() != 0:
        pytest.skip("Postfix needs root")
    keys = stage.base / "postfix-keys"
    keys.mkdir(exist_ok=True)
    certificate(keys, "relay.example")
    more = f"""
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_tls_cert_file = {keys}/cert.pem
smtpd_tls_key_file = {keys}/key.pem
smtpd_tls_received_header = yes
smtpd_recipient_restrictions =
  check_recipient_access inline:{{
    {{ nobody@example.com = 550 5.1.1 no such user }},
    {{ busy@example.com = 450 4.2.1 busy }} }},
  permit_mynetworks, reject
smtpd_relay_restrictions = permit
message_size_limit = 100000
smtpd_recipient_limit = 3
"""
    with Postfix(stage.base / "postfix", target.address, more) as relay:
        relay.accepts().quit()
        relay.ca = stage.base / "forward-ca.pem"
        shutil.copy(keys / "ca.pem", relay.ca)
        relay.ca.chmod(0o644)
        yield relay


def forward(hookline, postfix, *words):
    server = hookline(plugins=["rcpt_ok", " ".join(
        ["queue/smtp-forward", HOST, str(postfix.port), *words])],
        rcpthosts="example.com")
    server.start()
    return server


def test_postfix(hookline, postfix, target):
    """The id that the client hears is Postfix's; its refusals are the
    client's; one connection in TLS for all."""
    server = forward(hookline, postfix, "tls verify tls_ca",
                     str(postfix.ca), "tls_name relay.example")
    client = server.client()
    ids = [told_id(client.send(MESSAGE)) for _ in range(3)]
    for name, code in ("nobody", "552 5.1.1 "), ("busy", "452 4.2.1 "):
        reply = client.send(MESSAGE, rcpt=name + "@example.com", code=code)
        assert f"<{name}@example.com>: Recipient address rejected: " in reply
    reply = client.send(b"Subject: x\r\n\r\n" + b"x" * 99 + b"\r\n" +
                        (b"y" * 98 + b"\r\n") * 1010, code="552 5.3.4")
    ids.append(told_id(client.send(MESSAGE)))
    client.close()
    for name in ids:
        until(lambda: f"]: {name}: removed" in postfix.log(), postfix.log)
    assert len(set(ids)) == 4
    assert all(b"\n.\n..two\n" in mail and b"using TLSv1" in mail
               for mail in arrived_as_sent(target, 4))
    # That of the fixture, and ours.
    assert len(re.findall(r"/smtpd\[\d+\]: connect from localhost",
                          postfix.log())) == 2


def test_postfix_takes_fewer(hookline, postfix, target):
    """It takes three at once: the rest over other connections."""
    server = forward(hookline, postfix)
    client = server.client()
    client.ask("MAIL FROM:<a@client.example>")
    for n in range(8):
        client.ask(f"RCPT TO:<c{n}@example.com>")
    client.ask("DATA", "354")
    client.sock.sendall(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    client.expect("250 2.0.0 queued as")
    client.close()
    until(lambda: postfix.log().count(": removed") == 3, postfix.log)
    texts = b"".join(mails(target))
    for n in range(8):
        assert texts.count(b"\nDelivered-To: c%d@example.com\n" % n) + \
            texts.startswith(b"Delivered-To: c%d@example.com\n" % n) == 1


def test_postfix_xclient(hookline, postfix, target):
    """Postfix takes the client for its own."""
    server = forward(hookline, postfix, "xclient")
    for name in "one.example", "two.example":
        client = server.client(name)
        reply = client.send(MESSAGE)
        client.close()
        until(lambda: f"]: {told_id(reply)}: removed" in postfix.log(),
              postfix.log)
    texts = b"".join(mails(target))
    for name in b"one.example", b"two.example":
        assert re.search(
            b"\nReceived: from " + name + rb" \(localhost \[127.0.0.1\]\)\n"
            rb"(?:\t.*\n)*\tby relay.example \(Postfix\) with ESMTP", texts)
    assert not re.search("xclient.*(warning|error)", postfix.log(), re.I)


def test_postfix_at_once(hookline, postfix, target):
    """Many sessions of a worker, over some connections."""
    server = forward(hookline, postfix, "tls off")
    faults = []

    def work():
        try:
            client = server.client()
            for _ in range(5):
                client.send(MESSAGE)
            client.close()
        except Exception as fault:      # pylint: disable=broad-except
            faults.append(fault)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    until(lambda: len(mails(target)) == 40, postfix.log)


@pytest.mark.parametrize("scheme", ["", "smtps:"])
def test_postfix_submission(hookline, target, stage, scheme):
    """AUTH PLAIN, which Postfix asks Dovecot about, in either kind of TLS."""
    if missing("postfix") or missing("dovecot") or os.geteuid() != 0:
        pytest.skip("Postfix with Dovecot, as root")
    user, password = next(item for item in USERS.items() if ":" not in item[1])
    dovecot = Dovecot(stage.base / "sasl")
    port = free_port(HOST)
    ca = stage.base / "submission-ca.pem"
    shutil.copy(dovecot.folder / "ca.pem", ca)
    ca.chmod(0o644)
    secrets = stage.base / "submission"
    secrets.write_text(f"{HOST} {user}:{password}\n")
    secrets.chmod(0o640)
    shutil.chown(secrets, group="nogroup")
    try:
        dovecot.start()
        with Postfix(stage.base / "submission-postfix", target.address, f"""
smtpd_tls_security_level = may
smtpd_tls_cert_file = {dovecot.folder}/cert.pem
smtpd_tls_key_file = {dovecot.folder}/key.pem
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {dovecot.socket}
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
""", f"{HOST}:{port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n") \
                as relay:
            relay.accepts().quit()
            server = hookline(plugins=["rcpt_ok", " ".join([
                "queue/smtp-forward",
                f"{scheme}{HOST}:{port if scheme else relay.port}",
                f"tls verify tls_ca {ca} auth {secrets}"])],
                rcpthosts="example.com")
            server.start()
            client = server.client()
            client.send(MESSAGE)
            client.send(MESSAGE)
            client.close()
            until(lambda: len(mails(target)) == 2, relay.log)
            assert relay.log().count(f"sasl_username={user}") == 2
    finally:
        dovecot.stop()
        shutil.rmtree(dovecot.folder, ignore_errors=True)


# ---- Dovecot ----

class DovecotLmtp(Dovecot):
    """LMTP at a Unix socket and at a TCP port; users tim and tom, whose
    mailbox is full."""

    def __init__(self, folder):
        super().__init__(folder)
        self.lmtp = free_port(HOST)
        self.lmtp_socket = folder / "run" / "lmtp-test"
        (folder / "users").write_text(
            "tim:{PLAIN}x::::::\ntom:{PLAIN}x::::::"
            "userdb_quota_rule=*:storage=1B\n")
        conf = (folder / "conf").read_text()
        conf = conf.replace("protocols = imap", "protocols = imap lmtp")
        conf = re.sub(r"userdb \{.*?\n\}\n", f"""
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid=nobody gid=nogroup home={folder}/mail/%u
}}
""", conf, flags=re.S)
        (folder / "conf").write_text(conf + f"""
postmaster_address = postmaster@example.com
auth_username_format = %n
mail_plugins = quota
plugin {{
  quota = count:User
  quota_vsizes = yes
}}
service lmtp {{
  unix_listener lmtp-test {{
    mode = 0666
  }}
  inet_listener lmtp {{
    port = {self.lmtp}
  }}
}}
""")

    def is_ready(self):
        return super().is_ready() and self.lmtp_socket.exists()

    def mails(self, user):
        return [path.read_bytes() for path in
                (self.folder / "mail" / user / "new").glob("*")]


@pytest.fixture
def dovecot(stage):
    if missing("dovecot", "lmtp"):
        pytest.skip("Dovecot's LMTP is not installed")
    service = DovecotLmtp(stage.base / "lmtp")
    try:
        yield service.start()
    finally:
        service.stop()
        shutil.rmtree(service.folder, ignore_errors=True)


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_dovecot(hookline, dovecot, way):
    where = f"unix:{dovecot.lmtp_socket}" if way == "unix" \
        else f"{HOST} {dovecot.lmtp}"
    server = hookline(plugins=["rcpt_ok", f"queue/lmtp {where}"],
                      rcpthosts="example.com")
    server.start()
    client = server.client()
    for _ in range(3):
        client.send(MESSAGE, rcpt="tim@example.com")
    reply = client.send(MESSAGE, rcpt="nobody@example.com", code="552 5.1.1")
    assert "User doesn't exist" in reply
    reply = client.send(MESSAGE, rcpt="tom@example.com", code="552 5.2.2")
    client.send(MESSAGE, rcpt="tim@example.com")
    # One reply for both: the one that failed is kept.
    client.ask("MAIL FROM:<a@client.example>")
    client.ask("RCPT TO:<tim@example.com>")
    client.ask("RCPT TO:<tom@example.com>")
    client.ask("DATA", "354")
    client.sock.sendall(MESSAGE.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    client.expect("250 2.0.0 queued as Saved")
    client.close()
    kept, = (server.state / "undelivered").iterdir()
    assert "X-Failed: <tom@example.com> 5.2.2 " in kept.read_text()
    until(lambda: len(dovecot.mails("tim")) == 5, dovecot.output)
    assert all(b"\n.\n..two\n" in mail for mail in dovecot.mails("tim"))
    assert not dovecot.mails("tom")
