#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/fetch without a network: a cache that we fill, an archive that we fake.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
fetch=$top/scripts/fetch

export XDG_CACHE_HOME=$work/cache KERNELS=$work/kernels
cache=$XDG_CACHE_HOME/migrate-vma
mkdir -p "$KERNELS" "$cache"

# A package with a small tarball in it
root=$work/root
mkdir -p "$root/DEBIAN" "$root/usr/src"
printf 'Package: linux-source-5.10\nVersion: 5.10.1-1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n' >"$root/DEBIAN/control"
fake_linux "$work/linux-source-5.10"
tar -cJf "$root/usr/src/linux-source-5.10.tar.xz" -C "$work" linux-source-5.10
dpkg-deb --build "$root" "$work/good.deb" >/dev/null
sha=$(sha256sum <"$work/good.deb" | cut -d' ' -f1)
cat >"$KERNELS/5.10.mk" <<EOF
PACKAGE = linux-source-5.10
VERSION = 5.10.1-1
RELEASE = 5.10.1
SUITE = bullseye-security
SHA256 = $sha
TARBALL = usr/src/linux-source-5.10.tar.xz
EOF
deb=$cache/linux-source-5.10_5.10.1-1.deb
tarball=$cache/linux-source-5.10_5.10.1-1.tar.xz
fill() {
	cp "$work/good.deb" "$deb"
	echo "$sha" >"$deb.sha256"
}

# From the cache
fill
is "$("$fetch" 2>/dev/null)" "$tarball" "stdout is the tarball's path and nothing else"
ok "it is the tarball of the package" cmp "$tarball" "$root/usr/src/linux-source-5.10.tar.xz"
is "$("$fetch" 2>&1)" "$tarball" "a second use prints the same, silently"
echo damage >>"$tarball"
"$fetch" >/dev/null 2>&1
ok "a damaged tarball is taken out of the package again" cmp "$tarball" "$root/usr/src/linux-source-5.10.tar.xz"

echo damage >>"$deb"
refuses "wrong checksum: both are shown" "expected $sha" "$fetch"
ok "wrong checksum: the file is kept aside" test -f "$deb.bad"
ok "wrong checksum: and is not used again" test ! -e "$deb"

# A dead network: apt talks to a port where nobody listens
cat >"$work/apt.conf" <<'EOF'
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Acquire::http::Proxy "http://127.0.0.1:9";
Acquire::https::Proxy "http://127.0.0.1:9";
Acquire::Retries "0";
EOF
refuses "no network: the message has the choices" 'VERSION=.*KERNEL_TARBALL=' env APT_CONFIG="$work/apt.conf" "$fetch"
ok "no network: nothing half-made in the cache" test ! -e "$deb"
{ cat "$work/apt.conf"; echo 'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/dev/null";'; } >"$work/nosources.conf"
refuses "no mirror in apt's configuration" 'no mirror.*bullseye-security' \
	env APT_CONFIG="$work/nosources.conf" "$fetch"

# An archive of our own making: apt-get and apt-cache that know one version
mkdir "$work/bin"
cat >"$work/bin/apt-get" <<'EOF'
#!/bin/sh
echo "$*" >>"$WORK/calls"
case "$*" in
*indextargets*) echo 'http://mirror.invalid/debian/ bookworm' ;;
*download*) cp "$WORK/$SERVED" ./linux-source-5.10_5.10.1-1_all.deb ;;
esac
EOF
cat >"$work/bin/apt-cache" <<'EOF'
#!/bin/sh
echo ' linux-source-5.10 | 5.10.1-1 | http://mirror.invalid/ bullseye-security/main'
EOF
chmod +x "$work"/bin/*
export WORK=$work SERVED=good.deb
stubbed() { env PATH="$work/bin:$PATH" "$@"; }

is "$(stubbed "$fetch" 2>/dev/null)" "$tarball" "downloads from an archive"
like "$(cat "$XDG_CACHE_HOME/migrate-vma/apt/bullseye-security/sources.list")" \
	'mirror.invalid/debian-security/ bullseye-security main' "a security suite is looked for beside the main archive"
rm "$deb"
head -c 1000 "$work/good.deb" >"$work/bad.deb"
refuses "a download with the wrong checksum" "got +[0-9a-f]{64}" stubbed env SERVED=bad.deb "$fetch"
is "$(stubbed "$fetch" 2>/dev/null)" "$tarball" "and the next run downloads it anew"

refuses "a version that is gone: says which there are" '5\.10\.0-9 is not in bullseye-security any more, which has: 5\.10\.1-1' \
	stubbed env VERSION=5.10.0-9 "$fetch"
refuses "VERSION that is none" 'not a Debian version' env VERSION='5.10 ; rm' "$fetch"
sed -i 's/^VERSION = .*/VERSION = 5.10.0-1/' "$KERNELS/5.10.mk"
like "$(stubbed env VERSION=5.10.1-1 "$fetch" 2>&1 >/dev/null)" 'no checksum of ours' "VERSION: says that no checksum is on record"
echo damage >>"$deb"
refuses "VERSION: later damage is noticed all the same" 'wrong checksum' env VERSION=5.10.1-1 "$fetch"

# A local tarball
is "$(KERNEL_TARBALL=$root/usr/src/linux-source-5.10.tar.xz "$fetch" 2>&1)" "$root/usr/src/linux-source-5.10.tar.xz" "KERNEL_TARBALL"
refuses "KERNEL_TARBALL that is not there" 'no such file' env KERNEL_TARBALL="$work/none" "$fetch"
refuses "KERNEL_TARBALL that is no archive" 'no tar archive' env KERNEL_TARBALL="$fetch" "$fetch"
head -c 100 "$root/usr/src/linux-source-5.10.tar.xz" >"$work/cut.tar.xz"
refuses "KERNEL_TARBALL that is cut short" 'damaged' env KERNEL_TARBALL="$work/cut.tar.xz" "$fetch"
tar -cf "$work/other.tar" -C "$work" kernels
refuses "KERNEL_TARBALL of something else" 'no Makefile' env KERNEL_TARBALL="$work/other.tar" "$fetch"
tar -cf "$work/two.tar" -C "$work" kernels linux-source-5.10
refuses "KERNEL_TARBALL with two folders" 'more than one folder' env KERNEL_TARBALL="$work/two.tar" "$fetch"

# Other bad input
refuses "an unknown BASE: names those there are" 'choose one of: 5\.10' env BASE=9.9 "$fetch"
refuses "an argument" 'no arguments' "$fetch" now
mkdir "$work/noapt"
for tool in bash dirname sed sort paste basename; do ln -s "$(command -v $tool)" "$work/noapt/"; done
refuses "no apt: says what would do instead" 'KERNEL_TARBALL=' env PATH="$work/noapt" "$(command -v bash)" "$fetch"
refuses "a cache that cannot be made" 'XDG_CACHE_HOME' env XDG_CACHE_HOME=/dev/null/x "$fetch"
done_testing
