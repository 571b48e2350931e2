# SPDX-License-Identifier: MIT
"""Waiting is done in fibers: 500 sessions of one worker wait at once for a DNS,
a clamd and a spamd that take everything and answer nothing, and those who need
none of them are served as before."""
import resource
import socket
import statistics
import struct
import threading
import time

import pytest

from real import Client, free_port, sanitized, until
from services import HOST

KINDS = ("dns", "clamd", "spamd")
EACH = 167  # 501 sessions
ROUNDS = 200


class Silent:
    """Takes connections and keeps them."""

    def __init__(self):
        self.clients = []
        self.listener = socket.create_server((HOST, 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                self.clients.append(self.listener.accept()[0])
            except OSError:
                return

    def waiting(self):
        return len(self.clients)

    def let_go(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.clients:
            client.close()


class SilentDns:
    """Answers nothing, until it says that no name exists."""

    def __init__(self):
        self.sock = socket.socket(type=socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind((HOST, 0))
        self.port = self.sock.getsockname()[1]
        self.queries, self.is_silent = {}, True
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                query, client = self.sock.recvfrom(4096)
            except OSError:
                return
            self.queries[query[12:]] = query, client
            if not self.is_silent:
                self.answer(query, client)

    def answer(self, query, client):
        end = query.index(b"\0", 12) + 5
        self.sock.sendto(query[:2] + struct.pack(
            "!5H", 0x8183, 1, 0, 0, 0) + query[12:end], client)

    def waiting(self):
        return len({question.partition(b"\7example")[0]
                    for question in self.queries})

    def let_go(self):
        self.is_silent = False
        for query, client in list(self.queries.values()):
            self.answer(query, client)


def transactions(client):
    """Milliseconds of each."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        client.send(b"Subject: x\r\n\r\nText.\r\n")
        times.append((time.perf_counter() - begin) * 1000)
    return times


def figures(times):
    times = sorted(times)
    return (f"median {statistics.median(times):.2f} ms, "
            f"95 % {times[len(times) * 95 // 100]:.2f} ms")


@pytest.fixture
def many_files():
    """Each session is one of ours, and so is what it waits for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def begin(server, port, kind, number):
    """A session that waits; returns when its last bytes are sent."""
    client = Client((server.host, port))
    sender = f"a@d{number}.example" if kind == "dns" else "a@b.example"
    client.say(f"MAIL FROM:<{sender}>")
    if kind != "dns":
        client.expect("250")
        client.ask("RCPT TO:<c@example.com>")
        client.ask("DATA", "354")
        client.say("Subject: x\r\n\r\nText.\r\n.")
    return client


def test_500_wait(hookline, many_files, capsys):
    services = {"dns": SilentDns(), "clamd": Silent(), "spamd": Silent()}
    server = hookline(
        plugins=["rcpt_ok", "queue/discard"],
        rcpthosts="example.com", max_per_client="0",
        resolvers=f"{HOST}:{services['dns'].port}")
    host = server.host
    ports = {kind: free_port(host) for kind in KINDS}
    server.config("listen", [f"{host}:{server.vars['PORT']}", *(
        f"{host}:{port} plugins=plugins.{kind}"
        for kind, port in ports.items())])
    lines = {
        "dns": "resolvable_fromhost timeout 120 hl.timeout=150",
        "clamd": f"virus/clamdscan clamd_host {HOST} clamd_port "
                 f"{services['clamd'].port} timeout 120 hl.timeout=150",
        "spamd": f"spamassassin spamd_socket {HOST}:{services['spamd'].port} "
                 "timeout 120 hl.timeout=150",
    }
    for kind, line in lines.items():
        server.config(f"plugins.{kind}", [line, "rcpt_ok", "queue/discard"])
    server.start()
    client = server.client()
    transactions(client)  # warm
    before = transactions(client)
    sessions = {kind: [begin(server, ports[kind], kind, number)
                       for number in range(EACH)] for kind in KINDS}
    until(lambda: all(service.waiting() >= EACH
                      for service in services.values()), server.log)
    during = transactions(client)
    connects = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        server.client().close()
        connects.append((time.perf_counter() - start) * 1000)
    # They all wait still.
    for kind in KINDS:
        for session in sessions[kind]:
            session.sock.setblocking(False)
            with pytest.raises(BlockingIOError):
                session.sock.recv(1)
            session.sock.settimeout(60)
    for service in services.values():
        service.let_go()
    for kind in KINDS:
        for session in sessions[kind]:
            session.expect("450" if kind == "dns" else "250")
            session.close()
    after = transactions(client)
    client.close()
    with capsys.disabled():
        print(f"\n{3 * EACH} sessions wait; another one's messages: before "
              f"{figures(before)}; meanwhile {figures(during)}; after "
              f"{figures(after)}; a connection and EHLO meanwhile "
              f"{figures(connects)}")
    slack = 20 if sanitized() else 5
    assert statistics.median(during) < \
        2 * statistics.median(before) + slack
    assert len(server.lines(" error ", "plugin=virus/clamdscan")) == EACH
    assert len(server.lines(" error ", "plugin=spamassassin")) == EACH
