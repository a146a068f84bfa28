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
# Kernels switch an older sparse off without a visible message
like "$("$got" --version 2>&1)" '^v?(0\.6\.([5-9]|[1-9][0-9])|0\.([7-9]|[1-9][0-9])|[1-9][0-9]*\.)' "the sparse for 7.3 is newer than 0.6.4"
is "$("$sparse" 2>&1)" "$got" "scripts/sparse prints a cached sparse and builds nothing"
done_testing
