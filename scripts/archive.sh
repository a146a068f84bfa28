# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # from common.sh
# Sourced after common.sh by the scripts that download from Debian's archive.  apt's
# configuration names the mirrors.  Sources, lists and caches are our own; those of the
# system stay unchanged.

# need_apt WHAT [ADVICE...]: stops if a tool is missing, and waits for other downloads
need_apt() {
	local tool what=$1
	shift
	for tool in apt-get apt-cache dpkg-deb; do
		command -v "$tool" >/dev/null || die "there is no $tool here, so $what cannot be downloaded" "$@"
	done
	mkdir -p "$cache" 2>/dev/null || die "$cache cannot be made" "set XDG_CACHE_HOME to a folder that can be written"
	exec 9>"$cache/lock"
	flock -n 9 || {
		say "another download is under way: waiting for it"
		flock 9
	}
}

# mirrors SUITE [OPTIONS]: prints the mirrors that may have SUITE, the likeliest first.
# Security suites have an archive of their own.
mirrors() {
	local suite=$1 listed
	shift
	# shellcheck disable=SC2016 # the dollars are apt's
	listed=$(apt-get "$@" indextargets --format '$(REPO_URI) $(CODENAME)' | sort -u)
	case $suite in
	*-security)
		awk '$2 ~ /-security/ { print $1 }' <<<"$listed"
		awk '$2 !~ /-security/ { print $1 }' <<<"$listed" |
			sed -n 's,/debian\(/\|$\),/debian-security\1,p'
		;;
	*) awk '$2 !~ /-security/ { print $1 }' <<<"$listed" ;;
	esac | awk 'NF && !seen[$0]++'
}

# private TOOL ARGS: runs apt-get or apt-cache on the suite that open_suite has opened.
# An expired date is accepted: the archive no longer refreshes the signature of an old suite.
private() {
	local tool=$1
	shift
	"$tool" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$state" -o Dir::State::lists="$state/lists" \
		-o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
		-o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
		-o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
		-o Acquire::Check-Valid-Until=false -o Acquire::Languages=none \
		-o Acquire::Retries=2 "$@"
}

# open_suite SUITE ARCH PACKAGE [VERSION]: finds a mirror with PACKAGE, for private and
# download.  ARCH is `source` for the package's source.  Messages end with the caller's
# advice, $choices.  Sets served to the package's versions there, newest first.  A VERSION
# that is missing from served is for the caller to handle.
open_suite() {
	local suite=$1 package=$3 version=${4-} mirror uris keyring signed='' known line found=''
	arch=$2
	state=$cache/apt/$suite
	[ "$arch" = amd64 ] || state+=-$arch
	uris=$(mirrors "$suite")
	if [ -z "$uris" ]; then
		# indextargets prints nothing without lists: download lists of our own
		mkdir -p "$cache/apt/system/partial"
		apt-get -o Dir::State::lists="$cache/apt/system" -o APT::Sandbox::User=root -q update >&2 || true
		uris=$(mirrors "$suite" -o Dir::State::lists="$cache/apt/system")
	fi
	[ -n "$uris" ] || die "apt's configuration names no mirror of Debian's archive that could have $suite" \
		"check the network and apt's sources; $choices"

	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -f "$keyring" ] || signed=" signed-by=$keyring"
	line="deb [arch=$arch target=Packages$signed]"
	if [ "$arch" = source ]; then
		arch=amd64 line="deb-src [target=Sources$signed]"
	fi
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	: >"$state/status"
	served=
	for mirror in $uris; do
		say "looking for $package${version:+ $version} in $suite at $mirror"
		echo "$line $mirror $suite main" >"$state/sources.list"
		private apt-get -q update >"$state/log" 2>&1 || continue
		found=1
		known=$(private apt-cache madison "$package" | awk '{ print $3 }' | paste -sd' ')
		# shellcheck disable=SC2086 # versions
		served=$(printf '%s\n' $served $known | sort -ruV | paste -sd' ')
		[ -n "$known" ] || continue
		case " $known " in *" ${version:-$known} "*) return 0 ;; esac
	done
	[ -z "$served" ] || return 0
	[ -z "$found" ] || die "no mirror in apt's configuration has $package in $suite" "$choices"
	die "no mirror in apt's configuration could be read for $package in $suite" \
		"$(grep -m3 '^[EW]:' "$state/log" || tail -n 3 "$state/log")" \
		"check the network and run this again; $choices"
}

# download PACKAGE[=VERSION]...: downloads the packages to $state/new, which has no other file then
download() {
	rm -rf "${state:?}/new"
	mkdir "$state/new"
	(cd "$state/new" && private apt-get -q download "$@") >&2 ||
		die "${*/=/ } could not be downloaded: see above" \
			"after a 404 error, the archive no longer has the package: $choices" \
			"otherwise check the network and the free space below $cache, and run this again"
}
