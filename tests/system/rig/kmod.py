# SPDX-License-Identifier: BSD-2-Clause
"""
The drivers cella.ko and cella-net.ko for Debian's arm64 kernels, built by this machine's cross compiler against the headers that Debian ships,
and kept in the cache under the hash of its sources and of the headers' version.
"""

import glob
import hashlib
import os
import shutil
import subprocess

from image import cache, file_hash, made, tool
from vmm import TOP, Skip

SUITES = {"12": "bookworm", "13": "trixie"}
MODULES = ("cella.ko", "cella-net.ko")
COMPILER = "aarch64-linux-gnu-gcc-12"
# modpost of Debian 13's kbuild wants a newer C library than Debian 12's: this starts it with one unpacked beside.
WRAPPER = """#!/bin/sh
exec {libc}/{loader} --library-path {libc}/lib/x86_64-linux-gnu:{libc}/usr/lib/x86_64-linux-gnu {real} "$@"
"""


def header_packages(release):
    """(headers, common headers, kbuild): the packages' names, of the kernel that the release's metapackage names."""
    if release not in SUITES:
        raise Skip(f"no headers are known for Debian {release}")
    depends = tool("tools/debfetch", "field", f"linux-headers-arm64:arm64/{SUITES[release]}", "Depends")
    headers = depends.split()[0]
    version = headers.removeprefix("linux-headers-").removesuffix("-arm64")
    kbuild = "linux-kbuild-" + (".".join(version.split(".")[:2]) if release == "12" else version)
    return headers, f"linux-headers-{version}-common", kbuild


def wrap_modpost(tree, libc):
    """Where modpost doesn't start here, it is replaced by a script that brings its own C library."""
    for real in glob.glob(f"{tree}/usr/lib/linux-kbuild-*/scripts/mod/modpost.real-lsb-64"):
        if subprocess.run([real], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            continue
        loader = next(p for p in ("lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
                                  "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2") if os.path.isfile(os.path.join(libc, p)))
        os.rename(real, real + ".elf")
        with open(real, "w", encoding="ascii") as f:
            f.write(WRAPPER.format(libc=libc, loader=loader, real=real + ".elf"))
        os.chmod(real, 0o755)


def kernel_headers(release):
    """A directory that a module can be built against."""
    headers, common, kbuild = header_packages(release)
    suite = SUITES[release]
    out = cache("headers-" + headers.removeprefix("linux-headers-"))

    def make():
        tree = out + ".new"
        shutil.rmtree(tree, ignore_errors=True)
        for package in (f"{headers}:arm64", f"{common}:arm64", f"{kbuild}:amd64"):
            shutil.copytree(tool("tools/debfetch", "path", f"{package}/{suite}"), tree, symlinks=True, dirs_exist_ok=True)
        with open(f"{tree}/usr/src/{headers}/Makefile", "w", encoding="ascii") as f:
            f.write(f"include {out}/usr/src/{common}/Makefile\n")
        if release != "12":
            wrap_modpost(tree, tool("tools/debfetch", "path", f"libc6:amd64/{suite}"))
            # The wrapper names its program, and the tree moves.
            for real in glob.glob(f"{tree}/usr/lib/linux-kbuild-*/scripts/mod/modpost.real-lsb-64"):
                with open(real, "r+b") as f:
                    text = f.read()
                    if text.startswith(b"#!"):
                        f.seek(0)
                        f.truncate()
                        f.write(text.replace(tree.encode(), out.encode()))
        os.rename(tree, out)

    return made(out, make) + "/usr/src/" + headers


def kmod(release="12", module="cella.ko"):
    """Path of one of MODULES for the kernel of Debian 12 or 13 that image() boots. Warnings fail the build."""
    if not shutil.which(COMPILER):
        raise Skip(f"{COMPILER} is missing: run tools/deps check")
    kdir = kernel_headers(release)
    sources = sorted(glob.glob(f"{TOP}/kmod/*.[ch]") + glob.glob(f"{TOP}/abi/*.h") + [f"{TOP}/kmod/Kbuild"])
    key = hashlib.sha256("\n".join([kdir] + [os.path.relpath(s, TOP) + file_hash(s) for s in sources]).encode()).hexdigest()[:12]
    out = cache(f"kmod-{release}-{key}")

    def make():
        build = out + ".build"
        shutil.rmtree(build, ignore_errors=True)
        flags = f"ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC={COMPILER}"
        if release != "12":
            flags += " CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= CONFIG_DEBUG_INFO_BTF_MODULES="
        # Not as a part of the make that runs the tests: that one's job server is not this one's.
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        done = subprocess.run(["make", "-s", "kmod", f"B={build}", f"KDIR={kdir}", f"KMOD_FLAGS={flags}"], cwd=TOP, text=True, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        bad = [line for line in done.stdout.split("\n") if "warning" in line.lower() and "compiler differs" not in line]
        if done.returncode or bad:
            raise RuntimeError(f"make kmod KDIR={kdir}: status {done.returncode}\n{done.stdout}")
        os.makedirs(out + ".new", exist_ok=True)
        for module in MODULES:
            shutil.copy(f"{build}/kmod/{module}", out + ".new")
        shutil.rmtree(build)
        os.rename(out + ".new", out)

    return made(out, make) + "/" + module


if __name__ == "__main__":
    import sys

    print(kmod(*sys.argv[1:]))
