#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/configure, scripts/kernel, scripts/initramfs and scripts/boot: each
# failure has a status and a message.  verdict.t tests the verdict on a log.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
need_queue
export OUT=${OUT:-$build/$QUEUE/x86_64} ACCEL=tcg LOG=$work/boot.log
tree=${LINUX_TREE-}
unset ARCH APPEND QEMU_ARGS EXTRA MEM SMP CONFIGS V
boot=$top/scripts/boot
[ -f "$OUT/vmlinux" ] || "$top/scripts/kernel" 2>&1 | sed 's/^/# /'
[ -f "$OUT/hmm-tests" ] || "$top/scripts/selftests" 2>&1 | sed 's/^/# /'
# listed: the files in OUT, but for the log of other boots of this kernel
listed() { find "$OUT" -maxdepth 2 ! -name 'boot.log*' -printf '%P %s\n' | sort; }
before=$(listed)

# fails NAME REGEX COMMAND...: exit status 1 and a message that matches REGEX
fails() { exits 1 "$@"; }

# The command and its output.  Other guests may run at the same time.
out=$("$boot" 2>"$work/err")
is $? 0 "boot runs hmm-tests and succeeds"
is "$(grep -c '^ok ' <<<"$out")" "$(sed -n 's/^1\.\.//p' <<<"$out")" "hmm-tests pass each case that was planned"
is "$(grep -c SKIP <<<"$out")" 0 "hmm-tests skip no case"
# shellcheck disable=SC2016 # for the guest
is "$("$boot" 'printf "%s|" "a  b" '"'\$c'"' "&"; printf last' 2>/dev/null)" 'a  b|$c|&|last' \
	"the guest gets a command as the user writes it"
echo planted >"$work/file"
is "$(EXTRA="$work/file:etc/there $work/file" "$boot" 'cat /etc/there /bin/file' 2>/dev/null)" \
	"planted"$'\n'"planted" "EXTRA puts files into the guest"
is "$(APPEND=test.word "$boot" 'grep -o test.word /proc/cmdline' 2>/dev/null)" test.word "APPEND adds words to the kernel's command line"
mkfifo "$work/keys"
"$boot" --shell <"$work/keys" >"$work/screen" 2>&1 &
exec {keys}>"$work/keys"
# wait for the prompt, as the boot discards earlier input
for ((i = 0; i < 3000; i++)); do ! grep -q '^/ # ' "$work/screen" || break; sleep 0.2; done
echo 'ls -d /sys/module/test_hmm; exit' >&"$keys"
exec {keys}>&-
wait $!
like "$(cat "$work/screen")" '^/sys/module/test_hmm' "boot --shell gives a shell with test_hmm loaded"

# Two guests of one kernel at once, which share a LOG
for i in 1 2; do
	mkdir "$work/$i"
	echo "of guest $i" >"$work/$i/file"
	EXTRA="$work/$i/file" LOG=$work/both.log "$boot" 'cat /bin/file; sleep 2; cat /bin/file' >"$work/$i/out" 2>&1 &
	pids[i]=$!
done
for i in 1 2; do
	wait "${pids[i]}"
	result $? "guest $i of two at once succeeds" || diag "$(cat "$work/$i/out")"
	is "$(grep -c "^of guest $i\$" "$work/$i/out")" 2 "guest $i of two at once has its own files"
done
is "$(cd "$work" && echo both.log*)" both.log "two boots leave one log"
is "$(grep -ac 'Linux version' "$work/both.log")" 1 "two boots that share a LOG leave the log of one boot"

# The archive
pack=(env EXTRA="$work/file:etc/deep/there" "$top/scripts/initramfs")
ok "an archive is packed" "${pack[@]}" "$work/first" 'echo "a  b"'
touch "$work/file"
ok "an archive is packed a second time" "${pack[@]}" "$work/second" 'echo "a  b"'
ok "the same files give the same archive" cmp "$work/first" "$work/second"
is "$(cpio -i --quiet --to-stdout command etc/deep/there <"$work/first")" 'planted'$'\n''echo "a  b"' \
	"the archive has the given files and command"
like "$(cpio -itv --quiet <"$work/first" | sed -n 's/  */ /gp')" '^-rwxr-xr-x .* bin/hmm-tests$' "the archive has hmm-tests"
is "$(cpio -it --quiet <"$work/first" | grep -E '^(init|bin/busybox|lib/test_hmm.ko|etc|etc/deep)$' | paste -sd' ')" \
	"init bin/busybox lib/test_hmm.ko etc etc/deep" "the archive has init, busybox, test_hmm and the folders of files"

# The guest's failures
fails "boot fails if the command fails" 'exit status in the guest is 3' "$boot" exit 3
fails "boot fails on \`not ok\` though the command's status is 0" '1 tests failed' "$boot" 'echo not ok 1 planted | cat'
fails "boot fails if the command does not exist" 'exit status in the guest is 127' "$boot" nonesuch
fails "boot fails on a warning in the kernel's log" '[0-9]:WARNING: planted' "$boot" 'echo WARNING: planted >/dev/kmsg'
fails "boot finds a warning in the log after binary bytes" '[0-9]:WARNING: planted' "$boot" 'printf "\0\377\n" >/dev/ttyS0; sleep 1; echo WARNING: planted >/dev/kmsg'
fails "boot fails on a stuck task in the kernel's log" 'INFO: task a:1 blocked' "$boot" 'echo "INFO: task a:1 blocked for more than 120 seconds." >/dev/kmsg'
refuses "boot ends with status 2 if the kernel panics" 'sysrq triggered crash' "$boot" 'echo c >/proc/sysrq-trigger'
refuses "boot ends with status 2 if the guest resets silently" 'died after' "$boot" 'reboot -f'
refuses "boot ends with status 2 if the guest hangs" 'not come to its end within 15 s' env TIMEOUT=15 "$boot" 'sleep 1000'
fails "boot fails if test_hmm cannot be unloaded" 'test_hmm cannot be unloaded' "$boot" 'exec 3</dev/hmm_dmirror0; sleep 10000 &'

# Bad input
refuses "boot refuses an OUT without a kernel" 'no kernel at' env OUT="$work/none" "$boot"
refuses "boot ends with status 2 if QEMU does not start" 'nonsense' env QEMU_ARGS=-nonsense "$boot" true
refuses "boot refuses an unknown architecture" 'ARCH=vax.*not' env ARCH=vax "$boot" true
refuses "boot refuses an unknown queue" 'QUEUE=1.0 is no queue' env QUEUE=1.0 "$boot" true
refuses "boot refuses a TIMEOUT that is not a number" 'TIMEOUT=soon' env TIMEOUT=soon "$boot" true
refuses "boot refuses an unknown accelerator" 'ACCEL=warp' env ACCEL=warp "$boot" true
refuses "boot refuses KVM for another architecture" 'KVM runs no ppc64le' env ARCH=ppc64le ACCEL=kvm "$boot" true
refuses "boot refuses an unknown option" 'no such option' "$boot" --fast
refuses "boot refuses a LOG that is a folder" 'not a regular file' env LOG="$work" "$boot" true
refuses "boot refuses a LOG in a folder that does not exist" 'LOG=.* cannot be written' env LOG="$work/gone/log" "$boot" true
refuses "initramfs refuses to run without a file's name" 'no file is named' "$top/scripts/initramfs"
refuses "initramfs refuses an archive in a folder that does not exist" 'cannot be written' "$top/scripts/initramfs" "$work/gone/archive"
refuses "initramfs refuses an archive that is a folder" 'not a regular file' "$top/scripts/initramfs" "$work"
refuses "initramfs refuses an OUT without a kernel" 'no .*gen_init_cpio' env OUT="$work/none" "$top/scripts/initramfs" "$work/third"
refuses "initramfs refuses a busybox that is not static" 'is not static' env BUSYBOX=/bin/bash "$top/scripts/initramfs" "$work/third"
refuses "initramfs refuses an extra file that does not exist" 'no file .*/gone' env EXTRA="$work/gone" "$top/scripts/initramfs" "$work/third"
is "$(cd "$work" && echo third*)" 'third*' "a refused initramfs leaves no archive"
refuses "boot refuses an extra file that does not exist" 'no file .*/gone' env EXTRA="$work/gone" "$boot" true
is "$(listed)" "$before" "boots leave nothing in OUT"
export LINUX_TREE=$work/nosource
refuses "scripts/kernel refuses a LINUX_TREE that does not exist" 'no kernel source' "$top/scripts/kernel"
refuses "scripts/selftests refuses a LINUX_TREE that does not exist" 'no kernel source' "$top/scripts/selftests"
if [ -n "$tree" ]; then export LINUX_TREE=$tree; else unset LINUX_TREE; fi

# A QEMU that hangs under KVM, as on machines where /dev/kvm opens and nothing runs
mkdir "$work/bin"
cat >"$work/bin/qemu-system-x86_64" <<END
#!/bin/sh
echo "\$*" >>"$work/calls"
case "\$*" in *'-accel kvm'*) exec sleep 1000 ;; esac
exec $(command -v qemu-system-x86_64) "\$@"
END
chmod +x "$work/bin/qemu-system-x86_64"
: >"$work/kvm"
hanging=(env PATH="$work/bin:$PATH" KVM="$work/kvm" XDG_CACHE_HOME="$work/cache")
refuses "boot refuses ACCEL=kvm if KVM hangs" 'did not come to its end under KVM' timeout 300 "${hanging[@]}" ACCEL=kvm "$boot" true
rm -r "$work/cache" "$work/calls"
ok "ACCEL=auto boots without a KVM that hangs" "${hanging[@]}" ACCEL=auto "$boot" true
ok "ACCEL=auto boots a second time without a KVM that hangs" "${hanging[@]}" ACCEL=auto "$boot" true
is "$(grep -c 'accel kvm' "$work/calls")" 1 "two boots with ACCEL=auto try KVM once"
refuses "boot refuses ACCEL=kvm on a machine without KVM" 'not there' env KVM="$work/gone" ACCEL=kvm "$boot" true

# A configuration that differs from its fragments
mkdir "$work/out"
echo mine >"$work/out/.config"
# planted NAME LINE...: writes a fragment
planted() { printf '%s\n' "${@:2}" >"$work/$1.config"; }
# configured FRAGMENT... -- COMMAND...: runs the command with these fragments
configured() {
	local names=''
	while [ "$1" != -- ]; do names+=" $work/$1.config"; shift; done
	env OUT="$work/out" CONFIGS="$names" "${@:2}"
}
planted vanishes CONFIG_64BIT=y CONFIG_NO_SUCH_THING=y
refuses "scripts/kernel refuses a fragment with an option that vanishes" 'CONFIG_NO_SUCH_THING=y' configured vanishes -- "$top/scripts/kernel"
is "$(cat "$work/out/.config")" mine "an option that vanishes leaves the configuration as before"
is "$(cd "$work/out" && find . -maxdepth 1 -name '.conf*')" ./.config "a refused configuration leaves nothing half-done"
planted stays CONFIG_64BIT=y '# CONFIG_X86_64 is not set'
refuses "scripts/configure refuses to turn off an option that stays on" 'CONFIG_X86_64=n' configured stays -- "$top/scripts/configure"
planted twice CONFIG_64BIT=y CONFIG_IKCONFIG=y CONFIG_IKCONFIG=n
refuses "scripts/configure refuses a fragment that contradicts itself" 'CONFIG_IKCONFIG=y' configured twice -- "$top/scripts/configure"
is "$(cat "$work/out/.config")" mine "refused fragments leave the configuration as before"
planted first CONFIG_64BIT=y CONFIG_IKCONFIG=y CONFIG_NO_SUCH_THING=n
planted later CONFIG_IKCONFIG=n '# CONFIG_SWAP is not set'
ok "a later fragment may contradict an earlier one" configured first later -- "$top/scripts/configure"
is "$(grep -E '^CONFIG_(64BIT|IKCONFIG|SWAP)=' "$work/out/.config")" CONFIG_64BIT=y "the later fragment wins"
is "$(configured first later -- "$top/scripts/configure" 2>&1)" "" "scripts/configure does nothing for unchanged fragments"
ok "scripts/configure takes fragments instead of the guest's" env OUT="$work/out" "$top/scripts/configure" "$work/first.config"
is "$(grep -E '^CONFIG_(IKCONFIG|TEST_HMM|SMP)=' "$work/out/.config")" CONFIG_IKCONFIG=y "a configuration of named fragments has no option of the guest"
planted later CONFIG_IKCONFIG=n
ok "scripts/configure accepts a changed fragment" configured first later -- "$top/scripts/configure"

# A build that fails, with a make that prints its arguments and variables
mkdir "$work/make"
cat >"$work/make/make" <<'END'
#!/bin/sh
echo "make $*"
echo "CONFIGS=${CONFIGS-none} QUEUE=${QUEUE-none} MAKEFLAGS=${MAKEFLAGS-none} V=${V-none}"
echo 'mm/planted.c:1: error: planted'
exit 2
END
chmod +x "$work/make/make"
broken=(env PATH="$work/make:$PATH" QUEUE=5.10 MAKEFLAGS=k "$top/scripts/kernel" planted.o)
fails "scripts/kernel shows the error of a build that fails" '^  \| 3:mm/planted.c:1: error: planted' configured first later -- "${broken[@]}"
like "$(cat "$work/out/build.log")" "^make .*O=$work/out ARCH=x86_64 .*CC=.* planted.o$" "the kernel's make gets folder, architecture, compiler and target"
is "$(sed -n 2p "$work/out/build.log")" 'CONFIGS=none QUEUE=none MAKEFLAGS=none V=none' "the kernel's make does not see our variables"
fails "scripts/kernel with V=1 shows the error of make unchanged" '^mm/planted.c:1: error: planted' configured first later -- env V=1 "${broken[@]}"
like "$(cat "$work/out/build.log")" ' V=1 .*planted.o$' "V=1 reaches the kernel's make"

refuses "scripts/kernel refuses a fragment that does not exist" 'there is no nonesuch' env CONFIGS=nonesuch "$top/scripts/kernel"
refuses "scripts/configure refuses an argument that is no file" 'there is no nonesuch' "$top/scripts/configure" nonesuch

done_testing
