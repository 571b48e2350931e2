# SPDX-License-Identifier: MIT
"""The next server, as a test wants it: it takes messages, and misbehaves at the
step that it is told.

    hop = NextHop(offers=["PIPELINING", "SIZE 1000"])
    hop.answers["RCPT"] = "550 5.1.1 no"        to each
    hop.answers["MAIL"] = ["250 ok", CLOSE]     to one after the other, then as
                                                usual
    hop.port, hop.messages, hop.commands, hop.connections

    NextHop(tls=context, implicit=True, users={"tim": "secret"})
                                                AUTH PLAIN and LOGIN as offered

The steps are GREETING, the verbs, and END: the dot behind the message.
"""
import base64
import socket
import socketserver
import ssl
import threading
import time

HOST = "127.0.0.1"
CLOSE, HANG, RESET = "close", "hang", "reset"
# What does not hang up while it hangs; longer than any test.
LONG = 120


class Session(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.hop = self.server.hop
        self.sender, self.rcpts, self.encrypted = None, [], False
        self.over, self.user = False, None
        if self.hop.implicit:
            self.encrypt()

    def encrypt(self):
        try:
            self.connection = self.hop.tls.wrap_socket(
                self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            self.over = True
            return
        self.encrypted = True
        self.rfile = self.connection.makefile("rb")

    def say(self, text, step):
        """`text`: a reply, bytes as they are, or a way to say nothing."""
        if text == HANG:
            self.hop.released.wait(LONG)
            text = CLOSE
        if text == RESET:
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER,
                (1).to_bytes(4, "little") + (0).to_bytes(4, "little"))
        if text in (CLOSE, RESET):
            self.over = True
            return
        if isinstance(text, str):
            text = text.replace("\n", "\r\n").encode() + b"\r\n"
        if self.hop.cuts:
            for at in range(0, len(text), self.hop.cuts):
                self.connection.sendall(text[at:at + self.hop.cuts])
                time.sleep(0.001)
        else:
            self.connection.sendall(text)
        if text.startswith(b"421"):
            self.over = True

    def answer(self, step, usual):
        """The reply that it gave."""
        with self.hop.lock:
            text = self.hop.answers.get(step, usual)
            if isinstance(text, list):
                text = text.pop(0) if text else usual
            elif callable(text):
                text = text(self) or usual
        self.say(text, step)
        return text if isinstance(text, str) else text.decode("latin-1")

    def handle(self):
        if self.over:
            return
        with self.hop.lock:
            self.hop.connections += 1
        self.answer("GREETING", "220 next.example ESMTP")
        while not self.over:
            try:
                line = self.rfile.readline(4096)
            except OSError:
                return
            if not line:
                return
            command = line.rstrip(b"\r\n").decode()
            assert line.endswith(b"\r\n"), line
            with self.hop.lock:
                self.hop.commands.append(command)
            self.run(command)

    def run(self, command):
        verb = command.split()[0].upper()
        act = getattr(self, "on_" + verb.lower(), None)
        if act is None:
            self.answer(verb, "500 5.5.1 what?")
        else:
            act(command)

    def on_ehlo(self, command):
        self.sender, self.rcpts = None, []
        offers = list(self.hop.offers)
        if self.hop.tls and not self.encrypted:
            offers.append("STARTTLS")
        lines = ["next.example", *offers]
        self.answer(command[:4].upper(), "\n".join(
            f"250{' ' if n == len(lines) - 1 else '-'}{line}"
            for n, line in enumerate(lines)))

    on_lhlo = on_ehlo

    def on_helo(self, _):
        self.answer("HELO", "250 next.example")

    def on_starttls(self, _):
        reply = self.answer("STARTTLS", "220 go")
        if not reply.startswith("220") or self.over:
            return
        self.encrypt()

    def ask(self, text):
        self.say(f"334 {text}", "AUTH")
        return base64.b64decode(self.rfile.readline(4096)).decode()

    def on_auth(self, command):
        with self.hop.lock:
            self.hop.auths.append(self.encrypted)
        if command == "AUTH PLAIN":
            _, user, password = self.ask("").split("\0")
        elif command == "AUTH LOGIN":
            user, password = self.ask("VXNlcm5hbWU6"), \
                self.ask("UGFzc3dvcmQ6")
        else:
            self.say("504 5.5.4 no", "AUTH")
            return
        good = self.hop.users.get(user) == password
        if self.answer("AUTH", "235 2.7.0 ok" if good else
                       "535 5.7.8 no").startswith("235"):
            self.user = user

    def on_xclient(self, _):
        self.answer("XCLIENT", "220 next.example ESMTP")

    def on_mail(self, command):
        usual = "530 5.7.0 who?" if self.hop.users and not self.user \
            else "250 2.1.0 ok"
        if self.answer("MAIL", usual).startswith("250"):
            self.sender, self.rcpts = command, []

    def on_rcpt(self, command):
        usual = "250 2.1.5 ok" if self.sender else "503 5.5.1 MAIL first"
        if self.answer("RCPT", usual).startswith("250"):
            self.rcpts.append(command)

    def on_rset(self, _):
        self.sender, self.rcpts = None, []
        self.answer("RSET", "250 2.0.0 ok")

    def on_quit(self, _):
        self.answer("QUIT", "221 2.0.0 bye")
        self.over = True

    def on_data(self, _):
        usual = "354 go" if self.rcpts else "503 5.5.1 RCPT first"
        if not self.answer("DATA", usual).startswith("354") or self.over:
            return
        body = bytearray()
        while True:
            line = self.rfile.readline()
            if not line:
                return
            if line == b".\r\n":
                break
            body += line[1:] if line.startswith(b".") else line
        self.end(bytes(body))

    def on_bdat(self, command):
        words = command.split()
        chunk = self.rfile.read(int(words[1]))
        self.body = getattr(self, "body", b"") + chunk
        if words[-1].upper() == "LAST":
            body, self.body = self.body, b""
            self.end(body)
        else:
            self.answer("BDAT", "250 2.0.0 ok")

    def end(self, body):
        with self.hop.lock:
            self.hop.messages.append((self.sender, self.rcpts, body))
            number = len(self.hop.messages)
        for _ in self.rcpts if self.hop.lmtp else [None]:
            if not self.over:
                self.answer("END", f"250 2.0.0 ok queued as N{number}")
        self.sender, self.rcpts = None, []


class NextHop(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, offers=("PIPELINING", "8BITMIME", "SIZE"), lmtp=False,
                 tls=None, cuts=0, implicit=False, users=None):
        super().__init__((HOST, 0), Session)
        self.hop = self
        self.offers, self.lmtp, self.tls = list(offers), lmtp, tls
        self.cuts, self.implicit, self.users = cuts, implicit, users or {}
        self.auths = []
        self.answers = {}
        self.messages, self.commands, self.connections = [], [], 0
        self.lock = threading.RLock()
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,),
                         daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def handle_error(self, *_):
        """A client that hung up is none."""

    def stop(self):
        self.released.set()
        self.shutdown()
        self.server_close()
