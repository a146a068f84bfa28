#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/apply on trees that look like Linux: trees that the queue fits, and trees that
# apply refuses.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
apply=$top/scripts/apply

export PATCHES=$work/patches LINUX=$work/mine
git config --global user.name Me
git config --global user.email me@example.org

# A queue: revert/ turns pgmap_owner into src_owner, and two patches build on src_owner
maker=$work/maker
fake_linux "$maker"
git -C "$maker" init -q
commit "$maker" "Linux 5.10.262"
sed -i 's/pgmap_owner/src_owner/' "$maker/include/linux/migrate.h"
commit "$maker" "mm: put src_owner back"
sed -i 's/src_owner/pgmap_owner/' "$maker/include/linux/migrate.h"
sed -i '20s/.*/line twenty;/' "$maker/mm/migrate.c"
commit "$maker" "mm: a selector"
echo new >"$maker/mm/new.c"
sed -i '30s/.*/line thirty;/' "$maker/mm/migrate.c"
commit "$maker" "mm: [odd] tag"
git -C "$maker" format-patch -q --zero-commit -N -o "$PATCHES/5.10/revert" HEAD~3..HEAD~2
git -C "$maker" format-patch -q --zero-commit -N -o "$PATCHES/5.10/1-first" HEAD~2..HEAD~
git -C "$maker" format-patch -q --zero-commit -N -o "$PATCHES/5.10/2-second" HEAD~
cp "$top/patches/5.10/source.mk" "$PATCHES/5.10"
for name in 1-first 2-second; do
	printf 'Subject: [PATCH 0/1] %s\nNeeds: none\n\nText.\n' "$name" >"$PATCHES/5.10/$name/0000-cover-letter.patch"
done

# mine [HEADER-LINE]: makes a new tree of the user's
mine() {
	rm -rf "$LINUX"
	fake_linux "$LINUX" "$@"
	git -C "$LINUX" init -q -b work
	commit "$LINUX" "Linux"
}
head_of() { git -C "$LINUX" rev-parse HEAD; }

# unchanged NAME REGEX COMMAND...: as refuses, and the tree does not change
unchanged() {
	local before
	before=$(state "$LINUX"; files "$LINUX/.git/refs"; ls -A "$LINUX" "$LINUX/.git")
	refuses "$@"
	is "$(state "$LINUX"; files "$LINUX/.git/refs"; ls -A "$LINUX" "$LINUX/.git")" "$before" "$1: nothing has changed"
}

# Trees that fit
mine 'void *src_owner;'
before=$(head_of)
ok "apply accepts a tree with src_owner" "$apply"
is "$(git -C "$LINUX" log --format='%s|%cn' "$before..")" $'mm: [odd] tag|Me\nmm: a selector|Me' "apply commits each patch of the queue in the user's name"
is "$(git -C "$LINUX" status --porcelain)" "" "apply leaves the tree clean"
is "$(git -C "$LINUX" rev-parse 'HEAD^{tree}')" "$(git -C "$maker" rev-parse 'HEAD^{tree}')" "apply gives the tree the queue's content"
unchanged "apply refuses a tree that has the whole queue" "has 2 of the queue's 2 patches already" "$apply"
git -C "$LINUX" reset -q --hard HEAD~1
unchanged "apply refuses a tree that has half of the queue" "has 1 of the queue's 2 patches already" "$apply"

mine
unchanged "apply refuses a tree with upstream's selector" 'upstream.s.*' "$apply"
like "$("$apply" 2>&1)" 'REVERT=1' "the message for a tree with upstream's selector names REVERT=1"
ok "REVERT=1 has apply accept a tree with upstream's selector" env REVERT=1 "$apply"
is "$(git -C "$LINUX" log --format=%s | wc -l)" 4 "REVERT=1 adds the commits of revert/ and of the queue"

cd "$LINUX" || exit
git reset -q --hard HEAD~3
ok "apply accepts LINUX=. from inside the tree" env LINUX=. REVERT=1 "$apply"
cd "$work" || exit

# Trees that apply refuses
mine 'void *src_owner;'
unchanged "apply refuses REVERT=1 for a tree without upstream's selector" 'leave REVERT out' env REVERT=1 "$apply"
sed -i '29s/.*/something else;/' "$LINUX/mm/migrate.c"
commit "$LINUX" "in the way"
unchanged "apply refuses a patch that does not fit, and names the patch" '2-second/0001-mm-odd-tag.patch does not fit' "$apply"
like "$("$apply" 2>&1)" 'patch failed: mm/migrate.c:27' "apply says where a patch does not fit"
like "$("$apply" 2>&1)" 'made for 5.10.262, the tree is 5.10.262' "apply names both versions if a patch does not fit"

mine 'void *src_owner;'
echo mine >"$LINUX/mm/new.c"
unchanged "apply refuses a tree with a user's file that a patch adds" 'a patch adds: mm/new.c' "$apply"
rm "$LINUX/mm/new.c"
echo dirty >>"$LINUX/mm/migrate.c"
unchanged "apply refuses uncommitted changes" 'not committed' "$apply"
git -C "$LINUX" add -f mm/migrate.c
unchanged "apply refuses staged changes" 'not committed' "$apply"
git -C "$LINUX" reset -q --hard
mkdir "$LINUX/.git/rebase-apply"
unchanged "apply refuses a tree in the middle of git am" 'not finished' "$apply"
rmdir "$LINUX/.git/rebase-apply"
git config --global --unset-all user.name
git config --global --unset-all user.email
unchanged "apply refuses to commit without the user's name and address" 'no name and address' env GIT_CONFIG_COUNT=0 EMAIL= "$apply"
git config --global user.name Me
git config --global user.email me@example.org

mine 'unsigned long dir;'
unchanged "apply refuses a tree with neither src_owner nor pgmap_owner" 'neither src_owner nor pgmap_owner' "$apply"
mine 'void *src_owner;'
git -C "$LINUX" rm -q mm/migrate.c
commit "$LINUX" "no mm"
unchanged "apply refuses a tree without mm/migrate.c" 'is not Linux: it has no mm/migrate.c' "$apply"

mine 'void *src_owner;'
unchanged "apply refuses a folder inside a git tree" 'inside a git tree' env LINUX="$LINUX/mm" "$apply"
mkdir -p "$work/none/5.10"
cp "$top/patches/5.10/source.mk" "$work/none/5.10"
unchanged "apply refuses an empty queue" 'has no patches' env PATCHES="$work/none" "$apply"
unchanged "apply refuses a series that does not exist" 'choose one of: 1-first 2-second' env SERIES=3-third "$apply"
ok "apply accepts SERIES= with one series" env SERIES=2-second "$apply"
is "$(git -C "$LINUX" log --format=%s)" $'mm: [odd] tag\nLinux' "SERIES= applies a series that stands on the base without any other series"
rm "$PATCHES"/5.10/1-first/0001*
unchanged "apply refuses a series without patches" '1-first has no patches' "$apply"
mkdir "$work/plain" "$work/empty"
git -C "$work/empty" init -q
refuses "apply refuses to run without LINUX" 'make apply LINUX=dir' env -u LINUX "$apply"
refuses "apply refuses a LINUX that does not exist" 'no such folder' env LINUX="$work/nowhere" "$apply"
refuses "apply refuses a LINUX that is not a git tree" 'not a git work tree' env LINUX="$work/plain" "$apply"
refuses "apply refuses a LINUX without a commit" 'has no commit' env LINUX="$work/empty" "$apply"
done_testing
