# SPDX-License-Identifier: MIT
"""docs/plugin-guide.md: every example compiles, loads and does what it says."""
import re
import shutil
import socket
import threading
from pathlib import Path

import pytest

from conftest import TOP

GUIDE = (TOP / "docs" / "plugin-guide.md").read_text()
HERE = Path(__file__).parent


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


def name_of(code):
    return re.search(r'^\t\.name = "(.*)"', code, re.M)[1]


PLUGINS = {name_of(code): code for code in blocks("c")}
DIALOGS = sorted((HERE / "guide").glob("*.dlg"))


def build(install, work, name):
    source = work / (name.replace("/", "_") + ".c")
    source.write_text(PLUGINS[name])
    result = install.build(source, "cc", "-std=c11", "-pedantic")
    assert (result.returncode, result.stderr) == (0, "")
    return source.with_suffix(".so")


@pytest.mark.parametrize("name", PLUGINS)
def test_example_loads(install, work, name):
    """As the line in its comment says, or without arguments."""
    line = re.search(r"In config/plugins:\n \*\t(.*)", PLUGINS[name])
    path = work / "plugins" / f"{name}.so"
    path.parent.mkdir(parents=True)
    shutil.copy(build(install, work, name), path)
    config = work / "config"
    config.mkdir()
    (config / "plugins").write_text(line[1] if line else name)
    (config / "plugin_dirs").write_text(str(work / "plugins"))
    result = install.hookline("check", "--config", config)
    assert result.returncode == 0, result.stderr
    assert str(path) in result.stdout
    assert "has no hook" not in result.stdout


def test_every_example_is_played():
    played = {name for path in DIALOGS
              for name in re.findall(r"^plugin (\S+):", path.read_text(), re.M)}
    played |= {name for text in blocks("dlg")
               for name in re.findall(r"^plugin (\S+):", text, re.M)}
    assert set(PLUGINS) - played == {"ask"}   # test_ask


def play(install, work, path):
    for name in re.findall(r"^plugin (\S+):", path.read_text(), re.M):
        build(install, work, name)
    result = install.dialog(path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("\nok ") == 1


@pytest.mark.parametrize("path", DIALOGS, ids=lambda path: path.stem)
def test_example_works(install, work, path):
    play(install, work, Path(shutil.copy(path, work)))


def test_dialog_of_the_guide(install, work):
    (text,) = blocks("dlg")
    path = work / "guide.dlg"
    path.write_text(text)
    play(install, work, path)


class PolicyServer(threading.Thread):
    """Says no to whoever is called bad; closes kept connections after two
    questions."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.where = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.asked = []

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            with conn, conn.makefile("rwb", 0) as file:
                for _ in range(2):
                    line = file.readline().decode().strip()
                    if not line:
                        break
                    self.asked.append(line)
                    file.write(b"no, never\n" if "bad" in line else b"ok\n")


def test_ask(install, work):
    server = PolicyServer()
    server.start()
    rcpt = "".join(f"C: RCPT TO:<{name}@example.com>\nS: {reply}\n"
                   for name, reply in [
                       ("bad1", "550 5.7.1 no, never"),
                       ("good1", "250 2.1.5 <good1@example.com> recipient ok"),
                       ("good2", "250 2.1.5 <good2@example.com> recipient ok"),
                       ("bad2", "550 5.7.1 no, never"),
                       ("bad3", "550 5.7.1 no, never")])
    path = work / "ask.dlg"
    path.write_text(
        f"# the guide's ask\nplugin ask: ask.so\nconfig plugins\n"
        f"\task {server.where}\n\trcpt_ok\nconfig rcpthosts: example.com\n\n"
        "S*: 220\nC: EHLO client.example\nS*: 250\n"
        f"C: MAIL FROM:<a@b.example>\nS*: 250\n{rcpt}"
        "C: QUIT\nS*: 221\nclosed\n")
    play(install, work, path)
    server.socket.close()
    assert [line.split()[1] for line in server.asked] == [
        f"{name}@example.com"
        for name in ("bad1", "good1", "good2", "bad2", "bad3")]


def test_links_and_sections():
    """The list at the top leads somewhere."""
    heads = {head.lower().replace(" ", "-").replace(",", "")
             for head in re.findall(r"^#+ (.*)", GUIDE, re.M)}
    for link in re.findall(r"\]\(#(.*?)\)", GUIDE):
        assert link in heads, link
    reference = (TOP / "docs" / "reference.md").read_text()
    for link in re.findall(r"\]\(reference\.md#(.*?)\)", GUIDE):
        title = link.replace("-", " ").capitalize()
        assert f'id="{link}"' in reference or f"## {title}\n" in reference
