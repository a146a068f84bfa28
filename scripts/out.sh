# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # other scripts use the variables; common.sh sets some
# Sourced after common.sh by the scripts that build and boot: the folders of source and
# output, and the kernel's make.

# need_arch: sets the architecture's names in the kernel's Makefile, the compiler, QEMU
# and Debian, and words for the guest kernel's command line.  The kernel's log goes to
# log_port, the command's output to out_port, which is QEMU's chardev out.  disk is QEMU's
# device for the swap.  With nodes=emulated, the guest's kernel makes two nodes, as words
# asks for; with nodes=qemu, QEMU describes two nodes.  With the words in coherent, a guest
# of 4G leaves memory from the address spm out of the kernel's map: test_hmm takes 512M
# there as device memory that CPUs reach.
need_arch() {
	ARCH=${ARCH:-x86_64}
	case " $(value ARCHES) " in
	*" $ARCH "*) ;;
	*) die "ARCH=$ARCH is not an architecture that $QUEUE is built for here" \
		"choose one of: $(value ARCHES)" ;;
	esac
	cross='' words='' threads=multi out_device=(-serial chardev:out) disk=virtio-blk-pci nodes=qemu
	case $ARCH in
	x86_64)
		karch=x86_64 target=vmlinux image=vmlinux
		# shellcheck disable=SC2054 # QEMU's comma
		qemu=(qemu-system-x86_64 -machine microvm,acpi=off)
		log_port=ttyS0 out_port=ttyS1
		out_device=(-device "isa-serial,chardev=out") disk=virtio-blk-device nodes=emulated
		# Without ACPI, there is no timer to calibrate the TSC against but the PIT,
		# and that can fail on a busy host: all guests have the same clock, jiffies.  The
		# kernel's test of the timer can fail there, too, and panics.  A triple fault ends
		# QEMU.
		words='numa=fake=2 tsc=unstable no_timer_check reboot=t'
		# shellcheck disable=SC2016 # the kernel's dollar
		coherent='memmap=512M$0x100000000' spm=0x100000000
		;;
	arm64)
		karch=arm64 target=Image image=arch/arm64/boot/Image
		cross=aarch64-linux-gnu- debian=arm64
		qemu=(qemu-system-aarch64 -machine virt -cpu max)
		log_port=ttyAMA0 out_port=ttyS0
		out_device=(-device "pci-serial,chardev=out")
		# the default with pages of 64 KiB is 512M
		words=default_hugepagesz=2M
		coherent=mem=3G spm=0x100000000
		;;
	ppc64le)
		karch=powerpc target=vmlinux image=vmlinux
		cross=powerpc64le-linux-gnu- debian=ppc64el
		qemu=(qemu-system-ppc64 -machine pseries)
		# QEMU 7.2 with multi loses writes and PTEs: tlbie does not wait for
		# the other CPUs, and QEMU sets the bits R and C without a lock
		threads=single
		log_port=hvc0 out_port=hvc1
		coherent=mem=3G spm=0xc0000000
		;;
	esac
}

# need_out: checks QUEUE, ARCH and FLAVOUR, and sets LINUX_TREE, OUT and image
need_out() {
	local suffix
	need_queue
	need_arch
	case ${FLAVOUR:=plain} in
	plain) suffix= ;;
	debug) suffix=-debug ;;
	*) die "FLAVOUR=$FLAVOUR is not a flavour of the kernel" "choose plain or debug" ;;
	esac
	LINUX_TREE=${LINUX_TREE:-$linux}
	OUT=${OUT:-$build/$QUEUE/$ARCH$suffix}
	OUT=$(realpath -m "$OUT")
	image=$OUT/$image
}

# need_source: stops unless LINUX_TREE is a kernel's source, and makes the folder OUT
need_source() {
	need_out
	[ -f "$LINUX_TREE/mm/Kconfig" ] ||
		die "there is no kernel source at $LINUX_TREE" \
			"make one with scripts/tree, or name yours: LINUX_TREE=..."
	LINUX_TREE=$(realpath "$LINUX_TREE")
	mkdir -p "$OUT" 2>/dev/null || die "$OUT cannot be made" "name another folder: OUT=..."
}

# common_parent A B: the deepest folder that holds both
common_parent() {
	local dir=$1
	while [ "${2#"$dir"/}" = "$2" ]; do dir=${dir%/*}; done
	echo "${dir:-/}"
}

# use_compiler: sets compiler, and host_compiler for the build's own tools, through ccache
# if ccache is installed.  CCACHE_BASEDIR makes paths relative, so that another checkout
# hits the same objects.  CCACHE_DEPEND takes the headers from the compiler's .d file: a
# miss then runs no extra preprocessor, which saves a seventh of a cold build.
use_compiler() {
	host_compiler=$(value CC)
	compiler=${cross-}$host_compiler
	for tool in "$compiler" "$host_compiler"; do
		command -v "$tool" >/dev/null ||
			die "there is no $tool here" "scripts/deps run ${ARCH-} installs missing packages"
	done
	command -v ccache >/dev/null || return 0
	compiler="ccache $compiler" host_compiler="ccache $host_compiler"
	export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
	CCACHE_BASEDIR=$(common_parent "$LINUX_TREE" "$OUT")
	export CCACHE_BASEDIR
}

# say_progress TEXT: prints a line that the next call overwrites.  Without a terminal,
# as in a CI log, a line is due every 30 seconds.
say_progress() {
	if [ -t 2 ]; then
		printf '\r%s: %s\e[K' "$me" "$*" >&2
	else
		said=$SECONDS
		say "$*"
	fi
}
progress_is_due() { [ -t 2 ] || ((SECONDS >= ${said:=0} + 30)); }
end_progress() { [ ! -t 2 ] || printf '\r\e[K' >&2; }

# kmake ARGS: runs the kernel's make, from LINUX_TREE into OUT.  The kernel's Makefile
# would misread variables of these scripts and of a calling make.
kmake() {
	env -u QUEUE -u CONFIG -u CONFIGS -u LINUX -u CC -u V -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
		make -C "$LINUX_TREE" O="$OUT" ARCH="$karch" CROSS_COMPILE="$cross" \
		CC="$compiler" HOSTCC="$host_compiler" ${V:+V="$V"} "$@" </dev/null 2>&1
}

# inputs: prints the commit, compiler and configuration of a build in OUT.  Prints nothing
# for a tree with uncommitted changes, as only make knows which objects depend on them.
inputs() {
	local changes commit
	[ -e "$LINUX_TREE/.git" ] || return 0
	changes=$(git --no-optional-locks -C "$LINUX_TREE" status --porcelain --untracked-files=normal 2>&1) &&
		commit=$(git -C "$LINUX_TREE" rev-parse HEAD 2>/dev/null) && [ -z "$changes" ] || return 0
	echo "$commit $($compiler -dumpfullversion) $(cat "$OUT/configured" 2>/dev/null)"
}

# up_to_date STAMP FILE...: succeeds if all files exist, and the last build recorded the
# same inputs in STAMP
up_to_date() {
	local file now
	for file; do [ -f "$file" ] || return; done
	now=$(inputs)
	[ -n "$now" ] && [ "$now" = "$(cat "$1" 2>/dev/null)" ]
}

# compiled LOG: prints the number of objects that make has compiled
compiled() { grep -cE '^ +(CC|AS) |^ .* -c -o ' "$1" || true; }

# kmake_shown LOG ARGS: runs kmake on all CPUs and appends its output to LOG.  With V=1
# the terminal gets the output too, otherwise a line of progress.
kmake_shown() {
	local log=$1 started=$SECONDS
	shift
	if [ -n "${V-}" ]; then
		kmake -j"$(nproc)" "$@" | tee -a "$log"
		return
	fi
	kmake -j"$(nproc)" "$@" >>"$log" &
	making=$!
	trap 'kill $making 2>/dev/null' EXIT
	# A pipe without input makes read wait, and takes no process, unlike sleep
	exec {quiet}<> <(:)
	while ! read -rt 0.3 -u "$quiet" && kill -0 $making 2>/dev/null; do
		! progress_is_due || say_progress "$(compiled "$log") objects, $((SECONDS - started)) s"
	done
	exec {quiet}>&-
	trap - EXIT
	end_progress
	wait $making
}

# kmake_failed WHAT LOG: shows the errors in LOG and ends the script
kmake_failed() {
	grep -m 10 -nE 'error:|Error [0-9]|undefined reference|ERROR:|unmet build dep|\*\*\* ' "$2" | sed 's/^/  | /' >&2 ||
		tail -n 10 "$2" | sed 's/^/  | /' >&2
	say "$1 failed; all of its output is in $2"
	exit 1
}
