#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Each fault that the checks of tools/ look for is found; prints TAP.

A case is a small tree with one fault and the words that must be in the
output.  The tree without a fault must pass.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
LICENCE = "/* SPDX-License-Identifier: MIT */\n"


def header(path, text=""):
    guard = "HOOKLINE_" + path.upper().replace("/", "_").replace(".", "_")
    return f"{LICENCE}#ifndef {guard}\n#define {guard}\n{text}#endif\n"


GOOD = {
    "src/base/a.h": header("base/a.h", "int a(void);\n"),
    "src/base/a.c": LICENCE + '#include "a.h"\nint\na(void)\n{\n'
                              "\treturn 1;\n}\n",
    "src/smtp/b.h": header("smtp/b.h", '#include "base/a.h"\n'),
    "src/server/c.c": LICENCE + '#include <stdio.h>\n#include "smtp/b.h"\n',
    "plugins/p.c": LICENCE + "#include <hookline/plugin.h>\n",
    **{f"include/hookline/{name}":
       (TOP / "include" / "hookline" / name).read_text()
       for name in ("plugin.h", "policy.h", "smtp_client.h")},
}

MAP = "| file | test |\n|---|---|\n"

# name, the check, files that replace the good ones, words of the output
CASES = [
    ("upward include", "layers",
     {"src/base/a.c": LICENCE + '#include "smtp/b.h"\n'},
     "smtp/ (L2) is not below base/"),
    ("sideways include", "layers",
     {"src/net/n.c": LICENCE + '#include "smtp/b.h"\n'}, "not below net/"),
    ("smtp uses base only", "layers",
     {"src/rt/r.h": header("rt/r.h"),
      "src/smtp/b.h": header("smtp/b.h", '#include "rt/r.h"\n')},
     "uses base/ only"),
    ("private header", "layers",
     {"src/base/a_private.h": header("base/a_private.h"),
      "src/server/c.c": LICENCE + '#include "base/a_private.h"\n'},
     "private to base/"),
    ("dots in include", "layers",
     {"src/server/c.c": LICENCE + '#include "../base/a.h"\n'}, "no .."),
    ("missing include", "layers",
     {"src/server/c.c": LICENCE + '#include "base/none.h"\n'}, "nowhere"),
    ("plugin sees internals", "layers",
     {"plugins/p.c": LICENCE + '#include "base/a.h"\n'}, "a plugin includes"),
    ("unknown folder", "layers",
     {"src/extra/x.c": LICENCE}, "src/extra/ is no layer"),
    ("strcpy", "layers",
     {"src/base/a.c": LICENCE + "void f(void) { strcpy(x, y); }\n"},
     "a.c:2: strcpy"),
    ("forbidden in a comment is none", "layers",
     {"src/base/a.c": LICENCE + "/* strcpy(x) */ char *s = \"atoi(\";\n"},
     None),
    ("unsafe", "layers",
     {"src/server/c.c": LICENCE + "/* UNSAFE: it walks */\n"}, "UNSAFE"),
    ("strtok behind a macro", "layers",
     {"build/release/src/base/libbase.a.p/m.c.o": "extern char *strtok(char "
      "*, const char *); char *f(char *s) { return strtok(s, \"x\"); }"},
     "m.c: object uses strtok"),
    ("licence", "text", {"src/base/a.c": "int a;\n"}, "no licence line"),
    ("name", "text", {"src/base/utils.c": LICENCE}, "not a name"),
    ("guard", "text",
     {"src/base/a.h": LICENCE + "#ifndef A_H\n#define A_H\n#endif\n"},
     "guard is not HOOKLINE_BASE_A_H"),
    ("long file", "text",
     {"src/base/a.c": LICENCE + "int a;\n" * 800}, "801 lines"),
    ("long function", "text",
     {"src/base/a.c": LICENCE + "int\nlong_one(void)\n{\n" + "\tx();\n" * 81 +
      "}\n"}, "a.c:4: long_one has 81 lines"),
    ("skip", "text",
     {"tests/unit/t.c": LICENCE + "void t(void)\n{\n\tskip();\n}\n"},
     "t.c:4: cmocka's skip()"),
    ("silenced without name", "text",
     {"src/base/a.c": LICENCE + "int a; // NOLINT\n"}, "names no check"),
    ("silenced without reason", "text",
     {"src/base/a.c": LICENCE + "int a; // NOLINT(bugprone-x)\n"},
     "without a reason"),
    ("silenced well", "text",
     {"src/base/a.c": LICENCE +
      "int a; // NOLINT(bugprone-x): the compiler is wrong here\n"}, None),
    ("header that needs another", "headers",
     {"src/base/a.h": header("base/a.h", "size_t a(void);\n")}, "size_t"),
    ("public header includes more", "headers",
     {"include/hookline/plugin.h": "#include <stdio.h>\n" +
      GOOD["include/hookline/plugin.h"]}, "plugin.h includes stdio.h"),
    ("public header is no C++", "headers",
     {"include/hookline/plugin.h": GOOD["include/hookline/plugin.h"].replace(
         "struct hl_ctx;", "struct hl_ctx; int class;")}, "class"),
    ("export without declaration", "exports",
     {"src/hook/exports.map": "{ hl_x; };",
      "build/release/hookline": "int hl_x(void) { return 0; }"},
     "hl_x: in exports.map, not in the headers"),
    ("declaration without export", "exports",
     {"src/hook/exports.map": "{ hl_x; };",
      "build/release/hookline": "int hl_x(void) { return 0; }"},
     "hl_log: in the headers, not in the program"),
    ("more than the descriptor", "exports",
     {"src/hook/exports.map": "{ hl_x; };",
      "build/release/hookline": "int hl_x(void) { return 0; }",
      "build/release/plugins/p.so": "int more(void) { return 0; }"},
     "more: in p.so"),
    ("undocumented function", "docs",
     {"docs/reference.md": "hl_ok\n"}, "hl_deny: in neither"),
    ("manual page", "docs",
     {"docs/man/x.8": ".Dd today\n.Xx\n"}, "x.8:2"),
    ("file of the map", "docs",
     {"docs/rfc-map.md": MAP + "| base/none.c | base/a.h |\n"},
     "rfc-map.md:3: no base/none.c"),
    ("test of the map", "docs",
     {"docs/rfc-map.md": MAP + "| base/a.c | base/test_none.c |\n"},
     "rfc-map.md:3: no base/test_none.c"),
    ("map that is right", "docs",
     {"docs/rfc-map.md": MAP + "| base/a.c, base/a.h (x) | rcpt1_y |\n",
      "tests/dialog/rcpt1_y.dlg": "#"}, None),
    ("map without test", "docs",
     {"docs/rfc-map.md": MAP + "| base/a.c | |\n"}, "names no test"),
    ("broken link", "docs", {"docs/x.md": "[a](none.md)\n"}, "no none.md"),
    ("document", "refs",
     {"src/base/a.c": LICENCE + "/* as NONE.md 3\n * says */\n"},
     "a.c:2: no NONE.md"),
    ("documents that are there", "refs",
     {"src/base/a.c": LICENCE + "/* docs/x.md, y.md, NAME.c,\n * "
      "http://x.example/none.md, /none.md */\n",
      "docs/x.md": "[y](../tests/y.md)\n", "tests/y.md": "y\n"}, None),
    ("file of ours", "refs", {"docs/x.md": "# X\n\n`tests/unit/none.c`\n"},
     "x.md:3: no tests/unit/none.c"),
    ("beginning of a name", "refs",
     {"docs/x.md": "`tests/dialog/rcpt1`, `build/src/none.c`\n",
      "tests/dialog/rcpt1_y.dlg": "#"}, None),
    ("file of a layer", "refs",
     {"src/base/a.c": LICENCE + "/* see smtp/none.h */\n"},
     "a.c:2: no smtp/none.h"),
    ("file by its last name", "refs",
     {"src/base/a.c": LICENCE + "/* b.h,\n * none.h */\n"},
     "a.c:3: no none.h"),
    ("heading", "refs",
     {"docs/x.md": "# X\n\n## Y z\n",
      "src/base/a.c": LICENCE + "/* (docs/x.md, \"X\" and \"Y\n * z\") "
                                "*/\n"}, None),
    ("heading that is not there", "refs",
     {"docs/x.md": "# X\n\n```sh\n# Y\n```\n",
      "src/base/a.c": LICENCE + "/*\n * (docs/x.md,\n * \"Y\") */\n"},
     "a.c:3: no \"Y\" in docs/x.md"),
    ("second heading", "refs",
     {"docs/x.md": "# X\n",
      "src/base/a.c": LICENCE + "// docs/x.md, \"X\" and \"Y\"\n"},
     "a.c:2: no \"Y\" in docs/x.md"),
    ("decision", "refs",
     {"docs/decisions/0001-x.md": "x\n",
      "src/base/a.c": LICENCE + "/* decision 1 */\n"}, "no decision 1"),
    ("decision that is there", "refs",
     {"docs/decisions/0001-x.md": "x\n",
      "src/base/a.c": LICENCE + "/* decision 0001 */\n"}, None),
    ("section", "refs",
     {"src/base/a.c": LICENCE + "/* RULES section 5 */\n"},
     "a.c:2: RULES is no document"),
    ("section of an RFC", "refs",
     {"src/base/a.c": LICENCE + "/* RFC 5321 section 4; section 3 */\n"},
     None),
    ("anchor", "refs", {"docs/x.md": "[a](#a) [b](#b)\n\n## A\n"},
     "docs/x.md: no heading #b"),
    ("anchor elsewhere", "refs",
     {"docs/x.md": "[a](y.md#a-b-c)\n[b](y.md#none)\n",
      "docs/y.md": "## A, `b` c\n"}, "docs/x.md: no heading y.md#none"),
    ("contents", "refs",
     {"docs/x.md": "# X\n\n- [A](#a)\n\n## A\n\n## B c\n"},
     "docs/x.md: \"B c\" is not in the contents"),
    ("contents that are right", "refs",
     {"docs/x.md": "# X\n\n- [A](#a) and [B\n  c](#b-c)\n\n## A\n\n## B c\n"
                   "\n### D\n"}, None),
]


def write(tree, files):
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".o" or name.startswith("build/release"):
            source = tree / "source.c"
            source.write_text(text)
            mode = ["-c"] if path.suffix == ".o" else ["-shared", "-fPIC"]
            subprocess.run(["cc", "-w", *mode, "-o", path, source],
                           check=True)
            source.unlink()
        else:
            path.write_text(text)


def run(check, files):
    """(exit status, output) of a check in a tree of its own."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        write(tree, {**GOOD, **files})
        (tree / "tools").mkdir()
        (tree / "docs").mkdir(exist_ok=True)
        if check == "refs":
            (tree / "tools" / "gen-hooks").touch()  # plugin.h names it
        script = tree / "tools" / f"check-{check}"
        shutil.copy(TOP / "tools" / f"check-{check}", script)
        result = subprocess.run(
            [sys.executable, script], capture_output=True, text=True,
            check=False, timeout=120)
        return result.returncode, result.stdout + result.stderr


BADLY_FORMATTED = LICENCE + "int  a;\n"


def run_gate(*arguments):
    """(exit status, output) of `tools/check --only format` in a repository with
    one badly formatted file that is older than the last commit."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)

        def git(*words):
            subprocess.run(
                ["git", "-c", "user.name=a", "-c", "user.email=a@b.example",
                 *words], cwd=tree, check=True, capture_output=True)

        def commit(files):
            write(tree, files)
            git("add", ".")
            git("commit", "-m", "x")
        git("init")
        (tree / "tools").mkdir()
        shutil.copy(TOP / "tools" / "check", tree / "tools" / "check")
        shutil.copy(TOP / ".clang-format", tree)
        commit({"src/base/old.c": BADLY_FORMATTED})
        commit({"src/base/good.c": LICENCE + "int b;\n"})
        result = subprocess.run(
            [sys.executable, tree / "tools" / "check", "--only", "format",
             *arguments], capture_output=True, text=True, check=False)
        return result.returncode, result.stdout + result.stderr


# name, arguments of tools/check --only format, exit status, words
GATE_CASES = [
    ("everything", [], 1, "old.c"),
    ("since the last commit", ["HEAD"], 0, "no C files"),
    ("since the one before", ["HEAD~1"], 0, "1 files"),
    ("since one that is none", ["nothing"], 1, "no commit nothing"),
]


def main():
    cases = [(f"{check} passes", check, {}, None)
             for check in ("layers", "text", "headers", "exports", "docs", "refs")]
    cases += CASES
    failed = 0
    print(f"1..{len(cases) + len(GATE_CASES)}")
    for number, (name, check, files, want) in enumerate(cases, 1):
        status, text = run(check, files)
        good = (status == 0) if want is None else (
            status == 1 and want in text)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {check}: {name}")
        if not good:
            print(f"# wanted {want}\n# " + text.replace("\n", "\n# "))
    for number, (name, arguments, want, words) in enumerate(
            GATE_CASES, len(cases) + 1):
        status, text = run_gate(*arguments)
        good = status == want and words in text
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - only: {name}")
        if not good:
            print(f"# wanted {words}\n# " + text.replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
