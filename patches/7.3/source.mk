# SPDX-License-Identifier: GPL-2.0-only
# Linux 7.3 as Debian's backports for stable serve it.
# Lines are NAME = value; scripts/common.sh and the Makefile read them with sed.
# PACKAGE, VERSION, SUITE: Debian's package of the source, and the suite that serves it.
# RELEASE: the kernel's own version number.  SHA256: of the .deb.  TARBALL: its path in
# the .deb.  CC: the compiler.  SELFTESTS: the folder of hmm-tests in the kernel's tree.
# ARCHES: the architectures that the queue is built for.  CASES: how many cases hmm-tests
# has before the queue.
# Optional, SOUND: options for hmm-tests that choose the cases that pass on the base, in
# a short time.  SLOW: a case that the debug flavour leaves out, as the case would exceed
# its own time limit.  COHERENT: test_hmm supports device coherent memory.  SPARSE: the
# suite of Debian whose sparse is new enough for this kernel.
PACKAGE = linux-source-7.3
VERSION = 7.3.4-1~bpo13+1
RELEASE = 7.3.4
SUITE = trixie-backports
SHA256 = 703e369ddd4cce971452f5a593ee55df3a5c10c83caf0fa0df039633ed181ee3
TARBALL = usr/src/linux-source-7.3.tar.xz
CC = gcc-12
SELFTESTS = tools/testing/selftests/mm
ARCHES = x86_64 arm64 ppc64le
COHERENT = yes
CASES = 78
SOUND = -T benchmark_thp_migration -v hmm_device_private
SLOW = benchmark_thp_migration
SPARSE = sid
