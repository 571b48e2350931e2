#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A host for plugins in Python: all of docs/host-protocol.md that it takes.

    host.py --plugins FILE --config DIR --state DIR

A plugin is a Python file. Its function `hook_NAME(session, *arguments)` is
called for hook NAME ('-' is written '_') and returns None (DECLINED), a
verdict, or a verdict and lines of text. `session` has facts, notes, and what
a plugin may ask.
"""
import os
import socket
import struct
import sys
import time
import traceback

OK, DENY, DENYSOFT, DENY_DISCONNECT, DENYSOFT_DISCONNECT = range(900, 905)
DECLINED, DONE = 909, 910
FRAME_MAX = 16 * 1024 * 1024
FACTS = ("sid", "listener", "me", "remote_ip", "remote_port", "remote_host",
         "local_ip", "local_port", "hello", "hello_host", "auth_user",
         "auth_mechanism", "tls")


# ---- frames, fields, values ----

def pack(fields):
    return b"".join(struct.pack(">I", len(field)) + field
                    for field in map(to_bytes, fields))


def unpack(data):
    fields, at = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise ValueError("a field is cut off")
        (n,) = struct.unpack_from(">I", data, at)
        if at + 4 + n > len(data):
            raise ValueError("a field is cut off")
        fields.append(data[at + 4:at + 4 + n])
        at += 4 + n
    return fields


def to_bytes(thing):
    if isinstance(thing, bytes):
        return thing
    return str(thing).encode("utf-8", "surrogateescape")


def to_text(data):
    return data.decode("utf-8", "surrogateescape")


def to_value(thing):
    if thing is None:
        return b"u"
    if isinstance(thing, (list, tuple)):
        return b"l" + pack([to_value(item) for item in thing])
    if isinstance(thing, dict):
        return b"m" + pack([part for key, item in thing.items()
                            for part in (key, to_value(item))])
    return b"s" + to_bytes(thing)


def from_value(data):
    kind, rest = data[:1], data[1:]
    if kind == b"u":
        return None
    if kind == b"s":
        return to_text(rest)
    fields = unpack(rest)
    if kind == b"l":
        return [from_value(field) for field in fields]
    if kind == b"m":
        return {to_text(key): from_value(item)
                for key, item in zip(fields[::2], fields[1::2])}
    raise ValueError("no value")


class Connection:
    def __init__(self, sock):
        self.sock = sock

    def send(self, *fields):
        body = pack(fields)
        self.sock.sendall(struct.pack(">I", len(body)) + body)

    def _exactly(self, n):
        data = bytearray()
        while len(data) < n:
            got = self.sock.recv(n - len(data))
            if not got:
                raise EOFError
            data += got
        return bytes(data)

    def receive(self):
        (n,) = struct.unpack(">I", self._exactly(4))
        if n > FRAME_MAX:
            raise ValueError("a frame of %d bytes" % n)
        return unpack(self._exactly(n))


# ---- a session ----

class Session:
    """What a plugin sees. Changes of the notes go back to hookline."""

    def __init__(self, connection, entries):
        self.connection, self.entries = connection, entries
        self.facts = dict.fromkeys(FACTS, "")   # those never told are empty
        self.notes, self.changes = {}, []
        self.sender, self.rcpts, self.header = "", [], []

    def apply(self, updates):
        for update in updates:
            kind, *fields = unpack(update)
            kind = to_text(kind)
            if kind == "fact":
                self.facts[to_text(fields[0])] = to_text(fields[1])
            elif kind == "relay":
                self.facts["relay"] = to_text(fields[0])
            elif kind == "note":
                self.notes[to_text(fields[0]), to_text(fields[1])] = \
                    from_value(fields[2])
            elif kind in ("begin", "reset"):
                self.sender, self.rcpts, self.header = "", [], []
                self.notes = {key: value for key, value in self.notes.items()
                              if key[0] == "c"}
            elif kind == "sender":
                self.sender = to_text(fields[0])
            elif kind == "rcpts":
                self.rcpts = [to_text(unpack(rcpt)[0])
                              for rcpt in unpack(fields[0])]
            elif kind == "header":
                flat = [to_text(field) for field in unpack(fields[0])]
                self.header = list(zip(flat[::2], flat[1::2]))

    def note(self, name, scope="c"):
        return self.notes.get((scope, name))

    def set_note(self, name, value, scope="c"):
        self.notes[scope, name] = value
        self.changes.append(pack(["note", scope, name, to_value(value)]))

    def add_header(self, name, value):
        self.changes.append(pack(["add", "top", name, value]))

    def ask(self, *question):
        self.connection.send("ask", *question)
        while True:
            kind, *fields = self.connection.receive()
            if kind == b"tell":
                return [to_text(field) for field in fields]
            if kind != b"call":
                raise ValueError("expected an answer")
            self.call(fields)       # hookline calls us meanwhile

    def config(self, key):
        return self.ask("config", key)

    def log(self, level, text):
        self.connection.send("log", level, text)

    def call(self, fields):
        number, hook, entries, arguments, *updates = fields
        self.apply(updates)
        arguments = [from_value(value) for value in unpack(arguments)]
        results, texts = [], []
        for entry in to_text(entries).split():
            if results:
                self.connection.send("at", entry)
            since = time.monotonic()
            remark = ""
            try:
                answer = self.entries[int(entry)](self, *arguments)
            except Exception:       # what a plugin does wrong is its own
                answer = None
                remark = "died: " + traceback.format_exc(limit=-1)
            if not isinstance(answer, tuple):
                answer = (DECLINED if answer is None else answer,)
            texts = list(answer[1:])
            micros = int((time.monotonic() - since) * 1e6)
            results += [entry, answer[0], micros, remark]
            if answer[0] != DECLINED:
                break
        changes, self.changes = self.changes, []
        self.connection.send("answer", number, pack(results), pack(texts),
                             *changes)


# ---- plugins ----

class Plugins:
    def __init__(self, path):
        self.frames, self.entries = [], []
        with open(path) as lines:
            for line in lines:
                where, name, file, *words = line.rstrip("\n").split("\t")
                try:
                    self.load(where, name, file, words)
                except Exception as reason:
                    self.frames.append(("fault", where, str(reason)))

    def load(self, where, name, file, words):
        scope = {"__name__": name, "ARGS": words}
        scope.update({key: value for key, value in globals().items()
                      if key.isupper()})
        with open(file) as source:
            exec(compile(source.read(), file, "exec"), scope)
        hooks = [key for key in scope if key.startswith("hook_")]
        self.entries += [scope[key] for key in hooks]
        self.frames.append(("plugin", where, name, "",
                            *[key[len("hook_"):] for key in hooks]))


def serve(sock, plugins):
    connection = Connection(sock)
    session = None
    connection.send("hello", 1, "python", os.getpid())
    while True:
        kind, *fields = connection.receive()
        if kind == b"describe":
            for frame in plugins.frames:
                connection.send(*frame)
            connection.send("end")
        elif kind == b"session":
            session = Session(connection, plugins.entries)
            session.apply(fields)
        elif kind == b"call" and session:
            session.call(fields)
        else:
            raise ValueError("a frame %r" % kind)


def main(argv):
    options = dict(zip(argv[1::2], argv[2::2]))
    plugins = Plugins(options["--plugins"])
    listener = socket.socket(fileno=3)
    while True:
        sock, _ = listener.accept()
        if os.fork() == 0:          # one process a session
            listener.close()
            try:
                serve(sock, plugins)
            except EOFError:
                os._exit(0)
        sock.close()
        while True:                 # those that have ended
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break


if __name__ == "__main__":
    main(sys.argv)
