#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/run, with a stand-in for the guest: the summary and the verdict.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
unset OUT LINUX_TREE

cp -r "$top/scripts" "$work/scripts"
export PATCHES=$work/patches BUILD=$work/build LINUX_TREE=$work/mine WORK=$work
mkdir -p "$PATCHES/5.10/expect"
printf 'RELEASE = 5.10.262\nARCHES = x86_64\n' >"$PATCHES/5.10/source.mk"
fake_linux "$LINUX_TREE"
sed -i 's/^SUBLEVEL.*/SUBLEVEL = 251/' "$LINUX_TREE/Makefile"

# guest STATUS LINE...: the next guest prints these lines, and boot ends with STATUS
guest() {
	# shellcheck disable=SC2016 # for the guest to expand
	printf '#!/bin/sh\ncat "$WORK/tap"\nexit %s\n' "$1" >"$work/scripts/boot"
	shift
	printf '%s\n' "$@" >"$work/tap"
}
# run: puts the summary into out, and the exit status into status
run() {
	status=0
	out=$("$work/scripts/run" 2>"$work/err") || status=$?
}
# ends NAME STATUS WORD: the last run has this exit status and last word
ends() { is "$status $(tail -n 1 <<<"$out" | cut -d: -f1)" "$2 $3" "$1" || diag "$out" "$(cat "$work/err")"; }

guest 0 1..2 'ok 1 hmm.one' 'ok 2 hmm.two'
run
ends "run passes if all cases pass" 0 PASSED
like "$out" '^hmm-tests of Linux 5\.10\.251 with ' "the summary names the release of the tree, not the pinned release"
like "$out" '^2 passed, 0 failed, 0 skipped, 0 not run$' "the summary counts the cases"
printf 'tree 3\nkernel 40\n' >"$work/steps"
STEPS=$work/steps run
is "$(awk '/ s$/ { if ($1 == "total") print $2 - sum, steps; sum += $2; steps = steps $1 $2 " " }' <<<"$out" | sed 's/boot[0-9]*/boot/')" \
	"0 tree3 kernel40 boot " "the summary has the seconds of each step, and their sum"
guest 1 1..2 'ok 1 hmm.one' 'not ok 2 hmm.two'
run
ends "run fails if a case fails" 1 FAILED
like "$out" '^  not ok 2 hmm.two$' "the summary names the case that failed"
guest 0 1..3 'ok 1 hmm.one' 'ok 2 hmm.two'
run
ends "run fails if a case did not run" 1 FAILED
like "$out" ' 1 not run$' "the summary counts a case that did not run"
guest 0 'ok 1 hmm.one'
run
ends "run fails without a plan" 1 FAILED
guest 0 1..1 '#  RUN           hmm.one ...' 'ok 1 # SKIP no device'
run
ends "run fails if a case was skipped for a reason that is not in expect/skips" 1 FAILED
echo 'x86_64 hmm.one there is no device' >"$PATCHES/5.10/expect/skips"
run
ends "run passes if a case was skipped for a reason that is in expect/skips" 0 PASSED
guest 2
run
ends "run stops if the guest could not be started" 2 STOPPED
refuses "run refuses an argument" 'takes no arguments' "$work/scripts/run" all
done_testing
