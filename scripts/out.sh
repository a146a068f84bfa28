# shellcheck shell=bash
# shellcheck disable=SC2154 # me, build, cache and linux are from common.sh
# Sourced by the scripts that build and boot, after common.sh: where the source
# is, where the output goes, and how the kernel is built.

# need_out: BASE, ARCH, LINUX_TREE and OUT are set and make sense
need_out() {
	need_base
	ARCH=${ARCH:-x86_64}
	case " $(value ARCHES) " in
	*" $ARCH "*) ;;
	*) die "ARCH=$ARCH is not an architecture that $BASE is built for here" \
		"choose one of: $(value ARCHES)" ;;
	esac
	LINUX_TREE=${LINUX_TREE:-$linux}
	OUT=$(realpath -m "${OUT:-$build/$BASE/$ARCH}")
	# shellcheck disable=SC2034 # for those who source this
	image=$OUT/arch/x86/boot/bzImage
}

# need_source: LINUX_TREE is there, and a place for the output
need_source() {
	need_out
	[ -f "$LINUX_TREE/mm/Kconfig" ] ||
		die "there is no kernel source at $LINUX_TREE" \
			"make one with scripts/tree, or name yours: LINUX_TREE=..."
	LINUX_TREE=$(realpath "$LINUX_TREE")
	mkdir -p "$OUT" 2>/dev/null || die "$OUT cannot be made" "name another folder: OUT=..."
}

# common_parent A B: the deepest folder that holds both
common_parent() {
	local dir=$1
	while [ "${2#"$dir"/}" = "$2" ]; do dir=${dir%/*}; done
	echo "${dir:-/}"
}

# use_compiler: sets compiler, through ccache if there is one.  Paths are made
# relative, so that another checkout finds the same objects.
use_compiler() {
	compiler=$(value CC)
	command -v "$compiler" >/dev/null ||
		die "there is no $compiler here" "scripts/deps run installs what is missing"
	command -v ccache >/dev/null || return 0
	compiler="ccache $compiler"
	export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_NOHASHDIR=1
	CCACHE_BASEDIR=$(common_parent "$LINUX_TREE" "$OUT")
	export CCACHE_BASEDIR
}

# say_progress TEXT: a line that the next one overwrites; where nobody watches
# (a file, a CI log), one every half a minute.
say_progress() {
	if [ -t 2 ]; then
		printf '\r%s: %s\e[K' "$me" "$*" >&2
	elif ((SECONDS >= ${said:=0} + 30)); then
		said=$SECONDS
		say "$*"
	fi
}
end_progress() { [ ! -t 2 ] || printf '\r\e[K' >&2; }
