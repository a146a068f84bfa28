# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the tests of the kernel's source: lib.sh, a separate worktree with the
# patches' content, and functions that compile its objects.

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

# need_worktree: checks out the queue's end in LINUX_TREE; sets pristine, base and tip
# to commits
need_worktree() {
	[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
	need_tree
	tip=$(commit_of "$linux" refs/queue/exported)
	if [ -z "$tip" ] || [ "$(recorded "$linux" patches)" != "$(stamp "$queue")" ]; then
		die "the commits of $linux and the patches of $queue differ" \
			"to check the patches: scripts/tree; to check the tree's commits: scripts/export first"
	fi
	pristine=$(commit_of "$linux" pristine)
	# shellcheck disable=SC2034 # for the test files
	base=$(recorded "$linux" base)
	mkdir -p "$there"
	exec 9>"$there/.lock"
	flock 9
	plain_git "$linux" worktree prune
	[ -e "$LINUX_TREE/.git" ] ||
		plain_git "$linux" worktree add -q --no-checkout --detach "$LINUX_TREE" "$tip"
	go_to "$tip"
	local file
	mapfile -t touched_files < <(touched .)
	for file in "${touched_files[@]}"; do flavour_of[$file]=$(flavour "$file"); done
}
# The files that the queue changes, and the configuration that compiles each
touched_files=()
declare -A flavour_of

# go_to COMMIT: checks out COMMIT; files that git does not track stay
go_to() { plain_git "$LINUX_TREE" checkout -qf --detach "$1" || die "$LINUX_TREE: git cannot check out $1"; }

# touched [PATTERN...]: the files that the queue changes
touched() { plain_git "$linux" log --format= --name-only "$pristine..$tip" -- "$@" | sort -u; }

# caller NAME WORD: the value of WORD at the head of patches/<queue>/callers/NAME.config
caller() { sed -n "s/^# $2: //p" "$queue/callers/$1.config"; }

# flavour FILE: the configuration that compiles FILE: a caller's, the guest's, or
# selftests for user space
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

# object FILE: the object of a .c file.  amdgpu's Makefile compiles the files of amdkfd.
object() {
	local object=${1%c}o
	echo "${object/#drivers\/gpu\/drm\/amd\/amdkfd/drivers/gpu/drm/amd/amdgpu/../amdkfd}"
}

# c_files FLAVOUR: the .c files that the queue changes
c_files() {
	local file
	for file in "${touched_files[@]}"; do
		[[ $file != *.c || ${flavour_of[$file]} != "$1" ]] || echo "$file"
	done
}

# objects FLAVOUR: the objects of these files
objects() {
	local file
	while read -r file; do object "$file"; done < <(c_files "$1")
}

# flavours: the configurations that compile an object of the queue
flavours() {
	local flavour
	for flavour in guest $(callers); do
		[ -z "$(objects "$flavour")" ] || echo "$flavour"
	done
}

# as FLAVOUR COMMAND...: runs COMMAND with the output folder and architecture of a
# configuration
as() {
	local OUT=$there/$1 ARCH=''
	[ ! -f "$queue/callers/$1.config" ] || ARCH=$(caller "$1" Arch)
	export OUT ARCH
	shift
	"$@"
}

# kmake_as FLAVOUR ARGS: calls the kernel's make for a configuration
kmake_as() { as "$1" kmake_here "${@:2}"; }
kmake_here() {
	local karch cross compiler host_compiler
	need_arch
	use_compiler
	# with all output of an object in one piece
	kmake -j"$(nproc)" --output-sync "$@"
}

# configure FLAVOUR...: configures once, and again if a fragment changes
configure() {
	local flavour OUT=$there/out compiler host_compiler
	unset V W C CONFIGS FLAVOUR
	# ccache's variables, as recompile calls the compiler without make
	use_compiler
	# remarks are matched in English, and the kernel's Makefile does not pass LC_ALL on
	unset LANGUAGE
	export LOCALVERSION='' LANG=C LC_MESSAGES=C LC_CTYPE=C
	for flavour; do
		if [ "$flavour" = guest ]; then set --; else set -- "$queue/callers/$flavour.config"; fi
		as "$flavour" env LINUX_TREE="$LINUX_TREE" "$top/scripts/configure" "$@" 2>"$work/log" || die "configuring $flavour failed:" "$(cat "$work/log")"
	done
}

# beside OBJECT WORD: the file beside an object with its command (cmd) or recipe
beside() { echo "${1%/*}/.${1##*/}.$2"; }

# begin FLAVOUR OBJECTS...: removes the objects; fails if a source file is missing
begin() {
	local object out=$there/$1
	shift
	for object; do
		[ -f "$LINUX_TREE/${object%.o}.c" ] || { echo "${object%.o}.c: error: there is no such file"; return 1; }
		rm -f "$out/$object"
	done
}

# end FLAVOUR OBJECTS...: fails if an object is missing
end() {
	local object out=$there/$1
	shift
	for object; do
		[ -f "$out/$object" ] || { echo "$object: error: nothing has built it"; return 1; }
	done
}

# compile FLAVOUR ARGS OBJECTS...: rebuilds all objects with make, and prints its
# output; fails if an object does not compile
compile() {
	local flavour=$1 arg
	local -a list=()
	shift
	for arg; do
		case $arg in *.o) list+=("$arg"); rm -f "$(beside "$there/$flavour/$arg" recipe)" ;; esac
	done
	begin "$flavour" "${list[@]}" && kmake_as "$flavour" "$@" && end "$flavour" "${list[@]}"
}

# recompile FLAVOUR OBJECTS...: as compile, but repeats the commands that make has
# recorded for an object until a Makefile or Kconfig file changes: make would take four
# seconds to find these commands.
recompile() {
	local flavour=$1 out=$there/$1 rules object status=0 recipe
	local -a fresh=() known=()
	shift
	rules="$pristine $(plain_git "$LINUX_TREE" diff-tree -r "$pristine" HEAD -- '*Makefile*' '*Kbuild*' '*Kconfig*' ':!tools/testing' | sha256sum) $(cat "$out/configured")"
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
				# make escapes a dollar and a hash in its record
				sed -n '1s/^[a-z]*cmd_[^ ]* := //p' "$(beside "$out/$object" cmd)" | sed 's/\$(pound)/#/g; s/\$\$/$/g'
				# 5.10 does not record the call of objtool
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

# remarks: the warnings and errors of its input, with file names relative to the tree
remarks() { sed -n "s,$LINUX_TREE/,,g; s,\(\.\./\)\+${LINUX_TREE##*/}/,,g; /\(warning: \|error: \|Error [0-9]\|\*\*\*\)/Ip"; }

# news OLD NEW: the remarks in file NEW that OLD lacks, whatever their line numbers
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

# silent NAME TEXT: TEXT is empty; a failure shows TEXT
silent() {
	[ -z "$2" ]
	result $? "$1" || diag "$2"
}
