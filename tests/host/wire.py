# SPDX-License-Identifier: MIT
"""The worker's end of the host protocol (docs/host-protocol.md), for tests.

HostProcess starts a host's program on a listening socket; Worker is one
connection to it.
"""
import array
import os
import socket
import struct
import subprocess

OK, DENY, DENYSOFT, DECLINED, DONE = 900, 901, 902, 909, 910


def pack(fields):
    out = b""
    for field in fields:
        if not isinstance(field, bytes):
            field = str(field).encode()
        out += struct.pack(">I", len(field)) + field
    return out


def unpack(data):
    fields, at = [], 0
    while at < len(data):
        (n,) = struct.unpack_from(">I", data, at)
        assert at + 4 + n <= len(data), "a field is cut off"
        fields.append(data[at + 4:at + 4 + n])
        at += 4 + n
    return fields


def value(thing):
    """Python's None, text, list and dict as a value."""
    if thing is None:
        return b"u"
    if isinstance(thing, (list, tuple)):
        return b"l" + pack([value(item) for item in thing])
    if isinstance(thing, dict):
        return b"m" + pack([part for key, item in thing.items()
                            for part in (key, value(item))])
    return b"s" + (thing if isinstance(thing, bytes) else str(thing).encode())


def of_value(data):
    kind, rest = data[:1], data[1:]
    if kind == b"u":
        return None
    if kind == b"s":
        return rest.decode(errors="surrogateescape")
    fields = unpack(rest)
    if kind == b"l":
        return [of_value(field) for field in fields]
    assert kind == b"m", data
    return {fields[i].decode(): of_value(fields[i + 1])
            for i in range(0, len(fields), 2)}


class HostProcess:
    def __init__(self, command, tmp, plugins, options=()):
        self.path = str(tmp / "host.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        lists = tmp / "plugins.list"
        lists.write_text("".join(
            "\t".join([f"plugins:{i + 1}", *map(str, line)]) + "\n"
            for i, line in enumerate(plugins)))
        for name in ("config", "state"):
            (tmp / name).mkdir(exist_ok=True)
        self.input, child = os.pipe()[::-1]
        fd = self.listener.fileno()
        self.err = open(tmp / "stderr", "w+")
        self.process = subprocess.Popen(
            [*command, "--plugins", lists, "--config", tmp / "config",
             "--state", tmp / "state", *options],
            stdin=child, stderr=self.err,
            preexec_fn=lambda: os.dup2(fd, 3, True) if fd != 3 else
            os.set_inheritable(3, True),
            close_fds=False)
        os.close(child)

    def worker(self):
        return Worker(self.path)

    def said(self):
        with open(self.err.name) as text:
            return text.read()

    def stop(self):
        os.close(self.input)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait(60)
        self.listener.close()
        self.err.close()


class Answer:
    def __init__(self, fields, at, goes_on=False):
        results = unpack(fields[1])
        self.id, self.at, self.goes_on = int(fields[0]), at, goes_on
        self.results = [
            (int(results[i]), results[i + 1].decode(), int(results[i + 2]),
             results[i + 3].decode())
            for i in range(0, len(results), 4)]
        self.texts = [text.decode() for text in unpack(fields[2])]
        self.updates = [unpack(update) for update in fields[3:]]

    @property
    def verdict(self):
        return int(self.results[-1][1])

    def notes(self):
        return {(f[1].decode(), f[2].decode()): of_value(f[3])
                for f in self.updates if f[0] == b"note"}


class Worker:
    """`answers`: what an `ask` is told, by its first word: a list of fields,
    or a function of the question's fields."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(path)
        self.logged, self.asked, self.answers = [], [], {}
        self.count = 0
        self.hello = self.receive()
        assert self.hello[:2] == [b"hello", b"1"], self.hello

    def close(self):
        self.sock.close()

    def send(self, *fields):
        body = pack(fields)
        self.sock.sendall(struct.pack(">I", len(body)) + body)

    def send_fd(self, fd):
        self.sock.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                     array.array("i", [fd]))])

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            got = self.sock.recv(n - len(data))
            if not got:
                raise EOFError
            data += got
        return data

    def receive(self):
        (n,) = struct.unpack(">I", self._exactly(4))
        return unpack(self._exactly(n))

    def describe(self):
        """[(where, name, flags, [hook...])], [(where, text)]"""
        self.send("describe")
        plugins, faults = [], []
        while True:
            kind, *fields = [f.decode() for f in self.receive()]
            if kind == "end":
                return plugins, faults
            if kind == "plugin":
                plugins.append((*fields[:3], fields[3:]))
            else:
                assert kind == "fault", kind
                faults.append(tuple(fields))

    def session(self, **facts):
        given = {"sid": "S1", "remote_ip": "192.0.2.1", "remote_port": "1025",
                 "local_ip": "192.0.2.2", "local_port": "25"}
        given.update(facts)
        self.send("session", *[pack(["fact", k, v])
                               for k, v in given.items()])

    def call(self, hook, entries, args=(), updates=()):
        self.count += 1
        self.send("call", self.count, hook, " ".join(map(str, entries)),
                  pack([value(arg) for arg in args]),
                  *[pack(update) for update in updates])
        return self.answer()

    def row(self, hook, groups, args=()):
        """The answers, one for each group that was called."""
        first = self.count + 1
        self.send("call", first, hook, ",".join(
            " ".join(map(str, group)) for group in groups),
            pack([value(arg) for arg in args]))
        answers = []
        while not answers or answers[-1].goes_on:
            answers.append(self.answer(rows=True))
            self.count += 1
            assert answers[-1].id == self.count
        return answers

    def answer(self, rows=False):
        at = []
        while True:
            kind, *fields = self.receive()
            if kind == b"at":
                at.append(int(fields[0]))
            elif kind == b"log":
                self.logged.append((int(fields[0]), fields[1].decode()))
            elif kind == b"ask":
                self.asked.append([f.decode() for f in fields])
                self._tell(fields)
            else:
                assert kind == b"answer" or rows and kind == b"then", kind
                return Answer(fields, at, kind == b"then")

    def _tell(self, fields):
        told = self.answers.get(fields[0].decode(), [])
        fd = None
        if callable(told):
            told = told(*[f.decode() for f in fields[1:]])
        if isinstance(told, tuple):
            told, fd = told
        self.send("tell", *told)
        if fd is not None:
            self.send_fd(fd)
