# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by tests/*.t: results in TAP, for prove.  A test file ends with
# done_testing: prove fails a test file that dies before and so has no plan.

set -u
# shellcheck disable=SC2034 # for the test files
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tests_run=0
chosen_queue=
tests_failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# diag TEXT...: goes to the log; after a failure also to stderr, which prove shows
diag() {
	local text
	text=$(printf '%s\n' "$*" | sed 's/^/# /')
	printf '%s\n' "$text"
	[ -z "$failing" ] || printf '%s\n' "$text" >&2
}
failing=

# result STATUS NAME
result() {
	tests_run=$((tests_run + 1))
	failing=
	if [ "$1" -eq 0 ]; then
		echo "ok $tests_run - $2"
	else
		tests_failed=$((tests_failed + 1))
		failing=1
		echo "not ok $tests_run - $2"
		echo "# ${chosen_queue:+$chosen_queue }${0##*/}: not ok $tests_run - $2" >&2
	fi
	return "$1"
}

# ok NAME COMMAND...: the command succeeds
ok() {
	local name=$1 out status=0
	shift
	out=$("$@" 2>&1) || status=$?
	result "$status" "$name" || { diag "exit status $status: $out"; return 1; }
}

# is GOT WANTED NAME
is() {
	[ "$1" = "$2" ]
	result $? "$3" || { diag "got:    $1"$'\n'"wanted: $2"; return 1; }
}

# like GOT REGEX NAME
like() {
	grep -qE -e "$2" <<<"$1"
	result $? "$3" || { diag "got:    $1"$'\n'"wanted: $2"; return 1; }
}

# exits STATUS NAME REGEX COMMAND...: this exit status, and a message that matches REGEX
exits() {
	local wanted=$1 name=$2 regex=$3 out status=0
	shift 3
	out=$("$@" 2>&1) || status=$?
	[ "$status" -eq "$wanted" ] && grep -qE -e "$regex" <<<"$out"
	result $? "$name" ||
		{ diag "exit status $status, wanted $wanted; message: $out"$'\n'"wanted: $regex"; return 1; }
}

# refuses NAME REGEX COMMAND...: exit status 2 and a message that matches REGEX
refuses() { exits 2 "$@"; }

# skip COUNT REASON: a result for each test that cannot run here
skip() {
	local i
	for ((i = 0; i < $1; i++)); do
		tests_run=$((tests_run + 1))
		echo "ok $tests_run # SKIP $2"
	done
}

done_testing() {
	echo "1..$tests_run"
	[ "$tests_failed" -eq 0 ]
	exit
}

# files DIR: a checksum of the names and contents of all its files
files() {
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum) | sha256sum
}

# state TREE: everything that must not change if a script refuses a git tree
state() {
	git -C "$1" rev-parse HEAD
	git -C "$1" symbolic-ref -q HEAD
	git -C "$1" for-each-ref
	git -C "$1" status --porcelain
	git -C "$1" diff HEAD | sha256sum
	git -C "$1" stash list
}

# fake_linux DIR [HEADER-LINE]: the few files of Linux that the scripts read
fake_linux() {
	mkdir -p "$1/mm" "$1/include/linux"
	printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 262\nEXTRAVERSION =\n' >"$1/Makefile"
	echo 'obj-y += mm/' >"$1/Kbuild"
	echo 'LINUX' >"$1/MAINTAINERS"
	seq -f 'line %g;' 40 >"$1/mm/migrate.c"
	printf 'struct migrate_vma {\n\tunsigned long start;\n\t%s\n};\n' \
		"${2-void *pgmap_owner;}" >"$1/include/linux/migrate.h"
	printf '/*\n' >"$1/.gitignore"
}

# commit DIR SUBJECT: commits all files of DIR, signed off
commit() {
	git -C "$1" add -Af .
	git -C "$1" -c user.name=A -c user.email=a@example.org -c commit.gpgSign=false commit -q -s -m "$2"
}

# The user's variables and git configuration must not change a result.  QUEUE is for
# the tests in tests/series; make check calls these by a link in a folder of its name.
chosen_queue=${QUEUE-}
folder=$(basename "$(dirname "$0")")
[ ! -f "$top/patches/$folder/source.mk" ] || chosen_queue=$folder
unset QUEUE BASE TREE SERIES FILE STEPS ARCH FLAVOUR VERSION KERNEL_TARBALL LINUX REVERT FORCE BUILD PATCHES
# shellcheck disable=SC2046 # a list of names
unset $(git rev-parse --local-env-vars)
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
: >"$GIT_CONFIG_GLOBAL"
