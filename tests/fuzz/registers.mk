# SPDX-License-Identifier: BSD-2-Clause
# Device models whose only way in is registers: one program, a name for each.
$(eval $(call fuzz_program,registers,tests/fuzz/registers.c tests/fuzz/console.c tests/fuzz/name.c tests/dev/board.c,dev core isa base,-lcmocka))
$(eval $(call fuzz_names,registers,pl011 pl031 pl061 goldfish_rtc syscon ns16550 mc146818 i8042 acpi_pm fw_cfg \
	pc_reset simexit arm_timer plic gicv2 gicv2m gicv3))
