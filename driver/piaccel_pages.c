// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the memory of a buffer.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#ifdef CONFIG_X86
#include <asm/set_memory.h>
#endif

#include "piaccel_buf.h"

/*
 * x86 wants one memory type for all mappings of a page. Elsewhere the linear
 * mapping stays cached and is not touched while the buffer lives.
 */
static int piaccel_buf_set_wc(struct piaccel_buf *buf)
{
#ifdef CONFIG_X86
	struct scatterlist *sg;
	int i, ret;

	buf->wc = true;
	for_each_sgtable_sg(&buf->table, sg, i) {
		ret = set_memory_wc((unsigned long)sg_virt(sg),
				    sg->length >> PAGE_SHIFT);
		if (ret)
			return ret;
	}
#endif
	return 0;
}

static void piaccel_buf_set_wb(struct piaccel_buf *buf)
{
#ifdef CONFIG_X86
	struct scatterlist *sg;
	int i;

	if (!buf->wc)
		return;
	for_each_sgtable_sg(&buf->table, sg, i)
		set_memory_wb((unsigned long)sg_virt(sg),
			      sg->length >> PAGE_SHIFT);
#endif
}

/* Short of memory, here or in the cgroup, the call fails: nobody is killed. */
#define PIACCEL_GFP	 (GFP_USER | __GFP_ZERO | __GFP_ACCOUNT | __GFP_NOWARN)
#define PIACCEL_GFP_LOW	 (PIACCEL_GFP | __GFP_RETRY_MAYFAIL)
#define PIACCEL_GFP_HIGH ((PIACCEL_GFP | __GFP_NORETRY | __GFP_COMP) & \
			  ~__GFP_RECLAIM)

/* 1 MiB, 64 KiB, then single pages: sizes that device page tables like. */
static const size_t piaccel_chunks[] = { SZ_1M, SZ_64K, 0 };

static struct page *piaccel_buf_chunk(size_t left, unsigned int *max_order)
{
	struct page *page;
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(piaccel_chunks); i++) {
		order = piaccel_chunks[i] ? get_order(piaccel_chunks[i]) : 0;
		if (left < PAGE_SIZE << order || order > *max_order)
			continue;
		page = alloc_pages(order ? PIACCEL_GFP_HIGH : PIACCEL_GFP_LOW,
				   order);
		if (page) {
			*max_order = order;
			return page;
		}
	}
	return NULL;
}

static int piaccel_buf_pages(struct piaccel_buf *buf)
{
	unsigned int n = 0, max_order = MAX_PAGE_ORDER;
	struct page *page, *next;
	size_t left = buf->size;
	struct scatterlist *sg;
	LIST_HEAD(pages);
	int ret;

	while (left) {
		ret = -EINTR;
		if (fatal_signal_pending(current))
			goto err_pages;
		ret = -ENOMEM;
		page = piaccel_buf_chunk(left, &max_order);
		if (!page)
			goto err_pages;
		list_add_tail(&page->lru, &pages);
		left -= page_size(page);
		n++;
		cond_resched();
	}
	ret = sg_alloc_table(&buf->table, n, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto err_pages;
	sg = buf->table.sgl;
	list_for_each_entry_safe(page, next, &pages, lru) {
		list_del(&page->lru);
		sg_set_page(sg, page, page_size(page), 0);
		sg = sg_next(sg);
	}
	return 0;

err_pages:
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_pages(page, compound_order(page));
	return ret;
}

/*
 * Its devices map it anew, in their own directions; ours is only for the
 * zeroes to reach the memory.
 */
static struct page *piaccel_dma_pages(struct piaccel_buf *buf, gfp_t gfp)
{
	return dma_alloc_pages(piaccel_dev, buf->size, &buf->dma,
			       DMA_TO_DEVICE,
			       gfp | __GFP_ACCOUNT | __GFP_NOWARN);
}

static int piaccel_buf_contiguous(struct piaccel_buf *buf)
{
	struct page *page;
	int ret;

	/* The length of a scatterlist's entry. */
	if (buf->size > UINT_MAX)
		return -ENOMEM;
	ret = sg_alloc_table(&buf->table, 1, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	/*
	 * Only a call that must not wait passes the CMA area by, whose pages
	 * no cgroup is charged for: nothing that does so is exported. What the
	 * page allocator has is charged, so it is asked first.
	 */
	page = piaccel_dma_pages(buf, GFP_NOWAIT);
	if (!page)
		page = piaccel_dma_pages(buf, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	if (!page) {
		sg_free_table(&buf->table);
		return -ENOMEM;
	}
	sg_set_page(buf->table.sgl, page, buf->size, 0);
	return 0;
}

/**
 * piaccel_buf_free() - give the pages back
 * @buf: filled, and used by nobody
 */
void piaccel_buf_free(struct piaccel_buf *buf)
{
	struct scatterlist *sg;
	int i;

	piaccel_buf_set_wb(buf);
	if (buf->flags & PIACCEL_BUF_CONTIGUOUS) {
		dma_free_pages(piaccel_dev, buf->size,
			       sg_page(buf->table.sgl), buf->dma,
			       DMA_TO_DEVICE);
	} else {
		for_each_sgtable_sg(&buf->table, sg, i)
			__free_pages(sg_page(sg), get_order(sg->length));
	}
	sg_free_table(&buf->table);
}

/* The zeroes must leave the cache before anyone maps around it. */
static int piaccel_buf_flush(struct piaccel_buf *buf)
{
	int ret;

	if (buf->flags & PIACCEL_BUF_CONTIGUOUS) {
		dma_sync_single_for_device(piaccel_dev, buf->dma, buf->size,
					   DMA_TO_DEVICE);
		return 0;
	}
	ret = dma_map_sgtable(piaccel_dev, &buf->table, DMA_BIDIRECTIONAL, 0);
	if (!ret)
		dma_unmap_sgtable(piaccel_dev, &buf->table, DMA_BIDIRECTIONAL,
				  0);
	return ret;
}

/**
 * piaccel_buf_fill() - zeroed pages for a buffer
 * @buf: @size and @flags set
 *
 * Return: 0; -ENOMEM; -EINTR: a fatal signal came.
 */
int piaccel_buf_fill(struct piaccel_buf *buf)
{
	int ret;

	if (buf->flags & PIACCEL_BUF_CONTIGUOUS)
		ret = piaccel_buf_contiguous(buf);
	else
		ret = piaccel_buf_pages(buf);
	if (ret || buf->flags & PIACCEL_BUF_CACHED)
		return ret;

	ret = piaccel_buf_flush(buf);
	if (!ret)
		ret = piaccel_buf_set_wc(buf);
	if (ret)
		piaccel_buf_free(buf);
	return ret;
}
