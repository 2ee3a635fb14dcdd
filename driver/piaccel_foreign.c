// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: a stream's part of a buffer, handed to the devices or to the CPU.
 *
 * For a buffer of ours each attached device is asked. Another exporter's calls
 * for that concern the whole buffer, take its locks and may allocate: no fence
 * can wait for them, and a running capture does not survive them. The pages
 * behind its mapping are cleaned instead, and none of its locks is needed.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "piaccel_buf.h"
#include "piaccel_stream.h"

static struct page *piaccel_page_at(void *addr)
{
	unsigned long pfn;

	if (!is_vmalloc_addr(addr))
		return virt_addr_valid(addr) ? virt_to_page(addr) : NULL;
	pfn = vmalloc_to_pfn(addr);
	return pfn_valid(pfn) ? pfn_to_page(pfn) : NULL;
}

static int piaccel_foreign_table(struct piaccel_stream *s, size_t size)
{
	unsigned int i, n, off = offset_in_page(s->base);
	struct page **pages;
	int ret = 0;

	n = DIV_ROUND_UP(off + size, PAGE_SIZE);
	pages = kvmalloc_array(n, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < n && !ret; i++) {
		pages[i] = piaccel_page_at(s->base - off + i * PAGE_SIZE);
		if (!pages[i])
			ret = -EOPNOTSUPP;
	}
	if (!ret)
		ret = sg_alloc_table_from_pages(&s->foreign, pages, n, 0,
						(size_t)n << PAGE_SHIFT,
						GFP_KERNEL_ACCOUNT);
	kvfree(pages);
	return ret;
}

/**
 * piaccel_foreign_map() - find the pages of a buffer that is not ours
 * @s: a stream, its buffer mapped into the kernel
 *
 * Return: 0, too where nothing has to be done; -ENOMEM; -EOPNOTSUPP: it is not
 * made of pages.
 */
int piaccel_foreign_map(struct piaccel_stream *s)
{
	int ret;

	if (piaccel_buf_is_ours(s->dmabuf))
		return 0;
	ret = piaccel_foreign_table(s, s->total * s->sample_size);
	if (ret)
		return ret;
	/* The exporter has just been told that the CPU is about to access it. */
	ret = dma_map_sgtable(piaccel_dev, &s->foreign, DMA_BIDIRECTIONAL,
			      DMA_ATTR_SKIP_CPU_SYNC);
	if (ret)
		sg_free_table(&s->foreign);
	return ret;
}

void piaccel_foreign_unmap(struct piaccel_stream *s)
{
	if (!s->foreign.sgl)
		return;
	/* And it will be told that the CPU has ended. */
	dma_unmap_sgtable(piaccel_dev, &s->foreign, DMA_BIDIRECTIONAL,
			  DMA_ATTR_SKIP_CPU_SYNC);
	sg_free_table(&s->foreign);
}

/**
 * piaccel_stream_hand_over() - a part of a stream's bytes changes its owner
 * @s: the stream
 * @first: first byte, counted from the stream's first
 * @len: bytes, not zero
 * @for_device: to the devices, else to the CPU
 *
 * A fence may wait for it: nothing is allocated, and no lock taken under which
 * anything is.
 */
void piaccel_stream_hand_over(struct piaccel_stream *s, u64 first, u64 len,
			      bool for_device)
{
	if (piaccel_buf_sync(s->dmabuf, s->offset + first, len, for_device))
		return;
	if (for_device)
		flush_kernel_vmap_range(s->base + first, len);
	else
		invalidate_kernel_vmap_range(s->base + first, len);
	piaccel_table_sync(piaccel_dev, &s->foreign, DMA_BIDIRECTIONAL,
			   offset_in_page(s->base) + first, len, for_device);
}
