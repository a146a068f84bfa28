#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make run` does, for each further architecture of every base: all cases
# pass there, or are on the list of those that are not for it.  Linux's own
# hmm-tests, which nobody has patched, fail none.  And a minute of hmm-stress.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE

for BASE in $(bases); do
	for ARCH in $(value ARCHES); do
		[ "$ARCH" != x86_64 ] || continue
		BASE=$BASE ARCH=$ARCH "$top/scripts/run" >"$work/out" 2>"$work/err"
		is $? 0 "$BASE on $ARCH: a run passes" || diag "$(tail -n 30 "$work/err" "$work/out")"
		diag "$BASE on $ARCH:" "$(sed -n '/ passed, /,$p' "$work/out")"

		rm -rf "$work/selftests"
		pristine=$work/pristine-$BASE
		[ -d "$pristine" ] || git -C "$build/$BASE/linux" worktree add -qf --detach "$pristine" pristine
		BASE=$BASE ARCH=$ARCH LINUX_TREE=$pristine OUT=$work/selftests \
			"$top/scripts/selftests" >"$work/out" 2>&1
		is $? 0 "$BASE on $ARCH: Linux's own hmm-tests build" || diag "$(cat "$work/out")"
		cp "$work/selftests/hmm-tests" "$work/hmm-tests.pristine"
		BASE=$BASE ARCH=$ARCH EXTRA=$work/hmm-tests.pristine \
			"$top/scripts/boot" -- hmm-tests.pristine >"$work/out" 2>"$work/err"
		is $? 0 "$BASE on $ARCH: Linux's own hmm-tests pass, the log is clean" ||
			diag "$(grep -E '^not ok' "$work/out"; cat "$work/err")"
		diag "$(sed -n 's/^# Totals: //p' "$work/out")"

		[ -f "$build/$BASE/$ARCH/hmm-stress" ] || continue
		BASE=$BASE ARCH=$ARCH SECONDS=60 SEED=1 "$top/scripts/stress" >"$work/out" 2>"$work/err"
		is $? 0 "$BASE on $ARCH: hmm-stress" || diag "$(cat "$work/err")"
		diag "$(sed 's/^# //' "$work/out")"
	done
done
done_testing
