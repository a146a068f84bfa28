#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `make apply` on the oldest and the newest kernel in ENDS, on a user's tree.  A tree
# of another version than the pinned one runs hmm-tests, as no other test covers it.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
# shellcheck source=scripts/queue.sh
. "$top/scripts/queue.sh"
unset OUT LINUX_TREE
git config --global user.name Me
git config --global user.email me@example.org

for QUEUE in $(queues); do
	need_queue
	export QUEUE
	[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
	count=$( (series "$queue/revert"; queue_patches "$queue") | wc -l)
	for version in $(value ENDS); do
		tree=$build/$QUEUE/trees/$version
		rm -rf "$tree"
		mkdir -p "$tree"
		tarball=$(VERSION=$version "$top/scripts/fetch" 2>"$work/err")
		is $? 0 "$version: the archive has this version" || diag "$(cat "$work/err")"
		[ -f "$tarball" ] && tar -xf "$tarball" --strip-components=1 -C "$tree"
		# Debian's tree ignores all of itself
		ok "$version: the tarball becomes a git tree" sh -c "cd '$tree' && git init -q &&
			git -c core.compression=0 add -Af . && git commit -q -m 'Linux $version'"
		before=$(state "$tree")
		LINUX=$tree refuses "$version: apply refuses the tree without REVERT=1" 'REVERT=1' "$top/scripts/apply"
		is "$(state "$tree")" "$before" "$version: a refused apply leaves the tree as before"
		LINUX=$tree REVERT=1 "$top/scripts/apply" >"$work/out" 2>&1
		is $? 0 "$version: the queue fits" || diag "$(cat "$work/out")"
		is "$(git -C "$tree" rev-list --count HEAD)" $((count + 1)) "$version: the tree has a commit for each patch"
		if [ "$version" = "$(value VERSION)" ]; then
			is "$(git -C "$tree" rev-parse 'HEAD^{tree}')" "$(git -C "$linux" rev-parse 'refs/queue/exported^{tree}')" \
				"$version: the tree has the content that make tree makes"
		else
			LINUX_TREE=$tree OUT=$build/$QUEUE/trees/$version.out make --no-print-directory -C "$top" run >"$work/out" 2>"$work/err"
			is $? 0 "$version: a run passes" || diag "$(tail -n 30 "$work/err" "$work/out")"
			diag "$version: $(grep ' passed, ' "$work/out")"
		fi
		rm -rf "$tree" "$tree.out"
	done
done
done_testing
