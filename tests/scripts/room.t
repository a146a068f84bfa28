#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/room, with a stub for df.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
room=$top/scripts/room
export BUILD=$work/new/build PATCHES=$work/patches
unset QUEUE

mkdir -p "$work/bin" "$PATCHES/1.0" "$PATCHES/2.0"
touch "$PATCHES/1.0/source.mk" "$PATCHES/2.0/source.mk"
# shellcheck disable=SC2016 # for the stub to expand
printf '%s\n' '#!/bin/sh' 'echo "$*" >>"$0.calls"' 'echo Available' 'echo "x 0 0 $(cat "$0.kib") 0"' >"$work/bin/df"
chmod +x "$work/bin/df"
export PATH=$work/bin:$PATH
# free MB: the disk has that much free space
free() { echo $(($1 * 1000000 / 1024)) >"$work/bin/df.kib"; }

free 12100
ok "check of two queues runs with 12 GB" "$room" check
is "$(tail -n 1 "$work/bin/df.calls")" "-Pk $work" "the disk is that of the nearest folder that exists"
ok "and nothing is made there" test ! -e "$work/new"
free 11900
refuses "with less it is refused, with both figures" \
	'has 11.8 GB of free space, and check takes 12.0 GB more' "$room" check
like "$("$room" check 2>&1)" 'BUILD=dir' "the message says what to do"
refuses "QUEUE=all is both queues" 'takes 12.0 GB' env QUEUE=all "$room" check
ok "one queue takes half of it" env QUEUE=2.0 "$room" check
mkdir -p "$BUILD/1.0/linux" "$BUILD/1.0/check"
free 7600
ok "copies that are there do not count" "$room" check
free 7400
refuses "and the others do" 'takes 7.5 GB more' "$room" check
is "$(tail -n 1 "$work/bin/df.calls")" "-Pk $BUILD" "the disk is that of BUILD"

free 2900
ok "a tree that is there needs nothing" env QUEUE=1.0 "$room" tree
refuses "a new tree takes 3 GB" 'has 2.8 GB of free space, and tree takes 3.0 GB more' env QUEUE=2.0 "$room" tree
refuses "make check stops before it does anything else" \
	"^room: .* check takes" env -u PATCHES make --no-print-directory -C "$top" QUEUE=all check
refuses "a target is needed" 'neither tree nor check' "$room"
refuses "an unknown target is refused" 'kernel: neither tree nor check' "$room" kernel
refuses "two targets are refused" 'tree: one argument is too many' "$room" check tree

done_testing
