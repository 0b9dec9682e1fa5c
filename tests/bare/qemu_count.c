/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin for QEMU's TCG (docs/devel/tcg-plugins of QEMU): counts one CPU's instructions in the engine's text for each interrupt,
 * from the acknowledgement to the list register's write and from the vector to the return. tests/system/rig/jitter.py writes where
 * that is, a line "KIND ADDRESS" for each place; argument in=FILE. A line "inject N" or "whole N" for each interrupt goes
 * to out=FILE. QEMU's declarations are those of its API that we use; -DPLUGIN_API is its version.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
typedef void exec_cb(unsigned cpu, void *data);
typedef void trans_cb(uint64_t id, struct qemu_plugin_tb *tb);
typedef void end_cb(uint64_t id, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb *cb, int flags, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, trans_cb *cb);
void qemu_plugin_register_atexit_cb(uint64_t id, end_cb *cb, void *data);
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

int qemu_plugin_version = PLUGIN_API;

/* Kinds of places. */
#define BEGIN		'b'		/* of the text */
#define END		'e'
#define CPU		'c'		/* which one, for an address */
#define TAKEN		't'
#define ACKNOWLEDGED	'a'
#define INSERTING	'i'
#define WRITTEN		'w'
#define RETURNED	'r'
#define PLACES_MAX	128

static struct {
	struct { uint64_t at; char kind; } place[PLACES_MAX];
	size_t places;
	uint64_t begin, end, cpu;
	FILE *out;
	uint64_t count, taken, acknowledged, inserting;	/* counts when it was; 0: not */
	bool injected;
} state;

static void executed(unsigned cpu, void *data)
{
	if (cpu != state.cpu)
		return;
	state.count++;
	switch ((uintptr_t)data) {
	case TAKEN:
		state.taken = state.count;
		state.injected = false;
		break;
	case ACKNOWLEDGED:
		state.acknowledged = state.count;
		break;
	case INSERTING:
		state.inserting = state.acknowledged;
		break;
	case WRITTEN:			/* a start clears list registers, too: that isn't meant */
		if (!state.inserting)
			break;
		fprintf(state.out, "inject %" PRIu64 "\n", state.count - state.inserting);
		state.acknowledged = state.inserting = 0;
		state.injected = true;
		break;
	case RETURNED:
		if (state.injected && state.taken)
			fprintf(state.out, "whole %" PRIu64 "\n", state.count - state.taken);
		state.taken = state.acknowledged = state.inserting = 0;
		state.injected = false;
	}
}

static char kind_of(uint64_t at)
{
	for (size_t i = 0; i < state.places; i++)
		if (state.place[i].at == at)
			return state.place[i].kind;
	return 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t at = qemu_plugin_insn_vaddr(insn);

		if (at >= state.begin && at < state.end)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0, (void *)(uintptr_t)kind_of(at));
	}
}

static void ended(uint64_t id, void *data)
{
	fclose(state.out);
}

static int places_read(const char *name)
{
	FILE *f = fopen(name, "r");
	uint64_t at;
	char kind;

	if (!f)
		return -1;
	while (fscanf(f, " %c %" SCNx64, &kind, &at) == 2) {
		if (kind == BEGIN) {
			state.begin = at;
		} else if (kind == END) {
			state.end = at;
		} else if (kind == CPU) {
			state.cpu = at;
		} else if (state.places < PLACES_MAX) {
			state.place[state.places].at = at;
			state.place[state.places++].kind = kind;
		}
	}
	fclose(f);
	return 0;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "in=", 3) && places_read(argv[i] + 3))
			return -1;
		if (!strncmp(argv[i], "out=", 4))
			state.out = fopen(argv[i] + 4, "w");
	}
	if (!state.out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
