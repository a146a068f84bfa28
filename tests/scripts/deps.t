#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/deps, with stubs for dpkg and apt.
# shellcheck source=tests/lib.sh
. "$(dirname "$(realpath "$0")")/../lib.sh"
deps=$top/scripts/deps

# The machine: packages in $work/installed are installed, packages in $work/known have a
# candidate, and $work/uid is the user.
bin=$work/bin
mkdir "$bin"
for tool in awk bash basename cat dirname env grep paste rm sed sleep sort; do ln -s "$(command -v $tool)" "$bin/"; done
stub() {
	printf '#!%s\n%s\n' "$(command -v bash)" "$2" >"$bin/$1"
	chmod +x "$bin/$1"
}
export WORK=$work
# shellcheck disable=SC2016 # for the stubs to expand
{
	stub id 'cat "$WORK/uid"'
	stub dpkg-query 'grep -qx "${*: -1}" "$WORK/installed" && printf installed'
	stub apt-cache 'shift; trap "exit 100" PIPE
for package; do
	grep -qx "$package" "$WORK/known" && candidate=1 || candidate="(none)"
	[ "${LC_ALL-}" = C ] && word=Candidate || word=Installationskandidat
	echo "$package:"
	for line in "Installed: (none)" "$word: $candidate" "Version table:"; do echo "  $line" || exit; done
	sleep 0.1
	echo "     1 500"
done'
	stub apt-get 'echo "apt-get $*" >>"$WORK/calls"
[ "$1" != update ] || [ ! -e "$WORK/refreshed" ] || cat "$WORK/refreshed" >>"$WORK/known"
[ "$1" != install ] || [ ! -e "$WORK/stale" ] || { rm "$WORK/stale"; exit 100; }
[ "$1" != install ] || [ ! -e "$WORK/broken" ]'
	stub sudo 'echo "sudo $*" >>"$WORK/calls"
[ ! -e "$WORK/password" ] || exit 1
[ "$1" != -n ] || shift
"$@"'
	stub true ''
}

# here COMMAND...: runs the command on this machine, without a terminal
here() {
	: >"$work/calls"
	PATH=$bin "$@" </dev/null
}
calls() { cat "$work/calls"; }

# full: a machine that lacks no package
all=$(: >"$work/installed"; : >"$work/known"; echo 0 >"$work/uid"; here "$deps" --print check)
tr ' ' '\n' <<<"$all" | grep -v '^-' >"$work/everything"
full() {
	cp "$work/everything" "$work/installed"
	cp "$work/everything" "$work/known"
	echo 0 >"$work/uid"
	rm -f "$work"/{stale,broken,refreshed,password}
}
without() { sed -i "/^$1\$/d" "$work/$2"; }

like "$all" '^apt-get install -y --no-install-recommends build-essential .* python3-ply .* b4$' "--print check names all packages"
is "$(calls)" "" "--print calls nothing"
full
is "$(here "$deps" check 2>&1)" "" "deps prints nothing if no package is missing"
is "$(calls)" "" "deps does not call apt if no package is missing"

without bc installed
is "$(here "$deps" 2>/dev/null)" "apt-get install -y --no-install-recommends bc" "deps prints the command that installs a missing package"
is "$(calls)" "apt-get install -y --no-install-recommends bc" "deps installs a missing package without an update"
full
without sparse installed
is "$(here "$deps" run 2>&1)" "" "the set run lacks a package that only check needs"
like "$(here "$deps" check 2>&1)" 'sparse' "the set check has a package that run lacks"
full
is "$(here "$deps" --print long)" "apt-get install -y --no-install-recommends ocaml" "the set long has a package that check lacks"
like "$(here "$deps" run arm64 2>/dev/null)" ' qemu-system-arm gcc-12-aarch64-linux-gnu ' "another architecture's set has a QEMU and a cross compiler"
without gcc-12-powerpc64le-linux-gnu installed
is "$(here "$deps" --print check ppc64le | grep -o gcc-12-powerpc64le-linux-gnu)" gcc-12-powerpc64le-linux-gnu \
	"deps names each package once"

full
without bc installed
without bc known
echo bc >"$work/refreshed"
here "$deps" >/dev/null 2>&1
is "$(calls | paste -sd,)" "apt-get update,apt-get install -y --no-install-recommends bc" "deps updates apt's lists first if apt does not know a package"
full
without bc installed
without bc known
refuses "deps refuses a package that apt does not know after an update" 'knows no package called: bc' here "$deps"
full
without bc installed
touch "$work/stale"
ok "deps succeeds if an install fails on old lists only" here "$deps"
is "$(calls | cut -d' ' -f2 | paste -sd,)" "install,update,install" "deps repeats a failed install after an update"
touch "$work/broken"
refuses "deps ends with status 2 if the second install fails" 'could not install everything' here "$deps"

full
without bc installed
echo 1000 >"$work/uid"
is "$(here "$deps" 2>/dev/null)" "sudo apt-get install -y --no-install-recommends bc" "deps prints a command with sudo for an ordinary user"
like "$(calls)" '^sudo env DEBIAN_FRONTEND=noninteractive apt-get install .* bc$' "deps installs with sudo for an ordinary user"
touch "$work/password"
refuses "deps refuses a sudo that wants a password without a terminal" 'as root|wants a password' here "$deps"
like "$(calls)" '^sudo -n true$' "deps asks sudo whether a password is needed"
rm "$bin/sudo"
refuses "deps refuses an ordinary user without sudo" 'as root' here "$deps"
is "$(calls)" "" "deps calls nothing for an ordinary user without sudo"
rm "$bin/apt-get"
refuses "deps refuses a machine without apt, and names the packages" 'build-essential gcc-12' here "$deps"
refuses "deps refuses an unknown set" 'choose run, check, long, bench, send or deb' "$deps" walk
refuses "deps refuses an unknown architecture" 'x86_64, arm64 or ppc64le' "$deps" run vax
done_testing
