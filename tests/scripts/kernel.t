#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel and scripts/selftests skip a build only if it could change nothing.  The
# tree is small, and a stub of make records its calls.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
unset ARCH FLAVOUR CONFIGS V EXTRA
export QUEUE=5.10 LINUX_TREE=$work/linux OUT=$work/out
tests=tools/testing/selftests/vm

mkdir -p "$LINUX_TREE/mm" "$LINUX_TREE/scripts/kconfig" "$LINUX_TREE/$tests" "$work/bin"
touch "$LINUX_TREE/mm/Kconfig" "$LINUX_TREE/mm/migrate.c" "$LINUX_TREE/$tests/hmm-tests.c"
echo '# -lhugetlbfs' >"$LINUX_TREE/$tests/Makefile"
cat >"$LINUX_TREE/scripts/kconfig/merge_config.sh" <<'END'
#!/bin/sh
shift
cat "$@" >"$KCONFIG_CONFIG"
END
cat >"$work/bin/make" <<END
#!/bin/sh
case "\$*" in
*allnoconfig) exec cp "\$KCONFIG_ALLCONFIG" "\$KCONFIG_CONFIG" ;;
*olddefconfig) exit ;;
esac
echo "\$*" >>"$work/calls"
case "\$*" in
*OUTPUT=*) touch "$OUT/selftests/hmm-tests" ;;
*) mkdir -p "$OUT/lib"; touch "$OUT/vmlinux" "$OUT/lib/test_hmm.ko" ;;
esac
cat "$work/during" 2>/dev/null | sh
[ ! -e "$work/fail" ]
END
chmod +x "$work/bin/make" "$LINUX_TREE/scripts/kconfig/merge_config.sh"
PATH=$work/bin:$PATH
git -C "$LINUX_TREE" init -q
commit() { git -C "$LINUX_TREE" add -A && git -C "$LINUX_TREE" -c user.name=A -c user.email=a@example.org commit -qm "$1"; }
commit first

# calls SCRIPT [ARG...]: how often the script calls make
calls() {
	: >"$work/calls"
	"$top/scripts/$1" "${@:2}" >"$work/said" 2>&1 || true
	grep -c . "$work/calls"
}

for script in kernel selftests; do
	is "$(calls $script)" 1 "$script: the first build calls make"
	is "$(calls $script)" 0 "$script: a second build of the same commit does not call make"
	like "$(cat "$work/said")" 'nothing has changed since the last build' "$script: the message says that nothing has changed"
	echo '/* a comment */' >>"$LINUX_TREE/mm/migrate.c"
	is "$(calls $script)$(calls $script)" 11 "$script: each build of a file with an uncommitted change calls make"
	commit second
	is "$(calls $script)$(calls $script)" 10 "$script: the first build of a new commit calls make, the second build does not"
	git -C "$LINUX_TREE" checkout -q HEAD^
	is "$(calls $script)" 1 "$script: the build of another commit calls make"
	touch "$LINUX_TREE/mm/new.c"
	is "$(calls $script)" 1 "$script: the build of a tree with a file that git does not track calls make"
	rm "$LINUX_TREE/mm/new.c"
	echo "echo >>'$LINUX_TREE/mm/migrate.c'" >"$work/during"
	git -C "$LINUX_TREE" checkout -q -
	calls $script >"$work/count"
	rm "$work/during"
	git -C "$LINUX_TREE" checkout -q .
	is "$(cat "$work/count")$(calls $script)" 11 "$script: the build after a change during the build calls make"
	touch "$work/fail"
	git -C "$LINUX_TREE" checkout -q HEAD^
	calls $script >"$work/count"
	rm "$work/fail"
	is "$(cat "$work/count")$(calls $script)" 11 "$script: the build after a failed build calls make"
	is "$(V=1 calls $script)" 1 "$script: a build with V=1 calls make"
	git -C "$LINUX_TREE" checkout -q -
	calls $script >"$work/count"
done
is "$(calls kernel mm/migrate.o)$(calls kernel)$(calls kernel)" 110 \
	"kernel: a build of named targets calls make, and so does the next full build"
rm "$OUT/lib/test_hmm.ko"
is "$(calls kernel)" 1 "kernel: a build calls make if the module is missing"
rm "$OUT/hmm-tests"
is "$(calls selftests)" 1 "selftests: a build calls make if the program is missing"
echo CONFIG_IKCONFIG=y >"$work/more.config"
is "$(CONFIGS=$work/more.config calls kernel)" 1 "kernel: a build of another configuration calls make"
mv "$LINUX_TREE/.git" "$work/git"
is "$(calls kernel)$(calls kernel)" 11 "kernel: each build of a tree without git calls make"
done_testing
