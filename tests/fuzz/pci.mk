# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,pci_config,tests/fuzz/pci_config.c tests/dev/pci_rig.c tests/dev/board.c,dev core isa base,-lcmocka))
$(eval $(call fuzz_program,virtio_transport,tests/fuzz/virtio_pci.c tests/fuzz/name.c tests/dev/virtio_rig.c tests/dev/virtio_transport.c,dev core isa os base,-lcmocka))
$(eval $(call fuzz_names,virtio_transport,virtio_pci virtio_pci_legacy virtio_mmio_legacy))
$(eval $(call fuzz_test,its,tests/fuzz/its.c tests/dev/board.c,dev core isa base,-lcmocka))
$(eval $(call fuzz_test,passthrough,tests/fuzz/passthrough.c tests/dev/hostpci_fake.c tests/dev/pci_rig.c tests/dev/board.c,dev core isa base,-lcmocka))
$(eval $(call fuzz_test,pc_irqchip,tests/fuzz/pc_irqchip.c tests/dev/board.c,dev core isa base,-lcmocka))
