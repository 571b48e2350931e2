# SPDX-License-Identifier: MIT
"""An installed hookline, and what plugin authors do with it.

HOOKLINE_BUILD is the build directory, HOOKLINE_TOP the source tree.  Nothing
but the installation is used: the header, the pkg-config file, the program and
the dialog runner.
"""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

TOP = Path(os.environ["HOOKLINE_TOP"])


def run(*command, **options):
    return subprocess.run([str(word) for word in command], text=True,
                          errors="replace", capture_output=True, timeout=300,
                          check=False, stdin=subprocess.DEVNULL, **options)


class Install:
    """A hookline that `meson install` put below `root`."""

    def __init__(self, root):
        self.root = root
        result = run("meson", "install", "-C", os.environ["HOOKLINE_BUILD"],
                     "--no-rebuild", "--quiet",
                     env=dict(os.environ, DESTDIR=str(root)))
        assert result.returncode == 0, result.stdout + result.stderr
        self.pc = next(root.glob("**/pkgconfig/hookline.pc"))
        self.program = next(root.glob("**/bin/hookline"))
        self.env = dict(os.environ, PKG_CONFIG_PATH=str(self.pc.parent),
                        PKG_CONFIG_SYSROOT_DIR=str(root),
                        PATH=f"{self.program.parent}:{os.environ['PATH']}")
        self.env.pop("HOOKLINE_PLUGINS", None)

    def pkg_config(self, *words):
        result = run("pkg-config", *words, "hookline", env=self.env)
        assert result.returncode == 0, result.stderr
        return result.stdout.split()

    def build(self, source, *compiler, output=None):
        """The line of plugin.h, with warnings."""
        output = output or source.with_suffix(".so")
        return run(*(compiler or ["cc"]), "-Wall", "-Wextra", "-Werror",
                   "-shared", "-fPIC", *self.pkg_config("--cflags"), "-o",
                   output, source)

    def compile(self, source, compiler):
        """The line of plugin.h, as it stands there."""
        return run(compiler, "-shared", "-fPIC", *self.pkg_config("--cflags"),
                   "-o", source.with_suffix(".so"), source)

    def hookline(self, *words, **options):
        return run(self.program, *words, env=self.env, **options)

    def dialog(self, path, *words, **options):
        return run("hookline-dialog", *words, path, env=self.env, **options)


@pytest.fixture(scope="session")
def install():
    root = Path(tempfile.mkdtemp(prefix="hookline-install-"))
    root.chmod(0o755)
    yield Install(root)
    shutil.rmtree(root)


@pytest.fixture
def work():
    path = Path(tempfile.mkdtemp(prefix="hookline-plugin-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
