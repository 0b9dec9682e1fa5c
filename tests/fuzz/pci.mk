# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,pci_config,tests/fuzz/pci_config.c tests/dev/pci_rig.c tests/dev/board.c,dev core isa base,-lcmocka))
$(eval $(call fuzz_test,virtio_pci,tests/fuzz/virtio_pci.c tests/dev/virtio_rig.c tests/dev/virtio_transport.c,dev core isa os base,-lcmocka))
$(eval $(call fuzz_test,its,tests/fuzz/its.c tests/dev/board.c,dev core isa base,-lcmocka))
