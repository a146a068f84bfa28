# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the tests that look at the kernel's source: lib.sh, a worktree of
# the patches' content that nobody else touches, and compiling objects of it.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
QUEUE=$chosen_queue
need_queue
export QUEUE
# shellcheck source=scripts/queue.sh
. "$top/scripts/queue.sh"
# shellcheck source=scripts/out.sh
. "$top/scripts/out.sh"

there=$build/$QUEUE/check
LINUX_TREE=$there/linux

# need_worktree: LINUX_TREE is at the queue's end; pristine, base and tip are
# commits
need_worktree() {
	[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
	need_tree
	tip=$(commit_of "$linux" refs/queue/exported)
	if [ -z "$tip" ] || [ "$(recorded "$linux" patches)" != "$(stamp "$queue")" ]; then
		die "$linux was not made from what is in $queue now" \
			"to check the patches: scripts/tree; to check the tree's commits: scripts/export first"
	fi
	pristine=$(commit_of "$linux" pristine)
	# shellcheck disable=SC2034 # for those who source this
	base=$(recorded "$linux" base)
	mkdir -p "$there"
	exec 9>"$there/.lock"
	flock 9
	plain_git "$linux" worktree prune
	[ -e "$LINUX_TREE/.git" ] ||
		plain_git "$linux" worktree add -q --no-checkout --detach "$LINUX_TREE" "$tip"
	go_to "$tip"
}

# go_to COMMIT: its files, and nothing else that git knows of
go_to() { plain_git "$LINUX_TREE" checkout -qf --detach "$1" || die "$LINUX_TREE: git cannot check out $1"; }

# touched [PATTERN...]: the files that the queue touches
touched() { plain_git "$linux" log --format= --name-only "$pristine..$tip" -- "$@" | sort -u; }

# caller NAME WORD: what the configuration of that name in patches/<queue>/callers
# says at its head
caller() { sed -n "s/^# $2: //p" "$queue/callers/$1.config"; }

# flavour FILE: which configuration compiles it: that of a caller, or the guest's,
# or selftests, which are user space
flavour() {
	local name
	case $1 in
	tools/*) echo selftests; return ;;
	esac
	for name in $(callers); do
		# shellcheck disable=SC2254 # a pattern
		case $1 in $(caller "$name" Files)) echo "$name"; return ;; esac
	done
	echo guest
}
callers() { [ ! -d "$queue/callers" ] || find "$queue/callers" -name '*.config' -printf '%f\n' | sed 's/\.config$//' | sort; }

# object FILE: of a .c file.  amdgpu compiles its neighbours' on its own terms.
object() { sed 's,^\(drivers/gpu/drm/amd/\)\(amdkfd/\),\1amdgpu/../\2,; s/c$/o/' <<<"$1"; }

# objects FLAVOUR: of the .c files that the queue touches
objects() {
	local file
	while read -r file; do
		[ "$(flavour "$file")" != "$1" ] || object "$file"
	done < <(touched '*.c')
}

# flavours: those that have objects of the queue
flavours() {
	local flavour
	for flavour in guest $(callers); do
		[ -z "$(objects $flavour)" ] || echo $flavour
	done
}

# kmake_as FLAVOUR ARGS: the kernel's make, for that configuration
kmake_as() {
	local OUT=$there/$1 karch=x86_64 cross='' compiler cc
	[ ! -f "$queue/callers/$1.config" ] || read -r karch cross < <(caller "$1" Arch; echo "$karch")
	shift
	cc=$(value CC)
	compiler=${host_compiler/%$cc/$cross$cc}
	kmake -j"$(nproc)" "$@"
}

# fragments FLAVOUR: of its configuration
fragments() {
	if [ "$1" = guest ]; then
		cat "$top"/guest/configs/{guest,x86_64}.config "$queue/kernel.config"
	else
		cat "$queue/callers/$1.config"
	fi
}

# configure FLAVOUR...: once, and again when a fragment of it changes
configure() {
	local flavour out fragment=$work/fragment stamp vanished cross=''
	unset V W C
	# the kernel's Makefile does not pass LC_ALL on, and gcc speaks many languages
	unset LANGUAGE
	export LOCALVERSION='' LANG=C LC_MESSAGES=C LC_CTYPE=C
	OUT=$there/out
	use_compiler
	for flavour; do
		out=$there/$flavour
		[ "$flavour" = guest ] || read -r _ cross < <(caller "$flavour" Arch; echo x86_64)
		command -v "${cross-}$(value CC)" >/dev/null ||
			die "there is no ${cross-}$(value CC) here" "scripts/deps check installs what is missing"
		fragments "$flavour" >"$fragment"
		stamp="$(sha256sum <"$fragment") $compiler $LINUX_TREE $pristine"
		[ "$stamp" != "$(cat "$out/configured" 2>/dev/null)" ] || continue
		mkdir -p "$out"
		{
			KCONFIG_ALLCONFIG=$fragment kmake_as "$flavour" allnoconfig &&
				kmake_as "$flavour" olddefconfig
		} >"$out/log" || die "configuring $flavour failed" "$(tail -n 5 "$out/log")"
		vanished=$(grep '^CONFIG_' "$fragment" | grep -vxFf "$out/.config")
		[ -z "$vanished" ] || die "the fragments of $flavour have lines that this kernel's configuration does not take:" "$vanished"
		echo "$stamp" >"$out/configured"
	done
}

# beside OBJECT WHAT: the file beside an object that has its command, or its recipe
beside() { echo "${1%/*}/.${1##*/}.$2"; }

# begin FLAVOUR OBJECTS...: the objects are gone; fails if a source is gone, too
begin() {
	local object out=$there/$1
	shift
	for object; do
		[ -f "$LINUX_TREE/${object%.o}.c" ] || { echo "${object%.o}.c: error: there is no such file"; return 1; }
		rm -f "$out/$object"
	done
}

# end FLAVOUR OBJECTS...: the objects are there
end() {
	local object out=$there/$1
	shift
	for object; do
		[ -f "$out/$object" ] || { echo "$object: error: nothing has built it"; return 1; }
	done
}

# compile FLAVOUR ARGS OBJECTS...: make builds all objects anew, and prints all that was
# said; fails if one cannot be compiled
compile() {
	local flavour=$1 arg
	local -a list=()
	shift
	for arg; do
		case $arg in *.o) list+=("$arg"); rm -f "$(beside "$there/$flavour/$arg" recipe)" ;; esac
	done
	begin "$flavour" "${list[@]}" && kmake_as "$flavour" "$@" && end "$flavour" "${list[@]}"
}

# recompile FLAVOUR OBJECTS...: as compile.  What make has once done for an object is
# done again without make, which takes four seconds to find it out, as long as no
# Makefile and no Kconfig file is another.
recompile() {
	local flavour=$1 out=$there/$1 rules object status=0 recipe
	local -a fresh=() known=()
	shift
	rules="$(plain_git "$LINUX_TREE" ls-tree -r HEAD | grep -E '/?(Makefile|Kbuild|Kconfig)[^/]*$' | sha256sum) $(cat "$out/configured")"
	for object; do
		if [ "# $rules" = "$(head -n 1 "$(beside "$out/$object" recipe)" 2>/dev/null)" ]; then
			known+=("$object")
		else
			fresh+=("$object")
		fi
	done
	if [ ${#fresh[@]} -gt 0 ]; then
		compile "$flavour" V=1 "${fresh[@]}" >"$work/made" || status=1
		cat "$work/made"
		[ "$status" -eq 0 ] || return
		for object in "${fresh[@]}"; do
			recipe=$(beside "$out/$object" recipe)
			{
				echo "# $rules"
				# with a dollar and a hash as make needs them
				sed -n '1s/^[a-z]*cmd_[^ ]* := //p' "$(beside "$out/$object" cmd)" | sed 's/\$(pound)/#/g; s/\$\$/$/g'
				# which 5.10 does not record
				grep -qF tools/objtool/objtool "$(beside "$out/$object" cmd)" ||
					grep -E "^ *[^ ]*tools/objtool/objtool .* $object\$" "$work/made" || true
			} >"$recipe"
			[ "$(wc -l <"$recipe")" -gt 1 ] || rm "$recipe"
		done
	fi
	[ ${#known[@]} -gt 0 ] || return 0
	begin "$flavour" "${known[@]}" || return
	(cd "$out" && for object in "${known[@]}"; do beside "$object" recipe; done |
		xargs -P "$(nproc)" -I{} sh -c 'sh -e {} >{}.log 2>&1') || status=1
	for object in "${known[@]}"; do cat "$(beside "$out/$object" recipe).log"; done
	[ "$status" -eq 0 ] && end "$flavour" "${known[@]}"
}

# remarks: the lines of its input that complain, with the names that files have
# in the tree
remarks() { sed -n "s,$LINUX_TREE/,,g; s,\(\.\./\)\+${LINUX_TREE##*/}/,,g; /\(warning: \|error: \|Error [0-9]\|\*\*\*\)/Ip"; }

# news OLD NEW: the remarks in file NEW that OLD does not have, wherever they are
news() {
	awk '
		function plain(s) {
			gsub(/:[0-9]+(-[0-9]+)?/, "", s)
			gsub(/line [0-9]+/, "line", s)
			gsub(/\+0x[0-9a-f]+/, "", s)
			return s
		}
		which == "old" { seen[plain($0)]++; next }
		--seen[plain($0)] < 0
	' which=old "$1" which=new "$2"
}

# silent NAME TEXT: there is none; it is shown
silent() {
	[ -z "$2" ]
	result $? "$1" || diag "$2"
}
