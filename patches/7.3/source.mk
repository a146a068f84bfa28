# SPDX-License-Identifier: GPL-2.0-only
# Linux 7.3 as Debian's backports for stable serve it.  Lines are NAME = value, so
# that make includes this file and scripts/common.sh reads it.  CASES is how many
# hmm-tests has of its own; SOUND: options that choose those of them that pass on
# the untouched kernel, and soon; SLOW: a case that the debug flavour does not get
# through before hmm-tests ends it; COHERENT: test_hmm can have memory that CPUs reach.
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
