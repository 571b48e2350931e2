#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TLS against a bare OpenSSL server, and what an idle session costs.

    tests/bench/tls.py [--seconds N] [--sessions N,N] [HOOKLINE]

Handshakes: `openssl s_time` against `openssl s_server` and against a listener
marked `tls`, in turns, with the same key, each server on one core and the
client on another.  What counts is the CPU time of the server for each
handshake, the least of the turns: other work on the machine does not change
it much.  hookline does more than the handshake: it counts the client, runs
pre-connection, tls_done and connect, and greets.

Memory: so many clients say EHLO after STARTTLS and wait; PSS of the worker
divided by their number, beside that of clients in clear.
"""

import argparse
import os
import re
import resource
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "dialog"))
from dlg.server import Server, Stage, free_port, free_ports  # noqa: E402

TURNS = 4
KINDS = {"ec": "ECDSA P-256", "rsa": "RSA 2048"}


def cpu_ns(pid):
    """User and system time of all threads."""
    return sum(int(path.read_text().split()[0])
               for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def s_time(port, seconds, version, resumed):
    """Handshakes that were made in so many seconds."""
    result = subprocess.run(
        ["taskset", "-c", "1", "openssl", "s_time", "-connect",
         f"127.0.0.1:{port}", "-time", str(seconds), f"-{version}",
         "-reuse" if resumed else "-new"],
        capture_output=True, text=True, check=False)
    found = re.findall(r"^(\d+) connections in [\d.]+s", result.stdout, re.M)
    if not found:
        sys.exit(f"s_time: {result.stdout}{result.stderr}")
    return int(found[-1])


def one_of_tls13(port, context, session):
    """One handshake; the session that its ticket gives."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, session=session)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        done = False
        while not done:
            try:
                tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))    # at last: the ticket
        try:
            tls.read()
        except ssl.SSLWantReadError:
            pass
    if session and not tls.session_reused:
        sys.exit("was not resumed")
    return tls.session


def resume_tls13(port, seconds):
    """As s_time, which hangs up before a ticket of TLS 1.3 has come."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    session = one_of_tls13(port, context, None)
    end = time.monotonic() + seconds
    count = 1
    while time.monotonic() < end:
        session = one_of_tls13(port, context, session)
        count += 1
    return count


def cost(pid, port, seconds, version, resumed):
    """Microseconds of the server's CPU for a handshake."""
    before = cpu_ns(pid)
    if version == "tls1_3" and resumed:
        count = resume_tls13(port, seconds)
    else:
        count = s_time(port, seconds, version, resumed)
    time.sleep(0.1)
    return (cpu_ns(pid) - before) / count / 1000


def worker_of(server):
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}"
                    "/children").read_text().split()
    for pid in children:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"worker" in words[0] + b" ".join(words[1:3]):
            return int(pid)
    return int(children[0])


def start_hookline(stage, kind, number):
    server = Server(stage, number, [], 20)
    stage.authority.give(f"{kind}.example", kind, server.tmp)
    for path in server.tmp.glob("*.key"):
        stage.give(path)
    server.vars["PORT"], server.vars["PORT2"] = map(
        str, free_ports("127.0.0.1", 2))
    server.config("listen", [f"127.0.0.1:{server.vars['PORT']}",
                             f"127.0.0.1:{server.vars['PORT2']} tls"])
    server.config("tls_certs", [f"* {server.tmp}/{kind}.example.crt "
                                f"{server.tmp}/{kind}.example.key"])
    server.config("plugins", ["rcpt_ok", "queue/discard"])
    for name in ("max_per_client", "max_connections"):
        server.config(name, ["0"])
    server.config("loglevel", ["warn"])
    server.config("workers", ["1"])
    server.host = "127.0.0.1"
    server.start()
    return server


def start_openssl(server, kind):
    port = free_port("127.0.0.1")
    process = subprocess.Popen(
        ["taskset", "-c", "0", "openssl", "s_server", "-accept", str(port),
         "-cert", f"{server.tmp}/{kind}.example.crt",
         "-key", f"{server.tmp}/{kind}.example.key", "-quiet",
         "-no_cache"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError:
            time.sleep(0.02)
    sys.exit("s_server does not listen")


def handshakes(stage, seconds):
    print("CPU of the server for one handshake, microseconds")
    for number, kind in enumerate(KINDS):
        server = start_hookline(stage, kind, number)
        worker = worker_of(server)
        subprocess.run(["taskset", "-apc", "0", str(worker)], check=True,
                       capture_output=True)
        bare, port = start_openssl(server, kind)
        for version in ("tls1_3", "tls1_2"):
            for resumed in (False, True):
                ours, theirs = [], []
                for _ in range(TURNS):
                    theirs.append(cost(bare.pid, port, seconds, version,
                                       resumed))
                    ours.append(cost(worker, int(server.vars["PORT2"]),
                                     seconds, version, resumed))
                one, other = min(ours), min(theirs)
                print(f"  {KINDS[kind]:12} {version:7} "
                      f"{'resumed' if resumed else 'full':8} "
                      f"s_server {other:7.0f}  hookline {one:7.0f}  "
                      f"{one / other:5.2f} x", flush=True)
        bare.kill()
        bare.wait()
        server.stop()


def pss(pid):
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1]) * 1024


def reply(sock):
    data = b""
    while not re.search(rb"^\d\d\d [^\r]*\r\n\Z", data, re.M):
        data += sock.recv(4096)
    return data


def idle_client(port, context):
    sock = socket.create_connection(("127.0.0.1", port))
    reply(sock)
    sock.sendall(b"EHLO client.example\r\n")
    reply(sock)
    if context:
        sock.sendall(b"STARTTLS\r\n")
        reply(sock)
        sock = context.wrap_socket(sock)
        sock.sendall(b"EHLO client.example\r\n")
        reply(sock)
    return sock


def memory(stage, counts):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    limit = max(counts) + 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (
        limit, max(limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    print("memory of an idle session after EHLO, KiB of the worker's PSS")
    for number, count in enumerate(counts, 10):
        each = {}
        for name in ("clear", "TLS"):
            server = start_hookline(stage, "ec", number * 10 +
                                    (name == "TLS"))
            worker = worker_of(server)
            using = context if name == "TLS" else None
            port = int(server.vars["PORT"])
            idle_client(port, using).close()
            time.sleep(0.3)
            before = pss(worker)
            socks = [idle_client(port, using) for _ in range(count)]
            time.sleep(0.3)
            each[name] = (pss(worker) - before) / count / 1024
            for sock in socks:
                sock.close()
            server.stop()
        print(f"  {count:6} sessions: clear {each['clear']:.2f}, "
              f"TLS {each['TLS']:.2f}, of TLS alone "
              f"{each['TLS'] - each['clear']:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("hookline", nargs="?",
                        default=TOP / "build" / "release" / "hookline")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--sessions", default="1000,5000")
    opts = parser.parse_args()
    stage = Stage(opts.hookline)
    try:
        print(subprocess.run(["openssl", "version"], capture_output=True,
                             text=True, check=True).stdout.strip())
        if opts.seconds:
            handshakes(stage, opts.seconds)
        counts = [int(word) for word in opts.sessions.split(",") if word]
        if counts:
            memory(stage, counts)
    finally:
        stage.remove()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    main()
