#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/standin rejects bad input before it builds anything, and each stand-in has what
# the script needs.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
standin=$top/scripts/standin
unset QUEUE BASE LINUX LINUX_TREE OUT ARCH FLAVOUR KERNEL
export BUILD=$work/build DRIVER=uvmem

refuses "scripts/standin refuses a missing driver" 'DRIVER= is no stand-in' env DRIVER= "$standin"
refuses "scripts/standin refuses an unknown driver, and names the others" 'choose one of: .*uvmem' env DRIVER=other "$standin"
refuses "scripts/standin refuses a path as driver" 'DRIVER=\.\./standin/uvmem is no stand-in' env DRIVER=../standin/uvmem "$standin"
refuses "scripts/standin refuses an unknown queue" 'QUEUE=1.0 is no queue' env QUEUE=1.0 "$standin"
refuses "scripts/standin refuses a queue that the stand-in lacks" 'drm_pagemap does not run on 5.10' \
	env DRIVER=drm_pagemap QUEUE=5.10 "$standin"
refuses "scripts/standin refuses a missing tree" 'no kernel source at .*/none' env LINUX="$work/none" "$standin"
refuses "scripts/standin refuses an unknown kernel" 'KERNEL=mine is not a kernel' env KERNEL=mine "$standin"
refuses "scripts/standin refuses the guest's kernel for a driver that it lacks" 'uvmem needs a kernel of its own' \
	env KERNEL=guest "$standin"
refuses "scripts/standin refuses the guest's kernel for another tree" 'is the kernel of QUEUE, not of LINUX' \
	env KERNEL=guest DRIVER=nouveau LINUX="$work" "$standin"
fake_linux "$work/linux"
touch "$work/linux/mm/Kconfig"
before=$(files "$work/linux")
refuses "scripts/standin refuses a tree without the driver, and names its file" \
	'has no arch/powerpc/kvm/book3s_hv_uvmem.c' env LINUX="$work/linux" "$standin"
is "$(files "$work/linux")" "$before" "a refused tree stays as it was"

for file in "$top"/standin/*/standin.mk; do
	here=${file%/*} name=$(basename "${file%/*}")
	is "$(sed -n 's/^\(QUEUES\|ARCH\|SOURCES\|RENAMED\) = ..*/\1/p' "$file" | sort | paste -sd' ')" \
		'ARCH QUEUES RENAMED SOURCES' "$name: standin.mk has each value"
	missing=
	for part in README.md Kbuild kernel.config start; do [ -f "$here/$part" ] || missing+=" $part"; done
	is "$missing" '' "$name has its files"
	is "$(grep -L '^Noticed by: ' "$here"/mutants/*/*.patch)" '' "$name: each mutant names the test that notices it"
	# Each name occurs in the test program, so that no mutant waits for a removed test
	is "$(sed -n 's/^Noticed by: //p' "$here"/mutants/*/*.patch | sed '/^log: /d; s/ ([^()]*)$//' | while read -r test; do
		grep -qF "\"$test\"" "$here"/*test.c || echo "$test"; done)" '' "$name: each named test exists"
done
done_testing
