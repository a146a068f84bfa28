#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# At the queue's end, the callers of migrate_vma_setup() that the guest does not have
# compile without a new warning.
# shellcheck source=tests/series/kernel.sh
QUEUE=7.3
export QUEUE
. "$(dirname "$(realpath "$0")")/../../../tests/series/kernel.sh"
need_worktree
configure gpu uvmem

declare -A callers=(
	[gpu]='drivers/gpu/drm/drm_pagemap.o drivers/gpu/drm/nouveau/nouveau_dmem.o
		drivers/gpu/drm/amd/amdgpu/../amdkfd/kfd_migrate.o'
	[uvmem]='arch/powerpc/kvm/book3s_hv_uvmem.o'
)

go_to "$tip"
# shellcheck disable=SC2086 # lists of words
is "$(plain_git "$LINUX_TREE" grep -lE '[^a-z_*]migrate_vma_setup\(&' -- 'drivers/*.c' 'arch/*.c' | sort | paste -sd' ')" \
	"$(printf '%s\n' ${callers[gpu]} ${callers[uvmem]} | sed 's/o$/c/; s,/[a-z]*/\.\.,,' | sort | paste -sd' ')" \
	"this test names each caller of migrate_vma_setup()"
for flavour in gpu uvmem; do
	read -r -d '' -a list <<<"${callers[$flavour]}" || true
	go_to "$pristine"
	compile $flavour W=1 "${list[@]}" >"$work/log"
	result $? "before the queue, these objects compile: ${list[*]}" || diag "$(tail -n 20 "$work/log")"
	remarks <"$work/log" >"$work/pristine"
	go_to "$tip"
	status=0
	compile $flavour W=1 "${list[@]}" >"$work/log" || status=1
	new=$(news "$work/pristine" <(remarks <"$work/log"))
	[ $status -eq 0 ] && [ -z "$new" ]
	result $? "at the queue's end, these objects compile without a new warning: ${list[*]}" || diag "${new:-$(tail -n 20 "$work/log")}"
	file=${list[0]%.o}.c
	printf '\nstatic int planted(void)\n{\n\treturn 0;\n}\n' >>"$LINUX_TREE/$file"
	compile $flavour W=1 "${list[0]}" >"$work/log" || true
	like "$(news "$work/pristine" <(remarks <"$work/log"))" "planted" "a warning in $file is noticed"
	go_to "$tip"
done
done_testing
