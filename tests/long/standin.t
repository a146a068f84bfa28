#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each driver of standin/ runs on the queue's kernel and passes the tests of its stand-in.
# Each patch in standin/<driver>/mutants/<queue> breaks one rule of the driver, and fails the test
# that "Noticed by:" names, or leads to a line in the kernel's log: "log: REGEX".
# A driver that does not match its stand-in gets a message that names the symbol.
# DRIVER='uvmem ...' chooses stand-ins.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE ARCH FLAVOUR LINUX KERNEL
export TIMEOUT=900

# standin: runs the stand-in for $DRIVER on $LINUX, if set, or on the queue's kernel
standin() { "$top/scripts/standin" >"$work/out" 2>"$work/err"; }
not_ok() { sed -n 's/^not ok [0-9]* - //p' "$work/out"; }

chosen_drivers=${DRIVER-}
for file in "$top"/standin/*/standin.mk; do
	case " ${chosen_drivers:-$(basename "${file%/*}")} " in *" $(basename "${file%/*}") "*) ;; *) continue ;; esac
	here=${file%/*} DRIVER=$(basename "${file%/*}")
	read -ra chosen < <(sed -n 's/^QUEUES = //p' "$file")
	for QUEUE in "${chosen[@]}"; do
		export DRIVER QUEUE
		need_queue
		"$top/scripts/deps" run "$(sed -n 's/^ARCH = //p' "$file")" 2>&1 | sed 's/^/# /'
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
		planned=$(sed -n 's/^1\.\.//p' "$work/out")
		is "$(grep -c '^ok ' "$work/out")" "$planned" "$DRIVER on $QUEUE: each planned test has run: $planned"
		is "$(grep 'warning:' "$work/err")" '' "$DRIVER on $QUEUE: driver and stand-in compile without a warning"
		like "$(paste -sd' ' "$top/docs/testing.md")" "standin/$DRIVER\) has [^;]*\b$planned (tests )?on $QUEUE\b" \
			"$DRIVER on $QUEUE: docs/testing.md has the number of tests, $planned"

		for mutant in "$here/mutants/$QUEUE"/*.patch; do
			name=$DRIVER/$QUEUE/$(basename "$mutant" .patch)
			git -C "$tree" checkout -qf --detach refs/queue/exported
			ok "$name applies" git -C "$tree" apply "$mutant" || continue
			# 2: the guest hangs or panics
			TIMEOUT=300 standin
			like "$?" '^[12]$' "$name fails: $(head -n 1 "$mutant")"
			wanted=$(sed -n 's/^Noticed by: //p' "$mutant")
			case $wanted in
			'log: '*)
				grep -q "${wanted#log: }" "$OUT/boot.log"
				result $? "$name is noticed by the kernel's log: ${wanted#log: }" || diag "$(tail -n 5 "$work/err")"
				;;
			*)
				is "$(not_ok | grep -xF "$wanted")" "$wanted" "$name is noticed by the named test" ||
					diag "$(not_ok; tail -n 5 "$work/err")"
				;;
			esac
		done

		# A driver that has another name for RENAMED
		git -C "$tree" checkout -qf --detach refs/queue/exported
		renamed=$(sed -n 's/^RENAMED = //p' "$file")
		source=$(sed -n 's/^SOURCES = \([^ ]*\).*/\1/p' "$file")
		grep -rlw "$renamed" "$tree/$(dirname "$source")" | xargs sed -i "s/\b$renamed\b/another_name/"
		refuses "$DRIVER: a missing name is in the message" "$renamed" "$top/scripts/standin"
		git -C "$tree" checkout -qf --detach refs/queue/exported
		is "$(git -C "$tree" status --porcelain)" '' "$DRIVER: nothing in the tree has changed"
		unset LINUX OUT
	done
done
done_testing
