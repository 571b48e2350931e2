# SPDX-License-Identifier: MIT
"""Faults in control files that only plugins read: at a check, a reload, the
start, and what holds meanwhile."""
import os
import shutil
import subprocess

import pytest

from conftest import needs_root, until
from shipped import Smtp, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base)
    server.write("plugins", "badrcptto\nauth/auth_flat_file\nrcpt_ok\n"
                            "queue/discard")
    server.write("badrcptto", "^bad@")
    yield server
    server.finish()


def check(server, *words, **options):
    return subprocess.run(
        [str(server.program), "check", "--config", str(server.config),
         *words], capture_output=True, text=True, timeout=20, **options)


LISTED, FINE, FOREIGN = "550 5.1.1", "250 2.1.5", "550 5.7.1"


def rcpt(server, who):
    session = Smtp(server.where())
    session.cmd("MAIL FROM:<a@b.example>")
    reply = session.cmd(f"RCPT TO:<{who}@d.example>")
    session.close()
    return reply[:9]


def faults(server):
    """The files become bad; the lines that say so."""
    server.write("badrcptto", "^other@\n/(/ a bad one")
    server.write("rcpthosts", "d.example\n$include none")
    result = check(server)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{server.config}/badrcptto:2: ")
    assert lines[1].startswith(f"{server.config}/rcpthosts:2: ")
    return lines


def test_reload_is_refused(server):
    server.start("--workers", "1")
    assert (rcpt(server, "bad"), rcpt(server, "c")) == (LISTED, FINE)
    workers = [w["pid"] for w in server.workers()]
    lines = faults(server)
    result = server.ctl("reload")
    assert result.returncode == 1
    for line in lines:
        assert line in result.stderr
        assert line in server.status()["last_reload"]
    assert [w["pid"] for w in server.workers()] == workers
    server.wait_line("event=reload_refused", "badrcptto:2: ")
    # Neither is a bad version taken by those that serve.
    assert server.ctl("config-flush").returncode == 1
    assert (rcpt(server, "bad"), rcpt(server, "c")) == (LISTED, FINE)
    assert rcpt(server, "other") == FINE
    server.write("badrcptto", "^other@")
    server.write("rcpthosts", "d.example")
    result = server.ctl("reload")
    assert result.returncode == 0, result.stderr
    assert (rcpt(server, "bad"), rcpt(server, "other")) == (FINE, LISTED)


def test_start(server):
    """It is told of in the same words, and good patterns hold."""
    lines = faults(server)
    server.write("listen", "127.0.0.1:0 name=own")
    (server.config / "own").mkdir()
    server.write("own/badrcptto", "^other@\n/(/ bad too")
    lines += [line for line in check(server).stderr.splitlines()
              if line.startswith(f"{server.config}/own/badrcptto:2: ")]
    assert len(lines) == 3
    server.start("--workers", "1")
    for line in lines:
        place, text = line.split(": ", 1)
        file, number = place.rsplit(":", 1)
        server.wait_line("event=config", f"file={file}", f"line={number}",
                         text.split(";")[0].split('"')[0])
    until(lambda: server.status()["faults"] == sorted(lines))
    assert (rcpt(server, "other"), rcpt(server, "c")) == (LISTED, FOREIGN)


def as_nobody(server, *words):
    return check(server, *words, user="nobody", group="nogroup",
                 extra_groups=[])


@needs_root
def test_secret_that_may_not_be_read(server):
    """Whoever checks is told; whoever serves must read it."""
    server.write("flat_auth_pw", "user:secret")
    (server.config / "flat_auth_pw").chmod(0o600)
    warning = f"{server.config}/flat_auth_pw: warning: not read, only root " \
        "and the server may; check as root\n"
    server.write("user", "daemon")
    result = as_nobody(server)
    assert (result.returncode, result.stderr) == (0, warning)
    shutil.chown(server.config / "flat_auth_pw", "daemon")
    result = check(server)
    assert (result.returncode, result.stderr) == (0, "")
    os.chown(server.config / "flat_auth_pw", 0, 0)
    # Other faults are found all the same.
    server.write("rcpthosts", "$include none")
    result = as_nobody(server)
    assert result.returncode == 1
    assert result.stderr.startswith(warning)
    assert f"{server.config}/rcpthosts:1: " in result.stderr
    server.write("rcpthosts", "d.example")
    fault = f"{server.config}/flat_auth_pw: cannot read it: " \
        "Permission denied"
    (server.config / "user").unlink()
    for words in ((), ("--without-keys",)):
        result = as_nobody(server, *words)
        assert result.returncode == 1
        assert result.stderr.startswith(fault)
    # As does the server's own check.
    own(server.config / "flat_auth_pw")
    server.start("--workers", "1")
    os.chown(server.config / "flat_auth_pw", 0, 0)
    result = server.ctl("reload")
    assert result.returncode == 1
    assert fault in result.stderr


@needs_root
def test_secret_of_a_listener(server):
    """Each is named once."""
    server.write("plugins", "auth/auth_flat_file:0\nauth/auth_flat_file:1\n"
                            "queue/discard")
    server.write("listen", "127.0.0.1:0 name=a\n127.0.0.1:0 name=b")
    server.write("user", "daemon")
    (server.config / "a").mkdir()
    for name in ("flat_auth_pw", "a/flat_auth_pw"):
        server.write(name, "user:secret")
        (server.config / name).chmod(0o600)
    result = as_nobody(server)
    assert result.returncode == 0
    assert sorted(line.split(": ")[0] for line in result.stderr.splitlines()) \
        == [f"{server.config}/a/flat_auth_pw", f"{server.config}/flat_auth_pw"]
