# SPDX-License-Identifier: MIT
"""The command line, and what the manual says about it."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import WAIT

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)

MANUAL = Path(__file__).resolve().parents[2] / "docs/man/hookline.8"
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def hookline(*args):
    return subprocess.run([os.environ["HOOKLINE"], *args], timeout=WAIT,
                          capture_output=True, text=True)


def commands():
    text = hookline("--help").stdout
    return re.findall(r"^  (\S+) +\S", text, re.M)


def section(name):
    """The lines of a subcommand in the manual."""
    text = MANUAL.read_text()
    found = re.search(rf"^\.Ss hookline {name}\n(.*?)^\.S[sh]", text,
                      re.M | re.S)
    assert found, f"hookline(8) has no section for {name}"
    return found[1]


def test_list():
    names = commands()
    for name in ("serve", "check", "hooks", "plugins", "new-plugin", "ctl",
                 "try", "version"):
        assert name in names
    assert "worker" not in names


def test_manual_has_every_command_and_option():
    for name in commands():
        lines = section(name)
        help_text = hookline(name, "--help").stdout
        options = re.findall(r"^  --([a-z-]+)", help_text, re.M)
        listed = re.findall(r"^\.It Fl -([a-z-]+)", lines, re.M)
        assert set(options) <= set(listed), name
        if options:
            assert set(listed) == set(options), name


def test_manual_has_every_request_of_ctl():
    help_text = hookline("ctl", "--help").stdout
    requests = re.search(r"(status\|\S+)$", help_text, re.M)[1].split("|")
    assert re.findall(r"^\.It Cm (\S+)", section("ctl"), re.M) == requests


@pytest.mark.parametrize("args", [("--help",), ("help",), ("-h",)])
def test_help(args):
    result = hookline(*args)
    assert result.returncode == 0
    assert "usage: hookline COMMAND" in result.stdout


def test_version():
    result = hookline("version")
    assert re.fullmatch(r"hookline \d+\.\d+\.\d+\n", result.stdout)
    assert hookline("--version").stdout == result.stdout


def test_hooks():
    """One by name shows how it is defined."""
    text = hookline("hooks", "rcpt").stdout
    assert "(struct hl_ctx *ctx, const struct hl_addr *addr)\n" in text
    assert text in hookline("hooks").stdout
    assert "on_pre_connection(struct hl_ctx *ctx)\n" in \
        hookline("hooks", "pre-connection").stdout
    result = hookline("hooks", "rctp")
    assert result.returncode == 1
    assert "did you mean rcpt?" in result.stderr


@pytest.mark.parametrize("args,words", [
    ((), "usage: hookline COMMAND"),
    (("srve",), "did you mean serve?"),
    (("frobnicate",), "--help"),
    (("serve", "--workrs", "2"), "did you mean --workers?"),
    (("serve", "--workers", "0"), "1 to"),
    (("serve", "--workers", "2x"), "1 to"),
    (("serve", "--config"), "needs a value"),
    (("serve", "127.0.0.1:25"), "--listen"),
    (("version", "x"), "no argument"),
    (("ctl", "relaod"), "did you mean reload"),
    (("greylist", "delete", ""), "one word is empty"),
    (("greylist", "show", "192.0.2.1", " "), "one word is empty"),
])
def test_usage_errors(args, words):
    result = hookline(*args)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_every_command_explains_itself():
    for name in commands():
        result = hookline(name, "--help")
        assert result.returncode == 0
        assert result.stdout.startswith(f"usage: hookline {name}")
        assert result.stdout.endswith("\n")


def test_usage_has_every_option():
    for name in commands():
        text = hookline(name, "--help").stdout
        for option in re.findall(r"^  (--[a-z-]+)", text, re.M):
            assert f"[{option}" in text.splitlines()[0], (name, option)


def test_lmtp_at_port_25(tmp_path):
    """RFC 2033: a client could not tell it from SMTP there."""
    (tmp_path / "me").write_text("mx.example\n")
    (tmp_path / "plugins").write_text("rcpt_ok\nqueue/discard\n")
    (tmp_path / "listen").write_text("127.0.0.1:24 lmtp\n127.0.0.1:25\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 0 and "warning" not in result.stdout
    (tmp_path / "listen").write_text("127.0.0.1:25 lmtp\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 0
    assert "LMTP must not be spoken at port 25" in result.stdout


def test_nowhere_to_listen(tmp_path):
    """As where qpsmtpd has been told on its command line."""
    (tmp_path / "plugins").write_text("rcpt_ok\nqueue/discard\n")
    listen = tmp_path / "listen"
    none = "listeners\n  none                         warning: write a line"
    assert none in hookline("check", "--config", tmp_path).stdout
    listen.write_text("# later\n")
    assert none in hookline("check", "--config", tmp_path).stdout
    listen.write_text("127.0.0.1:25\n")
    assert "warning" not in hookline("check", "--config", tmp_path).stdout


def test_what_queues_keep(tmp_path):
    """check tells what the queue carries, plugins what one plugin does."""
    (tmp_path / "me").write_text("mx.example\n")
    plugins = tmp_path / "plugins"
    plugins.write_text("queue/discard\n")
    found = re.search(r"^  carries +(.*)$", hookline(
        "check", "--config", tmp_path).stdout, re.M)
    assert found[1].split() == ["SMTPUTF8", "DSN", "BINARYMIME", "REQUIRETLS",
                                "MT-PRIORITY", "FUTURERELEASE"]
    plugins.write_text(f"queue/discard\nqueue/maildir {tmp_path}/mail\n")
    assert re.search(r"^  carries +SMTPUTF8$", hookline(
        "check", "--config", tmp_path).stdout, re.M)
    plugins.write_text("rcpt_ok\n")
    assert "carries" not in hookline("check", "--config", tmp_path).stdout
    assert hookline("plugins", "queue/maildir").stdout.endswith(
        "carries\n  SMTPUTF8\n")
    assert "carries" not in hookline("plugins", "rcpt_ok").stdout


def test_configuration_that_takes_no_mail(tmp_path):
    (tmp_path / "me").write_text("mx.example\n")
    plugins = tmp_path / "plugins"
    for text, hooks in (("helo\n", ["rcpt", "queue"]),
                        ("rcpt_ok\n", ["queue"]),
                        ("queue/discard\n", ["rcpt"]),
                        ("rcpt_ok\nqueue/discard\n", [])):
        plugins.write_text(text)
        result = hookline("check", "--config", tmp_path)
        assert result.returncode == 0
        assert re.findall(r"^  (\w+) +warning: no plugin", result.stdout,
                          re.M) == hooks


def test_directory_in_place_of_plugins(tmp_path):
    (tmp_path / "me").write_text("mx.example\n")
    (tmp_path / "plugins").mkdir()
    result = hookline("check", "--config", tmp_path)
    assert result.returncode != 0
    assert "plugins: is no file; write one" in result.stderr


FAULTS = {
    "relayclients": ("192.0.2.0/24\n192.0.2.300/24\n", "relayclients:2: "),
    "norelayclients": ("x\n", "norelayclients:1: "),
    "hosts_allow": ("example.com DENY\n", "hosts_allow:1: "),
    "badmailfrom": ("/a(b/\n", "badmailfrom:1: "),
    "badrcptto": ("a@b.example\n\n/(/\n", "badrcptto:3: "),
    "rcpthosts": ("$include none\n", "rcpthosts:1: "),
    "morercpthosts.cdb": ("x\n", "morercpthosts.cdb: "),
    "resolvers": ("127.0.0.1\n300.1.1.1\n", "resolvers:2: "),
    "submission/badrcptto": ("/(/\n", "submission/badrcptto:1: "),
    "submission/databytes": ("many\n", "submission/databytes:1: "),
}


def test_old_names(tmp_path):
    """check and plugins tell what an old name stands for."""
    (tmp_path / "me").write_text("mx.example\n")
    plugins = tmp_path / "plugins"
    plugins.write_text("check_relay\nrelay_only:1\nqueue/discard\n")
    text = hookline("check", "--config", tmp_path).stdout
    assert re.search(r"^  check_relay +alias .*/relay\.so\n +is now called "
                     r"relay$", text, re.M)
    assert re.search(r"^  relay_only:1 +alias ", text, re.M)
    text = hookline("plugins", "relay_only").stdout
    assert text.startswith("relay_only is now called relay, with only 1\n"
                           "relay - ")
    plugins.write_text("check_basicheaders some\ncheck_for_hi_virus\n"
                       "queue/discard\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 1
    assert "plugins:1: check_basicheaders: `past some`: must be a number" \
        in result.stderr
    assert "plugins:2: there is no plugin check_for_hi_virus; nobody sends " \
        "that worm any more" in result.stderr
    result = hookline("plugins", "check_for_hi_virus")
    assert result.returncode == 1 and "take the line out" in result.stderr


def test_faults_of_plugins_files(tmp_path):
    """All are told of at once, with their lines."""
    (tmp_path / "plugins").write_text(
        "hosts_allow\nrelay\nbadmailfrom\nbadrcptto\nrcpt_ok\n"
        "queue/discard\n")
    (tmp_path / "listen").write_text("127.0.0.1:587 name=submission\n")
    (tmp_path / "submission").mkdir()
    result = hookline("check", "--config", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    for name, (text, _) in FAULTS.items():
        (tmp_path / name).write_text(text)
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == len(FAULTS), result.stderr
    for _, where in FAULTS.values():
        assert any(line.startswith(f"{tmp_path}/{where}") for line in lines), \
            where


def test_include_of_plugins_is_missing(tmp_path):
    """It is told, and not that plugins itself is missing."""
    (tmp_path / "me").write_text("mx.example\n")
    result = hookline("check", "--config", tmp_path)
    assert result.stderr == f"{tmp_path}/plugins: the file is missing; it " \
        "names the plugins, one a line\n"
    (tmp_path / "plugins").write_text("queue/discard\n$include more\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"{tmp_path}/plugins:2: $include " \
        f"{tmp_path}/more: cannot read it: No such file or directory; " \
        "create it, or remove this line\n"


def test_plugin_file_of_a_listener_is_missing(tmp_path):
    (tmp_path / "plugins").write_text("queue/discard\n")
    (tmp_path / "listen").write_text(
        "127.0.0.1:25\n127.0.0.1:587 plugins=plugins.other\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 1
    assert result.stderr == f"{tmp_path}/listen:2: plugins=plugins.other: " \
        "there is no such file\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_unknown_user(tmp_path):
    (tmp_path / "plugins").write_text("queue/discard\n")
    (tmp_path / "user").write_text("# who\nno-such-user\n")
    result = hookline("check", "--config", tmp_path)
    assert result.returncode == 1
    assert result.stderr == \
        f"{tmp_path}/user:2: there is no user no-such-user\n"


def shipped_plugins():
    return [line.split()[0]
            for line in hookline("plugins").stdout.splitlines()]


def test_every_plugin_has_a_manual():
    """Its line, its arguments and control files, the notes that it leaves."""
    names = shipped_plugins()
    assert "helo" in names
    for name in names:
        text = hookline("plugins", name).stdout
        parts = dict(re.findall(r"^([a-z ]+)\n((?:(?:  .*)?\n)*)", text, re.M))
        manual = parts["description"]
        assert len(manual.split()) > 8, name
        line = re.search(rf"^ +{re.escape(name)}(?: .*)?$", manual, re.M)
        assert line, f"{name}: no line for config/plugins"
        for key in re.findall(r"^  (\S+)", parts.get("control files", ""),
                              re.M):
            assert key in text.split("\n")[0] + manual, \
                f"{name}: nothing about {key}"
        if "arguments" in parts:
            assert re.search(rf"^ +{re.escape(name)} \S", manual, re.M), \
                f"{name}: no line with arguments"
        if "hl_note_set" in (PLUGINS / f"{name}.c").read_text():
            assert re.search(r"\bnotes?\b", manual), f"{name}: no notes"


def test_manual_of_a_plugin_of_others(tmp_path):
    """It has none, and all else."""
    where = Path(os.environ["HOOKLINE"]).parent / "plugins/rcpt_ok.so"
    copy = tmp_path / "mine.so"
    copy.write_bytes(where.read_bytes())
    text = hookline("plugins", str(copy)).stdout
    assert "hooks\n  rcpt\n" in text
    assert "description" not in text
