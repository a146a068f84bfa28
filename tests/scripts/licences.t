#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each file has an SPDX line with the project's licence.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
cd "$top" || exit

# silent_about FILE...: the files without an SPDX line.  A patch of a series has its line
# at the end, as the head may show the line of a file that the patch adds.
silent_about() {
	local file
	for file; do
		[ "$file" != COPYING ] || continue
		case $file in
		patches/*/mutants/*) head -n 20 "$file" ;;
		patches/*.patch) [ "${file##*/}" = 0000-cover-letter.patch ] && head -n 4 "$file" || tail -n 3 "$file" ;;
		patches/*.diff) tail -n 3 "$file" ;;
		*) head -n 20 "$file" ;;
		esac | grep -qE '^([^+-].*)?SPDX-License-Identifier: GPL-2\.0(-only)?( WITH Linux-syscall-note)?( \*/| -->)?$' ||
			echo "$file"
	done
}
if [ -d .git ] || git -c safe.directory='*' rev-parse -q --is-inside-work-tree >/dev/null 2>&1; then
	mapfile -t files < <(git -c safe.directory='*' ls-files)
else
	mapfile -t files < <(find . -path ./build -prune -o -type f -printf '%P\n')
fi
[ ${#files[@]} -gt 300 ]
result $? "this test checks the licences of more than 300 files: ${#files[@]}"
is "$(silent_about "${files[@]}")" "" "each file has an SPDX line"
sed '/SPDX/d' scripts/run >"$work/run"
is "$(silent_about "$work/run")" "$work/run" "a file without an SPDX line is noticed"
sed 's/GPL-2.0-only/GPL-3.0-only/' scripts/run >"$work/run"
is "$(silent_about "$work/run")" "$work/run" "a file with another licence is noticed"
for file in patches/*/mutants/*.patch; do break; done
sed '/^Licence: SPDX/d' "$file" >"$work/mutant"
mkdir -p "$work/patches/x/mutants"
mv "$work/mutant" "$work/patches/x/mutants/a.patch"
is "$(cd "$work" && silent_about patches/x/mutants/a.patch)" patches/x/mutants/a.patch "a mutant without an SPDX line is noticed"
like "$(head -n 2 COPYING)" 'GNU GENERAL PUBLIC LICENSE' "COPYING is the GNU General Public License"
like "$(sed -n 2p COPYING)" 'Version 2, June 1991' "COPYING is version 2 of the licence"
done_testing
