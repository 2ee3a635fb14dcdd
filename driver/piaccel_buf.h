/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * piaccel: a buffer, seen by what exports it and what fills it.
 */
#ifndef PIACCEL_BUF_H
#define PIACCEL_BUF_H

#include <linux/scatterlist.h>

#include "piaccel.h"

/**
 * struct piaccel_buf - memory behind one DMA-BUF
 * @node: in piaccel_bufs. Under piaccel_bufs_lock.
 * @size: bytes, whole pages
 * @flags: PIACCEL_BUF_*
 * @wc: the linear mapping was made write-combined
 * @pid: who allocated it, as the initial pid namespace sees it
 * @comm: its name then
 * @charge: what it takes of its user's quota
 * @table: the pages
 * @dma: address, for contiguous memory
 * @lock: protects @vaddr and @vmaps; held over allocations
 * @sync: protects @attachments, their @mapped, and @owned. Taken on the way to
 *	a fence's signal: nothing is allocated and no other lock taken under it.
 * @attachments: devices that use it
 * @owned: what running captures write, struct piaccel_buf_range, by offset
 * @vaddr: the kernel's mapping while @vmaps is not zero
 * @vmaps: users of @vaddr
 */
struct piaccel_buf {
	struct list_head node;
	size_t size;
	u32 flags;
	bool wc;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	struct piaccel_charge charge;
	struct sg_table table;
	dma_addr_t dma;
	struct mutex lock;	/* see above */
	struct mutex sync;	/* see above */
	struct list_head attachments;
	struct list_head owned;
	void *vaddr;
	unsigned int vmaps;
};

bool piaccel_buf_is_ours(struct dma_buf *dmabuf);
int piaccel_buf_fill(struct piaccel_buf *buf);
void piaccel_buf_free(struct piaccel_buf *buf);

#endif /* PIACCEL_BUF_H */
