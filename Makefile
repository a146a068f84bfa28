# SPDX-License-Identifier: GPL-2.0-only
# A target runs the script of its name in scripts/ unless its recipe names another, after
# the targets that the script depends on.  Each script can be run alone, and --help
# explains the script.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# BASE is an alias of QUEUE
QUEUE ?= $(or $(BASE),5.10)
unexport BASE
ARCH ?= x86_64
FLAVOUR ?= plain
ACCEL ?= auto
TIMEOUT ?= $(if $(filter debug,$(FLAVOUR)),1800,900)
CMD ?= hmm-tests
SECONDS ?= 60
export QUEUE ARCH FLAVOUR LINUX REVERT ACCEL V VERSION KERNEL_TARBALL TIMEOUT TREE CMD \
	REROLL MAINTAINERS SERIES CONFIG SUFFIX FILE FORCE SEED DRIVER

queues := $(sort $(patsubst patches/%/source.mk,%,$(wildcard patches/*/source.mk)))
ifeq ($(filter $(QUEUE),$(queues) all),)
$(error QUEUE=$(QUEUE) is no queue; choose one of: $(queues), or all)
endif
pinned = $(shell sed -n 's/^$1 = //p' patches/$(QUEUE)/source.mk 2>/dev/null)

run:    ## fetch, patch, build, boot, run hmm-tests, and print the verdict
check:  ## run all tests except the long tests; TESTS='boot guest ...' chooses some
check-long: ## run the long tests (hours): boot each patch, all architectures, debug flavour
tree:   ## make or update the git tree build/$(QUEUE)/linux from tarball and patches
diff:   ## show the whole change, or that of one file: FILE=mm/migrate.c
log:    ## list the queue's commits, or those that touch one file: FILE=
export: ## write the commits of build/$(QUEUE)/linux as patches
kernel: ## build the kernel from build/$(QUEUE)/linux
selftests: ## build hmm-tests, and hmm-stress if the queue has it
boot:   ## build and boot the kernel, and run CMD in the guest
reboot: ## boot the kernel again without building, and run CMD
shell:  ## boot to a prompt in the guest, with test_hmm loaded
stress: ## migrate memory while other threads change it: SECONDS=, SEED=
standin: ## run a driver on a stand-in for its hardware: DRIVER=nouveau, LINUX=dir
bench:  ## measure all queues and their bases: a table and a picture
send:   ## write the mails for the lists, to look at; send none
apply:  ## apply the queue, or SERIES=, to your own git tree of Linux: LINUX=dir
deb:    ## build Debian packages of your patched tree: LINUX=dir, CONFIG=file
clean:  ## remove all builds; keep the kernel trees
distclean: ## remove builds and kernel trees, if all work in them is exported

# step NAME,COMMAND: runs the command and records its seconds for the summary of make run
steps := build/steps-$(QUEUE)
step = @mkdir -p build && began=$$(date +%s) && $2 && echo "$1 $$(($$(date +%s) - began))" >>$(steps)

# A stand-in runs on one architecture
standins := $(sort $(patsubst standin/%/standin.mk,%,$(wildcard standin/*/standin.mk)))
ifneq ($(filter standin,$(MAKECMDGOALS)),)
ifeq ($(filter $(DRIVER),$(standins)),)
$(error DRIVER=$(DRIVER) is no stand-in; choose one of: $(standins))
endif
override ARCH := $(shell sed -n 's/^ARCH = //p' standin/$(DRIVER)/standin.mk)
endif

# Sets of packages for scripts/deps; each set includes those of run
sets := check:check prepare:check check-long:long send:send
packages := $(or $(patsubst $(firstword $(MAKECMDGOALS)):%,%,$(filter $(firstword $(MAKECMDGOALS)):%,$(sets))),run $(ARCH))

deps:
	@rm -f $(steps)
	$(call step,deps,scripts/deps $(packages))

ifeq ($(QUEUE),all)
ifneq ($(VERSION)$(KERNEL_TARBALL),)
$(error VERSION and KERNEL_TARBALL are of one kernel: name its queue with QUEUE=)
endif
run tree diff log export kernel selftests boot reboot stress send:
	@for queue in $(queues); do $(MAKE) --no-print-directory QUEUE=$$queue $@ || exit; done
prepare: deps
	@for queue in $(queues); do $(MAKE) --no-print-directory QUEUE=$$queue prepare || exit; done
shell apply deb standin:
	@echo '$@ takes one queue: QUEUE=$(firstword $(queues)), say' >&2; exit 2
else
# A verdict is about the patches, so the tree must match them unless TREE=keep.  The
# other targets build the tree as it stands, for work in progress.
ifeq ($(filter run check check-long prepare tree,$(MAKECMDGOALS)),)
TREE := keep
endif

# Each step depends on the step before it, so that no boot takes a stale kernel
tree: deps
	$(call step,tree,$(if $(LINUX_TREE),echo '$(LINUX_TREE) as it stands' >&2,scripts/tree))
kernel: tree
	$(call step,kernel,scripts/kernel)
selftests: kernel
	$(call step,selftests,scripts/selftests)
prepare: selftests
run: selftests
	@STEPS=$(steps) scripts/run
boot: selftests reboot
reboot:
	@scripts/boot -- "$$CMD"
shell: selftests
	@scripts/boot --shell
stress: selftests
	@SECONDS='$(SECONDS)' scripts/stress
diff log send: tree
	@scripts/$@
standin: $(if $(LINUX),deps,tree)
	@scripts/standin
apply deb export:
	@scripts/$@
endif

# Targets share folders below build/, so -j must not run two at once
.NOTPARALLEL:

room:
	@scripts/room check
check: room prepare
	@scripts/check $(TESTS)
check-long: prepare
	@scripts/check --long $(TESTS)
bench clean:
	@scripts/$@
distclean:
	@scripts/clean --all

help:
	@echo 'Targets:'
	@sed -n 's/^\([a-z-]*\): *## \(.*\)/  \1 \2/p' Makefile | sed 's/$$(QUEUE)/$(QUEUE)/' | \
		while read -r target text; do printf '  %-10s %s\n' "$$target" "$$text"; done
	@echo
	@echo 'Variables, with the values they have now:'
	@printf '  %-15s %-14s %s\n' \
		QUEUE '$(QUEUE)' 'which queue: $(queues), or all' \
		ARCH '$(ARCH)' 'which architecture: $(call pinned,ARCHES)' \
		FLAVOUR '$(FLAVOUR)' 'plain, or debug: KASAN, lockdep, DEBUG_VM, kmemleak' \
		VERSION '$(or $(VERSION),$(call pinned,VERSION))' 'which version of $(call pinned,PACKAGE)' \
		KERNEL_TARBALL '$(KERNEL_TARBALL)' 'your own tarball, instead of a download' \
		TESTS '$(TESTS)' 'which tests check and check-long run' \
		TREE '$(TREE)' 'keep: build the tree as it stands (run, check)' \
		ACCEL '$(ACCEL)' 'how QEMU runs: auto, kvm, tcg' \
		TIMEOUT '$(TIMEOUT)' 'seconds after which a guest counts as hung' \
		CMD '$(CMD)' 'the command that boot runs in the guest' \
		SECONDS '$(SECONDS)' 'how many seconds stress runs' \
		SEED '$(SEED)' 'seed of the choices of stress; by default random' \
		DRIVER '$(DRIVER)' 'which stand-in runs: $(standins)' \
		KERNEL '$(KERNEL)' 'guest: a stand-in boots the kernel of run, not its own' \
		SERIES '$(SERIES)' 'which series send writes, or apply applies; by default all' \
		FILE '$(FILE)' 'which file of the kernel diff and log show' \
		REROLL '$(REROLL)' 'which version of a series send writes; by default the first' \
		MAINTAINERS '$(MAINTAINERS)' 'a newer MAINTAINERS than that of the tree (send)' \
		LINUX '$(LINUX)' 'your git tree of Linux, for apply, deb and standin' \
		REVERT '$(REVERT)' '1: apply patches/$(QUEUE)/revert first (apply)' \
		CONFIG '$(CONFIG)' 'the kernel configuration that deb builds' \
		SUFFIX '$(SUFFIX)' 'end of the version of the packages; by default -migrate-vma' \
		V '$(V)' '1: show all output of the build'

.PHONY: help room deps prepare run check check-long tree diff log export kernel selftests boot reboot \
	shell stress standin bench send apply deb clean distclean
