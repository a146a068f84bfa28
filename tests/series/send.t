#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The mails that `make send` makes of each series: git am turns the mails into the queue's
# patches, apart from dates and line numbers, b4 reads the mails of the first series, and
# each mail has a recipient.
# shellcheck source=tests/series/kernel.sh
. "$(dirname "$(realpath "$0")")/kernel.sh"
[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
{ [ -x "$(git --exec-path)/git-send-email" ] && command -v b4 >/dev/null; } ||
	die "there is no git send-email or no b4 here" "scripts/deps send installs the missing tools"
sent=$build/$QUEUE/send
tmp=$work
mapfile -t all < <(all_series "$queue")
first=${all[0]}

# headers NAME,... MAIL...: a line for each mail: the values of the headers, joined by |
headers() { python3 -c 'import email, email.policy, sys
for file in sys.argv[2:]:
    mail = email.message_from_binary_file(open(file, "rb"), policy=email.policy.default)
    print("|".join(" ".join((mail[name] or "").split()) for name in sys.argv[1].split(",")))' "$@"; }

# Make the second version first, as the mails of the first version shall stay in build/
mkdir "$work/queues"
cp -r "$queue" "$work/queues/$QUEUE"
sed -i '/^$/,$s/^v1:.*/v2: everything is new/' "$work/queues/$QUEUE/$first/0000-cover-letter.patch"
ok "a second version of $first can be made" env PATCHES="$work/queues" SERIES="$first" REROLL=2 "$top/scripts/send"
n=$(series "$queue/$first" | wc -l)
like "$(headers Subject "$sent/$first/mails/0001.eml")" "^\[PATCH v2 0*1/$n\]" "each subject of a second version says v2"

before=$(state "$linux")
rm -rf "$sent"
ok "the mails of all series are made" "$top/scripts/send"
is "$(state "$linux")" "$before" "send leaves the tree as before"
is "$(find "$sent" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V)" "$(printf '%s\n' "${all[@]}")" "each series has its mails"

# again AS COMMAND...: applies mails of $name to the series beneath, in a clone; the
# patches of the new commits go to $work/AS.queue
again() {
	local as=$1 from
	shift
	# shellcheck disable=SC2046 # names of series
	from=$(stacked $(beneath "$queue" "$name")) || return
	empty_scratch "$from"
	"$@" >"$work/$as.log" 2>&1 || { diag "$(tail -n 5 "$work/$as.log")"; return 1; }
	rm -rf "$work/$as.queue"
	format_range "$work/scratch" "$from..HEAD" "$work/$as.queue"
}
# differ AS: the patches of $name that differ from the queue's.  The date of a mail
# differs, and so do line numbers if the series stands on a part of the queue.
differ() {
	local file
	while read -r file; do
		cmp -s <(plain "$work/$1.queue/$file") <(plain "$queue/$name/$file") || echo "$file"
	done < <(series "$queue/$name")
}
plain() { sed -E '1,/^$/{/^Date: /d}; s/^@@ -[0-9,]+ \+[0-9,]+ @@.*/@@/; /^index [0-9a-f]/d' "$1" 2>&1; }

scratch_stacks
plain_git "$work/scratch" config user.name reader
plain_git "$work/scratch" config user.email reader@localhost
for name in "${all[@]}"; do
	mails=("$sent/$name"/mails/*.eml)
	n=$(series "$queue/$name" | wc -l)
	is "${#mails[@]}" $((n + 1)) "$name: there is a mail for each patch, and a cover letter"
	headers Message-Id,In-Reply-To,To,Cc,Subject "${mails[@]}" >"$work/headers"
	is "$(sed 1d "$work/headers" | cut -d'|' -f2 | sort -u)" "$(sed 1q "$work/headers" | cut -d'|' -f1)" \
		"$name: all mails answer the cover letter"
	is "$(cut -d'|' -f3 "$work/headers" | grep -c .)" $((n + 1)) "$name: each mail has a recipient"
	is "$(cut -d'|' -f3,4 "$work/headers" | grep -c 'linux-mm\|linuxppc-dev\|dri-devel\|linux-kernel')" $((n + 1)) "$name: each mail goes to a list"
	is "$(sed 1q "$work/headers" | cut -d'|' -f5-)" "$(sed -n '1s/^Subject: //p' "$queue/$name/0000-cover-letter.patch")" \
		"$name: the cover letter has its subject, with the number of patches"
	letter=$(cat "${mails[0]}")
	like "$letter" '^v1: ' "$name: the cover letter says which version this is"
	like "$letter" '^base-commit: [0-9a-f]{40}$' "$name: the cover letter has the base commit"
	is "$(grep -c '^prerequisite-patch-id: ' <<<"$letter")" \
		"$({ series "$queue/revert"; for each in $(beneath "$queue" "$name"); do series "$queue/$each"; done; } | wc -l)" \
		"$name: the cover letter names each patch that the series stands on"
	like "$letter" '^ [0-9]+ files? changed, ' "$name: the cover letter has the diffstat"
	like "$letter" '^Tested on ' "$name: the cover letter says how the series was tested"

	again am plain_git "$work/scratch" am -q "${mails[@]:1}"
	result $? "$name: git am takes the mails"
	is "$(differ am)" "" "$name: git am makes the queue's patches of the mails"
done

# b4 reads the thread of the first series
name=$first
n=$(series "$queue/$name" | wc -l)
mails=("$sent/$name"/mails/*.eml)
again am plain_git "$work/scratch" am -q "${mails[@]:1}"
mkdir "$work/b4"
(cd "$work/scratch" && HOME=$work timeout 120 b4 --offline-mode --no-interactive --no-stdin am --no-cache --no-parent \
	-o "$work/b4" -m "$sent/$name/series.mbox") </dev/null >"$work/b4.log" 2>&1
result $? "b4 am takes the thread" || diag "$(tail -n 5 "$work/b4.log")"
like "$(cat "$work/b4.log")" "^Total patches: $n\$" "b4 finds all patches of the thread"
ready=("$work"/b4/*.mbx)
again shazam plain_git "$work/scratch" am -q "${ready[0]}"
result $? "git am takes the mails as b4 orders them"
is "$(differ shazam)" "" "git am makes the queue's patches of the mails from b4"
patch=$(series "$queue/$name" | head -n 1)
sed -i '$s/.*/ /' "$work/shazam.queue/$patch"
is "$(differ shazam)" "$patch" "a byte that differs is noticed"

# Bad input is refused, and leaves the mails in build/ as before
made=$(files "$sent")
refuses "send refuses a second version without a paragraph on the changes" 'paragraph that begins with v2:' env REROLL=2 "$top/scripts/send"
refuses "send refuses a REROLL that is not a number" 'not the number of a version' env REROLL=two "$top/scripts/send"
refuses "send refuses a MAINTAINERS that does not exist" 'no such file' env MAINTAINERS="$work/none" "$top/scripts/send"
refuses "send refuses a series that does not exist" "choose one of: 1-" env SERIES=none "$top/scripts/send"
refuses "send refuses an argument" 'takes no arguments' "$top/scripts/send" all
sed -i '$s/.*/ /' "$work/queues/$QUEUE/$first/$(series "$queue/$first" | head -n 1)"
refuses "send refuses patches that the tree was not made of" 'the commits of .* differ' env PATCHES="$work/queues" SERIES="$first" REROLL=2 "$top/scripts/send"
rm "$work/queues/$QUEUE/$first/0000-cover-letter.patch"
refuses "send refuses a series without cover letter" 'has no cover letter' env PATCHES="$work/queues" "$top/scripts/send"
is "$(files "$sent")" "$made" "a refused send leaves the earlier mails as before"
done_testing
