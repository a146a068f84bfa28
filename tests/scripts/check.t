#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/check: hands the chosen tests to prove, and keeps their output.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"

# A project of its own: two queues, and tests that build nothing
project=$work/project
mkdir -p "$project/scripts" "$project/tests/scripts" "$project/tests/series/long" "$project/tests/long" \
	"$project/patches/1.0/tests" "$project/patches/2.0"
cp "$top/scripts/check" "$top/scripts/common.sh" "$project/scripts"
touch "$project"/patches/{1.0,2.0}/source.mk
export BUILD=$work/build

# test_file NAME BODY...: writes a test file
test_file() {
	local name=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$project/$name.t"
}
test_file tests/scripts/good 'echo ok 1' 'echo "ok 2 # SKIP no room"' 'echo 1..2'
# shellcheck disable=SC2016 # for the test to expand
test_file tests/series/each 'basename $(dirname $0) >>"$BUILD/called"' 'echo ok 1' 'echo 1..1'
test_file patches/1.0/tests/own 'echo ok 1' 'echo 1..1'
test_file tests/long/hours 'echo ok 1' 'echo 1..1'
test_file tests/series/long/days 'echo ok 1' 'echo 1..1'

# check ARGS...: puts prove's report into out, and the exit status into status
check() {
	status=0
	out=$("$project/scripts/check" "$@" 2>"$work/err") || status=$?
}
# ran: the test files that prove has run
ran() { grep -oE '[^ ]+\.t \.\.' <<<"$out" | sort -u | sed 's/ \.\.//' | paste -sd' '; }

check
is "$status, $(tail -n 1 <<<"$out")" "0, Result: PASS" "check passes if all tests pass"
is "$(ran)" "1.0/each.t 1.0/own.t 2.0/each.t scripts/good.t" "check runs all tests except the long tests, and tests/series for each queue"
is "$(sort "$BUILD/called" | paste -sd' ')" "1.0 2.0" "a test in tests/series is called in a folder named after its queue"
like "$out" '^Files=4, Tests=5, ' "the report counts files and tests"
QUEUE=2.0 check
is "$(ran)" "2.0/each.t scripts/good.t" "with QUEUE= the tests of other queues do not run"
QUEUE=all check
is "$(ran)" "1.0/each.t 1.0/own.t 2.0/each.t scripts/good.t" "QUEUE=all runs the tests of every queue"
check --long
is "$(ran)" "1.0/days.t 2.0/days.t scripts/hours.t" "check --long runs only the long tests"
check each
is "$(ran)" "1.0/each.t 2.0/each.t" "check accepts the name of a test"
check tests/series/each.t good
is "$(ran)" "1.0/each.t 2.0/each.t scripts/good.t" "check accepts the path of a test"

# fails NAME BODY...: check fails with this test file, and reports so in its last line
fails() {
	local name=$1
	shift
	test_file tests/scripts/bad "$@"
	check bad good
	is "$status, $(tail -n 1 <<<"$out")" "1, Result: FAIL" "check fails if $name"
}
fails "a test file plans more tests than it runs" 'echo ok 1' 'echo 1..2'
# shellcheck disable=SC2016 # for the test to expand
fails "a test file dies" 'echo ok 1' 'kill $$'
fails "a test file exits with a status that is not 0" 'echo ok 1' 'echo 1..1' 'exit 3'
fails "a test fails" 'echo ok 1' 'echo not ok 2 - a name' 'echo "# a name: got this" >&2' 'echo "# more"' 'echo 1..2'
like "$out" '^scripts/bad.t +\(Wstat' "the report names the test file that failed"
like "$out" 'Failed test:  2' "the report names the test that failed"
is "$(cat "$work/err")" "# a name: got this" "check shows the stderr of a failing test"
like "$(cat "$BUILD/logs/scripts/bad.t")" '^# more' "build/logs has the whole output of a test file"

refuses "a long test is refused without --long" 'make check-long has other tests' "$project/scripts/check" hours
refuses "a test that does not exist is refused" 'no such test' "$project/scripts/check" gone
refuses "a queue that does not exist is refused" 'choose one of: 1.0 2.0' env QUEUE=3.0 "$project/scripts/check"
done_testing
