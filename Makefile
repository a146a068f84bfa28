# SPDX-License-Identifier: GPL-2.0-only
# The front door and the graph: a target runs the script of its name in scripts/,
# after the targets that it depends on.  Each script can be run alone, and explains
# itself with --help.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# BASE is another name for QUEUE
QUEUE ?= $(or $(BASE),5.10)
unexport BASE
ARCH ?= x86_64
FLAVOUR ?= plain
ACCEL ?= auto
TIMEOUT ?= $(if $(filter debug,$(FLAVOUR)),1800,900)
CMD ?= hmm-tests
SECONDS ?= 60
export QUEUE ARCH FLAVOUR LINUX REVERT ACCEL V VERSION KERNEL_TARBALL TIMEOUT TREE CMD \
	REROLL MAINTAINERS SERIES CONFIG SUFFIX FILE FORCE SEED

queues := $(sort $(patsubst patches/%/source.mk,%,$(wildcard patches/*/source.mk)))
ifeq ($(filter $(QUEUE),$(queues) all),)
$(error QUEUE=$(QUEUE) is no queue; choose one of: $(queues), or all)
endif
pinned = $(shell sed -n 's/^$1 = //p' patches/$(QUEUE)/source.mk 2>/dev/null)

run:    ## from nothing: fetch, patch, build, boot, run hmm-tests, sum up
check:  ## everything that must hold; TESTS='boot guest ...' for some of it
check-long: ## hours: other architectures, each patch booted, debug flavour, long stress
tree:   ## make or update build/$(QUEUE)/linux from tarball and patches
diff:   ## all that the queue changes, or in one file: FILE=mm/migrate.c
log:    ## the queue's commits, or those that touch one file: FILE=
export: ## write the commits of build/$(QUEUE)/linux as patches
kernel: ## build the kernel from build/$(QUEUE)/linux
selftests: ## build hmm-tests for it
boot:   ## boot it and run CMD in the guest
reboot: ## the same without building anything
shell:  ## boot it to a prompt, with test_hmm loaded
stress: ## migrate while all else is done to memory: SECONDS=, SEED=
bench:  ## figures of all queues and what they are based on, a table and a picture
send:   ## mails that would go to the lists, to look at; sends nothing
apply:  ## apply the queue, or SERIES=, to your own git tree of Linux (LINUX=dir)
deb:    ## Debian packages of the patched kernel, from your own CONFIG=file (LINUX=dir)
clean:  ## remove what was built; never a kernel tree
distclean: ## the kernel trees too, if everything in them is exported

# step NAME,COMMAND: runs it, and notes how many seconds it took
steps := build/steps-$(QUEUE)
step = @mkdir -p build && began=$$(date +%s) && $2 && echo "$1 $$(($$(date +%s) - began))" >>$(steps)

# Which packages; each set has those of run
sets := check:check prepare:check check-long:long send:send deb:deb
packages := $(or $(patsubst $(firstword $(MAKECMDGOALS)):%,%,$(filter $(firstword $(MAKECMDGOALS)):%,$(sets))),run $(ARCH))

deps:
	@rm -f $(steps)
	$(call step,deps,scripts/deps $(packages))

ifeq ($(QUEUE),all)
ifneq ($(VERSION)$(KERNEL_TARBALL),)
$(error VERSION and KERNEL_TARBALL are of one kernel: name its queue with QUEUE=)
endif
# One queue after the other
run tree diff log export kernel selftests boot reboot stress send:
	@for queue in $(queues); do $(MAKE) --no-print-directory QUEUE=$$queue $@ || exit; done
prepare: deps
	@for queue in $(queues); do $(MAKE) --no-print-directory QUEUE=$$queue prepare || exit; done
shell apply deb:
	@echo '$@ takes one queue: QUEUE=$(firstword $(queues)), say' >&2; exit 2
else
# A verdict is about the patches, unless TREE=keep.  What somebody tries out is built
# as the tree stands.
ifeq ($(filter run check check-long prepare tree,$(MAKECMDGOALS)),)
TREE := keep
endif

# The order of all steps
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
apply deb export:
	@scripts/$@
endif

# One after the other, whatever -j says: two of them would use one folder
.NOTPARALLEL:

check: prepare
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
		FLAVOUR '$(FLAVOUR)' 'plain, or debug: the kernel checks all it can' \
		VERSION '$(or $(VERSION),$(call pinned,VERSION))' 'which version of $(call pinned,PACKAGE)' \
		KERNEL_TARBALL '$(KERNEL_TARBALL)' 'a tarball of yours instead of a download' \
		TESTS '$(TESTS)' 'which tests check and check-long run' \
		TREE '$(TREE)' 'keep: build the tree as it stands (run, check)' \
		ACCEL '$(ACCEL)' 'how QEMU runs: auto, kvm, tcg' \
		TIMEOUT '$(TIMEOUT)' 'seconds until a guest counts as hung' \
		CMD '$(CMD)' 'what boot runs in the guest' \
		SECONDS '$(SECONDS)' 'how long stress runs' \
		SEED '$(SEED)' 'what stress does, in which order; by default any' \
		SERIES '$(SERIES)' 'which series send makes, or apply applies; by default all' \
		FILE '$(FILE)' 'which file of the kernel diff and log show' \
		REROLL '$(REROLL)' 'which version of a series send makes; by default the first' \
		MAINTAINERS '$(MAINTAINERS)' 'a newer MAINTAINERS than the tree has (send)' \
		LINUX '$(LINUX)' 'the tree of yours that apply, and deb, work on' \
		REVERT '$(REVERT)' '1: apply patches/$(QUEUE)/revert first (apply)' \
		CONFIG '$(CONFIG)' 'the configuration that deb takes' \
		SUFFIX '$(SUFFIX)' 'ends the version of what deb builds; by default -migrate-vma' \
		V '$(V)' '1: show everything that the build prints'

.PHONY: help deps prepare run check check-long tree diff log export kernel selftests boot reboot \
	shell stress bench send apply deb clean distclean
