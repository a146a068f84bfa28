#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/sparse: the sparse that each base's kernel is checked with.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
sparse=$top/scripts/sparse

refuses "an argument" 'takes no arguments' "$sparse" now
refuses "an unknown base" 'BASE=1.0.*not' env BASE=1.0 "$sparse"

cp -r "$top/kernels" "$work/kernels"
export KERNELS=$work/kernels BASE=7.3
sed -i '/^SPARSE/d' "$KERNELS/7.3.mk"
is "$("$sparse" 2>&1)" "$(command -v sparse)" "without SPARSE it is the installed one"
echo 'SPARSE = nosuchsuite' >>"$KERNELS/7.3.mk"
XDG_CACHE_HOME=$work/cache refuses "a suite that is not there" 'no mirror.*sparse in nosuchsuite' "$sparse"
unset KERNELS

got=$("$sparse" 2>"$work/err")
result $? "there is one for 7.3" || diag "$(cat "$work/err")"
like "$("$got" --version 2>&1)" '0\.6\.[5-9]|0\.[7-9]|[1-9]\.' "which is new enough: 0.6.4 is switched off without a word"
is "$("$sparse" 2>&1)" "$got" "the second time nothing is built"
done_testing
