/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * piaccel: compute buffers and GPIO lines through one character device.
 *
 * Rules of this interface: every object is a file descriptor and lives as long
 * as it; every field has a fixed size; structs are padded to 64 bits by hand;
 * padding and unknown flags must be zero (-EINVAL); an unknown ioctl is
 * -ENOTTY; deadlines are absolute CLOCK_MONOTONIC nanoseconds. A struct may
 * grow at its end: the kernel takes the size a caller was built with, reads the
 * missing tail as zero, and refuses a longer one (-E2BIG) unless its tail is
 * zero.
 */
#ifndef _LINUX_PIACCEL_H
#define _LINUX_PIACCEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Grows by one when an existing meaning changes; additions set a feature. */
#define PIACCEL_ABI 1

/**
 * struct piaccel_info - what this module is and can do
 * @abi: PIACCEL_ABI of the module
 * @page_size: bytes of a page; buffer sizes are rounded up to it
 * @features: PIACCEL_FEATURE_* bits, one for each part that is present
 */
struct piaccel_info {
	__u32 abi;
	__u32 page_size;
	__u64 features;
};

#define PIACCEL_IOC_MAGIC 0xB7

#define PIACCEL_GET_INFO _IOR(PIACCEL_IOC_MAGIC, 0x00, struct piaccel_info)

#endif /* _LINUX_PIACCEL_H */
