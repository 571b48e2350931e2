# SPDX-License-Identifier: MIT
"""queue/smtp-forward and queue/lmtp, and a next server that misbehaves at each
step."""
import base64
import itertools
import os
import shutil
import signal
import socket
import ssl
import struct
import time

import pytest

from next_hop import CLOSE, HANG, RESET, NextHop
from real import WAIT, until
from services import HOST, certificate, processes_of_session

MESSAGE = b"Subject: x\r\n\r\nText.\r\n.dot\r\n..\r\n"
SHORT = "1s"


@pytest.fixture
def next_hop():
    hops = []

    def make(**words):
        hops.append(NextHop(**words))
        return hops[-1]
    yield make
    for hop in hops:
        hop.stop()


@pytest.fixture
def tls(stage):
    folder = stage.base / f"tls{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    certificate(folder, "next.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.folder = folder
    return context


def serve(hookline, *words, plugin="queue/smtp-forward", **files):
    files.setdefault("plugins", [
        "rcpt_ok", " ".join(str(word) for word in (plugin, *words))])
    server = hookline(rcpthosts="example.com", max_per_client="0", **files)
    server.start()
    return server


def forward(hookline, hop, *words, **files):
    return serve(hookline, HOST, hop.port, *words, **files)


def send(server, code="250", **words):
    client = server.client()
    reply = client.send(MESSAGE, code=code, **words)
    client.close()
    return reply


def send_to(client, rcpts, code, message=MESSAGE, params=""):
    client.ask("MAIL FROM:<a@client.example>" + params)
    for rcpt in rcpts:
        client.ask(f"RCPT TO:<{rcpt}@example.com>")
    client.ask("DATA", "354")
    client.sock.sendall(message + b".\r\n")
    return client.expect(code)


def bodies(hop):
    return [body for _, _, body in hop.messages]


# ---- it arrives ----

@pytest.mark.parametrize("offers", [
    [], ["PIPELINING"], ["PIPELINING", "SIZE 10000", "8BITMIME", "DSN",
                         "SMTPUTF8", "AUTH PLAIN"]], ids=len)
@pytest.mark.parametrize("cuts", [0, 1, 3])
def test_arrives(hookline, next_hop, offers, cuts):
    hop = next_hop(offers=offers, cuts=cuts)
    server = forward(hookline, hop)
    reply = send(server)
    assert reply.startswith("250 2.0.0 queued as N1 ["), reply
    sender, rcpts, body = hop.messages[0]
    assert sender.startswith("MAIL FROM:<a@client.example>")
    assert rcpts == ["RCPT TO:<c@example.com>"]
    assert b"\r\nReceived: from " in body
    assert body.endswith(b"\r\n" + MESSAGE)
    if "DSN" in offers:
        assert sender.endswith(f" SIZE={len(body)}")


def test_large(hookline, next_hop):
    hop = next_hop()
    server = forward(hookline, hop, databytes="20000000")
    large = b"Subject: x\r\n\r\n" + b".All work and no play\r\n" * 200000
    client = server.client()
    client.send(large)
    client.close()
    assert bodies(hop)[0].endswith(large)


def test_helo(hookline, next_hop):
    hop = next_hop()
    hop.answers["EHLO"] = "502 5.5.1 what?"
    send(forward(hookline, hop, "hello", "me.example"))
    assert hop.commands[:3] == ["EHLO me.example", "HELO me.example",
                                "MAIL FROM:<a@client.example>"]


# ---- connections are kept ----

def test_kept(hookline, next_hop):
    hop = next_hop()
    server = forward(hookline, hop, "messages", 3)
    for _ in range(4):
        send(server)
    assert hop.connections == 2
    assert hop.commands.count("EHLO mx.example") == 2
    assert hop.commands.count("QUIT") == 1
    assert "RSET" not in hop.commands


def test_not_kept(hookline, next_hop):
    hop = next_hop()
    server = forward(hookline, hop, "messages", 1)
    send(server)
    send(server)
    assert hop.connections == 2
    until(lambda: hop.commands.count("QUIT") == 2)


def test_not_kept_when_refused(hookline, next_hop):
    """Then there is nothing to reset, either."""
    hop = next_hop()
    hop.answers["RCPT"] = ["550 5.1.1 nobody"]
    server = forward(hookline, hop, "messages", 1)
    send(server, "552")
    until(lambda: hop.commands[-1] == "QUIT")
    send(server)
    assert hop.connections == 2
    assert "RSET" not in hop.commands


@pytest.mark.parametrize("encrypted", [False, True])
def test_says_quit(hookline, next_hop, tls, encrypted):
    """Also on those that are kept, when the server ends."""
    hop = next_hop(tls=tls if encrypted else None)
    server = forward(hookline, hop)
    send(server)
    assert hop.commands[-1] != "QUIT"
    server.end()
    until(lambda: hop.commands[-1] == "QUIT")


def test_refused_is_reset(hookline, next_hop):
    hop = next_hop()
    hop.answers["RCPT"] = ["550 5.1.1 nobody"]
    server = forward(hookline, hop)
    assert send(server, "552") == "552 5.1.1 nobody"
    send(server)
    # Behind 354 there is nothing but the message to say: it hangs up.
    assert hop.connections <= 2 and len(hop.messages) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("how", [CLOSE, RESET, "421 4.3.2 restart"])
def test_kept_one_is_dead(hookline, next_hop, step, how):
    """It is made anew, and the message arrives once."""
    hop = next_hop()
    server = forward(hookline, hop)
    send(server)
    hop.answers[step] = [how]
    send(server)
    assert hop.connections == 2
    assert len(hop.messages) == 2


def test_closed_meanwhile(hookline, next_hop):
    hop = next_hop()
    hop.answers["END"] = lambda session: session.say("250 2.0.0 ok", "END") \
        or CLOSE
    server = forward(hookline, hop)
    send(server)
    send(server)
    assert len(hop.messages) == 2


# ---- it misbehaves ----

STEPS = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"]
GARBAGE = [b"\x00\xff\r\n", b"hello\r\n", b"250-ok\r\n251 ok\r\n",
           b"x" * 100000, b"250-ok\r\n" * 200, b"199 ok\r\n", b"350 ok\r\n"]


@pytest.mark.parametrize("how", [CLOSE, RESET, "421 4.3.2 bye", *GARBAGE],
                         ids=lambda how: repr(how)[:16])
def test_misbehaves(hookline, next_hop, how):
    """At each step; the next one gets it."""
    bad, good = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{bad.port},{HOST}:{good.port}",
                   "command_timeout", "5s", "messages", 1)
    for number, step in enumerate(STEPS, 1):
        bad.answers = {step: how}
        send(server)
        assert (len(bad.messages), len(good.messages)) == (0, number)
        server.wait_line(f"{HOST}:{bad.port}: ", " warn ", count=number)


def test_hangs(hookline, next_hop):
    """One server, one after the other: it hangs at each step."""
    bad, good = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{bad.port},{HOST}:{good.port}",
                   "command_timeout", "200ms", "data_timeout", "200ms",
                   "messages", 1)
    for number, step in enumerate(STEPS, 1):
        bad.answers = {step: HANG}
        send(server)
        assert len(good.messages) == number
    assert not bad.messages
    server.wait_line("no reply in time", count=len(STEPS))


def test_trickles(hookline, next_hop):
    """The time is for the whole reply."""
    hop = next_hop()

    def trickle(session):
        for _ in range(50):
            session.say(b"250-x\r\n", "MAIL")
            time.sleep(0.05)
    hop.answers["MAIL"] = trickle
    server = forward(hookline, hop, "command_timeout", "300ms")
    begin = time.monotonic()
    assert send(server, "451").startswith("451 4.4.1 Unable to queue message")
    assert time.monotonic() - begin < 2.4


def test_nobody(hookline):
    sock = socket.create_server((HOST, 0))
    port = sock.getsockname()[1]
    sock.close()
    server = serve(hookline, HOST, port)
    assert send(server, "451").startswith("451 4.4.1 Unable to queue message")
    server.wait_line("cannot connect", " warn ")


def test_next_plugin(hookline, next_hop):
    """Another queue plugin may have it when there is nobody."""
    hop = next_hop()
    hop.answers["GREETING"] = "554 no mail here"
    server = serve(hookline, plugins=[
        "rcpt_ok", f"queue/smtp-forward {HOST} {hop.port}",
        "queue/maildir $STATE/mail"])
    send(server)
    assert len(list((server.state / "mail" / "new").iterdir())) == 1


@pytest.mark.parametrize("steps,messages", [(STEPS, 1), (STEPS[2:], 99)],
                         ids=["new", "kept"])
def test_refuses_for_now(hookline, next_hop, steps, messages):
    """Before anything went out: the next one gets it."""
    busy, good = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{busy.port},{HOST}:{good.port}",
                   "messages", messages)
    if messages > 1:
        send(server)
    for number, step in enumerate(steps, 1):
        busy.answers = {step: "450 4.3.2 busy"}
        send(server)
        assert len(good.messages) == number
        server.wait_line(f"{HOST}:{busy.port}", ": ", "busy", count=number)
    assert len(busy.messages) == (messages > 1)


def test_refuses_for_good(hookline, next_hop):
    """What is refused for good is not tried elsewhere."""
    never, other = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{never.port},{HOST}:{other.port}")
    for step in "MAIL", "RCPT", "DATA":
        never.answers = {step: "550 5.7.1 never"}
        assert send(server, "552") == "552 5.7.1 never"
    assert not other.connections


@pytest.mark.parametrize("last", ["450 4.2.1 the last", CLOSE])
def test_all_refuse_for_now(hookline, next_hop, last):
    """The words of the last one that said any."""
    first, second = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{first.port},{HOST}:{second.port}",
                   "messages", 1)
    told = "first" if last == CLOSE else "last"
    for number, step in enumerate(("MAIL", "RCPT", "DATA"), 1):
        first.answers = {step: "450 4.2.1 the first"}
        second.answers = {step: last}
        assert send(server, "452") == f"452 4.2.1 the {told}"
        assert second.connections == number


# ---- behind the end ----

@pytest.mark.parametrize("how", [CLOSE, RESET, HANG, "xyz"])
def test_no_reply_to_the_end(hookline, next_hop, how):
    """Never said to be queued, never sent to another one, nor again."""
    bad, other = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{bad.port},{HOST}:{other.port}",
                   "end_timeout", "500ms")
    send(server)                # so that its connection is a kept one
    bad.answers["END"] = how
    reply = send(server, "452")
    assert reply.startswith("452 4.4.2 The next server did not say")
    assert (len(bad.messages), len(other.messages)) == (2, 0)
    server.wait_line("it may arrive twice", " error ")


def test_hangs_up_in_the_message(hookline, next_hop):
    """Before the end it has not got it: the next one does."""
    bad, good = next_hop(), next_hop()

    def read_some(session):
        session.say(b"354 go\r\n", "DATA")
        session.rfile.read(1000)
        return RESET
    bad.answers["DATA"] = read_some
    server = serve(hookline, f"{HOST}:{bad.port},{HOST}:{good.port}",
                   databytes="100000000")
    client = server.client()
    client.send(b"Subject: x\r\n\r\n" + b"All work and no play\r\n" * 500000)
    client.close()
    assert (len(bad.messages), len(good.messages)) == (0, 1)


def test_refuses_in_the_message(hookline, next_hop):
    hop = next_hop()

    def read_some(session):
        session.say(b"354 go\r\n", "DATA")
        session.rfile.read(1000)
        session.say(b"552 5.3.4 too much\r\n", "DATA")
        session.connection.shutdown(socket.SHUT_WR)
        while session.connection.recv(65536):
            pass
        return CLOSE
    hop.answers["DATA"] = read_some
    server = forward(hookline, hop, databytes="100000000")
    client = server.client()
    reply = client.send(b"Subject: x\r\n\r\n" + b"All work\r\n" * 500000,
                        code="552")
    client.close()
    assert reply in ("552 5.3.4 too much",)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("said,told", [
    ("550 5.7.1 we do not want it", "552 5.7.1 we do not want it"),
    ("450 4.2.0 come again", "452 4.2.0 come again"),
    ("550-5.7.1 one\n550 5.7.1 two", "552-5.7.1 one\n552 5.7.1 two"),
    ("554 ours", "552 5.3.0 ours")])
def test_refusals(hookline, next_hop, step, said, told):
    hop = next_hop()
    hop.answers[step] = said
    server = forward(hookline, hop)
    assert send(server, told[:3]) == told
    server.wait_line("event=reject hook=queue plugin=queue/smtp-forward")
    hop.answers = {}
    send(server)


# ---- recipients ----

def by_name(session):
    """To RCPT: what the recipient's name says, h hard, s soft."""
    command = session.hop.commands[-1]
    return {"h": "550 5.1.1 nobody", "s": "450 4.2.1 busy"}.get(
        command[len("RCPT TO:<")])


@pytest.mark.parametrize("rcpts,code", [
    ("ah", "552"), ("as", "452"), ("hs", "452"), ("hh", "552")])
@pytest.mark.parametrize("offers", [[], ["PIPELINING"]], ids=len)
def test_all_or_none(hookline, next_hop, rcpts, code, offers):
    hop = next_hop(offers=offers)
    hop.answers["RCPT"] = by_name
    server = forward(hookline, hop)
    client = server.client()
    reply = send_to(client, rcpts, code)
    assert not hop.messages
    if "h" in rcpts:
        assert "<h@example.com> 5.1.1 nobody" in reply
    if "a" in rcpts:
        assert "<a@example.com> Not sent, since others" in reply
    # The connection is good for the next one.
    send_to(client, "ab", "250")
    client.close()
    assert len(hop.messages) == hop.connections == 1
    assert "RSET" in hop.commands


def test_one_refused_for_now(hookline, next_hop):
    """Then the next one gets it, for all."""
    busy, good = next_hop(), next_hop()
    busy.answers["RCPT"] = by_name
    server = serve(hookline, f"{HOST}:{busy.port},{HOST}:{good.port}")
    client = server.client()
    send_to(client, "as", "250")
    assert (len(busy.messages), len(good.messages)) == (0, 1)
    good.answers["RCPT"] = by_name
    reply = send_to(client, "as", "452")
    client.close()
    assert "<s@example.com> 4.2.1 busy" in reply
    assert (len(busy.messages), len(good.messages)) == (0, 1)


def test_each_its_own(hookline, next_hop):
    """An LMTP client hears of each, and the good ones get it."""
    hop = next_hop()
    hop.answers["RCPT"] = by_name
    server = hookline(plugins=["rcpt_ok",
                               f"queue/smtp-forward {HOST} {hop.port}"],
                      rcpthosts="example.com")
    server.config("listen", [f"{server.host}:{server.vars['PORT']} lmtp"])
    server.start()
    client = server.client(None)
    client.expect("220")
    client.ask("LHLO c.example")
    reply = send_to(client, "ahbs", "250 2.0.0 queued as N1")
    assert client.reply() == "552 5.1.1 nobody"
    assert client.reply() == reply
    assert client.reply() == "452 4.2.1 busy"
    client.close()
    assert [word[9] for word in hop.messages[0][1]] == ["a", "b"]


# ---- fewer recipients than we have ----

TOO_MANY = "452 4.5.3 Too many recipients"


def takes(count, text=TOO_MANY):
    """So many in a transaction; by_name, too."""
    return lambda session: by_name(session) or (
        text if len(session.rcpts) >= count else None)


def rcpts_of(hop):
    return ["".join(word[9] for word in rcpts) for _, rcpts, _ in hop.messages]


@pytest.mark.parametrize("offers,text", [
    (["PIPELINING"], TOO_MANY), ([], "452 too many"), ([], "552 too many")])
def test_takes_fewer(hookline, next_hop, offers, text):
    """The rest in other transactions, over connections that are kept."""
    hop = next_hop(offers=offers)
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2, text)
    client = server.client()
    send_to(client, "abcde", "250 2.0.0 queued as N1")
    send_to(client, "abcde", "250 2.0.0 queued as N4")
    client.close()
    assert rcpts_of(hop) == ["ab", "cd", "e"] * 2
    assert len(set(bodies(hop))) == 2
    assert hop.connections == 3


def test_takes_none_before_all(hookline, next_hop):
    """Nothing goes out before all are accepted."""
    hop, next_one = next_hop(), next_hop()
    server = serve(hookline, f"{HOST}:{hop.port},{HOST}:{next_one.port}")
    hop.answers["RCPT"] = takes(2)
    client = server.client()
    reply = send_to(client, "abch", "552")
    assert "<h@example.com> 5.1.1 nobody" in reply
    assert "<a@example.com> Not sent, since others" in reply
    send_to(client, "abcs", "250")      # ... by the next one
    send_to(client, "abc", "250")
    client.close()
    assert (rcpts_of(hop), rcpts_of(next_one)) == (["ab", "c"], ["abcs"])


@pytest.mark.parametrize("answer", [
    "452 4.2.2 mailbox full", "450 4.5.3 busy", "552 5.2.2 full"])
def test_takes_fewer_no_more(hookline, next_hop, answer):
    """It says something else."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2, answer)
    client = server.client()
    send_to(client, "abc", "552" if answer[0] == "5" else "452")
    client.close()
    assert (hop.messages, hop.connections) == ([], 1)


def test_takes_one_connection(hookline, next_hop):
    """... and no other beside it: all are told to come again."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["GREETING"] = ["220 next.example", "421 4.7.0 one alone"]
    client = server.client()
    assert "4.5.3 Too many" in send_to(client, "abc", "452")
    server.wait_line("one alone", " warn ")
    client.close()
    assert not hop.messages


@pytest.mark.parametrize("ends,code,kept", [
    (["250 ok N1", "452 4.3.1 disk full"], "452 4.3.1", False),
    (["250 ok N1", CLOSE], "452 4.4.2", False),
    (["250 ok N1", "554 5.6.0 odd"], "250 2.0.0 queued as N1", True),
    (["450 4.3.2 not now"], "452 4.3.2", False)])
def test_takes_fewer_and_fails(hookline, next_hop, ends, code, kept):
    """Behind the end of the first: nobody loses it."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["END"] = list(ends)
    client = server.client()
    send_to(client, "abcde", code)
    client.close()
    files = list((server.state / "undelivered").iterdir())
    assert len(files) == kept
    if kept:
        text = files[0].read_text()
        assert "X-Failed: <c@example.com> 5.6.0 odd\n" in text
        assert "<a@example.com>" not in text.partition("\n\n")[0]
        assert "<e@example.com>" not in text.partition("\n\n")[0]
        assert rcpts_of(hop) == ["ab", "cd", "e"]
    elif len(ends) > 1:
        assert rcpts_of(hop) == ["ab", "cd"]
        server.wait_line("may arrive twice", " error ")


def test_takes_fewer_once_more(hookline, next_hop):
    """A connection is lost while it waits for its turn."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["DATA"] = ["354 go", CLOSE]
    client = server.client()
    send_to(client, "abcd", "250")
    client.close()
    assert rcpts_of(hop) == ["ab", "cd"]
    assert hop.connections == 3


@pytest.mark.parametrize("answer", ["550 5.7.1 no more", "450 4.7.1 later"])
def test_takes_fewer_not_once_more(hookline, next_hop, answer):
    """... and the connection instead is refused: the client has to know."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["DATA"] = ["354 go", CLOSE]
    hop.answers["MAIL"] = ["250 ok", "250 ok", answer]
    client = server.client()
    send_to(client, "abcd", "452 4.4.2")
    client.close()
    assert (rcpts_of(hop), hop.connections) == (["ab"], 3)
    server.wait_line("may arrive twice", " error ")


def test_takes_fewer_of_many(hookline, next_hop):
    """Behind the first that is too many it is asked for few."""
    hop = next_hop()
    server = forward(hookline, hop)
    hop.answers["RCPT"] = takes(100)
    client = server.client()
    send_to(client, [f"c{n}" for n in range(500)], "250")
    assert [len(rcpts) for _, rcpts, _ in hop.messages] == [100] * 5
    asked = sum(line.startswith("RCPT") for line in hop.commands)
    assert asked < 1200
    hop.answers["RCPT"] = takes(30)     # more transactions than we make
    send_to(client, [f"c{n}" for n in range(500)], "452")
    client.close()
    assert len(hop.messages) == 5


@pytest.mark.parametrize("is_lmtp", [False, True])
def test_takes_fewer_each_its_own(hookline, next_hop, is_lmtp):
    """Where each has its reply one connection is enough."""
    hop = next_hop(lmtp=is_lmtp)
    hop.answers["RCPT"] = takes(2)
    plugin = "lmtp" if is_lmtp else "smtp-forward"
    server = hookline(plugins=["rcpt_ok",
                               f"queue/{plugin} {HOST} {hop.port}"],
                      rcpthosts="example.com")
    server.config("listen", [f"{server.host}:{server.vars['PORT']} lmtp"])
    server.start()
    client = server.client(None)
    client.expect("220")
    client.ask("LHLO c.example")
    replies = [send_to(client, "abchd", "250")] + [
        client.reply() for _ in range(4)]
    assert [line[:3] for line in replies] == ["250", "250", "250", "552",
                                              "250"]
    assert (rcpts_of(hop), hop.connections) == (["ab", "cd"], 1)
    hop.answers["END"] = ["250 ok N1"] * (2 if is_lmtp else 1) + [CLOSE]
    replies = [send_to(client, "abcd", "250")] + [
        client.reply() for _ in range(3)]
    assert [line[:3] for line in replies] == ["250", "250", "452", "452"]
    client.close()


def test_lmtp_takes_fewer_and_is_lost(hookline, next_hop):
    """Within the replies of the first transaction; those of the second were
    only told to RCPT."""
    hop = next_hop(lmtp=True)
    server = lmtp(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["END"] = ["250 ok N1", CLOSE]
    client = server.client()
    reply = send_to(client, "abcd", "452")
    assert [f"<{name}@" in reply for name in "abcd"] == [False] + [True] * 3
    client.close()
    assert rcpts_of(hop) == ["ab"]


def test_lmtp_full_is_not_too_many(hookline, next_hop):
    """A 452 to the end of the message, from one without enhanced codes."""
    hop = next_hop(lmtp=True)
    server = hookline(plugins=["rcpt_ok", f"queue/lmtp {HOST} {hop.port}"],
                      rcpthosts="example.com")
    server.config("listen", [f"{server.host}:{server.vars['PORT']} lmtp"])
    server.start()
    turns = itertools.cycle([None, "452 full"])
    hop.answers["END"] = lambda session: next(turns)
    client = server.client(None)
    client.expect("220")
    client.ask("LHLO c.example")
    assert send_to(client, "ab", "250") and client.reply()[:3] == "452"
    client.close()
    assert len(hop.messages) == 1


def test_lmtp_takes_fewer(hookline, next_hop):
    hop = next_hop(lmtp=True)
    server = lmtp(hookline, hop)
    hop.answers["RCPT"] = takes(2)
    hop.answers["END"] = ["250 ok N1", "250 ok N1", "552 5.2.2 full"]
    client = server.client()
    send_to(client, "abcd", "250 2.0.0 queued as N2")
    client.close()
    assert rcpts_of(hop) == ["ab", "cd"]
    kept, = (server.state / "undelivered").iterdir()
    assert "X-Failed: <c@example.com> 5.2.2 full\n" in kept.read_text()


def test_many_recipients(hookline, next_hop):
    """Long replies to long groups: neither waits for the other to read."""
    hop = next_hop()
    hop.answers["RCPT"] = "\n".join(
        ["250-" + "x" * 500] * 50 + ["250 2.1.5 ok"])
    server = forward(hookline, hop, max_recipients="600")
    client = server.client()
    client.ask("MAIL FROM:<a@client.example>")
    client.sock.sendall(b"".join(
        b"RCPT TO:<c%d@example.com>\r\n" % n for n in range(500)))
    for _ in range(500):
        client.expect("250")
    client.ask("DATA", "354")
    client.sock.sendall(MESSAGE + b".\r\n")
    client.expect("250")
    client.close()
    assert len(hop.messages[0][1]) == 500


# ---- extensions ----

ALL = ["PIPELINING", "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING", "BINARYMIME",
       "SIZE", "AUTH PLAIN"]


def test_passed_on(hookline, next_hop):
    hop = next_hop(offers=ALL)
    server = forward(hookline, hop)
    client = server.client()
    client.ask("MAIL FROM:<ä@client.example> BODY=8BITMIME SMTPUTF8 RET=HDRS "
               "ENVID=a+2Bb")
    client.ask("RCPT TO:<ö@example.com> NOTIFY=SUCCESS,DELAY "
               "ORCPT=rfc822;x+40example.com")
    client.ask("DATA", "354")
    client.sock.sendall("Subject: ü\r\n\r\nß\r\n.\r\n".encode())
    client.expect("250")
    client.close()
    sender, rcpts, body = hop.messages[0]
    assert sender == (f"MAIL FROM:<ä@client.example> SIZE={len(body)} "
                      "BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb")
    assert rcpts == ["RCPT TO:<ö@example.com> NOTIFY=SUCCESS,DELAY "
                     "ORCPT=rfc822;x+40example.com"]


def offered(server):
    client = server.client(None)
    client.expect("220")
    client.say("EHLO c.example")
    lines = client.expect("250").split("\n")
    client.close()
    return {line[4:] for line in lines[1:]}


def test_offered_as_by_the_next(hookline, next_hop):
    """What the next one lacks is not offered, once it is known."""
    hop = next_hop(offers=["PIPELINING", "DSN"])
    server = forward(hookline, hop)
    assert {"DSN", "SMTPUTF8"} <= offered(server)
    assert "BINARYMIME" not in offered(server)
    send(server)
    assert "DSN" in offered(server)
    assert "SMTPUTF8" not in offered(server)
    hop.offers = ALL
    hop.answers["MAIL"] = [CLOSE]
    send(server)
    assert {"DSN", "SMTPUTF8", "BINARYMIME"} <= offered(server)


def test_binary(hookline, next_hop):
    """By BDAT, byte for byte; refused by one that lost it meanwhile."""
    hop = next_hop(offers=ALL)
    server = forward(hookline, hop, databytes="10000000", size_threshold="1")
    send(server)
    binary = b"Subject: x\r\n\r\n" + bytes(range(256)) * 1000 + b"\r\n.\r\nx"
    for code in ("250", "552 5.6.3"):
        client = server.client()
        client.ask("MAIL FROM:<a@client.example> BODY=BINARYMIME")
        client.ask("RCPT TO:<c@example.com>")
        client.say(f"BDAT {len(binary)} LAST")
        client.sock.sendall(binary)
        client.expect(code)
        hop.offers = []
        hop.answers["MAIL"] = [CLOSE]
    assert len(hop.messages) == 2
    assert bodies(hop)[1].endswith(binary[binary.index(b"\r\n\r\n"):])


BINARY = ["CHUNKING", "BINARYMIME"]


def send_binary(client, binary, code, sender="a@client.example", params=""):
    client.ask(f"MAIL FROM:<{sender}> BODY=BINARYMIME{params}")
    client.ask("RCPT TO:<c@example.com>")
    client.say(f"BDAT {len(binary)} LAST")
    client.sock.sendall(binary)
    return client.expect(code)


def test_strange_reply_to_a_chunk(hookline, next_hop):
    """One that is neither yes nor no is no yes."""
    hop = next_hop(offers=ALL)
    server = forward(hookline, hop, databytes="10000000")
    send(server)
    hop.answers["BDAT"] = "354 go on"
    client = server.client()
    send_binary(client, b"Subject: x\r\n\r\n" + bytes(200000), "451 4.4.1")
    client.close()
    assert len(hop.messages) == 1


@pytest.mark.parametrize("offers,sender,message,code", [
    (BINARY, "ä@client.example", b"x: y\r\n\r\n\0", "552 5.6.7"),
    (BINARY, "a@client.example", "x: ü\r\n\r\n\0".encode(), "552 5.6.9"),
    ([*BINARY, "SIZE 50"], "a@client.example", b"x: y\r\n\r\n\0",
     "552 5.3.4"),
    (BINARY, "a@client.example", b"x: y\r\n\r\n\0", "250"),
])
def test_binary_lacks(hookline, next_hop, offers, sender, message, code):
    """What else it lacks counts for a binary message, too."""
    hop = next_hop(offers=ALL)
    server = forward(hookline, hop)
    send(server)
    client = server.client()
    hop.offers = offers
    hop.answers["MAIL"] = [CLOSE]
    send_binary(client, message, code, sender, " SMTPUTF8")
    client.close()
    assert len(hop.messages) == 1 + (code == "250")


@pytest.mark.parametrize("offers,mail,rcpt,message,code", [
    (["8BITMIME"], " SMTPUTF8", "ö", b"x: y\r\n\r\n", "552 5.6.7"),
    (["8BITMIME"], " SMTPUTF8", "c", "x: ü\r\n\r\n".encode(), "552 5.6.9"),
    (["8BITMIME"], " SMTPUTF8", "c", "x: y\r\n\r\nü\r\n".encode(), "250"),
    ([], "", "c", "x: y\r\n\r\nü\r\n".encode(), "552 5.6.3"),
    ([], " BODY=8BITMIME", "c", b"x: y\r\n\r\nz\r\n", "250"),
    (["SIZE 50"], "", "c", b"x: y\r\n\r\nz\r\n", "552 5.3.4"),
    (["SIZE 0"], "", "c", b"x: y\r\n\r\nz\r\n", "250"),
])
def test_lacks(hookline, next_hop, offers, mail, rcpt, message, code):
    hop = next_hop(offers=offers)
    server = forward(hookline, hop)
    client = server.client()
    send_to(client, [rcpt], code, message, mail)
    client.close()
    assert len(hop.messages) == (code == "250")
    assert not any("SMTPUTF8" in word or "BODY" in word
                   for word in hop.commands)


def test_receipt(hookline, next_hop):
    """Asked for a receipt that it would not send; the client hears no DSN when
    it comes again."""
    hop = next_hop()
    server = forward(hookline, hop)
    client = server.client()
    client.ask("MAIL FROM:<a@client.example> RET=FULL")
    client.ask("RCPT TO:<c@example.com> NOTIFY=SUCCESS")
    client.ask("DATA", "354")
    client.sock.sendall(MESSAGE + b".\r\n")
    client.expect("452 4.3.3")
    client.ask("MAIL FROM:<a@client.example> RET=FULL")
    client.ask("RCPT TO:<c@example.com> NOTIFY=FAILURE")
    client.ask("DATA", "354")
    client.sock.sendall(MESSAGE + b".\r\n")
    client.expect("250")
    client.close()
    assert hop.messages[0][1] == ["RCPT TO:<c@example.com>"]
    assert "DSN" not in offered(server)


# ---- XCLIENT ----

XCLIENT = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"


def test_xclient(hookline, next_hop):
    hop = next_hop(offers=["PIPELINING", XCLIENT])
    server = forward(hookline, hop, "xclient")
    for name in ("one+.example", "two.example"):
        client = server.client(name)
        client.send(MESSAGE)
        client.close()
    assert hop.connections == 1
    said = [line for line in hop.commands if line[:4] in ("XCLI", "EHLO")]
    assert said[0] == "EHLO mx.example"
    assert said[1].startswith(
        "XCLIENT NAME=localhost ADDR=127.0.0.1 PORT=")
    assert said[1].endswith(
        " PROTO=ESMTP HELO=one+2B.example LOGIN=[UNAVAILABLE] "
        f"DESTADDR={server.host} DESTPORT={server.vars['PORT']}")
    assert said[2] == "EHLO one+.example"
    assert " HELO=two.example " in said[3]
    assert said[4] == "EHLO two.example"


def test_xclient_long(hookline, next_hop):
    hop = next_hop(offers=["XCLIENT HELO ADDR"])
    server = forward(hookline, hop, "xclient")
    client = server.client("+" * 180 + ".example")
    client.send(MESSAGE)
    client.close()
    said = [line for line in hop.commands if line.startswith("XCLIENT")]
    assert said[0] == "XCLIENT ADDR=127.0.0.1"
    assert said[1] == "XCLIENT HELO=" + "+2B" * 180 + ".example"


@pytest.mark.parametrize("offers,answer", [
    (["PIPELINING"], None), ([XCLIENT], "550 5.7.1 not you"),
    ([XCLIENT], CLOSE)])
def test_xclient_refused(hookline, next_hop, offers, answer):
    hop = next_hop(offers=offers)
    if answer:
        hop.answers["XCLIENT"] = answer
    server = forward(hookline, hop, "xclient")
    assert send(server, "451").startswith("451 4.4.1 Unable")
    assert not hop.messages
    server.wait_line("XCLIENT" if answer != CLOSE else "hung up", " warn ")


# ---- TLS ----

@pytest.mark.parametrize("words,encrypted", [
    ("tls off", False), ("tls may", True), ("tls require", True),
    ("tls verify tls_ca {ca}", True),
    ("tls verify tls_ca {ca} tls_name next.example", True),
    ("tls verify tls_ca {ca} tls_name other.example", None),
    ("tls verify", None)])
def test_tls(hookline, next_hop, tls, words, encrypted):
    hop = next_hop(tls=tls)
    server = forward(hookline, hop,
                     words.format(ca=tls.folder / "ca.pem"))
    code = "451" if encrypted is None else "250"
    send(server, code)
    if encrypted is not None:
        send(server)
        assert hop.connections == 1
    assert len(hop.messages) == (2 if encrypted is not None else 0)
    assert ("STARTTLS" in hop.commands) == (encrypted is not False)
    assert hop.commands.count("EHLO mx.example") == 1 + bool(encrypted)
    if encrypted is None:
        server.wait_line("certificate", " warn ")


@pytest.mark.parametrize("mode,code", [("may", "250"), ("require", "451")])
@pytest.mark.parametrize("answer", [
    "454 4.7.0 not now", CLOSE, b"220 go\r\nhello\r\n",
    b"220 go\r\n250 injected\r\n"], ids=repr)
def test_tls_fails(hookline, next_hop, tls, mode, code, answer):
    hop = next_hop(tls=tls)
    hop.answers["STARTTLS"] = answer
    server = forward(hookline, hop, "tls", mode)
    expected = "451" if answer == CLOSE else code
    send(server, expected)
    assert len(hop.messages) == (expected == "250")


def test_tls_not_offered(hookline, next_hop):
    hop = next_hop()
    server = forward(hookline, hop, "tls", "require")
    send(server, "451")
    server.wait_line("does not offer STARTTLS", " warn ")
    assert not hop.messages


@pytest.mark.parametrize("words,said", [
    ("tls off", None), ("tls may", None), ("tls verify tls_ca {ca}", None),
    ("tls verify", "certificate"),
    ("tls verify tls_ca {ca} tls_name other.example", "certificate")])
def test_implicit_tls(hookline, next_hop, tls, words, said):
    hop = next_hop(tls=tls, implicit=True)
    server = serve(hookline, f"smtps:{HOST}:{hop.port}",
                   words.format(ca=tls.folder / "ca.pem"))
    send(server, "451" if said else "250")
    if said:
        server.wait_line(said, " warn ")
        assert not hop.commands
        return
    send(server)
    assert (hop.connections, len(hop.messages)) == (1, 2)
    assert hop.commands.count("EHLO mx.example") == 1
    assert "STARTTLS" not in hop.commands


def test_implicit_tls_never_in_clear(hookline, next_hop):
    hop = next_hop()
    server = serve(hookline, f"smtps:{HOST}:{hop.port}", "tls may")
    send(server, "451")
    assert not hop.commands


# ---- AUTH ----

def passwords(stage, *lines):
    path = stage.base / f"passwords{time.monotonic_ns()}"
    path.write_text("".join(line + "\n" for line in lines))
    path.chmod(0o640)
    if os.geteuid() == 0:
        shutil.chown(path, group="nogroup")
    return path


SECRET = "pass: word#1"
LOGIN = f"tim@example.com:{SECRET}"
USERS = {"tim@example.com": SECRET}


@pytest.mark.parametrize("offer", ["AUTH LOGIN PLAIN", "AUTH CRAM-MD5 LOGIN",
                                   "AUTH=LOGIN"])
@pytest.mark.parametrize("implicit", [False, True])
def test_auth(hookline, next_hop, stage, tls, offer, implicit):
    """Once a connection, inside TLS; the password is nowhere in the log."""
    hop = next_hop(offers=["PIPELINING", offer], tls=tls, implicit=implicit,
                   users=USERS)
    scheme = "smtps:" if implicit else ""
    server = serve(
        hookline, f"{scheme}{HOST}:{hop.port}", "tls verify tls_ca",
        tls.folder / "ca.pem", "auth", passwords(
            stage, "other.example x:y", f"{HOST} {LOGIN}", "* a:b"),
        loglevel="7")
    send(server)
    send(server)
    assert len(hop.messages) == 2
    assert hop.auths == [True]
    for word in SECRET, *(base64.b64encode(text.encode()).decode() for text in (
            SECRET, f"\0tim@example.com\0{SECRET}")):
        assert word not in server.log()


@pytest.mark.parametrize("words,lines,said", [
    ("tls verify tls_ca {ca}", [f"{HOST} tim:wrong"], "AUTH: it said 535"),
    ("tls verify tls_ca {ca}", ["other.example x:y"], "has no line for"),
    ("tls verify", [f"{HOST} {LOGIN}"], "certificate"),
    ("tls off auth_over tls", [f"{HOST} {LOGIN}"], "is not sent")])
def test_auth_fails(hookline, next_hop, stage, tls, words, lines, said):
    """Nothing is sent, and the password least of all."""
    hop = next_hop(offers=["AUTH PLAIN"], tls=tls, users=USERS)
    server = serve(hookline, HOST, hop.port,
                   words.format(ca=tls.folder / "ca.pem"), "auth",
                   passwords(stage, *lines))
    send(server, "451")
    server.wait_line(said, " warn ")
    assert not hop.messages
    assert len(hop.auths) == ("535" in said)


@pytest.mark.parametrize("said", ["535 no {}", "what {}"])
def test_auth_repeated(hookline, next_hop, stage, tls, said):
    """What it was told does not come to the log by its reply."""
    hop = next_hop(offers=["AUTH PLAIN"], tls=tls, users={})
    sent = base64.b64encode(f"\0tim@example.com\0{SECRET}".encode()).decode()
    server = serve(hookline, HOST, hop.port, "tls verify tls_ca",
                   tls.folder / "ca.pem", "auth",
                   passwords(stage, f"{HOST} {LOGIN}"), loglevel="7")
    for repeated in sent, SECRET:
        hop.answers["AUTH"] = said.format(repeated)
        send(server, "451")
    server.wait_line("AUTH: ", " warn ")
    assert hop.auths == [True, True]
    assert sent not in server.log() and SECRET not in server.log()


@pytest.mark.parametrize("words,encrypted", [
    ("tls may auth_over tls", True), ("tls off auth_over clear", False)])
def test_auth_over(hookline, next_hop, stage, tls, words, encrypted):
    hop = next_hop(offers=["AUTH PLAIN"], tls=tls, users=USERS)
    server = serve(hookline, HOST, hop.port, words, "auth",
                   passwords(stage, f"{HOST}:{hop.port} {LOGIN}"))
    send(server)
    assert hop.auths == [encrypted]


def test_auth_not_here(hookline, next_hop, stage, tls):
    """One server wants none; one offers none.  The file is live; the log says
    what is wrong with a line of it."""
    free, bad, good = (next_hop(tls=tls), next_hop(tls=tls, users=USERS),
                       next_hop(offers=["AUTH PLAIN"], tls=tls, users=USERS))
    free.answers["MAIL"] = "450 4.3.2 busy"
    path = passwords(stage, "far.example secret", f"{HOST}:{free.port} -",
                     f"{HOST}:{bad.port} {LOGIN}",
                     f"{HOST}:{good.port} {LOGIN}")
    server = serve(hookline, ",".join(
        f"{HOST}:{hop.port}" for hop in (free, bad, good)),
        "tls may auth_over tls auth", path)
    server.wait_line(f"file={path} line=1 err=\"write SERVER USER:PASSWORD")
    assert "far.example" not in server.log()
    send(server)
    server.wait_line("does not offer AUTH PLAIN or LOGIN", " warn ")
    assert not bad.messages and len(good.messages) == 1
    assert any(line.startswith("MAIL") for line in free.commands)
    path.write_text(f"* {LOGIN}x\n")       # a kept connection is as it was
    send(server)
    assert server.ask(["ctl", "config-flush"])[0] == 0
    good.answers["MAIL"] = [CLOSE]
    assert send(server, "452") == "452 4.3.2 busy"
    server.wait_line("AUTH: it said 535", " warn ")


# ---- LMTP ----

def lmtp(hookline, hop, *words, **files):
    return serve(hookline, HOST, hop.port, *words, plugin="queue/lmtp",
                 **files)


def test_lmtp(hookline, next_hop):
    hop = next_hop(lmtp=True)
    server = lmtp(hookline, hop)
    client = server.client()
    send_to(client, "abc", "250 2.0.0 queued as N1")
    send_to(client, "d", "250 2.0.0 queued as N2")
    client.close()
    assert hop.commands[0] == "LHLO mx.example"
    assert hop.connections == 1
    assert len(hop.messages[0][1]) == 3


def test_lmtp_some_fail(hookline, next_hop):
    """One reply for all: 250, and the others' message is kept."""
    hop = next_hop(lmtp=True)
    hop.answers["END"] = ["250 2.0.0 N1", "552 5.2.2 full", "450 4.2.0 busy"]
    server = lmtp(hookline, hop)
    client = server.client()
    send_to(client, "abc", "250 2.0.0 queued as N1")
    client.close()
    kept, = (server.state / "undelivered").iterdir()
    text = kept.read_text()
    assert "X-Failed: <b@example.com> 5.2.2 full\n" in text
    assert "X-Failed: <c@example.com> 4.2.0 busy\n" in text
    assert "<a@example.com>" not in text.partition("\n\n")[0].replace(
        "Received", "")


@pytest.mark.parametrize("replies,code", [
    (["552 5.2.2 full"] * 3, "552"), (["450 4.2.0 busy"] * 3, "452"),
    (["552 5.2.2 full", "450 4.2.0 busy", "552 5.2.2 full"], "452"),
    (["250 2.0.0 N1", CLOSE], "452"), ([CLOSE], "452")])
def test_lmtp_all_fail(hookline, next_hop, replies, code):
    hop = next_hop(lmtp=True)
    hop.answers["END"] = list(replies)
    server = lmtp(hookline, hop)
    client = server.client()
    send_to(client, "abc", code)
    client.close()
    assert not list((server.state / "undelivered").iterdir())
    assert len(hop.messages) == 1


def test_lmtp_hangs_up_before_the_end(hookline, next_hop):
    """While the message goes out, at once with its end: what it said to RCPT
    is no promise."""
    hop = next_hop(lmtp=True)
    server = lmtp(hookline, hop)

    def hang_up(session):
        # The server finds the connection dead when it goes on.
        workers = processes_of_session(server.process.pid)
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        session.say(b"354 go\r\n", "DATA")
        session.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      struct.pack("ii", 1, 0))
        session.finish()
        session.connection.close()
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        return CLOSE
    hop.answers["DATA"] = hang_up
    client = server.client()
    send_to(client, "ab", "452 4.4.2")
    client.close()
    assert not hop.messages
    assert not list((server.state / "undelivered").iterdir())


def test_lmtp_each(hookline, next_hop):
    """From LMTP to LMTP each reply goes through."""
    hop = next_hop(lmtp=True)
    hop.answers["RCPT"] = by_name
    hop.answers["END"] = ["250 2.0.0 N1", "552 5.2.2 full"]
    server = hookline(plugins=["rcpt_ok", f"queue/lmtp {HOST}:{hop.port}"],
                      rcpthosts="example.com")
    server.config("listen", [f"{server.host}:{server.vars['PORT']} lmtp"])
    server.start()
    client = server.client(None)
    client.expect("220")
    client.ask("LHLO c.example")
    send_to(client, "ahbs", "250 2.0.0 queued as N1")
    assert client.reply() == "552 5.1.1 nobody"
    assert client.reply() == "552 5.2.2 full"
    assert client.reply() == "452 4.2.1 busy"
    client.close()


def test_lmtp_is_no_smtp(hookline, next_hop):
    """A server that knows no LHLO is no LMTP server."""
    hop = next_hop()
    hop.answers["LHLO"] = "500 5.5.1 what?"
    server = lmtp(hookline, hop)
    send(server, "451")
    assert hop.commands == ["LHLO mx.example"]
