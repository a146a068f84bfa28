/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/kfdsim: what a process asks of the GPUs of device.c */
#ifndef KFDSIM_H
#define KFDSIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* GPUs 0 and 1 are in one XGMI hive: they can map each other's memory */
#define KFDSIM_GPUS		3
/* The driver's name of a GPU */
#define KFDSIM_GPU_ID(gpu)	(0x1000 + (gpu))
#define KFDSIM_ATTRS		8

/* As in <linux/kfd_ioctl.h>, which includes a header of libdrm */
#define KFDSIM_SYSTEM		0
#define KFDSIM_READ_ONLY	8
enum {
	KFDSIM_PREFETCH_LOC	= 1,
	KFDSIM_ACCESS_OK	= 2,
	KFDSIM_ACCESS_IN_PLACE	= 3,
	KFDSIM_NO_ACCESS	= 4,
	KFDSIM_SET_FLAGS	= 5,
};

/**
 * struct kfdsim_svm - AMDKFD_IOC_SVM with the operation SET_ATTR
 * @start:	the first address
 * @size:	in bytes
 * @nattrs:	the number of attributes
 * @pad:	unused
 * @attrs:	&struct kfd_ioctl_svm_attribute
 */
struct kfdsim_svm {
	__u64	start;
	__u64	size;
	__u32	nattrs;
	__u32	pad;
	struct {
		__u32	type;
		__u32	value;
	} attrs[KFDSIM_ATTRS];
};

/**
 * struct kfdsim_access - let a GPU read or write memory of the opener of the file
 * @start:	the first address
 * @size:	in bytes
 * @buffer:	receives the data read, or has the data to write
 * @gpu:	the GPU
 * @write:	write, instead of read
 * @local:	returns the number of pages in memory of this GPU
 * @remote:	returns the number of pages in memory of another GPU
 * @faults:	returns the number of GPU faults
 * @pad:	unused
 */
struct kfdsim_access {
	__u64	start;
	__u64	size;
	__u64	buffer;
	__u32	gpu;
	__u32	write;
	__u32	local;
	__u32	remote;
	__u32	faults;
	__u32	pad;
};

/**
 * struct kfdsim_counts - counts of a GPU, and of the opener of the file
 * @gpu:	the GPU
 * @quiesced:	how often the queues of the process were stopped
 * @resumed:	how often they were started again
 * @flushes:	TLB flushes of this GPU for the process
 * @pages:	pages of this GPU's memory that are in use now
 * @buffers:	buffers that are in use now
 * @to_device:	pages copied to this GPU's memory
 * @from_device: pages copied from this GPU's memory
 * @mapped:	pages that are mapped on this GPU for the process
 * @reserved:	bytes that the driver has reserved
 * @usage:	bytes of this GPU's memory that the driver counts for the process
 */
struct kfdsim_counts {
	__u32	gpu;
	__u32	quiesced;
	__u32	resumed;
	__u32	flushes;
	__u64	pages;
	__u64	buffers;
	__u64	to_device;
	__u64	from_device;
	__u64	mapped;
	__s64	reserved;
	__s64	usage;
};

/**
 * struct kfdsim_fail - let the next calls of the driver fail
 * @copies:	the nth next copy fails; 0: none
 * @jobs:	the nth next job, which fills the GART, cannot be allocated
 * @buffers:	the nth next buffer cannot be allocated
 * @late:	copies are made when the driver waits for their fence, not before
 */
struct kfdsim_fail {
	__u32	copies;
	__u32	jobs;
	__u32	buffers;
	__u32	late;
};

#define KFDSIM_SVM	_IOW('k', 1, struct kfdsim_svm)
#define KFDSIM_ACCESS	_IOWR('k', 2, struct kfdsim_access)
#define KFDSIM_COUNTS	_IOWR('k', 3, struct kfdsim_counts)
#define KFDSIM_FAIL	_IOW('k', 4, struct kfdsim_fail)
/* Evict all memory of GPU arg, as for other users. Returns: buffers that stay */
#define KFDSIM_EVICT	_IO('k', 5)
/* Turn XNACK, the retry of GPU faults, on or off */
#define KFDSIM_XNACK	_IO('k', 6)

#endif /* KFDSIM_H */
