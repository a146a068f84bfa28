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

# seed: makes LINUX_TREE and OUT as copies of the queue's source and output.  The copies
# keep the times of the files, and recorded commands get the new paths, so that make
# compiles only objects that differ.
seed() {
	local from=$build/$QUEUE/x86_64
	rm -rf "$there/seeded" "$LINUX_TREE" "$OUT"
	# shellcheck disable=SC2016 # variables of perl
	{
		git -C "$linux" worktree prune &&
			git -C "$linux" worktree add -fq --no-checkout --detach "$LINUX_TREE" HEAD &&
			find "$linux" -mindepth 1 -maxdepth 1 ! -name .git -exec cp -a -t "$LINUX_TREE" {} + &&
			git -C "$LINUX_TREE" reset -q &&
			cp -a "$from" "$OUT" &&
			find "$OUT" \( -name '*.cmd' -o -name configured -o -name '*built' \) -type f -exec \
				env A="$linux" B="$LINUX_TREE" C="$from" D="$OUT" \
				perl -pi -e 's{\Q$ENV{A}\E(?![\w.-])}{$ENV{B}}g; s{\Q$ENV{C}\E(?![\w.-])}{$ENV{D}}g' {} + &&
			touch "$there/seeded"
	} || die "$linux and $from cannot be copied to $there" "see the error above; make prepare QUEUE=$QUEUE makes both"
}

# go_to REV: checks out REV in the worktree; files that git does not track stay
go_to() {
	{ [ -e "$there/seeded" ] && [ -e "$LINUX_TREE/.git" ]; } || seed
	git -C "$LINUX_TREE" checkout -qf --detach "$(git -C "$linux" rev-parse "$1^{commit}")"
}
