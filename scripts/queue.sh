# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # $linux and $queue are from need_base
# Sourced by tree, export and apply, after common.sh: how commits in a git tree
# and the patch files of a queue say the same thing.
#
# In the tree, the tag `pristine` is the tarball's content, `base` the same
# with the patches of base/ on top.  refs/queue/exported is the last commit that
# the patch files said all about; queue.patches in the tree's configuration is
# their checksum at that time, queue.base the commit that was `base`.

# Callers (a git hook, a CI job) may have git's environment set for their own
# repository.
# shellcheck disable=SC2046 # a list of names
unset $(git rev-parse --local-env-vars) GIT_EXTERNAL_DIFF GIT_DIFF_OPTS
export LC_ALL=C

# plain_git DIR ARGS: git in our own trees, where nobody's configuration, hooks
# and attributes change what a patch looks like or whether it applies.
plain_git() {
	local dir=$1
	shift
	GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1 \
		git -c safe.directory='*' -c core.hooksPath=/dev/null \
		-c core.attributesFile=/dev/null -c core.excludesFile=/dev/null \
		-c core.autocrlf=false -c commit.gpgSign=false -c tag.gpgSign=false \
		-c am.threeWay=false -c advice.detachedHead=false \
		-C "$dir" "$@"
}

# user_git DIR ARGS: git as the user has set it up
user_git() { git -C "$@"; }

commit_of() { plain_git "$1" rev-parse -q --verify "$2^{commit}" 2>/dev/null; }

# refuse_busy GIT DIR: stops if something in DIR is begun and not finished
refuse_busy() {
	local dir state changed
	dir=$("$1" "$2" rev-parse --absolute-git-dir)
	for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD BISECT_LOG; do
		[ ! -e "$dir/$state" ] ||
			die "$2: git has an operation there that is not finished ($state)" \
				"finish or abort it (git status says how), then run this again"
	done
	changed=$("$1" "$2" status --porcelain --untracked-files=no)
	[ -z "$changed" ] ||
		die "$2: files have changes that are not committed:" \
			"$(head -n 5 <<<"$changed")" "commit or stash them, then run this again"
}

# series DIR: the names of its patches, in order
series() {
	[ ! -f "$1/series" ] || sed 's/[[:space:]]*$//; /^\(#.*\)\?$/d' "$1/series"
}

# check_series DIR: stops if a patch that it names is not there
check_series() {
	local name
	while read -r name; do
		[ -f "$1/$name" ] ||
			die "$1/series names $name, which is not there" \
				"bring the file back, or take the line out"
	done < <(series "$1")
}

# queue_there GIT DIR: how many of its patches are among the last commits in DIR
queue_there() {
	local name history there=0
	history=$("$1" "$2" log -n 1000 --format=%s 2>/dev/null) || return
	while read -r name; do
		! grep -qxF -- "$(git mailinfo -b /dev/null /dev/null <"$queue/$name" | sed -n 's/^Subject: //p')" <<<"$history" ||
			there=$((there + 1))
	done < <(series "$queue")
	echo $there
}

# stamp QUEUE: a checksum of all that its patches say; an empty series and none
# are the same
stamp() {
	if [ -d "$1" ]; then
		cd "$1" || exit # in the pipe's own shell
		find . base -maxdepth 1 \( -name '*.patch' ! -name '0000-*' -o -name series -size +0 \) \
			-print0 2>/dev/null | sort -z | xargs -0 -r sha256sum || true
	fi | sha256sum | cut -d' ' -f1
}

# Each patch ends with it, where git am and git apply do not look
licence='SPDX-License-Identifier: GPL-2.0-only'

# format_queue TREE OUT: its commits as a queue in OUT
format_queue() {
	format_range "$1" pristine..base "$2/base"
	format_range "$1" base..HEAD "$2"
}

format_range() {
	mkdir -p "$3"
	plain_git "$1" format-patch -q -o "$3" -N --zero-commit --signature="$licence" \
		--no-thread --no-attach --no-base --no-cover-letter --no-color \
		--subject-prefix=PATCH --encode-email-headers --no-renames --abbrev=12 \
		-U3 --inter-hunk-context=0 --diff-algorithm=myers --indent-heuristic \
		--no-ext-diff --no-textconv --src-prefix=a/ --dst-prefix=b/ \
		-O/dev/null "$2"
	[ -n "$(find "$3" -maxdepth 1 -name '*.patch' -print -quit)" ] || return 0
	echo "# $licence" >"$3/series"
	find "$3" -maxdepth 1 -name '*.patch' -printf '%f\n' | sort >>"$3/series"
}

# am_series TREE DIR: git am of all its patches.  The committer is always the
# same and commits when the author wrote, so that the same patches give the same
# commit ids everywhere.
am_series() {
	local names log next
	check_series "$2"
	mapfile -t names < <(series "$2")
	[ ${#names[@]} -gt 0 ] || return 0
	log=$(GIT_COMMITTER_NAME=queue GIT_COMMITTER_EMAIL=queue@localhost \
		plain_git "$1" am -q --patch-format=mbox --keep-non-patch --keep-cr \
		--committer-date-is-author-date --whitespace=nowarn --no-scissors \
		-- "${names[@]/#/$2/}" 2>&1) || {
		next=$(cat "$1/.git/rebase-apply/next" 2>/dev/null) || next=0
		grep -vE '^(hint:|When you |If you |To |$)' <<<"$log" | head -n 12 | sed 's/^/  | /' >&2
		die "$2: $([ "$next" = 0 ] && echo "one of its patches" || echo "${names[next - 1]}") does not apply" \
			"git's words are above, the tree is as it was; correct the patch and run this again"
	}
}

# record TREE: patch files and commits say the same now
record() {
	plain_git "$1" update-ref refs/queue/exported HEAD
	plain_git "$1" config queue.base "$(commit_of "$1" base)"
	plain_git "$1" config queue.patches "$(stamp "$queue")"
}

recorded() { plain_git "$1" config "queue.$2" || true; }

# lock_tree: one at a time may change $linux; what an interrupted run left goes
lock_tree() {
	mkdir -p "${linux%/*}"
	exec 8>"${linux%/*}/.lock"
	flock -n 8 || {
		say "another run works on $linux: waiting for it"
		flock 8
	}
	rm -rf "${linux%/*}"/.queue.*
	tmp=$(mktemp -d "${linux%/*}/.queue.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
}

# need_tree: $linux is a tree that scripts/tree made
need_tree() {
	[ -e "$linux" ] || die "there is no tree at $linux" "scripts/tree makes one"
	{ [ -e "$linux/.git" ] && commit_of "$linux" pristine && commit_of "$linux" base && commit_of "$linux" HEAD; } >/dev/null ||
		die "$linux is there, but is no git tree with the tags pristine and base" \
			"move it away and run scripts/tree, which makes one"
}
