# SPDX-License-Identifier: MIT
"""The real program under its master: SMTP over reloads, deaths and stops.

What the master does in itself is tested with the fake server; here is what
needs sessions, transactions and plugins.
"""
import json
import os
import re
import signal
import smtplib
import subprocess
import threading
import time
from pathlib import Path

import pytest

from conftest import WAIT, Client, alive, is_late, until
from shipped import stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base, os.environ["HOOKLINE_MISBEHAVE"])
    server.write("plugins", "misbehave\nqueue/discard")
    yield server
    server.finish()


class Session(Client):
    """An SMTP client, line by line."""

    def reply(self):
        while True:
            line = self.read()
            if line[3:4] != "-":
                return line

    def cmd(self, text):
        self.say(text)
        return self.reply()

    def hello(self):
        assert self.reply().startswith("220")
        assert self.cmd("EHLO client.example").startswith("250")
        return self

    def begin(self):
        assert self.cmd("MAIL FROM:<a@b.example>").startswith("250")
        assert self.cmd("RCPT TO:<c@d.example>").startswith("250")
        return self

    def finish(self):
        assert self.cmd("DATA").startswith("354")
        return self.cmd("Subject: x\r\n\r\nhello\r\n.")


def open_session(server):
    return Session(server.where()).hello()


def totals(server):
    return json.loads(server.ctl("stats", "--json").stdout)["totals"]


def test_mail(server):
    server.start("--workers", "2")
    with open_session(server) as s:
        assert s.begin().finish().startswith("250 2.0.0")
        until(lambda: totals(server)["accepted"] == 1)
        assert totals(server)["sessions"] == 1
        assert s.cmd("QUIT").startswith("221")
    rows = json.loads(server.ctl("stats", "--json").stdout)["hooks"]
    row = [r for r in rows if r["plugin"] == "queue/discard"][0]
    assert (row["hook"], row["calls"], row["ok"]) == ("queue", 1, 1)


def test_reload_within_a_transaction(server):
    server.start("--workers", "1")
    with open_session(server) as s:
        s.begin()
        result = server.ctl("reload")
        assert result.returncode == 0, result.stderr
        assert s.finish().startswith("250")
        assert s.begin().finish().startswith("250")
        assert len(server.status()["workers"]) == 2
        s.cmd("QUIT")
    until(lambda: len(server.status()["workers"]) == 1)


def test_sessions_that_a_reload_outlives(server):
    """They end when they are too old, but in no transaction."""
    server.write("retire_timeout", "1")
    server.start("--workers", "1")
    with open_session(server) as idle, open_session(server) as busy:
        busy.begin()
        assert server.ctl("reload").returncode == 0
        with open_session(server) as new:
            assert idle.reply().startswith("421 4.3.2")
            assert idle.read() == ""
            assert busy.finish().startswith("250")
            assert busy.reply().startswith("421 4.3.2")
            assert busy.read() == ""
            until(lambda: len(server.status()["workers"]) == 1)
            # Its worker is not old, whatever its age.
            assert new.begin().finish().startswith("250")


def test_bad_plugins_are_refused(server):
    server.start("--workers", "1")
    server.write("plugins", "misbehave\nqueue/discrad")
    result = server.ctl("reload")
    assert result.returncode == 1
    assert "plugins:2" in result.stderr
    assert "queue/discard" in result.stderr  # the nearest known name
    with open_session(server) as s:
        assert s.begin().finish().startswith("250")


def test_fault_at_the_start(server):
    """One with which it starts all the same; loading waits for the helper."""
    server.write("plugins", "quit_fortune\nqueue/discard")
    server.write("body_memory", "lots")
    server.start("--workers", "1")
    server.wait_line("event=config", "body_memory")
    until(lambda: server.status()["faults"])
    assert "body_memory:1: \"lots\" is not" in server.status()["faults"][0]
    server.write("body_memory", "1M")
    assert server.ctl("config-flush").returncode == 0
    assert server.status()["faults"] == []


def test_no_mail_is_refused_by_reloads(server):
    server.write("max_per_client", "0")
    server.start("--workers", "2")
    host, port = server.where()
    failures, count, ends = [], [0], threading.Event()

    def send():
        while not ends.is_set():
            try:
                with smtplib.SMTP(host, port, timeout=WAIT) as smtp:
                    for _ in range(3):
                        smtp.sendmail("a@b.example", ["c@d.example"],
                                      "Subject: x\r\n\r\nhello\r\n")
                        count[0] += 1
            except (OSError, smtplib.SMTPException) as error:
                failures.append(repr(error))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        result = server.ctl("reload")
        if result.returncode == 1:
            # Four generations at once is possible, and no failure.
            assert "still drain" in result.stderr
    ends.set()
    for thread in threads:
        thread.join()
    assert failures == []
    until(lambda: totals(server)["accepted"] == count[0])


def test_drain(server):
    server.start("--workers", "1")
    with open_session(server) as idle, open_session(server) as busy:
        busy.begin()
        server.signal(signal.SIGTERM)
        assert idle.reply().startswith("421 4.3.2")
        assert idle.read() == ""
        assert server.process.poll() is None
        assert busy.finish().startswith("250")
        assert busy.reply().startswith("421 4.3.2")
    assert server.wait() == 0


def test_drain_timeout_with_a_sleeping_hook(server):
    server.write("drain_timeout", "1")
    server.start("--workers", "1")
    with open_session(server) as s:
        s.say("VRFY sleep 60000")
        begin = time.monotonic()
        time.sleep(0.2)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - begin < 25    # the default is 30


@pytest.mark.parametrize("how,more", [
    ("crash", "signal=SEGV"), ("overflow", "signal=SEGV"),
    ("abort", "signal=ABRT")])
def test_crash_names_the_plugin(server, how, more):
    server.start("--workers", "1")
    with open_session(server) as s:
        s.say(f"VRFY {how}")
        line = server.wait_line("event=worker_died", more)[0]
        assert "plugin=misbehave hook=vrfy" in line
        assert "sessions=1" in line
        assert "sid=\"\"" not in line
        crash = server.lines("event=crash", "plugin=misbehave")[0]
        assert ("stack=overflow" in crash) == (how == "overflow")
    with open_session(server) as s:
        assert s.begin().finish().startswith("250")


def test_watchdog(server):
    server.start("--workers", "1")
    with open_session(server) as s:
        late = is_late(0.3, lambda: s.cmd("VRFY sleep 300"))
        late += is_late(0, lambda: s.cmd("VRFY hold 20"))
        assert s.cmd("VRFY hold 200").startswith("250")
        server.wait_line("event=loop_held")
        time.sleep(0.3)
        lines = server.lines("event=loop_held")
        assert 1 <= len(lines) <= 1 + late
        assert all("plugin=misbehave hook=vrfy" in line for line in lines)


def test_one_of_a_row_is_named(server):
    """It holds or crashes among others, without a function of ours."""
    server.write("plugins", "".join(
        f"misbehave:{i} hl.timeout=1\n" for i in range(4)) + "queue/discard")
    server.start("--workers", "1")
    where = "plugin=misbehave:2 hook=noop"
    with open_session(server) as s:
        # Calls are timed together after a while.
        late = sum(is_late(0, lambda: s.cmd("NOOP")) for _ in range(40))
        assert s.cmd("NOOP 3 1300").startswith("250")
        server.wait_line("event=loop_held", where)
        answers = server.wait_line("event=bad_answer")
        assert len(answers) == 1 and where in answers[0]
        time.sleep(0.3)
        assert len(server.lines("event=loop_held")) <= 1 + late
        for _ in range(40):
            assert s.cmd("NOOP").startswith("250")
        s.say("NOOP 3 0")
        assert where in server.wait_line("event=worker_died")[0]
        assert where in server.lines("event=crash")[0]


def spool_files(pid):
    links = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()
             if os.path.lexists(fd)]
    return [link for link in links if "/spool/" in link]


@pytest.mark.parametrize("where", ["memory", "spool"])
def test_refused_message_is_let_go(server, where):
    """While its client is still sending it."""
    server.write("databytes", "600000")
    server.write("size_threshold", "0" if where == "spool" else "1000000")
    server.start("--workers", "1")
    pid = server.workers()[0]["pid"]

    def is_held():
        if where == "spool":
            return spool_files(pid)
        return totals(server)["body_memory"] > 400000

    with open_session(server) as s:
        s.begin()
        assert s.cmd("DATA").startswith("354")
        s.socket.sendall(b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n")
        s.socket.sendall((b"y" * 70 + b"\r\n") * 8000)
        until(is_held)
        s.socket.sendall((b"z" * 70 + b"\r\n") * 1000)
        until(lambda: not is_held())
        until(lambda: totals(server)["body_memory"] < 10000)
        assert s.cmd("z\r\n.").startswith("552")
        assert s.begin().finish().startswith("250")


def limit_files(pid, size):
    """Only a process of the same user may, where root is not all-powerful."""
    status = Path(f"/proc/{pid}/status").read_text()
    ids = {key: int(value) for key, value
           in re.findall(r"^([UG]id):\s*(\d+)", status, re.M)}
    more = {"user": ids["Uid"], "group": ids["Gid"],
            "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run(["prlimit", f"--fsize={size}", "--pid", str(pid)],
                   check=True, **more)


@pytest.mark.parametrize("command", ["DATA", "BDAT"])
def test_message_that_no_file_can_hold(server, command):
    """The kernel's limit on files stands for a full disk."""
    server.write("size_threshold", "0")
    server.start("--workers", "1")
    pid = server.workers()[0]["pid"]
    limit_files(pid, 1 << 20)
    body = b"Subject: x\r\n\r\n" + (b"y" * 70 + b"\r\n") * 30000
    with open_session(server) as s:
        s.begin()
        if command == "DATA":
            assert s.cmd("DATA").startswith("354")
            s.socket.sendall(body)
            assert s.cmd(".").startswith("452 4.3.1 ")
        else:
            s.socket.sendall(f"BDAT {len(body)} LAST\r\n".encode() + body)
            assert s.reply().startswith("452 4.3.1 ")
        server.wait_line("event=store_failed", f"file={server.state}/spool",
                         'err="File too large"')
        assert s.begin().finish().startswith("250")
    assert server.workers()[0]["pid"] == pid


@pytest.mark.parametrize("rows,code", [(10, "250"), (30000, "452")],
                         ids=["kept", "no room"])
def test_what_was_not_delivered(server, rows, code):
    """It is kept whole, or not at all."""
    server.write("size_threshold", "4M")
    server.start("--workers", "1")
    limit_files(server.workers()[0]["pid"], 1 << 20)
    kept = server.state / "undelivered"
    with open_session(server) as s:
        s.begin()
        assert s.cmd("RCPT TO:<lost@d.example>").startswith("250")
        assert s.cmd("DATA").startswith("354")
        s.socket.sendall(b"Subject: x\r\n\r\n" +
                         (b"y" * 70 + b"\r\n") * rows)
        assert s.cmd(".").startswith(code)
    assert kept.stat().st_mode & 0o777 == 0o700
    files = list(kept.iterdir())
    assert len(files) == (code == "250")
    for path in files:
        assert path.read_text().count("y" * 70 + "\n") == rows


def test_limit_for_each_client_counts_over_workers(server):
    server.write("max_per_client", "3")
    server.start("--workers", "2")
    sessions = [open_session(server) for _ in range(3)]
    with Session(server.where()) as s:
        assert s.reply().startswith("421")
    # And over generations.
    assert server.ctl("reload").returncode == 0
    with Session(server.where()) as s:
        assert s.reply().startswith("421")
    sessions.pop().close()

    def is_let_in():
        with Session(server.where()) as s:
            return s.reply().startswith("220")
    until(is_let_in)
    for s in sessions:
        s.close()


def test_master_killed(server):
    server.start("--workers", "2")
    pids = [w["pid"] for w in server.workers()]
    with open_session(server) as idle, open_session(server) as parked:
        parked.say("VRFY sleep 60000")
        time.sleep(0.1)
        begin = time.monotonic()
        server.process.kill()
        assert idle.reply().startswith("421")
        until(lambda: not any(alive(pid) for pid in pids))
        assert time.monotonic() - begin < 20    # of 30 that a drain has


def test_faults_of_live_files(server):
    """A bad version is not taken, and status shows it until it is mended."""
    server.write("databytes", "1000000")
    server.start("--workers", "2")
    with open_session(server) as s:
        assert s.cmd("MAIL FROM:<a@b.example> SIZE=9").startswith("250")
    server.write("databytes", "many")
    result = server.ctl("config-flush")
    if result.returncode == 0:
        # Not read again before somebody asks for it.
        with open_session(server) as s:
            s.cmd("MAIL FROM:<a@b.example> SIZE=9")
    faults = until(lambda: server.status()["faults"])
    assert "databytes:1" in faults[0]
    server.write("databytes", "2000000")
    server.ctl("config-flush")
    until(lambda: not server.status()["faults"])


def test_stats_fit_the_longest_name(server):
    name = "count_unrecognized_commands:123456"
    server.write("plugins", f"{name} 4\nrcpt_ok\nqueue/discard")
    server.start("--workers", "1")
    with Session(server.where()) as session:
        session.hello().begin()
        assert session.cmd("NONSENSE").startswith("500")

    def table():
        text = server.ctl("stats").stdout
        lines = text[text.index("\nplugin ") + 1:].splitlines()
        return lines if any(name in line for line in lines) else None
    head, *rows = until(table)
    hook = head.index("hook")
    calls = head.index("calls") + len("calls")
    assert hook == len(name) + 1
    for row in rows:
        assert row[hook - 1] == " " and row[hook] != " ", row
        assert row[calls - 1] != " " and row[calls] == " ", row
