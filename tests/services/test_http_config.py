# SPDX-License-Identifier: MIT
"""http_config against nginx, and against what is no web server."""
import itertools
import os
import socket
import threading
import time
from pathlib import Path

import pytest

from fake import Fake, say
from real import until
from services import (HOST, Service, answers, certificate, free_ports,
                      missing)

HERE = Path(__file__).resolve().parent
NUMBERS = itertools.count()
LARGE = 300 * 1024 * 1024


class Nginx(Service):
    """The files of www/, and some other answers."""

    def __init__(self, folder, user=None):
        super().__init__(folder, user)
        certificate(folder)
        self.port, self.tls = free_ports(HOST, 2)
        self.www = folder / "www"
        self.www.mkdir(mode=0o755)
        self.www.chmod(0o755)
        with open(self.www / "huge", "wb") as huge:
            huge.truncate(LARGE)
        self.put("slow", "line\n" * 20000)
        (folder / "conf").write_text(f"""
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.output;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  absolute_redirect off;
  server {{
    listen {HOST}:{self.port};
    listen {HOST}:{self.tls} ssl;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    root {self.www};
    location = /slow {{ limit_rate 1000; }}
    location = /loop {{ return 302 /loop; }}
    location = /file {{ return 302 file:///etc/passwd; }}
    location = /gopher {{ return 302 gopher://{HOST}:{self.port}/x; }}
    location = /error {{ return 500 oops; }}
    location = /denied {{ return 403 no; }}
    location = /nothing {{ return 204; }}
    location = /gone {{ return 410; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
    location = /in_clear {{ return 302 http://{HOST}:{self.port}/secure; }}
    location = /in_tls {{ return 302 https://{HOST}:{self.tls}/secure; }}
    location = /query {{ return 200 $arg_key; }}
  }}
}}
""")
        self.give()

    def give(self):
        if self.user:
            for path in [self.folder, *self.folder.rglob("*")]:
                path.chmod(0o755 if path.is_dir() else 0o644)
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, self.user["user"], self.user["group"])

    def command(self):
        return ["/usr/sbin/nginx", "-c", self.folder / "conf", "-e",
                self.folder / "start.output"]

    def is_ready(self):
        return answers(self.port)

    def put(self, name, text):
        path = self.www / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)

    def url(self, path=""):
        return f"http://{HOST}:{self.port}/{path}"

    def requests(self, path):
        file = self.folder / "access"
        return file.read_text().count(f'"GET {path} ') if file.exists() else 0


@pytest.fixture(scope="module")
def web(stage):
    if missing("nginx"):
        pytest.skip("nginx is not installed")
    service = Nginx(stage.base / "nginx", user=stage.process_user())
    try:
        yield service.start()
    finally:
        service.stop()


def serve(hookline, *words, **files):
    server = hookline(
        plugins=[f"http_config {' '.join(words)}", "show_config"],
        max_per_client="0", confine="on", **files)
    server.plugin(HERE / "show_config.c")
    server.start()
    return server


def ask(client, key):
    reply = client.ask(f"NOOP {key}")
    assert reply.startswith(f"250 2.0.0 {key}="), reply
    return reply.partition("=")[2]


def ask_once(server, key):
    client = server.client()
    text = ask(client, key)
    client.ask("QUIT", "221")
    client.close()
    return text


def complaints(server, key):
    return server.lines(" error ", "plugin=http_config", key)


def test_answers(hookline, web):
    web.put("words", "# comment\r\none\r\n\r\n  two 2  \r  # x\nthree\n0\n")
    web.put("empty", "# nothing\n\n")
    web.put("two/late", "second\n")
    web.put("two/words", "not asked\n")
    web.put("a+b%#?&", "odd\n")
    server = serve(hookline, web.url(), web.url("two/"), late="file",
                   both="file", empty="file", gone="file")
    client = server.client()
    assert ask(client, "words") == "one|two 2|three|0|"
    # The first that has a line; then the file.
    assert ask(client, "late") == "second|"
    assert ask(client, "empty") == "file|"
    assert ask(client, "both") == "file|"
    assert ask(client, "gone") == "file|"
    assert ask(client, "nowhere") == ""
    assert ask(client, "a+b%#?&") == "odd|"
    client.close()
    assert not server.lines(" error ", "http_config")
    assert web.requests("/two/words") == 0
    # A second session asks nobody.
    seen = web.requests("/words"), web.requests("/nowhere")
    client = server.client()
    assert ask(client, "words") == "one|two 2|three|0|"
    assert ask(client, "nowhere") == ""
    client.close()
    assert (web.requests("/words"), web.requests("/nowhere")) == seen


def test_key_in_a_query(hookline, web):
    server = serve(hookline, web.url("query?key="))
    assert ask_once(server, "me") == "me|"


def test_redirects_and_names(hookline, web):
    """By a name, which the C library looks up under confinement."""
    web.put("here", "found\n")
    server = serve(hookline,
                   f"http://localhost:{web.port}/moved/")
    assert ask_once(server, "here") == "found|"
    assert server.lines("event=confined name=worker")


def test_https(hookline, web):
    web.put("secure", "yes\n")
    url = f"https://{HOST}:{web.tls}/"
    server = serve(hookline, "ca_file", str(web.folder / "ca.pem"), url)
    assert ask_once(server, "secure") == "yes|"
    server = serve(hookline, url, secure="file")
    assert ask_once(server, "secure") == "file|"
    assert "certificate" in complaints(server, "")[0]


def test_redirects_out_of_tls(hookline, web):
    """What was to be had by https is not taken in clear."""
    web.put("secure", "yes\n")
    words = ["ca_file", str(web.folder / "ca.pem")]
    url = f"https://{HOST}:{web.tls}/"
    # The second URL only makes its port one that may be connected to.
    server = serve(hookline, *words, url, web.url("nowhere/"),
                   in_clear="file")
    assert ask_once(server, "in_tls") == "yes|"
    assert ask_once(server, "in_clear") == "file|"
    lines = complaints(server, "/in_clear")
    assert len(lines) == 1 and "Protocol" in lines[0], lines
    server = serve(hookline, *words, web.url(), url)
    assert ask_once(server, "in_tls") == "yes|"


@pytest.mark.parametrize("key, words", [
    ("loop", "redirects"), ("file", "Protocol"), ("gopher", "Protocol"),
    ("error", "status 500"), ("denied", "status 403"), ("huge", "more than"),
    ("slow", "timed out")])
def test_of_no_use(hookline, web, key, words):
    """The file holds; one line; other keys are not touched."""
    web.put("fine", "well\n")
    server = serve(hookline, "timeout 1s max_size 1M", web.url(),
                   web.url("nowhere/"), **{key: "from the file"})
    assert ask_once(server, key) == "from the file|"
    assert ask_once(server, key) == "from the file|"
    lines = complaints(server, "/" + key)
    assert len(lines) == 1 and words in lines[0], lines
    if key != "slow":
        assert ask_once(server, "fine") == "well|"


def test_nothing(hookline, web):
    server = serve(hookline, web.url(), nothing="file")
    assert ask_once(server, "nothing") == "file|"
    assert not complaints(server, "")


def test_stale(hookline, web):
    """The old answer is there at once; the next session has the new one."""
    web.put("news", "old\n")
    server = serve(hookline, "ttl 1s", web.url())
    assert ask_once(server, "news") == "old|"
    web.put("news", "new\n")
    # Time has to pass.
    time.sleep(1.2)
    assert ask_once(server, "news") == "old|"
    until(lambda: ask_once(server, "news") == "new|")
    # A key that is no more.
    (web.www / "news").unlink()
    until(lambda: ask_once(server, "news") == "")


def test_stale_once(hookline, odd):
    """Who uses it while somebody asks does not ask once more."""
    odd.answer = OK + b"Connection: close\r\n\r\nline\n"
    server = serve(hookline, "ttl 2s", odd.url())
    assert ask_once(server, "key") == "line|"
    odd.delay = 1
    # Time has to pass.
    time.sleep(2.1)
    assert ask_once(server, "key") == "line|"
    until(lambda: odd.count == 2)
    client = server.client()
    assert ask(client, "key") == "line|"
    until(lambda: odd.now == 0)
    client.ask("QUIT", "221")
    client.close()
    # One that waits for its turn would come now.
    assert ask_once(server, "key2") == "line|"
    assert odd.count == 3


def test_hangs(hookline, web):
    """Nobody waits for an old answer; one line for each try."""
    web.put("news", "old\n")
    server = serve(hookline, "ttl 1s timeout 2s retry 1s", web.url(),
                   other="file")
    assert ask_once(server, "news") == "old|"
    web.hang()
    try:
        time.sleep(1.2)
        began = time.monotonic()
        assert ask_once(server, "news") == "old|"
        assert ask_once(server, "news") == "old|"
        assert time.monotonic() - began < 1
        until(lambda: complaints(server, "/news"))
        # A new key waits, once.
        assert ask_once(server, "other") == "file|"
    finally:
        web.go_on()
    web.put("news", "new\n")
    until(lambda: ask_once(server, "news") == "new|")


def test_too_old(hookline, web):
    """Beyond `stale` one waits for it; but dead, it still holds."""
    web.put("news", "old\n")
    server = serve(hookline, "ttl 100ms stale 0 retry 300ms", web.url())
    assert ask_once(server, "news") == "old|"
    web.put("news", "new\n")
    time.sleep(0.2)
    assert ask_once(server, "news") == "new|"
    web.stop()
    try:
        time.sleep(0.2)
        assert ask_once(server, "news") == "new|"
        assert complaints(server, "")
    finally:
        web.start()
    web.put("news", "newest\n")
    until(lambda: ask_once(server, "news") == "newest|")


OK = b"HTTP/1.1 200 OK\r\n"
MISSING = b"HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Odd(Fake):
    """Says `answer` to who asks for a key that begins with k.  Settings it
    does not have."""

    def __init__(self):
        self.answer, self.delay = b"", 0
        self.now = self.most = self.count = 0
        self.lock = threading.Lock()
        listener = socket.create_server((HOST, 0))
        self.port = listener.getsockname()[1]
        super().__init__(listener, together=True)

    def serve(self, client):
        if not client.recv(65536).startswith(b"GET /k"):
            client.sendall(MISSING)
            return
        with self.lock:
            self.count += 1
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.delay)
        with self.lock:
            self.now -= 1
        say(client, self.answer)

    def url(self):
        return f"http://user:secret@{HOST}:{self.port}/"


@pytest.fixture
def odd():
    server = Odd()
    yield server
    server.stop()


ODDITIES = {
    "closes": b"",
    "binary": bytes(range(256)) * 40,
    "garbage": b"220 mx.example ESMTP\r\n",
    "half": OK + b"Content-Length: 100\r\n\r\nline\n",
    "no text": OK + b"Connection: close\r\n\r\nline\n\0\x01\n",
    "endless": [OK + b"\r\n", b"line\n"],
    "endless header": [OK, b"X-A: b\r\n"],
    "negative": OK + b"Content-Length: -5\r\n\r\nline\n",
    "bad chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nline\r\n",
    "silence": None,
}


@pytest.mark.parametrize("name", ODDITIES)
def test_odd(hookline, odd, name):
    odd.answer = ODDITIES[name]
    server = serve(hookline, "max_size 100k retry 200ms timeout",
                   "500ms" if name == "silence" else "20s", odd.url(),
                   key="file")
    assert ask_once(server, "key") == "file|"
    lines = complaints(server, f"http://{HOST}:{odd.port}/key: ")
    assert len(lines) == 1, server.log()
    assert "secret" not in server.log()
    odd.answer = OK + b"Connection: close\r\n\r\nline\n"
    until(lambda: ask_once(server, "key") == "line|")


def test_dead(hookline, odd):
    """Nobody waits again and again for who is not there."""
    odd.answer = None
    server = serve(hookline, "timeout 500ms retry 5m", odd.url(),
                   **{f"k{number}": "file" for number in range(20)})
    began = time.monotonic()
    client = server.client()
    for number in range(20):
        assert ask(client, f"k{number}") == "file|"
    client.close()
    assert odd.count == 1 and time.monotonic() - began < 5
    assert len(complaints(server, "")) == 1


def test_four_at_once(hookline, odd):
    """And one for a key, however many ask for it."""
    odd.answer = OK + b"Connection: close\r\n\r\nline\n"
    odd.delay = 0.2
    server = serve(hookline, odd.url())
    clients = [server.client() for _ in range(24)]
    for number, client in enumerate(clients):
        client.say(f"NOOP key{number % 12}")
    for client in clients:
        assert client.expect("250").endswith("=line|")
        client.close()
    assert odd.most == 4
    assert odd.count == 12
