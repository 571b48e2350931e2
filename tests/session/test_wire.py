# SPDX-License-Identifier: MIT
"""What a conversation costs on the wire, and clients that do not read."""
import json
import socket
import struct
import time

import pytest

from real import Client, until


def segments_in(sock):
    """Segments with data that came in; tcpi_data_segs_in of Linux."""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return struct.unpack_from("I", info, 152)[0]


@pytest.fixture
def server(hookline):
    server = hookline(plugins=["rcpt_ok", "queue/discard"],
                      rcpthosts="example.com", max_junk="0",
                      max_per_client="0")
    server.start()
    return server


def test_group_is_one_write(server):
    """The replies to a pipelined group come in one segment."""
    client = server.client()
    before = segments_in(client.sock)
    client.say("NOOP")
    client.expect("250")
    assert segments_in(client.sock) == before + 1

    before = segments_in(client.sock)
    client.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n"
               "RCPT TO:<no@other.example>\r\nRCPT TO:<d@example.com>\r\nDATA")
    for code in ("250 2.1.0", "250 2.1.5 <c@", "550", "250 2.1.5 <d@", "354"):
        client.expect(code)
    assert segments_in(client.sock) == before + 1

    before = segments_in(client.sock)
    client.say("Subject: x\r\n\r\nx\r\n.\r\nMAIL FROM:<a@b.example>\r\nRSET")
    for _ in range(3):
        client.expect("250")
    assert segments_in(client.sock) == before + 1
    client.close()


def test_two_segments_for_each_message(server):
    """A client that pipelines as well as it may waits twice a message."""
    client = server.client()
    before = segments_in(client.sock)
    for _ in range(50):
        client.send(b"Subject: x\r\n\r\nx\r\n")
    assert segments_in(client.sock) - before == 100
    client.close()


def test_client_that_does_not_read(server):
    """It is answered later, in order; others are not held up."""
    count = 200000
    deaf = server.client()
    deaf.sock.setblocking(False)
    rest = b"".join(b"HELP %d\r\n" % i for i in range(count))
    end = time.monotonic() + 2
    while rest and time.monotonic() < end:  # until the server reads no more
        try:
            rest = rest[deaf.sock.send(rest[:65536]):]
        except BlockingIOError:
            time.sleep(0.01)
    other = server.client()
    for _ in range(20):
        other.send(b"Subject: x\r\n\r\nx\r\n")
    other.close()

    deaf.sock.setblocking(True)
    deaf.sock.settimeout(60)
    lines = 0
    while lines < count:
        if rest:
            deaf.sock.setblocking(False)
            try:
                rest = rest[deaf.sock.send(rest[:65536]):]
            except BlockingIOError:
                pass
            deaf.sock.settimeout(60)
        got = deaf.sock.recv(1 << 20)
        assert got
        lines += got.count(b"\n")
    assert lines == count and not rest
    deaf.close()


def test_many_open_and_close(server):
    """Connections that end in each way leave nothing behind."""
    for i in range(300):
        client = Client(server.address, None)
        if i % 3 == 0:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        elif i % 3 == 1:
            client.say("EHLO x\r\nQUIT")
            client.expect("220")
        client.close()

    def at_rest():
        status, text = server.ask(["ctl", "stats", "--json"])
        assert status == 0
        totals = json.loads(text)["totals"]
        return totals["sessions"] == totals["fibers"] == 0
    until(at_rest)
