#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The selftests notice what they are for: each patch in patches/<queue>/mutants breaks
# one rule of the queue, and the case of hmm-tests that it names has to be the
# first to fail: "Noticed by: REGEX", which is matched against its name, or
# against "log: " and what the kernel complains of first, or "hang".  "Run:
# OPTIONS" chooses cases of hmm-tests, where all of them would take too long.
#
# "Group: NAME": those of a group are tried at once, since each breaks a rule of
# its own.  Each of their cases has to fail, and no other but what "Also: REGEX"
# of one of them says.
#
# "When: long": tried in the long check only.  Such a one takes a kernel or a run of
# its own, and others of its kind, or the base kernel in guest.t, show as much.
#
# "Waits: REASON": two threads have to meet for the case to fail.  The mutant waits at
# the place that it breaks until the other thread has come, so that they meet in
# each run, on a machine of any load.  The wait alone fails no case.
#
# "Odds: N of M": two threads have to meet, and nothing makes them: the case noticed
# the mutant in N of M runs.  Such a mutant is for the long check.
#
# MUTANTS='name ...' tries these, each alone; so does ALONE=1 with all.  Then
# hmm-stress, too, has to notice those that lose something while much else goes on.

# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/variants.sh"
mutants=$patches/$QUEUE/mutants
# A guest that hangs costs this time, a guest on a busy machine needs it
export TIMEOUT=900

# What hmm-stress mostly notices in less than a minute: a leak, a crash and a
# write that is lost
stressing=' device-write-not-marked lose-huge-page writeback-offered '

# Each mutant in `make check` is noticed in every run
is "$(grep -l '^Odds: ' "$mutants"/*.patch | xargs -r grep -L '^When: long$')" '' \
	"no mutant of make check depends on chance"

# The tree at its queue, all else gone
reset_tree() { go_to refs/queue/exported; }

# what PATCH: which parts of the kernel are to be built with it.  Alone, test_hmm
# is built in no time, but then nobody lists the modules any more.
what() {
	if sed -n 's,^+++ b/,,p' "$1" | grep -qv '^lib/test_hmm'; then
		echo vmlinux modules
	else
		echo lib/test_hmm.ko
	fi
}

# build_kernel TARGET...
build_kernel() {
	local status=0
	"$top/scripts/kernel" "$@" >"$work/build" 2>&1 || status=1
	[ "$1" = vmlinux ] || cp -p "$work/modules.order" "$OUT/modules.order"
	return $status
}

# build_and_run TARGETS [OPTIONS]: 0 if all cases pass, 1 if one fails (it is the
# last then), 3 if nothing was run
build_and_run() {
	local status=0
	: >"$work/tap"
	: >"$work/boot"
	# shellcheck disable=SC2086 # words
	build_kernel $1 || return 3
	"$top/scripts/boot" -- \
		"hmm-tests ${2-}"' | awk "{ print; fflush() } /^not ok/ { exit 1 }"' \
		>"$work/tap" 2>"$work/boot" || status=$?
	return $status
}

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

# Here, or in guest.t
passes() { [ -z "${MUTANTS-}${ALONE-}" ] || { build_and_run 'vmlinux modules' && complete; }; }
if "$top/scripts/selftests" && build_kernel vmlinux modules && passes; then
	result 0 "the queue as it is builds, and passes where it is tried"
	cp -p "$OUT/modules.order" "$work/modules.order"
else
	result 1 "the queue as it is passes"
	diag "$(cat "$work/build" "$work/boot"; tail -n 8 "$work/tap")"
	done_testing
fi

# line WORD PATCH: what it says of that
line() { sed -n "1,/^\$/s/^$1: //p" "$2"; }

# try_group PATCH...
try_group() {
	local patch options='' failed strays regex='nothing'
	: >"$work/tap"
	: >"$work/boot"
	for patch; do
		git -C "$LINUX_TREE" apply "$patch" 2>"$work/build" || break
		options+=" $(line Run "$patch")"
		regex+="|$(line 'Noticed by' "$patch")|$(line Also "$patch")"
	done
	[ -s "$work/build" ] || ! build_kernel vmlinux modules ||
		"$top/scripts/boot" -- "hmm-tests $options" >"$work/tap" 2>"$work/boot"
	reset_tree
	failed=$(sed -n 's/^not ok [0-9]* //p' "$work/tap")
	diag "at once: $# mutants, noticed by $(paste -sd' ' <<<"$failed")"
	for patch; do
		like "$failed" "^($(line 'Noticed by' "$patch"))$" "$(basename "$patch" .patch): hmm-tests notice the defect: $(head -n 1 "$patch")" ||
			diag "$(tail -n 5 "$work/build" "$work/boot")"
	done
	strays=$(grep -vxE "($regex)" <<<"$failed")
	is "$strays" '' "group $group: only the named cases fail"
}

# try PATCH: alone
try() {
	local patch=$1 name title seed status=0
	name=$(basename "$patch" .patch)
	title="$name: hmm-tests notice the defect: $(head -n 1 "$patch")"
	if ! git -C "$LINUX_TREE" apply "$patch" 2>"$work/build"; then
		result 1 "$title" || diag "$(cat "$work/build")"
		return
	fi
	[ -z "$(line Odds "$patch")" ] || diag "$name: noticed in $(line Odds "$patch") runs so far"
	build_and_run "$(what "$patch")" "$(line Run "$patch")" || status=$?
	reset_tree
	# A guest that hangs or dies has noticed, a build that fails has not
	! grep -qE 'guest (died|has not come)' "$work/boot" || status=1
	case $status in
	0)
		result 1 "$title" || diag "nothing has noticed"
		;;
	1)
		like "$(who)" "^($(line 'Noticed by' "$patch"))$" "$title"
		diag "noticed by $(who)"
		[[ -n "${MUTANTS-}${ALONE-}" && $stressing = *" $name "* && -f $OUT/hmm-stress ]] || return 0
		# What a run notices is a matter of chance
		for seed in 1 2 3 4; do
			! "$top/scripts/boot" -- "hmm-stress -s 60 -r $seed" >"$work/tap" 2>"$work/boot" ||
				continue
			break
		done
		like "$(cat "$work/tap" "$work/boot" | paste -sd' ')" "# FAIL \(seed $seed\)|guest died" "$name: hmm-stress notices the defect"
		diag "$(grep -hm 1 -E '# FAIL|kernel BUG|guest died' "$work/tap" "$work/boot")"
		;;
	*)
		result 1 "$title" || diag "$(tail -n 20 "$work/build" "$work/boot")"
		;;
	esac
}

mapfile -t list < <(
	for patch in "$mutants"/*.patch; do
		if [ -n "${MUTANTS-}" ]; then
			[[ " $MUTANTS " != *" $(basename "$patch" .patch) "* ]] || echo "$patch"
		elif [ -n "${ALONE-}" ] || [ -z "$(line Group "$patch")$(line When "$patch")" ]; then
			echo "$patch"
		fi
	done
)
# Those of test_hmm first: the kernel around it is still the queue's
for patch in "${list[@]}"; do
	[ "$(what "$patch")" != lib/test_hmm.ko ] || try "$patch"
done
if [ -z "${MUTANTS-}${ALONE-}" ]; then
	while read -r group; do
		mapfile -t members < <(grep -l "^Group: $group\$" "$mutants"/*.patch)
		try_group "${members[@]}"
	done < <(grep -h '^Group: ' "$mutants"/*.patch | sed 's/^Group: //' | sort -u)
fi
for patch in "${list[@]}"; do
	[ "$(what "$patch")" = lib/test_hmm.ko ] || try "$patch"
done
diag "$(grep -l '^When: long$' "$mutants"/*.patch | wc -l) more in the long check"

done_testing
