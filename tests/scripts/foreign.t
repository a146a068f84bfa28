#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/foreign without a network, with a fake archive.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
foreign=$top/scripts/foreign
export XDG_CACHE_HOME=$work/cache ARCH=ppc64le

# package NAME FILE...: makes a .deb with these files
package() {
	local name=$1 file root=$work/root
	shift
	rm -rf "$root"
	mkdir -p "$root/DEBIAN"
	printf 'Package: %s\nVersion: 1\nArchitecture: ppc64el\nMaintainer: A <a@example.org>\nDescription: x\n' "$name" >"$root/DEBIAN/control"
	for file; do
		mkdir -p "$root/${file%/*}"
		echo "$file" >"$root/$file"
	done
	dpkg-deb --build "$root" "$work/$name.deb" >/dev/null
}
package busybox-static usr/bin/busybox usr/share/doc/busybox/NEWS
package libhugetlbfs-dev usr/include/hugetlbfs.h usr/lib/powerpc64le-linux-gnu/libhugetlbfs.a

mkdir "$work/bin"
cat >"$work/bin/apt-get" <<'EOF'
#!/bin/sh
echo "$*" >>"$WORK/calls"
case "$*" in
*indextargets*) echo 'http://mirror.invalid/debian/ bookworm' ;;
*download*) [ ! -e "$WORK/gone" ] && cp "$WORK"/*.deb . ;;
esac
EOF
cat >"$work/bin/apt-cache" <<'EOF'
#!/bin/sh
echo ' busybox-static | 1 | http://mirror.invalid/ bookworm/main'
EOF
chmod +x "$work"/bin/*
export WORK=$work
stubbed() { env PATH="$work/bin:$PATH" "$@"; }

there=$(stubbed "$foreign" 2>/dev/null)
is "$(cd "$there" && ls)" "$(printf '%s\n' busybox hugetlbfs.h libhugetlbfs.a sha256)" "foreign prints a folder with the wanted files only"
is "$(cat "$there/busybox")" usr/bin/busybox "busybox is the program of the package"
like "$(cat "$work/calls")" 'APT::Architecture=ppc64el .*download busybox-static libhugetlbfs-dev$' "foreign asks apt for packages of the architecture in ARCH"
: >"$work/calls"
is "$(stubbed "$foreign" 2>&1)" "$there" "foreign prints a cached folder and no message"
is "$(cat "$work/calls")" "" "foreign does not call apt for a cached folder"
echo damage >>"$there/busybox"
ok "foreign succeeds with a damaged file in the cache" stubbed "$foreign"
is "$(cat "$there/busybox")" usr/bin/busybox "foreign unpacks a damaged file again"

rm -r "$there"
touch "$work/gone"
refuses "foreign ends with status 2 if a download fails" 'could not be downloaded' stubbed "$foreign"
rm "$work/gone"
package libhugetlbfs-dev usr/include/hugetlbfs.h
refuses "foreign refuses a package without the static library" 'no libhugetlbfs.a' stubbed "$foreign"
refuses "foreign refuses a package without the static library in a second run" 'no libhugetlbfs.a' stubbed "$foreign"

refuses "foreign refuses this machine's architecture" 'scripts/deps run' env ARCH=x86_64 "$foreign"
refuses "foreign refuses an unknown architecture" 'ARCH=vax' env ARCH=vax "$foreign"
refuses "foreign refuses an argument" 'no arguments' "$foreign" now
done_testing
