# SPDX-License-Identifier: MIT
"""hookline new-plugin: what it writes works, and it overwrites nothing."""
import os

import pytest

from conftest import run


def new(install, work, name):
    return install.hookline("new-plugin", name, cwd=work)


def make(install, work):
    return run("./test.sh", cwd=work, env=install.env)


def test_from_nothing_to_a_tested_plugin(install, work):
    result = new(install, work, "first")
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in work.iterdir()) == [
        "first.c", "first.dlg", "test.sh"]
    for word in ("first.c", "first.dlg", "./test.sh", "plugin_dirs"):
        assert word in result.stdout
    for path in work.iterdir():
        assert "@NAME@" not in path.read_text()
    result = make(install, work)
    assert result.stdout.startswith("1..1\nok 1 - first: "), result.stdout
    assert (result.returncode, result.stderr) == (0, "")
    # Another one in the same directory, with the same script.
    result = new(install, work, "the-2nd_one")
    assert "test.sh is there already" in result.stdout
    assert make(install, work).stdout.count("\nok ") == 2


def test_without_an_installation(install, work):
    """The reason, not what the compiler makes of it."""
    new(install, work, "first")
    env = {key: value for key, value in install.env.items()
           if not key.startswith("PKG_CONFIG")}
    result = run("./test.sh", cwd=work,
                 env=dict(env, PKG_CONFIG_LIBDIR=str(work)))
    assert result.returncode == 1
    assert "does not find hookline" in result.stderr
    assert "first.c" not in result.stderr


def test_its_dialog_finds_faults(install, work):
    new(install, work, "first")
    path = work / "first.c"
    path.write_text(path.read_text().replace("!hl_list_has", "hl_list_has"))
    result = make(install, work)
    assert result.returncode == 1
    assert "not ok 1" in result.stdout


def test_its_argument(install, work):
    new(install, work, "first")
    path = work / "first.dlg"
    text = path.read_text().replace("\tfirst\n", "\tfirst soft yes\n")
    text = text.replace("S: 550 5.1.1 no mail for nobody@example.com here",
                        "S: 450 4.2.1 nobody@example.com is away, try later")
    path.write_text(text.replace("code=550", "code=450"))
    result = make(install, work)
    assert result.returncode == 0, result.stdout
    result = install.hookline("plugins", "first.so", cwd=work)
    assert "soft 0|1 (default no)" in result.stdout
    assert "  rcpt\n" in result.stdout


@pytest.mark.parametrize("compiler", ["gcc -std=c11 -pedantic",
                                      "clang -std=c17",
                                      "g++ -std=c++20 -x c++"])
def test_it_compiles(install, work, compiler):
    new(install, work, "first")
    result = install.build(work / "first.c", *compiler.split())
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name, words", [
    ("", "needs a name"),
    ("1st", "does not begin with a letter"),
    ("queue/x", "has a directory in it"),
    ("..", "does not begin with a letter"),
    ("x.c", "without .c"),
    ("x.so", "without .c"),
    ("a b", "letters, digits"),
    ("naïve", "letters, digits"),
    ("--x", "no option"),
    ("a" * 65, "too long"),
])
def test_bad_names(install, work, name, words):
    result = new(install, work, name)
    assert result.returncode == 2
    assert words in result.stderr
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("name", ["first.c", "first.dlg"])
def test_nothing_is_overwritten(install, work, name):
    (work / name).write_text("mine")
    result = new(install, work, "first")
    assert result.returncode == 1
    assert f"{name} is there already" in result.stderr
    assert [path.name for path in work.iterdir()] == [name]
    assert (work / name).read_text() == "mine"


def test_own_script_is_kept(install, work):
    (work / "test.sh").write_text("mine")
    result = new(install, work, "first")
    assert result.returncode == 0
    assert "left alone" in result.stdout
    assert (work / "test.sh").read_text() == "mine"


def test_shipped_name(install, work):
    result = new(install, work, "rcpt_ok")
    assert "is shipped with hookline" in result.stdout


def test_directory_without_permission(install, work):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    work.chmod(0o555)
    result = new(install, work, "first")
    work.chmod(0o755)
    assert result.returncode == 1
    assert "Permission denied" in result.stderr
