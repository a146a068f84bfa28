#!/usr/bin/env bash
# What `make run` does, for each further architecture of every base: all cases
# pass there, or are known not to be for it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE

# Cases that may be skipped: base, architecture, name, and why
allowed=$(printf '5.10 arm64 select.%s a huge page has 512 MiB there\n' \
	{system,system_no_owner,device,device_other,both,both_other}.{huge,huge_zero})

# skipped BASE ARCH TAP: cases that are skipped and may not be.  The harness names
# them in the line before only.
skipped() {
	awk '$1 == "#" && $2 == "RUN" { name = $3 } /^ok [0-9]* # SKIP/ { print name }' "$3" |
		while read -r name; do
			grep -qF "$1 $2 $name " <<<"$allowed" || echo "$name"
		done
}

printf '#  RUN           select.%s ...\n#      SKIP      planted\nok 1 # SKIP planted\n' \
	system.huge both.huge_zero system.only >"$work/tap"
is "$(skipped 5.10 arm64 "$work/tap")" select.system.only "a planted skip is noticed"
is "$(skipped 5.10 ppc64le "$work/tap" | wc -l)" 3 "and on another architecture, all of them"

for BASE in $(bases); do
	for ARCH in $(value ARCHES); do
		[ "$ARCH" != x86_64 ] || continue
		tap=$build/$BASE/$ARCH/hmm-tests.tap
		rm -f "$tap"
		BASE=$BASE ARCH=$ARCH "$top/scripts/run" >"$work/out" 2>"$work/err"
		is $? 0 "$BASE on $ARCH: a run passes" || diag "$(tail -n 30 "$work/err" "$work/out")"
		is "$(skipped "$BASE" "$ARCH" "$tap" 2>&1)" "" "$BASE on $ARCH: no case is skipped that could run"
		diag "$BASE on $ARCH: $(grep ' passed, ' "$work/out")"
	done
done
done_testing
