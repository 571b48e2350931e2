# SPDX-License-Identifier: MIT
"""Reads a table of cases; README.md describes the format."""
import re
from dataclasses import dataclass, field
from pathlib import Path

# "hookline" is both of ours: "perl", the same file, and "native", a plugin in C.
SIDES = ("qpsmtpd", "hookline", "perl", "native")


def is_for(word, side):
    """May a line that says `word`, or nothing, be for that side?"""
    return word in (None, "", side) or (word, side) in (
        ("hookline", "perl"), ("hookline", "native"))


class Mistake(Exception):
    """The table cannot be read."""


@dataclass
class Case:
    name: str
    client: str = "127.0.0.1"
    hello: str = "EHLO client.example"
    steps: list = field(default_factory=list)     # (word, text, side or None)
    why: list = field(default_factory=list)
    differs: set = field(default_factory=set)     # of "log", "mail", "native-mail"
    only: str = ""                                # one of SIDES

    def is_for(self, side):
        return is_for(self.only, side)


@dataclass
class Setup:
    name: str
    plugins: list = field(default_factory=list)
    loggers: list = field(default_factory=list)
    config: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    links: dict = field(default_factory=dict)
    databases: dict = field(default_factory=dict)
    stubs: dict = field(default_factory=dict)
    servers: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    tail: bool = True
    prefork: bool = False
    not_native: str = ""                          # why
    cases: list = field(default_factory=list)


def logical_lines(path):
    """(number, line, block): a block is the indented lines below a line."""
    result = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("\t"):
            if not result:
                raise Mistake(f"{path}:{number}: a block of nothing")
            result[-1][2].append(line[1:])
        elif line.strip() and not line.startswith("#"):
            result.append((number, line, []))
    return result


def setup_line(setup, word, rest, block):
    """One that stands before the first case; is it known?"""
    if word == "plugin":
        setup.plugins.append(rest)
    elif word == "logger":
        setup.loggers.append(rest)
    elif word == "config":
        name, _, value = rest.partition(": ")
        setup.config[name] = [value] if value else block
    elif word == "file":
        setup.files[rest] = block
    elif word == "link":
        name, _, setup.links[name] = rest.partition(" ")
    elif word == "database":
        setup.databases[rest] = block
    elif word == "stub":
        setup.stubs[rest] = block
    elif word == "server":
        setup.servers.append(rest)
    elif word == "env":
        name, _, setup.environment[name] = rest.partition("=")
    elif word == "prefork" and not rest:
        setup.prefork = True
    elif word == "queue" and rest == "none":
        setup.tail = False
    elif word == "not-native":
        setup.not_native = rest
    else:
        return False
    return True


def case_line(case, word, rest, block):
    if word in SIDES:
        side, (word, _, rest) = word, rest.partition(" ")
    else:
        side = None
    if word in ("C:", "S:", "message", "mail:", "log:", "no-mail:", "eof",
                "wait", "send", "in:", "cram"):
        case.steps.append((word, "\n".join(block) if block else rest, side))
    elif word == "from":
        case.client = rest
    elif word == "hello":
        case.hello = rest
    elif word == "why":
        case.why.append(rest)
    elif word == "differs" and rest in ("log", "mail", "native-mail"):
        case.differs.add(rest)
    elif word == "only" and rest in SIDES:
        case.only = rest
    else:
        return False
    return True


def read(path):
    setups = []
    for number, line, block in logical_lines(Path(path)):
        word, _, rest = line.partition(" ")
        if word == "setup":
            setups.append(Setup(rest or "plain"))
            continue
        if not setups:
            raise Mistake(f"{path}:{number}: what is the setup?")
        setup = setups[-1]
        if word == "case":
            setup.cases.append(Case(rest))
        elif not (case_line(setup.cases[-1], word, rest, block)
                  if setup.cases else
                  setup_line(setup, word, rest, block)):
            raise Mistake(f"{path}:{number}: {line}")
    for setup in setups:
        for case in setup.cases:
            sided = case.differs or case.only or \
                any(side for _, _, side in case.steps)
            if bool(sided) != bool(case.why):
                raise Mistake(f"{path}: {case.name}: a difference has a "
                              "reason (why), and a reason a difference")
    return setups


def plain_reply(lines, suffix=False):
    """Code and texts, without enhanced status codes and the queue's id:
    qpsmtpd has none.  With `suffix` a code such as 5.7.1 stands behind the
    text in the form that qpsmtpd knows, "(#5.7.1)"."""
    enhanced = re.match(r"[245]\.\d{1,3}\.\d{1,3}", lines[-1][4:])
    texts = [re.sub(r"^[245]\.\d{1,3}\.\d{1,3} ", "", line[4:])
             for line in lines]
    texts[-1] = re.sub(r" +\[[0-9A-Z]{13}\.\d+\]$", "", texts[-1])
    if suffix and enhanced:
        texts[-1] += f" (#{enhanced[0]})"
    return f"{lines[0][:3]} {' | '.join(texts)}".rstrip()
