/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The A64 decoder against LLVM's disassembler, which is loaded at run time (the test is skipped where it isn't installed).
 *
 * Words are drawn into the space of every table line, with a few fixed bits flipped, so that the borders of allocated
 * space are hit often. Compared: allocated or not, the mnemonic, and the last immediate or lane number in the text with
 * the decoded field. The seed is printed; A64_ORACLE_WORDS and A64_ORACLE_SEED in the environment widen the run.
 *
 * Where LLVM differs and is not followed:
 *  - it refuses CONSTRAINED UNPREDICTABLE forms (write-back into a transferred register, LDP to one register twice) and
 *    non-default should-be-one bits of exclusives and ordered loads; the decoder takes them: see unpredictable();
 *  - it prints PSTATE fields that don't exist as generic MSR, and MRS/MSR with op0 0 or 1; both are unallocated;
 *  - DCPS1-3 are UNDEFINED outside Debug state, so the decoder doesn't know them.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/types.h"
#include "isa/arm64/a64_ops.h"
#include "tests/unit/skip.h"

#define UNSET	0xa5		/* what every byte of a64_args holds before decoding */

static const char features[] = "+v8a,+fp-armv8,+neon,+crc,+lse,+rdm,+rcpc,+fullfp16,+dotprod,+flagm,+fptoint,+sb,+ssbs,"
			       "+pan,+uaops,+lor,+aes,+sha2";

typedef size_t disassemble_fn(void *dc, uint8_t *bytes, uint64_t size, uint64_t pc, char *out, size_t out_size);
typedef void *create_fn(const char *triple, const char *cpu, const char *features, void *info, int tag, void *op_info,
			void *symbols);

static disassemble_fn *llvm_disassemble;
static void *llvm;

static int load_llvm(void **state)
{
	static const char *const sonames[] = { "libLLVM-14.so.1", "libLLVM-15.so.1" };
	static const char *const init[] = { "LLVMInitializeAArch64TargetInfo", "LLVMInitializeAArch64TargetMC",
					    "LLVMInitializeAArch64Disassembler" };
	create_fn *create;
	void *lib = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(sonames) && !lib; i++)
		lib = dlopen(sonames[i], RTLD_NOW);
	if (!lib)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(init); i++) {
		void (*fn)(void) = (void (*)(void))dlsym(lib, init[i]);

		if (!fn)
			return 0;
		fn();
	}
	create = (create_fn *)dlsym(lib, "LLVMCreateDisasmCPUFeatures");
	llvm_disassemble = (disassemble_fn *)dlsym(lib, "LLVMDisasmInstruction");
	if (create && llvm_disassemble)
		llvm = create("aarch64-unknown-linux", "generic", features, NULL, 0, NULL, NULL);
	return 0;
}

static uint64_t rng_next(uint64_t *s)		/* xorshift64 */
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Encodings with CONSTRAINED UNPREDICTABLE behaviour that LLVM refuses. */
static bool unpredictable(const struct a64_args *a, const struct a64_info *info)
{
	uint32_t flags = info->flags;
	bool same_base = (flags & A64_FLAG_wb) || a->op == A64_LDTR || a->op == A64_STTR || a->op == A64_LDTRS;
	bool fp = flags & A64_FLAG_fp;
	bool pair = !strncmp(info->name, "LDP", 3) || !strncmp(info->name, "LDNP", 4);
	bool store_pair = !strncmp(info->name, "STP", 3);

	if (a->op == A64_LDXP)
		return a->rt == a->rt2 || (a->raw >> 16 & 31) != 31;
	if (a->op == A64_LDXR || a->op == A64_STLR || a->op == A64_LDAR || a->op == A64_STLLR || a->op == A64_LDLAR)
		return (a->raw >> 16 & 31) != 31 || (a->raw >> 10 & 31) != 31;
	if (a->op == A64_LDAPR)
		return (a->raw >> 16 & 31) != 31;
	if (pair && a->rt == a->rt2)
		return true;
	return same_base && !fp && a->rn != 31 && (a->rn == a->rt || ((pair || store_pair) && a->rn == a->rt2));
}

/* Other spellings of an operation: preferred aliases, and forms that one table line covers. */
static const struct { const char *op, *mnemonics; } aliases[] = {
	{ "ADDS", "cmn" }, { "ANDS", "tst" }, { "ASRV", "asr" }, { "BFM", "bfi bfxil bfc" }, { "CSINC", "cinc cset" },
	{ "CSINV", "cinv csetm" }, { "CSNEG", "cneg" }, { "DSB", "ssbb pssbb" }, { "DUP", "mov" }, { "EXTR", "ror" },
	{ "FCCMP", "fccmpe" }, { "FCMP", "fcmpe" }, { "FCMPZ", "fcmp fcmpe" }, { "INS", "mov" }, { "LSLV", "lsl" },
	{ "LSRV", "lsr" }, { "RORV", "ror" }, { "MADD", "mul" }, { "MSUB", "mneg" }, { "MOVN", "mov" }, { "MOVZ", "mov" },
	{ "NOT", "mvn" }, { "ORN", "mvn" }, { "ORR", "mov" }, { "SBC", "ngc" }, { "SBCS", "ngcs" }, { "SUB", "neg" },
	{ "SUBS", "cmp negs" }, { "SBFM", "asr sbfiz sbfx sxtb sxth sxtw" }, { "UBFM", "lsl lsr ubfiz ubfx uxtb uxth" },
	{ "SMADDL", "smull" }, { "SMSUBL", "smnegl" }, { "UMADDL", "umull" }, { "UMSUBL", "umnegl" }, { "UMOV", "mov" },
	{ "SYS", "at dc ic tlbi cfp dvp cpp" }, { "HINT", "csdb dgh esb psb tsb bti" }, { "ADD", "mov" },
	{ "SSHLL", "sxtl" }, { "USHLL", "uxtl" }, { "STXR", "stlxr" }, { "LDXR", "ldaxr" }, { "STXP", "stlxp" },
	{ "LDXP", "ldaxp" }, { "LDADD", "stadd" }, { "LDCLR", "stclr" }, { "LDEOR", "steor" }, { "LDSET", "stset" },
	{ "LDSMAX", "stsmax" }, { "LDSMIN", "stsmin" }, { "LDUMAX", "stumax" }, { "LDUMIN", "stumin" },
};

/* text is base and what a load, store or CRC appends: order (a l al), then size; "2" of SIMD; ".eq" of B. */
static bool spelled(const char *text, const char *base, size_t base_len, const struct a64_args *a)
{
	const struct a64_info *info = &a64_info[a->op];
	char rest[16];
	static const char width[] = "bhwx";

	if (strncmp(text, base, base_len))
		return false;
	snprintf(rest, sizeof(rest), "%s", text + base_len);
	if (!*rest || !strcmp(rest, "2"))
		return !*rest || (info->flags & A64_FLAG_fp);
	if (a->op == A64_B_cond)
		return rest[0] == '.';
	if (a->op == A64_CRC32 || a->op == A64_CRC32C)
		return rest[0] == width[a->size] && !rest[1];
	if (info->group != A64_GROUP_ldst)
		return false;
	for (const char *c = rest; *c; c++)
		if (!strchr("al", *c))
			return *c == width[a->size] && !c[1];
	return true;
}

static bool mnemonic_matches(const char *text, const struct a64_args *a)
{
	const char *name = a64_info[a->op].name;
	size_t len = strcspn(name, "_");
	char base[16] = "";

	for (size_t i = 0; i < len && i < sizeof(base) - 1; i++)
		base[i] = (char)tolower((unsigned char)name[i]);
	if (spelled(text, base, len, a))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (strlen(aliases[i].op) != len || strncmp(aliases[i].op, name, len))
			continue;
		for (const char *m = aliases[i].mnemonics; *m; m += strcspn(m, " "), m += strspn(m, " "))
			if (spelled(text, m, strcspn(m, " "), a))
				return true;
	}
	return false;
}

/* The number after the last `mark` in text; false where there is none. */
static bool last_number(const char *text, char mark, int64_t *out)
{
	const char *at = strrchr(text, mark);

	if (!at || !(isdigit((unsigned char)at[1]) || at[1] == '-'))
		return false;
	*out = strtoll(at + 1, NULL, 0);
	return true;
}

static bool is_set(const void *field, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (((const uint8_t *)field)[i] != UNSET)
			return true;
	return false;
}
#define IS_SET(a, f)	is_set(&(a)->f, sizeof((a)->f))

/* Derived numbers as LLVM prints them. */
static bool operands_match(const char *text, const struct a64_args *a)
{
	uint32_t group = a64_info[a->op].group;
	int64_t n;

	if (group == A64_GROUP_ldst || group == A64_GROUP_ldst_fp) {
		text = strchr(text, '[') ? strchr(text, '[') : text;	/* past the operation of PRFM */
		if (IS_SET(a, amount))
			return !last_number(text, '#', &n) || n == a->amount;
		if (IS_SET(a, imm))
			return last_number(text, '#', &n) ? n == a->imm : a->imm == 0;
	}
	if (group == A64_GROUP_branch && IS_SET(a, imm))
		return last_number(text, '#', &n) && n == a->imm;
	if (IS_SET(a, fbits))
		return last_number(text, '#', &n) && n == a->fbits;
	if (IS_SET(a, amount))
		return last_number(text, '#', &n) ? n == a->amount : a->amount == 0;
	if (a->op == A64_INS_elem)
		return last_number(text, '[', &n) && n == a->index2;
	if (IS_SET(a, index) && group != A64_GROUP_ldst_struct)
		return (last_number(text, '[', &n) && n == a->index) || a->op == A64_INS_gen;
	if (IS_SET(a, index)) {
		const char *at = strstr(text, "}[");

		return at && strtoll(at + 2, NULL, 0) == a->index;
	}
	return true;
}

/* q and size, or q and sz, against the arrangement of the last vector operand that has one. */
static bool arrangement_matches(const char *text, const struct a64_args *a)
{
	static const char *const names[2][4] = { { ".8b", ".4h", ".2s", ".1d" }, { ".16b", ".8h", ".4s", ".2d" } };
	uint32_t group = a64_info[a->op].group;

	if (group != A64_GROUP_simd_same && group != A64_GROUP_simd_permute && group != A64_GROUP_ldst_struct)
		return true;
	if (strstr(text, "["))		/* lane or memory operand: compare the lists only */
		text = group == A64_GROUP_ldst_struct && !strstr(text, "}[") ? text : "";
	if (!*text || !IS_SET(a, q))
		return true;
	if (IS_SET(a, size))
		return strstr(text, names[a->q][a->size]);
	if (IS_SET(a, sz))
		return strstr(text, names[a->q][2 + a->sz]);
	return true;
}

static bool agrees(uint32_t insn, const char *text, const struct a64_args *a)
{
	const struct a64_info *info = &a64_info[a->op];
	char mnemonic[32] = "";

	sscanf(text, "%31s", mnemonic);
	if (a->op == A64_UNALLOCATED)
		return !*mnemonic || !strncmp(mnemonic, "dcps", 4) || !strcmp(mnemonic, "msr") || !strcmp(mnemonic, "mrs");
	if (!*mnemonic)
		return unpredictable(a, info);
	return (insn & info->mask) == info->value && mnemonic_matches(mnemonic, a) && operands_match(text, a) &&
	       arrangement_matches(text, a);
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

static void decoder_agrees_with_llvm(void **state)
{
	uint64_t words = env_number("A64_ORACLE_WORDS", 1000000), rng = env_number("A64_ORACLE_SEED", 88172645463325252);
	unsigned bad = 0;

	if (!llvm)
		skip_because("there is no LLVM to ask");
	print_message("seed %llu, %llu words\n", (unsigned long long)rng, (unsigned long long)words);
	for (uint64_t i = 0; i < words && bad < 20; i++) {
		const struct a64_info *info = &a64_info[1 + rng_next(&rng) % (A64_OP_COUNT - 1)];
		uint32_t insn = (uint32_t)(rng_next(&rng) >> 16), keep = info->mask;
		char text[160] = "";
		struct a64_args a;
		uint8_t bytes[4];

		for (unsigned flips = i & 3; flips > 1; flips--)
			keep &= ~(1u << rng_next(&rng) % 32);
		insn = i % 16 ? (insn & ~keep) | (info->value & keep) : insn;
		memset(&a, UNSET, sizeof(a));
		a64_decode(insn, &a);
		memcpy(bytes, &insn, 4);
		if (!llvm_disassemble(llvm, bytes, 4, 0, text, sizeof(text)))
			text[0] = 0;
		if (!agrees(insn, text, &a)) {
			print_error("%08x: decoded as %s, LLVM says '%s'\n", insn, a64_info[a.op].name, text);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoder_agrees_with_llvm),
	};

	return cmocka_run_group_tests(tests, load_llvm, NULL);
}
