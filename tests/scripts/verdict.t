#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/verdict on planted logs: no kernel is built, and none is booted.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
verdict=$top/scripts/verdict
unset DENY ALLOW ME

# lines LIST: without comments and empty lines
lines() { sed '/^#/d; /^$/d' "$1"; }
# stamped: adds the timestamps of CONFIG_PRINTK_TIME and the line ends of a console
stamped() { awk '{ printf "[%5d.%06d] %s\r\n", NR, NR * 7, $0 }'; }
lines "$top/tests/scripts/samples/log.sound" >"$work/sound"

# judge STATUS REGEX NAME FACT...: judges $work/log; checks exit status and message, and
# keeps the message in said
judge() {
	local wanted=$1 regex=$2 name=$3 status=0
	shift 3
	said=$("$verdict" "$work/log" "$@" 2>&1) || status=$?
	[ "$status" -eq "$wanted" ] && LC_ALL=C grep -qaE -e "$regex" <<<"$said"
	result $? "$name" || diag "exit status $status, wanted $wanted; message: $said"$'\n'"wanted: $regex"
}
whole=(exited=0 failures=0 complaint= tainted=0)

# --- the lists

lines "$top/guest/log.deny" >"$work/deny"
mapfile -t samples < <(lines "$top/tests/scripts/samples/log.deny")
# unproven: the expressions without a sample that no other expression matches
unproven() {
	local sample regex
	local -a found
	for sample in "${samples[@]}"; do
		found=()
		while IFS= read -r regex; do [[ ! $sample =~ $regex ]] || found+=("$regex"); done <"$work/deny"
		[ ${#found[@]} -ne 1 ] || printf '%s\n' "${found[0]}"
	done | grep -vxFf - "$work/deny"
}
is "$(unproven)" "" "each expression in guest/log.deny has a sample that no other expression matches"
echo 'planted [0-9]' >>"$work/deny"
is "$(unproven)" 'planted [0-9]' "an expression without a sample is noticed"
# Twenty samples at a time, as the verdict shows at most 20 lines
for ((i = 0; i < ${#samples[@]}; i += 20)); do
	some=("${samples[@]:i:20}")
	{ cat "$work/sound"; printf '%s\n' "${some[@]}"; cat "$work/sound"; } | stamped >"$work/log"
	judge 1 "^verdict: ${#some[@]} lines that a sound kernel does not log$" \
		"verdict counts samples $((i + 1)) to $((i + ${#some[@]})) of log.deny as complaints" "${whole[@]}"
	is "$(sed -n 's/^  | [0-9]*:\[[ 0-9.]*\] //p' <<<"$said")" "$(printf '%s\n' "${some[@]}")" \
		"verdict shows samples $((i + 1)) to $((i + ${#some[@]})) of log.deny"
done

lines "$top/guest/log.allow" >"$work/allow"
lines "$top/tests/scripts/samples/log.allow" >"$work/allowed"
is "$(while IFS= read -r regex; do grep -qE -e "$regex" "$work/allowed" || echo "$regex"; done <"$work/allow")" "" \
	"each expression in guest/log.allow has a sample"
while IFS= read -r sample; do
	printf '%s\n' "$sample" >"$work/log"
	ok "a log is sound with: $sample" "$verdict" "$work/log"
	stamped <"$work/log" >"$work/stamped"
	ok "a timestamp changes nothing for: $sample" "$verdict" "$work/stamped"
	ALLOW=/dev/null judge 1 'sound kernel does not log' "guest/log.deny matches without guest/log.allow: $sample"
	echo "BUG: planted $sample" >"$work/log"
	judge 1 'BUG: planted' "a BUG in the same line is not forgiven: $sample"
	printf 'BUG: planted\n%s\n' "$sample" >"$work/log"
	judge 1 '^  \| 1:BUG: planted' "a BUG in another line is not forgiven: $sample"
done <"$work/allowed"

# --- the log

for how in cat stamped; do
	$how <"$work/sound" >"$work/log"
	judge 0 '^$' "a sound log has no complaint ($how)" "${whole[@]}"
done
: >"$work/log"
judge 0 '^$' "an empty log has no complaint" "${whole[@]}"
printf 'sound\n\0\377\376\nINFO: task \377 blocked for more than 120 seconds.\nlast' >"$work/log"
judge 1 '^  \| 3:INFO: task .* blocked' "a log that is not text is searched to its end"
printf 'BUG: no end' >"$work/log"
judge 1 '^  \| 1:BUG: no end' "a last line without an end is searched"
seq -f 'BUG: number %g' 30 >"$work/log"
judge 1 '^verdict: 30 lines that' "all complaints are counted"
is "$("$verdict" "$work/log" 2>&1 | grep -c '^  | [0-9]*:')" 20 "20 complaints are shown"
ME=boot judge 1 '^boot: the kernel complains:$' "ME names the script at the head of the message"

# --- facts about the boot

cp "$work/sound" "$work/log"
for bit in 5 7 9 14; do
	judge 1 "tainted \($((1 << bit))\)" "verdict fails on taint bit $bit" exited=0 tainted=$((1 << bit))
done
judge 1 'tainted \(4608\)' "verdict fails on a bad taint bit among harmless bits" exited=0 tainted=4608
# A proprietary, an external and an unsigned module, and live patching
judge 0 '^$' "verdict accepts taint bits 0, 12, 13 and 15" exited=0 tainted=$((1 << 0 | 1 << 12 | 1 << 13 | 1 << 15))
judge 1 'has not reported' "verdict fails if the guest does not report its taint" tainted=
judge 1 'exit status in the guest is 3' "verdict fails if the command fails" "${whole[@]}" exited=3
judge 1 'exit status in the guest is unknown' "verdict fails if the exit status of the command is lost" "${whole[@]}" exited=
judge 1 '2 tests failed, whatever' "verdict fails on \`not ok\` lines with exit status 0" "${whole[@]}" failures=2
judge 1 '^verdict: test_hmm cannot be unloaded$' "verdict fails on a complaint of the guest's init" "${whole[@]}" \
	complaint='test_hmm cannot be unloaded'
judge 2 '^verdict: the guest has not come to its end within 10 s \(TIMEOUT\); its last words:$' "verdict ends with status 2 for a guest that hangs" hung=10
judge 2 '^verdict: the guest died after 7 s; its last words:$' "verdict ends with status 2 for a guest that dies" died=7
judge 2 '^  \| reboot: Power down$' "the last words of a guest that died are shown" died=7
echo 'Kernel panic - not syncing: sysrq triggered crash' >>"$work/log"
judge 2 '^  \| 14:Kernel panic' "a guest that died has its complaints shown" died=7
judge 2 '^  \| 14:Kernel panic' "a guest that hung has its complaints shown" hung=7

# --- bad input

cp "$work/sound" "$work/log"
refuses "verdict refuses to run without a log" 'no log is named' "$verdict"
refuses "verdict refuses a log that does not exist" 'no log .*/gone' "$verdict" "$work/gone"
refuses "verdict refuses an unknown fact" 'weather=1: no such fact' "$verdict" "$work/log" weather=1
refuses "verdict refuses a fact without a value" 'exited: no such fact' "$verdict" "$work/log" exited
refuses "verdict refuses a fact whose value is not a number" 'tainted=much: the value is not a number' "$verdict" "$work/log" tainted=much
refuses "verdict refuses an empty time" 'died=: the value is not a number' "$verdict" "$work/log" died=
refuses "verdict refuses a list that does not exist" 'no list .*/gone' env DENY="$work/gone" "$verdict" "$work/log"
echo '# planted' >"$work/list"
refuses "verdict refuses a list of comments only" 'has no line to look for' env DENY="$work/list" "$verdict" "$work/log"
echo 'planted (' >"$work/list"
refuses "verdict refuses a list with a broken regular expression" 'no regular expression' env DENY="$work/list" "$verdict" "$work/log"
refuses "verdict refuses exceptions with a broken regular expression" 'no regular expression' env ALLOW="$work/list" "$verdict" "$work/log"
printf '\n# planted\n \nplanted\n' >"$work/list"
DENY=$work/list judge 0 '^$' "empty lines of a list match nothing"
done_testing
