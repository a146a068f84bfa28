#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What README and the pages of docs/ say is so.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
cd "$top" || exit
pages=(README.md CONTRIBUTING.md docs/*.md)

# --- links

# anchors PAGE: of its headings, as GitHub makes them
anchors() {
	sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}
# dead PAGE...: links to files, or headings, that are not there
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
is "$(dead "${pages[@]}")" "" "all links lead somewhere"
printf '# A page\n[a](none.md) [b](#a-page) [c](#another) [d](https://example.org)\n' >"$work/page.md"
is "$(dead "$work/page.md" | wc -l)" 2 "those that do not are noticed"

# --- commands

# unknown PAGE...: targets of make, and scripts, that are not there
unknown() {
	local what
	grep -hoE '(^    |`)([A-Z_]+=[^ ]* )*make [a-z-]+' "$@" | sed 's/.*make //' | sort -u | while read -r what; do
		grep -q "^$what:" Makefile || [ "$what" = coccicheck ] || echo "make $what"
	done
	grep -hoE '\bscripts/[a-z.]+[a-z]' "$@" | sort -u | while read -r what; do
		[ -e "$what" ] || [ -e "build/5.10/linux/$what" ] || [[ $what = scripts/coccinelle || $what = scripts/get* ]] || echo "$what"
	done
}
is "$(unknown "${pages[@]}")" "" "all commands are there"
printf '    make nothing\n    scripts/nothing\n' >"$work/page.md"
is "$(unknown "$work/page.md" | wc -l)" 2 "those that are not are noticed"
# shellcheck disable=SC2016 # a dollar of the Makefile's
is "$(make -s help | sed -n 's/^  \([a-z-]*\) .*/\1/p' | sort)" \
	"$(sed -n 's/^\([a-z-]*\): *##.*/\1/p' Makefile | sort)" "make help has all targets"

# --- the first screen

first=$(head -n 40 README.md)
for command in 'make run' 'make check'; do
	like "$first" "^    $command +# " "the first screen has: $command"
done
workflow=.github/workflows/check.yml
is "$(sed -n 's/^ *- run: \(make [a-z]*\).*/\1/p' $workflow | sort -u)" $'make check\nmake run' "the workflow runs these two"
is "$(grep -nE '://|[^a-z0-9*./]/(home|work|root|usr|var)/' $workflow)" "" "and names no host and no path of a machine"

# --- the queues

is "$(diff <(scripts/table) docs/patches.md)" "" "docs/patches.md has the patches that there are"
for QUEUE in $(queues); do
	need_queue
	# shellcheck disable=SC2154 # from need_queue
	n=$(grep -vc '^#' "$queue/series")
	record=patches/$QUEUE/expect/run.txt
	# Each patch is in one part, in their order
	is "$(sed -n 's/^Patches: \([0-9]*\)-\([0-9]*\)$/\1 \2/p' "$queue"/parts/* |
		while read -r from to; do seq "$((10#$from))" "$((10#$to))"; done | paste -sd' ')" \
		"$(seq "$n" | paste -sd' ')" "$QUEUE: the parts have all of the patches"
	for file in "$queue"/parts/*; do
		read -r from to < <(sed -n 's/^Patches: \([0-9]*\)-\([0-9]*\)$/\1 \2/p' "$file")
		like "$(sed -n 1p "$file")" "^Subject: \[PATCH 0+/$((10#$to - 10#$from + 1))\] " "$QUEUE: ${file##*/} has the number of its own"
	done
	like "$first" "\[$n, one line each\]\(docs/patches.md#${QUEUE/./}\)" "$QUEUE: README has the number of patches, $n"
	like "$(sed -n 1p "$queue/0000-cover-letter.patch")" "\[PATCH 0*0/$n\]" "$QUEUE: so has the cover letter"
	like "$(tail -n 1 "$record")" '^PASSED$' "$QUEUE: the recorded run has passed"
	cases=$(sed -n 's/^hmm-tests of .*: \([0-9]*\) cases, of which \([0-9]*\) new$/\1 cases, \2 of them new/p' "$record")
	like "$first" "\| $cases \|" "$QUEUE: README has its number of cases, $cases"
	like "$(cat "$queue/0000-cover-letter.patch")" "\b${cases%% *}[ ]of[ ]${cases%% *}\b" "$QUEUE: so has the cover letter"
	shown=$(sed -n "/^<!-- end of docs.run-$QUEUE.txt -->\$/,/^<!-- -->\$/{s/^    //p; s/^$//p}" README.md | sed '1{/^$/d}; ${/^$/d}')
	like "$shown" '^boot: hmm-tests: passed ' "$QUEUE: README shows the end of a run"
	is "$shown" "$(tail -n "$(grep -c '' <<<"$shown")" "$record" | sed 's/ *$//')" "$QUEUE: what README shows is the end of it"
done

# --- the figures

# Each number of README's table is in the row of docs/figures.md that it is from
# section HEADING: the rows below it
section() { awk -v from="**$1**" 'index($0, from) { on = 1; next } on && /^\| \*\*/ { exit } on' docs/figures.md; }
# compare README'S-ROW HEADING ROW
compare() {
	local heading=$2 row=$3
	is "$(sed -n "s/^| $1 | \(.*\) |\$/\1/p" README.md)" \
		"$(section "$heading" | awk -F ' *\\| *' -v row="$row" '$2 == row { sub(/ .*/, "", $6); sub(/ .*/, "", $7); print $6 " | " $7 }')" "figures: $1"
}
# shellcheck disable=SC2016 # Markdown
insns='instructions a page (of these in `migrate_vma_*()`)'
compare 'instructions a page, to the device' "$insns" '32 MiB, small, 1 thread: to device'
compare 'and back' "$insns" '32 MiB, small, 1 thread: back'
compare 'a migration to a node where all of it is already' "$insns" 'all on the wanted node, small: to node'
compare 'TLB shootdowns, to the device' 'TLB shootdowns' '32 MiB, small, 1 thread: to device'
compare 'what is swapped out: calls of the driver' 'calls of the driver' 'swapped out: to device'
done_testing
