# SPDX-License-Identifier: MIT
"""Plugins of Debian's qpsmtpd, unmodified, where time matters."""
import socket
import time

import pytest

from real import QPSMTPD_PLUGINS, WAIT

pytestmark = pytest.mark.skipif(not QPSMTPD_PLUGINS.exists(),
                                reason="qpsmtpd is not installed")


@pytest.fixture
def site(hookline):
    """A server with one of them; not yet started."""
    def make(name, args=""):
        return hookline(
            plugin_dirs=str(QPSMTPD_PLUGINS), rcpthosts="example.com",
            plugins=[f"perl:{name} {args}", "rcpt_ok", "queue/discard"])
    return make


def test_earlytalker(site):
    server = site("earlytalker", "wait 2 check-at CONNECT check-at DATA")
    server.start()
    since = time.monotonic()
    patient = server.client()
    assert time.monotonic() - since > 1.9
    patient.ask("MAIL FROM:<a@b.example>")
    patient.ask("RCPT TO:<c@example.com>")
    patient.sock.sendall(b"DATA\r\nSubject: too early\r\n\r\n.\r\n")
    patient.expect("554")
    patient.close()
    with socket.create_connection(server.address, WAIT) as early:
        early.sendall(b"EHLO client.example\r\n")
        assert early.recv(1000).startswith(b"550 ")
