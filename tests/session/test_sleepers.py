# SPDX-License-Identifier: MIT
"""Sessions that wait do not hold up others, and cost little.

HOOKLINE_SLEEP_MS: how long a sleeper sleeps, 3000 if not set.
"""
import json
import os
import resource
import select
import time
from pathlib import Path

import pytest

from real import Client, sanitized, until

SESSIONS = 1000
SLEEP_MS = int(os.environ.get("HOOKLINE_SLEEP_MS", 3000))
# 1.5 KiB are wanted; a test that must not fail by chance says more.
IDLE_MAX = 2560


def descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = SESSIONS * 2 + 500
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (min(wanted, hard), hard))
    return min(max(soft, wanted), hard) >= SESSIONS + 300


pytestmark = pytest.mark.skipif(not descriptors(),
                                reason="too few descriptors (ulimit -n)")


def totals(server):
    status, text = server.ask(["ctl", "stats", "--json"])
    assert status == 0, text
    return json.loads(text)["totals"]


def worker_pid(server):
    status, text = server.ask(["ctl", "status", "--json"])
    assert status == 0, text
    return json.loads(text)["workers"][0]["pid"]


def open_sessions(server, count):
    """Opened together, greeted and answered together."""
    clients = [Client(server.address, None) for _ in range(count)]
    for client in clients:
        client.say("EHLO client.example")
    for client in clients:
        client.expect("220")
        client.expect("250")
    return clients


@pytest.fixture
def server(hookline):
    server = hookline(plugins=["sleeper hl.timeout=300", "rcpt_ok",
                               "queue/discard"],
                      rcpthosts="example.com", max_per_client="0",
                      loglevel="notice")
    server.plugin(Path(__file__).with_name("sleeper.c"))
    server.start()
    return server


def messages_beside(server, sleepers, other, sleep_ms):
    """How many ms 100 messages took while all of the sleepers slept, or None
    if the sleepers were awake by then."""
    for client in sleepers:
        client.ask("MAIL FROM:<a@b.example>")
    start = time.monotonic()

    def passed_ms():
        return (time.monotonic() - start) * 1000

    for client in sleepers:
        client.say(f"RCPT TO:<sleep-{sleep_ms}@example.com>")
    until(lambda: totals(server)["fibers"] >= SESSIONS
          or passed_ms() > sleep_ms)
    for _ in range(100):
        other.send(b"Subject: x\r\n\r\nbody\r\n")
    poll = select.poll()
    for client in sleepers:
        poll.register(client.sock, select.POLLIN)
    early = len(poll.poll(0))
    done_ms = passed_ms()
    if done_ms < sleep_ms:
        assert early == 0, f"{early} woke within {done_ms:.0f} ms"
    for client in sleepers:
        client.expect("250")
    assert passed_ms() >= sleep_ms
    until(lambda: totals(server)["fibers"] == 0)
    return done_ms if done_ms < sleep_ms else None


def test_sleepers(server):
    sleepers = open_sessions(server, SESSIONS)
    other = server.client()
    # Longer on a machine that is too slow or too busy.
    for sleep_ms in (SLEEP_MS, 5 * SLEEP_MS, 20 * SLEEP_MS):
        took_ms = messages_beside(server, sleepers, other, sleep_ms)
        if took_ms is not None:
            break
        for client in sleepers:
            client.ask("RSET")
    assert took_ms is not None, "nobody was served beside the sleepers"
    print(f"100 messages beside {SESSIONS} sleepers: {took_ms:.0f} ms")
    for client in sleepers + [other]:
        client.close()
    until(lambda: totals(server)["sessions"] == 0)


def test_idle_sessions(server):
    """At rest a session has no fiber and no buffer."""
    warm = open_sessions(server, 100)
    pid = worker_pid(server)
    until(lambda: totals(server)["fibers"] == 0)
    before = pss(pid)
    more = open_sessions(server, SESSIONS)
    until(lambda: totals(server)["sessions"] == SESSIONS + 100)
    until(lambda: totals(server)["fibers"] == 0)
    each = (pss(pid) - before) / SESSIONS
    print(f"an idle session takes {each:.0f} bytes")
    for client in warm + more:
        client.ask("NOOP")
        client.close()
    if not sanitized():
        assert each <= IDLE_MAX


def pss(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Pss")
