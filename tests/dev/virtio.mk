# SPDX-License-Identifier: BSD-2-Clause
virtio-rig := tests/dev/virtio_rig.c tests/dev/virtio_transport.c
$(eval $(call unit_test,virtio_ring,tests/dev/virtio_ring.c $(virtio-rig),dev core isa os base,-pthread,ring))
$(eval $(call unit_test,virtio_mmio,tests/dev/virtio_mmio.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_blk,tests/dev/virtio_blk.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_streams,tests/dev/virtio_streams.c tests/dev/net_fake.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_net,tests/dev/virtio_net.c tests/dev/net_fake.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_threads,tests/dev/virtio_threads.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_disk,tests/dev/virtio_disk.c $(virtio-rig),backend dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_balloon,tests/dev/virtio_balloon.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_p9,tests/dev/virtio_p9.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_pci,tests/dev/virtio_pci.c $(virtio-rig),dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_vsock,tests/dev/virtio_vsock.c $(virtio-rig),backend dev core isa os base,-pthread,dev))
$(eval $(call unit_test,virtio_vhost,tests/dev/virtio_vhost.c tests/dev/net_fake.c $(virtio-rig),dev core isa os base,-pthread,dev))
