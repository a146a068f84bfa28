# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # $linux and $queue are from need_queue
# Sourced after common.sh by the scripts that read or write a queue: turns patch files
# into commits of a git tree, and back.
#
# A queue is a folder.  Each series is a folder in the queue, 1-NAME, 2-NAME ..., with a
# cover letter and patches that are numbered from 1.  The folder revert/ has the patches
# beneath the first series, if any.
#
# In the tree, the tag `pristine` is the tarball's content, and the tag `base` has the
# patches of revert/ on top.  The branch series/1-NAME ends the series 1-NAME; commits
# after the last branch belong to the last series.  refs/queue/exported is the commit for
# which tree and patch files were last the same.  The tree's configuration records that
# state: queue.patches is the checksum of the patch files, queue.base the commit of
# `base`, and queue.series the end of each series.

# A git hook or a CI job may have set git's environment for another repository
# shellcheck disable=SC2046 # a list of names
unset $(git rev-parse --local-env-vars) GIT_EXTERNAL_DIFF GIT_DIFF_OPTS
export LC_ALL=C

# plain_git DIR ARGS: runs git in our trees without the user's configuration, hooks and
# attributes, which could change a patch or keep it from applying
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

# user_git DIR ARGS: runs git with the user's configuration
user_git() { git -C "$@"; }

commit_of() { plain_git "$1" rev-parse -q --verify "$2^{commit}" 2>/dev/null; }

# refuse_busy GIT DIR: stops if DIR has an unfinished operation or uncommitted changes
refuse_busy() {
	local dir state changed
	dir=$("$1" "$2" rev-parse --absolute-git-dir)
	for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD BISECT_LOG; do
		[ ! -e "$dir/$state" ] ||
			die "$2 has a git operation that is not finished ($state)" \
				"finish or abort the operation (see git status), then run this again"
	done
	changed=$("$1" "$2" status --porcelain --untracked-files=no)
	[ -z "$changed" ] ||
		die "$2: files have changes that are not committed:" \
			"$(head -n 5 <<<"$changed")" "commit or stash them, then run this again"
}

# all_series QUEUE: prints the folders of all series, in order
all_series() {
	[ ! -d "$1" ] || find "$1" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*-*' -printf '%f\n' | sort -V
}

# series DIR: prints the names of the patches in DIR, in order
series() {
	[ ! -d "$1" ] || find "$1" -maxdepth 1 -type f -name '[0-9][0-9][0-9][0-9]-*.patch' ! -name '0000-*' -printf '%f\n' | sort
}

# queue_patches QUEUE: prints the patches of all series, as SERIES/NAME, in order
queue_patches() {
	local name
	for name in $(all_series "$1"); do series "$1/$name" | sed "s,^,$name/,"; done
}

# check_series DIR: stops unless the patches are numbered from 1, without a gap
check_series() {
	local name number=0
	while read -r name; do
		number=$((number + 1))
		[ "$((10#${name%%-*}))" -eq $number ] ||
			die "$1 has no patch $(printf %04d $number), or two patches of one number: the next is $name" \
				"restore the missing patch, or rename the files so that the numbers run from 0001 without a gap"
	done < <(series "$1")
}

# check_queue QUEUE: stops unless each series is whole, and needs earlier series only
check_queue() {
	local name need cover before=' '
	[ ! -d "$1/revert" ] || check_series "$1/revert"
	for name in $(all_series "$1"); do
		cover=$1/$name/0000-cover-letter.patch
		[ -f "$cover" ] || die "$1/$name has no cover letter" \
			"write $name/0000-cover-letter.patch, after another series' cover letter"
		[ -n "$(series "$1/$name")" ] || die "$1/$name has no patches" \
			"restore the patches, or remove the folder"
		check_series "$1/$name"
		[ "$(sed -n '1,/^$/s/^Needs: .*/x/p' "$cover")" = x ] ||
			die "$cover has no line Needs:, or more than one" \
				"write a line beneath Subject: that names earlier series, or none: Needs: 1-NAME 2-NAME"
		for need in $(needs "$1" "$name"); do
			[[ $before = *" $need "* ]] || die "$cover: Needs: names $need, which is no earlier series" \
				"the earlier series:${before% }"
		done
		before+="$name "
	done
}

# needs QUEUE SERIES: prints the series in the line Needs: of the cover letter
needs() { sed -n '1,/^$/s/^Needs: //p' "$1/$2/0000-cover-letter.patch" | tr ' ' '\n' | grep -vx -e none -e '' || true; }

# beneath QUEUE SERIES: prints all series beneath SERIES, in order
beneath() { stack "$1" "$2" | grep -vxF "$2" || true; }

# stack QUEUE SERIES: prints all series beneath SERIES, and SERIES, in order
stack() {
	local list=$2 more name
	while :; do
		more=$({ for name in $list; do echo "$name"; needs "$1" "$name"; done; } | sort -uV)
		[ "$more" != "$list" ] || break
		list=$more
	done
	echo "$list"
}

# subject FILE: prints the patch's subject without the prefix
subject() { git mailinfo -b /dev/null /dev/null <"$1" 2>/dev/null | sed -n 's/^Subject: //p'; }

# queue_there GIT DIR: counts the queue's patches among the last 1000 commits in DIR
queue_there() {
	local name history there=0
	history=$("$1" "$2" log -n 1000 --format=%s 2>/dev/null) || return
	while read -r name; do
		! grep -qxF -- "$(subject "$queue/$name")" <<<"$history" || there=$((there + 1))
	done < <(queue_patches "$queue")
	echo $there
}

# stamp QUEUE: prints a checksum of all patches.  A missing queue has the checksum of an
# empty queue.
stamp() {
	if [ -d "$1" ]; then
		cd "$1" || exit # in the pipe's own shell
		{ series revert | sed 's,^,revert/,'; queue_patches .; } | xargs -d '\n' -r sha256sum
	fi | sha256sum | cut -d' ' -f1
}

# The last line of each patch, which git am and git apply ignore
licence='SPDX-License-Identifier: GPL-2.0-only'

# A patch must not depend on git's defaults
diff_options=(--no-color --no-renames --abbrev=12 -U3 --inter-hunk-context=0
	--diff-algorithm=myers --indent-heuristic --no-ext-diff --no-textconv
	--src-prefix=a/ --dst-prefix=b/ -O/dev/null)

# series_ends TREE: prints name and last commit of each series, in order.  Stops if the
# branches do not follow each other from base to HEAD.
series_ends() {
	local tree=$1 name commit previous names
	previous=$(commit_of "$tree" base)
	names=$(plain_git "$tree" for-each-ref --format='%(refname:lstrip=3)' refs/heads/series/ | sort -V)
	[ -n "$names" ] || [ "$(plain_git "$tree" rev-list --count base..HEAD)" = 0 ] ||
		die "$tree: the commits have no branch series/..., so their series is unknown" \
			"name the series: git -C $tree branch series/1-NAME"
	for name in $names; do
		[[ $name = [0-9]*-* ]] || die "$tree: the branch series/$name is not named series/NUMBER-NAME" \
			"git -C $tree branch -m series/$name series/1-NAME"
		commit=$(commit_of "$tree" "refs/heads/series/$name")
		[ "$name" != "${names##*$'\n'}" ] || ! plain_git "$tree" merge-base --is-ancestor "$commit" HEAD ||
			commit=$(commit_of "$tree" HEAD)
		{ plain_git "$tree" merge-base --is-ancestor "$previous" "$commit" &&
			plain_git "$tree" merge-base --is-ancestor "$commit" HEAD; } ||
			die "$tree: the branch series/$name does not end a part of base..HEAD" \
				"a rebase takes the branches along (git rebase --update-refs);" \
				"to end that series at another commit: git -C $tree branch -f series/$name COMMIT"
		[ "$commit" != "$previous" ] || die "$tree: the branch series/$name has no commit of its own" \
			"to end the series: git -C $tree branch -D series/$name"
		echo "$name $commit"
		previous=$commit
	done
}

# format_queue TREE OUT: writes the tree's commits as a queue to OUT
format_queue() {
	local name commit previous=base ends
	ends=$(series_ends "$1") || return
	mkdir -p "$2"
	format_range "$1" pristine..base "$2/revert"
	while read -r name commit; do
		[ -n "$name" ] || continue
		format_range "$1" "$previous..$commit" "$2/$name"
		previous=$commit
	done <<<"$ends"
}

# format_range TREE RANGE OUT
format_range() {
	[ -n "$(plain_git "$1" rev-list -n 1 "$2")" ] || return 0
	mkdir -p "$3"
	plain_git "$1" format-patch -q -o "$3" -N --zero-commit --signature="$licence" \
		--no-thread --no-attach --no-base --no-cover-letter --filename-max-length=200 \
		--subject-prefix=PATCH --encode-email-headers "${diff_options[@]}" "$2"
}

# changed_files TREE: prints the kernel's files that the queue changes, except selftests
# and the semantic patch
changed_files() {
	plain_git "$1" diff --no-renames --name-only base HEAD -- . \
		':!tools/testing/selftests' ':!scripts/coccinelle'
}

# file_diff TREE FILE: prints the queue's whole change of FILE
file_diff() { plain_git "$1" diff "${diff_options[@]}" base HEAD -- "$2"; }

# format_diffs TREE OUT: writes a diff for each of the changed files
format_diffs() {
	local file
	mkdir -p "$2"
	changed_files "$1" | while read -r file; do
		mkdir -p "$2/$(dirname "$file")"
		{ file_diff "$1" "$file"; printf -- '-- \n%s\n' "$licence"; } >"$2/$file.diff"
	done
}

# am_series TREE DIR: applies all patches in DIR with git am.  A fixed committer and the
# author's date give the same commit ids everywhere.
am_series() {
	local names log next
	mapfile -t names < <(series "$2")
	[ ${#names[@]} -gt 0 ] || return 0
	log=$(GIT_COMMITTER_NAME=queue GIT_COMMITTER_EMAIL=queue@localhost \
		plain_git "$1" am -q --patch-format=mbox --keep-non-patch --keep-cr \
		--committer-date-is-author-date --whitespace=nowarn --no-scissors \
		-- "${names[@]/#/$2/}" 2>&1) || {
		next=$(cat "$1/.git/rebase-apply/next" 2>/dev/null) || next=0
		grep -vE '^(hint:|When you |If you |To |$)' <<<"$log" | head -n 12 | sed 's/^/  | /' >&2
		die "$2: $([ "$next" = 0 ] && echo "one of its patches" || echo "${names[next - 1]}") does not apply" \
			"git's errors are above, the tree is unchanged; correct the patch and run this again"
	}
}

# record TREE: records that commits and patch files are the same
record() {
	plain_git "$1" update-ref refs/queue/exported HEAD
	plain_git "$1" config queue.base "$(commit_of "$1" base)"
	plain_git "$1" config queue.patches "$(stamp "$queue")"
	plain_git "$1" config queue.series "$(branches "$1")"
}

# branches TREE: prints the branches of all series and their commits, in a line
branches() { plain_git "$1" for-each-ref --format='%(refname:lstrip=3) %(objectname)' refs/heads/series/ | sort -V | paste -sd' '; }

recorded() { plain_git "$1" config "queue.$2" || true; }

# scratch_tree TREE REV: makes the clone $tmp/scratch without files, for commits that
# leave TREE unchanged
scratch_tree() {
	rm -rf "$tmp/scratch"
	plain_git . clone -q --shared --no-checkout --template= "$1" "$tmp/scratch"
	empty_scratch "$(commit_of "$1" "$2")"
}

# scratch_stacks: makes the scratch tree at the base of $linux.  The commits of $linux,
# where each series stands on all earlier series, save stacked the work.
scratch_stacks() {
	local name commit stack=refs/stack/base
	scratch_tree "$linux" base
	while read -r name commit; do
		stack+=+$name
		plain_git "$tmp/scratch" update-ref "$stack" "$commit"
	done < <(series_ends "$linux")
}

# stacked NAME...: prints the commit with only these series on the base.  git am makes the
# commit in the scratch tree, once for each list of series.
stacked() {
	local name commit next stack=refs/stack/base
	commit=$(commit_of "$linux" base)
	for name; do
		stack+=+$name
		next=$(commit_of "$tmp/scratch" "$stack") || {
			[ "$(commit_of "$tmp/scratch" HEAD)" = "$commit" ] || empty_scratch "$commit"
			am_series "$tmp/scratch" "$queue/$name" || return
			next=$(commit_of "$tmp/scratch" HEAD)
			plain_git "$tmp/scratch" update-ref "$stack" "$next"
		}
		commit=$next
	done
	echo "$commit"
}

# empty_scratch COMMIT: moves the scratch tree to COMMIT, without files
empty_scratch() {
	find "$tmp/scratch" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
	plain_git "$tmp/scratch" update-ref --no-deref HEAD "$1"
	plain_git "$tmp/scratch" read-tree HEAD
	# git finds the function of a hunk by the tree's attributes
	plain_git "$tmp/scratch" show HEAD:.gitattributes >"$tmp/scratch/.gitattributes" 2>/dev/null || true
}

# lock_tree: lets one script at a time change $linux, and removes the rest of an
# interrupted run
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

# need_tree: stops unless scripts/tree made $linux
need_tree() {
	[ -e "$linux" ] || die "there is no tree at $linux" "scripts/tree makes one"
	{ [ -e "$linux/.git" ] && commit_of "$linux" pristine && commit_of "$linux" base && commit_of "$linux" HEAD; } >/dev/null ||
		die "$linux is there, but is no git tree with the tags pristine and base" \
			"move it away and run scripts/tree, which makes one"
}

# need_exported: stops unless the tree has the commits of the patch files
need_exported() {
	if [ "$(commit_of "$linux" HEAD)" != "$(commit_of "$linux" refs/queue/exported)" ] ||
		[ "$(recorded "$linux" series)" != "$(branches "$linux")" ] ||
		[ "$(recorded "$linux" patches)" != "$(stamp "$queue")" ]; then
		die "the commits of $linux and the patches of $queue differ" \
			"${1:-to take the commits: scripts/export first; to take the patches: scripts/tree first}"
	fi
}

# need_file: stops if FILE is set and no commit of the queue touches it
need_file() {
	local touched
	[ -n "${FILE-}" ] || return 0
	touched=$(plain_git "$linux" log --format= --name-only base..HEAD | sort -u)
	grep -qxF -- "$FILE" <<<"$touched" ||
		die "FILE=$FILE: no patch of $QUEUE touches such a file" "choose one of:" "${touched//$'\n'/$'\n'  }"
}
