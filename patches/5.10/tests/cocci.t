#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The queue's semantic patch for drivers that use src_owner converts the callers of the
# base as the queue does, and leaves unclear code alone with a warning.
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

# semantic MODE ARG...: the output of the semantic patch, with plain file names
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
	said=$(semantic report "$work/before/${file##*/}")
	is "$(cut -d: -f1,2 <<<"${said//before\//}")" "$uses" "the semantic patch reports each use in $file"
	silent "the semantic patch leaves no conversion by hand in $file" "$(grep WARNING <<<"$said")"
	ok "spatch applies the semantic patch to $file" spatch -D patch --very-quiet --no-show-diff --in-place "${options[@]}" \
		--cocci-file "$cocci" "$work/before/${file##*/}"
	silent "the semantic patch changes $file as the queue does" "$(diff -wu "$work/after/${file##*/}" "$work/before/${file##*/}")"
done

# One file for each shape of code. A line that begins with = is the name of a test. A
# line that begins with ! is the reason of the warnings in the shapes that follow. In
# code, - is before and + after the semantic patch, and "here" marks a reported line. A
# shape that begins with a tab is put into a function, which calls migrate_vma_setup() at
# the end unless the shape has a return. Each file mentions src_owner, as drivers for
# Linux 5.7 and 5.8 do, except where the reason says otherwise.
mkdir "$work/shapes"
awk -v folder="$work/shapes/" '
	function put(before, after, code) {
		if (before)
			print code >(file ".c")
		if (after)
			print code >(file ".wanted")
		line += before
	}
	function finish() {
		if (wrapped && !returns)
			put(1, 1, "\treturn migrate_vma_setup(&args);")
		if (wrapped)
			put(1, 1, "}")
		if (file && reason !~ /5\.7/)
			put(1, 1, "/* src_owner */")
		wrapped = returns = line = 0
	}
	/^!/ { finish(); file = ""; reason = substr($0, 3); next }
	/^=/ {
		finish()
		file = sprintf("%s%02d", folder, ++count)
		print substr($0, 3) >(file ".name")
		printf "" >(file ".report")
		next
	}
	{
		sign = substr($0, 1, 1)
		code = $0
		sub(/^[-+]/, "", code)
		if (!line && code ~ /^\t/) {
			wrapped = 1
			put(1, 1, "int shape(struct drv *drv)")
			put(1, 1, "{")
		}
		if (code ~ /return/)
			returns = 1
		put(sign != "+", sign != "-", code)
		if (sign == "-" && code ~ /src_owner/)
			said = "src_owner is now flags and pgmap_owner"
		else if (code !~ /here/)
			next
		else if (reason)
			said = "WARNING: not converted: " reason
		else
			said = "no src_owner is now flags of MIGRATE_VMA_SELECT_SYSTEM"
		print line ": " said >(file ".report")
	}
	END { finish() }
' <<'END'
= an owner in an initializer selects device private memory
	struct migrate_vma args = {
		.start = drv->start,
-		.src_owner = drv->owner,
+		.pgmap_owner = drv->owner,
+		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
= an owner of NULL in an initializer selects system memory
	struct migrate_vma args = {
-		.src_owner = NULL,
+		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
= an address as the owner selects device private memory
	struct migrate_vma args;
	memset(&args, 0, sizeof(args));
-	args.src_owner = &drv->pagemap;
+	args.pgmap_owner = &drv->pagemap;
+	args.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
= a macro as the owner selects device private memory
	struct migrate_vma args;
-	args.src_owner = DRV_OWNER(drv);
+	args.pgmap_owner = DRV_OWNER(drv);
+	args.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
= an owner on one branch and NULL on the other are both converted
	struct migrate_vma args;
-	if (drv->in)
-		args.src_owner = NULL;
-	else
-		args.src_owner = drv->owner;
+	if (drv->in) {
+		args.pgmap_owner = NULL;
+		args.flags = MIGRATE_VMA_SELECT_SYSTEM;
+	}
+	else {
+		args.pgmap_owner = drv->owner;
+		args.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
+	}
= a helper that gets a structure with an owner does not stop the conversion
	struct migrate_vma args;
	set_range(&args, drv);
-	args.src_owner = drv->owner;
+	args.pgmap_owner = drv->owner;
+	args.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
= a CPU fault with an owner selects device private memory
vm_fault_t shape(struct vm_fault *vmf)
{
	struct migrate_vma args = {
		.start = vmf->address,
-		.src_owner = vmf->page->pgmap->owner,
+		.pgmap_owner = vmf->page->pgmap->owner,
+		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	return migrate_vma_setup(&args);
}
= an initializer without an owner selects system memory
	struct migrate_vma args = {
		.start = drv->start,
+		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	return migrate_vma_setup(&args); /* here */
= assignments without an owner select system memory
	struct migrate_vma args;
	memset(&args, 0, sizeof(args));
	args.dst = drv->dst;
+	args.flags = MIGRATE_VMA_SELECT_SYSTEM;
	return migrate_vma_setup(&args); /* here */
= an empty initializer and assignments without an owner select system memory
	struct migrate_vma args = {};
	args.dst = drv->dst;
+	args.flags = MIGRATE_VMA_SELECT_SYSTEM;
	return migrate_vma_setup(&args); /* here */
= each assignment of dst without an owner selects system memory
	struct migrate_vma args;
	if (drv->dst) {
		args.dst = drv->dst;
+		args.flags = MIGRATE_VMA_SELECT_SYSTEM;
	} else {
		args.dst = drv->pfns;
+		args.flags = MIGRATE_VMA_SELECT_SYSTEM;
	}
	return migrate_vma_setup(&args); /* here */
= a structure that is cleared in each round of a loop selects system memory
	struct migrate_vma args;
	while (drv->more) {
		memset(&args, 0, sizeof(args));
		args.dst = drv->dst;
+		args.flags = MIGRATE_VMA_SELECT_SYSTEM;
		if (migrate_vma_setup(&args)) /* here */
			break;
		copy_pages(&args);
		migrate_vma_finalize(&args);
	}
	return 0;
= a function that finalizes the migration in a loop does not stop the conversion
static void finish(struct migrate_vma *args)
{
	migrate_vma_pages(args);
	migrate_vma_finalize(args);
}
int shape(struct drv *drv)
{
	struct migrate_vma args = {
		.start = drv->start,
+		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	while (!migrate_vma_setup(&args)) /* here */
		finish(&args);
	return 0;
}
= the flags of one structure do not go to another structure
	struct migrate_vma args = {
		.start = drv->start,
+		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	struct migrate_vma more;
	args.dst = drv->dst;
	more.dst = drv->dst;
	migrate_later(&more);
	return migrate_vma_setup(&args); /* here */
= a converted function is left alone without a warning
	struct migrate_vma args;
	args.dst = drv->dst;
	args.flags = MIGRATE_VMA_SELECT_SYSTEM;
= a converted structure in another structure is left alone without a warning
	struct drv_mig m = { .args = { .flags = MIGRATE_VMA_SELECT_SYSTEM } };
	return migrate_vma_setup(&m.args);
= a converted array is left alone without a warning
	struct migrate_vma args[2] = { { .flags = MIGRATE_VMA_SELECT_SYSTEM } };
	return migrate_vma_setup(args);
= a call with a pointer is left alone without a warning if its caller is converted
int run(struct migrate_vma *args)
{
	return migrate_vma_setup(args);
}
int shape(struct drv *drv)
{
	struct migrate_vma args = { .flags = MIGRATE_VMA_SELECT_SYSTEM };
	return run(&args);
}
! src_owner may be NULL, for system memory, or an owner
= an owner in a variable leaves a warning
	struct migrate_vma args;
	args.src_owner = owner; /* here */
= an owner that a condition chooses leaves a warning
	struct migrate_vma args = { .src_owner = drv->in ? NULL : drv->owner }; /* here */
= an owner that a function returns leaves a warning
	struct migrate_vma args;
	args.src_owner = drv_owner(drv); /* here */
= an owner that READ_ONCE() reads leaves a warning
	struct migrate_vma args;
	args.src_owner = READ_ONCE(owner); /* here */
! src_owner is read, or is not a member of a local structure
= a read of src_owner leaves a warning
int shape(struct migrate_vma *args)
{
	return args->src_owner == NULL; /* here */
}
= an owner in a structure of the caller leaves a warning
int shape(struct migrate_vma *args, struct drv *drv)
{
	args->src_owner = drv->owner; /* here */
	return migrate_vma_setup(args);
}
= an owner in a member structure leaves a warning
	drv->args.src_owner = drv->owner; /* here */
	return migrate_vma_setup(&drv->args);
= a helper that gets the address of src_owner leaves a warning
	struct migrate_vma args;
	args.dst = drv->dst;
	set_owner(&args.src_owner, drv); /* here */
= a macro that sets src_owner leaves a warning
#define DRV_SET_OWNER(args, drv) ((args)->src_owner = (drv)->owner) /* here */
! a path to this call does not set src_owner
= an owner on one path to the call leaves a warning
	struct migrate_vma args;
	if (drv->out)
		args.src_owner = drv->owner;
	args.dst = drv->dst;
	return migrate_vma_setup(&args); /* here */
= two structures of which one has an owner leave a warning
	struct migrate_vma in = { .start = drv->start };
	struct migrate_vma out = { .src_owner = drv->owner };
	return migrate_vma_setup(&out) ||
		migrate_vma_setup(&in); /* here */
! the structure is a compound literal
= a compound literal with an owner leaves a warning
	struct migrate_vma args;
	args = (struct migrate_vma){ .src_owner = drv->owner }; /* here */
= a compound literal without an owner leaves a warning
	return migrate_vma_setup(&(struct migrate_vma){ .start = 0 }); /* here */
! the structure is nested in the initializer of another
= a nested initializer with an owner leaves a warning
	struct drv_mig m = { .args = { .src_owner = drv->owner } }; /* here */
	return migrate_vma_setup(&m.args);
= a nested designator with an owner leaves a warning
	struct drv_mig m = { .args.src_owner = drv->owner }; /* here */
	return migrate_vma_setup(&m.args);
! the structure is not a local variable
= a nested initializer without an owner leaves a warning
	struct drv_mig m = { .args = { .start = drv->start } };
	return migrate_vma_setup(&m.args); /* here */
! the structure is in an array
= an array with an initializer leaves a warning
	struct migrate_vma args[2] = { { .src_owner = drv->owner } }; /* here */
	return migrate_vma_setup(&args[0]);
= an array of unknown size leaves a warning
	struct migrate_vma args[] = { [0].src_owner = drv->owner }; /* here */
	return migrate_vma_setup(args);
= an array without an initializer leaves a warning
	struct migrate_vma args[2]; /* here */
	args[0].src_owner = drv->owner;
	return migrate_vma_setup(args + 1);
! the structure is not a local variable
= a structure of the caller without an owner leaves a warning
	return migrate_vma_setup(drv->args); /* here */
= a static structure without an owner leaves a warning
static struct migrate_vma args;
int shape(struct drv *drv)
{
	args.dst = drv->dst;
	return migrate_vma_setup(&args); /* here */
}
= a helper that sets up the structure in the call leaves a warning
	struct migrate_vma args = { .start = drv->start };
	return migrate_vma_setup(set_owner(&args, drv)); /* here */
! this copy, function, macro or pointer may set src_owner
= a helper before the call leaves a warning
	struct migrate_vma args;
	args.dst = drv->dst;
	set_owner(&args, drv); /* here */
= a helper after the migration leaves a warning for the next round of a loop
	struct migrate_vma args = { .start = drv->start };
	while (!migrate_vma_setup(&args)) {
		migrate_vma_finalize(&args);
		set_owner(&args, drv); /* here */
	}
	return 0;
= a helper that finalizes and calls a macro leaves a warning in its caller
static void finish(struct migrate_vma *args, struct drv *drv)
{
	migrate_vma_finalize(args);
	DRV_SET_OWNER(args, drv);
}
int shape(struct drv *drv)
{
	struct migrate_vma args = { .start = drv->start };
	while (!migrate_vma_setup(&args))
		finish(&args, drv); /* here */
	return 0;
}
! this function or macro may set src_owner
= a helper in the statement of the call leaves a warning
	struct migrate_vma args = { .start = drv->start };
	return set_owner(&args, drv) ? /* here */
		-ENODEV : migrate_vma_setup(&args);
! this copy, function, macro or pointer may set src_owner
= a macro that gets the structure leaves a warning
	struct migrate_vma args;
	args.dst = drv->dst;
	DRV_SET_OWNER(args, drv); /* here */
= a loop macro that gets the structure leaves a warning
	struct migrate_vma args = { .start = drv->start };
	for_each_range(args, drv) /* here */
		if (migrate_vma_setup(&args))
			return -EIO;
	return 0;
= a pointer to the structure leaves a warning
	struct migrate_vma args, *p = &args; /* here */
	args.dst = drv->dst;
	p->vma = drv->vma;
= a copy of a template leaves a warning
	struct migrate_vma args;
	args = *drv->tmpl; /* here */
	args.dst = drv->dst;
= a copy by memcpy() leaves a warning
	struct migrate_vma args;
	memcpy(&args, drv->tmpl, sizeof(args)); /* here */
	args.dst = drv->dst;
! the structure is a copy and may have an owner
= a copy as the initializer leaves a warning
	struct migrate_vma args = *drv->tmpl; /* here */
	args.dst = drv->dst;
! a path to this call does not set dst
= a structure that is cleared after its initializer leaves a warning
	struct migrate_vma args = { .start = drv->start };
	memset(&args, 0, sizeof(args));
	return migrate_vma_setup(&args); /* here */
= a path to the call that does not set dst leaves a warning
	struct migrate_vma args;
	if (drv->dst)
		args.dst = drv->dst;
	return migrate_vma_setup(&args); /* here */
! this function has two structures of this name
= two structures of one name leave a warning
	if (drv->dst) {
		struct migrate_vma args = { .start = drv->start };
		return migrate_vma_setup(&args);
	} else {
		struct migrate_vma args;
		args.dst = drv->dst;
		return migrate_vma_setup(&args); /* here */
	}
! this may be the CPU fault of a device private page
= a CPU fault without an owner leaves a warning
vm_fault_t shape(struct vm_fault *vmf)
{
	struct migrate_vma args = { .start = vmf->address }; /* here */
	return migrate_vma_setup(&args);
}
! no src_owner in this file, as before Linux 5.7
= a driver without src_owner, as before Linux 5.7, leaves a warning
	struct migrate_vma args = { .start = drv->start };
	return migrate_vma_setup(&args); /* here */
! #if may select code for another kernel version
= an #else branch for an older kernel leaves a warning
	struct migrate_vma args;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)
	args.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE;
	args.pgmap_owner = drv->owner;
#else
	args.src_owner = drv->owner; /* here */
#endif
= an #if in an initializer leaves a warning
	struct migrate_vma args = {
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
		.src_owner = drv->owner, /* here */
#else
		.pgmap_owner = drv->owner,
#endif
	};
= an #else branch that the parser hides leaves a warning
	struct migrate_vma args = {
#ifdef CONFIG_DRV_ALL
		.start = 0,
#else
		.start = drv->start,
		.src_owner = drv->owner,
#endif
	};
	return migrate_vma_setup(&args); /* here */
= a function for an older kernel leaves a warning
#ifndef HAVE_MIGRATE_VMA_FLAGS
int shape(struct drv *drv)
{
	struct migrate_vma args;
	args.src_owner = drv->owner; /* here */
	return migrate_vma_setup(&args);
}
#endif
END
# One run for all files; spatch prints no progress with --very-quiet
semantic report --dir "$work/shapes" >"$work/said"
semantic org --dir "$work/shapes" >"$work/org"
semantic context --dir "$work/shapes" >"$work/context"
ok "spatch accepts all shapes" spatch -D patch --very-quiet --no-show-diff --in-place "${options[@]}" \
	--cocci-file "$cocci" --dir "$work/shapes"
for file in "$work/shapes"/*.name; do
	shape=${file%.name}
	is "$(sed -n "s,^shapes/${shape##*/}.c:\([0-9]*\):[-0-9]*: ,\1: ,p" "$work/said"; cat "$shape.c")" \
		"$(cat "$shape.report" "$shape.wanted")" "$(cat "$file")"
done
is "$(grep -c 'TODO.*view:.*linb=' "$work/org")" "$(wc -l <"$work/said")" "org mode has an entry for each line of report mode"
is "$(sed -n 's,^--- shapes/,,p' "$work/context" | sort | paste -sd' ')" \
	"$(cut -d: -f1 "$work/said" | sed 's,shapes/,,' | sort -u | paste -sd' ')" "context mode marks code in each file that report mode names"

# coccicheck FOLDER MODE [FLAGS]: runs the kernel's own target, and prints the call of
# spatch too, so that a missing run shows.
coccicheck() {
	unset SPFLAGS DEBUG_FILE
	kmake_as guest coccicheck COCCI="$cocci" MODE="$2" M="$1" SPFLAGS="${3-}" | sed "s,$LINUX_TREE/,,g" |
		grep -E '(^|/)[a-z_0-9]+\.[ch]:[0-9]+|^[-+]|[Ff]ail|[Ee]rror|\*\*\*|^/.*spatch |^0 files'
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

# A driver that git does not track
mkdir "$LINUX_TREE/lib/untracked"
cp "$LINUX_TREE/lib/test_hmm.c" "$LINUX_TREE/lib/untracked/"
# spatch reads .cocciconfig only where make runs in the source
grep -q -- --use-gitgrep "$LINUX_TREE/.cocciconfig" || die "the kernel's .cocciconfig does not choose git grep" "docs/porting.md says that it does"
like "$(coccicheck "$LINUX_TREE/lib/untracked" report --use-gitgrep)" '^0 files' \
	"make coccicheck with the kernel's .cocciconfig finds no files in a folder that git does not track"
like "$(coccicheck "$LINUX_TREE/lib/untracked" report --use-coccigrep)" 'untracked/test_hmm.c:[0-9]+:.*src_owner' \
	"make coccicheck with SPFLAGS=--use-coccigrep reports src_owner in a driver that git does not track"
rm -r "$LINUX_TREE/lib/untracked"
go_to "$tip"
done_testing
