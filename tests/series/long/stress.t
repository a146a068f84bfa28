#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Ten minutes of hmm-stress on each flavour of the kernel.  A queue without hmm-stress
# repeats the racing cases of hmm-tests for ten minutes.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
QUEUE=$chosen_queue
need_queue
export QUEUE
unset OUT LINUX_TREE EXTRA APPEND

for FLAVOUR in plain debug; do
	export FLAVOUR
	ok "$FLAVOUR: the kernel builds" "$top/scripts/kernel"
	ok "$FLAVOUR: the selftests build" "$top/scripts/selftests"
	suffix=
	[ $FLAVOUR = plain ] || suffix=-$FLAVOUR
	if [ ! -f "$build/$QUEUE/x86_64$suffix/hmm-stress" ]; then
		# shellcheck disable=SC2016 # the guest's
		TIMEOUT=1200 "$top/scripts/boot" -- 'end=$(($(date +%s) + 600)) n=0
			while [ $(date +%s) -lt $end ]; do
				hmm-tests -t stress -t race_collect -t race_split -t race_fault \
					-t race_evict -t fault_waits >/tmp/out || { cat /tmp/out; exit 1; }
				n=$((n + 1))
			done
			echo "$n rounds"' >"$work/out" 2>"$work/err"
		is $? 0 "$FLAVOUR: the racing cases show no wrong byte, complaint or hang" || diag "$(cat "$work/err" "$work/out")"
		like "$(tail -n 1 "$work/out")" '^[1-9][0-9]* rounds$' "$FLAVOUR: the racing cases come to their end"
		diag "$(tail -n 1 "$work/out")"
		continue
	fi
	SECONDS=600 SEED=1 "$top/scripts/stress" >"$work/out" 2>"$work/err"
	is $? 0 "$FLAVOUR: hmm-stress shows no wrong byte, leak, complaint or hang" || diag "$(cat "$work/err")"
	like "$(tail -n 1 "$work/out")" '^PASSED: seed 1$' "$FLAVOUR: hmm-stress comes to its end"
	diag "$(sed 's/^# //' "$work/out")"
done
done_testing
