// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: the misc device and its ioctl table.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <linux/piaccel.h>

#include "piaccel_plat.h"

/* The largest argument struct, with room to grow. */
#define PIACCEL_ARG_MAX 1024

static long piaccel_get_info(struct file *file, void *arg)
{
	struct piaccel_info *info = arg;

	*info = (struct piaccel_info) {
		.abi = PIACCEL_ABI,
		.page_size = PAGE_SIZE,
	};
	return 0;
}

/**
 * struct piaccel_ioctl - one row of the ioctl table
 * @cmd: the command as this module was built with it
 * @min_size: the smallest struct size ever released
 * @fn: called with the argument copied in; it is copied out on return
 */
struct piaccel_ioctl {
	unsigned int cmd;
	size_t min_size;
	long (*fn)(struct file *file, void *arg);
};

static const struct piaccel_ioctl piaccel_ioctls[] = {
	[_IOC_NR(PIACCEL_GET_INFO)] = {
		PIACCEL_GET_INFO, sizeof(struct piaccel_info), piaccel_get_info,
	},
};

static long piaccel_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	unsigned int nr = _IOC_NR(cmd), size = _IOC_SIZE(cmd);
	void __user *argp = (void __user *)arg;
	const struct piaccel_ioctl *row;
	u64 buf[PIACCEL_ARG_MAX / sizeof(u64)];
	long ret;

	if (_IOC_TYPE(cmd) != PIACCEL_IOC_MAGIC ||
	    nr >= ARRAY_SIZE(piaccel_ioctls))
		return -ENOTTY;
	row = &piaccel_ioctls[nr];
	if (!row->fn || _IOC_DIR(cmd) != _IOC_DIR(row->cmd))
		return -ENOTTY;
	if (size < row->min_size || size > sizeof(buf))
		return -EINVAL;

	memset(buf, 0, sizeof(buf));
	if (_IOC_DIR(cmd) & _IOC_WRITE) {
		ret = copy_struct_from_user(buf, _IOC_SIZE(row->cmd), argp, size);
		if (ret)
			return ret;
	}
	ret = row->fn(file, buf);
	if (ret < 0)
		return ret;
	if (_IOC_DIR(cmd) & _IOC_READ && copy_to_user(argp, buf, size))
		return -EFAULT;
	return ret;
}

static const struct file_operations piaccel_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = piaccel_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice piaccel_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "piaccel",
	.fops = &piaccel_fops,
	.mode = 0660,
};

static int __init piaccel_init(void)
{
	int ret = misc_register(&piaccel_misc);

	if (ret)
		return ret;
	ret = piaccel_plat_init();
	if (ret) {
		misc_deregister(&piaccel_misc);
		return ret;
	}
	pr_info("piaccel: ABI %u ready at /dev/piaccel\n", PIACCEL_ABI);
	return 0;
}
module_init(piaccel_init);

static void __exit piaccel_exit(void)
{
	piaccel_plat_exit();
	misc_deregister(&piaccel_misc);
}
module_exit(piaccel_exit);

MODULE_DESCRIPTION("GPU compute buffers and GPIO lines through one device");
MODULE_AUTHOR("The libaccel authors");
MODULE_LICENSE("GPL");
