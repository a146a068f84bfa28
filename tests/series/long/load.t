#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Cases of hmm-tests that start a thread or a child, or wait for a kernel thread, pass
# on the queue's kernel at any load.  Each case runs ROUNDS times (10) in guests of one,
# two and four CPUs, while LOADS busy loops (4) run on the host.  CPUS='2 4' and
# CASES='race_split ...' choose guests and cases.
# shellcheck source=tests/series/variants.sh
. "$(dirname "$(realpath "$0")")/../variants.sh"
rounds=${ROUNDS:-10} loads=${LOADS:-4}
export OUT=$build/$QUEUE/x86_64 LINUX_TREE=$linux TIMEOUT=36000
source=$linux/$(value SELFTESTS)/hmm-tests.c

# threaded FILE: the cases that start a thread or a child, directly or in a function
threaded() {
	awk '
		function ends() {
			if (name != "") body[name] = text
			name = ""
			text = ""
		}
		/^TEST(_F|_F_TIMEOUT)?\(/ {
			ends()
			name = $0
			sub(/^TEST[A-Z_]*\(/, "", name)
			sub(/\).*/, "", name)
			n = split(name, part, /, */)
			name = n > 1 ? part[2] : part[1]
			test[name] = 1
		}
		/^[a-z].*\(/ && !/;$/ { ends(); name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		{ text = text $0 "\n" }
		/^}/ { ends() }
		END {
			regex = "pthread_create|[^a-z_]fork"
			do {
				fresh = ""
				for (f in body)
					if (!(f in found) && body[f] ~ ("(" regex ")\\(")) {
						found[f] = 1
						fresh = fresh "|[^a-z_]" f
					}
				regex = regex fresh
			} while (fresh != "")
			for (f in found) if (f in test) print f
		}' "$1" | sort
}

# The cases that wait for ksmd or for writes to swap
kernel='merged merged_zeroes writeback dirty dirty_device beside_pinned report_collected'
like "$(threaded "$source" | paste -sd' ')" ' race_.* race_' "the cases with threads are found"
cases=()
for case in ${CASES:-$(threaded "$source") $kernel}; do
	! grep -q "^TEST.*\<${case}[,)]" "$source" || cases+=("$case")
done
diag "${#cases[@]} cases: ${cases[*]}"
ok "the kernel builds" "$top/scripts/kernel"
ok "the selftests build" "$top/scripts/selftests"

busy=()
for ((i = 0; i < loads; i++)); do
	while :; do :; done &
	busy+=($!)
done
trap 'kill "${busy[@]}" 2>/dev/null; rm -rf "$work"' EXIT

for SMP in ${CPUS:-1 2 4}; do
	export SMP
	LOG=$work/boot.log "$top/scripts/boot" -- "
		failed=0
		for n in \$(seq $rounds); do
			hmm-tests $(printf -- '-t %s ' "${cases[@]}") >/tmp/out || failed=1
			grep -E '^(not )?ok |^# .*(Expected|timeout|rounds|SKIP)' /tmp/out
			echo \"# round \$n\"
			# Swap cache pages of earlier rounds would fill the disk
			swapoff /dev/vda && swapon /dev/vda || failed=1
		done
		exit \$failed" >"$work/tap" 2>"$work/err"
	is $? 0 "$SMP CPUs: the log is clean, and each case passes" || diag "$(cat "$work/err")"
	is "$(grep -c '^not ok ' "$work/tap")" 0 "$SMP CPUs: no case fails in $rounds rounds" ||
		diag "$(grep -B 3 '^not ok ' "$work/tap")"
	is "$(grep 'SKIP' "$work/tap" | grep -cvE 'CPUs?( |$)|have not met')" 0 "$SMP CPUs: only a case that needs two CPUs is skipped" ||
		diag "$(grep SKIP "$work/tap" | sort | uniq -c)"
	is "$(grep -c '^# round ' "$work/tap")" "$rounds" "$SMP CPUs: all rounds come to their end"
	diag "$(sed -nE 's/^(ok|not ok) [0-9]+ ([^ ]*)( # (SKIP))?.*/\1 \4 \2/p' "$work/tap" | sort | uniq -c)"
done
kill "${busy[@]}"
done_testing
