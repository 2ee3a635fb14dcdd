/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * piaccel: a stream, seen by its timer, its descriptor and what starts it.
 */
#ifndef PIACCEL_STREAM_H
#define PIACCEL_STREAM_H

#include <linux/iosys-map.h>

#include "piaccel.h"

/**
 * struct piaccel_stream - a capture or a playback
 * @kref: one for the file, one for whoever looks at it through the request
 * @cost: nanoseconds of CPU time for one sample
 * @load: what it has taken of the CPU time that all may, until it ends
 * @req: the request, a reference to the struct, not to its lines
 * @slot: PIACCEL_CAPTURE_SLOT or PIACCEL_PLAYBACK_SLOT
 * @dmabuf: the buffer
 * @map: its mapping
 * @base: first byte of the stream
 * @mask: the lines
 * @num: how many
 * @format: enum piaccel_format
 * @ring: start again at the end
 * @sample_size: bytes of a sample
 * @block_samples: samples of a block
 * @blocks: blocks of the buffer
 * @total: samples of the buffer
 * @offset: of @base in the buffer
 * @period: time between samples
 * @start: due time of sample 0
 * @timer: takes or drives the samples
 * @lock: protects the fields from here to @tail
 * @ended: no more samples
 * @flags: why, PIACCEL_BLOCK_*
 * @index: next sample, counted from the start
 * @overruns: samples not taken or driven in their period
 * @max_late: longest lateness
 * @late: histogram
 * @block: the record being filled
 * @lost: records dropped
 * @queue: what @records takes of its user's quota
 * @records: ring of @depth records, a power of two
 * @depth: entries
 * @head: next to write, free running
 * @published: records before it may be read
 * @tail: next to read
 * @read_seq: number of the next record if none is lost
 * @work: publishes records
 * @wait: readers and pollers
 * @owned: the part of the buffer that a capture writes
 * @foreign: the pages of that part, if the buffer is another exporter's
 * @fence_seq: number of this stream's fence in its context
 * @fence_work: signals @fence, on a queue of its own
 * @fence_lock: protects @fence; nothing is called under it
 * @fence: signals the end, if anyone has asked for it. It is set once, with
 *	the buffer's reservation held.
 */
struct piaccel_stream {
	struct kref kref;
	u64 cost;
	u32 load;
	struct piaccel_request *req;
	unsigned int slot;
	struct dma_buf *dmabuf;
	struct iosys_map map;
	u8 *base;
	u64 mask;
	unsigned int num;
	u32 format;
	bool ring;
	u32 sample_size;
	u32 block_samples;
	u64 blocks;
	u64 total;
	u64 offset;
	u64 period;
	u64 start;
	struct hrtimer timer;

	raw_spinlock_t lock;	/* see above */
	bool ended;
	u32 flags;
	u64 index;
	u64 overruns;
	u64 max_late;
	u32 late[PIACCEL_LATE_BUCKETS];
	struct piaccel_block block;
	u64 lost;
	struct piaccel_charge queue;
	struct piaccel_block *records;
	u32 depth;
	u32 head;
	u32 published;
	u32 tail;

	u64 read_seq;
	struct work_struct work;
	wait_queue_head_t wait;
	struct piaccel_buf_range owned;
	struct sg_table foreign;
	u64 fence_seq;
	struct work_struct fence_work;
	spinlock_t fence_lock;	/* see above */
	struct dma_fence *fence;
};

/* piaccel_sample.c */
u32 piaccel_sample_size(u32 format, unsigned int num);
u32 piaccel_element_size(u32 format, u32 sample_size);
void piaccel_store(struct piaccel_stream *s, u64 slot, u64 packed);
u64 piaccel_load_sample(struct piaccel_stream *s, u64 slot);

/* piaccel_stream.c */
enum hrtimer_restart piaccel_stream_timer(struct hrtimer *timer);
void piaccel_stream_work(struct work_struct *work);
void piaccel_stream_end(struct piaccel_stream *s, u32 flag);
void piaccel_stream_free(struct kref *kref);
int piaccel_stream_release(struct inode *inode, struct file *file);

/* piaccel_stream_open.c */
void piaccel_stream_unbuffer(struct piaccel_stream *s);

/* piaccel_load.c */
void piaccel_load_measure(struct piaccel_stream *s);
int piaccel_load_take(struct piaccel_stream *s);
void piaccel_load_give(struct piaccel_stream *s);

/* piaccel_fence.c */
void piaccel_fence_setup(struct piaccel_stream *s);
void piaccel_fence_ended(struct piaccel_stream *s);
void piaccel_fence_drop(struct piaccel_stream *s);
long piaccel_stream_fence(struct file *file, void *arg);

/* piaccel_foreign.c */
int piaccel_foreign_map(struct piaccel_stream *s);
void piaccel_foreign_unmap(struct piaccel_stream *s);
void piaccel_stream_hand_over(struct piaccel_stream *s, u64 first, u64 len,
			      bool for_device);

/* piaccel_stream_file.c */
extern const struct file_operations piaccel_stream_fops;

#endif /* PIACCEL_STREAM_H */
