# SPDX-License-Identifier: BSD-2-Clause
#
# Guests of ours that test the CPU and its interrupt controller from inside; guest.py builds and runs them.
check-scripts-guest += tests/guest/guest.py
