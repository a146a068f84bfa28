#!/usr/bin/env bash
# The selftests notice what they are for: each patch in tests/mutants/<base> breaks
# one rule of the queue, and the case of hmm-tests that it names has to be the
# first to fail: "Noticed by: REGEX", which is matched against its name, or
# against "log: " and what the kernel complains of first, or "hang".  So has
# hmm-stress for those that lose something while much else goes on.  "Run:
# OPTIONS" chooses cases of hmm-tests, where all of them would take too long.
#
# "Group: NAME": those of a group are tried at once, since each breaks a rule of
# its own and makes no other case fail; each of their cases has to.
#
# MUTANTS='name ...' tries these, each alone; so does ALONE=1 with all.

# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
BASE=$chosen_base
need_base
export BASE

there=$build/$BASE/mutants
mutants=$top/tests/mutants/$BASE
export LINUX_TREE=$there/linux OUT=$there/x86_64 TIMEOUT=150

# What hmm-stress mostly notices in less than a minute: a leak, a crash and a
# write that is lost
stressing=' device-write-not-marked lose-huge-page writeback-offered '

# The tree at its queue, all else gone
tip=$(git -C "$linux" rev-parse refs/queue/exported)
reset_tree() {
	git -C "$LINUX_TREE" checkout -qf --detach "$tip"
}

# build_and_run [OPTIONS]: 0 if all cases pass, 1 if one fails (it is the last
# then), 3 if nothing was run
build_and_run() {
	local status=0
	: >"$work/tap"
	: >"$work/boot"
	"$top/scripts/kernel" >"$work/build" 2>&1 || return 3
	"$top/scripts/boot" -- \
		"hmm-tests ${1-}"' | awk "{ print; fflush() } /^not ok/ { exit 1 }"' \
		>"$work/tap" 2>"$work/boot" || status=$?
	return $status
}

git -C "$linux" worktree prune
if [ ! -e "$LINUX_TREE/.git" ]; then
	mkdir -p "$there"
	git -C "$linux" worktree add -q --no-checkout --detach "$LINUX_TREE" refs/queue/exported
fi

# A run that was killed can have left an object that is newer than its source
# and made of something else.
reset_tree
sed -n "s,^+++ b/,$LINUX_TREE/,p" "$mutants"/*.patch | sort -u | xargs touch

# complete: all that was planned has passed, and nothing was skipped
complete() { [ "$(grep '^ok ' "$work/tap" | grep -vc SKIP)" = "$(sed -n 's/^1\.\.//p' "$work/tap")" ]; }

# who: noticed first
who() {
	local first
	first=$(sed -n 's/^not ok [0-9]* //p' "$work/tap" | head -n 1)
	[ -n "$first" ] || first=$(sed -n 's/^  | [0-9]*:/log: /p' "$work/boot" | head -n 1)
	[ -n "$first" ] || ! grep -q 'guest has not come' "$work/boot" || first=hang
	echo "${first:-$(head -n 1 "$work/boot")}"
}

if "$top/scripts/selftests" && TIMEOUT=300 build_and_run && complete; then
	result 0 "the queue as it is passes"
else
	result 1 "the queue as it is passes"
	diag "$(cat "$work/build" "$work/boot")"
	done_testing
fi

# line WORD PATCH: what it says of that
line() { sed -n "1,/^\$/s/^$1: //p" "$2"; }

# try_group PATCH...
try_group() {
	local patch status=0 options='' failed regex
	for patch; do
		git -C "$LINUX_TREE" apply "$patch" || { reset_tree; return 1; }
		options+=" $(line Run "$patch")"
	done 2>"$work/build"
	: >"$work/tap"
	"$top/scripts/kernel" >"$work/build" 2>&1 &&
		"$top/scripts/boot" -- "hmm-tests $options" >"$work/tap" 2>"$work/boot" || status=$?
	reset_tree
	failed=$(sed -n 's/^not ok [0-9]* //p' "$work/tap")
	diag "at once: $# mutants, noticed by $(paste -sd' ' <<<"$failed")"
	for patch; do
		regex=$(line 'Noticed by' "$patch")
		like "$failed" "^($regex)$" "$(basename "$patch" .patch): $(head -n 1 "$patch")" ||
			diag "$(tail -n 5 "$work/build" "$work/boot")"
	done
	is "$(wc -l <<<"$failed")" $# "as many cases fail as rules are broken"
}

if [ -z "${MUTANTS-}${ALONE-}" ]; then
	while read -r group; do
		mapfile -t list < <(grep -l "^Group: $group\$" "$mutants"/*.patch)
		try_group "${list[@]}"
	done < <(grep -h '^Group: ' "$mutants"/*.patch | sed 's/^Group: //' | sort -u)
fi

for patch in "$mutants"/*.patch; do
	name=$(basename "$patch" .patch)
	[ -z "${MUTANTS-}" ] || [[ " $MUTANTS " = *" $name "* ]] || continue
	[ -n "${MUTANTS-}${ALONE-}" ] || [ -z "$(line Group "$patch")" ] || continue
	what="$name: $(head -n 1 "$patch")"
	if ! git -C "$LINUX_TREE" apply "$patch" 2>"$work/build"; then
		result 1 "$what" || diag "$(cat "$work/build")"
		continue
	fi
	status=0
	build_and_run "$(line Run "$patch")" || status=$?
	reset_tree
	# A guest that hangs or dies has noticed, a build that fails has not
	! grep -qE 'guest (died|has not come)' "$work/boot" || status=1
	case $status in
	0)
		result 1 "$what" || diag "nothing has noticed"
		;;
	1)
		like "$(who)" "^($(line 'Noticed by' "$patch"))$" "$what"
		diag "noticed by $(who)"
		[[ $stressing = *" $name "* ]] || continue
		# What a run notices is a matter of chance
		for seed in 1 2 3 4; do
			! "$top/scripts/boot" -- "hmm-stress -s 60 -r $seed" >"$work/tap" 2>"$work/boot" ||
				continue
			break
		done
		like "$(cat "$work/tap" "$work/boot" | paste -sd' ')" "# FAIL \(seed $seed\)|guest died" "$name: hmm-stress notices"
		diag "$(grep -hm 1 -E '# FAIL|kernel BUG|guest died' "$work/tap" "$work/boot")"
		;;
	*)
		result 1 "$what" || diag "$(tail -n 20 "$work/build" "$work/boot")"
		;;
	esac
done

done_testing
