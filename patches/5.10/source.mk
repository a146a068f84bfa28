# SPDX-License-Identifier: GPL-2.0-only
# Linux 5.10 as Debian's LTS archive serves it.
# Lines are NAME = value; scripts/common.sh and the Makefile read them with sed.
# PACKAGE, VERSION, SUITE: Debian's package of the source, and the suite that serves it.
# RELEASE: the kernel's own version number.  SHA256: of the .deb.  TARBALL: its path in
# the .deb.  CC: the compiler.  SELFTESTS: the folder of hmm-tests in the kernel's tree.
# ARCHES: the architectures that the queue is built for.  CASES: how many cases hmm-tests
# has before the queue.
# Optional, ENDS: the oldest and the newest version that the queue must apply to.
PACKAGE = linux-source-5.10
VERSION = 5.10.262-1
RELEASE = 5.10.262
SUITE = bullseye-security
SHA256 = 4f01148344ca9e5c1c9743ab4a084cf61c437548f803443ccc044602278b52bc
TARBALL = usr/src/linux-source-5.10.tar.xz
CC = gcc-12
SELFTESTS = tools/testing/selftests/vm
ARCHES = x86_64 arm64 ppc64le
ENDS = 5.10.251-5 5.10.262-1
CASES = 22
