#!/usr/bin/env bash
# Ten minutes of hmm-stress on each flavour of the kernel.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
BASE=$chosen_base
need_base
export BASE
unset OUT LINUX_TREE EXTRA APPEND

for FLAVOUR in plain debug; do
	export FLAVOUR
	ok "$FLAVOUR: the kernel builds" "$top/scripts/kernel"
	ok "$FLAVOUR: the selftests build" "$top/scripts/selftests"
	SECONDS=600 SEED=1 "$top/scripts/stress" >"$work/out" 2>"$work/err"
	is $? 0 "$FLAVOUR: no wrong byte, no leak, no complaint, no hang" || diag "$(cat "$work/err")"
	like "$(tail -n 1 "$work/out")" '^PASSED: seed 1$' "$FLAVOUR: it came to its end"
	diag "$(sed 's/^# //' "$work/out")"
done
done_testing
