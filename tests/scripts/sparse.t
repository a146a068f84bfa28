#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/sparse: the sparse that each base's kernel is checked with.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
sparse=$top/scripts/sparse

refuses "an argument" 'takes no arguments' "$sparse" now
refuses "an unknown base" 'QUEUE=1.0 is no queue' env QUEUE=1.0 "$sparse"

export PATCHES=$work/patches QUEUE=7.3
mkdir -p "$PATCHES/7.3"
sed '/^SPARSE/d' "$top/patches/7.3/source.mk" >"$PATCHES/7.3/source.mk"
is "$("$sparse" 2>&1)" "$(command -v sparse)" "without SPARSE it is the installed one"
echo 'SPARSE = nosuchsuite' >>"$PATCHES/7.3/source.mk"
XDG_CACHE_HOME=$work/cache refuses "a suite that is not there" 'no mirror.*sparse in nosuchsuite' "$sparse"
unset PATCHES

got=$("$sparse" 2>"$work/err")
result $? "there is one for 7.3" || diag "$(cat "$work/err")"
like "$("$got" --version 2>&1)" '0\.6\.[5-9]|0\.[7-9]|[1-9]\.' "which is new enough: 0.6.4 is switched off without a word"
is "$("$sparse" 2>&1)" "$got" "the second time nothing is built"
done_testing
