#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/fetch without a network, with a filled cache and a fake archive.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
fetch=$top/scripts/fetch

export XDG_CACHE_HOME=$work/cache PATCHES=$work/patches
cache=$XDG_CACHE_HOME/migrate-vma
mkdir -p "$PATCHES/5.10" "$cache"

# A package with a small tarball in it
root=$work/root
mkdir -p "$root/DEBIAN" "$root/usr/src"
printf 'Package: linux-source-5.10\nVersion: 5.10.1-1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n' >"$root/DEBIAN/control"
fake_linux "$work/linux-source-5.10"
tar -cJf "$root/usr/src/linux-source-5.10.tar.xz" -C "$work" linux-source-5.10
dpkg-deb --build "$root" "$work/good.deb" >/dev/null
sha=$(sha256sum <"$work/good.deb" | cut -d' ' -f1)
cat >"$PATCHES/5.10/source.mk" <<EOF
PACKAGE = linux-source-5.10
VERSION = 5.10.1-1
RELEASE = 5.10.1
SUITE = bullseye-security
SHA256 = $sha
TARBALL = usr/src/linux-source-5.10.tar.xz
ARCHES = x86_64
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
ok "the printed path has the tarball of the package" cmp "$tarball" "$root/usr/src/linux-source-5.10.tar.xz"
is "$("$fetch" 2>&1)" "$tarball" "a second fetch prints the same path and no message"
echo damage >>"$tarball"
"$fetch" >/dev/null 2>&1
ok "fetch unpacks a damaged tarball again" cmp "$tarball" "$root/usr/src/linux-source-5.10.tar.xz"

echo damage >>"$deb"
refuses "fetch refuses a package with a wrong checksum" "expected $sha" "$fetch"
ok "fetch keeps a package with a wrong checksum aside" test -f "$deb.bad"
ok "fetch does not use a package with a wrong checksum again" test ! -e "$deb"

# A dead network: no program listens on the port of apt's proxy
cat >"$work/apt.conf" <<'EOF'
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Acquire::http::Proxy "http://127.0.0.1:9";
Acquire::https::Proxy "http://127.0.0.1:9";
Acquire::Retries "0";
EOF
refuses "fetch refuses to run without a network, and names the choices" 'VERSION=.*KERNEL_TARBALL=' env APT_CONFIG="$work/apt.conf" "$fetch"
ok "fetch without a network leaves nothing half-made in the cache" test ! -e "$deb"
{ cat "$work/apt.conf"; echo 'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "/dev/null";'; } >"$work/nosources.conf"
refuses "fetch refuses an apt configuration without a mirror" 'no mirror.*bullseye-security' \
	env APT_CONFIG="$work/nosources.conf" "$fetch"

# A fake archive: stubs of apt-get and apt-cache serve the packages in served/, and
# record their calls
mkdir "$work/bin" "$work/served"
cat >"$work/bin/apt-get" <<'EOF'
#!/bin/sh
echo "$*" >>"$WORK/calls"
case "$*" in
*indextargets*) echo 'http://mirror.invalid/debian/ bookworm' ;;
*download*)
	for last; do :; done
	cp "$WORK/served/${last#*=}.deb" "./linux-source-5.10_${last#*=}_all.deb"
	;;
esac
EOF
cat >"$work/bin/apt-cache" <<'EOF'
#!/bin/sh
cd "$WORK/served" || exit
for deb in *.deb; do
	[ ! -e "$deb" ] || echo " linux-source-5.10 | ${deb%.deb} | http://mirror.invalid/ bullseye-security/main"
done
EOF
chmod +x "$work"/bin/*
export WORK=$work
stubbed() { env PATH="$work/bin:$PATH" "$@"; }
cp "$work/good.deb" "$work/served/5.10.1-1.deb"

is "$(stubbed "$fetch" 2>/dev/null)" "$tarball" "fetch downloads the package from an archive"
like "$(cat "$XDG_CACHE_HOME/migrate-vma/apt/bullseye-security/sources.list")" \
	'mirror.invalid/debian-security/ bullseye-security main' "fetch looks for a security suite beside the main archive"
rm "$deb"
head -c 1000 "$work/good.deb" >"$work/served/5.10.1-1.deb"
refuses "fetch refuses a download with a wrong checksum" "got +[0-9a-f]{64}" stubbed "$fetch"
cp "$work/good.deb" "$work/served/5.10.1-1.deb"
is "$(stubbed "$fetch" 2>/dev/null)" "$tarball" "the next fetch downloads a refused package again"

refuses "fetch refuses a version that is gone, and names the versions in the archive" '5\.10\.0-9 is not in bullseye-security any more, which has: 5\.10\.1-1' \
	stubbed env VERSION=5.10.0-9 "$fetch"
refuses "fetch refuses a VERSION that is not a Debian version" 'not a Debian version' env VERSION='5.10 ; rm' "$fetch"
sed -i 's/^VERSION = .*/VERSION = 5.10.0-1/' "$PATCHES/5.10/source.mk"
like "$(stubbed env VERSION=5.10.1-1 "$fetch" 2>&1 >/dev/null)" 'no checksum of ours' "fetch says that no checksum of VERSION= is on record"
echo damage >>"$deb"
refuses "fetch refuses a package of VERSION= that was damaged later" 'wrong checksum' env VERSION=5.10.1-1 "$fetch"

# A local tarball
is "$(KERNEL_TARBALL=$root/usr/src/linux-source-5.10.tar.xz "$fetch" 2>&1)" "$root/usr/src/linux-source-5.10.tar.xz" "fetch prints the path in KERNEL_TARBALL"
refuses "fetch refuses a KERNEL_TARBALL that does not exist" 'no such file' env KERNEL_TARBALL="$work/none" "$fetch"
refuses "fetch refuses a KERNEL_TARBALL that is not an archive" 'no tar archive' env KERNEL_TARBALL="$fetch" "$fetch"
head -c 100 "$root/usr/src/linux-source-5.10.tar.xz" >"$work/cut.tar.xz"
refuses "fetch refuses a KERNEL_TARBALL that is cut short" 'damaged' env KERNEL_TARBALL="$work/cut.tar.xz" "$fetch"
tar -cf "$work/other.tar" -C "$work" patches
refuses "fetch refuses a KERNEL_TARBALL without a Makefile" 'no Makefile' env KERNEL_TARBALL="$work/other.tar" "$fetch"
tar -cf "$work/two.tar" -C "$work" patches linux-source-5.10
refuses "fetch refuses a KERNEL_TARBALL with two folders" 'more than one folder' env KERNEL_TARBALL="$work/two.tar" "$fetch"

# Other bad input
refuses "fetch refuses an unknown BASE, and names the queues" 'choose one of: 5\.10' env BASE=9.9 "$fetch"
refuses "fetch refuses an argument that is not an option" 'now: no such option' "$fetch" now
mkdir "$work/noapt"
for tool in bash dirname sed sort paste basename; do ln -s "$(command -v $tool)" "$work/noapt/"; done
refuses "fetch refuses a machine without apt, and names KERNEL_TARBALL=" 'KERNEL_TARBALL=' env PATH="$work/noapt" "$(command -v bash)" "$fetch"
refuses "fetch refuses a cache that cannot be made" 'XDG_CACHE_HOME' env XDG_CACHE_HOME=/dev/null/x "$fetch"

# An archive that has dropped the pinned version.  serve VERSION [SED] adds another
# version, with mm/migrate.c changed by SED.
served=$work/served tree=$top/scripts/tree
unset OUT LINUX_TREE TREE
export PATCHES=$work/patches BUILD=$work/build
linux=$BUILD/5.10/linux queue=$PATCHES/5.10
serve() {
	local sublevel=${1#5.10.}
	fake_linux "$work/linux-source-5.10"
	sed -i "s/^SUBLEVEL.*/SUBLEVEL = ${sublevel%-*}/" "$work/linux-source-5.10/Makefile"
	sed -i "${2-}" "$work/linux-source-5.10/mm/migrate.c"
	tar -cJf "$root/usr/src/linux-source-5.10.tar.xz" -C "$work" linux-source-5.10
	sed -i "s/^Version: .*/Version: $1/" "$root/DEBIAN/control"
	dpkg-deb --build "$root" "$served/$1.deb" >/dev/null
}
# pin VERSION: pins VERSION, and keeps the checksum
pin() { sed -i "s/^VERSION = .*/VERSION = $1/" "$PATCHES/5.10/source.mk"; }
pin 5.10.1-1
# A queue of one patch, which changes line 20
maker=$work/maker
fake_linux "$maker"
git -C "$maker" init -q
commit "$maker" "Linux"
sed -i '20s/.*/line twenty;/' "$maker/mm/migrate.c"
commit "$maker" "mm: change a line"
git -C "$maker" format-patch -q --zero-commit -N -o "$queue/1-first" HEAD~1
printf 'Subject: [PATCH 0/1] first\nNeeds: none\n' >"$queue/1-first/0000-cover-letter.patch"
# from_nothing COMMAND...: runs the command with an empty cache and without a tree
from_nothing() {
	rm -rf "${work:?}/build" "${work:?}/cache"
	stubbed "$@"
}
# leaves_nothing NAME: neither a tree nor a part of a tree exists
leaves_nothing() {
	is "$(find "$BUILD" -mindepth 2 ! -name .lock 2>/dev/null)" "" "$1: no tree is left"
}
upstream='linux-5\.10\.1\.tar\.xz of kernel\.org.*KERNEL_TARBALL='

rm "${work:?}"/served/*
serve 5.10.9-1
serve 5.10.10-1
is "$(stubbed "$fetch" --versions 2>/dev/null)" $'5.10.10-1\n5.10.9-1' "--versions prints the versions in the archive, newest first"
out=$(from_nothing "$fetch" 2>&1)
is "$?" 3 "fetch ends with status 3 if the archive has other versions only"
like "$out" 'linux-source-5.10 5\.10\.1-1 is not in bullseye-security any more, which has: 5\.10\.10-1 5\.10\.9-1' \
	"fetch names the other versions that the archive has"
like "$out" "$upstream" "fetch names the upstream tarball if the archive has other versions only"

out=$(from_nothing "$tree" 2>&1)
is "$?" 0 "tree takes another version if the archive has dropped the pinned version" || diag "$out"
is "$(git -C "$linux" log --format=%s)" $'mm: change a line\nLinux 5.10.10' "the tree is the newest version in the archive with the queue"
like "$out" 'took 5\.10\.10-1, .*: the archive no longer has the pinned 5\.10\.1-1' "tree says which version it took, and why"
like "$out" '5\.10\.10-1 .*signature vouches for it, no checksum of ours' "tree says that no checksum is on record for the version that it took"
head=$(git -C "$linux" rev-parse HEAD)
: >"$work/calls"
out=$(stubbed "$tree" 2>&1)
is "$?,$(tail -n 1 <<<"$out" | cut -d: -f2)" "0, up to date" "tree does nothing if a tree of another version is up to date"
like "$out" 'made from linux-source-5\.10 5\.10\.10-1, .* no longer has linux-source-5\.10 5\.10\.1-1' "tree says that an existing tree is of another version"
is "$(cat "$work/calls")" "" "tree does not ask the archive for an existing tree"
cp "$work/good.deb" "$served/5.10.1-1.deb"
fill
out=$(stubbed "$tree" 2>&1)
is "$?,$(tail -n 1 <<<"$out" | cut -d: -f2)" "0, up to date" "a tree of another version stays when the archive has the pinned version again"
is "$(git -C "$linux" rev-parse HEAD)" "$head" "a tree of another version keeps its commits when the archive has the pinned version again"
refuses "tree refuses VERSION= of the pinned version for a tree of another version" \
	'was made from linux-source-5.10 5.10.10-1, and the source is now linux-source-5.10 5.10.1-1' \
	stubbed env VERSION=5.10.1-1 "$tree"
ok "tree accepts VERSION= of the version that the tree was made from" stubbed env VERSION=5.10.10-1 "$tree"
pin 5.10.2-1
refuses "tree refuses a tree of another version after the pin has moved to a third version" 'the source is now linux-source-5.10 5.10.2-1' stubbed "$tree"
pin 5.10.10-1
is "$(stubbed "$tree" 2>&1 | cut -d: -f2)" " up to date" "tree accepts a tree of another version once this version is pinned"
pin 5.10.1-1
sed -i 's/line twenty/line score/' "$queue"/1-first/0001*
ok "tree updates a tree of another version" stubbed "$tree"
like "$(cat "$linux/mm/migrate.c")" 'line score;' "a tree of another version follows the patches"

# The queue applies to some versions in the archive, or to none
rm "${work:?}"/served/*
serve 5.10.9-1
serve 5.10.10-1 '20s/.*/something else;/'
out=$(from_nothing "$tree" 2>&1)
is "$?" 0 "tree goes on to an older version if the queue does not apply to the newest" || diag "$out"
is "$(git -C "$linux" log --format=%s)" $'mm: change a line\nLinux 5.10.9' "the tree is the older version with the queue"
like "$out" 'patch failed: mm/migrate.c:17' "git's message says where the queue does not apply to the newest version"
like "$out" 'does not apply to 5\.10\.10-1' "tree names the version to which the queue does not apply"
is "$(find "$BUILD" -name '.queue*')" "" "the tree of the newest version is removed"

rm "$served/5.10.9-1.deb"
serve 5.10.8-1 '20s/.*/something else;/'
out=$(from_nothing "$tree" 2>&1)
is "$?" 2 "tree refuses if the queue applies to no version in the archive"
like "$out" 'applies to no version .*: 5\.10\.10-1 5\.10\.8-1' "the queue applies to no version: the message names all versions"
like "$out" "$upstream" "the queue applies to no version: the message names the upstream tarball"
leaves_nothing "the queue applies to no version"

rm "${work:?}"/served/*
serve 5.10.9-1
mkdir "$served/5.10.10-1.deb" # cp refuses a folder, so the download fails
refuses "a failed download of another version does not make tree take an older version" '5\.10\.10-1 could not be downloaded' from_nothing "$tree"
leaves_nothing "a failed download of another version"

# tree takes no other version if the archive has none, if VERSION= names a version, or
# if the cache has the pinned version
rm -r "${work:?}"/served/*
out=$(from_nothing "$tree" 2>&1)
is "$?" 2 "tree refuses if the package is gone from the archive"
like "$out" 'no mirror in apt.s configuration has linux-source-5.10 in bullseye-security' "the package is gone: the message names the package and the suite"
like "$out" "$upstream" "the package is gone: the message names the upstream tarball"
leaves_nothing "the package is gone"

serve 5.10.10-1
for version in 5.10.1-1 5.10.7-1; do
	refuses "VERSION=$version is refused if the archive lacks it" "$version is not in bullseye-security any more, which has: 5.10.10-1" \
		from_nothing env VERSION=$version "$tree"
	leaves_nothing "a refused VERSION=$version"
done

rm -rf "${work:?}/build"
mkdir -p "$cache"
fill
rm -f "$deb.sha256" # source.mk has the checksum of the pinned version
: >"$work/calls"
ok "tree takes the pinned version from the cache while the archive lacks it" stubbed "$tree"
is "$(git -C "$linux" log -1 --format=%s pristine)" "Linux 5.10.262" "the tree is made from the pinned package"
is "$(cat "$work/calls")" "" "tree does not ask the archive if the pinned version is in the cache"
done_testing
