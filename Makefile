# SPDX-License-Identifier: GPL-2.0-only
# The front door: every target is a script of the same name in scripts/, which
# can be run alone and explains itself with --help.

.DEFAULT_GOAL := help

# Which queues are checked: all of them, unless somebody has named one
checked := $(if $(filter-out undefined,$(origin BASE)),$(BASE))
BASE ?= 5.10
ARCH ?= x86_64
FLAVOUR ?= plain
ACCEL ?= auto
TIMEOUT ?= $(if $(filter debug,$(FLAVOUR)),900,300)
CMD ?= hmm-tests
SECONDS ?= 60
export BASE ARCH FLAVOUR LINUX WITH_BASE ACCEL V VERSION KERNEL_TARBALL TIMEOUT TREE CMD \
	REROLL MAINTAINERS PART CONFIG SUFFIX

bases := $(patsubst kernels/%.mk,%,$(wildcard kernels/*.mk))
ifeq ($(filter $(BASE),$(bases)),)
$(error BASE=$(BASE) is not a kernel that we have a queue for; choose one of: $(bases))
endif
pinned = $(shell sed -n 's/^$1 = //p' kernels/$(BASE).mk)

run:    ## from nothing: fetch, patch, build, boot, run hmm-tests, sum up
check:  ## everything that must hold; TESTS='boot guest ...' for some of it
check-long: ## what takes hours: other architectures, each patch booted, debug flavour, long stress
tree:   ## make or update build/$(BASE)/linux from tarball and patches
export: ## write the commits of build/$(BASE)/linux as patches
kernel: ## build the kernel from build/$(BASE)/linux
boot:   ## boot it and run CMD in the guest
bench:  ## figures of both queues and what they are based on, a table and a picture
stress: ## migrate while all else is done to memory: SECONDS=, SEED=
shell:  ## boot it to a prompt, with test_hmm loaded
send:   ## what would go to the lists, as mails to look at; sends nothing
apply:  ## apply the queue to your own git tree of Linux (LINUX=dir)
deb:    ## Debian packages of the patched kernel, from your own CONFIG=file (LINUX=dir)
clean:  ## remove what was built; never a kernel tree
distclean: ## the kernel trees too, if everything in them is exported

run tree export kernel apply clean bench send deb:
	@scripts/$@

check:
	@BASE='$(checked)' scripts/check $(TESTS)

check-long:
	@BASE='$(checked)' scripts/check --long $(TESTS)

boot:
	@scripts/selftests
	@scripts/boot -- "$$CMD"

stress:
	@scripts/selftests
	@SECONDS='$(SECONDS)' SEED='$(SEED)' scripts/stress

shell:
	@scripts/boot --shell

distclean:
	@scripts/clean --all

help:
	@echo 'Targets:'
	@sed -n 's/^\([a-z-]*\): *## \(.*\)/  \1 \2/p' Makefile | sed 's/$$(BASE)/$(BASE)/' | \
		while read -r target text; do printf '  %-10s %s\n' "$$target" "$$text"; done
	@echo
	@echo 'Variables, with the values they have now:'
	@printf '  %-15s %-14s %s\n' \
		BASE '$(BASE)' 'which queue: $(bases)' \
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
		PART '$(PART)' 'which part of the series send makes: patches/$(BASE)/parts' \
		REROLL '$(REROLL)' 'which version of the series send makes; by default the first' \
		MAINTAINERS '$(MAINTAINERS)' 'a newer MAINTAINERS than the tree has (send)' \
		LINUX '$(LINUX)' 'the tree of yours that apply, and deb, work on' \
		WITH_BASE '$(WITH_BASE)' '1: apply patches/$(BASE)/base first (apply)' \
		CONFIG '$(CONFIG)' 'the configuration that deb takes' \
		SUFFIX '$(SUFFIX)' 'ends the version of what deb builds; by default -migrate-vma' \
		V '$(V)' '1: show everything that the build prints'

.PHONY: help run check check-long tree export kernel boot stress bench shell send deb apply clean distclean
