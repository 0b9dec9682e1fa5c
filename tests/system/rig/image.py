# SPDX-License-Identifier: BSD-2-Clause
"""
What rigs boot: a Debian kernel with an initramfs of ours (the script `initramfs` beside this file), kept in the user's
cache directory under the hash of all that goes into it, so that every checkout shares one and a change makes another.
"""

import fcntl
import hashlib
import lzma
import os
import shutil
import struct
import subprocess

from vmm import TOP, Skip

SCRIPT = os.path.join(TOP, "tests", "system", "rig", "initramfs")


def tool(*argv):
    """Output of a program of this repository; what it says last is why a test cannot run."""
    done = subprocess.run(argv, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Skip((done.stderr.strip().split("\n") or ["?"])[-1])
    return done.stdout.strip()


def cache(*parts):
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "cella", "rig", *parts)


def made(path, make):
    """The path, after make() unless it is there already. Processes that want the same one wait for one another."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            make()
    return path


def file_hash(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def image(spec, modules, add=(), name=None):
    """(kernel, initrd) of the Debian that spec names ("12", "amd64/12"...), with modules and added files."""
    inputs = [spec, *modules, file_hash(SCRIPT)] + [os.path.basename(a) + " " + file_hash(a) for a in add]
    key = hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:12]
    out = cache(f"{name or spec.replace('/', '-')}-{key}")
    args = [a for f in add for a in ("-a", f)]
    made(out, lambda: tool(SCRIPT, spec, out, *args, *modules))
    return f"{out}/linux", f"{out}/initrd.gz"


def preload(source):
    """A shared object of one of the C files beside this one, for LD_PRELOAD."""
    path = os.path.join(os.path.dirname(SCRIPT), source)
    out = cache(f"{source}-{file_hash(path)[:12]}.so")

    def make():
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", out + ".new", path], check=True)
        os.rename(out + ".new", out)

    return made(out, make)


def vmlinux(bzimage):
    """
    The ELF file inside an x86 kernel (Linux, Documentation/arch/x86/boot.rst: setup_sects, payload_offset and
    payload_length), which an emulated CPU would be long in unpacking.
    """
    def unpack():
        with open(bzimage, "rb") as f:
            data = f.read()
        start = (data[0x1F1] + 1) * 512 + struct.unpack_from("<I", data, 0x248)[0]
        packed = data[start:start + struct.unpack_from("<I", data, 0x24C)[0]]
        if packed[:6] != b"\xfd7zXZ\0":
            raise Skip(f"{bzimage}: its kernel is packed by something else than xz")
        with open(out + ".new", "wb") as f:
            f.write(lzma.LZMADecompressor().decompress(packed))
        os.rename(out + ".new", out)

    out = cache("vmlinux-" + hashlib.sha256(os.path.realpath(bzimage).encode()).hexdigest()[:12])
    return made(out, unpack)


def loaded_by_name(program, dirs=()):
    """Libraries that Cella loads when it needs them, where they are there: in dirs, or wherever the host's loader finds them."""
    name = "libslirp.so.0"
    if os.path.basename(program) != "cella":
        return []
    if dirs:
        return [p for d in dirs if os.path.exists(p := os.path.join(d, name))][:1]
    known = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split()[-1] for line in known.split("\n") if line.split()[:1] == [name]][:1]


def bundle(program, out, libc_dirs=(), readelf="readelf"):
    """
    Copies a program and the shared libraries it needs to a directory, which start(...) below runs anywhere. The host's
    own come from ldd; another architecture's from libc_dirs.
    """
    os.makedirs(out, exist_ok=True)
    extra = loaded_by_name(program, libc_dirs)
    for path in (program, *extra):
        shutil.copy2(path, os.path.join(out, os.path.basename(path)))
    if libc_dirs:
        todo, seen = [program, *extra], set()
        while todo:
            text = subprocess.run([readelf, "-d", "-l", todo.pop()], stdout=subprocess.PIPE, text=True, check=True).stdout
            for line in text.split("\n"):
                if "(NEEDED)" in line:
                    name = line.split("[")[1].split("]")[0]
                elif "program interpreter" in line:
                    name = os.path.basename(line.split(": ")[1].rstrip("]"))
                else:
                    continue
                path = next((p for d in libc_dirs if os.path.exists(p := os.path.join(d, name))), None)
                if not path:
                    raise Skip(f"{name}, which {program} needs, is not in {' '.join(libc_dirs)}")
                if name not in seen:
                    seen.add(name)
                    shutil.copy2(path, os.path.join(out, name))
                    todo.append(path)
        return
    text = subprocess.run(["ldd", program, *extra], stdout=subprocess.PIPE, text=True, check=True).stdout
    for word in text.split():
        if word.startswith("/") and not word.endswith(":"):
            shutil.copy2(word, os.path.join(out, os.path.basename(word)))
