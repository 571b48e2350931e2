# SPDX-License-Identifier: MIT
"""The processes that run Perl plugins, under the real master."""
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import WAIT, alive, until
from shipped import Smtp, stage

if "HOOKLINE" not in os.environ:
    pytest.skip("HOOKLINE names no program", allow_module_level=True)


@pytest.fixture
def server(base):
    server = stage(base)
    shutil.copytree(Path(os.environ["HOOKLINE"]).parent / "perl",
                    base / "perl")
    (base / "mine").mkdir()
    server.write("plugin_dirs", str(base / "mine"))
    server.write("plugins", "mine\nqueue/discard")
    yield server
    server.finish()


def plugin(server, text, name="mine"):
    (server.base / "mine" / name).write_text(text)


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


def starters(server):
    """Of Perl hosts; they have a name of their own once they run Perl."""
    return [pid for pid in children(server.process.pid)
            if Path(f"/proc/{pid}/cmdline").read_bytes()
            .rstrip(b" \0").endswith(b"/hookline-host")]


def test_starter_that_exits_0_is_replaced(server):
    plugin(server, "sub hook_rcpt { return (DENY, 'by Perl') }\n")
    server.start("--workers", "1")
    old = starters(server)
    os.kill(old[0], signal.SIGTERM)
    until(lambda: starters(server) not in ([], old), server.log)
    server.wait_line("event=perl_host_died", "status=0")
    with Smtp(server.where()) as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert "by Perl" in smtp.cmd("RCPT TO:<c@d.example>")


def test_starter_without_plugins_ends(server):
    server.write("plugins", "queue/discard")
    server.start("--workers", "1")
    with Smtp(server.where()) as smtp:
        smtp.cmd("NOOP")
    assert starters(server) == []
    assert server.lines("event=perl_host_died") == []


def test_bad_settings(server):
    """The start says so; a check, and so a reload, refuses them."""
    plugin(server, "sub hook_rcpt { return (DENY, 'by Perl') }\n")
    server.write("perl_hosts", "# so many\nabc")
    server.write("perl_share", "0")
    server.start("--workers", "1")
    server.wait_line("event=config", f"file={server.config}/perl_hosts",
                     "line=2", "write the least and the most")
    server.wait_line("event=config", f"file={server.config}/perl_share",
                     "line=1", "out of range")
    with Smtp(server.where()) as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert "by Perl" in smtp.cmd("RCPT TO:<c@d.example>")
    result = server.ctl("reload")
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 2, lines
    assert f'{server.config}/perl_hosts:2: "abc" is not' in lines[0]
    assert f'{server.config}/perl_share:1: "0" is out' in lines[1]


def sockets(server):
    return sorted(path.name for path in server.state.glob("perl-*"))


def test_sockets_of_a_killed_master_go(server):
    plugin(server, "sub hook_rcpt { return DECLINED }\n")
    server.start("--workers", "1")
    assert server.ctl("reload").returncode == 0
    until(lambda: sockets(server) == ["perl-2.sock"])
    server.process.kill()
    server.wait()
    assert sockets(server) == ["perl-2.sock"]
    server.log_path.unlink()
    server.start("--workers", "1")
    assert sockets(server) == ["perl-1.sock"]


def test_host_given_up_has_no_other_client(server):
    """The master kills it late."""
    plugin(server, r"""
sub hook_helo {
    my ($self, $transaction, $host) = @_;
    return DECLINED if $host ne 'nonsense';
    no warnings 'redefine';
    my $good = \&Hookline::Changes::changes;
    *Hookline::Changes::changes = sub {
        *Hookline::Changes::changes = $good;
        return 'no update';
    };
    return DECLINED;
}
sub hook_mail { return DECLINED }
""")
    server.write("perl_hosts", "1 1")
    server.start("--workers", "1")
    where = server.where()
    with Smtp(where, hello=False) as bad, Smtp(where, hello=False) as after:
        bad.reply()
        after.reply()
        server.signal(signal.SIGSTOP)
        assert bad.cmd("HELO nonsense").startswith("451")
        after.send(b"HELO after\r\n")
        early, _, _ = select.select([after.socket], [], [], 0.5)
        server.signal(signal.SIGCONT)
        server.wait_line("event=perl_host_killed")
        assert after.reply().startswith("250")
        assert after.cmd("MAIL FROM:<a@b.example>").startswith("250")
        assert not early


def test_clients_that_hang_up_slow_nobody_down(server):
    """Each costs its host; the next one is there at once."""
    plugin(server, """
sub hook_helo {
    my ($self, $transaction, $host) = @_;
    return DECLINED if $host ne 'slow';
    print STDERR "called\\n";
    sleep 60;
}
""")
    server.write("perl_hosts", "1 1")
    server.start("--workers", "1")
    where = server.where()
    for i in range(25):
        with Smtp(where, hello=False) as smtp:
            smtp.reply()
            smtp.send(b"HELO slow\r\n")
            server.wait_line("called", count=i + 1)
            smtp.reset()
    server.wait_line("event=perl_host_killed", count=25)
    with Smtp(where, hello=False) as smtp:
        smtp.reply()
        assert smtp.cmd("HELO quick").startswith("250")
    assert not server.lines("hosts end too often")


def test_late_starter_knows_who_had_a_session(server):
    """It hears of a session and of the end of its host at once."""
    plugin(server, """
sub hook_helo {
    print STDERR "called\\n";
    sleep 60;
}
""")
    server.write("perl_hosts", "1 1")
    server.start("--workers", "1")
    where = server.where()
    (starter,) = starters(server)
    for i in range(6):
        until(lambda: children(starter))
        os.kill(starter, signal.SIGSTOP)
        with Smtp(where, hello=False) as smtp:
            smtp.reply()
            smtp.send(b"HELO slow\r\n")
            server.wait_line("called", count=i + 1)
            smtp.reset()
        server.wait_line("event=perl_host_killed", count=i + 1)
        os.kill(starter, signal.SIGCONT)
        server.wait_line("event=perl_host_ended", "signal=KILL", count=i + 1)
    assert not server.lines("hosts end too often")


ENDLESS = "1 while 1;"
CATCHES_ALL = "while (1) { eval { sleep 1 } }"
DEAF = "$SIG{ALRM} = 'IGNORE'; 1 while 1;"


@pytest.mark.parametrize("code, said", [
    (ENDLESS, "plugins:1: mine: it takes too long, at "),
    (CATCHES_ALL, "plugins:1: mine does not end, at "),
    (DEAF, "mine: no host answers within 6 seconds: a Perl plugin takes"),
])
def test_check_of_an_endless_plugin(server, code, said):
    plugin(server, f"sub register {{ {code} }}\n")
    server.write("perl_load", "1")
    result = subprocess.run(
        [str(server.program), "check", "--config", str(server.config)],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == 1
    assert said in result.stderr


NAMES = """
sub register {
    my $self = shift;
    $self->register_hook('mail', 'hook_mine');
    $self->register_hook('rcpt', 'nowhere');
    $self->register_hook('rcpt', sub { });
    $self->register_hook('data', 'later');
    no strict 'refs';
    *{ ref($self) . '::later' } = sub { };
}
sub hook_mine { }
sub hook_data_post { }
sub hook_rcptt { }
sub hook_whatever { }
"""


@pytest.mark.parametrize("code, status, said", [
    ("\nsub register { $_[0]->register_hook('data_pots', 'x') }\n", 1,
     ["plugins:1: mine: Invalid hook: data_pots; did you mean data_post? "
      "at $MINE line 2"]),
    ("use No::Such::Module;\n", 1,
     ["plugins:1: mine: Can't locate No/Such/Module.pm in @INC (you may need "
      "to install the No::Such::Module module) at $MINE line 1.",
      "BEGIN failed--compilation aborted at $MINE line 1."]),
    (NAMES, 0,
     ["mine: register_hook names the method nowhere, which is not there, at "
      "$MINE line 5",
      "mine: sub hook_rcptt is never called, no hook has this name; did you "
      "mean rcpt?",
      "mine: sub hook_whatever is never called, no hook has this name"]),
])
def test_check_of_names(server, code, status, said):
    plugin(server, code)
    result = subprocess.run(
        [str(server.program), "check", "--config", str(server.config)],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == status
    mine = str(server.base / "mine" / "mine")
    assert [line.removeprefix(f"{server.config}/")
            for line in result.stderr.splitlines()] == \
        [line.replace("$MINE", mine) for line in said]


def test_check_of_a_plugin_that_exits(server):
    """It alone is named, and a child of its own may end."""
    plugin(server, "sub register { exit 3 }\n")
    plugin(server, "sub register { eval { exit 5 }; exit 6 }\n", "insists")
    plugin(server, "sub register { my $pid = fork // die; exit 4 unless $pid; "
           "waitpid $pid, 0; die 'status ', $? >> 8, qq{\\n} }\n", "forks")
    plugin(server, "sub hook_quit { return DECLINED }\n", "good")
    server.write("plugins", "mine\nforks\ninsists\ngood\nqueue/discard")
    result = subprocess.run(
        [str(server.program), "check", "--config", str(server.config)],
        capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"{server.config}/plugins:1: mine: it calls exit(3) at "
        f"{server.base}/mine/mine line 1",
        f"{server.config}/plugins:2: forks: status 4",
        f"{server.config}/plugins:3: insists: it calls exit(6) at "
        f"{server.base}/mine/insists line 1"]


def test_start_with_an_endless_plugin(server):
    plugin(server, f"sub register {{ {ENDLESS} }}\n")
    server.write("perl_load", "1")
    server.launch()
    assert server.wait() != 0
    assert server.lines("event=start_failed",
                        "plugins:1: mine: it takes too long")


def test_endless_plugin_ends_with_the_master(server):
    plugin(server, f"sub register {{ {DEAF} }}\n")
    server.launch()
    (starter,) = until(lambda: server.process.poll() is None
                       and starters(server))
    server.process.kill()
    server.wait()
    until(lambda: not alive(starter))


def test_host_of_a_master_that_is_gone(server):
    """It does not even begin to load."""
    plugin(server, f"sub register {{ {DEAF} }}\n")
    (server.base / "list").write_text(
        f"plugins:1\tmine\t{server.base}/mine/mine\n")
    read, write = os.pipe()
    os.close(write)
    host = Path(os.environ["HOOKLINE"]).parent / "perl" / "hookline-host"
    result = subprocess.run(
        [str(host), "--check", "--plugins", str(server.base / "list"),
         "--config", str(server.config), "--state", str(server.state),
         "--dir", str(server.base / "mine")], stdin=read, timeout=WAIT)
    os.close(read)
    assert result.returncode == 1


def test_endless_init_worker(server):
    plugin(server, """
sub hook_init_worker { sleep 1 while 1 }
sub hook_rcpt { return (DENY, 'by Perl') }
""")
    server.write("perl_load", "1")
    server.start("--workers", "1")
    server.wait_line("mine, init_worker: it takes too long")
    with Smtp(server.where()) as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert "by Perl" in smtp.cmd("RCPT TO:<c@d.example>")


ASKS = """
use Net::DNS;
sub hook_rcpt {
    my $resolver = Net::DNS::Resolver->new;
    return (DENY, join ' ', 'asks', $resolver->nameservers,
        map { "$_=" . $resolver->$_ } qw(port retrans retry));
}
"""


@pytest.mark.parametrize("resolvers, variables, asks", [
    ("127.0.0.9:5300\n127.0.0.8\n[::1]:5300", {},
     "asks 127.0.0.9 ::1 port=5300 retrans=3 retry=2"),
    ("127.0.0.9\n::1", {}, "asks 127.0.0.9 ::1 port=53 retrans=3 retry=2"),
    ("127.0.0.9", {"RES_NAMESERVERS": "127.0.0.7"},
     "asks 127.0.0.7 port=53 retrans=5 retry=4"),
])
def test_whom_net_dns_asks(server, monkeypatch, resolvers, variables, asks):
    for name in "RES_NAMESERVERS", "RES_OPTIONS":
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    plugin(server, ASKS)
    server.write("resolvers", resolvers)
    server.start("--workers", "1")
    with Smtp(server.where()) as smtp:
        smtp.cmd("MAIL FROM:<a@b.example>")
        assert asks in smtp.cmd("RCPT TO:<c@d.example>")


def test_idle_hosts_wait(server):
    """They stay the same ones, which is to say that they use no time."""
    plugin(server, "sub hook_rcpt { return DECLINED }\n")
    server.write("perl_hosts", "3 5")
    server.start("--workers", "1")
    starter = starters(server)[0]
    hosts = until(lambda: len(children(starter)) == 3 and children(starter))

    def ticks():
        return sum(int(text) for pid in [starter, *hosts] for text in Path(
            f"/proc/{pid}/stat").read_text().split()[13:15])

    def use_nothing():
        used = ticks()
        time.sleep(1)
        assert children(starter) == hosts
        # Of 10 ms; the starter looks around a few times.
        return ticks() - used <= 5
    # They take their time to begin.
    until(use_nothing)
