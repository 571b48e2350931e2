# SPDX-License-Identifier: MIT
"""Reads a .dlg file into a Script: blocks and steps, with line numbers.

The format is described in README.md; this is its only parser.
"""

import re
from dataclasses import dataclass, field

from .errors import DialogError

# Words that stand for a step, with a pattern for what follows the word.
WORDS = {
    "start": r"(fails)?",
    "stop": r"",
    "kill": r"",
    "signal": r"[A-Z0-9]+",
    "connect": r"(\S+)?( *from \S+)?",
    "cert": r"[\w.-]+( (ec|rsa))?",
    "tls": r"([a-z]+(=\S+)? ?)*",
    "starttls": r"([a-z]+(=\S+)? ?)*",
    "close": r"",
    "half-close": r"",
    "reset": r"",
    "closed": r"",
    "gone": r"",
    "wait": r"\d+",
    "quiet": r"\d+",
    "elapsed": r"\d+-\d+",
}
# Words with a colon and text after it.
TEXTS = {"EHLO", "C", "C~", "C!", "BDAT", "S", "S~", "S*", "has", "lacks",
         "log", "nolog", "logcount", "maildir", "maildir~", "file", "ctl",
         "ask", "out", "out~", "exit"}
BLOCKS = {"config", "plugin", "file", "dns"}
# Those that belong to one connection.
ON_CONNECTION = {"EHLO", "C", "C~", "C!", "BDAT", "S", "S~", "S*", "has",
                 "lacks", "connect", "tls", "starttls", "close", "half-close",
                 "reset", "closed", "gone", "quiet", "elapsed"}

LINE = re.compile(r"(?:(?P<conn>[ABD-RT-Z]):)?(?P<word>[A-Za-z-]+[~*!]?)"
                  r"(?P<arg> [^:]*)?(?::(?P<text>.*))?$", re.DOTALL)


@dataclass
class Step:
    line: int
    word: str
    conn: str = "A"
    arg: str = ""
    text: str = ""
    body: list = field(default_factory=list)


@dataclass
class Script:
    path: str
    title: str = ""
    args: list = field(default_factory=list)
    whole: str = ""     # why it is not replayed in one-byte writes
    allow: list = field(default_factory=list)
    steps: list = field(default_factory=list)


def parse_line(script, number, line):
    """One line that is neither comment, blank nor part of a block."""
    match = LINE.match(line)
    if not match:
        raise DialogError(f"{script.path}:{number}: not understood: {line}")
    word, text = match["word"], match["text"]
    arg = (match["arg"] or "").strip()
    if word in WORDS:
        # These have no text; what looks like one belongs to an address.
        rest = line[match.end("word"):].strip()
        if not re.fullmatch(WORDS[word], rest):
            raise DialogError(f"{script.path}:{number}: {word} {rest}?")
        step = Step(number, word, arg=rest)
    elif word in BLOCKS and (arg or word == "dns"):
        step = Step(number, word, arg=arg)
        if text is not None and text.strip():
            step.text = text.strip()
    elif word in TEXTS and text is not None:
        step = Step(number, word, arg=arg, text=text[text[:1] == " ":])
    else:
        raise DialogError(f"{script.path}:{number}: not understood: {line}")
    if match["conn"]:
        if word not in ON_CONNECTION:
            raise DialogError(f"{script.path}:{number}: "
                              f"{word} belongs to no connection")
        step.conn = match["conn"]
    return step


def parse_setting(script, line):
    """args, whole and allow hold for the whole dialog."""
    word, colon, text = line.partition(":")
    text = text.strip()
    if not colon or word not in ("args", "whole", "allow"):
        return False
    if word == "args":
        script.args += text.split()
    elif word == "whole":
        script.whole = text
    else:
        script.allow.append(text)
    return True


def parse_script(path, text):
    script = Script(str(path))
    block, blanks = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("\t"):
            if block is None:
                raise DialogError(f"{path}:{number}: indented, but no block")
            block.body += [""] * blanks + [line[1:]]
            blanks = 0
            continue
        if not line.strip():
            blanks += 1
            continue
        blanks = 0
        if line.startswith("#"):
            comment = line[1:].strip()
            if not script.title and not comment.startswith("SPDX-"):
                script.title = comment
            continue
        block = None
        if parse_setting(script, line):
            continue
        step = parse_line(script, number, line)
        script.steps.append(step)
        if step.word in BLOCKS and not step.text:
            block = step
    if not any(step.word in TEXTS or step.word == "start"
               for step in script.steps):
        raise DialogError(f"{path}: expects nothing")
    return script


ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\",
           '"': b'"'}


def unescape(text):
    r"""\r \n \t \0 \\ \" \xNN to bytes; the rest as UTF-8."""
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
            continue
        kind = text[at + 1:at + 2]
        if kind == "x" and re.match(r"[0-9A-Fa-f]{2}", text[at + 2:at + 4]):
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        elif kind in ESCAPES:
            out += ESCAPES[kind]
            at += 2
        else:
            raise DialogError(f"bad escape \\{kind}")
    return bytes(out)


TERM = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(?:\s*\*\s*(\d+))?\s*(\+|$)')


def raw_bytes(text):
    r"""What `C~:` sends: escaped text, or "a"*1000 + "\r\n"."""
    if not text.startswith('"'):
        return unescape(text)
    out = bytearray()
    at, more = 0, True
    while more:
        match = TERM.match(text, at)
        if not match:
            raise DialogError(f"not understood: {text[at:]}")
        out += unescape(match[1]) * int(match[2] or 1)
        if len(out) > 64 << 20:
            raise DialogError("more than 64 MiB")
        at, more = match.end(), match[3] == "+"
    if text[at:].strip():
        raise DialogError(f"not understood: {text[at:]}")
    return bytes(out)
