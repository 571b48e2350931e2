#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""perl_bench.py - what Perl hosts cost, beside their plugins' own work.

    HOOKLINE=build/release/hookline tests/bench/perl_bench.py

 - One round trip: NOOP with a hook in Perl that does nothing, less NOOP
   without, in microseconds of the worker's and of the host's processor time.
 - Memory of 100 connections in their second DATA, each with its host and 12 of
   qpsmtpd's files; shared pages counted once (PSS).
 - 1,000 connections of which 100 come to a Perl hook: the same, and how long
   an RSET of the others takes.
"""
import os
import resource
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "session")]

from real import CRLF, QPSMTPD_PLUGINS, RealServer, Stage, until  # noqa: E402

NOOPS, ROUNDS = 4000, 5
ALL_PERL = """perl:hosts_allow
perl:count_unrecognized_commands 4
perl:noop_counter
perl:relay
perl:helo policy lenient
perl:dont_require_anglebrackets
perl:badmailfrom
perl:badrcptto
perl:rcpt_ok
perl:headers reject 0 require From,Date future 2 past 15
perl:bogus_bounce log
perl:loop
queue/discard""".splitlines()
# Our own until MAIL: whoever only connects has no host.
LATE_PERL = [line.removeprefix("perl:") if at < 6 else line
             for at, line in enumerate(ALL_PERL)]


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


def processes(server):
    """The worker, the process that starts hosts, and the hosts."""
    worker = starter = None
    for pid in children(server.process.pid):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"\0worker\0" in words:
            worker = pid
        elif b"hookline-host" in words:
            starter = pid
    return [worker, starter, *children(starter)]


def used_us(pids):
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
               for pid in pids) / 1000


def pss_kib(pids):
    return sum(int(line.split()[1])
               for pid in pids
               for line in Path(f"/proc/{pid}/smaps_rollup").read_text()
               .splitlines() if line.startswith("Pss:"))


def start(stage, plugins, hosts):
    server = RealServer(
        stage, plugins=plugins, rcpthosts="bench.test", max_per_client="0",
        max_connections="1200", max_junk="0", loglevel="warn", workers="1",
        perl_hosts=f"{hosts} {hosts}", rdns="0",
        plugin_dirs=[str(stage.base / "bench-plugins"), str(QPSMTPD_PLUGINS)])
    server.start()
    return server


# ---- one round trip ----

def noop_us(stage, plugins):
    """(worker, host) of one NOOP, the least of some rounds."""
    server = start(stage, plugins, 1)
    client = server.client()
    worker, _, *hosts = processes(server)
    rounds = []
    for _ in range(ROUNDS):
        before = used_us([worker]), used_us(hosts)
        for _ in range(NOOPS):
            client.ask("NOOP")
        rounds.append(((used_us([worker]) - before[0]) / NOOPS,
                       (used_us(hosts) - before[1]) / NOOPS))
    client.close()
    server.end()
    return min(w for w, h in rounds), min(h for w, h in rounds)


def round_trip(stage):
    folder = stage.base / "bench-plugins"
    folder.mkdir(mode=0o755, exist_ok=True)
    (folder / "idle").write_text("sub hook_noop { return DECLINED }\n")
    (folder / "idle").chmod(0o644)
    base = noop_us(stage, ["perl:badrcptto"])
    worker, host = noop_us(stage, ["perl:badrcptto", "perl:idle"])
    print(f"round trip: worker {worker - base[0]:.1f} us, host {host:.1f} us, "
          f"together {worker - base[0] + host:.1f} us "
          f"(NOOP without: {base[0]:.1f} us)", flush=True)


# ---- memory ----

def into_data(client):
    client.ask("MAIL FROM:<a@client.example>")
    client.ask("RCPT TO:<b@bench.test>")
    client.ask("DATA", "354")
    client.sock.sendall(b"Subject: x\r\n\r\n" + b"text\r\n" * 100)


def median_ms(client, text, code="250", count=20):
    times = []
    for _ in range(count):
        begin = time.monotonic()
        client.sock.sendall(text)
        client.expect(code)
        times.append(time.monotonic() - begin)
    return statistics.median(times) * 1e3


def memory(stage, plugins, count, busy):
    server = start(stage, plugins, busy + 10)
    until(lambda: len(processes(server)) == 2 + busy + 10)
    time.sleep(1)  # the last ones begin
    before = pss_kib(processes(server))
    clients = [server.client() for _ in range(count)]
    other = server.client()
    idle = pss_kib(processes(server))
    reset = median_ms(other, b"RSET" + CRLF)
    for client in clients[:busy]:
        into_data(client)
    for client in clients[:busy]:
        client.sock.sendall(b"more\r\n.\r\n")
    for client in clients[:busy]:
        client.expect("250")
        into_data(client)
    after = pss_kib(processes(server))
    print(f"{count} connections, {busy} of them busy: "
          f"{(after - before) / busy:.0f} KiB for each busy one; "
          f"{before / 1024:.0f} MiB before, {idle / 1024:.0f} after EHLO, "
          f"{after / 1024:.0f} when busy; another one's RSET {reset:.2f} ms "
          f"before, {median_ms(other, b'RSET' + CRLF):.2f} ms then",
          flush=True)
    for client in [*clients, other]:
        client.close()
    server.end()


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    stage = Stage(os.environ["HOOKLINE"])
    try:
        round_trip(stage)
        memory(stage, ALL_PERL, 100, 100)
        memory(stage, LATE_PERL, 1000, 100)
    finally:
        stage.remove()


main()
