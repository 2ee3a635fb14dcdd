// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: DMA-BUF compute buffers.
 *
 * After drivers/dma-buf/heaps/system_heap.c, with memory-cgroup accounting,
 * write-combined and contiguous memory, and cache maintenance of a part.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "piaccel_buf.h"

static ulong buf_limit_mb;
module_param(buf_limit_mb, ulong, 0644);
MODULE_PARM_DESC(buf_limit_mb,
		 "MiB all buffers together may take (0: a quarter of the memory)");

static atomic64_t buf_used;

/**
 * struct piaccel_attachment - a device that uses a buffer
 * @node: in the buffer's attachments
 * @dev: the device
 * @table: its view of the pages
 * @dir: direction of the mapping
 * @mapped: mapped now
 */
struct piaccel_attachment {
	struct list_head node;
	struct device *dev;
	struct sg_table table;
	enum dma_data_direction dir;
	bool mapped;
};

static const struct dma_buf_ops piaccel_buf_ops;

static LIST_HEAD(piaccel_bufs);
static DEFINE_MUTEX(piaccel_bufs_lock);	/* protects piaccel_bufs */

u64 piaccel_buf_limit(void)
{
	ulong mb = READ_ONCE(buf_limit_mb);

	if (mb)
		return min_t(u64, mb, U64_MAX >> 20) << 20;
	return (u64)totalram_pages() << PAGE_SHIFT >> 2;
}

void piaccel_buf_info(struct piaccel_info *info)
{
	info->buf_limit = piaccel_buf_limit();
	info->buf_used = atomic64_read(&buf_used);
}

/* ---- DMA-BUF operations ------------------------------------------------- */

static int piaccel_buf_attach(struct dma_buf *dmabuf,
			      struct dma_buf_attachment *attachment)
{
	struct piaccel_buf *buf = dmabuf->priv;
	struct scatterlist *sg, *to;
	struct piaccel_attachment *a;
	int i, ret;

	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	ret = sg_alloc_table(&a->table, buf->table.orig_nents, GFP_KERNEL);
	if (ret) {
		kfree(a);
		return ret;
	}
	to = a->table.sgl;
	for_each_sgtable_sg(&buf->table, sg, i) {
		sg_set_page(to, sg_page(sg), sg->length, sg->offset);
		to = sg_next(to);
	}
	a->dev = attachment->dev;
	attachment->priv = a;

	mutex_lock(&buf->sync);
	list_add(&a->node, &buf->attachments);
	mutex_unlock(&buf->sync);
	return 0;
}

static void piaccel_buf_detach(struct dma_buf *dmabuf,
			       struct dma_buf_attachment *attachment)
{
	struct piaccel_attachment *a = attachment->priv;
	struct piaccel_buf *buf = dmabuf->priv;

	mutex_lock(&buf->sync);
	list_del(&a->node);
	mutex_unlock(&buf->sync);
	sg_free_table(&a->table);
	kfree(a);
}

/*
 * What a running capture writes is dirty in the CPU's cache until its block is
 * complete: a device is asked for nothing but what lies between. Under
 * buf->sync.
 */
static void piaccel_attachment_for_cpu(struct piaccel_buf *buf,
				       struct piaccel_attachment *a)
{
	struct piaccel_buf_range *range;
	u64 at = 0;

	if (list_empty(&buf->owned)) {
		dma_sync_sgtable_for_cpu(a->dev, &a->table, a->dir);
		return;
	}
	list_for_each_entry(range, &buf->owned, node) {
		if (range->offset > at)
			piaccel_table_sync(a->dev, &a->table, a->dir, at,
					   range->offset - at, false);
		at = max(at, range->offset + range->len);
	}
	if (at < buf->size)
		piaccel_table_sync(a->dev, &a->table, a->dir, at,
				   buf->size - at, false);
}

static struct sg_table *
piaccel_buf_map(struct dma_buf_attachment *attachment,
		enum dma_data_direction dir)
{
	struct piaccel_buf *buf = attachment->dmabuf->priv;
	struct piaccel_attachment *a = attachment->priv;
	int ret;

	mutex_lock(&buf->sync);
	ret = dma_map_sgtable(a->dev, &a->table, dir, 0);
	if (!ret) {
		a->dir = dir;
		a->mapped = true;
	}
	mutex_unlock(&buf->sync);
	return ret ? ERR_PTR(ret) : &a->table;
}

static void piaccel_buf_unmap(struct dma_buf_attachment *attachment,
			      struct sg_table *table,
			      enum dma_data_direction dir)
{
	struct piaccel_buf *buf = attachment->dmabuf->priv;
	struct piaccel_attachment *a = attachment->priv;

	mutex_lock(&buf->sync);
	a->mapped = false;
	piaccel_attachment_for_cpu(buf, a);
	dma_unmap_sgtable(a->dev, table, dir, DMA_ATTR_SKIP_CPU_SYNC);
	mutex_unlock(&buf->sync);
}

/* The kernel's own mapping, where caches are of virtual addresses. */
static void piaccel_vmap_for_cpu(struct piaccel_buf *buf)
{
	struct piaccel_buf_range *range;
	u64 at = 0;

	list_for_each_entry(range, &buf->owned, node) {
		if (range->offset > at)
			invalidate_kernel_vmap_range(buf->vaddr + at,
						     range->offset - at);
		at = max(at, range->offset + range->len);
	}
	if (at < buf->size)
		invalidate_kernel_vmap_range(buf->vaddr + at, buf->size - at);
}

static int piaccel_buf_begin_cpu(struct dma_buf *dmabuf,
				 enum dma_data_direction dir)
{
	struct piaccel_buf *buf = dmabuf->priv;
	struct piaccel_attachment *a;

	mutex_lock(&buf->lock);
	mutex_lock(&buf->sync);
	if (buf->vmaps)
		piaccel_vmap_for_cpu(buf);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->mapped)
			piaccel_attachment_for_cpu(buf, a);
	mutex_unlock(&buf->sync);
	mutex_unlock(&buf->lock);
	return 0;
}

static int piaccel_buf_end_cpu(struct dma_buf *dmabuf,
			       enum dma_data_direction dir)
{
	struct piaccel_buf *buf = dmabuf->priv;
	struct piaccel_attachment *a;

	mutex_lock(&buf->lock);
	mutex_lock(&buf->sync);
	if (buf->vmaps)
		flush_kernel_vmap_range(buf->vaddr, buf->size);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->mapped)
			dma_sync_sgtable_for_device(a->dev, &a->table, a->dir);
	mutex_unlock(&buf->sync);
	mutex_unlock(&buf->lock);
	return 0;
}

static pgprot_t piaccel_buf_prot(struct piaccel_buf *buf, pgprot_t prot)
{
	if (buf->flags & PIACCEL_BUF_CACHED)
		return prot;
	return pgprot_writecombine(prot);
}

static int piaccel_buf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct piaccel_buf *buf = dmabuf->priv;
	unsigned long addr = vma->vm_start;
	struct sg_page_iter piter;
	int ret;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	vma->vm_page_prot = piaccel_buf_prot(buf, vma->vm_page_prot);
	for_each_sgtable_page(&buf->table, &piter, vma->vm_pgoff) {
		struct page *page = sg_page_iter_page(&piter);

		if (addr >= vma->vm_end)
			break;
		ret = remap_pfn_range(vma, addr, page_to_pfn(page), PAGE_SIZE,
				      vma->vm_page_prot);
		if (ret)
			return ret;
		addr += PAGE_SIZE;
	}
	return 0;
}

static void *piaccel_buf_do_vmap(struct piaccel_buf *buf)
{
	unsigned int n = 0, count = buf->size >> PAGE_SHIFT;
	struct sg_page_iter piter;
	struct page **pages;
	void *vaddr;

	pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for_each_sgtable_page(&buf->table, &piter, 0)
		pages[n++] = sg_page_iter_page(&piter);
	vaddr = vmap(pages, count, VM_MAP,
		     piaccel_buf_prot(buf, PAGE_KERNEL));
	kvfree(pages);
	return vaddr;
}

static int piaccel_buf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct piaccel_buf *buf = dmabuf->priv;
	int ret = 0;

	mutex_lock(&buf->lock);
	if (!buf->vmaps)
		buf->vaddr = piaccel_buf_do_vmap(buf);
	if (buf->vaddr) {
		buf->vmaps++;
		iosys_map_set_vaddr(map, buf->vaddr);
	} else {
		ret = -ENOMEM;
	}
	mutex_unlock(&buf->lock);
	return ret;
}

static void piaccel_buf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct piaccel_buf *buf = dmabuf->priv;

	mutex_lock(&buf->lock);
	if (!--buf->vmaps) {
		vunmap(buf->vaddr);
		buf->vaddr = NULL;
	}
	mutex_unlock(&buf->lock);
	iosys_map_clear(map);
}

/**
 * piaccel_buf_kmap() - map any DMA-BUF into the kernel
 * @dmabuf: the buffer
 * @map: where it is
 *
 * dma_buf_vmap() warns when an exporter fails, and ours fails when memory is
 * short; it needs none of what that call does besides. Return: 0 or an error.
 */
int piaccel_buf_kmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	if (dmabuf->ops == &piaccel_buf_ops)
		return piaccel_buf_vmap(dmabuf, map);
	return dma_buf_vmap_unlocked(dmabuf, map);
}

/**
 * piaccel_buf_kunmap() - undo piaccel_buf_kmap()
 * @dmabuf: the buffer
 * @map: as it was filled
 */
void piaccel_buf_kunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	if (dmabuf->ops == &piaccel_buf_ops)
		piaccel_buf_vunmap(dmabuf, map);
	else
		dma_buf_vunmap_unlocked(dmabuf, map);
}

/* ---- the object --------------------------------------------------------- */

/* Of what all may take, and of what its user may. */
static int piaccel_buf_charge(struct piaccel_buf *buf)
{
	u64 limit = piaccel_buf_limit();
	s64 used = atomic64_read(&buf_used);
	int ret;

	do {
		if (used > limit || buf->size > limit - used)
			return -EDQUOT;
	} while (!atomic64_try_cmpxchg(&buf_used, &used, used + buf->size));
	ret = piaccel_charge(&buf->charge, PIACCEL_QUOTA_BUF, buf->size);
	if (ret)
		atomic64_sub(buf->size, &buf_used);
	return ret;
}

static void piaccel_buf_uncharge(struct piaccel_buf *buf)
{
	piaccel_uncharge(&buf->charge);
	atomic64_sub(buf->size, &buf_used);
}

static void piaccel_buf_release(struct dma_buf *dmabuf)
{
	struct piaccel_buf *buf = dmabuf->priv;

	mutex_lock(&piaccel_bufs_lock);
	list_del(&buf->node);
	mutex_unlock(&piaccel_bufs_lock);
	piaccel_buf_free(buf);
	piaccel_buf_uncharge(buf);
	kfree(buf);
}

static const struct dma_buf_ops piaccel_buf_ops = {
	.attach = piaccel_buf_attach,
	.detach = piaccel_buf_detach,
	.map_dma_buf = piaccel_buf_map,
	.unmap_dma_buf = piaccel_buf_unmap,
	.begin_cpu_access = piaccel_buf_begin_cpu,
	.end_cpu_access = piaccel_buf_end_cpu,
	.mmap = piaccel_buf_mmap,
	.vmap = piaccel_buf_vmap,
	.vunmap = piaccel_buf_vunmap,
	.release = piaccel_buf_release,
};

bool piaccel_buf_is_ours(struct dma_buf *dmabuf)
{
	return dmabuf->ops == &piaccel_buf_ops;
}

static struct dma_buf *piaccel_buf_create(size_t size, u32 flags)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;
	struct piaccel_buf *buf;
	int ret;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->size = size;
	buf->flags = flags;
	buf->pid = task_tgid_nr(current);
	get_task_comm(buf->comm, current);
	piaccel_make_printable(buf->comm);
	mutex_init(&buf->lock);
	mutex_init(&buf->sync);
	INIT_LIST_HEAD(&buf->attachments);
	INIT_LIST_HEAD(&buf->owned);

	ret = piaccel_buf_charge(buf);
	if (ret)
		goto err_buf;
	ret = piaccel_buf_fill(buf);
	if (ret)
		goto err_charge;

	exp_info.exp_name = "piaccel";
	exp_info.ops = &piaccel_buf_ops;
	exp_info.size = size;
	exp_info.flags = O_RDWR | O_CLOEXEC;
	exp_info.priv = buf;
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_memory;
	}
	mutex_lock(&piaccel_bufs_lock);
	list_add_tail(&buf->node, &piaccel_bufs);
	mutex_unlock(&piaccel_bufs_lock);
	return dmabuf;

err_memory:
	piaccel_buf_free(buf);
err_charge:
	piaccel_buf_uncharge(buf);
err_buf:
	kfree(buf);
	return ERR_PTR(ret);
}

/* The owner's name and pid, for fdinfo; DMA_BUF_SET_NAME may replace it. */
static int piaccel_buf_name(struct dma_buf *dmabuf)
{
	struct piaccel_buf *buf = dmabuf->priv;
	char *name;

	name = kasprintf(GFP_KERNEL_ACCOUNT, "%s[%d]", buf->comm, buf->pid);
	if (!name)
		return -ENOMEM;
	spin_lock(&dmabuf->name_lock);
	dmabuf->name = name;
	spin_unlock(&dmabuf->name_lock);
	return 0;
}

long piaccel_buf_alloc(struct file *file, void *arg)
{
	struct piaccel_buf_alloc *a = arg;
	struct dma_buf *dmabuf;
	int ret;

	if (!a->size || a->pad ||
	    a->flags & ~(PIACCEL_BUF_CACHED | PIACCEL_BUF_CONTIGUOUS))
		return -EINVAL;
	/* The page count of a vmap, and a DMA-BUF's size, must fit. */
	if (a->size > min_t(u64, SSIZE_MAX & PAGE_MASK,
			    (u64)INT_MAX << PAGE_SHIFT))
		return -EDQUOT;
	dmabuf = piaccel_buf_create(PAGE_ALIGN(a->size), a->flags);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = piaccel_buf_name(dmabuf);
	if (!ret)
		ret = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (ret < 0)
		dma_buf_put(dmabuf);
	return ret;
}

/* ---- a part of a buffer ------------------------------------------------- */

/**
 * piaccel_table_sync() - hand a part of a mapping to its device, or to the CPU
 * @dev: the device
 * @table: what it has mapped
 * @dir: for what
 * @offset: first byte
 * @len: bytes, not zero
 * @for_device: to the device
 */
void piaccel_table_sync(struct device *dev, struct sg_table *table,
			enum dma_data_direction dir, u64 offset, u64 len,
			bool for_device)
{
	struct sg_dma_page_iter piter;
	dma_addr_t addr;
	size_t n;

	/* Page by page: an IOMMU may have joined what is not one range. */
	for_each_sgtable_dma_page(table, &piter, offset >> PAGE_SHIFT) {
		addr = sg_page_iter_dma_address(&piter) + offset_in_page(offset);
		n = min_t(u64, len, PAGE_SIZE - offset_in_page(offset));
		if (for_device)
			dma_sync_single_for_device(dev, addr, n, dir);
		else
			dma_sync_single_for_cpu(dev, addr, n, dir);
		offset += n;
		len -= n;
		if (!len)
			break;
	}
}

/**
 * piaccel_buf_sync() - hand a part of a buffer to the devices, or to the CPU
 * @dmabuf: the buffer, mapped into the kernel by the caller
 * @offset: first byte
 * @len: bytes, not zero
 * @for_device: to the devices
 *
 * Not a byte more: what stands beside it may be the CPU's, or a device's, that
 * very moment. A fence may wait for it. Return: false if the buffer is not one
 * of ours.
 */
bool piaccel_buf_sync(struct dma_buf *dmabuf, u64 offset, u64 len,
		      bool for_device)
{
	struct piaccel_attachment *a;
	struct piaccel_buf *buf;

	if (dmabuf->ops != &piaccel_buf_ops)
		return false;
	buf = dmabuf->priv;
	mutex_lock(&buf->sync);
	if (for_device)
		flush_kernel_vmap_range(buf->vaddr + offset, len);
	else
		invalidate_kernel_vmap_range(buf->vaddr + offset, len);
	list_for_each_entry(a, &buf->attachments, node)
		if (a->mapped)
			piaccel_table_sync(a->dev, &a->table, a->dir, offset,
					   len, for_device);
	mutex_unlock(&buf->sync);
	return true;
}

/**
 * piaccel_buf_own() - a capture is about to write a part of a buffer
 * @dmabuf: the buffer; nothing happens if it is not one of ours
 * @range: the part
 *
 * Until piaccel_buf_disown(), nothing takes it from the CPU's cache but
 * piaccel_buf_sync().
 */
void piaccel_buf_own(struct dma_buf *dmabuf, struct piaccel_buf_range *range)
{
	struct piaccel_buf_range *next;
	struct piaccel_buf *buf;

	if (dmabuf->ops != &piaccel_buf_ops)
		return;
	buf = dmabuf->priv;
	mutex_lock(&buf->sync);
	list_for_each_entry(next, &buf->owned, node)
		if (next->offset >= range->offset)
			break;
	list_add_tail(&range->node, &next->node);
	mutex_unlock(&buf->sync);
}

/**
 * piaccel_buf_disown() - a capture writes no more
 * @dmabuf: the buffer
 * @range: the part, handed to the devices; or one that was never owned
 */
void piaccel_buf_disown(struct dma_buf *dmabuf,
			struct piaccel_buf_range *range)
{
	struct piaccel_buf *buf;

	if (dmabuf->ops != &piaccel_buf_ops)
		return;
	buf = dmabuf->priv;
	mutex_lock(&buf->sync);
	list_del_init(&range->node);
	mutex_unlock(&buf->sync);
}

void piaccel_buf_show(struct seq_file *s)
{
	struct piaccel_attachment *a;
	struct piaccel_buf *buf;
	unsigned int n;

	seq_printf(s, "buffers: %lld of %llu bytes\n",
		   atomic64_read(&buf_used), piaccel_buf_limit());
	mutex_lock(&piaccel_bufs_lock);
	list_for_each_entry(buf, &piaccel_bufs, node) {
		n = 0;
		mutex_lock(&buf->lock);
		mutex_lock(&buf->sync);
		list_for_each_entry(a, &buf->attachments, node)
			n++;
		mutex_unlock(&buf->sync);
		seq_printf(s, "  %zu bytes %s%s, %s[%d], attachments %u, vmaps %u\n",
			   buf->size,
			   buf->flags & PIACCEL_BUF_CACHED ? "cached" : "wc",
			   buf->flags & PIACCEL_BUF_CONTIGUOUS ?
			   " contiguous" : "", buf->comm, buf->pid, n,
			   buf->vmaps);
		mutex_unlock(&buf->lock);
	}
	mutex_unlock(&piaccel_bufs_lock);
}

int piaccel_buf_init(struct device *dev)
{
	/* Not the variable of the coherent mask, which is narrower. */
	static u64 mask;
	int ret;

	/* Any memory can be mapped; contiguous memory is for small devices. */
	dev->dma_mask = &mask;
	ret = dma_set_mask(dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	return dma_set_coherent_mask(dev, DMA_BIT_MASK(32));
}

PIACCEL_IMPORT_DMA_BUF;
