# SPDX-License-Identifier: MIT
"""One client connection of a dialog."""

import os
import re
import socket
import struct
import time

from .errors import Failure

ONE_BYTE_EDGE = 4096   # so much at both ends of a long write goes bytewise
ONE_BYTE_PIECE = 1021  # the middle in pieces that fit no buffer
LINGER = 0.3           # seconds to wait for replies that nobody expects


def pieces(data):
    """Cuts a write for the one-byte replay."""
    if len(data) <= 4 * ONE_BYTE_EDGE:
        return [data[i:i + 1] for i in range(len(data))]
    head, tail = data[:ONE_BYTE_EDGE], data[-ONE_BYTE_EDGE:]
    middle = data[ONE_BYTE_EDGE:-ONE_BYTE_EDGE]
    return ([head[i:i + 1] for i in range(len(head))] +
            [middle[i:i + ONE_BYTE_PIECE]
             for i in range(0, len(middle), ONE_BYTE_PIECE)] +
            [tail[i:i + 1] for i in range(len(tail))])


class Wire:
    def __init__(self, name, address, source, one_byte, timeout, transcript):
        self.name = name
        self.timeout = timeout
        self.one_byte = one_byte
        self.transcript = transcript
        self.input = bytearray()
        self.ended = None        # "closed" or "reset", once it was seen
        self.done = False        # we closed it, or the end was expected
        self.last = []     # the lines of the last S*
        self.sent_at = time.monotonic()
        self.last_at = self.sent_at
        self.tls = None          # dlg.tls.Tls after a handshake
        self.sock = self.dial(address, source)

    def dial(self, address, source):
        if isinstance(address, str):
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if source:
                sock.bind((source, 0))
        sock.settimeout(self.timeout)
        try:
            sock.connect(address)
        except OSError as err:
            sock.close()
            raise Failure(f"cannot connect to {address}: {err}") from err
        return sock

    def note(self, mark, text):
        self.transcript.append(f"{self.name} {mark} {text}")

    def send(self, data):
        shown = repr(data[:200])[1:]
        self.note("C", shown + (" ..." if len(data) > 200 else ""))
        self.send_raw(self.tls.encrypt(data) if self.tls else data)

    def send_raw(self, data):
        """Past TLS, and without a note."""
        try:
            # Of the last piece, and before it: the server may have done all
            # of its waiting by the time that we run again.
            for piece in pieces(data) if self.one_byte else [data]:
                self.sent_at = self.last_at = time.monotonic()
                self.sock.sendall(piece)
                if self.one_byte:
                    os.sched_yield()
        except socket.timeout as err:
            raise Failure("the server does not read") from err
        except OSError as err:
            # It may have hung up while we wrote; what it says, and whether
            # it was expected, is up to the following lines.
            self.note("!", f"write: {err}")

    def receive(self, timeout):
        """What comes next, as it is; None when nothing came in time."""
        self.sock.settimeout(max(timeout, 0.000001))
        try:
            data = self.sock.recv(65536)
        except (socket.timeout, BlockingIOError):
            return None
        except OSError as err:
            self.note("!", f"read: {err}")
            self.ended = "reset"
            return b""
        if not data:
            self.ended = self.ended or "closed"
            self.note("!", "end of file")
        return data

    def fill(self, timeout):
        """Reads more; False when nothing came in time."""
        if self.ended:
            return True
        data = self.receive(timeout)
        if data is None:
            return False
        if not self.tls:
            self.input += data
            return True
        if not data and self.ended == "closed":
            self.ended = "cut off: no close_notify came"
        self.input += self.tls.decrypt(data)
        self.ended = self.tls.ended or self.ended
        return True

    def start_tls(self, tls):
        """The handshake; from here on all is encrypted."""
        if self.input:
            raise Failure(f"before TLS: {bytes(self.input)!r}")
        tls.shake(self)
        self.tls = tls
        self.note("!", f"TLS: {tls.obj.version()} {tls.obj.cipher()[0]}"
                       f"{', resumed' if tls.obj.session_reused else ''}")

    def line(self):
        """The server's next line, without CRLF."""
        deadline = time.monotonic() + self.timeout
        while True:
            end = self.input.find(b"\n")
            if end >= 0:
                break
            if self.ended:
                raise Failure(f"connection {self.ended}"
                              f"{self.rest_text()}")
            if not self.fill(deadline - time.monotonic()):
                raise Failure(f"no reply in {self.timeout:.0f} s"
                              f"{self.rest_text()}")
        line = bytes(self.input[:end + 1])
        del self.input[:end + 1]
        self.last_at = time.monotonic()
        text = line.decode("utf-8", "backslashreplace")
        self.note("S", repr(text)[1:-1])
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Failure(f"reply line does not end in CRLF: {text!r}")
        return text[:-2]

    def rest_text(self):
        return f", with {bytes(self.input)!r} unread" if self.input else ""

    def reply(self):
        """A whole reply: the lines up to the last of its code."""
        lines = [self.line()]
        while re.match(r"\d\d\d-", lines[-1]):
            lines.append(self.line())
            if lines[-1][:3] != lines[0][:3]:
                raise Failure(f"one reply, two codes: {lines}")
        if not re.match(r"\d\d\d( |$)", lines[-1]):
            raise Failure(f"not a reply: {lines[-1]!r}")
        return lines

    def expect_end(self, kind):
        """`kind` "closed": in good order; None: any end."""
        deadline = time.monotonic() + self.timeout
        while not self.ended:
            if not self.fill(deadline - time.monotonic()):
                raise Failure("still open")
        if self.input:
            raise Failure(f"unexpected: {bytes(self.input)!r}")
        if kind and self.ended != kind:
            raise Failure(f"connection {self.ended}")
        self.done = True

    def expect_quiet(self, ms):
        deadline = time.monotonic() + ms / 1000
        while not self.input and not self.ended:
            if not self.fill(deadline - time.monotonic()):
                return
        raise Failure(f"unexpected: {bytes(self.input)!r}"
                      if self.input else f"connection {self.ended}")

    def expect_nothing_left(self):
        """At the end of the dialog: all that came was expected.

        We end our half and read what is under way; a server that is asked to
        end may still say 4xx.  One that is in a hook says nothing for long.
        """
        if self.done:
            return
        self.close("half-close")
        deadline = time.monotonic() + LINGER
        while not self.ended and self.fill(deadline - time.monotonic()):
            pass
        if not re.fullmatch(rb"(4\d\d [^\r\n]*\r\n)?", self.input):
            raise Failure(f"unexpected on {self.name} at the end: "
                          f"{bytes(self.input)!r}")

    def close(self, how="close"):
        if self.sock.fileno() == -1:
            return
        if self.tls and how != "reset":
            self.send_raw(self.tls.bye())
        if how == "half-close":
            try:
                self.sock.shutdown(socket.SHUT_WR)
            except OSError as err:
                self.note("!", f"shutdown: {err}")
            return
        self.done = True
        if how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        self.sock.close()
