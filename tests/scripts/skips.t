#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/skips notices each skipped case without a written reason.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
skips=$top/scripts/skips
export PATCHES=$work/patches
list=$PATCHES/5.10/expect/skips
mkdir -p "${list%/*}"
cp "$top/patches/5.10/source.mk" "$PATCHES/5.10"
cat >"$list" <<'END'
# architecture, case, and reason
arm64 one.two it cannot run here
arm64 onextwo another reason
END

# The harness names a case in lines before its result
tap() {
	local name
	for name; do
		printf '#  RUN           %s ...\n#      SKIP      planted\nok 1 # SKIP planted\n' "$name"
	done >"$work/tap"
}

# skipped ARCH: the output of skips and its exit status
skipped() {
	local status=0
	ARCH=$1 "$skips" "$work/tap" || status=$?
	echo $status
}

tap one.two
is "$(skipped arm64)" "skipped: one.two: it cannot run here"$'\n'0 "skips prints the reason of a skipped case on the list"
like "$(skipped ppc64le | paste -sd' ')" "one.two: it says: planted; .* not in .*5.10/expect/skips for ppc64le 1$" \
	"skips notices a case on the list of another architecture only"
tap one.two onextw one.twoo
like "$(skipped arm64 | paste -sd' ')" "onextw: .* not in .*one.twoo: .* not in .*1$" "skips compares whole names of cases"
printf '#  RUN           one.two ...\n#            OK  one.two\nok 1 one.two\nnot ok 2 one.three\n' >"$work/tap"
is "$(skipped arm64)" 0 "skips ignores a case that was not skipped"
echo 'ok 1 # SKIP why' >"$work/tap"
like "$(skipped arm64 | paste -sd' ')" '\?: it says: why; .* 1$' "skips notices a skipped case without a name"
rm "$list"
tap one.two
like "$(skipped arm64 | paste -sd' ')" "not in .* 1$" "skips notices a skipped case of a queue without a list"
refuses "skips refuses a file that does not exist" 'no such file' "$skips" "$work/none"
refuses "skips refuses to run without a file" 'one file is wanted' "$skips"

# Each queue's list has the right format
for list in "$top"/patches/*/expect/skips; do
	name=${list#"$top/"}
	is "$(grep -vcE '^(#.*|[a-z0-9_]+ [a-z0-9_]+(\.[a-z0-9_]+)+ .+)$' "$list")" 0 "$name: each line has an architecture, a case and a reason"
	is "$(grep -v '^#' "$list" | cut -d' ' -f1,2 | sort | uniq -d)" "" "$name: no case is listed twice for an architecture"
done
done_testing
