#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/sparse prints the path of a sparse that is new enough for the queue's kernel.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
sparse=$top/scripts/sparse

refuses "scripts/sparse refuses an argument" 'takes no arguments' "$sparse" now
refuses "scripts/sparse refuses an unknown queue" 'QUEUE=1.0 is no queue' env QUEUE=1.0 "$sparse"

export PATCHES=$work/patches QUEUE=7.3
mkdir -p "$PATCHES/7.3"
sed '/^SPARSE/d' "$top/patches/7.3/source.mk" >"$PATCHES/7.3/source.mk"
is "$("$sparse" 2>&1)" "$(command -v sparse)" "scripts/sparse prints the installed sparse without SPARSE"
echo 'SPARSE = nosuchsuite' >>"$PATCHES/7.3/source.mk"
XDG_CACHE_HOME=$work/cache refuses "scripts/sparse refuses a suite that does not exist" 'no mirror.*sparse in nosuchsuite' "$sparse"
unset PATCHES

got=$("$sparse" 2>"$work/err")
result $? "scripts/sparse finds a sparse for 7.3" || diag "$(cat "$work/err")"
# errors KEYWORD: the errors of this sparse for a declaration with KEYWORD
errors() {
	echo "static int twice(const int n) { $1(n) m = n; return m + n; }" >"$work/keyword.c"
	"$got" "$work/keyword.c" 2>&1 | grep -o 'error: ' | sort -u
}
# Linux 7.3 turns a sparse off, without a visible message, that cannot parse this keyword.
# --version does not tell: 0.6.5~rc1 prints 0.6.4, too.
is "$(errors __typeof_unqual__)" '' "the sparse for 7.3 parses __typeof_unqual__"
is "$(errors __typeof_nonsense__)" 'error: ' "the sparse for 7.3 reports an unknown keyword"
is "$("$sparse" 2>&1)" "$got" "scripts/sparse prints a cached sparse and builds nothing"
done_testing
