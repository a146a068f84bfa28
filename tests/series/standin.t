#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The drivers that are compiled into the module of their stand-in run in the guest of
# `make run`, and pass all tests of the stand-in.

# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX LINUX_TREE ARCH FLAVOUR
# Long enough for a busy machine; only a guest that hangs takes all of it
export QUEUE=$chosen_queue KERNEL=guest LOG=$work/boot.log TIMEOUT=1800

for file in "$top"/standin/*/standin.mk; do
	DRIVER=$(basename "${file%/*}")
	export DRIVER
	grep -q '^LINKED = .' "$file" || continue
	case " $(sed -n 's/^QUEUES = //p' "$file") " in *" $QUEUE "*) ;; *) continue ;; esac
	"$top/scripts/standin" >"$work/out" 2>"$work/err"
	is "$? $(sed -n 's/^not ok [0-9]* - //p' "$work/out")" '0 ' "$DRIVER passes all tests, with a clean log" ||
		diag "$(tail -n 20 "$work/err")"
	planned=$(sed -n 's/^1\.\.//p' "$work/out")
	is "$(grep -c '^ok ' "$work/out")" "${planned:-the plan}" "$DRIVER: each planned test has run: $planned"
	like "$(paste -sd' ' "$top/docs/testing.md")" "standin/$DRIVER\) has [^;]*\b$planned (tests )?on $QUEUE\b" \
		"$DRIVER: docs/testing.md has the number of tests, $planned"
done
done_testing
