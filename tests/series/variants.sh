# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the tests that build and boot other kernels than the queue's: lib.sh,
# and a worktree and an output of their own.  They share these, one at a time,
# since what two such kernels have in common is most of it.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
QUEUE=$chosen_queue
need_queue
export QUEUE

there=$build/$QUEUE/variants
export LINUX_TREE=$there/linux OUT=$there/x86_64
mkdir -p "$there"
exec 9>"$there/.lock"
flock 9

# go_to REV: the worktree has its files, and nothing else that git knows of
go_to() {
	[ -e "$LINUX_TREE/.git" ] || {
		git -C "$linux" worktree prune
		git -C "$linux" worktree add -q --no-checkout --detach "$LINUX_TREE" "$1"
	}
	git -C "$LINUX_TREE" checkout -qf --detach "$(git -C "$linux" rev-parse "$1^{commit}")"
}
