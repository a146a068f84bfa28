#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux's own hmm-tests and the queue's hmm-tests, on the queue's kernel and on the
# base's kernel.  If the queue has hmm-stress, hmm-stress runs for half a minute.

# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/variants.sh"
# Long enough for a busy machine; only a guest that hangs takes all of it
export TIMEOUT=1800
queue_out=$build/$QUEUE/x86_64 base_out=$OUT
tests=$(value SELFTESTS)/hmm-tests.c

# cases REV: the names of the cases in REV, without variants
cases() {
	git -C "$linux" show "$1:$tests" |
		sed -n 's/^TEST_F\(_TIMEOUT\|_SIGNAL\)\?(\([a-z0-9_]*\), \([a-z0-9_]*\).*/\2.\3/p' | sort
}

# driverless REV: the cases in REV that do not use the driver
driverless() {
	git -C "$linux" show "$1:$tests" | sed -n 's/^TEST(\([a-z0-9_]*\)).*/global.\1/p' | sort
}

# results FILE: how many cases passed, failed and were skipped
results() {
	printf '%d passed, %d failed, %d skipped' \
		"$(grep -E '^ok ' "$1" | grep -vc SKIP)" "$(grep -c '^not ok ' "$1")" \
		"$(grep -cE '^ok .*SKIP' "$1")"
}

# boot_tests NAME [OPTION...]: runs NAME in the guest; TAP goes to $work/NAME.tap, the
# verdict on the log to $work/NAME.err
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
	all_pass "$work/hmm-tests.tap" "$1" "the kernel of $first alone passes all $1 of the base's hmm-tests"
}

# all_pass TAP COUNT NAME: the boot has passed COUNT cases, and failed or skipped none
all_pass() {
	is "$(results "$1")" "$2 passed, 0 failed, 0 skipped" "$3" ||
		diag "$(grep -E '^not ok|SKIP|Expected|timeout' "$1")"
}

# Linux's own tests, from the tarball
go_to pristine
ok "Linux's own hmm-tests build" env OUT="$there/selftests" "$top/scripts/selftests"
cp "$there/selftests/hmm-tests" "$work/hmm-tests.pristine"

export EXTRA=$work/hmm-tests.pristine OUT=$queue_out
boot_tests hmm-tests.pristine
is $? 0 "the queue's kernel runs Linux's own hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.pristine.err")"
all_pass "$work/hmm-tests.pristine.tap" "$(value CASES)" "the queue's kernel passes all of Linux's own hmm-tests"

boot_tests hmm-tests
is $? 0 "the queue's kernel runs the queue's hmm-tests with a clean log" || diag "$(cat "$work/hmm-tests.err")"
n=$(sed -n 's/^1\.\.//p' "$work/hmm-tests.tap")
is "$(grep -E '^(not )?ok ' "$work/hmm-tests.tap")" "$(grep -E '^(not )?ok ' "$top/patches/$QUEUE/expect/run.txt")" \
	"patches/$QUEUE/expect/run.txt shows the results of the queue's hmm-tests"
all_pass "$work/hmm-tests.tap" "$n" "the queue's kernel passes all $n of the queue's hmm-tests"

if [ -f "$queue_out/hmm-stress" ]; then
	# Any seed passes on a sound kernel; a fixed seed makes a failure easier to repeat
	SECONDS=30 SEED=1 "$top/scripts/stress" >"$work/stress.out" 2>"$work/stress.err"
	is $? 0 "the queue's kernel runs hmm-stress with a clean log" || diag "$(cat "$work/stress.err")"
	like "$(tail -n 1 "$work/stress.out")" '^PASSED: seed 1$' "hmm-stress finds nothing wrong in half a minute"
	diag "$(sed 's/^# //' "$work/stress.out")"
fi

# The base's kernel shows that the queue's new cases need the queue
go_to base
cp "$queue_out/hmm-tests" "$work/hmm-tests.queue"
export OUT=$base_out EXTRA=$work/hmm-tests.queue
ok "the base kernel builds" "$top/scripts/kernel"
ok "the base's hmm-tests build" "$top/scripts/selftests"

if [ "$(git -C "$linux" rev-parse base)" = "$(git -C "$linux" rev-parse pristine)" ]; then
	# The base has the defects that the queue fixes, so each new case must fail there,
	# but for the cases in patches/<queue>/expect/passes-on-base.  Each case gets a guest
	# of its own, as some cases crash the base's kernel.
	others=$(grep -v '^#' "$queue/expect/passes-on-base" 2>/dev/null | cut -d' ' -f1 | paste -sd'|')
	for case in $(comm -13 <(cases base) <(cases refs/queue/exported) |
		grep -vE "\.($others)\$"); do
		status=0
		TIMEOUT=300 boot_tests hmm-tests.queue -t "${case#*.}" || status=$?
		# A failed case, a complaint in the kernel's log, or a dead or hung guest
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
# revert/ breaks this case, and the queue fixes it
regained=hmm.migrate_fault
old=$(sort <(cases base) <(driverless refs/queue/exported) | grep -vxF "$regained")
is "$passed" "$old" "the base kernel passes exactly the old and the driverless cases"
is "$(results "$work/hmm-tests.queue.tap" | sed 's/^[0-9]* passed, //')" \
	"1 failed, $((n - 1 - $(wc -l <<<"$old"))) skipped" "the base kernel skips each new case that needs the driver"
is "$(sed -n 's/^not ok [0-9]* //p' "$work/hmm-tests.queue.tap")" "$regained" "the base kernel fails $regained, which revert/ breaks and the queue fixes"
diag "new: $(comm -13 <(cases base) <(cases refs/queue/exported) | paste -sd' ')"

first_series "$(cases base | wc -l)"
done_testing
