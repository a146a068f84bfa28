# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the other scripts: messages, paths, and patches/<queue>/source.mk.

me=${0##*/}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD:-$top/build}
patches=${PATCHES:-$top/patches}
# shellcheck disable=SC2034 # other scripts use cache
cache=${XDG_CACHE_HOME:-$HOME/.cache}/migrate-vma

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# die MESSAGE [ADVICE...]: ends the script with status 2, for bad input or a missing tool.
die() {
	printf '%s: %s\n' "$me" "$1" >&2
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@" >&2
	exit 2
}

# A script's help is the comment at its head, below the licence.
help_on_request() {
	case ${1-} in
	-h | --help)
		sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	esac
}

# value NAME: the value of NAME in patches/<queue>/source.mk
value() {
	sed -n "s/^$1 = //p" "$patches/$QUEUE/source.mk"
}

# release_of TREE: the version of Linux in the tree's Makefile
release_of() {
	awk -F ' *= *' '$1 == "VERSION" || $1 == "PATCHLEVEL" || $1 == "SUBLEVEL" {
		printf "%s%s", sep, $2; sep = "." } $1 == "EXTRAVERSION" { printf "%s", $2; exit }' "$1/Makefile"
}

# queues: the names of all queues
queues() {
	local f
	for f in "$patches"/*/source.mk; do [ ! -f "$f" ] || basename "${f%/*}"; done | sort -V | paste -sd' '
}

# need_queue: stops unless QUEUE, or its alias BASE, names a queue
need_queue() {
	QUEUE=${QUEUE:-${BASE:-5.10}}
	[ -f "$patches/$QUEUE/source.mk" ] ||
		die "QUEUE=$QUEUE is no queue" \
			"choose one of: $(queues)"
	# shellcheck disable=SC2034 # other scripts use linux and queue
	linux=$build/$QUEUE/linux
	# shellcheck disable=SC2034
	queue=$patches/$QUEUE
}
