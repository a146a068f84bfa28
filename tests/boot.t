#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/kernel and scripts/boot: what fails, fails, and says why.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
need_base
# The queue's kernel is booted by one test at a time: see tests/base/variants.sh
mkdir -p "$build/$BASE/variants"
exec 9>"$build/$BASE/variants/.lock"
flock 9
export OUT=${OUT:-$build/$BASE/x86_64} ACCEL=tcg TIMEOUT=60 LOG=$work/boot.log
tree=${LINUX_TREE-}
unset ARCH APPEND QEMU_ARGS EXTRA MEM SMP CONFIGS V
boot=$top/scripts/boot
[ -f "$OUT/arch/x86/boot/bzImage" ] || "$top/scripts/kernel" 2>&1 | sed 's/^/# /'
[ -f "$OUT/hmm-tests" ] || "$top/scripts/selftests" 2>&1 | sed 's/^/# /'

# fails NAME REGEX COMMAND...: exit status 1 and a message like that
fails() {
	local name=$1 regex=$2 out status=0
	shift 2
	out=$("$@" 2>&1) || status=$?
	[ "$status" -eq 1 ] && grep -qE -e "$regex" <<<"$out"
	result $? "$name" || diag "exit status $status, wanted 1; message: $out"$'\n'"wanted: $regex"
}

# The command, and what it says.  Other guests can run beside it.
out=$(TIMEOUT=300 "$boot" 2>"$work/err")
is $? 0 "hmm-tests pass"
is "$(grep -c '^ok ' <<<"$out")" "$(sed -n 's/^1\.\.//p' <<<"$out")" "all that were planned"
is "$(grep -c SKIP <<<"$out")" 0 "none is skipped"
# shellcheck disable=SC2016 # for the guest
is "$("$boot" 'printf "%s|" "a  b" '"'\$c'"' "&"; printf last' 2>/dev/null)" 'a  b|$c|&|last' \
	"a command comes through as it is written"
echo planted >"$work/file"
is "$(EXTRA="$work/file:etc/there $work/file" "$boot" 'cat /etc/there /bin/file' 2>/dev/null)" \
	"planted"$'\n'"planted" "files for the guest"
is "$(APPEND=test.word "$boot" 'grep -o test.word /proc/cmdline' 2>/dev/null)" test.word "words for the kernel"
like "$( (sleep 8; echo 'ls -d /sys/module/test_hmm; exit') | timeout 60 "$boot" --shell 2>&1)" \
	'^/sys/module/test_hmm' "a shell, with test_hmm loaded"

# The guest's failures
fails "a command that fails" 'exit status in the guest is 3' "$boot" exit 3
fails "a failed test whose status is lost" '1 tests failed' "$boot" 'echo not ok 1 planted | cat'
fails "a command that is not there" 'exit status in the guest is 127' "$boot" nonesuch
fails "a warning in the kernel's log" '[0-9]:WARNING: planted' "$boot" 'echo WARNING: planted >/dev/kmsg'
fails "a warning behind what is no text" '[0-9]:WARNING: planted' "$boot" 'printf "\0\377\n" >/dev/ttyS0; sleep 1; echo WARNING: planted >/dev/kmsg'
fails "a task that is stuck, in the log" 'INFO: task a:1 blocked' "$boot" 'echo "INFO: task a:1 blocked for more than 120 seconds." >/dev/kmsg'
refuses "a panic, at once" 'sysrq triggered crash' timeout 30 "$boot" 'echo c >/proc/sysrq-trigger'
refuses "a guest that powers off without a word" 'died after' "$boot" 'poweroff -f'
refuses "a guest that hangs" 'not come to its end within 15 s' env TIMEOUT=15 "$boot" 'sleep 1000'
fails "a module that cannot be unloaded" 'test_hmm cannot be unloaded' "$boot" 'sleep 100 </dev/hmm_dmirror0 & sleep 1'

# It cannot be run
refuses "no kernel" 'no kernel at' env OUT="$work/none" "$boot"
refuses "QEMU does not start" 'nonsense' env QEMU_ARGS=-nonsense "$boot" true
refuses "an unknown architecture" 'ARCH=vax.*not' env ARCH=vax "$boot" true
refuses "an unknown base" 'BASE=1.0.*not' env BASE=1.0 "$boot" true
refuses "a time that is none" 'TIMEOUT=soon' env TIMEOUT=soon "$boot" true
refuses "an accelerator that is none" 'ACCEL=warp' env ACCEL=warp "$boot" true
refuses "KVM for another architecture" 'KVM runs no ppc64le' env ARCH=ppc64le ACCEL=kvm "$boot" true
refuses "an option that is none" 'no such option' "$boot" --fast
refuses "an extra file that is not there" 'no file .*/gone' env EXTRA="$work/gone" "$boot" true
is "$(compgen -G "$OUT/.initramfs.*")" "" "nothing half-done is left"
export LINUX_TREE=$work/nosource
refuses "no source to build a kernel from" 'no kernel source' "$top/scripts/kernel"
refuses "no source to build tests from" 'no kernel source' "$top/scripts/selftests"
if [ -n "$tree" ]; then export LINUX_TREE=$tree; else unset LINUX_TREE; fi

# KVM that opens, and then nothing: a QEMU that hangs if it is asked for it
mkdir "$work/bin"
cat >"$work/bin/qemu-system-x86_64" <<END
#!/bin/sh
echo "\$*" >>"$work/calls"
case "\$*" in *'-accel kvm'*) exec sleep 1000 ;; esac
exec $(command -v qemu-system-x86_64) "\$@"
END
chmod +x "$work/bin/qemu-system-x86_64"
: >"$work/kvm"
hanging=(env PATH="$work/bin:$PATH" KVM="$work/kvm" XDG_CACHE_HOME="$work/cache" TIMEOUT=60)
refuses "ACCEL=kvm, and KVM hangs" 'did not come to its end under KVM' timeout 30 "${hanging[@]}" ACCEL=kvm "$boot" true
rm -r "$work/cache" "$work/calls"
ok "ACCEL=auto does without" "${hanging[@]}" ACCEL=auto "$boot" true
ok "and again" "${hanging[@]}" ACCEL=auto "$boot" true
is "$(grep -c 'accel kvm' "$work/calls")" 1 "it was tried once"
refuses "ACCEL=kvm where there is none" 'not there' env KVM="$work/gone" ACCEL=kvm "$boot" true

# A configuration that is not what was asked for
mkdir "$work/out"
echo mine >"$work/out/.config"
printf 'CONFIG_64BIT=y\nCONFIG_NO_SUCH_THING=y\n' >"$work/planted.config"
refuses "an option that vanishes" 'CONFIG_NO_SUCH_THING=y' \
	env OUT="$work/out" CONFIGS="$work/planted.config" "$top/scripts/kernel"
is "$(cat "$work/out/.config")" mine "the configuration stays as it was"
refuses "a fragment that is not there" 'choose among' env CONFIGS=nonesuch "$top/scripts/kernel"

done_testing
