#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each patch of the queue, in order: its message has no fault, and the changed files
# compile without a new warning.  Each series applies to the series that its cover letter
# names, without any others, and compiles there.
# shellcheck source=tests/series/kernel.sh
. "$(dirname "$(realpath "$0")")/kernel.sh"
need_worktree
mapfile -t flavours < <(flavours)
configure "${flavours[@]}"

# faults PATCH: the faults of its message
faults() {
	local subject
	subject=$(git mailinfo -b "$work/message" /dev/null <"$1" | sed -n 's/^Subject: //p')
	[ ${#subject} -le 75 ] || echo "the subject has ${#subject} characters, more than 75"
	grep -qE '^[A-Za-z0-9_/.,-]+: [^ ]' <<<"$subject" ||
		echo "the subject does not say which subsystem: $subject"
	grep -qE '^Signed-off-by: .+ <.+@.+>$' "$work/message" || echo "there is no Signed-off-by"
	sed '/^---$/,$d' "$work/message" | grep -vE '^[A-Z][A-Za-z-]*: |^$' | grep -q . || echo "there is no text"
	sed '/^---$/,$d' "$work/message" | grep -iE '^(reviewed|acked|tested)-by:' | sed 's/$/: the series has no such review on record/'
}

# patch SUBJECT MESSAGE: the path of a patch that is made up
patch() {
	printf 'From: A <a@example.org>\nSubject: [PATCH] %s\n\n%s\n---\n file | 1 +\n\ndiff --git a/file b/file\n' "$1" "$2" >"$work/patch"
	echo "$work/patch"
}

# faults must find each fault in a planted message
signed='Signed-off-by: A <a@example.org>'
long='mm: a subject that is made of so many words that no list of them has room for it'
is "$(faults "$(patch "mm: do it" "It is done."$'\n\n'"$signed")")" "" "a complete message passes"
like "$(faults "$(patch "$long" "Text."$'\n'"$signed")")" 'more than 75' "a long subject is noticed"
like "$(faults "$(patch "Do it" "Text."$'\n'"$signed")")" 'which subsystem' "a subject without a subsystem is noticed"
like "$(faults "$(patch "mm: do it" "Text.")")" 'no Signed-off-by' "a missing sign-off is noticed"
like "$(faults "$(patch "mm: do it" "Fixes: x"$'\n'"$signed")")" 'no text' "a message of trailers only is noticed"
like "$(faults "$(patch "mm: do it" "Text."$'\n'"$signed"$'\n'"Acked-by: B <b@example.org>")")" 'no such review' "a Reviewed-by, Acked-by or Tested-by tag is noticed"

ok "each series has a cover letter, patches numbered from 1, and stands on earlier series" check_queue "$queue"
for name in $(all_series "$queue"); do
	n=$(series "$queue/$name" | wc -l)
	like "$(head -n 1 "$queue/$name/0000-cover-letter.patch")" "^Subject: \[PATCH 0+/$n\] " \
		"$name: the cover letter has the number of its patches, $n"
done
mapfile -t names < <(series "$queue/revert" | sed 's,^,revert/,'; queue_patches "$queue")
mapfile -t commits < <(plain_git "$linux" rev-list --reverse "$pristine..$tip")
is "${#commits[@]}" "${#names[@]}" "the tree has a commit for each patch"
# make tree commits under a made-up name if git knows none: no patch may be signed so
is "$(cd "$queue" && grep -h '^Signed-off-by: ' "${names[@]}" | sort -u | wc -l)" 1 "the same person signs all patches"

# build LOG FILE...: compiles the objects that use these files; remarks go to LOG
build() {
	local log=$1 flavour file header='' user='' status=0
	local -a list
	shift
	for file; do
		[ -n "${flavour_of[$file]-}" ] || { echo "$file: error: the queue does not change this file" | tee "$log.all" >"$log"; return 1; }
		case $file in
		include/*.h) header=1 ;;
		tools/testing/selftests/* | lib/*.h) user=1 ;;
		esac
	done
	for flavour in "${flavours[@]}"; do
		mapfile -t list < <(
			if [ -n "$header" ]; then
				objects "$flavour"
			else
				for file; do
					[ "${flavour_of[$file]}" = "$flavour" ] || continue
					case $file in
					*.c) object "$file" ;;
					*.h) objects "$flavour" | grep "^${file%/*}/" ;;
					esac
				done | sort -u
			fi
		)
		[ ${#list[@]} -eq 0 ] || recompile "$flavour" "${list[@]}" || status=1
	done >"$log.all"
	if [ -n "$user" ]; then
		rm -f "$there/selftests/hmm-tests"
		LINUX_TREE=$LINUX_TREE OUT=$there/selftests "$top/scripts/selftests" >>"$log.all" 2>&1 &&
			[ -f "$there/selftests/hmm-tests" ] || status=1
	fi
	remarks <"$log.all" >"$log"
	return $status
}

# compiles NAME FROM: the files that change since FROM compile without a new warning
compiles() {
	local status=0 new
	local -a changed
	mapfile -t changed < <(plain_git "$LINUX_TREE" diff --no-renames --name-only "$2" HEAD)
	build "$work/log" "${changed[@]}" || status=1
	new=$(news "$work/pristine" "$work/log")
	[ $status -eq 0 ] && [ -z "$new" ]
	result $? "$1" || diag "${new:-$(tail -n 20 "$work/log.all")}"
}

mapfile -t all < <(touched)
go_to "$pristine"
build "$work/pristine" "${all[@]}"
result $? "the files that the queue touches compile before the queue" || diag "$(tail -n 20 "$work/pristine.all")"

for i in "${!names[@]}"; do
	silent "${names[i]}: the message has no fault" "$(faults "$queue/${names[i]}")"
	go_to "${commits[i]}"
	compiles "${names[i]}: the changed files compile without a new warning" HEAD^
done

# Each series with only the series beneath it.  A series that stands on all earlier
# series has been compiled above.
tmp=$work
scratch_stacks
before=
for name in $(all_series "$queue"); do
	stack=$(stack "$queue" "$name" | paste -sd' ')
	before+="${before:+ }$name"
	[ "$stack" != "$before" ] || continue
	# shellcheck disable=SC2086 # names of series
	commit=$(stacked $stack)
	beneath=${stack% *}
	[ "$beneath" != "$stack" ] || beneath="no other series"
	result $? "$name applies to the base with $beneath" || continue
	plain_git "$linux" fetch -q "$work/scratch" "$commit"
	go_to "$commit"
	compiles "$name compiles with no series but $stack" "$base"
done
go_to "$tip"

# diff/ has the whole change except selftests and the semantic patch, file by file
format_diffs "$linux" "$work/diff"
silent "diff/ has the change of each file as make export writes it" "$(diff -rq "$work/diff" "$queue/diff" 2>&1)"
cp -r "$queue/diff" "$work/other"
sed -i '0,/^+/s/^+/+ /' "$(find "$work/other" -name '*.diff' | sort | head -n 1)"
like "$(diff -rq "$work/diff" "$work/other")" '^Files ' "a diff with another line is noticed"
# from_diffs DIR: the git tree of the base with the diffs of DIR
from_diffs() {
	scratch_tree "$linux" base
	find "$1" -name '*.diff' -print0 | xargs -0 git -C "$work/scratch" apply --cached --whitespace=nowarn &&
		plain_git "$work/scratch" write-tree
}
# left_out DIR: the files that differ between this tree and the queue's tree
left_out() { plain_git "$work/scratch" diff --name-only "$(from_diffs "$1")" "$tip"; }
silent "applied to the base, diff/ gives the queue's tree but for selftests and the semantic patch" \
	"$(left_out "$queue/diff" | grep -vE '^(tools/testing/selftests|scripts/coccinelle)/')"
is "$(QUEUE=$QUEUE "$top/scripts/listing")" "$(cat "$queue/README.md")" "the queue's README.md lists its patches and files"

# build must notice planted defects in each flavour, in the selftests and in a header
places=("$(value SELFTESTS)/hmm-tests.c")
for flavour in "${flavours[@]}"; do
	# the first and the last file that the queue changes
	mapfile -t list < <(c_files "$flavour")
	places+=("${list[0]}" "${list[@]: -1}")
done
for file in $(printf '%s\n' "${places[@]}" | sort -u); do
	printf '\nstatic int planted(void)\n{\n\treturn 0;\n}\n' >>"$LINUX_TREE/$file"
	build "$work/log" "$file"
	like "$(news "$work/pristine" "$work/log")" "(^|/)${file##*/}:.*(warning|error): .planted. defined but not used" "a warning in $file is noticed"
	echo 'int planted = nothing;' >>"$LINUX_TREE/$file"
	! build "$work/log" "$file"
	like "$? $(grep -m 1 'error: .nothing. undeclared' "$work/log")" "^0 (.*[/ ])?${file##*/}:" "an error in $file is noticed"
	go_to "$tip"
done
for file in $(touched 'include/*.h' | head -n 1); do
	echo 'nonsense;' >>"$LINUX_TREE/$file"
	! build "$work/log" "$file"
	like "$?$(cut -d: -f1 "$work/log" | sort -u | paste -sd' ')" "^0.*${file##*/}" "an error in a header is noticed"
	go_to "$tip"
done
done_testing
