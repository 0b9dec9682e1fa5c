#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: list_and_stop pause_resume stat_and_debug console foreign_client protocol_errors names stale_socket read_only_directory
# cases: no_keyboard other_user many_clients killed_at_any_time balloon stop_by_button
# budget: 90
"""
A running machine from outside: the subcommands, and the control socket itself by socat and jq: control.py CASE
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import MODULES, Guest, Skip, main_of, need, rig
from images import bare_image

DIRECTORIES = []


@contextlib.contextmanager
def directory():
    """A runtime directory of our own, with the path of a file for an image in it."""
    with tempfile.TemporaryDirectory() as d:
        DIRECTORIES.append(d)
        yield d
        DIRECTORIES.pop()


def env():
    return {**os.environ, "XDG_RUNTIME_DIR": DIRECTORIES[-1]}


def cella(*args):
    return subprocess.run([vmm.cella_binary(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=45, env=env(), text=True, check=False)


def ok(*args):
    done = cella(*args)
    need(done.returncode == 0, f"{args}: status {done.returncode}: {done.stderr}")
    return done.stdout


def fails(pattern, *args):
    done = cella(*args)
    need(done.returncode == 1 and re.search(pattern, done.stderr) and done.stderr.count("\n") == 1,
         f"{args}: status {done.returncode}: {done.stderr}")


class Machine:
    """One that runs until told otherwise, or the guest of that name."""

    def __init__(self, name, guest="spin"):
        self.name = name
        image = bare_image(guest, f"{DIRECTORIES[-1]}/{guest}")
        argv = [vmm.cella_binary(), "run", "-k", image, "-m", "64M", "--timeout", "40"]
        if guest == "echo":
            argv += ["--machine", "simbench"]
        self.p = subprocess.Popen(argv + (["--name", name] if name else []), env=env(), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        path = f"{DIRECTORIES[-1]}/cella/{self.name or f'guest-{self.p.pid}'}.sock"
        end = time.monotonic() + 20
        while not os.path.exists(path) and time.monotonic() < end and self.p.poll() is None:
            time.sleep(0.02)
        need(os.path.exists(path), f"{path} does not come: {self.p.poll()}")
        return self

    def __exit__(self, *exc):
        if self.p.poll() is None:
            self.p.kill()
        self.p.communicate()

    def ended(self, status):
        got = self.p.wait(20)
        need(got == status, f"status {got}, not {status}: {self.p.stderr.read().decode()}")


def list_and_stop():
    with directory(), Machine("one") as a, Machine(None) as b:
        text = ok("list")
        for words in (f"{a.p.pid} +one +running +virt-arm64 +dbt +1 +64 MiB", f"{b.p.pid} +guest-{b.p.pid} "):
            need(re.search(words, text), text)
        ok("stop", "--force", "one")
        a.ended(4)
        need("one" not in ok("list"), "one is still listed")
        ok("stop", "--timeout", "1", "-a")      # has no ear for the power button
        b.ended(4)
        need(ok("list") == "", "something is still listed")
        need(not os.listdir(f"{DIRECTORIES[-1]}/cella"), "something was left behind")


def stat(name):
    return json.loads(ok("stat", name))


def pause_resume():
    with directory(), Machine("m"):
        ok("pause", "m")
        first = stat("m")
        need(first["state"] == "paused", first)
        time.sleep(0.3)
        second = stat("m")
        need(second["guest_ns"] == first["guest_ns"], "time goes on")
        need(second["vcpus"][0]["cpu_ns"] - first["vcpus"][0]["cpu_ns"] < 50_000_000, "the vCPU goes on")
        ok("pause", "m")
        ok("resume", "-n", "m")
        ok("resume", "m")
        third = stat("m")
        need(third["state"] == "running" and third["guest_ns"] - second["guest_ns"] < 5_000_000_000, third)
        time.sleep(0.3)
        need(stat("m")["guest_ns"] > third["guest_ns"], "time stands still")
        ok("pause", "m")
        ok("stop", "-t", "1", "m")              # a paused one as well


def stat_and_debug():
    with directory(), Machine("m"):
        s = stat("m")
        need(s["memory"]["size"] == 64 << 20 and s["memory"]["resident"] > 0, s)
        need(s["vcpus"][0]["power"] == "on", s)
        d = json.loads(ok("debug", "--dump", "m"))
        regs = d["vcpus"][0]["registers"]
        need(int(regs["pc"], 16) >= 0x40000000 and int(regs["x0"], 16) > 0, regs)
        need(any(x["device"] == "pl011" and x["state"] for x in d["devices"]), [x["device"] for x in d["devices"]])
        ok("pause", "m")
        first = json.loads(ok("debug", "m"))["vcpus"][0]["registers"]
        need(first == json.loads(ok("debug", "m"))["vcpus"][0]["registers"], "a paused vCPU's registers change")


def no_keyboard():
    with directory(), Machine("m"):
        fails("machine m: has no keyboard", "key", "--press", "ctrl-alt-delete", "m")
        fails("keys by name", "key", "--press", "ctrl-nonsense", "m")


def console():
    with directory(), Machine("m", "echo") as m:
        m.p.stdin.write(b"ab")
        m.p.stdin.flush()
        need(m.p.stdout.read(len("ready\n<a><b>")) == b"ready\n<a><b>", "the terminal's input")
        p = subprocess.Popen([vmm.cella_binary(), "console", "m"], env=env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        p.stdin.write(b"xy")
        p.stdin.flush()
        for f, what in ((p.stdout, "the console's own output"), (m.p.stdout, "the terminal's copy")):
            got = f.read(6)
            need(got == b"<x><y>", f"{what}: {got}")
        p.stdin.close()
        m.p.stdin.write(b"z")
        m.p.stdin.flush()
        need(p.stdout.read(3) == b"<z>", "half a console still listens")
        p.kill()
        p.wait()
        m.p.stdin.write(b"\x04")
        m.p.stdin.flush()
        m.ended(0)


def rpc(name, *lines):
    """By socat and jq: the answers."""
    for tool in ("socat", "jq"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is missing: run tools/deps check")
    path = f"{DIRECTORIES[-1]}/cella/{name}.sock"
    done = subprocess.run(["socat", "-t", "5", "-", f"UNIX-CONNECT:{path}"], input="".join(x + "\n" for x in lines),
                          stdout=subprocess.PIPE, text=True, timeout=20, check=False)
    return done.stdout


def jq(text, program):
    return subprocess.run(["jq", "-c", program], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def foreign_client():
    with directory(), Machine("m") as m:
        text = rpc("m", '{"jsonrpc":"2.0","id":1,"method":"info"}', '{"jsonrpc":"2.0","id":"two","method":"pause"}',
                   '{"jsonrpc":"2.0","method":"resume"}', '{"jsonrpc":"2.0","id":3,"method":"stat"}')
        need(jq(text, ".id") == '1\n"two"\n3', text)
        need(jq(text, "select(.id==1).result.name") == '"m"', text)
        need(jq(text, "select(.id==3).result.state") == '"running"', text)
        need(os.stat(f"{DIRECTORIES[-1]}/cella/m.sock").st_mode & 0o777 == 0o600, "others may write to the socket")
        rpc("m", '{"jsonrpc":"2.0","id":1,"method":"stop","params":{"timeout":0}}')
        m.ended(4)


def protocol_errors():
    with directory(), Machine("m"):
        for line, code in (("{", -32700), ("[1]", -32600), ('{"id":1}', -32600), ('{"id":1,"method":"x"}', -32601),
                           ('{"id":1,"method":"stop","params":[1]}', -32602),
                           ('{"id":1,"method":"stop","params":{"timeout":-1}}', -32602),
                           ('{"id":1,"method":"stop","params":{"timeout":"soon"}}', -32602),
                           ('{"id":1,"id":1,"method":"info"}', -32700), ("[" * 5000, -32700), ("\0\xff", -32700),
                           ("x" * 70000, -32600)):
            text = rpc("m", line)
            need(jq(text, ".error.code").split("\n")[0] == str(code), f"{line[:60]}: {text[:200]}")
        need(jq(rpc("m", '{"id":1,"method":"info"}'), ".result.state") == '"running"', "it is no longer there")


def names():
    with directory(), Machine("m"):
        fails("machine m: runs already", "run", "hello", "--name", "m")
        fails("--name: '../x' is no name", "run", "hello", "--name", "../x")
        fails("machine other: does not run", "stop", "other")
        fails("which machine", "pause")
        fails("one machine at a time", "pause", "m", "n")
        fails("--timeout", "stop", "--timeout", "soon", "m")
        fails("'--what' is not known", "stat", "--what", "m")


def stale_socket():
    with directory():
        with Machine("m") as m:
            m.p.kill()
            m.p.wait()
            need(os.path.exists(f"{DIRECTORIES[-1]}/cella/m.sock"), "no socket was left")
            need(ok("list") == "", "a dead machine is listed")
            fails("machine m: does not run", "stat", "m")
        with Machine("m", "echo") as m:
            need(m.p.stdout.read(6) == b"ready\n", "it does not start")
            need(" m " in ok("list"), "not listed")


def read_only_directory():
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        raise Skip("root may write anywhere, and there is no setpriv")
    with directory() as d:
        image = bare_image("echo", f"{d}/echo")
        os.mkdir(f"{d}/locked", 0o555)
        os.chmod(d, 0o755)
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        with tempfile.TemporaryDirectory() as bin_dir:
            os.chmod(bin_dir, 0o755)
            shutil.copy(vmm.cella_binary(), f"{bin_dir}/cella")
            run = [*drop, f"{bin_dir}/cella", "run", "-k", image, "-m", "64M", "--machine", "simbench"]
            e = {**os.environ, "XDG_RUNTIME_DIR": f"{d}/locked"}
            p = subprocess.run([*run, "--name", "m"], env=e, input=b"\x04", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=20, check=False)
            need(p.returncode == 1 and b"runtime directory" in p.stderr and p.stderr.count(b"\n") == 1, p.stderr)
            p = subprocess.run(run, env=e, input=b"\x04", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
                               check=False)
            need(p.returncode == 0 and b"without a control socket" in p.stderr, (p.returncode, p.stderr))


def other_user():
    if os.geteuid() or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv")
    with directory() as d, Machine("m"):
        os.chmod(d, 0o755)
        os.chmod(f"{d}/cella", 0o755)
        os.chmod(f"{d}/cella/m.sock", 0o777)    # even so
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "socat", "-t", "2", "-",
                               f"UNIX-CONNECT:{d}/cella/m.sock"], input='{"id":1,"method":"info"}\n', text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, check=False)
        need(done.stdout == "", done.stdout)


def many_clients():
    with directory() as d, Machine("m"):
        held = []
        for _ in range(40):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            with contextlib.suppress(BlockingIOError):      # the queue of those to be accepted is full
                s.connect(f"{d}/cella/m.sock")
            held.append(s)
        time.sleep(0.2)
        for s in held:
            s.close()
        time.sleep(0.2)
        need(stat("m")["state"] == "running", "no room any more")


def killed_at_any_time():
    with directory() as d:
        image = bare_image("echo", f"{d}/echo")
        for ms in range(0, 60, 4):
            p = subprocess.Popen([vmm.cella_binary(), "run", "-k", image, "-m", "64M", "--name", "m"], env=env(),
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(ms / 1000)
            p.send_signal(signal.SIGKILL)
            p.communicate()
        with Machine("m", "echo") as m:
            need(m.p.stdout.read(6) == b"ready\n", "it does not start")


@contextlib.contextmanager
def linux(*args):
    """Debian's kernel with a balloon and a power button, called m."""
    kernel, initrd = rig(12, modules=[*MODULES, "virtio_balloon", "gpio_keys", "evdev"], name="d12-control")
    with directory() as d:
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = d
        try:
            with Guest(kernel, initrd, mem="512M", vmm=vmm.cella, extra=["--name", "m", *args]) as g:
                yield g
        finally:
            del os.environ["XDG_RUNTIME_DIR"]
            if before is not None:
                os.environ["XDG_RUNTIME_DIR"] = before


def until(what, seconds=20):
    """The first true value of what() within the time."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def balloon():
    with directory(), Machine("n"):
        fails("has no balloon", "balloon", "--inflate", "1M", "n")
        fails("no size", "balloon", "--inflate", "much", "n")
    with linux("--balloon") as g:
        g.run("dd if=/dev/zero of=/tmp/x bs=1M count=200 2>/dev/null; rm /tmp/x")      # touched, and free again
        full = stat("m")["memory"]["resident"]
        ok("balloon", "--inflate", "256M", "m")
        want = 256 << 20
        need(until(lambda: stat("m")["balloon"]["actual"] == want), stat("m"))
        less = stat("m")["memory"]["resident"]
        need(full - less > 150 << 20, f"{full >> 20} MiB were resident, {less >> 20} are")
        need(until(lambda: 0 < stat("m")["balloon"]["guest"].get("free", 0) < 256 << 20), stat("m"))
        ok("balloon", "-d", "128M", "-n", "m")
        need(until(lambda: stat("m")["balloon"]["actual"] == want >> 1), stat("m"))
        ok("balloon", "--size", "0", "m")
        need(until(lambda: json.loads(ok("balloon", "m"))["actual"] == 0), stat("m"))
        need(g.run("dd if=/dev/zero bs=1M count=20 2>/dev/null | sha256sum").strip(), "the guest is not well")
        g.power_off()


def stop_by_button():
    with linux() as g:
        g.console.sendline("head -c 24 /dev/input/event0 >/dev/null; poweroff -f")
        time.sleep(1)
        ok("stop", "--timeout", "30", "m")
        need(g.console.wait_exit(30) == 0, f"status {g.console.status}")


if __name__ == "__main__":
    main_of(globals())
