/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/gpusim: what a process asks of the GPUs of device.c */
#ifndef GPUSIM_H
#define GPUSIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define GPUSIM_GPUS	2

/**
 * struct gpusim_migrate - migrate a range to the memory of a GPU
 * @start:		the first address, of this process
 * @end:		the address behind the range
 * @gpu:		the GPU
 * @same_pagemap:	pages of this GPU may be copied, too
 * @timeslice_ms:	CPU faults bring back no page for so long
 */
struct gpusim_migrate {
	__u64	start;
	__u64	end;
	__u32	gpu;
	__u32	same_pagemap;
	__u64	timeslice_ms;
};

/**
 * struct gpusim_access - let a GPU read or write memory of the opener of the file
 * @start:	the first address
 * @size:	in bytes
 * @buffer:	receives the data read, or has the data to write
 * @gpu:	the GPU
 * @write:	write, instead of read
 * @migrate:	a GPU fault migrates its range to the GPU first
 * @local:	returns the number of pages in memory of this GPU
 * @remote:	returns the number of pages in memory of another GPU
 * @pad:	unused
 */
struct gpusim_access {
	__u64	start;
	__u64	size;
	__u64	buffer;
	__u32	gpu;
	__u32	write;
	__u32	migrate;
	__u32	local;
	__u32	remote;
	__u32	pad;
};

/**
 * struct gpusim_counts - counts of a GPU
 * @gpu:		the GPU
 * @pagemaps:		struct drm_pagemap that exist now
 * @pages:		pages of its memory that are in use now
 * @buffers:		buffers that are in use now
 * @created:		struct drm_pagemap that have been created
 * @to_device:		pages copied to its memory
 * @from_device:	pages copied from its memory
 */
struct gpusim_counts {
	__u32	gpu;
	__u32	pagemaps;
	__u64	pages;
	__u64	buffers;
	__u64	created;
	__u64	to_device;
	__u64	from_device;
};

/**
 * struct gpusim_fail - let the next copies fail
 * @to_device:		the nth next copy to a GPU fails; 0: none
 * @from_device:	the nth next copy from a GPU fails; 0: none
 */
struct gpusim_fail {
	__u32	to_device;
	__u32	from_device;
};

#define GPUSIM_MIGRATE	_IOW('g', 1, struct gpusim_migrate)
#define GPUSIM_ACCESS	_IOWR('g', 2, struct gpusim_access)
#define GPUSIM_COUNTS	_IOWR('g', 3, struct gpusim_counts)
#define GPUSIM_FAIL	_IOW('g', 4, struct gpusim_fail)
/* Bring all memory of GPU arg back to system memory */
#define GPUSIM_EVICT	_IO('g', 5)

#endif /* GPUSIM_H */
