# SPDX-License-Identifier: BSD-2-Clause
pci-rig := tests/dev/pci_rig.c tests/dev/board.c
$(eval $(call unit_test,dev_pci_config,tests/dev/pci_config.c $(pci-rig),dev core isa base,,dev))
$(eval $(call unit_test,dev_pci_msi,tests/dev/pci_msi.c $(pci-rig),dev core isa base,,dev))
$(eval $(call unit_test,dev_pci_passthrough,tests/dev/pci_passthrough.c tests/dev/hostpci_fake.c $(pci-rig),dev core isa base,,dev))
