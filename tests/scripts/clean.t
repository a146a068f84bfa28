#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/clean removes what was built, and no work of anybody.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
clean=$top/scripts/clean
export BUILD=$work/build
tree=$BUILD/5.10/linux
mkdir -p "$BUILD/5.10/x86_64" "$BUILD/results" "$tree" "$BUILD/5.10/mine"
touch "$BUILD/check.log" "$BUILD/5.10/x86_64/vmlinux" "$BUILD/results/a"
for repo in "$tree" "$BUILD/5.10/mine"; do
	git init -q "$repo"
	fake_linux "$repo"
	commit "$repo" "Linux"
done
git -C "$tree" update-ref refs/queue/exported HEAD
before=$(state "$tree")

out=$("$clean" 2>&1)
is $? 0 "clean"
is "$(cd "$BUILD" && find . -maxdepth 2 -mindepth 2 ! -path './results*' | sort | paste -sd' ')" "./5.10/linux ./5.10/mine" \
	"what was built is gone, git trees are not"
is "$(state "$tree")" "$before" "the kernel's tree is as it was"

echo edited >>"$tree/Makefile"
refuses "changes" 'not committed' "$clean" --all
git -C "$tree" checkout -q Makefile
touch "$tree/new.c"
refuses "a new file, though ignored" 'does not know' "$clean" --all
commit "$tree" more
refuses "a commit" 'no patch file has' "$clean" --all
git -C "$tree" branch aside
git -C "$tree" reset -q --hard HEAD^
refuses "a commit on another branch" 'no patch file has' "$clean" --all
git -C "$tree" branch -q -D aside
git -C "$tree" worktree add -q --detach "$work/other" HEAD
refuses "another worktree" 'other worktrees' "$clean" --all
git -C "$tree" worktree remove "$work/other"
refuses "an option that is none" 'no such option' "$clean" --everything
is "$(state "$tree")" "$before" "after all this the tree is as it was"

ok "clean --all, with nothing to lose" "$clean" --all
ok "the tree is gone" test ! -e "$tree"
ok "nothing to do" env BUILD="$work/none" "$clean"
done_testing
