/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * piaccel: what the parts of the driver know of each other.
 *
 * Lock order, outermost first:
 *
 *	piaccel_requests_mutex
 *	device_lock() of the chip's parent
 *	bus notifier chains (taken by the driver core around our callback)
 *	piaccel_request.config
 *	piaccel_request.hw
 *	piaccel_stream.lock		raw
 *	piaccel_request.lock		raw
 *	piaccel_request.event_lock	raw
 *
 * The raw ones are taken in hard-irq context, on PREEMPT_RT too.
 *
 * Of a buffer, outermost first: its reservation (the core's), piaccel_buf.lock,
 * piaccel_buf.sync. The last one, and piaccel_stream.fence_lock, are taken on
 * the way to a fence's signal, and nothing is allocated under them.
 */
#ifndef PIACCEL_H
#define PIACCEL_H

#include <linux/dma-buf.h>
#include <linux/fs.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/irqdomain.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/piaccel.h>

#include "piaccel_compat.h"

struct piaccel_request;
struct piaccel_stream;
struct piaccel_worker;

/**
 * struct piaccel_ioctl - one row of an ioctl table
 * @cmd: the command as this module was built with it
 * @min_size: the smallest struct size ever released
 * @fn: called with the argument copied in; it is copied out on return
 */
struct piaccel_ioctl {
	unsigned int cmd;
	size_t min_size;
	long (*fn)(struct file *file, void *arg);
};

long piaccel_dispatch(const struct piaccel_ioctl *table, size_t rows,
		      struct file *file, unsigned int cmd, unsigned long arg);

/**
 * struct piaccel_line - one line of a request
 * @req: the request
 * @index: its number in the request
 * @irq: its interrupt while one is requested, else 0. Under req->config.
 * @domain: where @irq comes from, not to be looked into
 * @hwirq: its number there
 * @trigger: what @irq was requested for, IRQF_TRIGGER_*. Under req->config.
 * @hard_debounce: the chip debounces. Under req->config.
 * @soft_debounce: we debounce. Changes only while there is no @irq.
 * @debounce_us: for how long. Changes only while there is no @irq.
 * @irq_ns: time of the hard half, for the threaded one; the interrupt is
 *	masked in between
 * @raw_ns: time of the last change while debouncing. Under req->event_lock.
 * @level: last debounced level. Under req->event_lock.
 * @seq: events so far. Under req->event_lock.
 * @debounce: runs out when the line has stood still
 * @debounce_work: reads the level then, on a chip that sleeps
 */
struct piaccel_line {
	struct piaccel_request *req;
	unsigned int index;
	int irq;
	struct irq_domain *domain;
	irq_hw_number_t hwirq;
	unsigned long trigger;
	bool hard_debounce;
	bool soft_debounce;
	u32 debounce_us;
	u64 irq_ns;
	u64 raw_ns;
	bool level;
	u32 seq;
	struct hrtimer debounce;
	struct work_struct debounce_work;
};

/* What a uid has only so much of. */
enum piaccel_quota {
	PIACCEL_QUOTA_HELD,	/* lines held, or to be held at close */
	PIACCEL_QUOTA_QUEUE,	/* bytes of event and record queues */
	PIACCEL_QUOTA_BUF,	/* bytes of buffers */
	PIACCEL_QUOTAS
};

struct piaccel_user;

/**
 * struct piaccel_charge - what an object has taken of a user's quota
 * @user: whose
 * @kind: of what
 * @amount: how much; zero for nothing
 */
struct piaccel_charge {
	struct piaccel_user *user;
	enum piaccel_quota kind;
	u64 amount;
};

#define PIACCEL_CAPTURE_SLOT	0
#define PIACCEL_PLAYBACK_SLOT	1
#define PIACCEL_SLOTS		2

/**
 * struct piaccel_request - exclusive use of lines of one chip
 * @kref: one for the file (or for being held), one for each stream
 * @rcu: the panic notifier walks the list without a lock
 * @node: in piaccel_requests. Under piaccel_requests_mutex, read under RCU.
 * @chip: the chip, as it was named
 * @consumer: who it is for
 * @irq_name: the same, as the name of its interrupts
 * @owner: the process that made it, a reference
 * @num: lines
 * @all: a bit for each
 * @offsets: their numbers on the chip
 * @desc: their descriptors
 * @owned: @desc are ours to put. Under @config.
 * @sleeps: the lines are read and driven in threads only: the chip can sleep,
 *	or its driver takes locks that sleep on this kernel
 * @defers: outputs are driven by threads only, as above or because letting go
 *	of an open drain or source may sleep
 * @worker: drives the safe values if @defers, else NULL
 * @no_suspend: the machine does not sleep while it is armed
 * @hold: keep the lines after close
 * @adopted: they were taken over from a held request
 * @held: the file is closed and the lines are kept. Under
 *	piaccel_requests_mutex.
 * @releasing: they are kept only until their safe values stand. Under
 *	piaccel_requests_mutex.
 * @origin: the platform device that a held request is for, or NULL
 * @uid: who requested them, and may adopt them
 * @kept: what they take of its quota
 * @gdev: the chip, a reference
 * @parent: its parent, a reference, or NULL
 * @parent_nb: tells when the chip's driver is about to be unbound
 * @chip_nb: tells when the chip itself is deleted
 * @reap: frees a held request whose chip is gone
 * @cfg: the present configuration. Under @config; output_mask and the safe and
 *	interlock lines' part of the rest only change with all users stopped.
 * @drain: open-drain lines as they were requested
 * @source: open-source lines as they were requested
 * @read_cost_ns: measured time to read all lines
 * @floor_ns: shortest period of a stream
 * @config: serialises RECONFIG, REARM, SET, starting and stopping of streams,
 *	interrupts of lines, @owned and @gone
 * @hw: if @defers, held while outputs are written, from the look at @tripped
 *	and @gone to the end of the write, and while @gone is set or the latch
 *	opened
 * @lock: protects @values, @ready, @tripped, @owed, @retry_ns, @disarmed, @cause,
 *	@trip_seq, @trip_ns, @safe_ns, @deadline_ns, @keepalives and (together with
 *	@config) @stream and @gone. Unless @defers, held while outputs are
 *	written: after a trip nothing else reaches the lines.
 * @values: what outputs were last driven to
 * @ready: the outputs are set up; before, a trip only latches
 * @tripped: latched
 * @owed: the safe values are to be driven, and do not stand yet
 * @retry_ns: after which time they are tried again; 0: the shortest
 * @disarmed: by DISARM
 * @gone: the chip is, and the lines are no longer ours; or the request is
 * @cause: of the last trip
 * @trip_seq: trips so far
 * @trip_ns: time of the last
 * @safe_ns: when its safe values stood
 * @deadline_ns: when the next KEEPALIVE is due, 0 for never
 * @keepalives: accepted so far
 * @stream: the running, or last, capture and playback; no reference
 * @fence_context: of the fences of captures; the next one, of playbacks'
 * @fence_seq: captures and playbacks so far. Under @lock.
 * @safe_mask: outputs with a safe value
 * @safe_values: these
 * @interlock_mask: inputs with a required level
 * @interlock_values: these
 * @floor_mask: outputs whose safe values are the device tree's; whoever has
 *	the lines has these in @safe_mask, too
 * @floor_values: these
 * @floor_locks: the device tree's interlocks, in @interlock_mask of whoever
 *	has the lines
 * @floor_lock_values: their required levels
 * @keepalive_ns: longest time between two KEEPALIVEs
 * @deadline: the keep-alive timer; after a trip, it tries again what is @owed
 * @trip_work: drives the safe values if @defers
 * @notify: leaves hard-irq context after a trip
 * @notify_work: tells the world of a trip
 * @event_lock: protects @events and the fields up to @event_lost, and fields
 *	of the lines as said there
 * @queue: what @events takes of its user's quota
 * @events: ring of @event_size entries, a power of two
 * @event_size: entries
 * @event_head: next to write, free running
 * @event_tail: next to read, free running
 * @event_seq: events so far
 * @event_read_seq: the last one read
 * @event_lost: dropped so far
 * @event_wake: leaves hard-irq context after an edge
 * @wait: readers and pollers
 * @lines: per line
 */
struct piaccel_request {
	struct kref kref;
	struct rcu_head rcu;
	struct list_head node;
	char chip[PIACCEL_NAME_SIZE];
	char consumer[PIACCEL_CONSUMER_SIZE];
	char irq_name[PIACCEL_CONSUMER_SIZE + 8];
	struct pid *owner;
	unsigned int num;
	u64 all;
	u16 offsets[PIACCEL_LINES_MAX];
	struct gpio_desc *desc[PIACCEL_LINES_MAX];
	bool owned;
	bool sleeps;
	bool defers;
	struct piaccel_worker *worker;
	bool no_suspend;
	bool hold;
	bool adopted;
	bool held;
	bool releasing;
	struct device *origin;
	kuid_t uid;
	struct piaccel_charge kept;
	struct gpio_device *gdev;
	struct device *parent;
	struct notifier_block parent_nb;
	struct notifier_block chip_nb;
	struct work_struct reap;

	struct piaccel_line_config cfg;
	u64 drain;
	u64 source;
	u64 read_cost_ns;
	u64 floor_ns;
	struct mutex config;	/* see above */
	struct mutex hw;	/* see above */

	raw_spinlock_t lock;	/* see above */
	u64 values;
	bool ready;
	bool tripped;
	bool owed;
	u64 retry_ns;
	bool disarmed;
	bool gone;
	u32 cause;
	u64 trip_seq;
	u64 trip_ns;
	u64 safe_ns;
	u64 deadline_ns;
	u64 keepalives;
	struct piaccel_stream *stream[PIACCEL_SLOTS];
	u64 fence_context;
	u64 fence_seq[PIACCEL_SLOTS];

	u64 safe_mask;
	u64 safe_values;
	u64 interlock_mask;
	u64 interlock_values;
	u64 floor_mask;
	u64 floor_values;
	u64 floor_locks;
	u64 floor_lock_values;
	u64 keepalive_ns;
	struct hrtimer deadline;
	struct kthread_work trip_work;
	struct irq_work notify;
	struct work_struct notify_work;

	raw_spinlock_t event_lock;	/* see above */
	struct piaccel_charge queue;
	struct piaccel_event *events;
	u32 event_size;
	u32 event_head;
	u32 event_tail;
	u32 event_seq;
	u32 event_read_seq;
	u64 event_lost;
	struct irq_work event_wake;
	wait_queue_head_t wait;

	struct piaccel_line lines[] __counted_by(num);
};

/**
 * struct piaccel_buf_range - a part of a buffer that a capture writes
 * @node: in the buffer's @owned, empty when it is not
 * @offset: first byte
 * @len: bytes
 */
struct piaccel_buf_range {
	struct list_head node;
	u64 offset;
	u64 len;
};

/* piaccel_drv.c */
extern struct device *piaccel_dev;
extern struct workqueue_struct *piaccel_wq;
extern unsigned int piaccel_period_floor_ns;

/* piaccel_quota.c */
int piaccel_charge(struct piaccel_charge *c, enum piaccel_quota kind,
		   u64 amount);
void piaccel_uncharge(struct piaccel_charge *c);
void piaccel_quota_info(struct piaccel_info *info);
void piaccel_quota_show(struct seq_file *s);

/* piaccel_buf.c */
u64 piaccel_buf_limit(void);
long piaccel_buf_alloc(struct file *file, void *arg);
bool piaccel_buf_sync(struct dma_buf *dmabuf, u64 offset, u64 len,
		      bool for_device);
void piaccel_table_sync(struct device *dev, struct sg_table *table,
			enum dma_data_direction dir, u64 offset, u64 len,
			bool for_device);
void piaccel_buf_own(struct dma_buf *dmabuf, struct piaccel_buf_range *range);
void piaccel_buf_disown(struct dma_buf *dmabuf,
			struct piaccel_buf_range *range);
int piaccel_buf_kmap(struct dma_buf *dmabuf, struct iosys_map *map);
void piaccel_buf_kunmap(struct dma_buf *dmabuf, struct iosys_map *map);
void piaccel_buf_info(struct piaccel_info *info);
void piaccel_buf_show(struct seq_file *s);
int piaccel_buf_init(struct device *dev);

/* piaccel_request.c */
extern struct list_head piaccel_requests;
extern struct mutex piaccel_requests_mutex;
long piaccel_line_request(struct file *file, void *arg);
void piaccel_request_close(struct piaccel_request *req);
void piaccel_request_put(struct piaccel_request *req);
struct piaccel_request *
piaccel_request_new(const struct piaccel_line_request *r);
int piaccel_setup_outputs(struct piaccel_request *req);
int piaccel_make_outputs(struct piaccel_request *req, u64 mask, u64 values);
void piaccel_request_teardown(struct piaccel_request *req);
void piaccel_request_show(struct seq_file *s);
void piaccel_request_exit(void);

/* piaccel_info.c */
bool piaccel_printable(const char *text);
void piaccel_make_printable(char *text);
void piaccel_changed(void);
void piaccel_seen(struct file *file);
int piaccel_info_open(struct inode *inode, struct file *file);
__poll_t piaccel_info_poll(struct file *file, poll_table *wait);
long piaccel_line_info(struct file *file, void *arg);

/* piaccel_chip.c */
struct gpio_device *piaccel_chip_find(const char *name);
const char *piaccel_chip_call(struct gpio_device *gdev);
int piaccel_chip_watch(struct piaccel_request *req);
void piaccel_chip_unwatch(struct piaccel_request *req);
void piaccel_chip_release(struct piaccel_request *req);
int piaccel_get_lines(struct piaccel_request *req);
void piaccel_put_lines(struct piaccel_request *req);
void piaccel_set_gone(struct piaccel_request *req);

/* piaccel_hold.c */
bool piaccel_request_hold(struct piaccel_request *req);
struct piaccel_request *piaccel_find_held(struct piaccel_request *req);
int piaccel_borrow_lines(struct piaccel_request *req,
			 struct piaccel_request *held);
int piaccel_take_lines(struct piaccel_request *req,
		       struct piaccel_request *held);
int piaccel_hold_charge(struct piaccel_request *req);
int piaccel_request_hold_lines(struct device *origin,
			       const struct piaccel_line_request *r,
			       struct gpio_desc **desc);
unsigned int piaccel_request_lines_of(struct device *origin);
void piaccel_request_drop_held(struct device *origin);

/* piaccel_plat.c */
extern struct platform_driver piaccel_node_driver;

/* piaccel_config.c */
int piaccel_config_check(const struct piaccel_line_config *cfg, u64 all);
int piaccel_config_bias(struct piaccel_request *req, unsigned int i,
			const struct piaccel_line_config *old,
			const struct piaccel_line_config *cfg);
long piaccel_line_reconfig(struct file *file, void *arg);

/* piaccel_line.c */
extern const struct file_operations piaccel_line_fops;
u64 piaccel_pack(u64 bits, u64 mask);
u64 piaccel_unpack(u64 packed, u64 mask);
int piaccel_read(struct piaccel_request *req, u64 mask, u64 *bits);
int piaccel_write(struct piaccel_request *req, u64 mask, u64 bits);

/* piaccel_event.c */
void piaccel_event_init(struct piaccel_request *req);
int piaccel_event_setup(struct piaccel_line *line);
void piaccel_event_stop(struct piaccel_line *line);
void piaccel_event_stop_all(struct piaccel_request *req);
void piaccel_event_flush(struct piaccel_request *req);
ssize_t piaccel_event_read(struct file *file, char __user *buf, size_t len,
			   loff_t *pos);

/* piaccel_failsafe.c */
extern atomic64_t piaccel_trips;
void piaccel_failsafe_setup(struct piaccel_request *req);
void piaccel_failsafe_flush(struct piaccel_request *req);
bool piaccel_trip(struct piaccel_request *req, u32 cause, u64 when);
void piaccel_drive_safe(struct piaccel_request *req);
u64 piaccel_interlock_read(struct piaccel_request *req);
void piaccel_failsafe_start(struct piaccel_request *req);
long piaccel_line_keepalive(struct file *file, void *arg);
long piaccel_line_trip(struct file *file, void *arg);
long piaccel_line_rearm(struct file *file, void *arg);
long piaccel_line_disarm(struct file *file, void *arg);
int piaccel_drive_atomic(struct piaccel_request *req);

/* piaccel_defer.c */
void piaccel_defer_setup(struct piaccel_request *req);

/* piaccel_worker.c */
int piaccel_worker_get(struct piaccel_request *req);
void piaccel_worker_put(struct piaccel_request *req);
void piaccel_worker_queue(struct piaccel_request *req);
void piaccel_worker_flush_all(void);

/* piaccel_end.c */
extern bool piaccel_rebooting;
int piaccel_end_init(void);
void piaccel_end_exit(void);

/* piaccel_stream_open.c */
long piaccel_line_capture(struct file *file, void *arg);
long piaccel_line_playback(struct file *file, void *arg);

/* piaccel_stream.c */
bool piaccel_stream_running(struct piaccel_request *req, unsigned int slot);
void piaccel_stream_end_all(struct piaccel_request *req, u32 flag);
void piaccel_stream_tripped(struct piaccel_request *req);

/* piaccel_fence.c */
int piaccel_fence_init(void);
void piaccel_fence_exit(void);

/* What most calls find nothing at is looked at in place. */

/* Interlock inputs that do not stand at their level; all, if unreadable. */
static inline u64 piaccel_interlock_open(struct piaccel_request *req)
{
	return req->interlock_mask ? piaccel_interlock_read(req) : 0;
}

/* The system reboots, halts or powers off: nothing is driven any more. */
static inline bool piaccel_ending(void)
{
	return READ_ONCE(piaccel_rebooting);
}

#endif /* PIACCEL_H */
