# SPDX-License-Identifier: MIT
"""The real program with its shipped plugins, at a place that its run user can
reach, and a client that is quick enough to load it."""
import os
import shutil
import socket
import struct
from pathlib import Path

from conftest import WAIT, Server

PIPELINED = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"


class Hungup(Exception):
    """The server has gone in the middle of something."""


def stage(base, *more):
    """A server that is not started yet; `more` are plugins of the test's."""
    program = Path(os.environ["HOOKLINE"])
    shutil.copy(program, base / "hookline")
    for source in (program.parent / "plugins").rglob("*.so"):
        to = base / "plugins" / source.relative_to(program.parent / "plugins")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)
    for source in more:
        shutil.copy(source, base / "plugins")
    server = Server(base, base / "hookline")
    server.write("rdns", "0")
    server.write("rcpthosts", "d.example")
    return server


def own(path):
    """Gives a path to the user that workers run as."""
    if os.geteuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


def maildir_files(path, folder="new"):
    folder = Path(path) / folder
    return sorted(folder.iterdir()) if folder.is_dir() else []


class Smtp:
    """One session; replies are read line by line from what came so far."""

    def __init__(self, where, hello=True):
        self.socket = socket.create_connection(where, WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read = b""
        if hello:
            self.reply()
            self.cmd("EHLO client.example")

    def line(self):
        while b"\n" not in self.read:
            try:
                data = self.socket.recv(65536)
            except OSError as error:
                raise Hungup from error
            if not data:
                raise Hungup
            self.read += data
        line, _, self.read = self.read.partition(b"\n")
        return line.decode().rstrip("\r")

    def reply(self):
        while True:
            line = self.line()
            if line[3:4] != "-":
                return line

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Hungup from error

    def cmd(self, text):
        self.send(text.encode() + b"\r\n")
        return self.reply()

    def message(self, text, *recipients):
        """The reply to the end of the data, or the first one that is none of
        MAIL 250, RCPT 250, DATA 354."""
        if recipients:
            commands = "MAIL FROM:<a@b.example>\r\n" + "".join(
                f"RCPT TO:<{name}>\r\n" for name in recipients) + "DATA\r\n"
            self.send(commands.encode())
        else:
            self.send(PIPELINED)
        replies = [self.reply() for _ in range(2 + max(1, len(recipients)))]
        bad = [r for r in replies[:-1] if not r.startswith("250")]
        if bad or not replies[-1].startswith("354"):
            return (bad + replies[-1:])[0]
        self.send(text.encode() + b"\r\n.\r\n")
        return self.reply()

    def chunks(self, text):
        """The same by BDAT: two chunks, in one write with the envelope."""
        data = text.encode() + b"\r\n"
        half = len(data) // 2
        self.send(PIPELINED.replace(b"DATA\r\n", b"BDAT %d\r\n" % half) +
                  data[:half] +
                  b"BDAT %d LAST\r\n" % (len(data) - half) + data[half:])
        replies = [self.reply() for _ in range(4)]
        return next((r for r in replies if not r.startswith("250")),
                    replies[-1])

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes so that the server hears of it at once."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
