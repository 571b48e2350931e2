# SPDX-License-Identifier: MIT
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "session")]

from fixtures import hookline, pytest_runtest_makereport, stage  # noqa
