#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# make apply and make deb on a user's tree, with a user's configuration: the packages
# have a kernel that boots and passes hmm-tests.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
# shellcheck source=scripts/common.sh
. "$top/scripts/common.sh"
unset OUT LINUX_TREE CONFIG SUFFIX CC
"$top/scripts/deps" deb 2>&1 | sed 's/^/# /'

for QUEUE in $(queues); do
	export QUEUE
	need_queue
	# shellcheck disable=SC2154 # from need_queue
	[ -e "$linux" ] || "$top/scripts/tree" 2>&1 | sed 's/^/# /'
	ok "$QUEUE: the queue's kernel builds" "$top/scripts/kernel"
	ok "$QUEUE: the selftests build" "$top/scripts/selftests"

	mine=$work/linux-$QUEUE
	git clone -q --shared --no-checkout "$linux" "$mine"
	git -C "$mine" checkout -q -b mine pristine
	git -C "$mine" config user.name Me
	git -C "$mine" config user.email me@example.org
	with=
	[ ! -d "$top/patches/$QUEUE/revert" ] || with=1
	ok "$QUEUE: apply puts the queue onto a user's tree" env LINUX="$mine" REVERT=$with "$top/scripts/apply"

	config=$work/config-$QUEUE
	cp "$build/$QUEUE/x86_64/.config" "$config"
	sed -i '/SYSTEM_TRUSTED_KEYS/d' "$config"
	printf 'CONFIG_SYSTEM_TRUSTED_KEYS="debian/certs/none.pem"\nCONFIG_MIGRATE_VMA_NONE=y\n' >>"$config"
	before=$(files "$mine")
	out=$(LINUX=$mine CONFIG=$config SUFFIX=-mine "$top/scripts/deb" 2>"$work/err")
	result $? "$QUEUE: deb builds the packages" || diag "$(tail -n 20 "$work/err")"
	is "$(files "$mine")" "$before" "$QUEUE: deb leaves the tree as before"
	like "$(cat "$work/err")" 'debian/certs/none.pem, which is not there: left out' "$QUEUE: deb leaves out certificates that do not exist"
	like "$(cat "$build/$QUEUE/deb/config.diff")" '^CONFIG_MIGRATE_VMA_NONE=y	gone$' "$QUEUE: deb names an option that this kernel does not have"
	release=$(release_of "$mine")
	package=$(find "$build/$QUEUE/deb" -maxdepth 1 -name "linux-image-$release-mine_*.deb")
	like "$out" "apt install .*linux-image-$release-mine_" "$QUEUE: deb prints the command that installs the packages"

	# The guest boots the package's kernel, not the kernel that scripts/kernel has built
	root=$work/root-$QUEUE
	dpkg-deb -x "$package" "$root"
	out=$work/out-$QUEUE
	mkdir "$out"
	cp "$root"/boot/vmlinuz-* "$out/vmlinux"
	cp "$build/$QUEUE/x86_64/hmm-tests" "$out"
	extra=$(find "$root/lib/modules" -name '*.ko' -printf '%p:lib/%f ')
	EXTRA=$extra OUT=$out "$top/scripts/boot" -- 'uname -r; hmm-tests' >"$work/tap" 2>"$work/err"
	result $? "$QUEUE: the packaged kernel boots and passes hmm-tests" || diag "$(tail -n 20 "$work/err")"
	is "$(head -n 1 "$work/tap")" "$release-mine" "$QUEUE: the guest runs the packaged kernel"
	n=$(sed -n 's/^1\.\.//p' "$work/tap")
	is "$(grep '^ok ' "$work/tap" | grep -vc SKIP)" "$n" "$QUEUE: the packaged kernel passes all $n cases"
done
done_testing
