# SPDX-License-Identifier: MIT
"""What greylisting and karma do, and say, when the database is full, damaged
or not there."""
import os
import signal
import sqlite3
import subprocess

import pytest

from conftest import needs_root, until
from shipped import Smtp, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)

DENIED = "450 4.7.1 This mail is temporarily denied"
IN = "250"
BROKEN = (" error ", "plugin=greylisting", "no database")


@pytest.fixture
def server(base):
    server = stage(base)
    server.write("plugins", "greylisting remote_ip 0 sender 1\nrcpt_ok")
    server.write("max_errors", "1000000")
    yield server
    server.finish()


@pytest.fixture
def disk(server):
    """The state directory is a small file system of its own."""
    server.state.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(server.state)],
        capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a tmpfs")
    own(server.state)
    yield server.state
    server.finish()
    subprocess.run(["umount", "-l", str(server.state)], check=True)


class Senders:
    """One session; each sender is new to the server, unless it is named."""

    def __init__(self, server):
        server.start("--workers", "1")
        self.smtp = Smtp(server.where())
        self.count = 0

    def mail(self, sender=None):
        self.count += 1
        reply = self.smtp.cmd(
            f"MAIL FROM:<{sender or self.count}@b.example>")
        self.smtp.cmd("RSET")
        return reply if reply == DENIED else reply[:3]


def greylist(server, *words):
    result = subprocess.run(
        [str(server.program), "greylist", "--state", str(server.state),
         *words], capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def errors(server, *words):
    return [line for line in server.lines(*words) if " error " in line]


def fill(disk):
    """Leaves no room on it."""
    with open(disk / "filler", "wb", 0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


@needs_root
def test_full_disk(server, disk):
    senders = Senders(server)
    assert senders.mail("known") == DENIED
    pid = server.status()["state_process"]["pid"]
    fill(disk)
    # The last page of its log may have room for one more.
    until(lambda: senders.mail() == IN, server.log)
    server.wait_line("plugin=greylisting", "nobody is refused until")
    assert [senders.mail() for _ in range(20)] == [IN] * 20
    assert senders.mail("known") == IN
    assert len(errors(server, "plugin=greylisting")) == 1
    assert "No space left on device" in server.lines(
        "plugin=greylisting", "no database")[0]
    assert len(errors(server, "event=state_trouble")) == 1
    # What is there can be read, and be seen.
    assert "<known@b.example>" in greylist(server, "list")
    (disk / "filler").unlink()
    until(lambda: senders.mail() == DENIED, server.log)
    server.wait_line("plugin=greylisting", "the database works again")
    assert senders.mail("known") == DENIED
    assert len(errors(server, "plugin=greylisting")) == 1
    status = server.status()["state_process"]
    assert (status["pid"], status["deaths"]) == (pid, 0)


def spoil(path, begin):
    with open(path, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(begin)
        file.write(b"\xa5" * (size - begin))


def corrupt_files(server):
    return sorted(path.name for path in server.state.iterdir()
                  if path.name.startswith("state.db.corrupt-"))


@pytest.mark.parametrize("begin", [0, 4096])
def test_damaged_file(server, begin):
    senders = Senders(server)
    for _ in range(300):
        senders.mail()
    server.signal(signal.SIGTERM)
    senders.smtp.close()
    assert server.wait() == 0
    spoil(server.state / "state.db", begin)
    server.log_path.write_text("")
    senders = Senders(server)
    line, = server.wait_line(" error event=state_corrupt")
    name = corrupt_files(server)[0]  # behind it: its log
    assert f"{server.state}/{name}" in line
    assert "an empty database is begun" in line
    assert greylist(server, "list") == ""
    assert senders.mail() == DENIED
    assert senders.mail("1") == DENIED
    assert "1@b.example" in greylist(server, "list")
    assert errors(server) == [line]


def forget_pages(path):
    """Makes whoever has the file open read it anew: somebody else has written
    to it, and the log is in the file."""
    db = sqlite3.connect(path, timeout=30)
    for key in ("other", "another"):
        db.execute("INSERT INTO kv VALUES('t', ?, 'x', 0)", (key,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
    db.close()


def test_damaged_under_it(server):
    senders = Senders(server)
    for _ in range(300):
        senders.mail()
    path = server.state / "state.db"
    forget_pages(path)
    spoil(path, 4096)
    # Whoever meets it is let in; the next is with the empty one.
    assert senders.mail("200") == IN
    server.wait_line("error event=state_corrupt", ".corrupt-")
    assert "Resource temporarily unavailable" in server.wait_line(*BROKEN)[0]
    assert senders.mail("200") == DENIED
    server.wait_line("plugin=greylisting", "the database works again")
    assert corrupt_files(server)
    assert server.status()["state_process"]["deaths"] == 0


def test_nobody_answers(server):
    """The state process hangs: who waits is let in when it takes too long; and
    it goes on by itself."""
    senders = Senders(server)
    assert senders.mail("known") == DENIED
    pid = server.status()["state_process"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert senders.mail() == IN
    server.wait_line(*BROKEN)
    os.kill(pid, signal.SIGCONT)
    until(lambda: senders.mail("known") == DENIED, server.log)
    server.wait_line("plugin=greylisting", "the database works again")
    assert len(errors(server, "plugin=greylisting")) == 1


@needs_root
def test_karma_on_a_full_disk(server, disk):
    server.write("plugins", "karma reject 1\ndont_require_anglebrackets\n"
                            "rcpt_ok")
    server.start("--workers", "1")

    def visit(*commands):
        smtp = Smtp(server.where(), hello=False)
        replies = [smtp.reply()[:3]]
        if replies == ["220"]:
            smtp.cmd("EHLO client.example")
            replies += [smtp.cmd(command)[:3] for command in commands]
        smtp.close()
        return replies

    fill(disk)
    # Four points down; nobody remembers them.
    bad = ["MAIL FROM: a@b.example", "QUIT"]
    until(lambda: visit(*bad) and errors(server, "plugin=karma"), server.log)
    for _ in range(5):
        assert visit(*bad) == ["220", "250", "221"]
    assert len(errors(server, "plugin=karma")) == 1
    assert "nobody is refused or remembered until" in errors(
        server, "plugin=karma")[0]
    (disk / "filler").unlink()
    until(lambda: visit(*bad) == ["550"], server.log)
    server.wait_line("plugin=karma", "the database works again")
