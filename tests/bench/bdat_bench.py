#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a message costs the worker by DATA and by BDAT: its processor time.

One client on one connection sends the same message again and again; the ways
take turns, and of each the best round counts.

    HOOKLINE=build/release/hookline tests/bench/bdat_bench.py [ROUNDS]
"""
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "session"))

from real import RealServer, Stage, stuffed  # noqa: E402

MESSAGES = 500
ENVELOPE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@example.com>\r\n"


def make(size, start=b"x"):
    line = start + b"y" * 75 + b"\r\n"
    return b"Subject: x\r\n\r\n" + line * (size // len(line))


def by_data(text):
    return [ENVELOPE + b"DATA\r\n", stuffed(text) + b".\r\n"], 4


def by_bdat(text, chunks):
    size = -(-len(text) // chunks)
    parts = [text[at:at + size] for at in range(0, len(text), size)]
    sent = [ENVELOPE]
    for i, part in enumerate(parts):
        last = b" LAST" if i + 1 == len(parts) else b""
        sent.append(b"BDAT %d%s\r\n" % (len(part), last) + part)
    return [b"".join(sent)], 2 + len(parts)


def processor_us(pid):
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def worker(server):
    master = server.process.pid
    for pid in Path(f"/proc/{master}/task/{master}/children").read_text() \
            .split():
        if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise RuntimeError("no worker")


def send(client, way):
    pieces, replies = way
    for _ in range(MESSAGES):
        left = replies
        for piece in pieces:
            client.sock.sendall(piece)
            if len(pieces) > 1:         # 354 comes before the message
                while left > (1 if piece is pieces[0] else 0):
                    client.reply()
                    left -= 1
        while left > 0:
            client.reply()
            left -= 1


def main(rounds):
    stage = Stage(os.environ["HOOKLINE"])
    server = RealServer(stage, plugins=["rcpt_ok", "queue/discard"],
                        rcpthosts="example.com", loglevel="error",
                        max_junk="0", max_errors="0")
    server.start()
    client = server.client()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    pid = worker(server)
    ways = {}
    for size in (1024, 102400):
        text = make(size)
        ways[f"{size} DATA"] = by_data(text)
        ways[f"{size} BDAT, 1 chunk"] = by_bdat(text, 1)
        ways[f"{size} BDAT, 4 chunks"] = by_bdat(text, 4)
        ways[f"{size} DATA, each line a dot"] = by_data(make(size, b"."))
        ways[f"{size} BDAT, each line a dot"] = by_bdat(make(size, b"."), 1)
    best = {}
    for _ in range(rounds):
        for name, way in ways.items():
            before = processor_us(pid)
            send(client, way)
            took = (processor_us(pid) - before) / MESSAGES
            best[name] = min(took, best.get(name, took))
    for name, took in best.items():
        print(f"{name:32} {took:8.1f} us of the worker a message")
    client.close()
    server.stop()
    stage.remove()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
