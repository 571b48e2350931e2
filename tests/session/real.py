# SPDX-License-Identifier: MIT
"""The real program, as the dialogs run it, and a plain SMTP client.

HOOKLINE names the program.  Started as root, it runs as nobody.
"""
import os
import socket
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests" / "dialog")]

from dlg.server import Server, Stage, free_port, free_ports  # noqa: E402
from waiting import WAIT, LogReader, until  # noqa: E402

CRLF = b"\r\n"
# Of Debian's package.
QPSMTPD_PLUGINS = Path("/usr/share/qpsmtpd/plugins")


def data_folder():
    """Test data by others, see tests/data.md."""
    return Path(os.environ.get("HOOKLINE_DATA",
                               TOP.parent / "shared" / "data"))


def sanitized():
    """Is the program built with sanitizers?  They take memory and time."""
    text = subprocess.run(["nm", "-D", os.environ["HOOKLINE"]],
                          capture_output=True, text=True, check=False).stdout
    return "__asan" in text


class RealServer(Server, LogReader):
    """Control files as keywords; a plugin is a C file of this folder or of
    the dialogs' plugins."""

    COUNT = 0

    def __init__(self, stage, **files):
        RealServer.COUNT += 1
        super().__init__(stage, RealServer.COUNT, [], WAIT)
        self.config("listen", [f"{self.host}:{self.vars['PORT']}"])
        for name, lines in files.items():
            if isinstance(lines, str):
                lines = [lines]
            self.config(name.replace("__", "/"), [
                line.replace("$STATE", self.vars["STATE"]) for line in lines])

    def plugin(self, path):
        target = self.tmp / "plugins" / (path.stem + ".so")
        subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", "-O1", "-shared",
                        "-fPIC", f"-I{TOP / 'include'}", "-o", target, path],
                       check=True)
        target.chmod(0o755)
        return self

    @property
    def address(self):
        return (self.host, int(self.vars["PORT"]))

    @property
    def state(self):
        return Path(self.vars["STATE"])

    def client(self, hello="client.example"):
        return Client(self.address, hello)

    def end(self):
        """Stops it; the log must be clean."""
        status = self.stop()
        assert status in (0, None), self.log()
        assert not self.faults([]), self.faults([])[0]


class Client:
    """A session; `hello` None: does not even wait for the greeting."""

    def __init__(self, address, hello="client.example"):
        self.sock = socket.create_connection(address, WAIT,
                                             ("127.0.0.1", 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = bytearray()
        if hello is not None:
            self.expect("220")
            self.say("EHLO " + hello)
            self.expect("250")

    def say(self, text):
        self.sock.sendall(text.encode() + CRLF)

    def reply(self):
        lines = []
        while True:
            while b"\n" not in self.input:
                got = self.sock.recv(65536)
                assert got, f"the server hung up after {lines}"
                self.input += got
            line, _, rest = bytes(self.input).partition(b"\n")
            self.input = bytearray(rest)
            lines.append(line.decode(errors="replace").rstrip("\r"))
            if lines[-1][3:4] != "-":
                return "\n".join(lines)

    def expect(self, code):
        reply = self.reply()
        assert reply.startswith(code), reply
        return reply

    def ask(self, text, code="250"):
        self.say(text)
        return self.expect(code)

    def send(self, message, sender="a@client.example",
             rcpt="c@example.com", code="250"):
        """`message`: bytes with CRLF line ends, not yet stuffed."""
        self.say(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{rcpt}>\r\nDATA")
        self.expect("250")
        self.expect("250")
        self.expect("354")
        self.sock.sendall(stuffed(message) + b".\r\n")
        return self.expect(code)

    def send_chunks(self, message, size, sender="a@client.example",
                    rcpt="c@example.com", code="250"):
        """By BDAT, in chunks of so many bytes."""
        self.say(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{rcpt}>")
        self.expect("250")
        self.expect("250")
        at = 0
        while at + size < len(message):
            self.say(f"BDAT {size}")
            self.sock.sendall(message[at:at + size])
            self.expect("250")
            at += size
        self.say(f"BDAT {len(message) - at} LAST")
        self.sock.sendall(message[at:])
        return self.expect(code)

    def close(self):
        self.sock.close()


def stuffed(message):
    """Dots doubled at line starts, CRLF at the end."""
    if message and not message.endswith(CRLF):
        message += CRLF
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..")
