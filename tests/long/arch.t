#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `make run` on each further architecture of every queue: each case passes, or is in
# expect/skips.  Linux's own, unpatched hmm-tests and a minute of hmm-stress pass.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE

for QUEUE in $(queues); do
	for ARCH in $(value ARCHES); do
		[ "$ARCH" != x86_64 ] || continue
		make --no-print-directory -C "$top" run QUEUE="$QUEUE" ARCH="$ARCH" >"$work/out" 2>"$work/err"
		is $? 0 "$QUEUE on $ARCH: a run passes" || diag "$(tail -n 30 "$work/err" "$work/out")"
		diag "$QUEUE on $ARCH:" "$(sed -n '/ passed, /,$p' "$work/out")"

		rm -rf "$work/selftests"
		pristine=$work/pristine-$QUEUE
		[ -d "$pristine" ] || git -C "$build/$QUEUE/linux" worktree add -qf --detach "$pristine" pristine
		QUEUE=$QUEUE ARCH=$ARCH LINUX_TREE=$pristine OUT=$work/selftests \
			"$top/scripts/selftests" >"$work/out" 2>&1
		is $? 0 "$QUEUE on $ARCH: Linux's own hmm-tests build" || diag "$(cat "$work/out")"
		cp "$work/selftests/hmm-tests" "$work/hmm-tests.pristine"
		QUEUE=$QUEUE ARCH=$ARCH EXTRA=$work/hmm-tests.pristine \
			"$top/scripts/boot" -- hmm-tests.pristine >"$work/out" 2>"$work/err"
		is $? 0 "$QUEUE on $ARCH: Linux's own hmm-tests pass, the log is clean" ||
			diag "$(grep -E '^not ok' "$work/out"; cat "$work/err")"
		diag "$(sed -n 's/^# Totals: //p' "$work/out")"

		[ -f "$build/$QUEUE/$ARCH/hmm-stress" ] || continue
		QUEUE=$QUEUE ARCH=$ARCH SECONDS=60 SEED=1 "$top/scripts/stress" >"$work/out" 2>"$work/err"
		is $? 0 "$QUEUE on $ARCH: a minute of hmm-stress passes" || diag "$(cat "$work/err")"
		diag "$(sed 's/^# //' "$work/out")"
	done
done
done_testing
