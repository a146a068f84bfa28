#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each driver of standin/ runs on the queue's kernel and passes the tests of its stand-in.
# Each patch in standin/<driver>/mutants breaks one rule of the driver, and fails the test
# that "Noticed by:" names.  A driver that does not match its stand-in gets a message that
# names the symbol.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE ARCH FLAVOUR LINUX
export TIMEOUT=900

# standin: runs the stand-in for $DRIVER on $LINUX, if set, or on the queue's kernel
standin() { "$top/scripts/standin" >"$work/out" 2>"$work/err"; }
not_ok() { sed -n 's/^not ok [0-9]* - //p' "$work/out"; }

for file in "$top"/standin/*/standin.mk; do
	here=${file%/*} DRIVER=$(basename "${file%/*}")
	read -ra chosen < <(sed -n 's/^QUEUES = //p' "$file")
	for QUEUE in "${chosen[@]}"; do
		export DRIVER QUEUE
		need_queue
		# shellcheck disable=SC2154 # linux is from need_queue
		[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
		tree=$build/$QUEUE/standin-tree
		git -C "$linux" worktree prune
		[ -e "$tree" ] || git -C "$linux" worktree add -qf --detach "$tree" refs/queue/exported
		git -C "$tree" checkout -qf --detach refs/queue/exported
		export LINUX=$tree OUT=$build/$QUEUE/standin-$DRIVER-mutants
		standin
		is "$? $(not_ok)" '0 ' "$DRIVER on $QUEUE: all tests pass, and the log is clean" ||
			diag "$(tail -n 20 "$work/err")"
		is "$(grep -c '^ok ' "$work/out")" "$(sed -n 's/^1\.\.//p' "$work/out")" \
			"$DRIVER on $QUEUE: each planned test has run: $(sed -n 's/^1\.\.//p' "$work/out")"

		for mutant in "$here"/mutants/*.patch; do
			name=$DRIVER/$(basename "$mutant" .patch)
			git -C "$tree" checkout -qf --detach refs/queue/exported
			ok "$name applies" git -C "$tree" apply "$mutant" || continue
			standin
			is "$?" 1 "$name fails: $(head -n 1 "$mutant")"
			wanted=$(sed -n 's/^Noticed by: //p' "$mutant")
			is "$(not_ok | grep -xF "$wanted")" "$wanted" "$name is noticed by the named test" ||
				diag "$(not_ok; tail -n 5 "$work/err")"
		done

		# The first function of the driver that the module finds by name
		git -C "$tree" checkout -qf --detach refs/queue/exported
		source=$tree/$(sed -n 's/^SOURCES = \([^ ]*\).*/\1/p' "$file")
		symbol=$(sed -n 's/^PROBES = //p; s/^SYMBOLS = //p' "$file" | tr ' ' '\n' |
			while read -r name; do ! grep -q "^static .*\b$name(" "$source" || echo "$name"; done | head -n 1)
		sed -i "s/\b$symbol\b/renamed_page_free/" "$source"
		refuses "$DRIVER: a missing symbol is named" "has no symbol $symbol" "$top/scripts/standin"
		git -C "$tree" checkout -qf --detach refs/queue/exported
		is "$(git -C "$tree" status --porcelain)" '' "$DRIVER: nothing in the tree has changed"
		unset LINUX OUT
	done
done
done_testing
