# SPDX-License-Identifier: BSD-2-Clause
#
# make kmod KDIR=HEADERS: cella.ko and cella-net.ko for the Linux that those headers are of, in $(B)/kmod. Kbuild writes beside its sources, so
# it gets a copy. KMOD_FLAGS: what else its make is to be told (ARCH=, CROSS_COMPILE=, CC=).
KDIR	?= /lib/modules/$(shell uname -r)/build

.PHONY: kmod
kmod:
	$(call say,KBUILD,$(KDIR))
	@mkdir -p $(B)/kmod/abi
	$(Q)cp -u kmod/*.c kmod/*.h kmod/Kbuild $(B)/kmod && cp -u abi/*.h $(B)/kmod/abi
	$(Q)$(MAKE) --no-print-directory -C $(KDIR) M=$(abspath $(B))/kmod $(KMOD_FLAGS) modules

# What DKMS builds from, and who may open /dev/cella. `make install` on an arm64 host is this as well.
KMOD_TREE = $(DESTDIR)/usr/src/cella-0.1
.PHONY: install-kmod
install-kmod:
	install -d $(KMOD_TREE)/abi $(DESTDIR)/usr/lib/udev/rules.d
	install -m 644 $(wildcard kmod/*.[ch]) kmod/Kbuild kmod/dkms.conf $(KMOD_TREE)
	install -m 644 $(wildcard abi/*.h) $(KMOD_TREE)/abi
	install -m 644 kmod/60-cella.rules $(DESTDIR)/usr/lib/udev/rules.d
