#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""forward_bench.py - messages a second, and processor time for each, of
queue/smtp-forward and queue/lmtp to Postfix's smtp-sink on loopback.

    HOOKLINE=build/release/hookline tests/bench/forward_bench.py [MESSAGES]

One worker; smtp-source has 20 sessions, 4 KiB a message.  queue/discard is
what the rest costs.
"""
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "session")]

from real import RealServer, Stage, free_port, until  # noqa: E402

SESSIONS, SIZE = 20, 4096
USER = ["-u", "nobody"] if os.geteuid() == 0 else []
# name: the plugin's line, and arguments of smtp-sink
ROWS = {
    "queue/discard": ("queue/discard", None),
    "smtp-forward, kept": ("queue/smtp-forward 127.0.0.1 {port}", []),
    "smtp-forward, kept, no pipelining":
        ("queue/smtp-forward 127.0.0.1 {port}", ["-p"]),
    "smtp-forward, messages 1":
        ("queue/smtp-forward 127.0.0.1 {port} messages 1", []),
    "lmtp, kept": ("queue/lmtp 127.0.0.1 {port}", ["-L"]),
}


def worker(server):
    master = server.process.pid
    for pid in Path(f"/proc/{master}/task/{master}/children").read_text() \
            .split():
        if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise RuntimeError("no worker")


def processor_us(pid):
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def answers(port):
    return subprocess.run(["nc", "-z", "127.0.0.1", str(port)],
                          check=False).returncode == 0


def run(stage, line, sink_words, messages):
    port, sink = free_port("127.0.0.1"), None
    if sink_words is not None:
        sink = subprocess.Popen(["smtp-sink", *USER, *sink_words,
                                 f"127.0.0.1:{port}", "1000"],
                                stdout=subprocess.DEVNULL)
        until(lambda: answers(port))
    server = RealServer(stage, plugins=["rcpt_ok", line.format(port=port)],
                        rcpthosts="bench.test", max_per_client="0",
                        loglevel="warn", workers="1")
    server.start()
    source = ["smtp-source", "-s", str(SESSIONS), "-l", str(SIZE), "-d",
              "-f", "a@bench.test", "-t", "b@bench.test"]
    where = f"inet:{server.host}:{server.vars['PORT']}"
    subprocess.run([*source, "-m", "200", where], check=True)
    pid = worker(server)
    before, begin = processor_us(pid), time.monotonic()
    subprocess.run([*source, "-m", str(messages), where], check=True)
    seconds = time.monotonic() - begin
    used = processor_us(pid) - before
    server.end()
    if sink:
        sink.terminate()
        sink.wait()
    return messages / seconds, used / messages


def main():
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    stage = Stage(os.environ["HOOKLINE"])
    try:
        print(f"{'':36}{'messages/s':>12}{'us of worker':>14}")
        for name, (line, words) in ROWS.items():
            rate, each = run(stage, line, words, messages)
            print(f"{name:36}{rate:12.0f}{each:14.1f}", flush=True)
    finally:
        stage.remove()


main()
