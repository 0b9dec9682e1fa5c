# SPDX-License-Identifier: BSD-2-Clause
fuzz-rig := tests/dev/virtio_rig.c tests/dev/virtio_transport.c
$(eval $(call fuzz_test,virtio_ring,tests/fuzz/virtio_ring.c tests/fuzz/ring_fuzz.c $(fuzz-rig),dev core isa os base,-lcmocka))
$(eval $(call fuzz_test,virtio_packed,tests/fuzz/virtio_packed.c tests/fuzz/ring_fuzz.c $(fuzz-rig),dev core isa os base,-lcmocka))
$(eval $(call fuzz_test,virtio_mmio,tests/fuzz/virtio_mmio.c $(fuzz-rig),dev core isa os base,-lcmocka))
$(eval $(call fuzz_test,disk_overlay,tests/fuzz/disk_overlay.c,backend core os base))
$(eval $(call fuzz_test,virtio_net,tests/fuzz/virtio_net.c tests/dev/net_fake.c $(fuzz-rig),dev core isa os base,-lcmocka))
$(eval $(call fuzz_program,virtio_device,tests/fuzz/virtio_device.c tests/fuzz/console.c tests/fuzz/name.c $(fuzz-rig),dev core isa os base,-lcmocka))
$(eval $(call fuzz_names,virtio_device,virtio_balloon virtio_console virtio_rng virtio_p9))
