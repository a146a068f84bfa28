# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the scripts beside it: messages, paths, and kernels/<base>.mk.

me=${0##*/}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-$top/build}
patches=${PATCHES:-$top/patches}
kernels=${KERNELS:-$top/kernels}
# shellcheck disable=SC2034 # for those who source this
cache=${XDG_CACHE_HOME:-$HOME/.cache}/migrate-vma

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# Bad input, or a machine that cannot do it: a message, and nothing changed.
die() {
	printf '%s: %s\n' "$me" "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 2
}

# The comment at the head of a script, below the licence, is its help.
help_on_request() {
	case ${1-} in
	-h | --help)
		sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	esac
}

# value NAME: what kernels/<base>.mk says, unless the environment says otherwise
value() {
	sed -n "s/^$1 = //p" "$kernels/$BASE.mk"
}

bases() {
	local f
	for f in "$kernels"/*.mk; do [ ! -f "$f" ] || basename "$f" .mk; done | sort -V | paste -sd' '
}

# need_base: BASE names a kernel that we have a file for
need_base() {
	BASE=${BASE:-5.10}
	[ -f "$kernels/$BASE.mk" ] ||
		die "BASE=$BASE is not a kernel that we have a queue for" \
			"choose one of: $(bases)"
	# shellcheck disable=SC2034 # for those who source this
	linux=$build/$BASE/linux
	# shellcheck disable=SC2034
	queue=$patches/$BASE
}
