#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The debug flavour reports planted mistakes, and does not complain about hmm-tests.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
QUEUE=$chosen_queue
need_queue
export QUEUE
unset OUT LINUX_TREE EXTRA APPEND
export FLAVOUR=debug

make --no-print-directory -C "$top" run >"$work/out" 2>"$work/err"
is $? 0 "a run on the debug flavour passes" || diag "$(tail -n 30 "$work/err" "$work/out")"
like "$(cat "$work/out")" '^[1-9][0-9]* passed, 0 failed, 0 skipped, 0 not run$' "a run on the debug flavour skips no case"
diag "$(grep -E ' passed, |^boot ' "$work/out")"

# A module that makes one mistake at a time
mkdir "$work/planted"
cp "$top"/tests/planted/* "$work/planted"
ok "a module with mistakes builds" "$top/scripts/kernel" M="$work/planted" modules
export EXTRA=$work/planted/planted.ko

# notices MISTAKE STATUS REGEX NAME: scripts/boot ends with STATUS and reports REGEX
notices() {
	local status=0
	LOG=$work/boot.log TIMEOUT=200 "$top/scripts/boot" -- "insmod /bin/planted.ko what=$1; true" >"$work/said" 2>&1 || status=$?
	like "$status$(paste -sd' ' "$work/said")" "^$2.*($3)" "the debug flavour notices $4"
}
notices nothing 0 'log clean' "nothing in a module without a mistake"
notices freed 1 'KASAN: use-after-free' "a write to freed memory"
notices beyond 1 'KASAN: slab-out-of-bounds' "a write beyond an object"
notices order 1 'possible circular locking' "locks in two orders"
notices sleep 1 'sleeping function called' "sleeping under a spinlock"
notices list 1 'list_add double add|list_debug.c' "an entry that is added twice"
notices page 2 'VM_BUG_ON_PAGE|mm.h:[0-9]+' "a page that is freed twice"
notices leak 1 'objects have leaked' "memory that is forgotten"
done_testing
