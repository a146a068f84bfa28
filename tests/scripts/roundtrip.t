#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# make tree and make export reproduce the files of each queue in patches/.  The test uses
# a separate tree, which borrows the tarball's commit from build/<queue>/linux, and
# checks out hardly any file to save time.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
# shellcheck source=scripts/queue.sh
. "$top/scripts/queue.sh"

# not_exported: files of a queue that make export does not write
not_exported=(-x '0000-*' -x source.mk -x '*.config' -x callers -x expect -x mutants -x tests -x overview.md -x notes.md)
for QUEUE in $(queues); do
	need_queue
	export QUEUE
	# shellcheck disable=SC2154 # from need_queue
	if [ -z "$(queue_patches "$queue")" ]; then
		skip 5 "patches/$QUEUE has no patches yet"
		continue
	fi
	[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'

	tree=$work/build/$QUEUE/linux
	git -c safe.directory='*' clone -q --shared --no-checkout "$linux" "$tree"
	git -C "$tree" sparse-checkout set --no-cone /Makefile /.gitattributes # .gitattributes shapes diffs
	git -C "$tree" checkout -q -B queue pristine
	git -C "$tree" tag -f base pristine >/dev/null

	cp -a "$top/patches" "$work/patches"
	ok "$QUEUE: make tree applies every patch" env BUILD="$work/build" PATCHES="$work/patches" "$top/scripts/tree"
	is "$(git -C "$tree" rev-list --count pristine..HEAD)" \
		"$({ series "$queue/revert"; queue_patches "$queue"; } | wc -l)" "$QUEUE: the tree has a commit for each patch"
	is "$(git -C "$tree" for-each-ref --format='%(refname:lstrip=3)' refs/heads/series/ | sort -V)" \
		"$(all_series "$queue")" "$QUEUE: the tree has a branch for each series"

	# make export must write all of these files again
	find "$work/patches/$QUEUE" -name '[0-9]*.patch' ! -name '0000-*' ! -path '*/mutants/*' -delete
	rm -r "$work/patches/$QUEUE/diff" "$work/patches/$QUEUE/README.md"
	ok "$QUEUE: make export writes the queue" env FORCE=1 BUILD="$work/build" PATCHES="$work/patches" "$top/scripts/export"
	ok "$QUEUE: make export writes the same files as in patches/" diff -r "${not_exported[@]}" "$queue" "$work/patches/$QUEUE"
	rm -rf "$work/patches" "$work/build"
done
done_testing
