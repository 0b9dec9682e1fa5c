# SPDX-License-Identifier: BSD-2-Clause
# Which engines there can be follows the host that the command is for.
cmd-engines-src	:= $(if $(filter x86-64,$(HOST)),cmd/engines/dbt_kvm.c cmd/engines/disasm.c,cmd/engines/kvm.c)
cmd-engines	:= $(if $(filter x86-64,$(HOST)),engine/dbt) engine/kvm
# -static-libgcc: the unwinder of os/platform.c, without a library more to load at each start.
cmd-libs	:= -static-libgcc -lz -lfdt -ljansson -lm
$(eval $(call program,cella,$(wildcard cmd/*.c) $(cmd-engines-src),ctl machine fw boot dev backend $(cmd-engines) core isa os \
	base,$(cmd-libs)))
$(B)/obj/cmd/run.o: guests/hello/hello.inc
ifneq ($(cross),)
$(B)/cella: $(B)/sysroot/made
$(B)/sysroot/made: tools/sysroot
	$(call say,FETCH,libraries for $(HOST))
	$(Q)tools/sysroot $(HOST) $(B)/sysroot
endif
