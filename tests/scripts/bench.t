#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/bench: the plugin's counts are exact, and the table reports the counts.
# tests/long/bench.t checks the figures themselves.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
need_queue
export OUT=${OUT:-$build/$QUEUE/x86_64} TIMEOUT=120 LOG=$work/boot.log
unset ARCH APPEND QEMU_ARGS EXTRA MEM SMP CONFIGS V ACCEL LINUX_TREE
[ -f "$OUT/vmlinux" ] || "$top/scripts/kernel" 2>&1 | sed 's/^/# /'

refuses "bench refuses an unknown side" 'sides are 5.10-base' "$top/scripts/bench" 5.10-nonesuch
refuses "bench refuses an unknown option" 'neither an option' "$top/scripts/bench" --nonesuch
refuses "bench refuses to publish one side alone" 'needs all sides' "$top/scripts/bench" --publish 7.3-base
refuses "bench refuses an even number of rounds" 'ROUNDS=4' env ROUNDS=4 "$top/scripts/bench"
refuses "bench refuses another TREE than keep" 'TREE=away' env TREE=away "$top/scripts/bench"
refuses "boot refuses another EXACT than 1" 'EXACT=2' env EXACT=2 "$top/scripts/boot" true
refuses "boot refuses to count instructions under KVM" 'KVM does not count' env EXACT=1 ACCEL=kvm "$top/scripts/boot" true

# The plugin must count exactly the system calls that a program makes between the marks
cat >"$work/calls.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
__attribute__((noinline)) void bench_begin(void) { __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) void bench_end(void) { __asm__ volatile("" ::: "memory"); }
static void calls(int n) { while (n--) syscall(SYS_getppid); }
int main(void)
{
	struct timespec t;
	calls(7);
	bench_begin(); calls(100); bench_end();
	calls(7);
	bench_begin(); calls(3); bench_end();
	clock_gettime(CLOCK_MONOTONIC, &t);
	printf("%ld.%09ld\n", (long)t.tv_sec, t.tv_nsec);
	return 0;
}
END
gcc-12 -O1 -static -Wl,-Ttext-segment=0x5e100000 -o "$work/calls" "$work/calls.c" || diag "calls.c cannot be compiled"
version=$(QEMU_PLUGIN=$work/insns.so "$top/scripts/bench" --plugin 2>&1)
is $? 0 "QEMU loads the plugin that bench builds" || diag "$version"

# count NAME CORE: runs the program; the plugin's counts go to $work/NAME.tsv
count() {
	local begin end
	begin=$(nm "$work/calls" | awk '$3 == "bench_begin" { print $1 }')
	end=$(nm "$work/calls" | awk '$3 == "bench_end" { print $1 }')
	printf '%s\n' "$2" >"$work/core"
	EXACT=1 SMP=1 EXTRA=$work/calls \
		QEMU_ARGS="-plugin $work/insns.so,begin=$begin,end=$end,symbols=$OUT/System.map,core=$work/core,out=$work/$1.tsv" \
		"$top/scripts/boot" -- calls >"$work/$1.out" 2>"$work/$1.err" || diag "$(cat "$work/$1.err")"
}
symbol=$(awk '$3 == "__x64_sys_getppid" { print $1 }' "$OUT/System.map")
count first "enter $symbol"
count again "enter $symbol"
is "$(awk '$3 == "__x64_sys_getppid" { print $2, $6 }' "$work/first.tsv" | paste -sd,)" "0 100,1 3" \
	"the plugin counts the calls of a function between the marks"
is "$(awk '$1 == "total" { print $2, ($3 > 1000) }' "$work/first.tsv" | paste -sd,)" "0 1,1 0" "100 calls take more than 1000 instructions, and 3 calls fewer"
is "$(awk '$1 == "function" { sum[$2] += $4 } $1 == "total" { all[$2] = $3 } END { print sum[0] == all[0], sum[1] == all[1] }' "$work/first.tsv")" "1 1" \
	"the instructions of all functions add up to the total"
is "$(awk '$1 == "total" { print ($5 > 0 && $5 <= $3) }' "$work/first.tsv" | paste -sd,)" "1,1" "the instructions of the core functions are part of the total"
ok "another guest repeats each count to the instruction" cmp "$work/first.tsv" "$work/again.tsv"
is "$(cat "$work/again.out")" "$(cat "$work/first.out")" "another guest repeats the clock to the nanosecond"
like "$(qemu-system-x86_64 -machine none -display none -plugin "$work/insns.so,nonsense=1" 2>&1 </dev/null)" \
	'insns: no such argument: nonsense' "the plugin refuses an unknown argument"

# rows.awk makes rows of the output of hmm-bench and the plugin
tab() { tr ' ' '\t' | tr _ ' '; }
tab >"$work/out" <<'END'
interval 0 scene to_device + 512 1 -1 512 2 3
interval 1 scene to_device - 512 1 -1 512 0 0
END
tab >"$work/tsv" <<'END'
total 0 10240 9 5120 2
function 0 folio_isolate_lru 512 512 512 0
total 1 5120 9 0 0
END
# tab has turned these underscores into spaces
sed -i 's/folio isolate lru/folio_isolate_lru/' "$work/tsv"
rows=$(awk -f "$top/bench/rows.awk" "$work/out" "$work/tsv")
like "$rows" $'^whole\tscene\tto device\t10\\.0$' "rows.awk prints instructions a page, less those of a minus interval"
like "$rows" $'^core\tscene\tto device\t10\\.0$' "rows.awk prints the core functions' instructions a page"
like "$rows" $'^isolated\tscene\tto device\t512$' "rows.awk prints the calls of a function"
like "$rows" $'^pages split\tscene\tto device\t2$' "rows.awk prints the counts of vmstat"

# side NAME INSTRUCTIONS SHOOTDOWNS [AGAIN]: rows of two steps
side() {
	mkdir -p "$work/$1"
	printf '%s\t%s\t%s\t%s\n' whole '32 MiB, small, 1 thread' 'to device' "$2" \
		core '32 MiB, small, 1 thread' 'to device' "$2" \
		shootdowns '32 MiB, small, 1 thread' 'to device' "$3" \
		whole 'all on the wanted node, small' 'to node' 5 >"$work/$1/rows.tsv"
	sed "s/\t$3\$/\t${4-$3}/" "$work/$1/rows.tsv" >"$work/$1/rows-again.tsv"
}
# table: the table of the two sides
table() { (cd "$work" && awk -f "$top/bench/table.awk" 7.3-base/rows.tsv 7.3-queue/rows.tsv 7.3-base/rows-again.tsv 7.3-queue/rows-again.tsv); }
side 7.3-base 1000 8208
side 7.3-queue 799 16
out=$(table)
like "$out" '^\| 32 MiB, small, 1 thread: to device \| 1000 \(1000\) \| 799 \(799\) \|$' "the table has both sides"
like "$out" '^- met: 7.3-queue, a TLB shootdown a page table: 16 for 16$' "the table reports one TLB shootdown a page table as met"
like "$out" '^- met: 7.3-queue, 0.8 of 7.3-base for a small page to device: 0.80' "the table reports 0.8 of the base's instructions as met"
like "$out" '^- \*\*missed\*\*: 7.3-queue, a tenth of 7.3-base for memory that is on the wanted node: 1.000$' "the table reports an aim that is not reached as missed"
like "$out" '^- 0 of [0-9]* counts differ between two runs$' "the table says that no count differs between two runs"
side 7.3-queue 1011 17 18
out=$(table)
like "$out" '^- \*\*missed\*\*: 7.3-queue, in .* met in 0 of 1 steps; 1.01 times' "the table reports more instructions than the base's as missed"
like "$out" '^- \*\*missed\*\*: 7.3-queue, a TLB shootdown a page table: 17 for 16$' "the table reports one TLB shootdown too many as missed"
like "$out" '^\| 32 MiB, small, 1 thread: to device \| 8208 \| 17/18 \|$' "the table shows both values of a count that differs"
like "$out" '^- 1 of [0-9]* counts differ between two runs' "the table says that one count differs between two runs"

# The page shows the published figures
ok "docs/figures.md has a place for the figures" grep -q "^<!-- figures" "$top/docs/figures.md"
is "$(grep -c '(figures.svg)' "$top/docs/figures.md")" 1 "docs/figures.md shows figures.svg once"
ok "docs/figures.svg is a whole picture" grep -q '</svg>' "$top/docs/figures.svg"

done_testing
