#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: dmesg_diff_prints_only_new_warnings dmesg_diff_ignores_numbers_and_levels_below_warning
# cases: run_counts_cases_skips_and_late_tests run_fails_without_tests run_leaves_long_cases_out
# cases: expect_reports_the_last_lines expect_ends_its_program
# cases: debfetch_reads_both_kinds_of_apt_sources debfetch_refuses_what_it_cannot_mean debfetch_needs_no_network_for_what_it_has
# cases: deps_refuses_an_unknown_group
"""The tools around the tests, tested: tools.py CASE"""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests/system/rig"), os.path.join(TOP, "tests/system")]
sys.dont_write_bytecode = True

import dmesg_diff
from expect import Console, Failed
from guest import main_of, need

LOG = """<6>[    0.000000] Booting Linux
<4>[    1.000000] odd thing at 0xffff800008000000 took 12 ns
<3>[    1.500000] broken
"""


def tool(*argv, **env):
    return subprocess.run(argv, cwd=TOP, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=50)


def dmesg_diff_prints_only_new_warnings():
    need(dmesg_diff.only_in(LOG, LOG) == [], "a log differs from itself")
    need(dmesg_diff.only_in(LOG, LOG.replace("broken", "")) == [(3, "broken")], "a new error was missed")


def dmesg_diff_ignores_numbers_and_levels_below_warning():
    other = LOG.replace("8000008", "9000008").replace("12 ns", "99 ns").replace("Booting", "Starting")
    need(dmesg_diff.only_in(other, LOG) == [], "numbers or a notice made a difference")
    need(dmesg_diff.warnings("<12>[    1.0] of a user's program") == [(4, "of a user's program")], "facility kept")


def script(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o755)
    return path


def run_counts_cases_skips_and_late_tests():
    with tempfile.TemporaryDirectory() as d:
        s = script(d, "s", "#!/bin/sh\n# cases: good skip bad late\n# budget: 1\n# alone: late\n"
                   "case $1 in good) ;; skip) echo no such device; exit 77 ;; bad) exit 3 ;; late) sleep 30 ;; esac\n")
        t = script(d, "t", "#!/bin/sh\necho 1..4; echo 'ok 1 - a'; echo 'not ok 2 - b'; echo 'ok 3 # SKIP why'\n")
        u = script(d, "u", "#!/bin/sh\necho 1..2; echo '# skipped because it is raining'; echo 'not ok 1 # SKIP walk'; "
                   "echo 'ok 2 - b'\n")
        done = tool("tests/run", "unit:", t, u, "other:", s)
    last = done.stdout.rstrip().split("\n")[-1]
    need(last == "3 passed, 4 failed, 3 skipped" and done.returncode == 1, done.stdout)
    need("skipped: other s skip: no such device" in done.stdout, "the reason of a skip is not told")
    need("skipped: unit u: walk: it is raining" in done.stdout, "the reason of a skipped case is not told")
    need("late: no end in time" in done.stdout, "a late test is not told")


def run_fails_without_tests():
    need(tool("tests/run").returncode == 1, "no test at all passed")


def run_leaves_long_cases_out():
    with tempfile.TemporaryDirectory() as d:
        s = script(d, "s", "#!/bin/sh\n# cases: short\n# long: lengthy\n")
        need(tool("tests/run", "--list", "a:", s).stdout == "a s short\n", "without --long")
        need(tool("tests/run", "--list", "--long", "a:", s).stdout == "a s short\na s lengthy\n", "with --long")


def expect_reports_the_last_lines():
    with Console(["sh", "-c", "seq 1 100; sleep 60"]) as c:
        try:
            c.expect("never", 1)
        except Failed as report:
            need("| 100" in str(report) and "| 62\n" in str(report), f"not the last 40 lines: {report}")
            need("| 60\n" not in str(report), f"more than 40 lines: {report}")
            return
    raise Failed("expect() found what was not there")


def expect_ends_its_program():
    with Console(["sh", "-c", "trap '' TERM HUP; echo ready; while :; do sleep 1; done"]) as c:
        c.expect("ready", 5)
        pid = c.pid
    need(not os.path.exists(f"/proc/{pid}"), "the program outlived its console")


def debfetch_reads_both_kinds_of_apt_sources():
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(f"{d}/sources.list.d")
        script(f"{d}/sources.list.d", "a.sources",
               "Types: deb\nURIs: https://other.example/x\nSuites: stable-security\n\n"
               "# the archive\nTypes: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n")
        need(tool("tools/debfetch", "mirror", DEBFETCH_APT=d).stdout == "http://mirror.example/debian\n", "deb822")
        script(d, "sources.list", "deb http://s.example/debian-security bookworm-security main\n"
               "deb [arch=amd64 signed-by=/k] http://list.example/debian bookworm main contrib\n")
        need(tool("tools/debfetch", "mirror", DEBFETCH_APT=d).stdout == "http://list.example/debian\n", "one-line")


def debfetch_refuses_what_it_cannot_mean():
    for name in ("hello/sid", "hello:mips", "../x", "", "a b"):
        done = tool("tools/debfetch", "path", name)
        need(done.returncode == 1 and done.stderr.count("\n") == 1, f"{name!r}: {done.stderr}")
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(f"{d}/sources.list.d")
        done = tool("tools/debfetch", "path", "hello", DEBFETCH_APT=d, XDG_CACHE_HOME=d)
        need(done.returncode == 1 and "no Debian mirror" in done.stderr, done.stderr)


def debfetch_needs_no_network_for_what_it_has():
    with tempfile.TemporaryDirectory() as d:
        made = f"{d}/cella/deb/bookworm/hello_1_arm64"
        os.makedirs(made)
        os.symlink("hello_1_arm64", f"{d}/cella/deb/bookworm/hello:arm64")
        done = tool("tools/debfetch", "path", "hello:arm64", XDG_CACHE_HOME=d, DEBFETCH_APT="/nonexistent")
        need(done.returncode == 0 and done.stdout == os.path.realpath(made) + "\n", done.stdout + done.stderr)


def deps_refuses_an_unknown_group():
    done = tool("tools/deps", "-n", "nosuch")
    need(done.returncode == 1 and "no group 'nosuch'" in done.stderr, done.stderr)


if __name__ == "__main__":
    main_of(globals())
