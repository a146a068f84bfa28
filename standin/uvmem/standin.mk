# SPDX-License-Identifier: GPL-2.0-only
# For scripts/standin: the queues whose kernels have this driver, the architecture of the
# guest, and the files of the driver that run
QUEUES = 5.10 7.3
ARCH = ppc64le
SOURCES = arch/powerpc/kvm/book3s_hv_uvmem.c
# Symbols whose addresses the module gets from /proc/kallsyms
SYMBOLS = patch_instruction kvmppc_h_svm_init_start kvmppc_h_svm_init_done kvmppc_h_svm_init_abort kvmppc_h_svm_page_in kvmppc_h_svm_page_out kvmppc_uvmem_bitmap kvmppc_uvmem_pgmap
# Functions that the module looks at with kprobes; a|b is a function with either name
PROBES = kvmppc_pseries_do_hcall kvmppc_uvmem_page_free|kvmppc_uvmem_folio_free kvmppc_uvmem_migrate_to_ram kfree
# Without this name in the driver, the stand-in must not boot
RENAMED = kvmppc_uvmem_pgmap
# The default CPU of QEMU 7.2 panics in KVM_RUN
QEMU_ARGS = -cpu power10 -machine cap-nested-hv=on
