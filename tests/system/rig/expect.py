# SPDX-License-Identifier: BSD-2-Clause
"""
Drives a program on a pseudo-terminal: wait for a pattern, send a line, wait for the end.

Console spawns the program with a raw terminal of its own session. expect() returns a match or fails with
the last 40 lines that were printed; nothing ever sleeps and hopes. close() ends the program by its own process id,
and happens on the way out of a `with` block whatever went wrong. Shell wraps a console that sits at a
guest's shell prompt and runs one command at a time, each with its exit status.

Timeouts are in seconds; $RIG_SLOW multiplies all of them on a slow or busy machine.
"""

import os
import pty
import re
import select
import signal
import sys
import termios
import time
import tty

SLOW = float(os.environ.get("RIG_SLOW", "1"))
ECHO = os.environ.get("RIG_ECHO") == "1"  # copy the console to stderr while it runs


ESCAPES = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


class Failed(Exception):
    """The test failed; str() is the report."""


class Console:
    def __init__(self, argv, env=None, cwd=None):
        self.argv = argv
        self.text = ""  # all that came, decoded, carriage returns removed
        self.seen = 0  # expect() searches from here
        self.status = None  # exit status, or minus the signal, once it ended
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                tty.setraw(0, termios.TCSANOW)
                if cwd:
                    os.chdir(cwd)
                os.execvpe(argv[0], argv, env if env is not None else os.environ)
            except OSError as err:
                os.write(2, f"{argv[0]}: {err.strerror}\n".encode())
            os._exit(127)
        os.set_blocking(self.fd, False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def fail(self, what):
        tail = "\n".join("  | " + line for line in self.text.split("\n")[-40:])
        raise Failed(f"{what}\n  command: {' '.join(self.argv)}\n{tail}")

    def pump(self, seconds):
        """Reads what comes within the time; False at the end of the output."""
        ready, _, _ = select.select([self.fd], [], [], max(0, seconds))
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return True
        except OSError:  # EIO: the last user of the terminal has gone
            data = b""
        piece = data.decode("utf-8", "replace").replace("\r", "")
        # A shell's cursor queries and colours are no part of what was said; one may come in two pieces.
        self.text = self.text[: max(self.seen, len(self.text) - 16)] + ESCAPES.sub(
            "", self.text[max(self.seen, len(self.text) - 16) :] + piece
        )
        if ECHO:
            sys.stderr.write(piece)
            sys.stderr.flush()
        return bool(data)

    def expect(self, pattern, timeout):
        """Waits for the pattern after the previous match; returns the match."""
        rx = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout * SLOW
        alive = True
        while True:
            found = rx.search(self.text, self.seen)
            if found:
                self.seen = found.end()
                return found
            if not alive:
                self.reap(5)
                self.fail(f"ended with status {self.status} before {pattern!r} came")
            left = deadline - time.monotonic()
            if left <= 0:
                self.fail(f"no {pattern!r} within {timeout * SLOW:.0f} s")
            alive = self.pump(min(left, 1))

    def send(self, text):
        data = text.encode()
        while data:
            select.select([], [self.fd], [], 10)
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                self.pump(0.1)
            except OSError:
                self.fail("the console closed while it was written to")

    def sendline(self, text=""):
        self.send(text + "\n")

    def reap(self, timeout):
        """Collects the exit status if it comes within the time."""
        deadline = time.monotonic() + timeout
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                return None
            else:
                time.sleep(0.02)
        return self.status

    def wait_exit(self, timeout):
        """Waits for the program's end and returns its exit status."""
        deadline = time.monotonic() + timeout * SLOW
        while self.pump(min(1, deadline - time.monotonic())):
            if time.monotonic() >= deadline:
                self.fail(f"still running after {timeout * SLOW:.0f} s")
        if self.reap(10) is None:
            self.fail("closed its terminal and did not end")
        return self.status

    def cpu_seconds(self):
        """User and system time of the whole process so far."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        """Ends the program if it still runs: politely, then not."""
        for sig in (signal.SIGTERM, signal.SIGKILL):
            if self.reap(0) is not None:
                break
            try:
                os.kill(self.pid, sig)
            except ProcessLookupError:
                break
            self.reap(5)
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


class Shell:
    """A guest's shell behind a console."""

    def __init__(self, console):
        self.console = console
        self.count = 0

    def run(self, command, timeout=30, check=True):
        """Runs a command of one line; returns (status, output)."""
        self.count += 1
        mark = f"rig-{self.count}"
        c = self.console
        # The quotes keep the echoed command line from looking like the answer.
        c.sendline(f'echo "<"{mark}">"; {command}; echo "<"{mark}:$?">"')
        c.expect(f"<{mark}>[^\n]*\n", timeout)  # the kernel may say something on the same line
        start = c.seen
        found = c.expect(f"<{mark}:(\\d+)>[^\n]*\n", timeout)
        status = int(found.group(1))
        output = c.text[start:found.start()]
        if check and status:
            c.fail(f"in the guest, {command!r} ended with status {status}")
        return status, output
