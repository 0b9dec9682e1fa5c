#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: quit_by_key help_by_key escape_sends_itself pipe_has_no_escape
# cases: restored_after_quit restored_after_poweroff restored_after_timeout restored_after_error
# cases: restored_after_sigterm restored_after_sighup restored_after_sigsegv restored_after_sigabrt restored_after_sigbus
# cases: restored_while_stopped closed_output closed_input terminal_goes_away
# budget: 60
"""
The user's terminal: the escape key, and that it is as it was whatever ends the machine: terminal.py CASE

Only kill -9 leaves it raw, since nothing can run after that; `stty sane` or `reset` helps then.
"""

import os
import pty
import signal
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from expect import SLOW, Console
from guest import Skip, main_of, need
from images import bare_image

STOPPED = 4


class Terminal:
    """`cella run` of a bare image on a cooked terminal of its own."""

    def __init__(self, image, *args):
        binary = vmm.cella_binary()
        if not os.access(binary, os.X_OK):
            raise Skip(f"{binary} is not built")
        self.fd, self.user = pty.openpty()
        self.before = termios.tcgetattr(self.user)
        need(self.before[3] & termios.ICANON, "a new terminal is not cooked")
        self.p = subprocess.Popen([binary, "run", "-k", image, "--machine", "simbench", *args], stdin=self.user,
                                  stdout=self.user, stderr=self.user, start_new_session=True,
                                  env={**os.environ, "ASAN_OPTIONS": "handle_segv=0:handle_abort=0"})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        for fd in (self.fd, self.user):
            os.close(fd)

    def cooked(self):
        return termios.tcgetattr(self.user) == self.before

    def until(self, wanted, what, seconds=10):
        deadline = time.monotonic() + seconds * SLOW
        while not wanted():
            need(time.monotonic() < deadline, what)
            time.sleep(0.02)

    def raw(self):
        self.until(lambda: not termios.tcgetattr(self.user)[3] & (termios.ICANON | termios.ECHO | termios.ISIG),
                   "the terminal did not become raw")

    def ends(self, status):
        got = self.p.wait(15 * SLOW)
        need(got == status, f"status {got}, not {status}")
        need(self.cooked(), "the terminal was not restored")


def restored(status, act=None, args=("--timeout", "40"), image="spin"):
    with tempfile.TemporaryDirectory() as d:
        with Terminal(bare_image(image, f"{d}/i"), *args) as t:
            if act:
                t.raw()
                act(t)
            t.ends(status)


def by_signal(sig, status=None):
    restored(-sig if status is None else status, lambda t: t.p.send_signal(sig))


def restored_after_quit():
    restored(STOPPED, lambda t: os.write(t.fd, b"\x01x"))


def restored_after_poweroff():
    restored(7, image="raw")


def restored_after_timeout():
    restored(124, lambda t: None, args=("--timeout", "1"))


def restored_after_error():
    restored(1, args=("--publish", "nonsense", "-n", "user"))


def restored_after_sigterm():
    by_signal(signal.SIGTERM, STOPPED)


def restored_after_sighup():
    by_signal(signal.SIGHUP, STOPPED)


def restored_after_sigsegv():
    by_signal(signal.SIGSEGV)


def restored_after_sigabrt():
    by_signal(signal.SIGABRT)


def restored_after_sigbus():
    by_signal(signal.SIGBUS)


def restored_while_stopped():
    """kill -TSTP gives the terminal back, kill -CONT takes it again."""
    def act(t):
        t.p.send_signal(signal.SIGTSTP)
        t.until(t.cooked, "stopped with a raw terminal")
        with open(f"/proc/{t.p.pid}/stat", encoding="ascii") as f:
            need(f.read().rsplit(")", 1)[1].split()[0] in "TR", "not stopped")
        t.p.send_signal(signal.SIGCONT)
        t.raw()
        t.p.send_signal(signal.SIGTERM)

    restored(STOPPED, act)


def with_console(act):
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("echo", f"{d}/i")
        with Console([vmm.cella_binary(), "run", "-k", image, "--machine", "simbench", "--timeout", "40"]) as c:
            c.expect("ready", 20)
            act(c)


def quit_by_key():
    def act(c):
        c.send("\x01x")
        need(c.wait_exit(10) == STOPPED, f"Ctrl-A x: status {c.status}")

    with_console(act)


def help_by_key():
    def act(c):
        c.send("\x01h")
        c.expect("Ctrl-A x +quit", 10)

    with_console(act)


def escape_sends_itself():
    """The guest repeats what it gets in angle brackets: one Ctrl-A of two, and what follows any other key is its own."""
    def act(c):
        c.send("a\x01\x01b\x01zc")
        c.expect("<a><\x01><b><c>", 10)

    with_console(act)


def pipe_has_no_escape():
    """All bytes of a pipe are the guest's."""
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("echo", f"{d}/i")
        done = subprocess.run([vmm.cella_binary(), "run", "-k", image, "--machine", "simbench", "--timeout", "40"],
                              input=b"\x01x\x04", stdout=subprocess.PIPE, timeout=50, check=False)
    need(done.stdout == b"ready\n<\x01><x>" and done.returncode == 0, f"{done.stdout} status {done.returncode}")


def closed_output():
    """Nobody reads standard output: the machine goes on to its own end."""
    r, w = os.pipe()
    os.close(r)
    try:
        p = subprocess.run([vmm.cella_binary(), "run", "hello", "--timeout", "40"], stdin=subprocess.DEVNULL, stdout=w,
                           stderr=subprocess.PIPE, timeout=50, check=False)
    finally:
        os.close(w)
    need(p.returncode == 0, f"status {p.returncode}: {p.stderr}")


def closed_input():
    """No standard descriptors at all: none of the machine's own files takes their numbers."""
    done = subprocess.run(["sh", "-c", 'exec "$0" run hello --timeout 40 <&- >&- 2>&-', vmm.cella_binary()],
                          timeout=50, check=False)
    need(done.returncode == 0, f"status {done.returncode}")


def terminal_goes_away():
    """The window is closed: SIGHUP where it is the controlling terminal, else the end of input; never a busy loop."""
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("wait", f"{d}/i")
        with Console([vmm.cella_binary(), "run", "-k", image, "--machine", "simbench", "--timeout", "30"]) as c:
            c.expect("ready", 20)
            os.close(c.fd)
            c.fd = -1
            need(c.reap(10) == STOPPED, f"status {c.status}")


if __name__ == "__main__":
    main_of(globals())
