# SPDX-License-Identifier: MIT
"""user_config and what users can put into their directories."""
import itertools
import os

import pytest

NUMBERS = itertools.count()
LIMIT = 256 * 1024


@pytest.fixture
def users(stage):
    path = stage.base / f"u{next(NUMBERS)}"
    for folder in (path, path / "tim"):
        folder.mkdir()
        folder.chmod(0o755)
    return path


@pytest.fixture
def server(hookline, users):
    server = hookline(plugins=[f"user_config {users}/%u",
                               "whitelist per_recipient 1 merge 0",
                               "rcpt_ok"], max_per_client="0")
    server.start()
    return server


def is_listed(server, sender):
    client = server.client()
    client.ask(f"MAIL FROM:<{sender}>")
    client.say("RCPT TO:<tim@example.com>")
    reply = client.reply()
    client.close()
    assert reply[:3] in ("250", "550"), reply
    return reply.startswith("250")


def test_fifo(server, users):
    """Nobody waits for who would write to it."""
    path = users / "tim" / "whitelistsenders"
    os.mkfifo(path)
    path.chmod(0o644)
    assert not is_listed(server, "a@b.example")
    assert server.wait_line("Couldn't open", "it is no plain file")
    path.unlink()
    path.write_text("b.example\n")
    path.chmod(0o644)
    assert is_listed(server, "a@b.example")


def test_size(server, users):
    path = users / "tim" / "whitelistsenders"
    text = "".join(f"a{number}@b.example\n" for number in range(20000))
    text = text[:LIMIT - 20] + "\n# x\nlast.example"
    text += "\n" * (LIMIT - len(text))
    path.write_text(text)
    path.chmod(0o644)
    assert is_listed(server, "a@last.example")
    assert is_listed(server, "a3@b.example")
    path.write_text(text + "\n")
    assert not is_listed(server, "a@last.example")
    assert server.wait_line("Couldn't open", "larger than 256 KiB")


def test_link_out_of_it(server, users, stage):
    """Workers are confined to the directory of all users."""
    if server.lines("event=confined name=worker landlock=\"no"):
        pytest.skip("no Landlock")
    (stage.base / "secret").write_text("b.example\n")
    (stage.base / "secret").chmod(0o644)
    (users / "tim" / "whitelistsenders").symlink_to(stage.base / "secret")
    assert not is_listed(server, "a@b.example")
    assert server.wait_line("Couldn't open", "Permission denied")


def test_binary(server, users):
    path = users / "tim" / "whitelistsenders"
    path.write_bytes(bytes(range(256)) * 100 + b"\0\nb.example\0\n\0c.example")
    path.chmod(0o644)
    assert is_listed(server, "a@b.example")
    assert not is_listed(server, "a@c.example")
