# SPDX-License-Identifier: MIT
"""What hookline says about the mistakes that people make."""
import os
import re
import shutil
import subprocess

import pytest

HEAD = """#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <hookline/plugin.h>
"""
DESCRIPTOR = """
static const struct hl_plugin plugin = { .name = "x", .about = "x", %s };
HL_PLUGIN(plugin);
"""
ARGS = """
struct args { int64_t max; hl_str text; };
static const struct hl_arg table[] = {
	{ .name = "max", .type = HL_ARG_INT, .min = 1, .max = 9,
	    .offset = offsetof(struct args, max), .required = true },
	{ .name = "text", .type = HL_ARG_STR,
	    .offset = offsetof(struct args, text) },
	{ .name = NULL },
};
""" + DESCRIPTOR % ".args = table, .args_size = sizeof(struct args)"
LOAD = "static int on_load(struct hl_ctx *ctx) { %s }" + \
    DESCRIPTOR % ".load = on_load"
CONNECT = "static enum hl_verdict on_connect(struct hl_ctx *ctx) { %s }" + \
    DESCRIPTOR % ".connect = on_connect"


def build(install, work, source, *options):
    folder = work / "plugins"
    folder.mkdir(exist_ok=True)
    path = work / "x.c"
    path.write_text(HEAD + source)
    result = install.build(path, "cc", "-g", *options)
    assert result.returncode == 0, result.stderr
    shutil.copy(path.with_suffix(".so"), folder)


def check(install, work, line):
    config = work / "config"
    config.mkdir()
    (config / "plugins").write_text(line)
    (config / "plugin_dirs").write_text(str(work / "plugins"))
    return install.hookline("check", "--config", config)


NOTHING = DESCRIPTOR % ".unload = NULL"
COMPILER = {
    "a hook with the arguments of another": (
        "static enum hl_verdict f(struct hl_ctx *ctx)"
        "{ (void)ctx; return HL_OK; }" + DESCRIPTOR % ".rcpt = f",
        "incompatible"),
    "a function that is not there": (
        CONNECT % "return hl_denny(ctx);", "hl_denny"),
    "a number for a pointer": (
        CONNECT % 'return hl_deny(ctx, 571, "no");', "integer"),
    "a text for a hl_str": (
        CONNECT % 'return hl_answer(ctx, HL_OK, "", "");',
        "incompatible type"),
}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("source, words", COMPILER.values(), ids=COMPILER)
def test_does_not_compile(install, work, compiler, source, words):
    """Also with no options but those of pkg-config."""
    path = work / "x.c"
    path.write_text(HEAD + source)
    result = install.compile(path, compiler)
    assert result.returncode != 0
    assert re.search(f"x.c:[0-9]+:[0-9]+: error: .*{words}", result.stderr)


@pytest.mark.parametrize("answer", [
    'hl_ok(ctx, "yes")', 'hl_deny(ctx, NULL, "no")',
    'hl_denysoft_disconnect(ctx, NULL, "no")',
    'hl_answer(ctx, HL_DENY, HL_STR(""), HL_STR(""))'])
def test_warns_of_an_answer_that_is_not_returned(install, work, answer):
    path = work / "x.c"
    path.write_text(HEAD + CONNECT % f"{answer}; return HL_DECLINED;")
    result = install.compile(path, "cc")
    assert result.returncode == 0
    assert re.search("warning: ignoring return value", result.stderr)
CHECKS = {
    "kind of a file": (
        "static const char *const files[] = { \"list\", \"x nets\", NULL };" +
        DESCRIPTOR % ".files = files", "x", "x nets"),
    "typo in a name": (NOTHING, "rcptok", "no plugin rcptok; did you mean "
                       "rcpt_ok"),
    "with .so": (NOTHING, "x.so", "without .so"),
    "a path": (NOTHING, "./x", "plugin_dirs"),
    "no HL_PLUGIN": ("int answer = 42;", "x", "HL_PLUGIN"),
    "undefined symbol": (
        "int missing(void);" + LOAD % "(void)ctx; return missing();", "x",
        "x.so: undefined symbol: missing"),
    "no name": ("static const struct hl_plugin p = { .about = 0 };"
                "HL_PLUGIN(p);", "x", ".name is missing"),
    "unknown argument": (ARGS, "x max 1 txt y",
                         "x: unknown argument txt; did you mean text?"),
    "argument without value": (ARGS, "x max", "x: max needs a value"),
    "argument out of range": (ARGS, "x max 10", "number from 1 to 9"),
    "argument missing": (ARGS, "x text y", "x: argument max is missing"),
    "arguments for none": (NOTHING, "x y", "x: unknown argument y; it takes"),
    "quotes": (ARGS, 'x max 1 text "two words"', "quotes do not join"),
    "no args_size": (ARGS.replace("sizeof(struct args)", "0"), "x max 1",
                     "lies beyond .args_size (0)"),
    "load error": (LOAD % 'return hl_load_error(ctx, "no moon");', "x",
                   "x: no moon"),
    "load errno": (LOAD % "(void)ctx; return -ENOENT;", "x",
                   "x: its load function failed: No such file"),
    "hl.stdio of a native plugin": (
        NOTHING, "x hl.stdio=0", "x: hl.stdio= is for Perl plugins"),
    "hl. word": (NOTHING, "x hl.timeot=3", "did you mean hl.timeout"),
}


@pytest.mark.parametrize("source, line, words", CHECKS.values(), ids=CHECKS)
def test_check_says(install, work, source, line, words):
    build(install, work, source)
    result = check(install, work, line)
    assert result.returncode == 1
    assert re.search("config/plugins:1: ", result.stderr)
    assert words in result.stderr


def check_as_nobody(install, work):
    """Root may read everything."""
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return subprocess.run(
        (words if os.geteuid() == 0 else []) +
        [install.program, "check", "--config", work / "config"],
        env=install.env, text=True, capture_output=True, check=False)


@pytest.mark.parametrize("name", ["x.so", "perl"])
def test_check_says_that_a_plugin_cannot_be_read(install, work, name):
    build(install, work, NOTHING)
    path = work / "plugins" / name
    if name == "perl":
        path.write_text("sub hook_rcpt { DECLINED }\n")
    path.chmod(0)
    check(install, work, path.stem)
    result = check_as_nobody(install, work)
    assert result.returncode == 1
    assert "config/plugins:1: " in result.stderr
    assert f"{path}: " in result.stderr
    assert "Permission denied" in result.stderr


@pytest.mark.parametrize("mode, reason", [
    (0o600, "Permission denied"), (None, "No such file or directory")])
def test_check_says_that_a_directory_cannot_be_read(
        install, work, mode, reason):
    build(install, work, NOTHING)
    if mode is None:
        shutil.rmtree(work / "plugins")
    else:
        (work / "plugins").chmod(mode)
    check(install, work, "x")
    result = check_as_nobody(install, work)
    assert result.returncode == 1
    assert (f"config/plugins:1: there is no plugin x, and {work}/plugins of "
            f"config/plugin_dirs cannot be looked into: {reason}"
            ) in result.stderr


FILES = "static const char *const files[] = { %s, NULL };" + \
    DESCRIPTOR % ".files = files"
OF_FILES = {
    # As plugins have always named them: lists of any lines.
    "no word": ('"list"', "list", "a\n/(/ x\n192.0.2.300\n", None),
    "no word, include": ('"list"', "list", "a\n$include none\n", "list:2: "),
    "no word, NUL": ('"list"', "list", "a\n\0\n", "list:2: "),
    "networks": ('"list networks"', "list", "192.0.2.1\nx\n", "list:2: "),
    "patterns": ('"list patterns"', "list", "x\n\n/(/\n", "list:3: "),
    "map": ('"list map"', "list.cdb", "x\n", "list.cdb: "),
    "secret": ('"list secret"', "list", "$include none\n", "list:1: "),
}


@pytest.mark.parametrize("files, name, text, fault", OF_FILES.values(),
                         ids=OF_FILES)
def test_check_reads_files(install, work, files, name, text, fault):
    build(install, work, FILES % files)
    result = check(install, work, "x")
    assert (result.returncode, result.stderr) == (0, "")
    path = work / "config" / name
    path.write_text(text)
    result = install.hookline("check", "--config", path.parent)
    if fault is None:
        assert (result.returncode, result.stderr) == (0, "")
    else:
        assert result.returncode == 1
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith(f"{path.parent}/{fault}")


def test_check_names_a_plugin_without_hooks(install, work):
    build(install, work, NOTHING)
    result = check(install, work, "x")
    assert result.returncode == 0
    assert "has no hook: it is never asked" in result.stdout


ANSWERS = {
    "no verdict": ("(void)ctx; return (enum hl_verdict)17;", "220",
                   "log: event=bad_answer plugin=x hook=connect verdict=17 "
                   "policy=DECLINED"),
    "DONE without a reply": (
        "(void)ctx; return HL_DONE;", "451",
        "log: event=bad_answer verdict=DONE policy=DENYSOFT "
        "err~=hl_reply"),
    "a reply without DONE": (
        'if (hl_reply(ctx, 550, NULL, "no") < 0) return HL_DENY;'
        "return HL_OK;", "550 no", "log: event=bad_answer verdict=OK"),
    "too late": (
        "(void)hl_sleep(ctx, 30000); return HL_OK;", "4",
        "log: event=bad_answer verdict=OK waited~=sleep err~=hl.timeout"),
    "class of the enhanced code": (
        'return hl_deny(ctx, "4.1.1", "no");', "5",
        "nolog: event=crash"),
    "undeclared write": (
        "struct hl_file *f; int ret = hl_file_open(ctx, "
        'HL_STR("/tmp/x"), O_WRONLY | O_CREAT, 0600, &f);'
        'return hl_deny(ctx, NULL, "%d %d", ret, -EACCES);', "5",
        "log: event=undeclared plugin=x type=write value=/tmp/x "
        "text~=hl_need_write"),
    "undeclared connection": (
        'struct hl_conn *c; int ret = hl_dial(ctx, HL_STR("127.0.0.1:9"),'
        '1000, &c); return hl_deny(ctx, NULL, "%d", ret);', "5",
        "log: event=undeclared type=connect text~=hl_need_connect"),
}


def play(install, work, reply, lines, words=""):
    path = work / "x.dlg"
    path.write_text(
        "# a mistake\nplugin x: plugins/x.so\n"
        f"config plugins: x {words}\nallow: .\n\nS*: {reply}\n"
        f"{lines}\n")
    result = install.dialog(path)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("body, reply, line", ANSWERS.values(), ids=ANSWERS)
def test_log_says(install, work, body, reply, line):
    build(install, work, CONNECT % body)
    play(install, work, reply, line,
         "hl.timeout=300ms" if "hl.timeout" in line else "")


def crash(install, work, body):
    """The log of a server whose plugin's connect hook does not return."""
    build(install, work, CONNECT % body)
    path = work / "x.dlg"
    path.write_text(
        "# it dies\nplugin x: plugins/x.so\nconfig plugins: x\n\n"
        "connect\ngone\nlog: event=worker_died plugin=x hook=connect\n")
    result = install.dialog(path)
    # The runner fails each dialog with a crash, and shows the log.
    assert "not ok 1" in result.stdout
    return result.stdout


@pytest.mark.parametrize("body, signal", [
    ("char *volatile p = NULL; (void)ctx; *p = 1; return HL_OK;", "SEGV"),
    ("(void)ctx; __builtin_trap();", "ILL"),
])
def test_crash_tells_the_line(install, work, body, signal):
    log = crash(install, work, body)
    line = re.search(r"event=crash.*", log)[0]
    assert f"signal={signal}" in line and "plugin=x hook=connect" in line
    place = re.search(r" at=x\.so\+(0x[0-9a-f]+)", line)[1]
    found = subprocess.run(
        ["addr2line", "-e", work / "x.so", place], capture_output=True,
        text=True, check=True).stdout
    assert re.search(r"x\.c:\d+", found), (line, found)


@pytest.mark.parametrize("body, signal", [
    ("char *volatile p = NULL; (void)ctx; *p = 1; return HL_OK;", "SEGV"),
    ("(void)ctx; __builtin_trap();", "ILL"),
])
def test_try_tells_of_a_crash(install, work, body, signal):
    """And all that was said before it."""
    source = body.replace("(void)ctx;", "(void)ctx, (void)addr;")
    build(install, work, "static enum hl_verdict f(struct hl_ctx *ctx,"
          "const struct hl_addr *addr) { %s }" % source +
          DESCRIPTOR % ".mail = f")
    check(install, work, "x")
    result = install.hookline("try", "--config", work / "config")
    assert result.returncode < 0
    assert "> MAIL FROM:<sender@client.example>" in result.stdout
    assert re.search(f"event=crash signal={signal} .* plugin=x hook=mail .*"
                     " at=x.so[+]0x", result.stderr), result.stderr


def test_stack_overflow_says_so(install, work):
    """A frame that is larger than the stack and its guard."""
    log = crash(install, work, "volatile char big[300000]; (void)ctx;"
                "memset((char *)big, 1, sizeof(big)); return HL_OK;")
    assert "stack=overflow" in re.search(r"event=crash.*", log)[0]
