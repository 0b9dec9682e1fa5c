#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
# cases: overlap_is_reported_with_a_witness constraints_separate_lines more_fixed_bits_win errors_name_their_line
# cases: an_impossible_constraint_is_an_error sixteen_bit_lines_get_their_own_decoder
"""The decoder generator on small tables: what it refuses, and that what it writes decodes."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def generate(folder, table):
    path = os.path.join(folder, "t.dec")
    with open(path, "w", encoding="utf-8") as f:
        f.write(table)
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools/decodegen.py"), "--prefix", "t", "--incdir", ".",
                           "--out", folder, path], capture_output=True, text=True, check=False)


def refused(table, *words):
    with tempfile.TemporaryDirectory() as folder:
        run = generate(folder, table)
    assert run.returncode != 0, "the table was accepted"
    for word in words:
        assert word in run.stderr, f"'{word}' is not in: {run.stderr}"


def decoded(table, calls):
    """Runs C expressions after generating and compiling; returns their values."""
    with tempfile.TemporaryDirectory() as folder:
        run = generate(folder, table)
        assert run.returncode == 0, run.stderr
        main = '#include <stdio.h>\n#include "t_ops.h"\nint main(void)\n{\n\tstruct t_args a;\n'
        main += "".join(f'\tprintf("%lld\\n", (long long)({c}));\n' for c in calls) + "\treturn 0;\n}\n"
        with open(os.path.join(folder, "main.c"), "w", encoding="utf-8") as f:
            f.write(main)
        exe = os.path.join(folder, "main")
        cc = os.environ.get("CC", "cc").split()
        subprocess.run([*cc, "-Wall", "-Wextra", "-Werror", "-I", folder, "-o", exe]
                       + [os.path.join(folder, n) for n in ("main.c", "t_decode.c", "t_info.c")], check=True)
        return [int(x) for x in subprocess.run([exe], capture_output=True, text=True, check=True).stdout.split()]


PAD = "........ ........ ........"


def overlap_is_reported_with_a_witness():
    refused(f"A 0000 x:4 {PAD} ? x < 8\nB ....01.. {PAD}\n", "t.dec:2: B and A", "both claim 0x04000000")


def constraints_separate_lines():
    table = f"A 0000 x:4 {PAD} ? x < 8\nB 0000 y:4 {PAD} ? y >= 8 && y != 12\n"
    assert decoded(table, ["t_decode(0x07000000, &a) == T_A && a.x == 7", "t_decode(0x08000000, &a) == T_B",
                           "t_decode(0x0c000000, &a) == T_UNALLOCATED"]) == [1, 1, 1]


def more_fixed_bits_win():
    table = f"A 0000 x:4 {PAD}\nB 00000001 {PAD}\n"
    assert decoded(table, ["t_decode(0x01000000, &a) == T_B", "t_decode(0x02000000, &a) == T_A"]) == [1, 1]


def errors_name_their_line():
    refused("# head\nA 0000 x:4\n", "t.dec:2: A: 8 bits, not 32")
    refused(f"A 0000 x:4 {PAD} ? y == 1\n", "t.dec:1: A: unknown field ['y']")
    refused(f"A 0000 x:4 {PAD} ? x == \n", "t.dec:1: A:", "expression ends early")
    refused(f"A 0000 x:2 x:2 {PAD}\n", "t.dec:1: A: a field occurs twice")
    refused(f"A 00000000 {PAD}\nA 00000001 {PAD}\n", "A is already defined at")


def an_impossible_constraint_is_an_error():
    refused(f"A 0000 x:4 {PAD} ? x > 15\n", "no encoding satisfies the constraint")


def sixteen_bit_lines_get_their_own_decoder():
    table = ("width 16\nC_ADDI 000 high:s1 rd:5 low:5 01 = imm:s32 high * 32 + low\nC_NOP 0000000000000001\n"
             "width 32\nADDI imm12:s12 rs1:5 000 rd:5 0010011 = imm:s32 imm12\n")
    assert decoded(table, ["t_decode16(0x1501, &a) == T_C_ADDI", "a.imm", "a.rd", "t_decode16(1, &a) == T_C_NOP",
                           "t_decode(0xfff10093, &a) == T_ADDI", "a.imm", "t_info[T_C_NOP].width"]) \
        == [1, -32, 10, 1, 1, -1, 16]


if __name__ == "__main__":
    globals()[sys.argv[1]]()
