#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every patch of the queue, one after the other: it is a patch that one can
# send, and what it touches compiles with no warning that the tarball's files do
# not give too.
# shellcheck source=tests/base/kernel.sh
. "$(dirname "$0")/kernel.sh"
need_worktree
mapfile -t flavours < <(flavours)
configure "${flavours[@]}"

# strays DIR: patches that its series does not name, names that are no patch,
# names that are there twice
strays() {
	(cd "$1" && find . -maxdepth 1 -name '*.patch' ! -name '0000-*' -printf '%f\n') | sort >"$work/there"
	series "$1" | sort >"$work/named"
	comm -23 "$work/there" <(uniq "$work/named") | sed 's/$/ is not in series/'
	comm -13 "$work/there" <(uniq "$work/named") | sed 's/$/ is in series and not there/'
	uniq -d "$work/named" | sed 's/$/ is in series twice/'
	series "$1" | sort -c 2>&1 | sed 's/.*disorder: \(.*\)/\1 is not where its number says/'
}

# faults PATCH: what is wrong with its message
faults() {
	local subject
	subject=$(git mailinfo -b "$work/message" /dev/null <"$1" | sed -n 's/^Subject: //p')
	[ ${#subject} -le 75 ] || echo "the subject has ${#subject} characters, more than 75"
	grep -qE '^[A-Za-z0-9_/.,-]+: [^ ]' <<<"$subject" ||
		echo "the subject does not say which subsystem: $subject"
	grep -qE '^Signed-off-by: .+ <.+@.+>$' "$work/message" || echo "there is no Signed-off-by"
	sed '/^---$/,$d' "$work/message" | grep -vE '^[A-Z][A-Za-z-]*: |^$' | grep -q . || echo "there is no text"
	sed '/^---$/,$d' "$work/message" | grep -iE '^(reviewed|acked|tested)-by:' | sed 's/$/: nobody has said so/'
}

# patch SUBJECT MESSAGE: a file that looks like one
patch() {
	printf 'From: A <a@example.org>\nSubject: [PATCH] %s\n\n%s\n---\n file | 1 +\n\ndiff --git a/file b/file\n' "$1" "$2" >"$work/patch"
	echo "$work/patch"
}

# The checks can fail
mkdir "$work/strays"
touch "$work/strays"/000{0,1,2}-x.patch
printf '0003-x.patch\n0001-x.patch\n0001-x.patch\n' >"$work/strays/series"
is "$(strays "$work/strays" | sort)" "$(cat <<'END'
0001-x.patch is in series twice
0001-x.patch is not where its number says
0002-x.patch is not in series
0003-x.patch is in series and not there
END
)" "patches and series that disagree are noticed"
signed='Signed-off-by: A <a@example.org>'
long='mm: a subject that is made of so many words that no list of them has room for it'
is "$(faults "$(patch "mm: do it" "It is done."$'\n\n'"$signed")")" "" "a message with all that it needs is good"
like "$(faults "$(patch "$long" "Text."$'\n'"$signed")")" 'more than 75' "a long subject is noticed"
like "$(faults "$(patch "Do it" "Text."$'\n'"$signed")")" 'which subsystem' "a subject without a subsystem, too"
like "$(faults "$(patch "mm: do it" "Text.")")" 'no Signed-off-by' "a missing sign-off, too"
like "$(faults "$(patch "mm: do it" "Fixes: x"$'\n'"$signed")")" 'no text' "a message that is only trailers, too"
like "$(faults "$(patch "mm: do it" "Text."$'\n'"$signed"$'\n'"Acked-by: B <b@example.org>")")" 'nobody' "and praise"

[ ! -d "$queue/base" ] || silent "base/series names its patches" "$(strays "$queue/base")"
silent "series names its patches" "$(strays "$queue")"
mapfile -t names < <(series "$queue/base" | sed 's,^,base/,'; series "$queue")
mapfile -t commits < <(plain_git "$linux" rev-list --reverse "$pristine..$tip")
is "${#commits[@]}" "${#names[@]}" "a commit for each"
# Not the one that make tree makes up where git knows none
is "$(cd "$queue" && grep -h '^Signed-off-by: ' "${names[@]}" | sort -u | wc -l)" 1 "all are signed by the same"

# build LOG FILE...: compiles what these files are part of; the remarks go to LOG
build() {
	local log=$1 flavour file header='' user='' status=0
	local -a list
	shift
	for file; do
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
					[ "$(flavour "$file")" = "$flavour" ] || continue
					case $file in
					*.c) object "$file" ;;
					*.h) objects "$flavour" | grep "^${file%/*}/" ;;
					esac
				done | sort -u
			fi
		)
		[ ${#list[@]} -eq 0 ] || compile "$flavour" "${list[@]}" || status=1
	done >"$log.all"
	if [ -n "$user" ]; then
		rm -f "$there/selftests/hmm-tests"
		LINUX_TREE=$LINUX_TREE OUT=$there/selftests "$top/scripts/selftests" >>"$log.all" 2>&1 &&
			[ -f "$there/selftests/hmm-tests" ] || status=1
	fi
	remarks <"$log.all" >"$log"
	return $status
}

mapfile -t all < <(touched)
go_to "$pristine"
build "$work/pristine" "${all[@]}"
result $? "all that the queue touches compiles before it" || diag "$(tail -n 20 "$work/pristine.all")"

for i in "${!names[@]}"; do
	silent "${names[i]}: message" "$(faults "$queue/${names[i]}")"
	go_to "${commits[i]}"
	mapfile -t changed < <(plain_git "$LINUX_TREE" diff --no-renames --name-only HEAD^ HEAD)
	status=0
	build "$work/log" "${changed[@]}" || status=1
	new=$(news "$work/pristine" "$work/log")
	[ $status -eq 0 ] && [ -z "$new" ]
	result $? "${names[i]}: compiles" || diag "${new:-$(tail -n 20 "$work/log.all")}"
done

# Defects are noticed, in each of the places where one compiles
places=("$(value SELFTESTS)/hmm-tests.c")
for flavour in "${flavours[@]}"; do
	# the first and the last that the queue touches
	mapfile -t list < <(objects "$flavour" | sed 's/o$/c/')
	places+=("${list[0]}" "${list[@]: -1}")
done
for file in $(printf '%s\n' "${places[@]}" | sort -u); do
	printf '\nstatic int planted(void)\n{\n\treturn 0;\n}\n' >>"$LINUX_TREE/$file"
	build "$work/log" "$file"
	like "$(news "$work/pristine" "$work/log")" "(^|/)${file##*/}:.*(warning|error): .planted. defined but not used" "a warning in $file is noticed"
	echo 'int planted = nothing;' >>"$LINUX_TREE/$file"
	! build "$work/log" "$file"
	result $? "an error in $file is noticed"
	go_to "$tip"
done
for file in $(touched 'include/*.h' | head -n 1); do
	echo 'nonsense;' >>"$LINUX_TREE/$file"
	! build "$work/log" "$file"
	like "$?$(cut -d: -f1 "$work/log" | sort -u | paste -sd' ')" "^0.*${file##*/}" "an error in a header is noticed"
	go_to "$tip"
done
done_testing
