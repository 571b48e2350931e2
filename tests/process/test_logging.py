# SPDX-License-Identifier: MIT
"""The plugins logging/*: where the lines come out, and how."""
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from conftest import WAIT, until
from shipped import Smtp, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base, os.environ["HOOKLINE_DUMP"])
    logs = base / "logs"
    logs.mkdir()
    own(logs)
    yield server
    server.finish()


def start(server, *logging, plugins="rcpt_ok\nqueue/discard"):
    server.write("logging", "\n".join(logging))
    server.write("plugins", plugins)
    server.start("--workers", "1")
    return Smtp(server.where())


def refuse(smtp, number):
    """Makes one line event=reject that has `number` in it."""
    assert smtp.cmd("RSET").startswith("250")
    assert smtp.cmd(f"MAIL FROM:<n{number}@b.example>").startswith("250")
    assert smtp.cmd("RCPT TO:<x@elsewhere.example>").startswith("550")


def say(smtp, text):
    """The plugin dump logs these bytes."""
    assert smtp.cmd(f"XSAY {text.hex()}").startswith("500")


def has(path, number, count=1):
    def look():
        text = path.read_text() if path.exists() else ""
        return text.count(f" from=n{number}@b.example ") >= count
    until(look)


def holder(folder, number):
    """The file there that has this line."""
    return until(lambda: [path for path in folder.iterdir() if
                          f" from=n{number}@" in path.read_text()])[0]


def test_file_is_rotated(server, base):
    path = base / "logs" / "smtp"
    with start(server, f"logging/file {path}") as smtp:
        refuse(smtp, 1)
        has(path, 1)
        path.rename(base / "logs" / "smtp.1")
        refuse(smtp, 2)
        has(path, 2)
        assert "from=n2@" not in (base / "logs" / "smtp.1").read_text()
    assert path.stat().st_mode & 0o7777 == 0o640
    assert server.lines("event=reject") == []


def test_file_name_changes(server, base):
    with start(server, f"logging/file {base}/logs/%S") as smtp:
        refuse(smtp, 1)
        time.sleep(1.1)
        refuse(smtp, 2)
        until(lambda: len(list((base / "logs").iterdir())) >= 2)


def test_file_fails(server, base):
    """What cannot be written comes out at standard error, with the reason;
    it heals."""
    path = base / "logs" / "none" / "smtp"
    with start(server, f"logging/file {path}") as smtp:
        refuse(smtp, 1)
        server.wait_line("event=reject", "from=n1@b.example")
        server.wait_line(" error ", "plugin=logging/file",
                         f"cannot write to {path}: No such file or directory")
        path.parent.mkdir()
        own(path.parent)
        refuse(smtp, 2)
        has(path, 2)
    assert server.lines("from=n2@b.example") == []


def test_file_takes_many(server, base):
    """Thousands of lines, none lost, none cut, in order."""
    path = base / "logs" / "smtp"
    server.write("max_errors", "0")
    with start(server, f"logging/file {path}") as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        for _ in range(20):
            smtp.send(b"RCPT TO:<x@elsewhere.example>\r\n" * 100)
            for _ in range(100):
                assert smtp.reply().startswith("550")
        until(lambda: path.read_text().count("event=reject") == 2000)
    assert all(re.search(r"\]: .*event=\S+ .*", line)
               for line in path.read_text().splitlines())


def test_file_of_each_session(server, base):
    """%i is the session's id, or parent; %%i is not."""
    logs = base / "logs"

    def of_sessions():
        return [path for path in logs.glob("*.%i")
                if path.name != "parent.%i"]

    with start(server, f"logging/file {logs}/%i.%%i") as smtp:
        refuse(smtp, 1)
        until(of_sessions)
        with Smtp(server.where()) as other:
            refuse(other, 2)
            until(lambda: len(of_sessions()) == 2)
            refuse(smtp, 3)
            refuse(other, 4)
            for path in of_sessions():
                until(lambda: path.read_text().count("event=reject") == 2)
    for path in of_sessions():
        sid = path.name.removesuffix(".%i")
        assert all(f" sid={sid} " in f"{line} "
                   for line in path.read_text().splitlines())
    server.finish()
    parent = (logs / "parent.%i").read_text()
    assert "event=" in parent and " sid=" not in parent


@pytest.mark.parametrize("nosplit", [True, False])
def test_file_is_not_split(server, base, nosplit):
    """A session's lines stay together although the name changes."""
    logs = base / "logs"
    words = "nosplit " if nosplit else ""
    with start(server, f"logging/file {words}{logs}/%H%M%S") as smtp:
        refuse(smtp, 1)
        first = holder(logs, 1)
        time.sleep(1.1)
        refuse(smtp, 2)
        assert (holder(logs, 2) == first) == nosplit
        with Smtp(server.where()) as other:
            refuse(other, 3)
        assert holder(logs, 3) != first


def test_file_and_levels(server, base):
    logs = base / "logs"
    with start(server, f"logging/file:0 loglevel LOGERROR {logs}/errors",
               f"logging/file:1 loglevel 6 tsformat %FT%T {logs}/all",
               plugins=f"rcpt_ok\nqueue/maildir {base}/none/mail") as smtp:
        refuse(smtp, 1)
        has(logs / "all", 1)
        smtp.cmd("RSET")
        assert smtp.message("x").startswith("451")
        until(lambda: "cannot make" in (logs / "errors").read_text())
    until(lambda: "event=disconnect" in (logs / "all").read_text())
    assert "event=reject" not in (logs / "errors").read_text()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d \S+\[\d+\]: ",
                    (logs / "all").read_text().splitlines()[-1])


def test_program(server, base):
    out = base / "logs" / "out"
    program = base / "program"
    program.write_text(f'#!/bin/sh\necho "args $*" >>{out}\ncat >>{out}\n')
    program.chmod(0o755)
    with start(server, f"logging/file |{program} one  two") as smtp:
        refuse(smtp, 1)
        has(out, 1)
        assert "args one two\n" in out.read_text()
    program.write_text("#!/bin/sh\nexit 3\n")
    with Smtp(server.where()) as smtp:
        refuse(smtp, 2)
        server.wait_line(" error ", "plugin=logging/file", "cannot write to |")
        server.wait_line("event=reject", "from=n2@b.example")


@pytest.mark.parametrize("words, error", [
    ("logging/file", "argument path is missing"),
    ("logging/file loglevel loud /x", "must be log level"),
    ("logging/file relative", "must be absolute"),
    ("logging/syslog logsock tcp", "unix or udp"),
    ("logging/syslog facility none", "no facility none"),
    ("logging/warn loud", "must be log level"),
    ("logging/devnull x", "unknown argument x"),
    ("logging/adaptive accept loud", "must be log level"),
    ("logging/connection_id loud", "must be log level"),
    ("logging/transaction_id loud", "must be log level"),
    ("logging/json relative", "must be absolute"),
    ("logging/journald socket relative", "no absolute path"),
])
def test_arguments(server, words, error):
    server.write("logging", words)
    server.write("plugins", "rcpt_ok")
    server.launch()
    assert server.wait() != 0
    until(lambda: error in server.log())


# ---- syslog ------------------------------------------------------------------

@pytest.fixture
def receiver(base):
    """A datagram socket; the second value is what logsock is given."""
    def make(kind):
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        made.append(sock)
        if kind == "unix":
            path = base / "syslog"
            path.unlink(missing_ok=True)
            sock.bind(str(path))
            path.chmod(0o777)
            return sock, f"unix:{path}"
        sock.bind(("127.0.0.1", 0))
        return sock, f"udp:127.0.0.1:{sock.getsockname()[1]}"

    made = []
    yield make
    for sock in made:
        sock.close()


def take(sock, word):
    """The first line with that word."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if select.select([sock], [], [], 0.1)[0]:
            line = sock.recv(65536).decode()
            if word in line:
                return line
    raise AssertionError(f"no line with {word}")


@pytest.mark.parametrize("kind", ["unix", "udp"])
def test_syslog(server, receiver, kind):
    sock, where = receiver(kind)
    with start(server, f"logging/syslog loglevel LOGINFO logsock {where}"
               ) as smtp:
        refuse(smtp, 1)
        line = take(sock, "event=reject")
    # facility mail, severity info
    assert re.fullmatch(r"<22>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
                        r"hookline\[\d+\]: event=reject .*", line)
    assert server.lines("event=reject") == []


def test_syslog_arguments(server, receiver):
    sock, where = receiver("unix")
    with start(server, "logging/syslog loglevel 7 priority LOG_NOTICE ident "
               f"smtpd facility LOG_LOCAL3 logsock {where},stream") as smtp:
        refuse(smtp, 1)
        assert re.match(r"<157>.* smtpd\[\d+\]: event=reject",
                        take(sock, "event=reject"))


def test_syslog_is_away(server, receiver):
    """One error line, the lines at standard error; then it is back."""
    sock, where = receiver("unix")
    os.unlink(where[5:])
    sock.close()
    with start(server, f"logging/syslog logsock {where}") as smtp:
        for number in range(3):
            refuse(smtp, number)
        server.wait_line("event=reject", count=3)
        complaint = server.wait_line("plugin=logging/syslog", "cannot send")
        assert len(complaint) == 1
        sock, where = receiver("unix")
        refuse(smtp, 7)
        take(sock, "from=n7@b.example")
    assert server.lines("from=n7@b.example") == []


def test_syslog_is_slow(server, receiver):
    """A syslog that does not read keeps no client waiting."""
    _, where = receiver("unix")
    server.write("max_errors", "0")
    with start(server, f"logging/syslog logsock {where}") as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        begin = time.monotonic()
        for _ in range(500):
            assert smtp.cmd("RCPT TO:<x@elsewhere.example>")[:3] == "550"
        assert time.monotonic() - begin < WAIT / 2


# ---- logging/warn ------------------------------------------------------------

def test_warn(server):
    with start(server, "logging/warn LOGINFO") as smtp:
        refuse(smtp, 1)
        pid = server.workers()[0]["pid"]
        line = server.wait_line("event=reject")[0]
    assert line.startswith(f"{pid} info event=reject ")


@pytest.mark.parametrize("plugin, key", [
    ("connection_id", "sid"), ("transaction_id", "tid")])
def test_ids(server, plugin, key):
    with start(server, f"logging/{plugin} 6") as smtp:
        refuse(smtp, 1)
        smtp.cmd("QUIT")
        line = server.wait_line("event=reject")[0]
        end = server.wait_line("event=disconnect")[0]
    value = re.search(rf" {key}=(\S+)", line)[1]
    assert line.startswith(f"{value} event=reject ")
    sid = re.search(r" sid=(\S+)", end)[1]
    assert end.startswith(f"{sid if key == 'sid' else '???'} event=")


# ---- logging/adaptive --------------------------------------------------------

def test_adaptive(server):
    """An accepted message is told again; the lines of sessions at the same
    time are not mixed."""
    with start(server, "logging/adaptive accept 6 reject 6 prefix +") as smtp, \
            Smtp(server.where()) as other:
        assert smtp.cmd("MAIL FROM:<n1@b.example>").startswith("250")
        refuse(other, 2)
        assert smtp.cmd("RCPT TO:<x@d.example>").startswith("250")
        assert smtp.cmd("DATA").startswith("354")
        assert smtp.cmd(".").startswith("250")
        server.wait_line(" + event=accept ", "from=n1@b.example")
        assert other.message("x").startswith("250")
        server.wait_line(" + event=accept ", "from=a@b.example")
        # Of one recipient of two something was refused.
        smtp.cmd("MAIL FROM:<n3@b.example>")
        smtp.cmd("RCPT TO:<x@elsewhere.example>")
        smtp.cmd("RCPT TO:<x@d.example>")
        smtp.cmd("DATA")
        assert smtp.cmd(".").startswith("250")
        server.wait_line(" event=accept ", "from=n3@b.example")
        assert smtp.message("x").startswith("250")
        server.wait_line(" + event=accept ", "from=a@b.example", count=2)
    assert server.lines(" + ", "from=n2@") == []
    assert server.lines(" + ", "from=n3@") == []
    assert len(server.lines("event=accept", "from=n1@")) == 2
    assert all(re.match(r"\d+ (\+ )?\w+=", line)
               for line in server.lines("event=accept"))


def test_adaptive_levels(server):
    """By default only what is wrong is told at all."""
    with start(server, "logging/adaptive") as smtp:
        refuse(smtp, 1)
        assert smtp.message("x").startswith("250")
        smtp.cmd("QUIT")
    server.finish()
    assert server.lines("event=reject") == []
    assert server.lines("event=accept") == []


# ---- logging/json ------------------------------------------------------------

def members(pairs):
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names)
    return dict(pairs)


def objects(text):
    return [json.loads(line, object_pairs_hook=members)
            for line in text.splitlines() if line.startswith("{")]


ODD = [b"tab\tquote\"backslash\\", b"bell\x07del\x7f",
       b"latin \xe4\xf6", b"utf-8 \xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7",
       b"overlong \xc0\xaf surrogate \xed\xa0\x80 high \xf4\x90\x80\x80",
       b"cut \xe2\x82"]


def test_json(server, base):
    path = base / "logs" / "%Y.json"
    path = Path(time.strftime(str(path)))
    server.write("max_errors", "0")
    with start(server, f"logging/json {base}/logs/%Y.json",
               plugins="dump\nrcpt_ok\nqueue/discard") as smtp:
        pid = server.workers()[0]["pid"]
        refuse(smtp, 1)
        for word in ODD:
            say(smtp, word)
        has_all = lambda: len([o for o in objects(path.read_text())
                               if o.get("plugin") == "dump"]) == len(ODD)
        until(lambda: path.exists() and has_all())
    text = path.read_text()  # more may come yet
    found = objects(text)
    assert len(found) == len(text.splitlines())
    one = next(o for o in found if o.get("from") == "n1@b.example")
    assert list(one)[:5] == ["time", "level", "process", "host", "event"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", one["time"])
    assert (one["level"], one["process"], one["event"], one["code"],
            one["enh"], one["plugin"]) == (
        "info", pid, "reject", 550, "5.7.1", "rcpt_ok")
    texts = [o["text"] for o in found if o.get("plugin") == "dump"]
    assert texts[0] == "tab\tquote\"backslash\\"
    assert texts[1] == "bell\adel\x7f"
    assert texts[2] == r"latin \xe4\xf6"
    assert texts[3] == "utf-8 \u00e4 \u20ac \U0001f427"
    assert texts[4] == (r"overlong \xc0\xaf surrogate \xed\xa0\x80 "
                        r"high \xf4\x90\x80\x80")
    assert texts[5] == r"cut \xe2\x82"
    assert server.lines("event=reject") == []


def test_json_to_a_program_and_to_nothing(server, base):
    out = base / "logs" / "out"
    program = base / "program"
    program.write_text(f"#!/bin/sh\ncat >>{out}\n")
    program.chmod(0o755)
    with start(server, f"logging/json:0 loglevel info |{program}",
               "logging/json:1 loglevel LOGNOTICE",
               plugins=f"rcpt_ok\nqueue/maildir {base}/none/mail") as smtp:
        refuse(smtp, 1)
        has_it = lambda: any(o.get("from") == "n1@b.example"
                             for o in objects(out.read_text()))
        until(lambda: out.exists() and has_it())
        assert smtp.message("x").startswith("451")
        server.wait_line('{"time":', '"plugin":"queue/maildir"')
    assert all(o["level"] in ("error", "notice", "warn")
               for o in objects(server.log()))


# ---- logging/journald --------------------------------------------------------

def entry(datagram):
    """The fields of a datagram in the journal's native protocol."""
    fields = []
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (n,) = struct.unpack("<Q", datagram[:8])
            value = datagram[8:8 + n]
            assert datagram[8 + n:9 + n] == b"\n"
            datagram = datagram[9 + n:]
        assert re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name)
        fields.append((name.decode(), value))
    return members(fields)


def test_journald(server, receiver):
    sock, where = receiver("unix")
    with start(server, f"logging/journald ident smtpd socket {where[5:]}",
               plugins="dump\nrcpt_ok\nqueue/discard") as smtp:
        refuse(smtp, 1)
        say(smtp, b"a\x01\xff")
        say(smtp, b"two\nlines x")
        found = []
        while len([f for f in found if f.get("HOOKLINE_PLUGIN") == b"dump"]
                  ) < 2:
            assert select.select([sock], [], [], WAIT)[0]
            found.append(entry(sock.recv(262144)))
    one = next(f for f in found if f.get("HOOKLINE_EVENT") == b"reject")
    assert one["MESSAGE"].startswith(b"event=reject hook=rcpt ")
    assert (one["PRIORITY"], one["SYSLOG_FACILITY"], one["SYSLOG_IDENTIFIER"],
            one["HOOKLINE_CODE"], one["HOOKLINE_FROM"]) == (
        b"6", b"2", b"smtpd", b"550", b"n1@b.example")
    texts = [f["HOOKLINE_TEXT"] for f in found
             if f.get("HOOKLINE_PLUGIN") == b"dump"]
    assert texts == [b"a\x01\xff", b"two\nlines x"]
    assert server.lines("event=reject") == []


def test_journald_is_away(server, receiver):
    """One error line, the lines at standard error; then it is back."""
    sock, where = receiver("unix")
    os.unlink(where[5:])
    sock.close()
    with start(server, f"logging/journald socket {where[5:]}") as smtp:
        for number in range(3):
            refuse(smtp, number)
        server.wait_line("event=reject", count=3)
        complaint = server.wait_line("plugin=logging/journald", "cannot send")
        assert len(complaint) == 1
        sock, where = receiver("unix")
        refuse(smtp, 7)
        assert select.select([sock], [], [], WAIT)[0]
    assert server.lines("from=n7@b.example") == []


JOURNALD = Path("/lib/systemd/systemd-journald")


@pytest.fixture
def journal():
    """A real one, in a namespace of its own."""
    name = f"hookline{os.getpid()}"
    there = Path("/var/log/journal").exists()
    process = subprocess.Popen([JOURNALD, name], stderr=subprocess.DEVNULL)
    folder = Path(f"/run/systemd/journal.{name}")
    try:
        until((folder / "socket").exists)
        yield name, folder / "socket"
    finally:
        process.terminate()
        process.wait(WAIT)
        shutil.rmtree(folder, ignore_errors=True)
        for top in "/run/log/journal", "/var/log/journal":
            for left in Path(top).glob(f"*.{name}"):
                shutil.rmtree(left)
        if not there and Path("/var/log/journal").exists():
            Path("/var/log/journal").rmdir()


@pytest.mark.skipif(os.geteuid() != 0 or not JOURNALD.exists()
                    or not Path("/etc/machine-id").exists()
                    or not Path("/etc/machine-id").read_text().strip(),
                    reason="needs root and systemd-journald")
def test_real_journald(server, journal):
    name, path = journal

    def asked(*fields):
        text = subprocess.run(
            ["journalctl", f"--namespace={name}", "-o", "json", *fields],
            capture_output=True, text=True, timeout=WAIT).stdout
        return [json.loads(line) for line in text.splitlines()]

    with start(server, f"logging/journald socket {path}",
               plugins="dump\nrcpt_ok\nqueue/discard") as smtp:
        refuse(smtp, 1)
        say(smtp, b"two\nlines x")
        found = until(lambda: asked("HOOKLINE_EVENT=reject",
                                    "HOOKLINE_PLUGIN=rcpt_ok"))
        assert found[0]["HOOKLINE_FROM"] == "n1@b.example"
        assert found[0]["PRIORITY"] == "6"
        assert found[0]["_TRANSPORT"] == "journal"
        found = until(lambda: asked("-t", "hookline", "HOOKLINE_PLUGIN=dump"))
        assert found[0]["HOOKLINE_TEXT"] == "two\nlines x"


def test_devnull_and_another(server, base):
    path = base / "logs" / "smtp"
    with start(server, "logging/devnull", f"logging/file {path}") as smtp:
        refuse(smtp, 1)
        has(path, 1)
    assert server.lines("event=reject") == []
