#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Which hmm-tests pass on which kernel: those of Linux as it is and those of the
# queue, on the queue's kernel and on the one that it is based on.  And a short
# hmm-stress.

# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/variants.sh"
# A guest that hangs costs this time, a guest on a busy machine needs it
export TIMEOUT=1800
queue_out=$build/$QUEUE/x86_64 base_out=$OUT
tests=$(value SELFTESTS)/hmm-tests.c

# cases REV: the names of its cases, without variants
cases() {
	git -C "$linux" show "$1:$tests" |
		sed -n 's/^TEST_F\(_TIMEOUT\|_SIGNAL\)\?(\([a-z0-9_]*\), \([a-z0-9_]*\).*/\2.\3/p' | sort
}

# driverless REV: those that ask nothing of the driver
driverless() {
	git -C "$linux" show "$1:$tests" | sed -n 's/^TEST(\([a-z0-9_]*\)).*/global.\1/p' | sort
}

# results FILE: those that passed, those that did not and those that were
# skipped, in numbers
results() {
	printf '%d passed, %d failed, %d skipped' \
		"$(grep -E '^ok ' "$1" | grep -vc SKIP)" "$(grep -c '^not ok ' "$1")" \
		"$(grep -cE '^ok .*SKIP' "$1")"
}

# boot_tests NAME [OPTION...]: its TAP in $work/NAME.tap, the kernel's word in
# $work/NAME.err
boot_tests() {
	"$top/scripts/boot" -- "$@" >"$work/$1.tap" 2>"$work/$1.err"
}

# first_series: the kernel of the first series alone, with the base's hmm-tests
first_series() {
	local first
	first=$(git -C "$linux" for-each-ref --format='%(refname:lstrip=3)' refs/heads/series/ | sort -V | head -n 1)
	go_to "refs/heads/series/$first"
	ok "the kernel of $first alone builds" "$top/scripts/kernel"
	boot_tests hmm-tests
	is $? 0 "the kernel of $first alone runs the base's hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.err")"
	is "$(results "$work/hmm-tests.tap")" "$1 passed, 0 failed, 0 skipped" \
		"the kernel of $first alone passes all $1 of the base's hmm-tests" ||
		diag "$(grep -E '^not ok|SKIP|Expected|timeout' "$work/hmm-tests.tap")"
}

# The untouched tests, from the source that nobody has patched
go_to pristine
ok "Linux's own hmm-tests build" env OUT="$there/selftests" "$top/scripts/selftests"
cp "$there/selftests/hmm-tests" "$work/hmm-tests.pristine"

export EXTRA=$work/hmm-tests.pristine OUT=$queue_out
boot_tests hmm-tests.pristine
is $? 0 "the queue's kernel runs Linux's own hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.pristine.err")"
is "$(results "$work/hmm-tests.pristine.tap")" "$(value CASES) passed, 0 failed, 0 skipped" \
	"the queue's kernel passes all of Linux's own hmm-tests" ||
	diag "$(grep -E '^not ok|SKIP|Expected|timeout' "$work/hmm-tests.pristine.tap")"

boot_tests hmm-tests
is $? 0 "the queue's kernel runs the queue's hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.err")"
n=$(sed -n 's/^1\.\.//p' "$work/hmm-tests.tap")
is "$(grep -E '^(not )?ok ' "$work/hmm-tests.tap")" "$(grep -E '^(not )?ok ' "$top/patches/$QUEUE/expect/run.txt")" \
	"patches/$QUEUE/expect/run.txt shows the results of the queue's hmm-tests"
is "$(results "$work/hmm-tests.tap")" "$n passed, 0 failed, 0 skipped" \
	"the queue's kernel passes all $n of the queue's hmm-tests" ||
	diag "$(grep -E '^not ok|SKIP|Expected|timeout' "$work/hmm-tests.tap")"

if [ -f "$queue_out/hmm-stress" ]; then
	# It passes on a sound kernel with any seed, and repeats best with the same
	SECONDS=30 SEED=1 "$top/scripts/stress" >"$work/stress.out" 2>"$work/stress.err"
	is $? 0 "the queue's kernel runs hmm-stress with a clean log" || diag "$(cat "$work/stress.err")"
	like "$(tail -n 1 "$work/stress.out")" '^PASSED: seed 1$' "hmm-stress finds nothing wrong in half a minute"
	diag "$(sed 's/^# //' "$work/stress.out")"
fi

# The base, and the queue's tests there: what is new
go_to base
cp "$queue_out/hmm-tests" "$work/hmm-tests.queue"
export OUT=$base_out EXTRA=$work/hmm-tests.queue
ok "the base kernel builds" "$top/scripts/kernel"
ok "the base's hmm-tests build" "$top/scripts/selftests"

if [ "$(git -C "$linux" rev-parse base)" = "$(git -C "$linux" rev-parse pristine)" ]; then
	# The base is Linux as it is, with the defects that the queue fixes: each new
	# case has to show one, alone, since some crash that kernel.  The cases of
	# which that cannot be asked are in patches/<queue>/expect/passes-on-base.
	others=$(grep -v '^#' "$queue/expect/passes-on-base" 2>/dev/null | cut -d' ' -f1 | paste -sd'|')
	for case in $(comm -13 <(cases base) <(cases refs/queue/exported) |
		grep -vE "\.($others)\$"); do
		status=0
		TIMEOUT=300 boot_tests hmm-tests.queue -t "${case#*.}" || status=$?
		# The case says so, or the kernel's log, or the guest has died or hung
		why=$(grep -hE '^(not ok|ok .*SKIP)|SKIP|Expected|^ *\| [0-9]+:|the guest (died|has not come)' \
			"$work/hmm-tests.queue.tap" "$work/hmm-tests.queue.err" | head -n 3)
		[ "$status" -ne 0 ] && [ -n "$why" ]
		result $? "on the base kernel, $case does not pass" || diag "$(cat "$work/hmm-tests.queue.err")"
		diag "$why"
	done
	first_series "$(value CASES)"
	done_testing
fi
boot_tests hmm-tests
is $? 0 "the base kernel runs the base's hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.err")"
is "$(results "$work/hmm-tests.tap")" "$(cases base | wc -l) passed, 0 failed, 0 skipped" \
	"the base kernel passes all of the base's hmm-tests"

boot_tests hmm-tests.queue
passed=$(grep -vE 'SKIP' "$work/hmm-tests.queue.tap" | sed -n 's/^ok [0-9]* //p' | sort)
# What revert/ takes out of a case, and the queue brings back
regained=hmm.migrate_fault
old=$(sort <(cases base) <(driverless refs/queue/exported) | grep -vxF "$regained")
is "$passed" "$old" "the base kernel passes exactly the old and the driverless cases"
is "$(results "$work/hmm-tests.queue.tap" | sed 's/^[0-9]* passed, //')" \
	"1 failed, $((n - 1 - $(wc -l <<<"$old"))) skipped" "the base kernel skips each new case that needs the driver"
is "$(sed -n 's/^not ok [0-9]* //p' "$work/hmm-tests.queue.tap")" "$regained" "the base kernel fails the case that the queue brings back"
diag "new: $(comm -13 <(cases base) <(cases refs/queue/exported) | paste -sd' ')"

first_series "$(cases base | wc -l)"
done_testing
