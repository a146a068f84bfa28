#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Linux's own semantic patches find nothing new in the files that the queue changes.
# shellcheck source=tests/series/kernel.sh
. "$(dirname "$(realpath "$0")")/../kernel.sh"
command -v spatch >/dev/null || die "there is no spatch here" "scripts/deps check installs coccinelle"
need_worktree

# shellcheck disable=SC2317 # xargs calls it
# one RULE FILE...: the findings of a semantic patch in these files
one() {
	local -a options
	read -r -a options < <(sed -n 's,^// *Options: *,,p' "$1")
	(cd "$LINUX_TREE" && timeout 600 spatch -D report --no-show-diff --very-quiet "${options[@]}" \
		-I include -I arch/x86/include --cocci-file "$1" "${@:2}" 2>&1 ||
		echo "error: status $? of ${1##*/}") |
		grep -E '^[^ ]+\.[ch]:[0-9]+|rror' | sed "s,\$, [${1##*/}],"
}
export -f one
export LINUX_TREE

# all FILE...: the findings of all semantic patches but the queue's
all() {
	find "$LINUX_TREE/scripts/coccinelle" -name '*.cocci' ! -name migrate_vma.cocci -print0 | sort -z |
		xargs -0 -P "$(nproc)" -I '{}' bash -c 'one "$@" || true' one '{}' "$@"
}

mapfile -t sources < <(touched '*.c' ':!tools')
go_to "$pristine"
all "${sources[@]}" >"$work/pristine"
go_to "$tip"
all "${sources[@]}" >"$work/tip"
for file in "${sources[@]}"; do
	silent "the semantic patches find nothing new in $file" "$(news <(grep "^$file:" "$work/pristine") <(grep "^$file:" "$work/tip"))"
done
silent "each semantic patch could be tried" "$(grep -vE '^[^ ]+\.[ch]:[0-9]+' "$work/tip")"
printf '\nint planted(int a)\n{\n\tint ret = 0;;\n\n\tkfree(planted); kfree(planted);\n\treturn ret;\n}\n' >>"$LINUX_TREE/lib/test_hmm.c"
all lib/test_hmm.c >"$work/planted"
like "$(news "$work/tip" "$work/planted")" '^lib/test_hmm.c' "the semantic patches find a planted defect"
go_to "$tip"
done_testing
