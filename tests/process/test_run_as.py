# SPDX-License-Identifier: MIT
"""`check` and `try` by root see what the run user will see."""
import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import WAIT
from pki import Authority
from shipped import stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)
if os.geteuid() != 0:
    pytest.skip("needs root", allow_module_level=True)

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def server(base):
    server = stage(base)
    server.write("plugins", "badrcptto\nrcpt_ok\nqueue/discard")
    yield server
    server.finish()


def run(server, command, *more):
    return subprocess.run(
        [str(server.program), command, "--config", str(server.config), *more],
        capture_output=True, text=True, timeout=WAIT)


def check(server, *more):
    return run(server, "check", *more)


def test_files_of_root(server):
    """Root could read and write them, the server cannot."""
    spool = server.base / "spool"
    spool.mkdir()
    server.write("spool_dir", str(spool))
    server.write("badrcptto", "a@example.com")
    (server.config / "badrcptto").chmod(0o600)
    result = check(server)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"{server.config}/badrcptto: cannot read it: Permission denied; let "
        "the user that hookline runs as read it",
        f"{server.config}/spool_dir:1: {spool} cannot be written to by nobody: "
        "Permission denied; give it to that user, or name its owner in "
        "config/user"]
    os.chown(server.config / "badrcptto", NOBODY.pw_uid, NOBODY.pw_gid)
    os.chown(spool, NOBODY.pw_uid, NOBODY.pw_gid)
    result = check(server)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("user\n  nobody\n")


def test_another_user(server):
    server.write("badrcptto", "a@example.com")
    (server.config / "badrcptto").chmod(0o600)
    assert check(server).returncode == 1
    result = check(server, "--user", "root")
    assert result.returncode == 0
    assert result.stdout.startswith("user\n  root\n")
    fault = "badrcptto line=0 err=\"cannot read it"
    words = ("try", "--to", "b@d.example")
    assert fault in run(server, *words).stderr
    assert fault not in run(server, *words, "--user", "root").stderr
    server.write("user", "daemon")
    os.chown(server.config / "badrcptto", NOBODY.pw_uid, NOBODY.pw_gid)
    assert check(server).returncode == 1
    assert check(server, "--user", "nobody").returncode == 0
    result = subprocess.run(
        [str(server.program), "check", "--config", str(server.config),
         "--user", "root"], user="daemon", group="daemon", extra_groups=[],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == 1
    assert result.stderr == "hookline check: --user root needs root\n"
    result = check(server, "--user", "no-such-user")
    assert result.returncode == 1
    assert result.stderr == \
        "hookline check: there is no user no-such-user\n"


def test_directory_that_it_may_not_enter(server):
    """It is made for elsewhere: all is looked at by root, who says so."""
    server.config.chmod(0o700)
    server.write("badrcptto", "a@example.com")
    result = check(server)
    assert result.returncode == 0, result.stderr
    assert "\n  nobody  " in result.stdout
    assert f"looked at as root: that user may not enter {server.config}" \
        in result.stdout


def test_keys_of_root(server):
    """The master reads them, so may the check."""
    cert, key = Authority(server.base / "ca").issue("mx", "mx.example")
    server.write("tls_certs", f"* {cert} {key}")
    result = check(server)
    assert result.returncode == 0, result.stderr
    assert "until 20" in result.stdout


@pytest.mark.parametrize("command", ["check", "try"])
def test_what_a_plugin_leaves(server, command):
    """A log file that it opens belongs to the run user, as it has to."""
    shutil.copytree(Path(os.environ["HOOKLINE"]).parent / "perl",
                    server.base / "perl")
    mine, logs = server.base / "mine", server.base / "logs"
    mine.mkdir()
    logs.mkdir()
    (mine / "mine").write_text(
        f"sub register {{ open my $f, '>>', '{logs}/log' "
        "or die \"log: $!\\n\" }\n")
    server.write("plugin_dirs", str(mine))
    server.write("plugins", "mine\nrcpt_ok\nqueue/discard")
    server.write("rcpthosts", "example.com")
    words = ["--to", "a@example.com"] if command == "try" else []
    result = run(server, command, *words)
    assert result.returncode == 1
    assert "mine: log: Permission denied" in result.stderr + result.stdout
    os.chown(logs, NOBODY.pw_uid, NOBODY.pw_gid)
    result = run(server, command, *words)
    assert result.returncode == 0, result.stderr
    assert (logs / "log").stat().st_uid == NOBODY.pw_uid
