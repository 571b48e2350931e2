# SPDX-License-Identifier: MIT
"""Servers that are no real ones: they say what a test wants them to say."""
import socket
import threading

from real import WAIT


def at_path(folder):
    """A listener at `folder`/socket, for every user; makes the folder."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen()
    (folder / "socket").chmod(0o777)
    return listener


class Fake:
    """serve() is called with each client of these listeners, in a thread for
    each of them or, with `together`, for each client; what goes wrong with one
    is passed over.  It may begin before this returns."""

    def __init__(self, *listeners, together=False):
        self.listeners, self.together = listeners, together
        for listener in listeners:
            self.begin(self.run, listener)

    @staticmethod
    def begin(function, arg):
        threading.Thread(target=function, args=[arg], daemon=True).start()

    def run(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.together:
                self.begin(self.attend, client)
            else:
                self.attend(client)

    def attend(self, client):
        with client:
            client.settimeout(WAIT)
            try:
                self.serve(client)
            except OSError:
                pass

    def serve(self, client):
        raise NotImplementedError

    def stop(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def say(client, answer):
    """None: silence, until it speaks or hangs up; of a list the last part
    comes again and again; a function is called with the client."""
    if answer is None:
        client.recv(1)
    elif callable(answer):
        answer(client)
    elif isinstance(answer, list):
        client.sendall(answer[0])
        while True:
            client.sendall(answer[-1] * 1000)
    else:
        client.sendall(answer)
