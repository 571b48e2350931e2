# SPDX-License-Identifier: MIT
"""What a dialog expects of log lines, stored messages and files."""

import re
from pathlib import Path

from .errors import DialogError, Failure
from .script import raw_bytes

TOKEN = re.compile(r'([\w.-]+)(~?)=("(?:[^"\\]|\\.)*"|\S*)')


def fields(line):
    """The key=value pairs of a log line, unescaped."""
    return {key: value(text) for key, _, text in TOKEN.findall(line)}


def repeated(line):
    """Keys that a log line has more than once."""
    keys = [key for key, _, _ in TOKEN.findall(line)]
    return {key for key in keys if keys.count(key) > 1}


def value(text):
    if len(text) < 2 or not text.startswith('"'):
        return text
    return re.sub(r"\\(x[0-9A-Fa-f]{2}|.)",
                  lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 3
                  else m[1], text[1:-1])


def conditions(text):
    """"event=reject text~=regex" to a list of (key, is_regex, wanted)."""
    found = TOKEN.findall(text)
    rest = TOKEN.sub("", text).strip()
    if not found:
        raise DialogError(f"not key=value: {text}")
    if rest:
        raise DialogError(f"not key=value: {rest}; a value with spaces in "
                          'it stands in quotes: text~="two words"')
    return [(key, bool(regex), value(want)) for key, regex, want in found]


def log_matches(text, wanted):
    """The lines of a log that fulfil all conditions."""
    lines = []
    for line in text.splitlines():
        have = fields(line)
        if all(key in have and
               (re.search(want, have[key]) if regex else have[key] == want)
               for key, regex, want in wanted):
            lines.append(line)
    return lines


def nearest(text, wanted):
    """The line that fulfils most, for the report."""
    def score(line):
        return sum(1 for one in wanted if log_matches(line, [one]))
    lines = text.splitlines()
    best = max(lines, key=score, default="")
    return best if best and score(best) else "(nothing like it)"


def messages(maildir):
    """All messages below a maildir root, also of a per-user layout."""
    root = Path(maildir)
    found = sorted(path for path in root.rglob("*")
                   if path.is_file() and path.parent.name in ("new", "cur"))
    return [path.read_bytes() for path in found]


def check_content(what, texts, arg, text):
    """contains, lacks, body, count, matches of messages or of a file."""
    want = unescape_arg(text)
    if arg == "count":
        if len(texts) != int(text):
            raise Failure(f"{what}: {len(texts)}, not {text}")
        return
    if arg == "contains":
        good = any(want in one for one in texts)
    elif arg == "lacks":
        good = not any(want in one for one in texts)
    elif arg == "is":
        good = any(want == one for one in texts)
    elif arg == "body":
        good = any(want == one.partition(b"\n\n")[2] for one in texts)
    elif arg == "matches":
        good = any(re.search(text.encode(), one, re.MULTILINE)
                   for one in texts)
    else:
        raise DialogError(f"{what}: {arg}?")
    if not good:
        shown = [one[:2000] for one in texts[:3]]
        raise Failure(f"{what}: not so: {arg} {text}; it has {shown}")


def unescape_arg(text):
    try:
        return raw_bytes(text)
    except DialogError:
        return text.encode()
