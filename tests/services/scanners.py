# SPDX-License-Identifier: MIT
"""Debian's spamd and clamd, each with one rule, on loopback."""
import os
import shutil
import tempfile
from pathlib import Path

from services import HOST, Service, answers, free_port

SPAM = "buy my snake oil"
RULES = f"""
required_score 5
report_safe 0
use_bayes 0
body SNAKE_OIL /{SPAM}/
describe SNAKE_OIL Says that it wants to sell something
score SNAKE_OIL 7.5
add_header all Status "_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_"
"""
VIRUS = "a wicked virus"


class Spamd(Service):
    """What says SPAM has 7.5 points."""

    def __init__(self, folder, user=None):
        super().__init__(folder, user)
        self.port = free_port(HOST)
        (folder / "local.cf").write_text(RULES)
        (folder / "init.pre").write_text(
            "loadplugin Mail::SpamAssassin::Plugin::Check\n")

    def command(self):
        folder = self.folder
        return ["/usr/sbin/spamd", "--local", "--nouser-config",
                "--max-children=2", f"--listen={HOST}", f"--port={self.port}",
                f"--configpath={folder}", f"--siteconfigpath={folder}",
                f"--helper-home-dir={folder}", "--syslog=stderr"]

    def is_ready(self):
        return answers(self.port)


class Clamd(Service):
    """What says VIRUS has the virus Test.Words.UNOFFICIAL."""

    def __init__(self, folder, user=None):
        super().__init__(folder, user)
        self.port = free_port(HOST)
        # ClamAV plugins want a plain name.
        self.place = Path(tempfile.mkdtemp(prefix="clamd", dir="/tmp"))
        self.place.chmod(0o755)
        if self.user:
            os.chown(self.place, self.user["user"], self.user["group"])
        self.socket = self.place / "socket"
        # Debian's AppArmor profile, which allows its own paths, knows the
        # program by where it lies.
        self.program = shutil.copy("/usr/sbin/clamd", folder)
        signatures = folder / "db" / "words.ndb"
        signatures.parent.mkdir()
        signatures.write_text(f"Test.Words:0:*:{VIRUS.encode().hex()}\n")
        name = "User nobody\n" if os.geteuid() == 0 else ""
        (folder / "conf").write_text(f"""
Foreground yes
{name}DatabaseDirectory {folder}/db
LocalSocket {self.socket}
TCPSocket {self.port}
TCPAddr {HOST}
MaxThreads 2
""")

    def command(self):
        return [self.program, "-c", self.folder / "conf"]

    def is_ready(self):
        return answers(self.port)

    def stop(self):
        super().stop()
        shutil.rmtree(self.place)
