/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef DRIVER_UAPI_H
#define DRIVER_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Page-aligned addresses of the caller; @end is the first byte behind the range. */
struct my_range {
	__u64	start;
	__u64	end;
};

/* Populates the aligned 2 MiB around @start. MY_PREFETCH and MY_EVICT take the range as it is. */
#define MY_POPULATE	_IOW('m', 0, struct my_range)
#define MY_PREFETCH	_IOW('m', 1, struct my_range)
#define MY_EVICT	_IOW('m', 2, struct my_range)
/* Returns the number of device pages in use. */
#define MY_USED		_IO('m', 3)

#endif
