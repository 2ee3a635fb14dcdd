/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * A device that uses DMA-BUFs and does not see the CPU's memory, for tests:
 * control interface of importer.ko at /dev/importer.
 *
 * Each open file is one attachment. Its device works on a memory of its own,
 * which takes the buffer's bytes when the buffer is mapped, and then only by
 * syncs: for the device, of the part named, from the CPU's pages; for the CPU,
 * back into them. pread() and pwrite() are the device's accesses.
 */
#ifndef IMPORTER_H
#define IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Attach and map a DMA-BUF for both directions; once for each open file. */
#define IMPORTER_ATTACH		_IOW('M', 0, __s32)

/**
 * struct importer_syncs - what the attachment was asked for since it was made
 * @to_device: syncs for the device
 * @to_cpu: syncs for the CPU
 * @bytes_to_device: bytes of them together
 * @bytes_to_cpu: bytes of them together
 */
struct importer_syncs {
	__u64 to_device;
	__u64 to_cpu;
	__u64 bytes_to_device;
	__u64 bytes_to_cpu;
};

#define IMPORTER_SYNCS		_IOR('M', 1, struct importer_syncs)

#endif /* IMPORTER_H */
