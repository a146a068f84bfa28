/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/* The ioctls of /dev/uvsim: see README.md. */
#ifndef UVSIM_H
#define UVSIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

enum uvsim_op {
	UVSIM_INIT_START,
	UVSIM_INIT_DONE,
	UVSIM_INIT_ABORT,
	UVSIM_PAGE_IN,
	UVSIM_PAGE_OUT,
};

/**
 * struct uvsim_hcall - a hypercall H_SVM_* by the ultravisor
 * @op: (in) which one: enum uvsim_op
 * @gpa: (in) address of the page in the VM, in bytes
 * @flags: (in) flags of the hypercall, such as H_PAGE_IN_SHARED
 * @ret: (out) what the hypercall returns: H_SUCCESS or an error
 */
struct uvsim_hcall {
	__u64	op;
	__u64	gpa;
	__u64	flags;
	__s64	ret;
};

/**
 * struct uvsim_peek - the content of a secure page
 * @gpa: (in) address of the page in the VM, in bytes
 * @buffer: (in) address of a buffer of one page, which receives the content
 */
struct uvsim_peek {
	__u64	gpa;
	__u64	buffer;
};

/**
 * struct uvsim_fail - let an ultracall fail without an effect
 * @opcode: (in) opcode of the ultracall, such as UV_PAGE_IN
 * @nth: (in) which one of the next ultracalls with that opcode; 0: none
 * @ret: (in) what the ultracall returns
 */
struct uvsim_fail {
	__u64	opcode;
	__u64	nth;
	__s64	ret;
};

/**
 * struct uvsim_counts - ultracalls since the module was loaded, and pages now
 * @page_in: (out) UV_PAGE_IN
 * @page_out: (out) UV_PAGE_OUT
 * @page_inval: (out) UV_PAGE_INVAL
 * @register_slot: (out) UV_REGISTER_MEM_SLOT
 * @unregister_slot: (out) UV_UNREGISTER_MEM_SLOT
 * @terminate: (out) UV_SVM_TERMINATE
 * @unknown: (out) ultracalls with any other opcode
 * @secure: (out) pages of this VM in secure memory
 * @device: (out) device pages of all VMs that KVM has taken out of its pool
 * @data_freed: (out) device pages whose zone_device_data KVM has freed
 * @released_early: (out) device pages that were back in KVM's pool when KVM
 *		    freed their zone_device_data
 */
struct uvsim_counts {
	__u64	page_in;
	__u64	page_out;
	__u64	page_inval;
	__u64	register_slot;
	__u64	unregister_slot;
	__u64	terminate;
	__u64	unknown;
	__u64	secure;
	__u64	device;
	__u64	data_freed;
	__u64	released_early;
};

/* Bind this file to the VM of a KVM file descriptor; once only */
#define UVSIM_BIND	_IOW('u', 1, __s32)
#define UVSIM_HCALL	_IOWR('u', 2, struct uvsim_hcall)
#define UVSIM_PEEK	_IOW('u', 3, struct uvsim_peek)
#define UVSIM_FAIL	_IOW('u', 4, struct uvsim_fail)
#define UVSIM_COUNTS	_IOR('u', 5, struct uvsim_counts)
/*
 * Let the next CPU fault on a device page keep its reference, and drop the
 * reference
 */
#define UVSIM_GET	_IO('u', 6)
#define UVSIM_PUT	_IO('u', 7)

#endif /* UVSIM_H */
