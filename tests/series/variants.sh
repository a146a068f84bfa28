# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the tests that build and boot other kernels than the queue's: lib.sh, a
# worktree and an output folder.  The tests use these one at a time, as most objects of
# two such kernels are equal.

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

# go_to REV: checks out REV in the worktree; files that git does not track stay
go_to() {
	[ -e "$LINUX_TREE/.git" ] || {
		git -C "$linux" worktree prune
		git -C "$linux" worktree add -q --no-checkout --detach "$LINUX_TREE" "$1"
	}
	git -C "$LINUX_TREE" checkout -qf --detach "$(git -C "$linux" rev-parse "$1^{commit}")"
}
