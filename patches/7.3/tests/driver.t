#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/driver has the code of docs/driver-authors.md, compiles as a module outside of
# the kernel's tree without a warning, and works in the guest as the page says.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../../../tests/lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
QUEUE=7.3
need_queue
export QUEUE
unset OUT LINUX_TREE ARCH FLAVOUR
page=$top/docs/driver-authors.md
loops=$top/examples/driver/loops.c

# strangers PAGE SOURCE: the first line of each block of code in PAGE that SOURCE lacks
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
is "$(strangers "$page" "$loops")" "" "loops.c has each piece of code of the page"
sed 's/my_wait(dev);/my_wait(device);/' "$page" >"$work/page"
is "$(strangers "$work/page" "$loops" | wc -l)" 2 "pieces of code that loops.c lacks are noticed"

# shellcheck disable=SC2154 # linux is from need_queue
[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
ok "the queue's kernel builds" "$top/scripts/kernel"

# compile NAME: compiles a copy of the module
compile() { V=1 "$top/scripts/kernel" M="$work/$1" W=1 modules >"$work/$1.log" 2>&1; }
for name in driver planted wrong lossy; do
	mkdir "$work/$name"
	git -C "$top" ls-files -z examples/driver | (cd "$top" && xargs -0 cp -t "$work/$name")
done
compile driver
result $? "the module builds" || diag "$(tail -n 20 "$work/driver.log")"
is "$(grep -iE 'warning: |error: ' "$work/driver.log")" "" "the module builds without a warning"
[ -f "$work/driver/driver.ko" ]
result $? "the build makes driver.ko"
printf '\nstatic int planted(void)\n{\n\treturn 0;\n}\n' >>"$work/planted/loops.c"
compile planted
like "$(cat "$work/planted.log")" 'warning: .planted. defined but not used' "a warning in the module is noticed"
sed -i 's/MIGRATE_VMA_SELECT_HOLE/MIGRATE_VMA_SELECT_HOLES/' "$work/wrong/loops.c"
! compile wrong
like "$? $(grep -m 1 'error:' "$work/wrong.log")" '^0 .*MIGRATE_VMA_SELECT_HOLES' "an error in the module is noticed"

ok "the program that tries the module builds" \
	gcc-12 -O1 -Wall -Wextra -Werror -static -o "$work/try" "$top/examples/driver/try.c"
# try_module NAME: loads the module in the guest, runs try, and prints its TAP
try_module() {
	EXTRA="$work/$1/driver.ko $work/try" LOG=$work/$1/boot.log \
		"$top/scripts/boot" -- 'insmod /bin/driver.ko && try' 2>"$work/$1/err"
}
out=$(try_module driver)
result $? "the module loads, and the program that tries the module succeeds" || diag "$out" "$(cat "$work/driver/err")"
is "$(grep -c '^ok ' <<<"$out")" "$(sed -n 's/^1\.\.//p' <<<"$out")" "the module passes each check: $(sed -n 's/^1\.\.//p' <<<"$out")"
sed -i 's/copy_highpage(my_memory(dst), .*/clear_highpage(my_memory(dst));/' "$work/lossy/device.c"
ok "a module that copies nothing builds" compile lossy
! out=$(try_module lossy)
result $? "a module that copies nothing is noticed"
like "$out" '^not ok 9 - the first quarter has the written content: ' "a module that copies nothing fails the check of the content"
done_testing
