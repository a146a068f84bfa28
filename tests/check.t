#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/check: what it says and how it ends agree with what the tests did.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# No queues: nothing is built
mkdir "$work/none"
export KERNELS=$work/none BUILD=$work/build
unset TESTS

# test_file NAME BODY...: a file of tests
test_file() {
	local name=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" >"$work/$name.t"
}
test_file good 'echo ok 1' 'echo "ok 2 # SKIP no room"' 'echo 1..2'
test_file better 'echo ok 1' 'echo ok 2' 'echo 1..2'
test_file bad 'echo ok 1' 'echo not ok 2 - a name' 'echo "# got: this"' 'echo 1..2'
test_file short 'echo ok 1' 'echo 1..2'
test_file dead 'echo ok 1' 'kill $$'
test_file status 'echo ok 1' 'echo 1..1' 'exit 3'

# ends NAME STATUS LAST TEST...: with that status and that line
ends() {
	local name=$1 wanted=$2 last=$3 out status=0
	shift 3
	out=$("$top/scripts/check" "${@/#/$work/}" 2>"$work/err") || status=$?
	is "$status, $(tail -n 1 <<<"$out")" "$wanted, $last" "$name" || diag "$out" "$(cat "$work/err")"
}
ends "all pass" 0 "1 passed, 0 failed, 1 skipped" good.t
ends "all of two" 0 "3 passed, 0 failed, 1 skipped" good.t better.t
ends "one fails" 1 "1 passed, 1 failed, 0 skipped" bad.t
ends "one of two files fails" 1 "2 passed, 1 failed, 1 skipped" bad.t good.t
ends "fewer than planned" 1 "1 passed, 1 failed, 0 skipped" short.t
ends "one that dies" 1 "1 passed, 1 failed, 0 skipped" dead.t
ends "a status that is not 0" 1 "1 passed, 1 failed, 0 skipped" status.t
out=$("$top/scripts/check" "$work/good.t" 2>&1)
like "$out" '^ +[0-9]+ +[0-9]+  good.t $' "each test file has its seconds"
out=$("$top/scripts/check" "$work/good.t" "$work/bad.t" "$work/dead.t" 2>&1)
like "$out" '^FAILED: bad, all of it is in .*logs/bad.log$' "one that fails is named at the end, with its log"
like "$out" '^  not ok 2 - a name$' "the case, too"
like "$out" '^    got: this$' "and what it said"
like "$out" '^FAILED: dead, ' "one that dies, too"
is "$(grep -c '^FAILED: ' <<<"$out")" 2 "one that does not fail is not"
like "$(cat "$BUILD/logs/bad.log")" '^not ok 2 - a name$' "the log has all of it"
like "$("$top/scripts/check" foreign 2>&1)" '^[0-9]+ passed, 0 failed' "a name is enough"
refuses "a long test that is not asked for" 'no such test' "$top/scripts/check" arch
refuses "a test that is not there" 'no such test' "$top/scripts/check" "$work/gone.t"
done_testing
