#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/clean removes builds, and never removes a user's work.
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
# As the kernel's build and tests/long/standin.t leave them
ln -s "$tree" "$BUILD/5.10/x86_64/source"
git -C "$tree" worktree add -q --detach "$BUILD/5.10/standin-tree"
before=$(state "$tree")

out=$("$clean" 2>&1)
is $? 0 "clean succeeds"
is "$(cd "$BUILD" && find . -maxdepth 2 -mindepth 2 ! -path './results*' | sort | paste -sd' ')" "./5.10/linux ./5.10/mine" \
	"clean removes build outputs and keeps git trees"
ok "clean removes results and logs" test ! -e "$BUILD/results/a" -a ! -e "$BUILD/check.log"
is "$(state "$tree")" "$before" "clean leaves the kernel's tree as before"

echo edited >>"$tree/Makefile"
refuses "clean --all refuses uncommitted changes" 'not committed' "$clean" --all
git -C "$tree" checkout -q Makefile
touch "$tree/new.c"
refuses "clean --all refuses a new file, though git ignores the file" 'does not know' "$clean" --all
commit "$tree" more
refuses "clean --all refuses a commit that no patch has" 'no patch file has' "$clean" --all
git -C "$tree" branch aside
git -C "$tree" reset -q --hard HEAD^
refuses "clean --all refuses a commit on another branch" 'no patch file has' "$clean" --all
git -C "$tree" branch -q -D aside
git -C "$tree" worktree add -q --detach "$work/other" HEAD
refuses "clean --all refuses a tree with another worktree" 'other worktrees' "$clean" --all
git -C "$tree" worktree remove "$work/other"
refuses "clean refuses an unknown option" 'no such option' "$clean" --everything
is "$(state "$tree")" "$before" "a refused clean leaves the kernel's tree as before"

ok "clean --all succeeds if no work is lost" "$clean" --all
ok "clean --all removes the tree" test ! -e "$tree"
ok "clean succeeds without a build folder" env BUILD="$work/none" "$clean"
done_testing
