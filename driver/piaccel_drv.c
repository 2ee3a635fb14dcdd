// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the misc device, the ioctl dispatcher, sysfs and debugfs.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "piaccel.h"

/* The largest argument struct, with room to grow. */
#define PIACCEL_ARG_MAX 1024
static_assert(sizeof(struct piaccel_line_request) <= PIACCEL_ARG_MAX);

unsigned int piaccel_period_floor_ns = 10000;
module_param_named(period_floor_ns, piaccel_period_floor_ns, uint, 0644);
MODULE_PARM_DESC(period_floor_ns, "shortest period of a stream (10000)");

struct device *piaccel_dev;

/* All our work, so that none is left behind when the module goes. */
struct workqueue_struct *piaccel_wq;

static struct dentry *piaccel_debugfs;

/* The size of struct piaccel_info in ABI 1. */
#define PIACCEL_INFO_SIZE_1 offsetofend(struct piaccel_info, timer_ns)
#define PIACCEL_GET_INFO_1 _IOC(_IOC_READ, PIACCEL_IOC_MAGIC, 0x00, \
				PIACCEL_INFO_SIZE_1)

static long piaccel_get_info(struct file *file, void *arg)
{
	struct piaccel_info *info = arg;

	/* Counted before the look: a change meanwhile is one to come. */
	piaccel_seen(file);
	*info = (struct piaccel_info) {
		.abi = PIACCEL_ABI,
		.page_size = PAGE_SIZE,
		.features = PIACCEL_FEATURE_BUF | PIACCEL_FEATURE_LINE |
			    PIACCEL_FEATURE_EDGE | PIACCEL_FEATURE_DEBOUNCE |
			    PIACCEL_FEATURE_CAPTURE |
			    PIACCEL_FEATURE_PLAYBACK |
			    PIACCEL_FEATURE_FAILSAFE | PIACCEL_FEATURE_HOLD |
			    PIACCEL_FEATURE_FENCE | PIACCEL_FEATURE_LINE_INFO,
		.lines_max = PIACCEL_LINES_MAX,
		.events_max = PIACCEL_EVENTS_MAX,
		.stream_floor_ns = READ_ONCE(piaccel_period_floor_ns),
		.timer_ns = hrtimer_resolution,
	};
	piaccel_buf_info(info);
	piaccel_quota_info(info);
	return 0;
}

/* Programs that were built for ABI 1 work, and take only that for their own. */
static long piaccel_get_info_1(struct file *file, void *arg)
{
	struct piaccel_info info;

	piaccel_get_info(file, &info);
	info.abi = 1;
	memcpy(arg, &info, PIACCEL_INFO_SIZE_1);
	return 0;
}

static const struct piaccel_ioctl piaccel_ioctls[] = {
	{ PIACCEL_GET_INFO, PIACCEL_INFO_SIZE_1, piaccel_get_info },
	{ PIACCEL_LINE_INFO, sizeof(struct piaccel_line_info),
	  piaccel_line_info },
	{ PIACCEL_BUF_ALLOC, sizeof(struct piaccel_buf_alloc),
	  piaccel_buf_alloc },
	{ PIACCEL_LINE_REQUEST, sizeof(struct piaccel_line_request),
	  piaccel_line_request },
};

/* The size of GET's and SET's argument. */
#define PIACCEL_ARG_BUSY sizeof(struct piaccel_line_values)

/*
 * Of a size that the compiler knows, the kernel need not look at what it
 * copies: that is a tenth of a GET. Return: bytes that were not copied.
 */
static unsigned long piaccel_arg_in(void *buf, const void __user *argp,
				    size_t size)
{
	if (size == PIACCEL_ARG_BUSY)
		return copy_from_user(buf, argp, PIACCEL_ARG_BUSY);
	return copy_from_user(buf, argp, size);
}

static unsigned long piaccel_arg_out(void __user *argp, const void *buf,
				     size_t size)
{
	if (size == PIACCEL_ARG_BUSY)
		return copy_to_user(argp, buf, PIACCEL_ARG_BUSY);
	return copy_to_user(argp, buf, size);
}

/**
 * piaccel_dispatch() - find a call in a table and make it
 * @table: the calls of this kind of file, the busiest first
 * @rows: their number
 * @file: passed on
 * @cmd: the command as the caller was built with it
 * @arg: its argument
 *
 * A struct may be shorter or longer than ours, within the limits that
 * uapi/linux/piaccel.h promises. A call that makes a file descriptor
 * has no output, so nothing can fail once the descriptor is installed.
 */
long piaccel_dispatch(const struct piaccel_ioctl *table, size_t rows,
		      struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	unsigned int size = _IOC_SIZE(cmd);
	u64 buf[PIACCEL_ARG_MAX / sizeof(u64)] __uninitialized;
	const struct piaccel_ioctl *row = table;
	unsigned int known, out;
	long ret = 0;

	if (_IOC_TYPE(cmd) != PIACCEL_IOC_MAGIC)
		return -ENOTTY;
	while (_IOC_NR(row->cmd) != _IOC_NR(cmd))
		if (++row == table + rows)
			return -ENOTTY;
	if (_IOC_DIR(cmd) != _IOC_DIR(row->cmd))
		return -ENOTTY;
	if (!_IOC_DIR(cmd) && size)
		return -ENOTTY;
	if (size < row->min_size)
		return -EINVAL;

	/* Each way fills or clears all of what is known. */
	known = _IOC_SIZE(row->cmd);
	if (!(_IOC_DIR(cmd) & _IOC_WRITE))
		memset(buf, 0, known);
	else if (size == known)
		ret = piaccel_arg_in(buf, argp, known) ? -EFAULT : 0;
	else
		ret = copy_struct_from_user(buf, known, argp, size);
	if (ret)
		return ret;
	ret = row->fn(file, buf);
	if (ret < 0 || !(_IOC_DIR(cmd) & _IOC_READ))
		return ret;
	out = min(size, known);
	if (piaccel_arg_out(argp, buf, out))
		return -EFAULT;
	if (size > out && clear_user(argp + out, size - out))
		return -EFAULT;
	return ret;
}

static const struct piaccel_ioctl piaccel_ioctls_1[] = {
	{ PIACCEL_GET_INFO_1, PIACCEL_INFO_SIZE_1, piaccel_get_info_1 },
};

static long piaccel_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	/* The device can be opened a moment before it is complete. */
	if (!smp_load_acquire(&piaccel_dev))
		return -ENODEV;
	if (cmd == PIACCEL_GET_INFO_1)
		return piaccel_dispatch(piaccel_ioctls_1,
					ARRAY_SIZE(piaccel_ioctls_1),
					file, cmd, arg);
	return piaccel_dispatch(piaccel_ioctls, ARRAY_SIZE(piaccel_ioctls),
				file, cmd, arg);
}

static const struct file_operations piaccel_fops = {
	.owner = THIS_MODULE,
	.open = piaccel_info_open,
	.poll = piaccel_info_poll,
	.unlocked_ioctl = piaccel_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* Trips of all requests since the module was loaded; poll(POLLPRI) waits. */
static ssize_t trips_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&piaccel_trips));
}
static DEVICE_ATTR_RO(trips);

static struct attribute *piaccel_attrs[] = {
	&dev_attr_trips.attr,
	NULL
};
ATTRIBUTE_GROUPS(piaccel);

static struct miscdevice piaccel_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "piaccel",
	.fops = &piaccel_fops,
	.groups = piaccel_groups,
	.mode = 0660,
};

static int summary_show(struct seq_file *s, void *unused)
{
	piaccel_quota_show(s);
	piaccel_buf_show(s);
	piaccel_request_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

static int __init piaccel_init(void)
{
	int ret;

	piaccel_wq = alloc_workqueue("piaccel", WQ_HIGHPRI | WQ_UNBOUND, 0);
	if (!piaccel_wq)
		return -ENOMEM;
	ret = piaccel_fence_init();
	if (ret)
		goto err_wq;
	ret = piaccel_end_init();
	if (ret)
		goto err_fence;
	ret = misc_register(&piaccel_misc);
	if (ret)
		goto err_failsafe;
	ret = piaccel_buf_init(piaccel_misc.this_device);
	if (ret)
		goto err_misc;
	/* Pairs with the ioctl's look at it. */
	smp_store_release(&piaccel_dev, piaccel_misc.this_device);
	ret = platform_driver_register(&piaccel_node_driver);
	if (ret)
		goto err_misc;
	piaccel_debugfs = debugfs_create_dir("piaccel", NULL);
	debugfs_create_file("summary", 0444, piaccel_debugfs, NULL,
			    &summary_fops);
	pr_info("piaccel: ABI %u ready at /dev/piaccel\n", PIACCEL_ABI);
	return 0;

err_misc:
	misc_deregister(&piaccel_misc);
err_failsafe:
	piaccel_end_exit();
err_fence:
	piaccel_fence_exit();
err_wq:
	destroy_workqueue(piaccel_wq);
	return ret;
}
module_init(piaccel_init);

static void __exit piaccel_exit(void)
{
	debugfs_remove(piaccel_debugfs);
	platform_driver_unregister(&piaccel_node_driver);
	piaccel_request_exit();
	misc_deregister(&piaccel_misc);
	piaccel_end_exit();
	piaccel_fence_exit();
	destroy_workqueue(piaccel_wq);
}
module_exit(piaccel_exit);

MODULE_DESCRIPTION("GPU compute buffers and GPIO lines through one device");
MODULE_AUTHOR("The libaccel authors");
MODULE_LICENSE("GPL");
