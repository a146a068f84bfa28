#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# At the queue's end, all callers of migrate_vma_setup() in the tree use flags, and the
# callers that the guest does not have compile.
# shellcheck source=tests/series/kernel.sh
QUEUE=5.10
export QUEUE
. "$(dirname "$(realpath "$0")")/../../../tests/series/kernel.sh"
need_worktree
configure nouveau nouveau-no-svm uvmem

# old_uses: the uses of src_owner, but for the documentation and the semantic patch,
# which explain the conversion
old_uses() {
	plain_git "$LINUX_TREE" grep -nw src_owner -- . \
		':!Documentation/vm/hmm.rst' ':!scripts/coccinelle/api/migrate_vma.cocci'
}

# embedding: struct migrate_vma, and the structures that have one as the member args,
# separated by |
embedding() {
	local files
	mapfile -t files < <(plain_git "$LINUX_TREE" grep -lP '^\tstruct migrate_vma\s+args;' -- '*.c' '*.h')
	echo migrate_vma
	[ ${#files[@]} -eq 0 ] || (cd "$LINUX_TREE" && awk '
		/^struct [a-z_]+ {/ { name = $2 }
		/^\tstruct migrate_vma[ \t]+args;/ && name { print name }
		/^}/ { name = "" }' "${files[@]}")
}

# definitions [without-flags]: each variable of such a structure, or only the variables
# that get no flags in their function
definitions() {
	local file types
	types=$(embedding | paste -sd'|')
	plain_git "$LINUX_TREE" grep -lE "struct ($types) [a-z_]+" -- '*.c' | while read -r file; do
		awk -v file="$file" -v only="${1-}" -v types="$types" '
			/^{/ { inside = 1; n = 0; split("", flags) }
			inside && match($0, "struct (" types ") [a-z_]+") {
				split(substr($0, RSTART, RLENGTH), word, " ")
				name[++n] = word[3]
				line[n] = FNR
				initializer = /= *{/
			}
			initializer && /\.flags[ \t]*=/ { flags[n] = 1 }
			/};/ { initializer = 0 }
			# args is a pointer to the member of the one structure in the function
			inside && /(^|[^A-Za-z0-9_.>])args->flags[ \t]*=/ { flags[n] = 1 }
			inside {
				for (i = 1; i <= n; i++)
					if ($0 ~ "(^|[^A-Za-z0-9_.>])" name[i] "\\.flags[ \t]*=") flags[i] = 1
			}
			/^}/ {
				for (i = 1; inside && i <= n; i++)
					if (!only || !(i in flags)) print file ":" line[i] ": " name[i]
				inside = 0
			}' "$LINUX_TREE/$file"
	done
}

# Matches a call, and no mention in a comment
call='^[^*"]*[^a-z_*"]migrate_vma_setup\(&?[a-z]+\)'

# calling: the files that call migrate_vma_setup()
calling() { plain_git "$LINUX_TREE" grep -lE "$call" -- '*.c' ':!tools'; }

go_to "$base"
like "$(old_uses | cut -d: -f1 | uniq | paste -sd' ')" 'uvmem.c .*nouveau_dmem.c .*test_hmm.c' "before the queue, the callers use src_owner"
is "$(definitions without-flags)" "$(definitions)" "before the queue, no caller sets flags"
go_to "$tip"
silent "at the queue's end, no caller uses src_owner" "$(old_uses)"
silent "at the queue's end, each caller sets flags" "$(definitions without-flags)"
is "$(definitions | cut -d: -f1 | uniq)" "$(calling)" "each file with a call defines a struct migrate_vma, or a structure around it"
diag "$(definitions)"
while read -r file flags; do
	sed -i "0,/^\t*$flags/{/^\t*$flags/d}" "$LINUX_TREE/$file"
	like "$(definitions without-flags | paste -sd,)" "^$file:[^,]*\$" "a caller without flags is noticed: $file"
	go_to "$tip"
done <<'EOT'
arch/powerpc/kvm/book3s_hv_uvmem.c mig\.flags =
drivers/gpu/drm/nouveau/nouveau_dmem.c \.flags
lib/test_hmm.c args->flags =
EOT

# The callers that the guest does not have
for flavour in nouveau uvmem; do
	mapfile -t list < <(objects $flavour)
	go_to "$pristine"
	compile $flavour "${list[@]}" >"$work/log"
	result $? "before the queue, these objects compile: ${list[*]}" || diag "$(tail -n 20 "$work/log")"
	remarks <"$work/log" >"$work/pristine"
	go_to "$tip"
	status=0
	compile $flavour "${list[@]}" >"$work/log" || status=1
	remarks <"$work/log" >"$work/tip"
	new=$(news "$work/pristine" "$work/tip")
	[ $status -eq 0 ] && [ -z "$new" ]
	result $? "at the queue's end, these objects compile without a new warning: ${list[*]}" || diag "${new:-$(tail -n 20 "$work/log")}"

	# the compiler must refuse a caller that is not converted
	for object in "${list[@]}"; do
		grep -qE "$call" "$LINUX_TREE/${object%.o}.c" || continue
		plain_git "$LINUX_TREE" checkout -q "$base" -- "${object%.o}.c"
		! compile $flavour "$object" >"$work/log"
		like "$?$(grep 'error:' "$work/log")" "^0.*src_owner" "without the conversion, ${object%.o}.c does not compile"
		go_to "$tip"
	done
done

compile nouveau-no-svm drivers/gpu/drm/nouveau/nouveau_vmm.o >"$work/log"
result $? "at the queue's end, nouveau without SVM compiles without CONFIG_MIGRATION" || diag "$(tail -n 20 "$work/log")"
done_testing
