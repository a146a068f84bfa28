#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The Makefile: targets call scripts in order, for the chosen queue.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL VERSION KERNEL_TARBALL TESTS LINUX_TREE

# A project whose scripts only record their calls
project=$work/project
mkdir -p "$project/scripts"
cp "$top/Makefile" "$project"
for queue in 1.0 2.0; do
	mkdir -p "$project/patches/$queue"
	echo 'PACKAGE = linux' >"$project/patches/$queue/source.mk"
done
mkdir -p "$project/standin/thing"
echo 'ARCH = ppc64le' >"$project/standin/thing/standin.mk"
export CALLS=$work/calls
for script in "$top"/scripts/*; do
	cat >"$project/scripts/${script##*/}" <<-'END'
		#!/bin/sh
		echo "$QUEUE ${0##*/}${TREE:+ TREE=$TREE}${*:+ $*}" >>"$CALLS"
		[ "${0##*/}" != "${FAILS-}" ]
	END
	chmod +x "$project/scripts/${script##*/}"
done

# calls TARGET...: the scripts that make calls, in one line
calls() {
	: >"$CALLS"
	make --no-print-directory -C "$project" "$@" >"$work/out" 2>&1
	echo $? >"$work/status"
	paste -sd, "$CALLS"
}
steps='1.0 tree,1.0 kernel,1.0 selftests'
kept='1.0 tree TREE=keep,1.0 kernel TREE=keep,1.0 selftests TREE=keep'
Q=QUEUE=1.0

is "$(calls run $Q)" "1.0 deps run x86_64,$steps,1.0 run" "make run calls all steps, without TREE=keep"
is "$(calls run $Q TREE=keep)" "1.0 deps TREE=keep run x86_64,$kept,1.0 run TREE=keep" "make run TREE=keep takes the tree as it stands"
is "$(calls boot $Q CMD=true)" "1.0 deps TREE=keep run x86_64,$kept,1.0 boot TREE=keep -- true" "make boot first builds the tree as it stands"
is "$(calls reboot $Q CMD=true)" "1.0 boot TREE=keep -- true" "make reboot builds nothing"
is "$(calls shell $Q)" "1.0 deps TREE=keep run x86_64,$kept,1.0 boot TREE=keep --shell" "make shell first builds the tree as it stands"
is "$(calls kernel $Q ARCH=arm64)" "1.0 deps TREE=keep run arm64,1.0 tree TREE=keep,1.0 kernel TREE=keep" \
	"make kernel brings the packages of its architecture, and the tree"
is "$(calls diff $Q)" "1.0 deps TREE=keep run x86_64,1.0 tree TREE=keep,1.0 diff TREE=keep" "make diff builds no kernel"
is "$(calls check $Q 'TESTS=boot guest')" "1.0 room check,1.0 deps check,$steps,1.0 check boot guest" "make check first looks for disk space, and builds kernel and selftests, without TREE=keep"
is "$(calls check-long $Q)" "1.0 deps long,$steps,1.0 check --long" "make check-long calls the long tests"
is "$(calls export $Q)" "1.0 export TREE=keep" "make export calls the script export alone"

is "$(calls standin $Q DRIVER=thing)" "1.0 deps TREE=keep run ppc64le,1.0 tree TREE=keep,1.0 standin TREE=keep" \
	"make standin brings the packages of the stand-in's architecture, and the tree"
is "$(calls standin $Q DRIVER=thing LINUX=/tree)" "1.0 deps TREE=keep run ppc64le,1.0 standin TREE=keep" \
	"make standin with LINUX= makes no tree"

is "$(calls run BASE=1.0)" "1.0 deps run x86_64,$steps,1.0 run" "BASE= is another name for QUEUE="
is "$(calls run BASE=2.0 QUEUE=1.0)" "1.0 deps run x86_64,$steps,1.0 run" "QUEUE= overrides BASE="
is "$(calls selftests QUEUE=all | tr ',' '\n' | grep -v deps | cut -d' ' -f1,2 | paste -sd,)" \
	"$steps,${steps//1.0/2.0}" "QUEUE=all takes one queue after the other"
is "$(calls check QUEUE=all | tr ',' '\n' | grep -v deps | paste -sd,)" \
	"all room check,$steps,${steps//1.0/2.0},all check" "make check QUEUE=all builds each queue, and calls all tests at once"
like "$(calls check QUEUE=all)" '^all room check,all deps check,' "make check QUEUE=all brings its packages first"

# Failures and bad input
is "$(FAILS=kernel calls run $Q)" "1.0 deps run x86_64,1.0 tree,1.0 kernel" "make calls no step after a step that fails"
is "$(cat "$work/status")" 2 "make fails if a step fails"
is "$(FAILS=kernel calls run QUEUE=all | grep -c 2.0)" 0 "QUEUE=all stops at the first queue that fails"
# refused NAME REGEX ARGS...: make calls no script, and its message matches REGEX
refused() {
	local name=$1 regex=$2
	shift 2
	is "$(calls "$@")" "" "$name: nothing is called"
	is "$(cat "$work/status")" 2 "$name: make fails"
	like "$(cat "$work/out")" "$regex" "$name: the message says why"
}
refused "make refuses a queue that does not exist" 'QUEUE=3.0 is no queue; choose one of: 1.0 2.0, or all' run QUEUE=3.0
refused "make refuses a shell in all queues" 'shell takes one queue: QUEUE=1.0' shell QUEUE=all
refused "make refuses a version for all queues" 'are of one kernel' run QUEUE=all VERSION=1.0-1
refused "make refuses a stand-in that does not exist" 'DRIVER=other is no stand-in; choose one of: thing' standin $Q DRIVER=other
refused "make refuses a stand-in for all queues" 'standin takes one queue: QUEUE=1.0' standin QUEUE=all DRIVER=thing
done_testing
