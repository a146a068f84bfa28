#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/tree and scripts/export, on a tarball that looks like Linux.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
tree=$top/scripts/tree
export=$top/scripts/export

fake_linux "$work/linux-5.10.262"
export KERNEL_TARBALL=$work/linux.tar.xz BUILD=$work/build PATCHES=$work/patches
tar -cJf "$KERNEL_TARBALL" -C "$work" linux-5.10.262
linux=$BUILD/5.10/linux
queue=$PATCHES/5.10
mkdir -p "$queue"
cp "$top/patches/5.10/source.mk" "$queue"
in_tree() { git -C "$linux" "$@"; }

# unchanged NAME REGEX COMMAND...: as refuses, and neither tree nor patches change
unchanged() {
	local before
	before=$(state "$linux"; files "$PATCHES")
	refuses "$@"
	is "$(state "$linux"; files "$PATCHES")" "$before" "$1: nothing has changed"
}

# The user's configuration of git must not matter
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

# No tree, then no patches
refuses "export refuses to run without a tree" 'there is no tree' "$export"
mkdir -p "$PATCHES"
ok "tree succeeds without any patches" "$tree"
is "$(in_tree log --format=%s)" "Linux 5.10.262" "the tarball is one commit"
is "$(in_tree rev-parse pristine base)" "$(in_tree rev-parse HEAD HEAD)" "the tags pristine and base name the tarball's commit"
is "$(in_tree ls-files | wc -l)" 6 "the tarball's commit has the files that .gitignore hides"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "tree does nothing if the tree is up to date"
ok "export succeeds without any patches" "$export"
is "$(find "$PATCHES" -type f)" "$queue/source.mk" "export without any patches leaves nothing behind"

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
unchanged "export refuses commits that no branch gives a series" 'git -C .* branch series/1-NAME' "$export"
is "$(TREE=keep "$tree" 2>&1 | cut -d: -f3)" " its commits cannot be exported yet" \
	"with TREE=keep, tree leaves commits that no branch gives a series"
unchanged "tree refuses commits that no branch gives a series" 'git -C .* branch series/1-NAME' "$tree"
in_tree branch series/1-first HEAD~1
in_tree branch series/2-second
sed -i '30s/.*/line thirty;/' "$linux/mm/migrate.c"
in_tree commit -qam unsigned --no-gpg-sign
# cover SERIES NEEDS: writes a cover letter
cover() {
	mkdir -p "$queue/$1"
	printf 'Subject: [PATCH 0/1] %s\nNeeds: %s\n\nText.\n' "$1" "$2" >"$queue/$1/0000-cover-letter.patch"
}
unchanged "export refuses a commit without Signed-off-by" 'without Signed-off-by' "$export"
unchanged "tree refuses commits that are not exported" 'not exported' "$tree"
in_tree reset -q --hard HEAD~1
unchanged "export refuses a series without cover letter" '1-first has no cover letter' "$export"
cover 1-first none
cover 2-second 1-first
before=$(cat "$queue"/*/0000-*)
is "$("$export" 2>&1)" "$(cat <<'EOF'
added 1-first/0001-mm-migrate-a-subject-with-brackets-uml-ute-and-more-words-than-fit-into-a-file-s-name.patch
added 2-second/0001-mm-change-a-line.patch
added revert/0001-mm-take-something-out.patch
added diff/Kbuild.diff
added diff/Kbuild.old.diff
added diff/mm/migrate.c.diff
added diff/mm/new.c.diff
changed README.md
EOF
)" "export names each file that it writes, and cuts no name"
is "$(cat "$queue"/*/0000-*)" "$before" "export leaves the cover letters alone"
like "$(head -n 4 "$queue/2-second/0001-mm-change-a-line.patch")" '^Subject: \[PATCH\] mm: change a line' "export writes no numbers into subjects"
like "$(cat "$queue"/1-first/0001-*)" '^deleted file mode' "export writes a rename as a new and a deleted file"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "after export the tree is up to date"
is "$(in_tree apply --numstat "$queue/diff/mm/migrate.c.diff")" "$(in_tree diff --numstat base HEAD -- mm/migrate.c)" \
	"a file's diff has the changes of all patches together"
like "$(cat "$queue/README.md")" '^\| \[2-second\]\(#2-second\) \| 1 \| \+1 −1 \| 1-first \| \[2-second\]' "README.md lists the series, each with the series beneath"
like "$(cat "$queue/README.md")" '\(1-first/0001-mm-migrate-a-subject.*\) \| \+[0-9]+ −[0-9]+ \|' "README.md lists the patches with the lines that each adds and removes"

# The whole change of one file, and its commits
export FILE=mm/migrate.c
is "$("$top/scripts/diff")" "$(sed '/^-- $/,$d' "$queue/diff/mm/migrate.c.diff")" "make diff FILE= shows the file's diff of diff/"
is "$("$top/scripts/log" | cut -d' ' -f1,3-)" "2-second mm: change a line" "make log FILE= lists the commits that touch a file, with their series"
FILE=mm/none.c unchanged "diff refuses a file that no patch touches" 'no patch of 5.10 touches' "$top/scripts/diff"
FILE=mm/none.c unchanged "log refuses a file that no patch touches" 'no patch of 5.10 touches' "$top/scripts/log"
unset FILE
is "$("$top/scripts/log" | cut -d' ' -f1 | paste -sd' ')" "1-first 2-second" "make log without FILE= lists all commits"

# Patches to commits and back
before=$(files "$PATCHES")
content=$(in_tree rev-parse 'HEAD^{tree}' 'base^{tree}')
mv "$linux" "$work/first"
ok "tree makes a git tree from patches" "$tree"
is "$(in_tree rev-parse 'HEAD^{tree}' 'base^{tree}')" "$content" "a tree from patches has the same content and base"
is "$(in_tree log -1 --format='%an %ae %ad %s' base~0)" "Jörg j@example.org Wed Feb 3 04:05:06 2021 +0100 mm: take something out" "a commit from a patch keeps author, date and subject"
ids=$(in_tree rev-parse HEAD)
ok "export accepts a tree from patches" "$export"
is "$(files "$PATCHES")" "$before" "tree and export reproduce the patches byte for byte"
rm -rf "$linux"
"$tree" 2>/dev/null
is "$(in_tree rev-parse HEAD)" "$ids" "the same patches give the same commit ids"
is "$(in_tree rev-parse series/1-first series/2-second)" "$(in_tree rev-parse HEAD~ HEAD)" "a branch ends each series"

# Patches change, as after git pull
old=$(in_tree rev-parse HEAD)
sed -i 's/line twenty/line score/' "$queue/2-second/0001-mm-change-a-line.patch"
unchanged "export refuses to overwrite patches that somebody changed" 'has changed since' "$export"
touch -d 2001-01-01 "$linux/mm/new.c"
ok "tree accepts patches that have changed" "$tree"
like "$(cat "$linux/mm/migrate.c")" 'line score;' "tree follows patches that have changed"
is "$(in_tree rev-parse refs/queue/previous)" "$old" "refs/queue/previous keeps the commit before the patches changed"
is "$(stat -c %y "$linux/mm/new.c" | cut -d- -f1)" 2001 "tree does not touch files whose content stays"
"$export" >/dev/null 2>&1 # the edit has changed the blob ids in the patch
is "$(in_tree status --porcelain --untracked-files=no)" "" "export leaves the tree clean"

cp -a "$PATCHES" "$work/saved"
restore() {
	rm -rf "$PATCHES"
	cp -a "$work/saved" "$PATCHES"
}
sed -i 's/^-line 20;/-no such line;/' "$queue/2-second/0001-mm-change-a-line.patch"
unchanged "tree refuses a patch that does not apply" '2-second: 0001-mm-change-a-line.patch does not apply' "$tree"
like "$("$tree" 2>&1)" 'patch failed: mm/migrate.c:17' "git's message says where a patch does not apply"
restore
echo nothing >"$queue/2-second/0001-mm-change-a-line.patch"
unchanged "tree refuses a file that is not a patch" 'does not apply' "$tree"
rm "$queue/2-second/0001-mm-change-a-line.patch"
unchanged "tree refuses a series without patches" '2-second has no patches' "$tree"
restore
mv "$queue/2-second/0001-mm-change-a-line.patch" "$queue/2-second/0002-mm-change-a-line.patch"
unchanged "tree refuses a series in which a number is missing" 'has no patch 0001' "$tree"
restore
rm "$queue/1-first/0000-cover-letter.patch"
unchanged "tree refuses a series without cover letter" '1-first has no cover letter' "$tree"
restore
sed -i /^Needs/d "$queue/2-second/0000-cover-letter.patch"
unchanged "tree refuses a cover letter without Needs:" 'a line beneath Subject' "$tree"
restore
cover 1-first 2-second
unchanged "tree refuses a series that stands on a later series" 'names 2-second, which is no earlier series' "$tree"
restore

# Work in progress in the tree
echo dirty >>"$linux/mm/migrate.c"
unchanged "tree refuses uncommitted changes" 'not committed' "$tree"
is "$(TREE=keep "$tree" 2>&1 | cut -d: -f2)" " $linux stays as it stands" "with TREE=keep, tree leaves uncommitted changes and says so"
unchanged "export refuses uncommitted changes" 'not committed' "$export"
in_tree add -f mm/migrate.c
unchanged "tree refuses staged changes" 'not committed' "$tree"
in_tree reset -q --hard
echo object >"$linux/mm/migrate.o"
ok "tree accepts files that git ignores" "$tree"
rm "$linux/mm/migrate.o"
for doing in rebase-merge rebase-apply; do
	mkdir "$linux/.git/$doing"
	unchanged "tree refuses to run during $doing" 'not finished' "$tree"
	unchanged "export refuses to run during $doing" 'not finished' "$export"
	rmdir "$linux/.git/$doing"
done
for doing in MERGE_HEAD CHERRY_PICK_HEAD BISECT_LOG; do
	in_tree rev-parse HEAD >"$linux/.git/$doing"
	unchanged "tree refuses to run with $doing" 'not finished' "$tree"
	rm "$linux/.git/$doing"
done
sed -i '30s/.*/line thirty;/' "$linux/mm/migrate.c"
commit "$linux" "mm: not exported"
unchanged "tree refuses a new commit that is not exported" 'not exported: 1' "$tree"
is "$(TREE=keep "$tree" 2>&1 | cut -d: -f3)" " commits are not exported" "with TREE=keep, tree leaves a new commit and says so"
refuses "tree refuses a TREE= other than keep" 'the only other choice' env TREE=drop "$tree"
sed -i 's/line score/line XX/' "$queue/2-second/0001-mm-change-a-line.patch"
unchanged "tree refuses a new commit and changed patches together" 'patch files have changed too' "$tree"
out=$(FORCE=1 "$export" 2>&1)
like "$out" '^changed 2-second/0001-mm-change-a-line.patch' "export FORCE=1 replaces a patch that somebody changed"
like "$out" '^added 2-second/0002-mm-not-exported.patch' "commits after the last branch belong to the last series"
is "$(diff -rq "$work/saved" "$PATCHES" | sed "s,$work/saved,,; s,$PATCHES,,g" | cut -d' ' -f1-3 | sort | paste -sd,)" \
	"Files /5.10/README.md and,Files /5.10/diff/mm/migrate.c.diff and,Only in /5.10/2-second:" "export FORCE=1 changes only the files of the new commit"

# Commits that nobody exported, but that equal the patches
rm "$linux/.git/refs/queue/exported"
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "tree accepts commits that equal the patches as exported"

in_tree reset -q --hard HEAD~1
in_tree branch -qf series/2-second
is "$("$export" 2>&1)" "$(printf 'removed 2-second/0002-mm-not-exported.patch\nchanged diff/mm/migrate.c.diff\nchanged README.md')" \
	"export removes the patch of a commit that is gone"
ok "without the commit, the patches are as before the commit" diff -r "$work/saved" "$PATCHES"

# Series that change
in_tree branch -qf series/1-first HEAD
unchanged "export refuses a series that has no commit of its own" 'no commit of its own' "$export"
in_tree branch -q -D series/1-first
in_tree branch -q -m series/2-second series/1-first
like "$("$tree" 2>&1)" 'commits that are not exported: 0' "tree refuses branches that have moved"
is "$("$export" 2>&1 | grep -c '^export: .*2-second has only its cover letter left')" 1 "export says which series is gone"
is "$(find "$queue/1-first" "$queue/2-second" -type f | wc -l)" 4 "two series can become one: export moves the patches, and leaves the cover letter"
restore
ok "tree restores the branches of the folders" "$tree"
is "$(in_tree for-each-ref --format='%(refname:lstrip=3)' refs/heads/series/ | paste -sd' ')" "1-first 2-second" "the tree has the branches of the folders"
in_tree branch -q -f series/1-first pristine
unchanged "export refuses a branch that does not lead from base to HEAD" 'does not end a part' "$export"
in_tree branch -q -f series/1-first HEAD~
in_tree branch -q series/other
unchanged "export refuses a branch whose name has no number" 'not named series/NUMBER-NAME' "$export"
in_tree branch -q -D series/other
sed -i '35s/.*/line five and thirty;/' "$linux/mm/migrate.c"
in_tree -c user.name=A -c user.email=a@example.org commit -q -a --fixup=HEAD~ --no-gpg-sign
GIT_SEQUENCE_EDITOR=true in_tree -c user.name=A -c user.email=a@example.org -c core.hooksPath=/dev/null -c commit.gpgSign=false \
	rebase -q -i --autosquash base >"$work/rebase" 2>&1
result $? "a fixup is squashed into an earlier series" || diag "$(cat "$work/rebase")"
is "$(in_tree rev-parse series/1-first series/2-second)" "$(in_tree rev-parse HEAD~ HEAD)" "a rebase takes the branches along"
ok "export writes the patch that the fixup went into" "$export"
like "$(cat "$queue"/1-first/0001-*)" '^\+line five and thirty;' "the patch of the earlier series has the fixup"
restore
ok "tree returns to the restored patches" "$tree"

# Trees that cannot be exported
in_tree checkout -q -b side HEAD~1
echo side >"$linux/side"
commit "$linux" side
in_tree checkout -q queue
in_tree -c commit.gpgSign=false merge -q -s ours -m 'merge' side
unchanged "export refuses a merge" 'cannot be a patch' "$export"
in_tree reset -q --hard HEAD~1
in_tree -c commit.gpgSign=false commit -q --allow-empty -sm "nothing"
unchanged "export refuses a commit that changes nothing" 'change nothing' "$export"
in_tree reset -q --hard HEAD~1
in_tree checkout -q --detach pristine
unchanged "export refuses a HEAD that does not build on base" 'HEAD does not build on base' "$export"
in_tree checkout -q queue
is "$("$tree" 2>&1 | cut -d: -f2)" " up to date" "a refused export leaves the tree up to date"

# Another source
unset KERNEL_TARBALL
unchanged "tree refuses another source than the tree was made from" 'was made from tarball' "$tree"
mkdir -p "$work/other/5.10/linux"
refuses "tree refuses a folder that is not a git tree" 'no git tree' env BUILD="$work/other" "$tree"
refuses "tree refuses an unknown QUEUE" 'choose one of' env QUEUE=1.2 "$tree"
refuses "tree refuses a KERNEL_TARBALL that does not exist" 'no such file' env KERNEL_TARBALL="$work/none" BUILD="$work/new" "$tree"
head -c 100 "$work/linux.tar.xz" >"$work/cut.tar.xz"
refuses "tree refuses a damaged tarball" 'damaged' env KERNEL_TARBALL="$work/cut.tar.xz" BUILD="$work/new" "$tree"
is "$(find "$work/new" -mindepth 2 ! -name .lock 2>/dev/null)" "" "a tree that could not be made leaves nothing half-made"
rm "$queue"/1-first/0001*
refuses "tree refuses a series without patches before a tree exists" '1-first has no patches' env KERNEL_TARBALL="$work/linux.tar.xz" BUILD="$work/new" "$tree"
is "$(find "$work/new" -mindepth 2 ! -name .lock 2>/dev/null)" "" "a series without patches leaves nothing half-made"
done_testing
