# SPDX-License-Identifier: MIT
"""What docs/host-protocol.md demands of any host, asked of each that we have.

A host of another language joins HOSTS with its command and plugins that do
the same.
"""
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wire import DECLINED, DENY, OK, HostProcess, pack, value

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from waiting import WAIT, until  # noqa: E402

PERL_ONE = """
use strict;
sub hook_mail {
    my ($self, $transaction, $from, %param) = @_;
    $self->log(LOGINFO, "size $param{size}") if $param{size};
    return (DENY, "one\\ntwo") if $from->user eq 'bad';
    die "broken\\n" if $from->user eq 'die';
    if ($from->user eq 'hang') { sleep 1 while 1 }
    $self->connection->notes('got', { list => [1, 'x'] });
    return DECLINED;
}
sub hook_rcpt {
    my ($self, $transaction, $to) = @_;
    my @lines = $self->qp->config('key');
    return (OK, join ' ', @lines, $self->connection->notes('given'));
}
"""
PERL_TWO = """
sub hook_mail { return (DENY, 'second') }
sub hook_vrfy {
    my $self       = shift;
    my $connection = $self->connection;
    return (OK, join ' ', map { $_ // '-' } $connection->remote_ip,
        $connection->hello, $connection->hello_host, $self->auth_user);
}
"""
PYTHON_ONE = """
import time


def hook_mail(session, sender, *params):
    if params:
        session.log(6, "size " + params[1])
    if sender == "<bad@x.test>":
        return DENY, "one", "two"
    if sender == "<die@x.test>":
        raise RuntimeError("broken")
    while sender == "<hang@x.test>":
        time.sleep(1)
    session.set_note("got", {"list": ["1", "x"]})


def hook_rcpt(session, rcpt, *params):
    return OK, " ".join(session.config("key") + [session.note("given")])
"""
PYTHON_TWO = """
def hook_mail(session, *args):
    return DENY, "second"


def hook_vrfy(session, *args):
    names = "remote_ip", "hello", "hello_host", "auth_user"
    return OK, " ".join(session.facts[name] or "-" for name in names)
"""

HOSTS = {
    "perl": (["perl", str(TOP / "perl" / "hookline-host")],
             PERL_ONE, PERL_TWO, "sub hook_mail { return $x\n"),
    "python": (["/usr/bin/python3",
                str(TOP / "examples" / "host-python" / "host.py")],
               PYTHON_ONE, PYTHON_TWO, "def hook_mail(:\n"),
}


@pytest.fixture(params=sorted(HOSTS))
def kind(request):
    return HOSTS[request.param]


@pytest.fixture
def host(kind, tmp_path):
    command, one, two, _ = kind
    (tmp_path / "one").write_text(one)
    (tmp_path / "two").write_text(two)
    process = HostProcess(command, tmp_path, [
        ("one", tmp_path / "one", "word"), ("two", tmp_path / "two")])
    yield process
    process.stop()


@pytest.fixture
def worker(host):
    worker = host.worker()
    worker.session()
    yield worker
    worker.close()


def entries(host, hook):
    worker = host.worker()
    plugins, _ = worker.describe()
    worker.close()
    names = [h for plugin in plugins for h in plugin[3]]
    return [i for i, name in enumerate(names) if name == hook]


def test_describe(host):
    worker = host.worker()
    plugins, faults = worker.describe()
    worker.close()
    assert [(where, name) for where, name, _, _ in plugins] == [
        ("plugins:1", "one"), ("plugins:2", "two")]
    assert sorted(plugins[0][3]) == ["mail", "rcpt"]
    assert sorted(plugins[1][3]) == ["mail", "vrfy"]
    assert faults == []


def test_fault(kind, tmp_path):
    (tmp_path / "bad").write_text(kind[3])
    (tmp_path / "two").write_text(kind[2])
    process = HostProcess(kind[0], tmp_path, [
        ("bad", tmp_path / "bad"), ("two", tmp_path / "two")])
    worker = process.worker()
    plugins, faults = worker.describe()
    worker.close()
    process.stop()
    assert [plugin[1] for plugin in plugins] == ["two"]
    assert faults[0][0] == "plugins:1" and faults[0][1]


def test_first_verdict_stops(host, worker):
    one, two = entries(host, "mail")
    answer = worker.call("mail", [one, two], ["<bad@x.test>"])
    assert [(r[0], int(r[1])) for r in answer.results] == [(one, DENY)]
    assert answer.texts == ["one", "two"]


def test_declined_goes_on(host, worker):
    one, two = entries(host, "mail")
    answer = worker.call("mail", [one, two], ["<a@x.test>", "size", "10"])
    assert [(r[0], int(r[1])) for r in answer.results] == [
        (one, DECLINED), (two, DENY)]
    assert answer.at == [two]
    assert answer.texts == ["second"]
    assert worker.logged == [(6, "size 10")]
    assert answer.notes() == {("c", "got"): {"list": ["1", "x"]}}


def takes_rows(worker):
    return b"rows" in b" ".join(worker.hello[4:]).split()


def test_who_takes_rows(kind, worker):
    assert takes_rows(worker) == (kind is HOSTS["perl"])


@pytest.mark.parametrize("user, verdicts", [
    ("a", [DECLINED, DENY]), ("bad", [DENY]), ("die", [DECLINED])])
def test_row(host, worker, user, verdicts):
    """An answer for each, until one decides or dies."""
    if not takes_rows(worker):
        return
    one, two = entries(host, "mail")
    row = worker.row("mail", [[one], [two]], [f"<{user}@x.test>"])
    assert [answer.verdict for answer in row] == verdicts
    assert [answer.results[0][0] for answer in row] == [one, two][:len(row)]
    assert row[0].notes() == (
        {("c", "got"): {"list": ["1", "x"]}} if user == "a" else {})
    assert ("broken" in row[0].results[0][3]) == (user == "die")
    assert worker.call("mail", [two], ["<a@x.test>"]).texts == ["second"]


def test_dies(host, worker):
    one, two = entries(host, "mail")
    answer = worker.call("mail", [one, two], ["<die@x.test>"])
    assert "broken" in answer.results[0][3]
    assert int(answer.results[0][1]) == DECLINED
    assert answer.texts == ["second"]


def test_facts(host, worker):
    """Those that change are told, and those that were never told are empty."""
    (vrfy,) = entries(host, "vrfy")
    told = []
    for fact in (["hello", "ehlo"], ["hello_host", "c.test"], ["hello", "helo"],
                 ["auth_user", "me"], ["auth_user", ""]):
        told += worker.call("vrfy", [vrfy], updates=[["fact", *fact]]).texts
    assert told == ["192.0.2.1 ehlo - -", "192.0.2.1 ehlo c.test -",
                    "192.0.2.1 helo c.test -", "192.0.2.1 helo c.test me",
                    "192.0.2.1 helo c.test -"]


def test_asks_and_notes(host, worker):
    (rcpt,) = entries(host, "rcpt")
    worker.answers["config"] = lambda key: ["a", "b"]
    answer = worker.call("rcpt", [rcpt], ["<b@x.test>"],
                         [["note", "c", "given", b"sc"]])
    assert answer.verdict == OK and answer.texts == ["a b c"]
    assert worker.asked == [["config", "key"]]


def test_called_while_it_asks(host, worker):
    """Last in, first out."""
    (rcpt,) = entries(host, "rcpt")
    _, two = entries(host, "mail")

    def nested(_key):
        inner = worker.call("mail", [two], ["<a@x.test>"])
        assert inner.texts == ["second"]
        worker.count -= 1
        return ["nested"]

    worker.answers["config"] = nested
    answer = worker.call("rcpt", [rcpt], ["<b@x.test>"],
                         [["note", "c", "given", b"sx"]])
    assert answer.texts == ["nested x"]


def test_sessions_are_apart(host, worker):
    (rcpt,) = entries(host, "rcpt")
    worker.answers["config"] = []
    worker.call("rcpt", [rcpt], ["<b@x.test>"],
                [["note", "c", "given", b"smine"]])
    other = host.worker()
    other.session()
    other.answers["config"] = []
    answer = other.call("rcpt", [rcpt], ["<b@x.test>"],
                        [["note", "c", "given", b"stheirs"]])
    other.close()
    assert answer.texts == ["theirs"]
    assert worker.call("rcpt", [rcpt], ["<b@x.test>"]).texts == ["mine"]


def test_garbage_ends_the_session_alone(host):
    _, two = entries(host, "mail")
    for bytes_ in (b"\0\0\0\4abcd", b"\xff\xff\xff\xff", b"\0\0\0\0",
                   struct.pack(">I", 8) + pack([b"what"])):
        worker = host.worker()
        worker.sock.sendall(bytes_)
        worker.sock.settimeout(WAIT)
        try:
            assert worker.sock.recv(1) == b""
        except ConnectionResetError:
            pass
        worker.close()
    worker = host.worker()
    worker.session()
    assert worker.call("mail", [two], ["<a@x.test>"]).verdict == DENY
    worker.close()


def test_ends_with_its_starter(kind, tmp_path):
    if "python" in kind[0][0]:
        pytest.skip("the example does not look at its standard input")
    (tmp_path / "two").write_text(kind[2])
    process = HostProcess(kind[0], tmp_path, [("two", tmp_path / "two")])
    process.worker().close()
    os.close(process.input)
    process.input = os.open("/dev/null", os.O_RDONLY)
    process.process.wait(WAIT)
    process.stop()


# ---- the Perl host alone ----


def test_ends_at_once_while_it_starts_processes(tmp_path):
    """None has to be killed, wherever the order to end finds it."""
    (tmp_path / "two").write_text("sub hook_mail { return DECLINED }\n")
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = HostProcess(HOSTS["perl"][0], folder,
                              [("two", tmp_path / "two")], ["--min", "8"])
        process.worker().close()
        process.stop()
        assert process.said() == ""


def test_standard_input_and_output(tmp_path):
    (tmp_path / "one").write_text(
        "sub hook_noop { my $x = <STDIN>; print '250 ', $x; return DONE }\n"
        "sub hook_help { sysread STDIN, my $x, 7; close STDIN; DECLINED }\n")
    (tmp_path / "two").write_text("sub hook_noop { return DECLINED }\n")
    process = HostProcess(HOSTS["perl"][0], tmp_path, [
        ("one", tmp_path / "one"), ("two", tmp_path / "two")])
    (noop, other), (help_,) = [entries(process, h) for h in ("noop", "help")]
    worker = process.worker()
    worker.session()
    for name, entry in (("noop", noop), ("help", help_), ("noop", noop)):
        ours, its = socket.socketpair()
        ours.settimeout(WAIT)
        worker.answers["stdio"] = ["1"], its.fileno()
        ours.sendall(b"first\r\nsecond\r\nthird")
        answer = worker.call(name, [entry])
        its.close()
        assert answer.updates == [[b"unread", b"second\r\nthird"]]
        said = ours.recv(100)
        assert said == (b"250 first\r\n" if name == "noop" else b"")
        with pytest.raises(OSError):
            ours.sendall(b"too late")
        ours.close()
    # Refused, and not asked for
    worker.answers["stdio"] = [""]
    assert worker.call("noop", [noop]).updates == []
    worker.call("noop", [other])
    assert worker.asked == [["stdio"]] * 4
    worker.close()
    process.stop()


@pytest.mark.parametrize("used,source", [
    (1, "print '250 ok'"), (1, 'print $x, "y";'), (1, "print(STDOUT 1)"),
    (1, "my $l = <STDIN>;"), (1, "$self->qp->getline"), (1, "print;"),
    (1, "printf '%s', 1"), (1, "say join ' ', @x"),
    (0, "# print STDIN\nreturn;"), (0, "print $fh 'x'"),
    (0, "print STDERR 'x'"), (0, "print {$fh} 'x'"), (0, "$fh->print('x')"),
    (0, "$transaction->body_getline"), (0, "x();\n\n=pod\n\nSTDIN\n\n=cut\n"),
    (0, "x();\n__END__\nSTDIN"), (0, "{ print => 1 }"),
])
def test_who_uses_them(used, source):
    run = subprocess.run(
        ["perl", "-I" + str(TOP / "perl" / "lib"), "-MHookline::Stdio", "-e",
         "local $/; print Hookline::Stdio::is_used_in(scalar <STDIN>) ? 1 : 0"],
        input=source, capture_output=True, text=True, check=True)
    assert run.stdout == str(used)


def children_of(pid):
    """Those that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat = (path / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[1]) == pid and stat[0] != "Z":
            found.append(int(path.name))
    return found


def is_running(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def perl(tmp_path):
    """Two processes of the Perl host, one of them in a plugin for ever."""
    command, one, _, _ = HOSTS["perl"]
    (tmp_path / "one").write_text(one.replace(
        "sleep 1 while 1", 'print STDERR "hangs\\n"; 1 while 1'))
    process = HostProcess(command, tmp_path, [("one", tmp_path / "one")],
                          ["--min", "2"])
    (mail,) = entries(process, "mail")
    until(lambda: len(children_of(process.process.pid)) == 2)
    worker = process.worker()
    worker.session()
    worker.send("call", 1, "mail", mail, pack([value("<hang@x.test>")]))
    until(lambda: "hangs" in process.said(), process.said)
    yield process
    worker.close()
    process.listener.close()
    process.err.close()


def test_one_that_hangs_ends_too(perl):
    pids = children_of(perl.process.pid)
    os.close(perl.input)
    assert perl.process.wait(WAIT) == 0
    assert not any(map(is_running, pids))


def test_the_starter_is_killed(perl):
    """The idle one ends; the other one when somebody ends it."""
    pids = children_of(perl.process.pid)
    perl.process.kill()
    perl.process.wait()
    until(lambda: sum(map(is_running, pids)) == 1)
    for pid in filter(is_running, pids):
        os.kill(pid, 9)
    os.close(perl.input)


def test_header():
    """Plugins find the fields as Mail::Header has them."""
    done = subprocess.run(
        ["perl", f"-I{TOP / 'perl' / 'lib'}",
         Path(__file__).with_name("header.pl")],
        capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("same\n", "")
