#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/tree and scripts/export, on a tarball that looks like Linux.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
tree=$top/scripts/tree
export=$top/scripts/export

fake_linux "$work/linux-5.10.262"
export KERNEL_TARBALL=$work/linux.tar.xz BUILD=$work/build PATCHES=$work/patches
tar -cJf "$KERNEL_TARBALL" -C "$work" linux-5.10.262
linux=$BUILD/5.10/linux
queue=$PATCHES/5.10
in_tree() { git -C "$linux" "$@"; }

# unchanged NAME COMMAND...: like refuses, and neither tree nor patches change
unchanged() {
	local before
	before=$(state "$linux"; files "$PATCHES")
	refuses "$@"
	is "$(state "$linux"; files "$PATCHES")" "$before" "$1: nothing has changed"
}

# Whatever the user likes must not matter
cat >"$GIT_CONFIG_GLOBAL" <<'EOF'
[commit]
	gpgsign = true
[core]
	autocrlf = true
	hooksPath = /nonexistent
[format]
	signature = hello
	numbered = true
	subjectPrefix = RFC
	attach = true
	thread = true
	coverLetter = true
[diff]
	noprefix = true
	algorithm = histogram
	context = 9
	renames = copies
[am]
	threeWay = true
	keepcr = true
EOF

# From nothing
refuses "export without a tree" 'there is no tree' "$export"
mkdir -p "$PATCHES"
ok "tree without any patches" "$tree"
is "$(in_tree log --format=%s)" "Linux 5.10.262" "the tarball is one commit"
is "$(in_tree rev-parse pristine base)" "$(in_tree rev-parse HEAD HEAD)" "with the tags pristine and base"
is "$(in_tree ls-files | wc -l)" 6 "all files are in it, those that its .gitignore hides too"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "a second run has nothing to do"
ok "export without any patches" "$export"
is "$(find "$PATCHES" -mindepth 1)" "" "leaves nothing behind"

# Commits to patches
export GIT_AUTHOR_NAME=Jörg GIT_AUTHOR_EMAIL=j@example.org GIT_AUTHOR_DATE='2021-02-03T04:05:06 +0100'
sed -i '5s/.*/line five;/' "$linux/mm/migrate.c"
commit "$linux" "mm: take something out"
in_tree -c tag.gpgSign=false tag -f base >/dev/null
in_tree mv Kbuild Kbuild.old
printf 'trailing space \nand a tab\there\r\n' >"$linux/mm/new.c"
commit "$linux" "mm/migrate: a subject with [brackets], umläute, and more words than fit into a file's name"
sed -i '20s/.*/line twenty;/' "$linux/mm/migrate.c"
commit "$linux" "mm: change a line"
sed -i '30s/.*/line thirty;/' "$linux/mm/migrate.c"
in_tree commit -qam unsigned --no-gpg-sign
mkdir -p "$queue"
echo letter >"$queue/0000-cover-letter.patch"
unchanged "unsigned commit" 'without Signed-off-by' "$export"
unchanged "tree, with unexported commits" 'not exported' "$tree"
in_tree reset -q --hard HEAD~1
is "$("$export" 2>&1)" "$(cat <<'EOF'
added base/0001-mm-take-something-out.patch
added base/series
added 0001-mm-migrate-a-subject-with-brackets-uml-ute-and-more-.patch
added 0002-mm-change-a-line.patch
added series
EOF
)" "export names what it writes"
is "$(grep -v '^#' "$queue/series")" "$(cd "$queue" && ls 0001* 0002*)" "series has them in order"
is "$(cat "$queue/0000-cover-letter.patch")" letter "the cover letter stays"
like "$(head -n 4 "$queue/0002-mm-change-a-line.patch")" '^Subject: \[PATCH\] mm: change a line' "no numbers in subjects"
like "$(cat "$queue"/0001-*)" '^deleted file mode' "renames are written out"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "after export the tree is up to date"

# Patches to commits and back
before=$(files "$PATCHES")
content=$(in_tree rev-parse 'HEAD^{tree}' 'base^{tree}')
mv "$linux" "$work/first"
ok "tree from patches" "$tree"
is "$(in_tree rev-parse 'HEAD^{tree}' 'base^{tree}')" "$content" "same content, same base"
is "$(in_tree log -1 --format='%an %ae %ad %s' base~0)" "Jörg j@example.org Wed Feb 3 04:05:06 2021 +0100 mm: take something out" "author, date and subject survive"
ids=$(in_tree rev-parse HEAD)
ok "export" "$export"
is "$(files "$PATCHES")" "$before" "the round trip is byte-identical"
rm -rf "$linux"
"$tree" 2>/dev/null
is "$(in_tree rev-parse HEAD)" "$ids" "the same patches give the same commit ids"

# Patches change, as after git pull
old=$(in_tree rev-parse HEAD)
sed -i 's/line twenty/line score/' "$queue/0002-mm-change-a-line.patch"
unchanged "export over patches that somebody changed" 'has changed since' "$export"
touch -d 2001-01-01 "$linux/mm/new.c"
ok "tree after patches have changed" "$tree"
like "$(cat "$linux/mm/migrate.c")" 'line score;' "follows them"
is "$(in_tree rev-parse refs/queue/previous)" "$old" "and keeps where it was"
is "$(stat -c %y "$linux/mm/new.c" | cut -d- -f1)" 2001 "files that come out the same are not touched"
"$export" >/dev/null 2>&1 # its blob ids are those of the edited text now
is "$(in_tree status --porcelain --untracked-files=no)" "" "the tree is clean"

cp -a "$PATCHES" "$work/saved"
restore() {
	rm -rf "$PATCHES"
	cp -a "$work/saved" "$PATCHES"
}
sed -i 's/^-line 20;/-no such line;/' "$queue/0002-mm-change-a-line.patch"
unchanged "a patch that does not apply" '0002-mm-change-a-line.patch does not apply' "$tree"
like "$("$tree" 2>&1)" 'patch failed: mm/migrate.c:17' "and git's words say where"
restore
echo nothing >"$queue/0002-mm-change-a-line.patch"
unchanged "a file that is no patch" 'does not apply' "$tree"
rm "$queue/0002-mm-change-a-line.patch"
unchanged "a patch that is missing" 'series names 0002-mm-change-a-line.patch, which is not there' "$tree"
restore

# Work in progress in the tree
echo dirty >>"$linux/mm/migrate.c"
unchanged "tree, with uncommitted changes" 'not committed' "$tree"
unchanged "export, with uncommitted changes" 'not committed' "$export"
in_tree add -f mm/migrate.c
unchanged "tree, with staged changes" 'not committed' "$tree"
in_tree reset -q --hard
echo object >"$linux/mm/migrate.o"
ok "files that git ignores do not matter" "$tree"
for doing in rebase-merge rebase-apply; do
	mkdir "$linux/.git/$doing"
	unchanged "tree, during $doing" 'not finished' "$tree"
	unchanged "export, during $doing" 'not finished' "$export"
	rmdir "$linux/.git/$doing"
done
for doing in MERGE_HEAD CHERRY_PICK_HEAD BISECT_LOG; do
	in_tree rev-parse HEAD >"$linux/.git/$doing"
	unchanged "tree, with $doing" 'not finished' "$tree"
	rm "$linux/.git/$doing"
done
sed -i '30s/.*/line thirty;/' "$linux/mm/migrate.c"
commit "$linux" "mm: not exported"
unchanged "tree, with a new commit" 'not exported: 1' "$tree"
sed -i 's/line score/line XX/' "$queue/0002-mm-change-a-line.patch"
unchanged "tree, with a new commit and changed patches" 'patch files have changed too' "$tree"
like "$(FORCE=1 "$export" 2>&1)" '^changed 0002-mm-change-a-line.patch' "export FORCE=1 replaces what somebody changed"
is "$(diff -rq "$work/saved" "$PATCHES" | cut -d' ' -f1-2 | sort | paste -sd,)" "Files $work/saved/5.10/series,Only in" "and then only the new commit differs"

# The other way: patches that the tree has already
rm "$linux/.git/refs/queue/exported"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "commits that say what the patches say are taken for exported"

in_tree reset -q --hard HEAD~1
is "$("$export" 2>&1)" "$(printf 'removed 0003-mm-not-exported.patch\nchanged series')" "a commit that is gone: its patch goes"
ok "and so it is as before" diff -r "$work/saved" "$PATCHES"

# Trees that cannot be exported
in_tree checkout -q -b side HEAD~1
echo side >"$linux/side"
commit "$linux" side
in_tree checkout -q queue
in_tree -c commit.gpgSign=false merge -q -s ours -m 'merge' side
unchanged "export of a merge" 'cannot be a patch' "$export"
in_tree reset -q --hard HEAD~1
in_tree -c commit.gpgSign=false commit -q --allow-empty -sm "nothing"
unchanged "export of a commit that changes nothing" 'change nothing' "$export"
in_tree reset -q --hard HEAD~1
in_tree checkout -q --detach pristine
unchanged "export of a HEAD beside base" 'HEAD does not build on base' "$export"
in_tree checkout -q queue
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "still all there"

# What it is made from
unset KERNEL_TARBALL
unchanged "tree, when another source is asked for" 'was made from tarball' "$tree"
mkdir -p "$work/other/5.10/linux"
refuses "something else where the tree should be" 'no git tree' env BUILD="$work/other" "$tree"
refuses "an unknown BASE" 'choose one of' env BASE=1.2 "$tree"
refuses "no tarball" 'no such file' env KERNEL_TARBALL="$work/none" BUILD="$work/new" "$tree"
head -c 100 "$work/linux.tar.xz" >"$work/cut.tar.xz"
refuses "a damaged tarball" 'damaged' env KERNEL_TARBALL="$work/cut.tar.xz" BUILD="$work/new" "$tree"
is "$(find "$work/new" -mindepth 2 ! -name .lock)" "" "a tree that could not be made leaves nothing half-made"
rm "$queue/0001"*
refuses "patches that do not fit together, at first" 'which is not there' env KERNEL_TARBALL="$work/linux.tar.xz" BUILD="$work/new" "$tree"
is "$(find "$work/new" -mindepth 2 ! -name .lock)" "" "leaves nothing half-made either"
done_testing
