// SPDX-License-Identifier: GPL-2.0-only
/*
 * importer: a device of the worst kind that the DMA API knows, beside the CPU
 * and its caches, so that a test can see each sync and where it is missing.
 *
 * Its DMA operations keep one memory for each mapping. They work under a raw
 * spinlock: a sync may come in any context.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dma-buf.h>
#include <linux/dma-map-ops.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "importer.h"

/* The device's addresses of one mapping start here. */
#define IMPORTER_STEP	BIT_ULL(40)

/**
 * struct importer - an open file, its attachment, and the device's memory
 * @node: in importers, once mapped
 * @dmabuf: the buffer
 * @attach: our attachment to it
 * @table: its pages as mapped
 * @base: the device's address of the first byte
 * @size: bytes
 * @pages: the CPU's pages
 * @memory: what the device sees
 * @syncs: so far
 */
struct importer {
	struct list_head node;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *table;
	dma_addr_t base;
	size_t size;
	struct page **pages;
	u8 *memory;
	struct importer_syncs syncs;
};

static struct platform_device *importer_dev;
static u64 importer_mask = DMA_BIT_MASK(64);

static DEFINE_MUTEX(importer_mutex);	/* one call at a time */
static DEFINE_RAW_SPINLOCK(importer_lock);	/* list, memory, counts */
static LIST_HEAD(importers);
static struct importer *importer_mapping; /* whose map_sg() runs */
static dma_addr_t importer_next = IMPORTER_STEP;

/* ---- the device's way to memory ----------------------------------------- */

static void importer_copy(struct importer *im, size_t at, size_t n,
			  bool to_device)
{
	while (n) {
		size_t off = offset_in_page(at);
		size_t part = min_t(size_t, n, PAGE_SIZE - off);
		struct page *page = im->pages[at >> PAGE_SHIFT];

		if (to_device)
			memcpy_from_page(im->memory + at, page, off, part);
		else
			memcpy_to_page(page, off, im->memory + at, part);
		at += part;
		n -= part;
	}
}

static void importer_sync(dma_addr_t addr, size_t n, bool to_device)
{
	struct importer *im;
	unsigned long flags;

	raw_spin_lock_irqsave(&importer_lock, flags);
	list_for_each_entry(im, &importers, node) {
		if (addr < im->base || addr + n > im->base + im->size)
			continue;
		importer_copy(im, addr - im->base, n, to_device);
		if (to_device) {
			im->syncs.to_device++;
			im->syncs.bytes_to_device += n;
		} else {
			im->syncs.to_cpu++;
			im->syncs.bytes_to_cpu += n;
		}
		break;
	}
	raw_spin_unlock_irqrestore(&importer_lock, flags);
}

static void importer_sync_sg(struct scatterlist *sgl, int nents, bool to_device)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		importer_sync(sg_dma_address(sg), sg_dma_len(sg), to_device);
}

static void importer_single_for_cpu(struct device *dev, dma_addr_t addr,
				    size_t n, enum dma_data_direction dir)
{
	importer_sync(addr, n, false);
}

static void importer_single_for_device(struct device *dev, dma_addr_t addr,
				       size_t n, enum dma_data_direction dir)
{
	importer_sync(addr, n, true);
}

static void importer_sg_for_cpu(struct device *dev, struct scatterlist *sgl,
				int nents, enum dma_data_direction dir)
{
	importer_sync_sg(sgl, nents, false);
}

static void importer_sg_for_device(struct device *dev, struct scatterlist *sgl,
				   int nents, enum dma_data_direction dir)
{
	importer_sync_sg(sgl, nents, true);
}

static void importer_unmap_sg(struct device *dev, struct scatterlist *sgl,
			      int nents, enum dma_data_direction dir,
			      unsigned long attrs)
{
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		importer_sync_sg(sgl, nents, false);
}

static int importer_map_sg(struct device *dev, struct scatterlist *sgl,
			   int nents, enum dma_data_direction dir,
			   unsigned long attrs)
{
	struct importer *im = importer_mapping;
	struct sg_page_iter piter;
	struct scatterlist *sg;
	size_t at = 0, n = 0;
	int i;

	for_each_sg_page(sgl, &piter, nents, 0)
		im->pages[n++] = sg_page_iter_page(&piter);
	for_each_sg(sgl, sg, nents, i) {
		sg_dma_address(sg) = im->base + at;
		sg_dma_len(sg) = sg->length;
		at += sg->length;
	}
	raw_spin_lock_irq(&importer_lock);
	importer_copy(im, 0, im->size, true);
	list_add(&im->node, &importers);
	raw_spin_unlock_irq(&importer_lock);
	return nents;
}

static const struct dma_map_ops importer_ops = {
	.map_sg = importer_map_sg,
	.unmap_sg = importer_unmap_sg,
	.sync_single_for_cpu = importer_single_for_cpu,
	.sync_single_for_device = importer_single_for_device,
	.sync_sg_for_cpu = importer_sg_for_cpu,
	.sync_sg_for_device = importer_sg_for_device,
};

/* ---- a file -------------------------------------------------------------- */

static void importer_detach(struct importer *im)
{
	if (!IS_ERR_OR_NULL(im->table))
		dma_buf_unmap_attachment_unlocked(im->attach, im->table,
						  DMA_BIDIRECTIONAL);
	raw_spin_lock_irq(&importer_lock);
	list_del_init(&im->node);
	raw_spin_unlock_irq(&importer_lock);
	if (!IS_ERR_OR_NULL(im->attach))
		dma_buf_detach(im->dmabuf, im->attach);
	if (!IS_ERR_OR_NULL(im->dmabuf))
		dma_buf_put(im->dmabuf);
	kvfree(im->pages);
	vfree(im->memory);
	*im = (struct importer) { .node = LIST_HEAD_INIT(im->node) };
}

/* Under importer_mutex. */
static int importer_attach(struct importer *im, int fd)
{
	if (im->dmabuf)
		return -EBUSY;
	im->dmabuf = dma_buf_get(fd);
	if (IS_ERR(im->dmabuf))
		return PTR_ERR(im->dmabuf);
	im->size = im->dmabuf->size;
	im->base = importer_next;
	importer_next += IMPORTER_STEP;
	im->pages = kvcalloc(im->size >> PAGE_SHIFT, sizeof(*im->pages),
			     GFP_KERNEL);
	im->memory = vzalloc(im->size);
	if (!im->pages || !im->memory)
		return -ENOMEM;
	im->attach = dma_buf_attach(im->dmabuf, &importer_dev->dev);
	if (IS_ERR(im->attach))
		return PTR_ERR(im->attach);
	importer_mapping = im;
	im->table = dma_buf_map_attachment_unlocked(im->attach,
						    DMA_BIDIRECTIONAL);
	return PTR_ERR_OR_ZERO(im->table);
}

static long importer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct importer *im = file->private_data;
	struct importer_syncs syncs;
	int ret = 0;
	__s32 fd;

	switch (cmd) {
	case IMPORTER_ATTACH:
		if (copy_from_user(&fd, (void __user *)arg, sizeof(fd)))
			return -EFAULT;
		mutex_lock(&importer_mutex);
		ret = importer_attach(im, fd);
		if (ret && ret != -EBUSY)
			importer_detach(im);
		mutex_unlock(&importer_mutex);
		return ret;
	case IMPORTER_SYNCS:
		raw_spin_lock_irq(&importer_lock);
		syncs = im->syncs;
		raw_spin_unlock_irq(&importer_lock);
		return copy_to_user((void __user *)arg, &syncs,
				    sizeof(syncs)) ? -EFAULT : 0;
	}
	return -ENOTTY;
}

/* The device reads or writes: @bounce is the caller's. */
static int importer_access(struct importer *im, void *bounce, size_t n,
			   loff_t at, bool write)
{
	int ret = -EINVAL;

	raw_spin_lock_irq(&importer_lock);
	if (!list_empty(&im->node) && at >= 0 && at <= im->size &&
	    n <= im->size - at) {
		if (write)
			memcpy(im->memory + at, bounce, n);
		else
			memcpy(bounce, im->memory + at, n);
		ret = 0;
	}
	raw_spin_unlock_irq(&importer_lock);
	return ret;
}

static ssize_t importer_read(struct file *file, char __user *buf, size_t n,
			     loff_t *pos)
{
	void *bounce = kvmalloc(n, GFP_KERNEL);
	int ret = -ENOMEM;

	if (bounce)
		ret = importer_access(file->private_data, bounce, n, *pos,
				      false);
	if (!ret && copy_to_user(buf, bounce, n))
		ret = -EFAULT;
	kvfree(bounce);
	return ret ?: n;
}

static ssize_t importer_write(struct file *file, const char __user *buf,
			      size_t n, loff_t *pos)
{
	void *bounce = vmemdup_user(buf, n);
	int ret;

	if (IS_ERR(bounce))
		return PTR_ERR(bounce);
	ret = importer_access(file->private_data, bounce, n, *pos, true);
	kvfree(bounce);
	return ret ?: n;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *im = kzalloc(sizeof(*im), GFP_KERNEL);

	if (!im)
		return -ENOMEM;
	INIT_LIST_HEAD(&im->node);
	file->private_data = im;
	return 0;
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *im = file->private_data;

	mutex_lock(&importer_mutex);
	importer_detach(im);
	mutex_unlock(&importer_mutex);
	kfree(im);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.read = importer_read,
	.write = importer_write,
	.unlocked_ioctl = importer_ioctl,
};

static struct miscdevice importer_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "importer",
	.mode = 0666,
	.fops = &importer_fops,
};

static int __init importer_init(void)
{
	int ret;

	/* elsewhere every device does DMA as the architecture says */
	if (!IS_ENABLED(CONFIG_ARCH_HAS_DMA_OPS))
		return -EOPNOTSUPP;
	importer_dev = platform_device_register_simple("importer",
						       PLATFORM_DEVID_NONE,
						       NULL, 0);
	if (IS_ERR(importer_dev))
		return PTR_ERR(importer_dev);
	importer_dev->dev.dma_mask = &importer_mask;
	set_dma_ops(&importer_dev->dev, &importer_ops);
	ret = misc_register(&importer_misc);
	if (ret)
		platform_device_unregister(importer_dev);
	return ret;
}
module_init(importer_init);

static void __exit importer_exit(void)
{
	misc_deregister(&importer_misc);
	platform_device_unregister(importer_dev);
}
module_exit(importer_exit);

MODULE_DESCRIPTION("A device that sees a buffer only through syncs");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IMPORTER_NS);
