#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's checkers have no remark on the queue that they do not have on the
# tarball.  Each checker must find a planted defect.
# shellcheck source=tests/series/kernel.sh
. "$(dirname "$(realpath "$0")")/kernel.sh"

# Allowed remarks of checkpatch: patch, type, file, and the reason
allowed=$(grep -v '^#' "$queue/expect/checkpatch" 2>/dev/null)

need_worktree
mapfile -t flavours < <(flavours)
configure "${flavours[@]}"

# Several versions of python may be installed: take a version with the modules
python=$(type -ap python3 | while read -r candidate; do
	! "$candidate" -c 'import ply, git, docutils' 2>/dev/null || { echo "$candidate"; break; }
done)
[ -n "$python" ] || die "no python3 here has the modules ply, git and docutils" "scripts/deps check installs them"
sparse=$("$top/scripts/sparse") || die "there is no sparse for $QUEUE: see above"
for tool in shellcheck perl; do
	command -v $tool >/dev/null || die "there is no $tool here" "scripts/deps check installs the missing tools"
done

# checkpatch calls python or python3, and checks no licences without it
mkdir "$work/bin"
ln -s "$python" "$work/bin/python"
ln -s "$python" "$work/bin/python3"
PATH=$work/bin:$PATH

mapfile -t sources < <(touched '*.c' '*.h')

# --- our own scripts

scripts() { grep -rlE '^#!.*[/ ](ba)?sh$' "$@"; }
printf '#!/bin/sh\nrm %s1\n' '$' >"$work/script"
like "$(scripts "$work/script" | xargs shellcheck)" SC2086 "shellcheck: an unquoted variable is noticed"
mapfile -t list < <(cd "$top" && scripts scripts tests guest .ci patches/*/tests)
silent "shellcheck has no remark on scripts, tests, guest and .ci" "$(cd "$top" && shellcheck -x "${list[@]}" 2>&1)"

# --- checkpatch

# covered FILE: a section of MAINTAINERS other than THE REST has FILE
covered() {
	(cd "$LINUX_TREE" && scripts/get_maintainer.pl --no-git --no-git-fallback --sections -f "$1" 2>/dev/null) |
		sed 's/^$/\n/' | awk 'BEGIN { RS = "" } !/^THE REST/ { print; exit }' | grep -q .
}

# checkpatch PATCH: its remarks as "type file: text".  The remark that a new file needs
# an entry in MAINTAINERS counts only if no section covers the file.  Commit ids are not
# checked, as the tarball has no history.
checkpatch() {
	(
		cd "$LINUX_TREE" || exit
		perl scripts/checkpatch.pl --strict --ignore UNKNOWN_COMMIT_ID --terse --show-types --showfile --no-summary --color=never "$1" 2>&1
	) | sed "s,^$1:,-:,; s,^\([^:]*\):[0-9]*: \(FILE: \)\?[A-Z]*:\([A-Z_]*\): ,\3 \1: ," |
		while read -r type rest; do
			if [ "$type" = FILE_PATH_CHANGES ]; then
				sed -n '/^--- \/dev\/null$/{n; s,^+++ b/,,p}' "$1" | while read -r file; do
					[ ! -e "$LINUX_TREE/$file" ] && echo "$type $file: this test knows added files only"
					covered "$file" || echo "$type $file: new file without an entry in MAINTAINERS"
				done
			else
				echo "$type $rest"
			fi
		done
}

cat >"$work/0001-bad.patch" <<'END'
From: A <a@example.org>
Date: Mon, 3 Feb 2020 04:05:06 +0000
Subject: [PATCH] mm: bad

Text.

Signed-off-by: A <a@example.org>
---
 none/none.c | 5 +++++
 1 file changed, 5 insertions(+)
 create mode 100644 none/none.c

diff --git a/none/none.c b/none/none.c
new file mode 100644
index 000000000000..111111111111
--- /dev/null
+++ b/none/none.c
@@ -0,0 +1,5 @@
+// SPDX-License-Identifier: GPL-9
+int none(int a)
+{
+	return a+1;
+}
END
mkdir -p "$LINUX_TREE/none"
touch "$LINUX_TREE/none/none.c"
bad=$(checkpatch "$work/0001-bad.patch")
rm -r "$LINUX_TREE/none"
for type in SPDX_LICENSE_TAG FILE_PATH_CHANGES SPACING; do
	like "$bad" "^$type none/none.c: " "checkpatch: a planted defect is noticed: $type"
done

: >"$work/used"
while read -r patch; do
	said=$(checkpatch "$queue/$patch" | while IFS= read -r remark; do
		read -r type file rest <<<"$remark"
		if grep -F "$patch $type ${file%:} " <<<"$allowed" >>"$work/used"; then continue; fi
		echo "$type $file $rest"
	done)
	silent "checkpatch has no remark on $patch that is not allowed" "$said"
done < <(series "$queue/revert" | sed 's,^,revert/,'; queue_patches "$queue")
silent "checkpatch makes each remark that is allowed" "$(grep . <<<"$allowed" | grep -vxFf "$work/used")"

# --- sparse and the compiler's further warnings

# The limit of a stack frame in bytes: the least default in Linux's configurations
frame=1024

# checked FLAVOUR: the remarks of sparse and the compiler on its objects.  The compiler
# itself must speak, not ccache.
checked() {
	local -a list
	mapfile -t list < <(objects "$1")
	CCACHE_DISABLE=1 compile "$1" W=1 C=2 CHECK="$sparse" KCFLAGS=-Wframe-larger-than=$frame "${list[@]}" >"$work/log" ||
		echo "error: $(tail -n 20 "$work/log")"
	remarks <"$work/log" | grep -v 'the frame size of'
}

# frames: file, function and bytes of each frame in the last log beyond the limit
frames() {
	sed -nE "s,$LINUX_TREE/,,g; s,(\.\./)+${LINUX_TREE##*/}/,,g
		/: In function/ { s/^([^:]*): In function .([a-zA-Z0-9_]*).*/\1 \2/; h; }
		/the frame size of/ { s/.*frame size of ([0-9]*) bytes.*/\1/; H; g; s/\n/ /p; }" "$work/log" | sort -u
}

# larger OLD NEW: frames in file NEW that OLD lacks or has smaller
larger() {
	awk 'which == "old" { bytes[$1, $2] = $3; next } $3 + 0 > bytes[$1, $2] + 0' which=old "$1" which=new "$2"
}

go_to "$pristine"
for flavour in "${flavours[@]}"; do
	checked "$flavour" >"$work/$flavour.pristine"
	frames >"$work/$flavour.pristine.frames"
done
go_to "$tip"
for flavour in "${flavours[@]}"; do
	checked "$flavour" >"$work/$flavour.tip"
	mapfile -t list < <(objects "$flavour")
	silent "sparse and W=1 have no new remark on ${list[*]}" "$(news "$work/$flavour.pristine" "$work/$flavour.tip")"
	frames >"$work/$flavour.tip.frames"
	silent "no stack frame grows beyond $frame bytes: ${list[*]}" \
		"$(larger "$work/$flavour.pristine.frames" "$work/$flavour.tip.frames")"
done
is "$(printf 'a.c f 2000\na.c g 2000\nb.c f 1500\n' | larger <(printf 'a.c f 2000\na.c g 1999\n') /dev/stdin | paste -sd,)" \
	"a.c g 2000,b.c f 1500" "a frame that grows or is new is noticed"
for flavour in "${flavours[@]}"; do
	file=$(objects "$flavour" | tail -n 1)
	file=${file%.o}.c
	cat >>"$LINUX_TREE/$file" <<'END'
int planted(int __user *p);
int planted(int __user *p)
{
#ifndef __CHECKER__
	int unused;

	unused = 0;
#endif
	return *p;
}
int unannounced(void)
{
	char room[1200];

	asm volatile("" : : "r" (room) : "memory");
	return 0;
}
END
	checked "$flavour" >"$work/planted"
	new=$(news "$work/$flavour.tip" "$work/planted")
	like "$new" "^$file:.*dereference of noderef" "sparse: a planted defect is noticed: $file"
	like "$new" "^$file:.*(set but not used|no previous prototype)" "W=1: a planted defect is noticed: $file"
	like "$(frames)" "^$file unannounced 1[2-9][0-9][0-9]$" "a planted stack frame is noticed: $file"
	go_to "$tip"
done

# --- kernel-doc

# doc ARGS: runs the kernel's kernel-doc, which is perl on 5.10 and python on 7.3
doc() {
	local how=perl
	! head -n 1 "$LINUX_TREE/scripts/kernel-doc" | grep -q python || how=$python
	(cd "$LINUX_TREE" && $how scripts/kernel-doc "$@")
}
kernel_doc() { doc "$@" 2>&1 >/dev/null | remarks; }

go_to "$pristine"
(cd "$LINUX_TREE" && ls "${sources[@]}" 2>/dev/null) >"$work/list"
mapfile -t list <"$work/list"
kernel_doc -none "${list[@]}" >"$work/pristine"
go_to "$tip"
kernel_doc -none "${sources[@]}" >"$work/tip"
silent "kernel-doc has no new remark on ${sources[*]}" "$(news "$work/pristine" "$work/tip")"
file=$(printf '%s\n' "${sources[@]}" | grep -m 1 '^mm/.*\.c$')
cat >>"$LINUX_TREE/$file" <<'END'
/**
 * planted() - has an argument that nobody explains
 * @a: the other one
 */
int planted(int a, int b)
{
}
END
kernel_doc -none "${sources[@]}" >"$work/planted"
like "$(news "$work/tip" "$work/planted")" "^(Warning: )?$file:.*'b' not described" "kernel-doc: a planted defect is noticed"
go_to "$tip"

# --- documentation and kernel-doc comments as reStructuredText

# Sphinx has roles and directives that docutils does not know
cat >"$work/rst.py" <<'END'
import sys
from docutils import core, nodes
from docutils.parsers.rst import Directive, directives, roles

class Anything(Directive):
    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]

class Nothing(Anything):
    option_spec = {"identifiers": str, "functions": str, "export": str, "internal": str,
                   "doc": str, "maxdepth": str}

    def run(self):
        return []

for role in "ref", "doc", "c:func", "c:type", "c:data", "c:macro":
    roles.register_generic_role(role, nodes.literal)
for name in "c:function", "c:type", "c:struct", "c:enum", "c:macro":
    directives.register_directive(name, Anything)
for name in "kernel-doc", "toctree":
    directives.register_directive(name, Nothing)
core.publish_doctree(sys.stdin.read(), source_path=sys.argv[1],
                     settings_overrides={"report_level": 2, "halt_level": 5, "file_insertion_enabled": False})
END

# rst: the remarks of docutils on the documentation and the comments
rst() {
	local file
	while read -r file; do
		[ ! -f "$LINUX_TREE/$file" ] || "$python" "$work/rst.py" "$file" <"$LINUX_TREE/$file" 2>&1
	done < <(touched '*.rst')
	for file in "${sources[@]}"; do
		[ ! -f "$LINUX_TREE/$file" ] || ! grep -q '^/\*\*$' "$LINUX_TREE/$file" ||
			doc -rst "$file" 2>/dev/null |
			"$python" "$work/rst.py" "$file" 2>&1
	done
}

go_to "$pristine"
rst >"$work/pristine"
go_to "$tip"
rst >"$work/tip"
silent "docutils has no new remark on comments and $(touched '*.rst' | paste -sd' ')" "$(news "$work/pristine" "$work/tip")"
file=$(touched '*.rst' | head -n 1)
printf '\nNo end of ``this\n\nUnder\n--\n' >>"$LINUX_TREE/$file"
header=$(printf '%s\n' "${sources[@]}" | grep -m 1 '^\(include\|mm\)/')
cat >>"$LINUX_TREE/$header" <<'END'
/**
 * planted() - explained with a ``literal that does not end
 */
int planted(void);
END
rst >"$work/planted"
new=$(news "$work/tip" "$work/planted")
like "$new" "^$file:.*Inline literal start" "docutils: a planted defect is noticed: $file"
like "$new" "^$header:.*Inline literal start" "docutils: a planted defect in a comment is noticed"
go_to "$tip"

# --- the mutants fit

fits() {
	for patch; do
		git -C "$LINUX_TREE" apply --check "$patch" 2>&1 || echo "$patch does not fit"
	done
}
mutants=("$patches/$QUEUE/mutants"/*.patch)
sed 's/^ /  /' "${mutants[0]}" >"$work/mutant.patch"
like "$(fits "$work/mutant.patch")" "mutant.patch does not fit" "a mutant that does not fit is noticed"
silent "all ${#mutants[@]} mutants fit" "$(fits "${mutants[@]}")"

done_testing
