# SPDX-License-Identifier: MIT
"""`hookline(**control_files)` makes a server; it ends with its test."""
import os

import pytest

from real import RealServer, Stage


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
    """A failure shows what the servers, and a `service`, have written."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for server in getattr(item.funcargs.get("hookline"), "servers", []):
        # At the end of the last test they are gone already.
        if not server.log_path.exists():
            continue
        report.sections.append(("log of the server",
                                "\n".join(server.log().splitlines()[-20:])))
    if "service" in item.funcargs:
        report.sections.append(("output of the service",
                                item.funcargs["service"].output()[-2000:]))
