#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/deb refuses bad input, and writes nothing.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
deb=$top/scripts/deb
export PATCHES=$work/patches BUILD=$work/build LINUX=$work/mine CONFIG=$work/config
printf 'CONFIG_MMU=y\n' >"$CONFIG"

# A queue of one patch, and a tree with this patch
fake_linux "$LINUX"
touch "$LINUX/mm/Kconfig"
git -C "$LINUX" init -q
commit "$LINUX" "Linux"
sed -i '20s/.*/line twenty;/' "$LINUX/mm/migrate.c"
commit "$LINUX" "mm: a selector"
git -C "$LINUX" format-patch -q --zero-commit -N -o "$PATCHES/5.10/1-first" HEAD~
cp "$top/patches/5.10/source.mk" "$PATCHES/5.10"
printf 'Subject: [PATCH 0/1] first\nNeeds: none\n' >"$PATCHES/5.10/1-first/0000-cover-letter.patch"

# unbuilt NAME REGEX COMMAND...: as refuses, and neither tree nor BUILD changes
unbuilt() {
	local before
	before=$(state "$LINUX"; files "$LINUX")
	refuses "$@"
	is "$(state "$LINUX"; files "$LINUX")" "$before" "$1: the tree is as before"
	[ ! -e "$BUILD" ]
	result $? "$1: nothing is built"
}
unbuilt "deb refuses to run without CONFIG" 'make deb CONFIG=' env -u CONFIG "$deb"
unbuilt "deb refuses a CONFIG that does not exist" 'no such file' env CONFIG="$work/none" "$deb"
unbuilt "deb refuses a CONFIG that is not a kernel's configuration" "is not a kernel's configuration" env CONFIG="$LINUX/Makefile" "$deb"
unbuilt "deb refuses a SUFFIX that no package can have" 'lower case' env SUFFIX=-My_Kernel "$deb"
unbuilt "deb refuses a compiler that does not exist" 'there is no gcc-none' env CC=gcc-none "$deb"
unbuilt "deb refuses an argument" 'takes no arguments' "$deb" all
unbuilt "deb refuses an unknown architecture" 'not an architecture' env ARCH=vax "$deb"
touch "$LINUX/.config"
unbuilt "deb refuses a tree with build outputs" 'mrproper' "$deb"
rm "$LINUX/.config"
git -C "$LINUX" reset -q --hard HEAD~
unbuilt "deb refuses a tree without the queue" "has 0 of the queue's 1 patches" "$deb"
refuses "deb refuses a LINUX that does not exist" 'no kernel source' env LINUX="$work/none" "$deb"
done_testing
