#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The queue's semantic patch for drivers that use src_owner converts the callers of the
# base as the queue does.
# shellcheck source=tests/series/kernel.sh
QUEUE=5.10
export QUEUE
. "$(dirname "$(realpath "$0")")/../../../tests/series/kernel.sh"
need_worktree
configure guest
command -v spatch >/dev/null || die "there is no spatch here" "scripts/deps check installs the missing tools"

cocci=$LINUX_TREE/scripts/coccinelle/api/migrate_vma.cocci
[ -f "$cocci" ] || die "the queue has no scripts/coccinelle/api/migrate_vma.cocci" "this test is for that file"
callers='arch/powerpc/kvm/book3s_hv_uvmem.c drivers/gpu/drm/nouveau/nouveau_dmem.c lib/test_hmm.c'
read -r -a options < <(sed -n 's,^// Options: ,,p' "$cocci")
converting=$(plain_git "$linux" log --format='%H %s' "$base..$tip" | sed -n 's/ mm.migrate: replace src_owner with .*//p')

# semantic MODE FILE...: the output of the semantic patch, with plain file names
semantic() {
	local mode=$1
	shift
	spatch -D "$mode" --very-quiet "${options[@]}" --cocci-file "$cocci" "$@" 2>&1 | grep -v '^$' |
		sed "s,$work/,,g"
}

# The callers of the base
like "$converting" '^[0-9a-f]{40}$' "one commit converts the callers" || done_testing
mkdir "$work/before" "$work/after"
for file in $callers; do
	plain_git "$linux" show "$converting^:$file" >"$work/before/${file##*/}"
	plain_git "$linux" show "$converting:$file" >"$work/after/${file##*/}"
	# each use of the field, and each call without a use before it
	uses=$(cd "$work/before" && awk '
		/^{/ { set = 0 }
		/src_owner/ { set = 1; print FILENAME ":" FNR }
		/migrate_vma_setup\(/ && !set { print FILENAME ":" FNR }' "${file##*/}")
	is "$(semantic report "$work/before/${file##*/}" | sed 's,^before/,,' | sort -t: -k2n | cut -d: -f1,2)" \
		"$uses" "the semantic patch reports each use in $file"
	silent "the semantic patch leaves no conversion by hand in $file" "$(semantic report "$work/before/${file##*/}" | grep WARNING)"
	ok "spatch applies the semantic patch to $file" spatch -D patch --very-quiet --no-show-diff --in-place "${options[@]}" \
		--cocci-file "$cocci" "$work/before/${file##*/}"
	silent "the semantic patch changes $file as the queue does" "$(diff -wu "$work/after/${file##*/}" "$work/before/${file##*/}")"
done

# Uses that only a human can convert
cat >"$work/by-hand.c" <<'END'
int variable(struct device *owner)
{
	struct migrate_vma args;

	args.src_owner = owner;
	return migrate_vma_setup(&args);
}

int conditional(struct drv *drv, int in)
{
	struct migrate_vma args = {
		.src_owner = in ? NULL : drv->dev,
	};

	return migrate_vma_setup(&args);
}

int reading(struct migrate_vma *args)
{
	return args->src_owner == NULL;
}

int one_way(struct drv *drv, int out)
{
	struct migrate_vma args;

	memset(&args, 0, sizeof(args));
	if (out)
		args.src_owner = &drv->owner;
	args.dst = drv->dst;
	return migrate_vma_setup(&args); /* by hand */
}

int one_way_list(struct drv *drv, int out)
{
	struct migrate_vma args = {
		.start = drv->start,
	};

	if (out)
		args.src_owner = drv->owner;
	return migrate_vma_setup(&args); /* by hand */
}

int empty(struct drv *drv)
{
	struct migrate_vma args = {};

	args.dst = drv->dst;
	return migrate_vma_setup(&args); /* by hand */
}

int pointer(struct drv *drv)
{
	struct migrate_vma *args = kzalloc(sizeof(*args), GFP_KERNEL);

	args->dst = drv->dst;
	return migrate_vma_setup(args); /* by hand */
}

int member(struct drv *drv)
{
	drv->args.dst = drv->dst;
	return migrate_vma_setup(&drv->args); /* by hand */
}
END
cp "$work/by-hand.c" "$work/by-hand.saved"
is "$(semantic report "$work/by-hand.c" | grep WARNING | cut -d: -f2 | sort -n | paste -sd' ')" \
	"$(grep -nE 'src_owner|by hand' "$work/by-hand.c" | cut -d: -f1 | paste -sd' ')" "each use that only a human can convert gives a warning"
is "$(semantic patch "$work/by-hand.c")" "" "the semantic patch changes no use that only a human can convert"
ok "spatch --in-place accepts uses that only a human can convert" spatch -D patch --very-quiet --no-show-diff --in-place "${options[@]}" \
	--cocci-file "$cocci" "$work/by-hand.c"
ok "spatch --in-place leaves uses that only a human can convert" cmp "$work/by-hand.saved" "$work/by-hand.c"

# coccicheck FOLDER MODE: runs the kernel's own target, and prints the call of spatch
# too, so that a missing run shows.
coccicheck() {
	unset SPFLAGS DEBUG_FILE
	kmake_as guest coccicheck COCCI="$cocci" MODE="$2" M="$1" | sed "s,$LINUX_TREE/,,g" |
		grep -E '(^|/)[a-z_0-9]+\.[ch]:[0-9]+|^[-+]|[Ff]ail|[Ee]rror|\*\*\*|^/.*spatch '
}

# The callers at the queue's end
for file in $callers; do
	said=$(coccicheck "$LINUX_TREE/${file%/*}" report)
	is "$(grep -c spatch <<<"$said")$(grep -v spatch <<<"$said")" 1 "make coccicheck has nothing left to report: ${file%/*}"
	said=$(coccicheck "$LINUX_TREE/${file%/*}" patch)
	is "$(grep -c spatch <<<"$said")$(grep -v spatch <<<"$said")" 1 "make coccicheck has nothing left to change: ${file%/*}"
done
plain_git "$LINUX_TREE" checkout -q "$base" -- lib/test_hmm.c
like "$(coccicheck "$LINUX_TREE/lib" report)" 'lib/test_hmm.c:[0-9]+:.*src_owner' "make coccicheck reports src_owner in the base's lib/test_hmm.c"
like "$(coccicheck "$LINUX_TREE/lib" patch)" '^\+.*MIGRATE_VMA_SELECT' "make coccicheck converts the base's lib/test_hmm.c"
go_to "$tip"
done_testing
