# SPDX-License-Identifier: MIT
"""`hookline try`: one conversation without network and queue."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import WAIT

PROGRAM = os.environ.get("HOOKLINE", "build/release/hookline")


@pytest.fixture
def config(tmp_path):
    for name, text in {"plugins": "rcpt_ok\nqueue/discard\n",
                       "rcpthosts": "example.com\n",
                       "me": "mx.example.com\n"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run_try(config, *args, message=None):
    return subprocess.run(
        [PROGRAM, "try", "--config", str(config), *args],
        input=message, capture_output=True, text=True, timeout=WAIT)


def test_accepted_is_not_queued(config):
    done = run_try(config, "--from", "a@b.example", "--to", "x@example.com")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "> MAIL FROM:<a@b.example>" in lines
    assert "< 250 2.1.5 <x@example.com> recipient ok" in lines
    assert any(l.startswith("< 250 2.0.0 Not queued, this is a try")
               for l in lines)
    assert not any(l.split()[:1] == ["queue"] for l in lines)
    assert any(l.split()[:3] == ["rcpt", "rcpt_ok", "OK"] for l in lines)


def test_run_hooks_queues_nothing(config):
    """A Perl plugin may run the queue's hook itself; not in a try."""
    (config / "perl").mkdir()
    (config / "perl" / "mine").write_text("""sub hook_queue_pre {
    my ($self) = @_;
    my @answer = $self->qp->run_hooks('queue');
    return (DENY, "the queue said $answer[1]");
}
""")
    (config / "plugin_dirs").write_text(f"{config}/perl\n")
    (config / "plugins").write_text("rcpt_ok\nmine\nqueue/discard\n")
    done = run_try(config, "--from", "a@b.example", "--to", "x@example.com")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "< 552 5.3.0 the queue said Not queued, this is a try" in \
        done.stdout.splitlines()


def test_refused_is_explained(config):
    done = run_try(config, "--ip", "198.51.100.7", "--to", "x@other.example")
    assert done.returncode == 1
    assert "rcpt_ok" in done.stdout and "DENY" in done.stdout
    assert "< 550 5.7.1 Relaying denied" in done.stdout.splitlines()


def test_message_from_stdin(config):
    done = run_try(config, "--to", "x@example.com", "-",
                   message="Subject: x\n\n.dot\n")
    assert done.returncode == 0, done.stderr
    assert "> (17 bytes)" in done.stdout.splitlines()


def test_tls(config):
    """With a certificate of its own; what plugins see is TLS all the same."""
    done = run_try(config, "--tls", "--to", "x@example.com")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    at = lines.index("> STARTTLS")
    assert lines[at + 1] == "< 220 2.0.0 Ready to start TLS"
    assert lines[at + 2].startswith("> EHLO ")
    assert "< 250-STARTTLS" in lines[:at] or "< 250 STARTTLS" in lines[:at]
    assert not any("STARTTLS" in line for line in lines[at + 2:])
    done = run_try(config, "--to", "x@example.com")
    assert "STARTTLS" not in done.stdout


def test_bad_configuration_and_words(config):
    (config / "plugins").write_text("rcpt_okk\n")
    done = run_try(config)
    assert done.returncode == 1
    assert "plugins:1" in done.stderr and "rcpt_ok?" in done.stderr
    assert run_try(config, "--ip", "nonsense").returncode == 2
    assert run_try(config, "/nonexistent/message").returncode == 1


def test_too_many_recipients(config):
    words = [word for i in range(1001)
             for word in ("--to", f"x{i}@example.com")]
    done = run_try(config, *words)
    assert done.returncode == 2
    assert "more than 1000 recipients" in done.stderr
    assert done.stdout == ""
    (config / "max_recipients").write_text("1000\n")
    done = run_try(config, *words[2:])
    assert done.returncode == 0, done.stdout[-500:]
    assert "> RCPT TO:<x1000@example.com>" in done.stdout.splitlines()


def test_columns_fit_the_longest_name(config):
    (config / "plugins").write_text(
        "count_unrecognized_commands:123456 4\nrcpt_ok\nqueue/discard\n")
    done = run_try(config, "--to", "x@example.com")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines()
             if line.startswith("    ")]
    assert lines
    width = len("count_unrecognized_commands:123456")
    for line in lines:
        assert line[24] == " " and line[25 + width] == " "
        assert line[26 + width] != " "


def test_manual_has_the_defaults():
    page = (Path(__file__).resolve().parents[2] /
            "docs/man/hookline.8").read_text()
    text = page[page.index(".Ss hookline try"):]
    text = text[:text.index(".Ss hookline version")]
    usage = subprocess.run([PROGRAM, "try", "--help"], capture_output=True,
                           text=True, timeout=60).stdout
    defaults = re.findall(r"\((\S+[./]\S+)\)$", usage, re.M)
    assert len(defaults) == 4
    for default in defaults:
        assert re.search(rf"^\.(Li|Pa) {re.escape(default)} [.;]$", text,
                         re.M), default
    assert ".Ql -\n" in text


def test_address_beyond_ascii(config):
    """The client says SMTPUTF8 when it has to."""
    (config / "rcpthosts").write_text("bücher.example\n")
    done = run_try(config, "--from", "jürgen@b.example",
                   "--to", "x@xn--bcher-kva.example")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert "> MAIL FROM:<jürgen@b.example> SMTPUTF8" in lines
    assert "< 250 2.1.0 <jürgen@b.example> sender ok" in lines
    (config / "plugins").write_text("rcpt_ok\n")
    done = run_try(config, "--from", "jürgen@b.example")
    assert done.returncode == 1
    assert "< 550 5.6.7 " in done.stdout
