#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# After each patch of the queue, the kernel boots with a clean log, and passes the cases
# of the base's hmm-tests that pass on the base.  FROM=NNNN and TO=NNNN choose the first
# and the last patch.
# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/../variants.sh"
export TIMEOUT=300

[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
mapfile -t commits < <(git -C "$linux" rev-list --reverse base..refs/queue/exported)
[ ${#commits[@]} -gt 0 ] || die "there is no patch between base and the queue's end in $linux"
read -r -a options < <(value SOUND) || true

# All kernels run the base's hmm-tests, so that the results compare
go_to base
ok "the base's hmm-tests build" "$top/scripts/selftests"
cp "$OUT/hmm-tests" "$work/hmm-tests.base"
export EXTRA=$work/hmm-tests.base

# runs TITLE: the kernel of the worktree builds, boots and passes the base's cases
runs() {
	local status=0
	: >"$work/tap"
	"$top/scripts/kernel" >"$work/log" 2>&1 &&
		"$top/scripts/boot" -- "hmm-tests.base ${options[*]-}" >"$work/tap" 2>"$work/log" || status=$?
	is "$status, $(grep '^ok ' "$work/tap" | grep -vc SKIP) of $(sed -n 's/^1\.\.//p' "$work/tap") pass" \
		"0, $planned of $planned pass" "$1" ||
		diag "$(tail -n 20 "$work/log")" "$(grep -E '^not ok|SKIP' "$work/tap")"
}

# The base's kernel shows how many cases must pass
"$top/scripts/kernel" >"$work/log" 2>&1
"$top/scripts/boot" -- "hmm-tests.base ${options[*]-}" >"$work/tap" 2>>"$work/log"
planned=$(sed -n 's/^1\.\.//p' "$work/tap")
like "$planned" '^[1-9][0-9]+$' "the base's hmm-tests run" || diag "$(tail -n 20 "$work/log")"
runs "the base's kernel passes all $planned cases"
number=0
for commit in "${commits[@]}"; do
	number=$((number + 1))
	[ "$number" -ge "$((10#${FROM:-0}))" ] || continue
	[ "$number" -le "$((10#${TO:-9999}))" ] || break
	go_to "$commit"
	runs "$(printf '%04d' "$number"): the base's cases pass after: $(git -C "$linux" log -1 --format=%s "$commit")"
done

# The test must notice a kernel that does not build
echo '#error planted' >>"$LINUX_TREE/mm/memory.c"
! "$top/scripts/kernel" >"$work/log" 2>&1
like "$? $(grep -m 1 '#error planted' "$work/log")" '^0 .*#error planted' "a kernel that does not build is noticed"
go_to refs/queue/exported
done_testing
