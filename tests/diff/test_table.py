# SPDX-License-Identifier: MIT
"""docs/qpsmtpd.md has a row for each plugin file of Debian's package, and each
row that names cases has them."""
import re
from pathlib import Path

import pytest

from peers import PLUGINS, TOP

TABLE = TOP / "docs" / "qpsmtpd.md"
CASES = Path(__file__).resolve().parent / "cases"


def rows():
    first = TABLE.read_text().partition("\n## ")[0]
    return dict(re.findall(r"^\| (\S+) \| (.+) \|$", first, re.M))


@pytest.mark.skipif(not PLUGINS.exists(), reason="qpsmtpd is not installed")
def test_every_file_has_a_row():
    files = {str(path.relative_to(PLUGINS))
             for path in PLUGINS.rglob("*") if not path.is_dir()}
    assert files == set(rows())


def test_rows_and_cases_agree():
    named = {name for name, text in rows().items()
             if f"cases/{name.replace('/', '__')}.case" in text}
    there = {path.stem.replace("__", "/") for path in CASES.glob("*.case")}
    assert named == there
