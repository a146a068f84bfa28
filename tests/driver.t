#!/usr/bin/env bash
# The loops of docs/driver-authors.md: they are those of tests/driver, and that
# compiles as a module outside of the kernel's tree, without a warning.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
BASE=7.3
need_base
export BASE
unset OUT LINUX_TREE ARCH FLAVOUR
page=$top/docs/driver-authors.md
loops=$top/tests/driver/loops.c

# strangers PAGE SOURCE: the blocks of code of a page that are not in a source, as
# the lines that they begin with
strangers() {
	awk -v source="$2" '
		BEGIN { while ((getline line < source) > 0) all = all line "\n" }
		/^```c$/ { block = ""; inside = 1; next }
		/^```$/ {
			if (inside && !index(all, block)) print substr(block, 1, index(block, "\n") - 1)
			inside = 0
		}
		inside { block = block $0 "\n" }' "$1"
}

is "$(grep -c '^```c$' "$page")" 5 "the page has five pieces of code"
is "$(strangers "$page" "$loops")" "" "they are what is compiled"
sed 's/my_wait(dev);/my_wait(device);/' "$page" >"$work/page"
is "$(strangers "$work/page" "$loops" | wc -l)" 2 "those that are not are noticed"

# shellcheck disable=SC2154 # linux is from need_base
[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
ok "the queue's kernel builds" "$top/scripts/kernel"

# compile NAME: a copy of the module
compile() { V=1 "$top/scripts/kernel" M="$work/$1" W=1 modules >"$work/$1.log" 2>&1; }
for name in driver planted wrong; do
	mkdir "$work/$name"
	cp "$top"/tests/driver/* "$work/$name"
done
compile driver
result $? "the module builds" || diag "$(tail -n 20 "$work/driver.log")"
is "$(grep -iE 'warning: |error: ' "$work/driver.log")" "" "without a warning"
[ -f "$work/driver/driver.ko" ]
result $? "and is there"
printf '\nstatic int planted(void)\n{\n\treturn 0;\n}\n' >>"$work/planted/loops.c"
compile planted
like "$(cat "$work/planted.log")" 'warning: .planted. defined but not used' "a warning is noticed"
sed -i 's/MIGRATE_VMA_SELECT_HOLE/MIGRATE_VMA_SELECT_HOLES/' "$work/wrong/loops.c"
! compile wrong
result $? "an error, too"
done_testing
