# SPDX-License-Identifier: MIT
"""A plugin outside of the tree, from its source to a reply."""
import re
import shutil

import pytest

from conftest import TOP, run

DIALOG = """# SPDX-License-Identifier: MIT
# the plugin refuses whom its control file lists
plugin badrcptto: badrcptto.so
config plugins
	badrcptto
	rcpt_ok
	queue/discard
config rcpthosts: example.com
config badrcptto: spam@example.com

S*: 220
C: EHLO client.example
S*: 250
C: MAIL FROM:<a@b.example>
S*: 250
C: RCPT TO:<spam@example.com>
S: 550 5.1.1 spam@example.com not accepted here
C: RCPT TO:<ham@example.com>
S*: 250
C: QUIT
S*: 221
closed
"""


def yardstick(work):
    """The plugin that README.md shows."""
    text = (TOP / "README.md").read_text()
    code = re.search(r"^```c\n(/\* badrcptto.*?)^```", text, re.M | re.S)[1]
    path = work / "badrcptto.c"
    path.write_text(code)
    return path


@pytest.mark.parametrize("compiler", [
    ["cc"],
    ["gcc", "-std=c11", "-pedantic"],
    ["gcc", "-O2", "-std=c17"],
    ["clang", "-std=c11", "-pedantic"],
    ["g++", "-std=c++20", "-x", "c++"],
    ["clang++", "-std=c++20", "-x", "c++"],
], ids=" ".join)
def test_yardstick(install, work, compiler):
    result = install.build(yardstick(work), *compiler)
    assert (result.returncode, result.stderr) == (0, "")
    (work / "badrcptto.dlg").write_text(DIALOG)
    result = install.dialog(work / "badrcptto.dlg")
    assert result.returncode == 0, result.stdout


def test_yardstick_that_does_nothing(install, work):
    """The dialog above can fail."""
    path = yardstick(work)
    text, count = re.subn(r"return (hl_deny\(.*?\));",
                          r"return \1 == HL_OK ? HL_OK : HL_DECLINED;",
                          path.read_text(), flags=re.S)
    assert count == 1
    path.write_text(text)
    assert install.build(path).returncode == 0
    (work / "badrcptto.dlg").write_text(DIALOG)
    result = install.dialog(work / "badrcptto.dlg")
    assert result.returncode == 1
    assert "550 5.1.1" in result.stdout


def test_shipped_plugins_are_where_pkg_config_says(install):
    (where,) = install.pkg_config("--variable=plugindir")
    shipped = {str(path.relative_to(install.root)) for path
               in install.root.glob("**/plugins/**/*.so")}
    assert shipped
    assert all(f"/{path}".startswith(where + "/") or
               f"{install.root}/{path}".startswith(where + "/")
               for path in shipped), (where, shipped)
    result = install.hookline("plugins")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == len(shipped)
    assert re.search("^queue/discard +accept", result.stdout, re.M)


def test_documents_and_the_sample_are_installed(install):
    (doc,) = install.root.glob("**/doc/hookline")
    for name in ("plugin-guide.md", "reference.md", "hooks.md"):
        assert (doc / name).read_text() == (TOP / "docs" / name).read_text()
    result = install.hookline("check", "--config", doc / "examples/config")
    assert result.returncode == 0, result.stderr


def test_manual_pages_are_installed(install):
    names = {path.name for path in install.root.glob("**/man/man?/*")}
    assert names == {path.name for path in (TOP / "docs/man").glob("*.[0-9]")}


def test_systemd_unit(install, work):
    """It starts the program that was installed with it."""
    (unit,) = install.root.glob("**/lib/systemd/system/hookline.service")
    (socket,) = install.root.glob("**/lib/systemd/system/hookline.socket")
    text = unit.read_text()
    programs = set(re.findall(r"^Exec\w+=\+?(\S+)", text, re.M))
    assert {f"{install.root}{path}" for path in programs} == \
        {str(install.program)}
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    for path in programs:
        text = text.replace(path, str(install.program))
    (work / unit.name).write_text(text)
    shutil.copy(socket, work)
    result = run("systemd-analyze", "verify", "--man=no",
                 work / unit.name, work / socket.name)
    assert (result.returncode, result.stdout) == (0, "")
    assert "hookline" not in result.stderr
