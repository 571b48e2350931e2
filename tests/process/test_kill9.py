# SPDX-License-Identifier: MIT
"""250 means kept: kill -9 of a worker loses nothing that was acknowledged.

Clients number their messages, note the number when its 250 has come, and
reconnect when their worker dies; half of them send by BDAT.  In the end every noted number must be in
the maildir.  That the test can fail is shown with a queue plugin that answers
before it stores.
"""
import os
import random
import re
import signal
import threading
import time

import pytest

from conftest import WAIT, alive, until
from shipped import Hungup, Smtp, maildir_files, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)

CLIENTS = 6
KILLS = int(os.environ.get("HOOKLINE_KILLS", "6"))
BODY = "x" * 70 + "\r\n"


class Client(threading.Thread):
    """Sends numbered messages until it is told to stop."""

    def __init__(self, where, name):
        super().__init__(daemon=True)
        self.where = where
        self.name = name
        self.by_chunks = name[-1] in "13579"
        self.noted = []
        self.reconnects = -1
        self.last_250 = 0.0
        self.number = 0
        self.stopping = threading.Event()

    def text(self, number):
        lines = BODY * random.choice([1, 10, 3000])
        return f"X-Number: {self.name}-{number}\r\n\r\n{lines}end"

    def session(self):
        with Smtp(self.where) as smtp:
            self.reconnects += 1
            while not self.stopping.is_set():
                self.number += 1
                send = smtp.chunks if self.by_chunks else smtp.message
                reply = send(self.text(self.number))
                if reply.startswith("250"):
                    self.noted.append(f"{self.name}-{self.number}")
                    self.last_250 = time.monotonic()

    def run(self):
        while not self.stopping.is_set():
            try:
                self.session()
            except (Hungup, OSError):
                time.sleep(0.01)


def stored(maildir):
    """The numbers in the maildir; every message there is whole."""
    numbers = set()
    for path in maildir_files(maildir):
        text = path.read_text()
        assert text.endswith("\nend\n"), path
        numbers.add(re.search(r"^X-Number: (\S+)$", text, re.M)[1])
    return numbers


def kill_one(server, clients):
    """Kills a worker; service must go on while and after it is replaced."""
    victim = until(lambda: [w["pid"] for w in server.workers()
                            if w["connections"] > 0])[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: not alive(victim))
    killed = time.monotonic()
    until(lambda: max(c.last_250 for c in clients) > killed)
    until(lambda: len(server.workers()) == 2)


def run(server, queue):
    """Numbers that were noted, and those that are there."""
    maildir = server.state / "maildir"
    server.write("plugins", f"rcpt_ok\n{queue} maildir")
    server.start("--workers", "2")
    clients = [Client(server.where(), f"c{i}") for i in range(CLIENTS)]
    for client in clients:
        client.start()
    until(lambda: all(len(c.noted) > 5 for c in clients))
    for _ in range(KILLS):
        kill_one(server, clients)
        time.sleep(random.uniform(0.05, 0.2))
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(WAIT)
        assert not client.is_alive()
    assert sum(c.reconnects for c in clients) >= KILLS
    server.signal(signal.SIGTERM)
    server.wait()
    return [number for c in clients for number in c.noted], stored(maildir)


@pytest.fixture
def server(base):
    server = stage(base, os.environ["HOOKLINE_EARLY"])
    yield server
    server.finish()


def test_kept(server):
    noted, there = run(server, "queue/maildir")
    assert len(set(noted)) == len(noted) > CLIENTS * 5
    assert set(noted) - there == set()


def test_that_the_test_can_fail(server):
    noted, there = run(server, "early")
    assert set(noted) - there != set()
