#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make send` would send: git am and b4 make the queue of it again, byte for
# byte, and it goes to somebody.
# shellcheck source=tests/base/kernel.sh
. "$(dirname "$0")/kernel.sh"
[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
{ [ -x "$(git --exec-path)/git-send-email" ] && command -v b4 >/dev/null; } ||
	die "there is no git send-email or no b4 here" "scripts/deps send installs what is missing"
sent=$build/$BASE/send
mapfile -t names < <(series "$queue")

# head_of MAIL NAME: a header's value
head_of() { python3 -c 'import email, email.policy, sys
print(email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)[sys.argv[2]] or "")' "$@"; }
n=${#names[@]}

# A second version first, since what stays below build/ shall be the first
mkdir "$work/queues"
cp -r "$queue" "$work/queues/$BASE"
sed -i '/^$/,$s/^v1:.*/v2: everything is new/' "$work/queues/$BASE/0000-cover-letter.patch"
ok "a second version" env PATCHES="$work/queues" REROLL=2 "$top/scripts/send"
is "$(head_of "$sent/mails/0001.eml" Subject | grep -o '^\[[^]]*\]')" "[PATCH v2 $(printf %02d 1)/$n]" "says so in each subject"

before=$(state "$linux")
ok "the mails are made" "$top/scripts/send"
is "$(state "$linux")" "$before" "the tree is as it was"
mails=("$sent"/mails/*.eml)
is "${#mails[@]}" $((${#names[@]} + 1)) "there is one for each patch, and a cover letter"

first=$(head_of "${mails[0]}" Message-Id)
is "$(for mail in "${mails[@]:1}"; do head_of "$mail" In-Reply-To; done | sort -u)" "$first" \
	"all of them answer the cover letter"
is "$(for mail in "${mails[@]}"; do [ -n "$(head_of "$mail" To)" ] || echo "$mail"; done)" "" "each has a recipient"
is "$(for mail in "${mails[@]}"; do
	grep -q linux-mm <<<"$(head_of "$mail" To) $(head_of "$mail" Cc)" || echo "$mail"
done)" "" "linux-mm gets all of them"
is "$(head_of "${mails[0]}" Subject)" "$(sed -n '1s/^Subject: //p' "$queue/0000-cover-letter.patch")" \
	"the cover letter has its subject, with as many patches as there are"
like "$(cat "${mails[0]}")" '^v1: ' "it says what this version is"
like "$(cat "${mails[0]}")" '^base-commit: [0-9a-f]{40}$' "and what it applies to"
like "$(cat "${mails[0]}")" "^ $(plain_git "$linux" diff --shortstat base refs/queue/exported | sed 's/^ //; s/[()+]/\\&/g')\$" "and has the diffstat"
like "$(cat "${mails[0]}")" '^Tested on ' "and what was run"

# again NAME COMMAND...: applies them in a clone of the base, and exports that
again() {
	local name=$1
	shift
	plain_git . clone -q --shared --no-checkout --template= "$linux" "$work/$name"
	plain_git "$work/$name" update-ref --no-deref HEAD "$(commit_of "$linux" base)"
	plain_git "$work/$name" read-tree HEAD
	# how a hunk's function is found
	plain_git "$work/$name" show HEAD:.gitattributes >"$work/$name/.gitattributes"
	plain_git "$work/$name" config user.name reader
	plain_git "$work/$name" config user.email reader@localhost
	"$@" >"$work/$name.log" 2>&1 || { diag "$(tail -n 5 "$work/$name.log")"; return 1; }
	format_range "$work/$name" "$(commit_of "$linux" base)..HEAD" "$work/$name.queue"
}
# differ NAME: the patches that are not what is in the queue, but for the date
differ() {
	local file
	for file in series "${names[@]}"; do
		cmp -s <(sed '1,/^$/{/^Date: /d}' "$work/$1.queue/$file" 2>&1) <(sed '1,/^$/{/^Date: /d}' "$queue/$file") || echo "$file"
	done
}
again am plain_git "$work/am" am -q "${mails[@]:1}"
result $? "git am takes them"
is "$(differ am)" "" "and gives the queue, byte for byte"

mkdir "$work/b4"
(cd "$work/am" && HOME=$work timeout 120 b4 --offline-mode --no-interactive --no-stdin am --no-cache --no-parent \
	-o "$work/b4" -m "$sent/series.mbox") </dev/null >"$work/b4.log" 2>&1
result $? "b4 am takes the thread" || diag "$(tail -n 5 "$work/b4.log")"
like "$(cat "$work/b4.log")" "^Total patches: $n\$" "with all of its patches"
ready=("$work"/b4/*.mbx)
again shazam plain_git "$work/shazam" am -q "${ready[0]}"
result $? "git am takes what b4 makes of it"
is "$(differ shazam)" "" "and gives the queue, byte for byte"
[ ! -f "$work/shazam.queue/${names[0]}" ] || sed -i '$s/.*/ /' "$work/shazam.queue/${names[0]}"
is "$(differ shazam)" "${names[0]}" "a byte that is another is noticed"

# A part of it
part=$(find "$queue/parts" -type f -printf '%f\n' | sort | sed -n 2p)
read -r from to < <(sed -n 's/^Patches: 0*\([0-9]*\)-0*\([0-9]*\)$/\1 \2/p' "$queue/parts/$part")
ok "a part, $part" env PART="$part" "$top/scripts/send"
is "$(find "$sent-$part/mails" -type f | wc -l)" $((to - from + 2)) "has its patches, and a cover letter"
like "$(head_of "$sent-$part/mails/0000.eml" Subject)" "^\[PATCH 0+/$((to - from + 1))\] " "which says how many"
is "$(grep -c '^prerequisite-patch-id: ' "$sent-$part/mails/0000.eml")" \
	$((from - 1 + $(series "$queue/base" | wc -l))) "and what has to be there before"

# What is refused, with what was made before left alone
made=$(files "$sent")
refuses "a second version of which nothing is said" 'paragraph that begins with v2:' env REROLL=2 "$top/scripts/send"
refuses "no number" 'not the number of a version' env REROLL=two "$top/scripts/send"
refuses "a MAINTAINERS that is not there" 'no such file' env MAINTAINERS="$work/none" "$top/scripts/send"
refuses "a part that is not there" "choose one of: 1-" env PART=none "$top/scripts/send"
refuses "an argument" 'takes no arguments' "$top/scripts/send" all
is "$(files "$sent")" "$made" "and what was made before is there still"
sed -i '$s/.*/ /' "$work/queues/$BASE/${names[0]}"
refuses "patches that the tree was not made of" 'do not say the same' env PATCHES="$work/queues" REROLL=2 "$top/scripts/send"
done_testing
