#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each file says under which licence it is.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
cd "$top" || exit

# silent_about FILE...: the files without such a line: at the head, or, in a patch of a
# series, at the end, as a file that the patch adds may have a line of its own
silent_about() {
	local file
	for file; do
		case $file in
		COPYING) ;;
		patches/*/mutants/*) head -n 20 "$file" ;;
		patches/*.patch) [ "${file##*/}" = 0000-cover-letter.patch ] && head -n 4 "$file" || tail -n 3 "$file" ;;
		patches/*.diff) tail -n 3 "$file" ;;
		*) head -n 20 "$file" ;;
		esac | grep -qE '^([^+-].*)?SPDX-License-Identifier: GPL-2\.0(-only)?( WITH Linux-syscall-note)?( \*/| -->)?$' ||
			[ "$file" = COPYING ] || echo "$file"
	done
}
if [ -d .git ] || git -c safe.directory='*' rev-parse -q --is-inside-work-tree >/dev/null 2>&1; then
	mapfile -t files < <(git -c safe.directory='*' ls-files)
else
	mapfile -t files < <(find . -path ./build -prune -o -type f -printf '%P\n')
fi
[ ${#files[@]} -gt 300 ]
result $? "there are files to look at: ${#files[@]}"
is "$(silent_about "${files[@]}")" "" "each has an SPDX line"
sed '/SPDX/d' scripts/run >"$work/run"
is "$(silent_about "$work/run")" "$work/run" "one without is noticed"
sed 's/GPL-2.0-only/GPL-3.0-only/' scripts/run >"$work/run"
is "$(silent_about "$work/run")" "$work/run" "and one with another licence"
like "$(head -n 2 COPYING)" 'GNU GENERAL PUBLIC LICENSE' "COPYING is the licence"
like "$(sed -n 2p COPYING)" 'Version 2, June 1991' "in version 2"
done_testing
