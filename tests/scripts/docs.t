#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# README, the pages of docs/ and the pages of the queues agree with the repository.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
# shellcheck source=scripts/queue.sh
. "$top/scripts/queue.sh"
cd "$top" || exit
shopt -s nullglob
pages=(README.md CONTRIBUTING.md docs/*.md)
# README.md of a queue shows overview.md, with links from the same folder
queue_pages=(patches/*/README.md patches/*/overview.md patches/*/notes.md)

# --- links

# anchors PAGE: the anchors that GitHub makes of its headings
anchors() {
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}
# dead PAGE...: links to missing files or headings
dead() {
	local page link file
	for page; do
		while read -r link; do
			case $link in *://*) continue ;; esac
			file=$page
			[ -z "${link%%#*}" ] || file=$(dirname "$page")/${link%%#*}
			[ -e "$file" ] || { echo "$page: $link"; continue; }
			case $link in *#*) anchors "$file" | grep -qxF "${link#*#}" || echo "$page: $link" ;; esac
		done < <(grep -oE '\]\([^)]*\)' "$page" | sed 's/^](//; s/)$//')
	done
}
is "$(dead "${pages[@]}")" "" "every link in README, CONTRIBUTING and docs/ leads somewhere"
is "$(dead "${queue_pages[@]}")" "" "every link in the queues' pages leads somewhere"
printf '# A page\n[a](none.md) [b](#a-page) [c](#another) [d](https://example.org)\n' >"$work/page.md"
is "$(dead "$work/page.md" | wc -l)" 2 "a link to a missing file or heading is noticed"

# --- commands

# unknown PAGE...: targets and scripts that do not exist
unknown() {
	local what
	grep -hoE '(^    |`)([A-Z_]+=[^ ]* )*make [a-z-]+' "$@" | sed 's/.*make //' | sort -u | while read -r what; do
		grep -q "^$what:" Makefile || [ "$what" = coccicheck ] || echo "make $what"
	done
	grep -hoE '\bscripts/[a-z.]+[a-z]' "$@" | sort -u | while read -r what; do
		[ -e "$what" ] || [ -e "tests/$what" ] || [ -e "build/5.10/linux/$what" ] ||
			[[ $what = scripts/coccinelle || $what = scripts/get* ]] || echo "$what"
	done
}
is "$(unknown "${pages[@]}" "${queue_pages[@]}")" "" "every target and script that the pages name exists"
printf '    make nothing\n    scripts/nothing\n' >"$work/page.md"
is "$(unknown "$work/page.md" | wc -l)" 2 "a missing target or script is noticed"

# no_variable PAGE...: variables of make commands that neither the Makefile nor a script
# reads
no_variable() {
	local name
	# shellcheck disable=SC2016 # Markdown
	grep -hE '^    .*make |`[^`]*make [^`]*`' "$@" | grep -oE '\b[A-Z_]+=' | sort -u | while read -r name; do
		case $name in COCCI= | MODE= | M= | SPFLAGS=) continue ;; esac # for the kernel's make coccicheck
		grep -qwF "${name%=}" Makefile scripts/* || echo "$name"
	done
}
is "$(no_variable "${pages[@]}" "${queue_pages[@]}")" "" "every variable in a make command is read by the Makefile or a script"
printf '    make run QUEUE=7.3 NOTHING=1\n' >"$work/page.md"
is "$(no_variable "$work/page.md")" "NOTHING=" "an unknown variable in a make command is noticed"
# shellcheck disable=SC2016 # the dollar is for the Makefile
is "$(make -s help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | sort)" \
	"$(sed -n 's/^\([a-z-]*\): *##.*/\1/p' Makefile | sort)" "make help lists every documented target"

# --- the first screen

first=$(head -n 40 README.md)
for command in 'make run' 'make check QUEUE=all'; do
	like "$first" "^    $command +# " "README's first 40 lines have the command: $command"
done
is "$(grep -c '' README.md | awk '{ print ($1 < 130) }')" 1 "README has less than 130 lines"
workflow=.github/workflows/check.yml
is "$(sed -n 's/^ *- run: \(make [a-z]*\).*/\1/p' $workflow | sort -u)" $'make check\nmake run' "the workflow runs README's two targets"
like "$(cat $workflow)" '^ *- run: make check QUEUE=all$' "the workflow checks every queue"
is "$(sed -n "s/^ *queue: \[\(.*\)\]$/\1/p" $workflow | tr -d "',")" "$(queues)" "the workflow runs every queue"
is "$(grep -nE '://|[^a-z0-9*./]/(home|work|root|usr|var)/' $workflow)" "" "the workflow names no host and no path of a machine"

# --- the queues

is "$(queues | wc -w)" "$(find patches -mindepth 1 -maxdepth 1 -type d | wc -l)" "every folder in patches/ is a queue"
for QUEUE in $(queues); do
	need_queue
	# shellcheck disable=SC2154 # from need_queue
	mapfile -t all < <(all_series "$queue")
	n=$(queue_patches "$queue" | wc -l)
	record=patches/$QUEUE/expect/run.txt
	page=patches/$QUEUE/README.md
	# shellcheck disable=SC2016 # for that bash to expand
	ok "$QUEUE: each series has a cover letter, patches from 1 without a gap, and Needs: of earlier series" \
		bash -c '. scripts/common.sh && . scripts/queue.sh && check_queue "$1"' - "$queue"
	is "$(find "$queue" -maxdepth 1 -name '*.patch')" "" "$QUEUE: every patch is in a series"
	is "$(QUEUE=$QUEUE scripts/listing | diff - "$page")" "" "$QUEUE: scripts/listing prints the queue's README.md"
	is "$(grep -oE '\]\([0-9]+-[^)]*/[0-9]{4}-[^)]*\.patch\)' "$page" | grep -v /0000- | sed 's/^](//; s/)$//' | paste -sd' ')" \
		"$(queue_patches "$queue" | paste -sd' ')" "$QUEUE: the queue's README.md lists every patch, in order"

	# README on this queue
	like "$first" "\[$n patches in ${#all[@]} series\]\($page\)" "$QUEUE: README has the number of patches and series, $n and ${#all[@]}"
	like "$first" "\[${all[0]}\]\(patches/$QUEUE/${all[0]}/0000-cover-letter.patch\)" "$QUEUE: README links the cover letter of the first series"
	missing=
	core=mm/migrate.c
	[ ! -e "$queue/diff/mm/migrate_device.c.diff" ] || core=mm/migrate_device.c
	for file in $core include/linux/migrate.h lib/test_hmm.c; do
		grep -qF "](patches/$QUEUE/diff/$file.diff)" <<<"$first" || missing+=" $file"
	done
	grep -qE "\]\(patches/$QUEUE/diff/Documentation/[a-z]*/hmm\.rst\.diff\)" <<<"$first" || missing+=" hmm.rst"
	is "$missing" "" "$QUEUE: README links the whole change of $core, migrate.h, test_hmm.c and hmm.rst"
	like "$first" "^\| for \|.*\bLinux $(value RELEASE)\b" "$QUEUE: README has the version of Linux, $(value RELEASE)"
	like "$(tail -n 1 "$record")" '^PASSED$' "$QUEUE: the recorded run has passed"
	cases=$(sed -n 's/^hmm-tests of .*: \([0-9]*\) cases, of which \([0-9]*\) new$/\1 cases, \2 of them new/p' "$record")
	like "$first" "\| $cases \|" "$QUEUE: README has the number of cases of the recorded run, $cases"
	shown=$(sed -n "/^<!-- end of patches.$QUEUE.expect.run.txt -->\$/,/^<!-- -->\$/{s/^    //p; s/^$//p}" README.md | sed '1{/^$/d}; ${/^$/d}')
	like "$shown" '^boot: hmm-tests: passed ' "$QUEUE: README shows the end of a run"
	is "$shown" "$(tail -n "$(grep -c '' <<<"$shown")" "$record" | sed 's/ *$//')" "$QUEUE: README shows the end of the recorded run"

	# Cover letters and pages of the queue
	c=${cases%% *}
	for name in "${all[@]}"; do
		cover=$queue/$name/0000-cover-letter.patch
		like "$(sed -n 1p "$cover")" "^Subject: \[PATCH 0+/$(series "$queue/$name" | wc -l)\] " "$QUEUE: the cover letter of $name has the number of its patches"
		like "$(cat "$cover")" "\b$c of $c\b" "$QUEUE: the cover letter of $name has the number of cases, $c"
	done
	mutants=("$queue"/mutants/*.patch)
	like "$(cat "$queue/overview.md")" "\b$c of $c cases" "$QUEUE: overview.md has the number of cases, $c"
	like "$(cat "$queue/overview.md")" "\b${#mutants[@]} mutants" "$QUEUE: overview.md has the number of mutants, ${#mutants[@]}"
	like "$(cat docs/testing.md)" "^\| $QUEUE \| $c \|" "$QUEUE: docs/testing.md has the number of cases, $c"
done

# --- the figures

# README's table copies rows of docs/figures.md
# section HEADING: the rows below HEADING
section() { awk -v from="**$1**" 'index($0, from) { on = 1; next } on && /^\| \*\*/ { exit } on' docs/figures.md; }
# compare README'S-ROW HEADING ROW: README has base and queue of 7.3, then of 5.10
compare() {
	local row=${1//\*/\\*}
	is "$(sed -n "s/^| $row | \(.*\) |\$/\1/p" README.md)" \
		"$(section "$2" | awk -F ' *\\| *' -v row="$3" '$2 == row { for (i = 3; i <= 7; i++) sub(/ .*/, "", $i)
			print $6 " | " $7 " | " $3 " | " $5 }')" "README's row \"${1//\*/}\" has the figures of docs/figures.md"
}
like "$(cat docs/figures.md)" '^\| \| 5\.10-base \| 5\.10-debian \| 5\.10-queue \| 7\.3-base \| 7\.3-queue \|$' "docs/figures.md has the columns that these tests read"
# shellcheck disable=SC2016 # Markdown
insns='instructions a page (of these in `migrate_vma_*()`)'
compare 'instructions a page, to the device' "$insns" '32 MiB, small, 1 thread: to device'
compare 'instructions a page, back' "$insns" '32 MiB, small, 1 thread: back'
compare 'a migration to the node that has all pages' "$insns" 'all on the wanted node, small: to node'
compare '**slower:** a call for each page' "$insns" 'page by page: to device'
compare 'TLB shootdowns, to the device' 'TLB shootdowns' '32 MiB, small, 1 thread: to device'
compare 'calls of the driver for swapped-out memory' 'calls of the driver' 'swapped out: to device'

# worst QUEUE WHERE: the largest factor of its instructions to the base's
worst() { sed -n "s/^- [*a-z]*: $1-queue, in $2.* more instructions than $1-base: .*; \([0-9.]*\) times as many at the worst, .*/\1/p" docs/figures.md; }
# shellcheck disable=SC2016 # Markdown
percent=$(worst 5.10 '`migrate_vma_\*()`' | awk '{ print $1 <= 1.01 ? "at most 1" : "up to " ($1 - 1) * 100 }')
text=$(paste -sd' ' README.md)
like "$text" "5\.10, .migrate_vma_\*\(\). takes $percent % more" "README has the worst case of migrate_vma_*() on 5.10, $percent %"
for QUEUE in $(queues); do
	factor=$(worst "$QUEUE" "the driver's whole call")
	like "$text" "\b${factor:-no} times (the base's instructions )?on $QUEUE\b" "$QUEUE: README has the worst case of a driver's whole call, $factor times"
done
done_testing
