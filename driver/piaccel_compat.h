/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * piaccel: differences between kernel versions, and nowhere else.
 *
 * Each entry names the change it is for and goes when the oldest kernel we
 * support has it. What can be detected is detected.
 */
#ifndef PIACCEL_COMPAT_H
#define PIACCEL_COMPAT_H

#include <linux/gpio/consumer.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/version.h>

/*
 * v6.13, 908a1d775422 ("hrtimers: Introduce hrtimer_setup() to replace
 * hrtimer_init()"); hrtimer_init() went in v6.15.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

/*
 * v6.14, b04e317b5226 ("treewide: Introduce kthread_run_worker[_on_cpu]()"):
 * kthread_create_worker() no longer wakes the worker.
 */
#ifndef kthread_run_worker
#define kthread_run_worker kthread_create_worker
#endif

/*
 * v6.13, cdd30ebb1b9f ("module: Convert symbol namespace to string literal").
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define PIACCEL_IMPORT_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define PIACCEL_IMPORT_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

/*
 * gpiod_set_value() gives no error in older kernels and an int in those tested
 * here (6.12.117 and newer). Detected. There, the call for many lines says
 * whether the chip took one.
 */
#define PIACCEL_SET_IS_VOID						\
	__builtin_types_compatible_p(typeof(gpiod_set_value),		\
				     void(struct gpio_desc *, int))

static inline int piaccel_set_value(struct gpio_desc *desc, int value)
{
	unsigned long bits = !!value;

	return __builtin_choose_expr(PIACCEL_SET_IS_VOID,
				     gpiod_set_array_value(1, &desc, NULL,
							   &bits),
				     gpiod_set_value(desc, value));
}

static inline int piaccel_set_value_cansleep(struct gpio_desc *desc, int value)
{
	unsigned long bits = !!value;

	return __builtin_choose_expr(PIACCEL_SET_IS_VOID,
				     gpiod_set_array_value_cansleep(1, &desc,
								    NULL,
								    &bits),
				     gpiod_set_value_cansleep(desc, value));
}

#endif /* PIACCEL_COMPAT_H */
