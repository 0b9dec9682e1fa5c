# SPDX-License-Identifier: BSD-2-Clause
# Each subject's tests are in a .mk of their own beside the sources.
include $(filter-out %/build.mk,$(wildcard tests/dev/*.mk))
