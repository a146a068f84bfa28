#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The figures do not get worse than the aims that were met.  Measures all sides, which
# takes three quarters of an hour if no kernel has been built.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"

ROUNDS=1 "$top/scripts/bench" >"$work/out" 2>"$work/err"
is $? 0 "bench measures all sides" || { diag "$(tail -n 20 "$work/err")"; done_testing; }
targets=$(sed -n '/^Aims/,$p' "$work/out")
diag "$targets"

# met REGEX NAME: at least one aim matches REGEX, and each matching aim is met
met() {
	local lines
	lines=$(grep -E -e "$1" <<<"$targets")
	[ -n "$lines" ] && ! grep -qv '^- met: ' <<<"$lines"
	result $? "$2" || diag "$lines"
}
met 'a tenth of 7.3-base' "7.3: a call for memory on the wanted node takes at most a tenth of the base's instructions"
met 'pages that are isolated, unmapped, invalidated or split' "7.3: memory that is not selected stays untouched"
met 'a TLB shootdown a page table' "7.3: a migration sends one TLB shootdown a page table"
met 'swapped-out memory in one call' "7.3: a driver migrates swapped-out memory in one call"

# ratio SIDE BASE STEP: the instructions of SIDE in migrate_vma_*(), divided by those of BASE
ratio() {
	local side value=()
	for side in "$1" "$2"; do
		value+=("$(awk -F '\t' -v step="$3" '$1 == "core" && $2 ": " $3 == step { print $4 }' "$build/bench/$side/rows.tsv")")
	done
	awk -v a="${value[0]}" -v b="${value[1]}" 'BEGIN { printf "%.3f", a / b }'
}
build=${BUILD:-$top/build}
for step in '32 MiB, small, 1 thread: to device' '32 MiB, small, 1 thread: back' \
	'32 MiB, huge, 1 thread: to device' '32 MiB, huge, 1 thread: back' \
	'device faults, small: faults' 'page by page: to device' \
	'device only, over system THPs: select' 'holes only, small: to device'; do
	ratio=$(ratio 7.3-queue 7.3-base "$step")
	ok "7.3: \"$step\" takes at most 1.02 of the base's instructions: $ratio" awk -v r="$ratio" 'BEGIN { exit !(r > 0 && r <= 1.02) }'
	case $step in *back* | *faults*) continue ;; esac # keeping dirty bits costs 5.10 more
	ratio=$(ratio 5.10-queue 5.10-base "$step")
	ok "5.10: \"$step\" takes at most 1.05 of the base's instructions: $ratio" awk -v r="$ratio" 'BEGIN { exit !(r > 0 && r <= 1.05) }'
done

done_testing
