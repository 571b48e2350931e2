# SPDX-License-Identifier: MIT
"""HAProxy in front, and the clients of XCLIENT: whose address hooks see."""
import os
import smtplib
import ssl
import subprocess

import pytest

from real import WAIT, free_ports
from test_clients import Postfix, greeted, needs

HAPROXY = """\
global
    maxconn 100
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend v1
    bind 127.0.0.1:{v1}
    default_backend v1
frontend v2
    bind 127.0.0.1:{v2}
    default_backend v2
frontend tls
    bind 127.0.0.1:{tls} ssl crt {pem}
    default_backend tls
backend v1
    server s {host}:{port} send-proxy
backend v2
    server s {host}:{port} send-proxy-v2 proxy-v2-options crc32c,unique-id
backend tls
    server s {host}:{port} send-proxy-v2-ssl proxy-v2-options ssl,cert-cn,ssl-cipher,authority
"""
CLIENT = "127.0.0.61"


def certificate(authority, top):
    """With its key, as HAProxy wants them."""
    authority.give("mx.example", "ec", top)
    pem = top / "pem"
    pem.write_text("".join((top / f"mx.example.{end}").read_text()
                           for end in ("crt", "key")))
    return pem


@pytest.fixture
def behind(hookline, tmp_path):
    """A server behind HAProxy; ports by name of the frontend."""
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com", proxy_hosts="127.0.0.0/8",
                      proxy_timeout="5")
    server.config("listen", ["%s:%d proxy" % server.address])
    server.start()
    ports = dict(zip(("v1", "v2", "tls"), free_ports("127.0.0.1", 3)))
    conf = tmp_path / "haproxy.cfg"
    conf.write_text(HAPROXY.format(
        host=server.host, port=server.address[1],
        pem=certificate(server.stage.authority, tmp_path), **ports))
    process = subprocess.Popen(["haproxy", "-db", "-f", conf],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        greeted(ports["v1"]).quit()
        yield server, ports
    finally:
        process.terminate()
        process.wait(WAIT)


def send(client):
    client.sendmail("a@client.example", "c@example.com",
                    b"Subject: x\r\n\r\nbody\r\n")
    client.quit()


def received(server):
    texts = [path.read_bytes()
             for path in (server.state / "maildir" / "new").glob("*")]
    assert len(texts) == 1
    return texts[0]


@needs("haproxy")
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_haproxy(behind, version):
    server, ports = behind
    with smtplib.SMTP("127.0.0.1", ports[version], "client.example",
                      timeout=WAIT, source_address=(CLIENT, 0)) as client:
        send(client)
    assert f"[{CLIENT}])".encode() in received(server)
    assert f"ip={CLIENT} " in server.wait_line(" event=accept ")[0]


@needs("haproxy")
def test_haproxy_tls(behind):
    """The client's TLS ends at the proxy, which tells of it."""
    server, ports = behind
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP_SSL("127.0.0.1", ports["tls"], "client.example",
                          timeout=WAIT, context=context,
                          source_address=(CLIENT, 0)) as client:
        assert not client.has_extn("starttls")
        send(client)
    assert f"[{CLIENT}])".encode() in received(server)


@needs("haproxy")
def test_stranger(behind):
    """Nobody else gets through; a client that the proxy does not tell of is
    closed without a word."""
    server, _ = behind
    with pytest.raises((OSError, smtplib.SMTPException)):
        with smtplib.SMTP(*server.address, "client.example", timeout=WAIT) as \
                client:
            client.noop()
    server.wait_line("event=proxy_refused")


@needs("swaks")
def test_swaks_xclient(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com", xclient_hosts="127.0.0.1")
    server.start()
    host, port = server.address
    result = subprocess.run(
        ["swaks", "--server", f"{host}:{port}", "--from", "a@client.example",
         "--to", "c@example.com", "--helo", "h.example",
         "--xclient-addr", "192.0.2.7", "--xclient-name", "client.example"],
        capture_output=True, text=True, timeout=WAIT, check=False)
    assert result.returncode == 0, result.stdout
    assert b"from h.example (client.example [192.0.2.7])" in \
        received(server).replace(b"\n\t", b" ")


@needs("postfix")
@pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root to start")
def test_postfix_xforward(hookline, stage):
    """A Postfix in between tells whom it has the message from."""
    server = hookline(plugins=["rcpt_ok", "queue/maildir $STATE/maildir"],
                      rcpthosts="example.com", xclient_hosts="127.0.0.1")
    server.start()
    with Postfix(stage.base / "postfix-xforward", server.address) as relay:
        relay.accepts().quit()
        with smtplib.SMTP("127.0.0.1", relay.port, "first.example",
                          timeout=WAIT, source_address=(CLIENT, 0)) as client:
            send(client)
        server.wait_line("event=accept")
    assert b"from first.example (" in received(server)
    assert f"[{CLIENT}])".encode() in received(server)
    server.wait_line("event=accept", f"orig_ip={CLIENT}")
