# SPDX-License-Identifier: MIT
"""`hookline(**control_files)` makes a server; it ends with its test."""
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from real import RealServer, Stage  # noqa: E402


@pytest.fixture(scope="session")
def stage():
    stage = Stage(os.environ["HOOKLINE"])
    yield stage
    stage.remove()


@pytest.fixture
def hookline(stage):
    servers = []

    def make(**files):
        servers.append(RealServer(stage, **files))
        return servers[-1]
    make.servers = servers
    yield make
    for server in servers:
        server.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed and "hookline" in item.funcargs:
        for server in item.funcargs["hookline"].servers:
            report.sections.append((
                "log of the server",
                "\n".join(server.log().splitlines()[-20:])))
