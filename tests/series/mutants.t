#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# hmm-tests notice broken rules: each patch in patches/<queue>/mutants breaks one rule of
# the queue, and names the case that must fail first.  The head of a mutant has:
#
# "Noticed by: REGEX": matches the name of the case, "log: " and the kernel's first
# complaint, or "hang".  "Run: OPTIONS" chooses cases, as all cases may take too long.
#
# "Group: NAME": the mutants of a group are tried at once, as each breaks another rule.
# The named case of each mutant must fail.  Other cases may fail only if "Also: REGEX" of
# a mutant in the group matches them.  The run ends before the cases "kind", which check
# many rules once more and come last.
#
# "When: long": only the long check tries the mutant, as the mutant takes a kernel or a
# run of its own, and a similar mutant or the base kernel in guest.t proves the same.
#
# "Waits: REASON": the case fails only if two threads meet.  The mutant waits at the
# broken place until the other thread has come, so that the threads meet in each run, at
# any load of the machine.  The wait alone fails no case.
#
# "Odds: N of M": the case fails only if two threads meet by chance, and noticed the
# mutant in N of M runs.  Only the long check tries such a mutant.
#
# MUTANTS='name ...' tries the named mutants, each alone; ALONE=1 tries all mutants, each
# alone.  hmm-stress must then notice the mutants in $stressing.

# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/variants.sh"
mutants=$patches/$QUEUE/mutants
# Long enough for a busy machine; only a guest that hangs takes all of it
export TIMEOUT=900

# hmm-stress notices these mutants in most runs of a minute: a lost write, a leak and a
# crash
stressing=' device-write-not-marked lose-huge-page writeback-offered '

# Each mutant in `make check` is noticed in every run
is "$(grep -l '^Odds: ' "$mutants"/*.patch | xargs -r grep -L '^When: long$')" '' \
	"no mutant of make check depends on chance"

reset_tree() { go_to refs/queue/exported; }

# what PATCH: the targets to build.  test_hmm alone builds fastest, but make then drops
# the list of modules, which build_kernel puts back.
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

# build_and_run TARGETS [OPTIONS]: 0 if all cases pass, 1 at the first case that fails,
# 2 if the guest dies or hangs, 3 if the build fails
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

# A killed run may leave an object of a mutant that is newer than its source
reset_tree
sed -n "s,^+++ b/,$LINUX_TREE/,p" "$mutants"/*.patch | sort -u | xargs touch

# complete: each planned case has passed, and no case was skipped
complete() { [ "$(grep '^ok ' "$work/tap" | grep -vc SKIP)" = "$(sed -n 's/^1\.\.//p' "$work/tap")" ]; }

# who: the case, the line of the log or the hang that noticed the mutant first
who() {
	local first
	first=$(sed -n 's/^not ok [0-9]* //p' "$work/tap" | head -n 1)
	[ -n "$first" ] || first=$(sed -n 's/^  | [0-9]*:/log: /p' "$work/boot" | head -n 1)
	[ -n "$first" ] || ! grep -q 'guest has not come' "$work/boot" || first=hang
	echo "${first:-$(head -n 1 "$work/boot")}"
}

# make check runs the queue's cases in guest.t
title="the queue builds without a mutant"
[ -z "${MUTANTS-}${ALONE-}" ] || title+=" and passes all cases"
passes() { [ -z "${MUTANTS-}${ALONE-}" ] || { build_and_run 'vmlinux modules' && complete; }; }
if "$top/scripts/selftests" && build_kernel vmlinux modules && passes; then
	result 0 "$title"
	cp -p "$OUT/modules.order" "$work/modules.order"
else
	result 1 "$title"
	diag "$(cat "$work/build" "$work/boot"; tail -n 8 "$work/tap")"
	done_testing
fi

# line WORD PATCH: the value of WORD at the head of PATCH
line() { sed -n "1,/^\$/s/^$1: //p" "$2"; }

# try_group PATCH...: tries the mutants at once
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
		"$top/scripts/boot" -- "hmm-tests $options"' | awk "/ RUN .* kind\\./ { exit } { print; fflush() }"' \
			>"$work/tap" 2>"$work/boot"
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

# try PATCH: tries a mutant alone
try() {
	local patch=$1 name title seed words='' status=0
	name=$(basename "$patch" .patch)
	title="$name: hmm-tests notice the defect: $(head -n 1 "$patch")"
	if ! git -C "$LINUX_TREE" apply "$patch" 2>"$work/build"; then
		result 1 "$title" || diag "$(cat "$work/build")"
		return
	fi
	[ -z "$(line Odds "$patch")" ] || diag "$name: $(line Odds "$patch") runs have noticed the mutant"
	# A guest that has complained could spin until its case runs out of time
	[[ $(line 'Noticed by' "$patch") != *'log: '* ]] || words=panic_on_warn=1
	APPEND="${APPEND-} $words" build_and_run "$(what "$patch")" "$(line Run "$patch")" || status=$?
	reset_tree
	# A guest that hangs or dies notices the mutant; a build that fails does not
	! grep -qE 'guest (died|has not come)' "$work/boot" || status=1
	case $status in
	0)
		result 1 "$title" || diag "no case, log or hang has noticed the mutant"
		;;
	1)
		like "$(who)" "^($(line 'Noticed by' "$patch"))$" "$title"
		diag "noticed by $(who)"
		[[ -n "${MUTANTS-}${ALONE-}" && $stressing = *" $name "* && -f $OUT/hmm-stress ]] || return 0
		# A run notices a mutant by chance: four seeds may be needed
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
# Mutants of test_hmm first, as these need no new kernel
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
[ -n "${MUTANTS-}${ALONE-}" ] ||
	diag "$(grep -l '^When: long$' "$mutants"/*.patch | wc -l) more mutants in the long check"

done_testing
