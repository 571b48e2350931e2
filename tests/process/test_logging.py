# SPDX-License-Identifier: MIT
"""logging/file, logging/syslog, logging/warn: where the lines come out."""
import os
import re
import select
import socket
import time

import pytest

from conftest import WAIT, until
from shipped import Smtp, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base)
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


def has(path, number, count=1):
    def look():
        text = path.read_text() if path.exists() else ""
        return text.count(f" from=n{number}@b.example ") >= count
    until(look)


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
    ("logging/file /tmp/%i", "without %i"),
    ("logging/syslog logsock tcp", "unix or udp"),
    ("logging/syslog facility none", "no facility none"),
    ("logging/warn loud", "must be log level"),
    ("logging/devnull x", "unknown argument x"),
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


def test_devnull_and_another(server, base):
    path = base / "logs" / "smtp"
    with start(server, "logging/devnull", f"logging/file {path}") as smtp:
        refuse(smtp, 1)
        has(path, 1)
    assert server.lines("event=reject") == []
