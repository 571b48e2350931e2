# SPDX-License-Identifier: MIT
"""queue/maildir where things are not as they should be."""
import os
import shutil
import subprocess

import pytest

from conftest import needs_root, until
from shipped import Smtp, maildir_files, own, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)

SOFT = "451 4.3.0 The message could not be stored, try again later"


@pytest.fixture
def server(base):
    server = stage(base)
    yield server
    server.finish()


@pytest.fixture
def disk(base):
    """A small file system of its own."""
    path = base / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(path)],
        capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("cannot mount a tmpfs")
    own(path)
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def start(server, *queue):
    server.write("plugins", "\n".join(["rcpt_ok", *queue]))
    server.start("--workers", "1")
    return Smtp(server.where())


def send(smtp, *recipients, size=10):
    return smtp.message("Subject: x\r\n\r\n" + "x" * 70 * size, *recipients)


def fault(server, *words, count=1):
    """The error lines of the plugin."""
    return server.wait_line(" error ", "plugin=queue/maildir", *words,
                            count=count)


@needs_root
def test_full_disk(server, disk):
    mail = disk / "mail"
    with start(server, f"queue/maildir {mail}") as smtp:
        replies = []
        while not replies or replies[-1].startswith("250"):
            replies.append(send(smtp, size=1000))
        assert replies[-1] == "452 4.3.1 Insufficient storage"
        line = fault(server, "hook=queue", "No space left on device")[0]
        assert f"fail, cannot keep {mail}/new/" in line
        assert "make room on its disk" in line
        server.wait_line("event=reject hook=queue plugin=queue/maildir",
                         "code=452", "enh=4.3.1")
        # Nothing is left of it, and what was acknowledged is there.
        assert len(maildir_files(mail)) == len(replies) - 1 > 2
        assert maildir_files(mail, "tmp") == []
        maildir_files(mail)[0].unlink()
        assert send(smtp, size=1000).startswith("250")


@needs_root
def test_read_only_disk(server, disk):
    def remount(how):
        subprocess.run(["mount", "-o", f"remount,{how}", str(disk)],
                       check=True)

    with start(server, f"queue/maildir {disk}/mail") as smtp:
        assert send(smtp).startswith("250")
        remount("ro")
        assert send(smtp) == SOFT
        assert "its file system is mounted read-only" in fault(
            server, "Read-only file system")[0]
        remount("rw")
        assert send(smtp).startswith("250")
        assert len(maildir_files(disk / "mail")) == 2


def test_missing_directory(server, base):
    """Only DIR itself is made; it shows at the start, and heals."""
    mail = base / "none" / "mail"
    with start(server, f"queue/maildir {mail}") as smtp:
        for words in (["hook=init_worker"], ["hook=queue"]):
            if words == ["hook=queue"]:
                assert send(smtp) == SOFT
            assert "make the directory, or mount its file system" in fault(
                server, *words, f"cannot make {mail}/tmp")[0]
        server.wait_line("event=reject hook=queue plugin=queue/maildir",
                         "code=451", "enh=4.3.0")
        mail.parent.mkdir()
        own(mail.parent)
        assert send(smtp).startswith("250")
        assert len(maildir_files(mail)) == 1


def test_not_ours(server, base):
    mail = base / "mail"
    for folder in ("tmp", "new", "cur"):
        (mail / folder).mkdir(parents=True)
    (mail / "tmp").chmod(0o555)
    with start(server, f"queue/maildir {mail}") as smtp:
        assert send(smtp) == SOFT
        assert "to the user that workers run as" in fault(
            server, "Permission denied")[0]
        (mail / "tmp").chmod(0o755)
        own(mail / "tmp")
        (mail / "new").chmod(0o555)
        assert send(smtp) == SOFT
        fault(server, "Permission denied", count=2)
        assert maildir_files(mail, "tmp") == []


def test_maildir_vanishes(server):
    """Which workers may write to is settled when they start."""
    mail = server.state / "mail"
    with start(server, "queue/maildir mail") as smtp:
        assert send(smtp).startswith("250")
        shutil.rmtree(mail)
        reply = send(smtp)
        assert reply == SOFT or reply.startswith("250")  # 250: no Landlock
        assert server.ctl("reload").returncode == 0
    with Smtp(server.where()) as smtp:
        assert send(smtp).startswith("250")
        assert maildir_files(mail)


@pytest.mark.parametrize("folder", ["tmp", "new"])
def test_folder_vanishes(server, folder):
    mail = server.state / "mail"
    with start(server, "queue/maildir mail") as smtp:
        assert send(smtp).startswith("250")
        shutil.rmtree(mail / folder)
        assert send(smtp).startswith("250")
        assert all((mail / name).is_dir() for name in ("tmp", "new", "cur"))
        assert len(maildir_files(mail)) == (2 if folder == "tmp" else 1)


def test_mode(server):
    mail = server.state / "mail"
    old = os.umask(0o077)
    try:
        with start(server, "queue/maildir mail %d/%l 770") as smtp:
            assert send(smtp, "u@d.example").startswith("250")
    finally:
        os.umask(old)
    for name in ("", "d.example", "d.example/u", "d.example/u/new"):
        assert (mail / name).stat().st_mode & 0o7777 == 0o770
    file = maildir_files(mail / "d.example/u")[0]
    assert file.stat().st_mode & 0o7777 == 0o660


def test_all_or_none(server):
    """What fails for one recipient is delivered to none."""
    mail = server.state / "mail"
    with start(server, "queue/maildir mail %l") as smtp:
        assert send(smtp, "u@d.example").startswith("250")
        (mail / "bad").write_text("no directory")
        for recipients in (["u", "v", "bad"], ["bad", "u", "v"]):
            reply = send(smtp, *(f"{name}@d.example" for name in recipients))
            assert reply == SOFT
        fault(server, "Not a directory", count=2)
        assert len(maildir_files(mail / "u")) == 1
        for name in ("u", "v"):
            assert maildir_files(mail / name, "tmp") == []


def test_next_queue_plugin(server, base):
    with start(server, f"queue/maildir:0 {base}/none/mail",
               "queue/maildir:1 second") as smtp:
        assert send(smtp).startswith("250")
    assert len(maildir_files(server.state / "second")) == 1
    server.wait_line("event=accept", "plugin=queue/maildir:1")


def test_names(server):
    """time.MusecPpidQn.host, no two the same."""
    with start(server, "queue/maildir mail") as smtp:
        for _ in range(5):
            assert send(smtp).startswith("250")
        pid = server.workers()[0]["pid"]
    names = [path.name for path in maildir_files(server.state / "mail")]
    assert len(set(names)) == 5
    for name in names:
        time, unique, host = name.split(".", 2)
        assert time.isdigit() and host
        assert unique[0] == "M" and f"P{pid}Q" in unique


@pytest.mark.parametrize("words, error", [
    ("queue/maildir", "argument dir is missing"),
    ("queue/maildir mail sub", "subdir sub: needs %l, %d or %u"),
    ("queue/maildir mail %l 79", "must be octal"),
    ("queue/maildir ../mail", "its load function failed"),
    ("queue/maildir mail %l 770 more", "unknown argument more"),
])
def test_arguments(server, words, error):
    server.write("plugins", words)
    server.launch()
    assert server.wait() != 0
    until(lambda: error in server.log())
