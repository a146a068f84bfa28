#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every queue, as it is in patches/: git am and export give the same files.
# Works on a tree of its own that borrows the tarball's commit from
# build/<base>/linux (which scripts/tree makes if need be) and has hardly any
# file checked out.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

for mk in "$top"/kernels/*.mk; do
	BASE=$(basename "$mk" .mk)
	export BASE
	if [ -z "$(find "$top/patches/$BASE" -name '[0-9]*.patch' ! -name '0000-*' 2>/dev/null)" ]; then
		skip 4 "patches/$BASE has no patches yet"
		continue
	fi
	[ -e "$top/build/$BASE/linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'

	tree=$work/build/$BASE/linux
	git -c safe.directory='*' clone -q --shared --no-checkout "$top/build/$BASE/linux" "$tree"
	git -C "$tree" sparse-checkout set --no-cone /Makefile /.gitattributes # it shapes diffs
	git -C "$tree" checkout -q -B queue pristine
	git -C "$tree" tag -f base pristine >/dev/null

	cp -a "$top/patches" "$work/patches"
	ok "$BASE: every patch applies" env BUILD="$work/build" PATCHES="$work/patches" "$top/scripts/tree"
	is "$(git -C "$tree" rev-list --count pristine..HEAD)" \
		"$(cat "$work/patches/$BASE"/series "$work/patches/$BASE"/base/series 2>/dev/null | grep -vc '^#')" "$BASE: a commit for each"
	ok "$BASE: they can be exported" env FORCE=1 BUILD="$work/build" PATCHES="$work/out" "$top/scripts/export"
	ok "$BASE: the files are the same" diff -r -x '0000-*' -x parts "$top/patches/$BASE" "$work/out/$BASE"
	rm -rf "$work/patches" "$work/build"
done
done_testing
