#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
decodegen: instruction tables (.dec) -> C decoder, argument struct and information table. Long because it is a whole small
compiler (parser, checks, decision tree, three outputs) that has to run from one file in any build.

A table line describes one instruction, most significant bit first:

    NAME   bits and fields...   [? constraint] [= name:width expr]... [@feature] [%flag]...

  bits        runs of 0 and 1 are fixed bits; '.' is a bit that is ignored (spaces are free)
  field       `name` is one bit, `name:5` five bits, `name:s9` nine bits, sign-extended
  ? expr      the encoding is allocated only where expr holds: C operators over the line's fields, `def` names,
              + - * << >> & | ^ ~ ! && || == != < <= > >= and parentheses; ?: only inside parentheses
  = n:w expr  a derived field: computed after the raw ones, in order, and visible to the constraint and to later
              derived fields; `n:s64` is signed
  @feature    the architecture extension that the instruction belongs to (none: `base`)
  %flag       a hint: see `flags` in the generated header; free words, `group` lines give defaults

Other lines:

    group NAME [@feature] [%flag]...      what follows belongs to group NAME and has these defaults
    width N                               what follows is N bits wide (32 unless said)
    def NAME expr                         a named expression, usable in the expressions of every table given
    # comment

A line may be continued by ending it with a backslash. A constraint bounds the encodings a line claims; where two lines
claim the same encoding, the line with strictly more fixed bits wins, anything else is an error and the witness is
printed. What no line claims is unallocated.

    decodegen.py --prefix a64 --incdir isa/arm64 --out build/gen/isa/arm64 table.dec...

writes PREFIX_ops.h, PREFIX_decode.c and PREFIX_info.c. `PREFIX_decode(insn, args)` decodes 32-bit words; a table with
16-bit lines also gets `PREFIX_decode16`.
"""

import argparse
import os
import re
import sys

MAX_WITNESS_BITS = 18       # enumerate at most this many free bits when two constrained lines meet
LEAF = 2                    # a decision-tree leaf may test this many lines one after another


class TableError(Exception):
    pass


# ---------------------------------------------------------------------------------------------- expressions

TOKEN = re.compile(r"\s*(0x[0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<<|>>|&&|\|\||==|!=|<=|>=|[-+*<>&|^~!?:()])")
LEVELS = [["||"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*"]]

BINARY = {
    "||": lambda a, b: int(bool(a) or bool(b)), "&&": lambda a, b: int(bool(a) and bool(b)),
    "|": lambda a, b: a | b, "^": lambda a, b: a ^ b, "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b), "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << b, ">>": lambda a, b: a >> b,
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
}


class Parser:
    """C expression text -> nested tuples ('num', n) ('id', name) (op, a) (op, a, b) ('?', c, a, b)."""

    def __init__(self, text):
        self.toks, pos = [], 0
        text = text.strip()
        while pos < len(text):
            m = TOKEN.match(text, pos)
            if not m:
                raise TableError(f"bad expression near '{text[pos:]}'")
            self.toks.append(m.group(1))
            pos = m.end()
        self.pos = 0

    def peek(self):
        return self.toks[self.pos] if self.pos < len(self.toks) else None

    def next(self):
        tok = self.peek()
        if tok is None:
            raise TableError("expression ends early")
        self.pos += 1
        return tok

    def expect(self, tok):
        if self.next() != tok:
            raise TableError(f"expected '{tok}' in expression")

    def parse(self):
        tree = self.ternary()
        if self.peek() is not None:
            raise TableError(f"unexpected '{self.peek()}' in expression")
        return tree

    def ternary(self):
        cond = self.binary(0)
        if self.peek() != "?":
            return cond
        self.next()
        yes = self.ternary()
        self.expect(":")
        return ("?", cond, yes, self.ternary())

    def binary(self, level):
        if level == len(LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in LEVELS[level]:
            op = self.next()
            left = (op, left, self.binary(level + 1))
        return left

    def unary(self):
        tok = self.next()
        if tok in ("!", "~", "-"):
            return (tok, self.unary())
        if tok == "(":
            tree = self.ternary()
            self.expect(")")
            return tree
        if tok[0].isdigit():
            return ("num", int(tok, 0))
        if tok[0].isalpha() or tok[0] == "_":
            return ("id", tok)
        raise TableError(f"unexpected '{tok}' in expression")


def expr_substitute(tree, defs):
    if tree[0] == "id":
        return expr_substitute(defs[tree[1]], defs) if tree[1] in defs else tree
    if tree[0] == "num":
        return tree
    return (tree[0],) + tuple(expr_substitute(t, defs) for t in tree[1:])


def expr_names(tree):
    if tree[0] == "id":
        return {tree[1]}
    if tree[0] == "num":
        return set()
    return set().union(*(expr_names(t) for t in tree[1:]))


def expr_eval(tree, env):
    op = tree[0]
    if op == "num":
        return tree[1]
    if op == "id":
        return env[tree[1]]
    if op == "?":
        return expr_eval(tree[2] if expr_eval(tree[1], env) else tree[3], env)
    if len(tree) == 2:
        val = expr_eval(tree[1], env)
        return {"!": int(not val), "~": ~val, "-": -val}[op]
    if op == "&&":
        return int(bool(expr_eval(tree[1], env)) and bool(expr_eval(tree[2], env)))
    if op == "||":
        return int(bool(expr_eval(tree[1], env)) or bool(expr_eval(tree[2], env)))
    return BINARY[op](expr_eval(tree[1], env), expr_eval(tree[2], env))


def expr_c(tree, cast):
    op = tree[0]
    if op == "num":
        return str(tree[1])
    if op == "id":
        return tree[1] if cast == "int" else f"({cast}){tree[1]}"
    if op == "?":
        return "({} ? {} : {})".format(*(expr_c(t, cast) for t in tree[1:]))
    if len(tree) == 2:
        return f"{op}({expr_c(tree[1], cast)})"
    return f"({expr_c(tree[1], cast)} {op} {expr_c(tree[2], cast)})"


# --------------------------------------------------------------------------------------------------- tables

class Field:
    def __init__(self, name, width, signed, lsb=None, tree=None):
        self.name, self.width, self.signed, self.lsb, self.tree = name, width, signed, lsb, tree

    def extract(self, insn):
        val = (insn >> self.lsb) & ((1 << self.width) - 1)
        return val - (1 << self.width) if self.signed and val >> (self.width - 1) else val


class Line:
    """One table line: fixed bits (mask, value), raw fields, derived fields, constraint."""

    def __init__(self, name, where):
        self.name, self.where = name, where
        self.width, self.mask, self.value = 32, 0, 0
        self.fields, self.derived = [], []
        self.constraint = None
        self.feature, self.flags, self.group = "base", [], "none"

    def env(self, insn):
        env = {f.name: f.extract(insn) for f in self.fields}
        for f in self.derived:
            env[f.name] = expr_eval(f.tree, env)
        return env

    def claims(self, insn):
        if insn & self.mask != self.value:
            return False
        return self.constraint is None or bool(expr_eval(self.constraint, self.env(insn)))

    def constraint_bits(self):
        """Mask of the instruction bits that the constraint reads, through derived fields too."""
        if self.constraint is None:
            return 0
        names = expr_names(self.constraint)
        for f in reversed(self.derived):
            if f.name in names:
                names |= expr_names(f.tree)
        bits = 0
        for f in self.fields:
            if f.name in names:
                bits |= ((1 << f.width) - 1) << f.lsb
        return bits


def parse_width(text):
    signed = text.startswith("s")
    return int(text[1:] if signed else text), signed


def parse_tags(words, line):
    for word in words:
        if word.startswith("@"):
            line.feature = word[1:]
        elif word.startswith("%"):
            line.flags = line.flags + [word[1:]]
        else:
            raise TableError(f"unexpected word '{word}'")


def parse_pattern(words, line):
    pieces, total = [], 0
    for word in words:
        if re.fullmatch(r"[01.]+", word):
            pieces.append((word, len(word)))
        else:
            m = re.fullmatch(r"([a-z]\w*)(?::(s?\d+))?", word)
            if not m:
                raise TableError(f"bad field '{word}'")
            width, signed = parse_width(m.group(2) or "1")
            pieces.append((Field(m.group(1), width, signed), width))
        total += pieces[-1][1]
    if total != line.width:
        raise TableError(f"{total} bits, not {line.width}")
    pos = line.width
    for piece, width in pieces:
        pos -= width
        if isinstance(piece, Field):
            piece.lsb = pos
            line.fields.append(piece)
            continue
        for i, ch in enumerate(piece):
            bit = 1 << (pos + width - 1 - i)
            line.mask |= bit if ch != "." else 0
            line.value |= bit if ch == "1" else 0


def parse_instruction(text, group, defs, where):
    parts = re.split(r"(?:^|\s)([?=@%])(?=[\s\w(!~])", text)
    # '?:' inside an expression splits as well: glue such pieces back while parentheses are open
    glued = [parts[0]]
    for mark, rest in zip(parts[1::2], parts[2::2]):
        if glued[-1].count("(") > glued[-1].count(")"):
            glued[-1] += f" {mark}{rest}"
        else:
            glued.append(mark + rest)
    words = glued[0].split()
    line = Line(words[0], where)
    line.width, line.feature, line.flags, line.group = group.width, group.feature, list(group.flags), group.name
    parse_pattern(words[1:], line)
    for part in glued[1:]:
        mark, rest = part[0], part[1:].strip()
        if mark in "@%":
            parse_tags([mark + rest], line)
        elif mark == "=":
            head, _, expr = rest.partition(" ")
            name, _, width = head.partition(":")
            width, signed = parse_width(width or "1")
            line.derived.append(Field(name, width, signed, None, expr_substitute(Parser(expr).parse(), defs)))
        else:
            tree = expr_substitute(Parser(rest).parse(), defs)
            line.constraint = tree if line.constraint is None else ("&&", line.constraint, tree)
    check_names(line)
    return line


def check_names(line):
    known = ["raw", "op", "insn", "a"] + [f.name for f in line.fields]
    if len(set(known)) != len(known):
        raise TableError("a field occurs twice, or has a reserved name (raw, op, insn, a)")
    for f in line.derived:
        unknown = expr_names(f.tree) - set(known)
        if unknown:
            raise TableError(f"unknown field {sorted(unknown)}")
        if f.name in known:
            raise TableError(f"derived field {f.name} already exists")
        known.append(f.name)
    unknown = expr_names(line.constraint) - set(known) if line.constraint else None
    if unknown:
        raise TableError(f"unknown field {sorted(unknown)}")


def read_lines(path):
    """(where, words, text) of every logical line: comments dropped, continuations joined."""
    pending, start = "", 0
    with open(path, encoding="utf-8") as f:
        for number, text in enumerate(f, 1):
            text = text.split("#")[0].rstrip()
            start = start or number
            if text.endswith("\\"):
                pending += text[:-1] + " "
                continue
            text, pending = (pending + text).strip(), ""
            where, start = f"{path}:{start}", 0
            if text:
                yield where, text.split(), text


def parse_file(path, defs):
    lines, group = [], Line("none", path)
    for where, words, text in read_lines(path):
        try:
            if words[0] == "group":
                width, group = group.width, Line(words[1], where)
                group.width = width
                parse_tags(words[2:], group)
            elif words[0] == "width":
                group.width = int(words[1])
            elif words[0] != "def":
                lines.append(parse_instruction(text, group, defs, where))
        except TableError as e:
            sys.exit(f"{where}: {words[0]}: {e}")
    return lines


def parse_files(paths):
    defs, seen = {}, {}
    for path in paths:
        for where, words, _ in read_lines(path):
            if words[0] == "def":
                defs[words[1]] = Parser(" ".join(words[2:])).parse()
    lines = [line for path in paths for line in parse_file(path, defs)]
    for line in lines:
        if line.name in seen:
            sys.exit(f"{line.where}: {line.name} is already defined at {seen[line.name]}")
        seen[line.name] = line.where
    return lines


# ------------------------------------------------------------------------------------------------- overlaps

def bit_list(mask):
    return [i for i in range(mask.bit_length()) if mask >> i & 1]


def spread(number, bits):
    out = 0
    for i, bit in enumerate(bits):
        out |= (number >> i & 1) << bit
    return out


def find_witness(p, q):
    """An encoding that both lines claim, or None."""
    if p.width != q.width or (p.value ^ q.value) & p.mask & q.mask:
        return None
    base, fixed = p.value | q.value, p.mask | q.mask
    bits = bit_list((p.constraint_bits() | q.constraint_bits()) & ~fixed)
    if len(bits) > MAX_WITNESS_BITS:
        sys.exit(f"{p.where}: {p.name} and {q.name}: constraints read {len(bits)} free bits, too many to compare")
    for number in range(1 << len(bits)):
        insn = base | spread(number, bits)
        if p.claims(insn) and q.claims(insn):
            return insn
    return None


def check_overlaps(lines):
    bad = 0
    for i, p in enumerate(lines):
        if p.constraint is not None and len(bit_list(p.constraint_bits() & ~p.mask)) <= MAX_WITNESS_BITS \
                and find_witness(p, p) is None:
            print(f"{p.where}: {p.name}: no encoding satisfies the constraint", file=sys.stderr)
            bad += 1
        for q in lines[i + 1:]:
            if (p.value ^ q.value) & p.mask & q.mask:
                continue
            if p.mask != q.mask and (p.mask & q.mask) in (p.mask, q.mask):
                continue
            insn = find_witness(p, q)
            if insn is not None:
                print(f"{q.where}: {q.name} and {p.name} ({p.where}) both claim {insn:#010x}", file=sys.stderr)
                bad += 1
    if bad:
        sys.exit(1)


# --------------------------------------------------------------------------------------------- decision tree

def buckets(lines, known, lo, size):
    """Lines by value of the window [lo, lo+size); a line that ignores a bit lands in several buckets."""
    out = {}
    window = (1 << size) - 1
    for line in lines:
        mask, value = line.mask >> lo & window, line.value >> lo & window
        free = bit_list(window & ~mask)
        for n in range(1 << len(free)):
            out.setdefault(value | spread(n, free), []).append(line)
    return out


def choose_window(lines, known):
    """The window of bits that leaves the fewest lines to look at, counting a larger table as a cost."""
    best, best_cost = None, float(len(lines)) - 0.01
    useful = 0
    for line in lines:
        useful |= line.mask
    useful &= ~known
    for size in range(1, 9):
        for lo in range(0, lines[0].width - size + 1):
            window = ((1 << size) - 1) << lo
            if not (useful >> lo & 1 and useful >> (lo + size - 1) & 1):
                continue
            if known & window:
                continue
            if max(len(bit_list(window & ~l.mask)) for l in lines) > 4:
                continue
            sets = buckets(lines, known, lo, size).values()
            total = sum(map(len, sets))
            cost = sum(len(s) ** 2 for s in sets) / total + 0.3 * total / len(lines) * size
            if cost < best_cost:
                best, best_cost = (lo, size), cost
    return best


def emit_tree(lines, known, indent, out, prefix):
    tab = "\t" * indent
    full = ((1 << lines[0].width) - 1)
    window = choose_window(lines, known) if len(lines) > LEAF else None
    if window is None:
        for line in sorted(lines, key=lambda l: -bin(l.mask).count("1")):
            rest = line.mask & ~known & full
            test = f"(insn & {rest:#x}) == {line.value & rest:#x} && " if rest else ""
            out.append(f"{tab}if ({test}take_{line.name}(insn, a))")
            out.append(f"{tab}\treturn {prefix.upper()}_{line.name};")
        out.append(f"{tab}break;" if indent > 1 else f"{tab}return {prefix.upper()}_UNALLOCATED;")
        return
    lo, size = window
    out.append(f"{tab}switch (insn >> {lo} & {(1 << size) - 1:#x}) {{")
    merged = {}
    for key, group in sorted(buckets(lines, known, lo, size).items()):
        merged.setdefault(tuple(id(l) for l in group), ([], group))[0].append(key)
    for keys, group in merged.values():
        for i in range(0, len(keys), 8):
            out.append(tab + " ".join(f"case {k:#x}:" for k in keys[i:i + 8]))
        same = ((1 << size) - 1) << lo if len(keys) == 1 else 0
        if len(keys) > 1:               # bits on which all keys agree are known
            agree = (1 << size) - 1
            for k in keys:
                agree &= ~(k ^ keys[0])
            same = agree << lo
        emit_tree(group, known | same, indent + 1, out, prefix)
    out.append(f"{tab}}}")
    out.append(f"{tab}break;" if indent > 1 else f"{tab}return {prefix.upper()}_UNALLOCATED;")


# --------------------------------------------------------------------------------------------------- output

def banner(what, files):
    return ["/* SPDX-License-Identifier: BSD-2-Clause */",
            f"/* {what}. Generated by tools/decodegen.py from {', '.join(os.path.basename(f) for f in files)}. */"]


def c_type(width, signed):
    for size in (8, 16, 32, 64):
        if width <= size:
            return f"{'' if signed else 'u'}int{max(size, 32) if signed else size}_t"
    raise TableError("field too wide")


def arg_members(lines):
    members = {}
    for line in lines:
        for f in line.fields + line.derived:
            width, signed = members.get(f.name, (0, f.signed))
            if signed != f.signed:
                sys.exit(f"{line.where}: {line.name}: field {f.name} is signed in one line and unsigned in another")
            members[f.name] = (max(width, f.width), signed)
    return members


def write(path, text):
    text = "\n".join(text) + "\n"
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def emit_header(prefix, lines, files, path):
    up = prefix.upper()
    features = ["base"] + sorted({l.feature for l in lines} - {"base"})
    flags = sorted({f for l in lines for f in l.flags})
    groups = list(dict.fromkeys(l.group for l in lines))
    out = banner(f"{prefix}: operations, decoded fields and hints", files)
    out += [f"#ifndef {up}_OPS_H", f"#define {up}_OPS_H", "", "#include <stdint.h>", "",
            f"/* X(NAME) for every operation, in the order of enum {prefix}_op. */", f"#define {up}_OPS(X) \\"]
    out += [f"\tX({l.name}) \\" for l in lines[:-1]] + [f"\tX({lines[-1].name})", ""]
    out += [f"enum {prefix}_op {{", f"\t{up}_UNALLOCATED,"] + [f"\t{up}_{l.name}," for l in lines]
    out += [f"\t{up}_OP_COUNT", "};", ""]
    out += [f"enum {prefix}_feature {{"] + [f"\t{up}_FEAT_{f}," for f in features] + [f"\t{up}_FEAT_COUNT", "};", ""]
    out += [f"enum {prefix}_group {{"] + [f"\t{up}_GROUP_{g}," for g in groups] + [f"\t{up}_GROUP_COUNT", "};", ""]
    out += ["/* Hints: the %words of the table. */"]
    out += [f"#define {up}_FLAG_{f}\t(UINT32_C(1) << {i})" for i, f in enumerate(flags)] + [""]
    out += ["/* What a decoded instruction holds. Only the fields of the operation's own table line are written. */",
            f"struct {prefix}_args {{"]
    members = arg_members(lines)
    order = {"int64_t": 0, "uint64_t": 0, "int32_t": 1, "uint32_t": 1, "uint16_t": 2, "uint8_t": 3}
    decl = sorted((order[c_type(w, s)], name, c_type(w, s)) for name, (w, s) in members.items())
    out += [f"\t{t}\t{name};" for rank, name, t in decl if rank == 0]
    out += ["\tuint32_t\traw;\t\t/* the instruction word */"]
    out += [f"\t{t}\t{name};" for rank, name, t in decl if rank == 1]
    out += [f"\tuint16_t\top;\t\t/* enum {prefix}_op */"]
    out += [f"\t{t}\t{name};" for rank, name, t in decl if rank > 1]
    out += ["};", "", f"struct {prefix}_info {{", "\tconst char\t*name;\t\t/* as in the table */",
            "\tuint32_t\tmask, value;\t/* fixed bits; a constraint may exclude more */",
            f"\tuint32_t\tflags;\t\t/* {up}_FLAG_* */",
            f"\tuint8_t\t\tfeature;\t/* enum {prefix}_feature */", f"\tuint8_t\t\tgroup;\t\t/* enum {prefix}_group */",
            "\tuint8_t\t\twidth;\t\t/* of the encoding in bits */", "};", "",
            f"extern const struct {prefix}_info {prefix}_info[{up}_OP_COUNT];",
            f"extern const char *const {prefix}_feature_name[{up}_FEAT_COUNT];",
            f"extern const char *const {prefix}_group_name[{up}_GROUP_COUNT];", "",
            "/*", " * Decodes one instruction word: fills the operation's own fields of *a plus raw and op, and returns op.",
            f" * {up}_UNALLOCATED when no table line claims the word. Features are not looked at.", " */",
            f"enum {prefix}_op {prefix}_decode(uint32_t insn, struct {prefix}_args *a);"]
    if any(l.width == 16 for l in lines):
        out += [f"enum {prefix}_op {prefix}_decode16(uint16_t insn, struct {prefix}_args *a);"]
    out += ["", "#endif"]
    write(path, out)


def extract_c(f):
    if f.signed:
        left, right = 32 - f.lsb - f.width, 32 - f.width
        return f"(int32_t)(insn << {left}) >> {right}" if left else f"(int32_t)insn >> {right}"
    code = f"insn >> {f.lsb}" if f.lsb else "insn"
    return code + (f" & {(1 << f.width) - 1:#x}" if f.lsb + f.width < 32 else "")


def emit_take(line, prefix, types, out):
    """The function that says whether the constraint of a line holds, and fills its fields only then."""
    out += ["", f"static bool take_{line.name}(uint32_t insn, struct {prefix}_args *a)", "{"]
    for f in line.fields:
        out.append(f"\tconst {'int' if f.width < 32 else 'int64_t'} {f.name} = (int)({extract_c(f)});")
    for f in line.derived:
        ctype = "int64_t" if f.width > 31 else "int"
        out.append(f"\tconst {ctype} {f.name} = {expr_c(f.tree, ctype)};")
    if line.fields:
        out.append("")
    if line.constraint:
        out += [f"\tif (!{expr_c(line.constraint, 'int')})", "\t\treturn false;"]
    members = arg_members([line])
    for name, (width, signed) in members.items():
        out.append(f"\ta->{name} = ({types[name]}){name};")
    if not members:
        out += ["\t(void)insn;", "\t(void)a;"]
    out += ["\treturn true;", "}"]


def emit_decoder(prefix, lines, files, incdir, path):
    out = banner(f"{prefix} decoder: a tree of switches, then the line's own test", files)
    out += ["", "#include <stdbool.h>", "", f'#include "{incdir}/{prefix}_ops.h"']
    types = {name: c_type(width, signed) for name, (width, signed) in arg_members(lines).items()}
    for line in lines:
        emit_take(line, prefix, types, out)
    for width, suffix in ((32, ""), (16, "16")):
        group = [l for l in lines if l.width == width]
        if not group:
            continue
        out += ["", f"static enum {prefix}_op match{width}(uint32_t insn, struct {prefix}_args *a)", "{"]
        emit_tree(group, 0, 1, out, prefix)
        out += ["}", "", f"enum {prefix}_op {prefix}_decode{suffix}(uint{width}_t insn, struct {prefix}_args *a)", "{",
                "\ta->raw = insn;", f"\ta->op = match{width}(insn, a);", "\treturn a->op;", "}"]
    write(path, out)


def emit_info(prefix, lines, files, incdir, path):
    up = prefix.upper()
    out = banner(f"{prefix}: what is known of each operation", files) + ["", f'#include "{incdir}/{prefix}_ops.h"', ""]
    out += [f"const struct {prefix}_info {prefix}_info[{up}_OP_COUNT] = {{",
            f'\t[{up}_UNALLOCATED] = {{ "UNALLOCATED", 0, 0, 0, 0, 0, 0 }},']
    for l in lines:
        flags = " | ".join(f"{up}_FLAG_{f}" for f in sorted(set(l.flags))) or "0"
        out.append(f'\t[{up}_{l.name}] = {{ "{l.name}", {l.mask:#010x}, {l.value:#010x},\n\t\t{flags},\n'
                   f"\t\t{up}_FEAT_{l.feature}, {up}_GROUP_{l.group}, {l.width} }},")
    out += ["};", "", f"const char *const {prefix}_feature_name[{up}_FEAT_COUNT] = {{"]
    out += [f'\t[{up}_FEAT_{f}] = "{f}",' for f in ["base"] + sorted({l.feature for l in lines} - {"base"})]
    out += ["};", "", f"const char *const {prefix}_group_name[{up}_GROUP_COUNT] = {{"]
    out += [f'\t[{up}_GROUP_{g}] = "{g}",' for g in dict.fromkeys(l.group for l in lines)] + ["};"]
    write(path, out)


def main():
    ap = argparse.ArgumentParser(description="instruction tables -> C decoder")
    ap.add_argument("--prefix", required=True, help="of the generated names and files: a64, rv64")
    ap.add_argument("--incdir", required=True, help="how generated headers are included: isa/arm64")
    ap.add_argument("--out", required=True, help="folder to write to")
    ap.add_argument("tables", nargs="+")
    args = ap.parse_args()

    lines = parse_files(args.tables)
    check_overlaps(lines)
    os.makedirs(args.out, exist_ok=True)
    base = os.path.join(args.out, args.prefix)
    emit_header(args.prefix, lines, args.tables, base + "_ops.h")
    emit_decoder(args.prefix, lines, args.tables, args.incdir, base + "_decode.c")
    emit_info(args.prefix, lines, args.tables, args.incdir, base + "_info.c")


if __name__ == "__main__":
    main()
