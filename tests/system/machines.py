#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: hello_1 hello_4 hello_gicv2 hello_64 hello_image simbench_raw semihosting semihosting_calls elf_on_virt lost_guest yielders captive dry_run dump_dtb dtb_of_ours
# cases: kaslr_seed loglevel hugetlbfs timeout_status stopped_by_signal man_page completion
# budget: 60
"""
The machines and the command around them, with small guests: machines.py CASE
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rig"))
sys.dont_write_bytecode = True

import vmm
from guest import Guest, Skip, main_of, need, rig
from images import CROSS, bare_image, tool

HERE = os.path.dirname(os.path.abspath(__file__))


def cella(*args, **kw):
    binary = vmm.cella_binary()
    if not os.access(binary, os.X_OK):
        raise Skip(f"{binary} is not built")
    return subprocess.run([binary, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=45, **kw)


def out_of(*args, status=0):
    done = cella(*args)
    need(done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stderr.decode()}")
    return done.stdout.decode()


def hello(cpus, *args):
    text = out_of("run", "hello", "-c", str(cpus), "--timeout", "30", *args)
    greeted = [int(n) for n in re.findall(r"vCPU (\d+) greets; its timer interrupt came after \d+ ms", text)]
    need(greeted == list(range(cpus)), f"greeted: {greeted}\n{text}")
    need(f"{cpus} vCPU(s) greeted" in text, text)
    return text


def hello_1():
    need("GICv3" in hello(1), "not a GICv3")


def hello_4():
    hello(4)


def hello_gicv2():
    need("GICv2" in hello(8, "--irqchip", "gicv2"), "not a GICv2")


def hello_64():
    hello(64)


def hello_image():
    """What is built in is what its source says."""
    with tempfile.TemporaryDirectory() as d:
        top = vmm.TOP
        tool(CROSS + "gcc", "-c", "-o", f"{d}/hello.o", f"{top}/guests/hello/hello.S")
        tool(CROSS + "objcopy", "-O", "binary", "-j", ".text", f"{d}/hello.o", f"{d}/hello.bin")
        with open(f"{d}/hello.bin", "rb") as f:
            want = subprocess.run([f"{top}/guests/hello/mkinc"], stdin=f, stdout=subprocess.PIPE, check=True).stdout
        with open(f"{top}/guests/hello/hello.inc", "rb") as f:
            need(f.read() == want, "guests/hello/hello.inc is not hello.S: run make hello-image")


def simbench_raw():
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("raw", f"{d}/raw", raw=True)
        need(out_of("run", "-k", image, "--machine", "simbench", "--timeout", "20", status=7) == "r", "no output")


def elf_on_virt():
    """An ELF file starts at its entry on the general machine, too."""
    with tempfile.TemporaryDirectory() as d:
        need(out_of("run", "-k", bare_image("wait", f"{d}/i"), "--timeout", "2", status=124) == "ready\n", "no output")


def lost_guest():
    """A guest without vectors that jumps to where nothing is faults for ever: that is its own affair, and ends in time."""
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("lost", f"{d}/i")
        for machine in ("virt-arm64", "simbench"):
            out_of("run", "-k", image, "--machine", machine, "-c", "2", "--timeout", "2", status=124)


def yielders():
    """Fifteen vCPUs that wait by YIELD leave the host's cores to the one that works."""
    def cost(cpus):
        before = os.times()
        out_of("run", "-k", image, "-c", str(cpus), "--timeout", "40")
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    with tempfile.TemporaryDirectory() as d:
        image = bare_image("yielders", f"{d}/i")
        alone, many = cost(1), cost(16)
        need(many < 1.4 * alone, f"{many:.2f} s of CPU time with 16 vCPUs, {alone:.2f} with 1")


def semihosting():
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("semihosting", f"{d}/semihosting")
        os.mkdir(f"{d}/files")
        run = ["run", "-k", image, "--machine", "simbench", "-p", "one two", "--timeout", "20"]
        need(out_of(*run, f"--semihosting={d}/files", status=42) == "from the image\n", "console")
        with open(f"{d}/files/file.txt", encoding="ascii") as f:
            need(f.read() == "one two", "the file's contents")
        need(not os.path.exists(f"{d}/up.txt"), "a file outside of the directory was made")
        # Without a directory there are no files; without the option there is no semihosting.
        need(out_of(*run, "--semihosting", status=9) == "from the image\n", "console without files")
        need(out_of(*run[:-1], "2", status=124) == "", "semihosting without being asked for")


def semihosting_calls():
    """Every call, its errors, and no way out of the directory: the guest's status is the line of its first complaint."""
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("semihosting_calls", f"{d}/calls")
        os.makedirs(f"{d}/files/sub")
        for name, text in ((f"{d}/outside", "secret"), (f"{d}/files/kept", "kept")):
            with open(name, "w", encoding="ascii") as f:
                f.write(text)
        os.symlink("..", f"{d}/files/link")
        os.symlink("../outside", f"{d}/files/filelink")
        os.mkfifo(f"{d}/files/fifo")
        before = int(time.time())
        text = out_of("run", "-k", image, "--machine", "simbench", "-p", "one two", "--timeout", "20",
                      f"--semihosting={d}/files")
        found = re.fullmatch(r"tt >(\d+)\n", text)
        need(found and before <= int(found[1]) <= time.time(), f"{text!r} at {before}")
        with open(f"{d}/outside", encoding="ascii") as f:
            need(f.read() == "secret", "a file outside of the directory was written")
        need(sorted(os.listdir(f"{d}/files")) == ["k", "kept", "link", "sub"], os.listdir(f"{d}/files"))


def captive():
    with tempfile.TemporaryDirectory() as d:
        tool("dtc", "-q", "-O", "dtb", "-o", f"{d}/c.dtb", os.path.join(HERE, "rig", "captive-virt.dts"))
        with open(f"{d}/disk.img", "wb") as f:
            f.truncate(1 << 20)
        kernel, initrd = rig(12)
        with Guest(kernel, initrd, mem="12G", cpu="cortex-a72", net=True, disks=[vmm.Disk(f"{d}/disk.img")],
                   extra=("--machine", "captive-virt", "--dtb", f"{d}/c.dtb")) as g:
            total = int(re.search(r"MemTotal: *(\d+) kB", g.run("cat /proc/meminfo"))[1])
            need(total > 11 << 20, f"the guest sees {total} kB")
            irqs = g.run("cat /proc/interrupts")
            for name, intid in (("uart-pl011", 66), ("rtc-pl031", 68), ("virtio0", 64), ("virtio1", 65)):
                need(re.search(rf"GIC-0 +{intid} Level +{name}", irqs), f"{name} is not at {intid}:\n{irqs}")
            g.run("dd if=/dev/vda of=/dev/null bs=64k")
            g.healthy()


def dry_run():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        first = out_of("run", "-k", kernel, "-i", initrd, "-c", "2", "-m", "768M", "-p", 'a "b"', "--rng", "--dry-run")
        with open(f"{d}/m.toml", "w", encoding="utf-8") as f:
            f.write(first)
        need(out_of("run", "--config", f"{d}/m.toml", "--dry-run") == first, "--config read something else")
        need("cpus = 3" in out_of("run", "--config", f"{d}/m.toml", "-c", "3", "--dry-run"), "no override")


def dump_dtb():
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        for chip, cpus in (("gicv3", 1), ("gicv3", 64), ("gicv2", 8)):
            out_of("run", "-k", kernel, "-i", initrd, "-c", str(cpus), "--irqchip", chip, "--rng", "-n", "none",
                   "--console", "virtio", "--dump-dtb", f"{d}/v.dtb")
            done = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", "-o", f"{d}/v.dts", f"{d}/v.dtb"],
                                  stderr=subprocess.PIPE, text=True, check=False) if shutil.which("dtc") else None
            if not done:
                raise Skip("dtc is missing: run tools/deps check")
            need(done.returncode == 0 and not done.stderr, f"dtc on {chip}: {done.stderr}")


def dtb_of_ours():
    """The tree that --dump-dtb writes boots when it is given back."""
    kernel, initrd = rig(12)
    with tempfile.TemporaryDirectory() as d:
        out_of("run", "-k", kernel, "-c", "2", "-m", "512M", "--dump-dtb", f"{d}/v.dtb")
        with Guest(kernel, initrd, cpus=2, mem="512M", extra=("--dtb", f"{d}/v.dtb")) as g:
            need(g.run("grep -c ^processor /proc/cpuinfo").strip() == "2", "CPUs are missing")
            g.power_off()


def kaslr_seed():
    if not shutil.which("dtc"):
        raise Skip("dtc is missing: run tools/deps check")
    with tempfile.TemporaryDirectory() as d:
        for value, cells in (("0x123456789", "0x01 0x23456789"), ("0", "0x00 0x00")):
            out_of("run", "-k", rig(12)[0], "--kaslr-seed", value, "--dump-dtb", f"{d}/v.dtb")
            text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", f"{d}/v.dtb"], stdout=subprocess.PIPE, text=True,
                                  check=True).stdout
            need(f"kaslr-seed = <{cells}>" in text, f"{value}: {re.findall('kaslr-seed.*', text)}")


def loglevel():
    """A machine that cannot have a control socket says so, unless only errors are wanted."""
    env = {**os.environ, "XDG_RUNTIME_DIR": "/proc/nowhere"}
    for level, said in (("warning", True), ("error", False)):
        done = cella("run", "hello", "--loglevel", level, "--timeout", "30", env=env)
        need(done.returncode == 0 and bool(done.stderr) == said, f"{level}: {done}")


def hugetlbfs():
    """Any file system that can map files will do for the test; what is made there has no name by the time the guest runs."""
    with tempfile.TemporaryDirectory() as d:
        hello(2, "--hugetlbfs", d)
        need(os.listdir(d) == [], "a file is left")
        need(b"no hugetlbfs" in cella("run", "hello", "--hugetlbfs", d).stderr, "it is not said that these are no huge pages")
    for where in ("/nonexistent", "/proc"):
        done = cella("run", "hello", "--hugetlbfs", where)
        need(done.returncode == 1 and where in done.stderr.decode() and done.stderr.count(b"\n") == 1, str(done))


def timeout_status():
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("semihosting", f"{d}/i")
        out_of("run", "-k", image, "--machine", "simbench", "--timeout", "1", status=124)


def stopped_by_signal():
    with tempfile.TemporaryDirectory() as d:
        image = bare_image("semihosting", f"{d}/i")
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            p = subprocess.Popen([vmm.cella_binary(), "run", "-k", image, "--machine", "simbench", "--timeout", "30"],
                                 stdin=subprocess.DEVNULL)
            time.sleep(1)
            p.send_signal(sig)
            need(p.wait(10) == 4, f"{sig.name}: status {p.returncode}")


def man_page():
    """docs/cella.1 says what the table of options says."""
    with open(os.path.join(vmm.TOP, "docs", "cella.1"), encoding="utf-8") as f:
        need(out_of("help", "--man-options") in f.read(), "docs/cella.1 is older than the options: run make man")
    if shutil.which("mandoc"):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", os.path.join(vmm.TOP, "docs", "cella.1")],
                              stdout=subprocess.PIPE, text=True, check=False)
        need(not done.stdout, done.stdout)


def completion():
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/cella.bash", "w", encoding="utf-8") as f:
            f.write(out_of("help", "--completion"))
        for words, want in ((["he"], "help"), (["run", "--irq"], "--irqchip"),
                            (["run", "--irqchip", ""], "gicv3 gicv2 gicv3-its gicv2m kernel split aia plic"),
                            (["get", ""], "hello debian-arm64"), (["run", "-k", f"{d}/c"], f"{d}/cella.bash"),
                            (["run", "hel"], "hello"), (["run", "-c", ""], "")):
            line = " ".join(f"'{w}'" for w in ["cella", *words])
            script = f"source {d}/cella.bash; compopt() {{ :; }}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _cella; " \
                     'echo "${COMPREPLY[*]}"'
            got = tool("bash", "-c", script, cwd=d).strip()
            need(got == want, f"{words}: {got!r}, not {want!r}")
        if shutil.which("shellcheck"):
            tool("shellcheck", "-s", "bash", f"{d}/cella.bash")


if __name__ == "__main__":
    main_of(globals())
