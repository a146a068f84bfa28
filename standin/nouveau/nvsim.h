/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* The ioctls of /dev/nvsim: see README.md. A file is a process of the GPU. */
#ifndef NVSIM_H
#define NVSIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct nvsim_range - a range of the process's memory
 * @start: (in) first address
 * @end: (in) address behind the range
 */
struct nvsim_range {
	__u64	start;
	__u64	end;
};

/**
 * struct nvsim_access - let the GPU read or write
 * @start: (in) address in the process
 * @size: (in) bytes, at most NVSIM_ACCESS_MAX
 * @buffer: (in) address of the data that is written, or receives what is read
 * @write: (in) 1: write, 0: read
 * @fault: (in) 1: raise a GPU fault where nothing is mapped, 0: end with -EFAULT
 * @vram: (out) pages whose data was in VRAM
 */
struct nvsim_access {
	__u64	start;
	__u64	size;
	__u64	buffer;
	__u32	write;
	__u32	fault;
	__u64	vram;
};

#define NVSIM_ACCESS_MAX	(16u << 20)

/**
 * struct nvsim_counts - the GPU's page table, and events since the module was loaded
 * @mapped: (out) pages that the GPU maps for this process
 * @mapped_vram: (out) those of these that are in VRAM
 * @cleared: (out) mappings that NVIF_VMM_V0_PFNCLR has removed
 * @copies: (out) copies of the copy engine
 * @clears: (out) pages that the copy engine has cleared
 * @faults: (out) GPU faults
 * @cancels: (out) GPU faults that nouveau has cancelled
 * @refused: (out) NVIF_VMM_V0_PFNMAP with bad arguments
 */
struct nvsim_counts {
	__u64	mapped;
	__u64	mapped_vram;
	__u64	cleared;
	__u64	copies;
	__u64	clears;
	__u64	faults;
	__u64	cancels;
	__u64	refused;
};

/**
 * struct nvsim_mode - how the copy engine works
 * @fail_copy: (in) which of the next copies or clears fails; 0: none
 * @late: (in) 1: a copy is made when its fence is waited for, 0: when the fence
 *	  is emitted
 */
struct nvsim_mode {
	__u32	fail_copy;
	__u32	late;
};

/* Migrate a range to VRAM: DRM_IOCTL_NOUVEAU_SVM_BIND */
#define NVSIM_BIND	_IOW('n', 1, struct nvsim_range)
#define NVSIM_ACCESS	_IOWR('n', 2, struct nvsim_access)
#define NVSIM_COUNTS	_IOR('n', 3, struct nvsim_counts)
#define NVSIM_MODE	_IOW('n', 4, struct nvsim_mode)

#endif /* NVSIM_H */
