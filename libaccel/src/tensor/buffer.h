/* SPDX-License-Identifier: MIT */
/* Storage of tensors, and the contract of a backend. */
#ifndef ACCEL_TENSOR_BUFFER_H
#define ACCEL_TENSOR_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <accel/context.h>

/* Storage of one tensor, or of a plan's temporaries. */
struct buffer {
	struct accel_context *ctx;
	struct buffer *next_free; /* while in the pool */
	uint64_t put; /* ... since this run */
	uint32_t refs;
	size_t size; /* of its class, at least what was asked for */
	void *host; /* a CPU address, where the memory has one */
	void *mem; /* the backend's */
	bool foreign; /* imported: never reused */
	/* of the DMA-BUF behind it, 0 for none. Linux before 5.3 has one for
	 * all of them: what shares no memory is taken to, no more. */
	uint64_t inode;
	size_t first; /* byte that is looked at, imported at an offset */
};

/* Whether they have bytes in common. */
static inline bool buffer_overlaps(const struct buffer *a,
				   const struct buffer *b)
{
	return a == b || (a->inode && a->inode == b->inode &&
			  a->first < b->size && b->first < a->size);
}

struct layout;
struct plan;
struct device;

/* What a backend does. The vtable is the whole contract: everything above
 * sees a device only through it. */
struct device_ops {
	const char *backend; /* "cpu", "vulkan" */
	/* Fills b->host and b->mem for b->size bytes, zeroed. */
	accel_status (*buffer_alloc)(struct device *dev, struct buffer *b);
	void (*buffer_free)(struct device *dev, struct buffer *b);
	/* Fills b from a DMA-BUF of b->size bytes; b->foreign is set. */
	accel_status (*buffer_import)(struct device *dev, struct buffer *b,
				      int fd);
	/* A new DMA-BUF fd. May move the bytes to other memory. */
	accel_status (*buffer_export)(struct device *dev, struct buffer *b,
				      int *fd);
	/* Free device memory, where known, else UINT64_MAX. */
	uint64_t (*memory_free)(struct device *dev);
	/* Brackets CPU access. begin returns the address or NULL; what was
	 * written is in place once end says so. */
	void *(*access_begin)(struct device *dev, struct buffer *b, bool write);
	accel_status (*access_end)(struct device *dev, struct buffer *b,
				   bool write);
	/* Can one element-wise kernel over `shape` address these n inputs and
	 * take so many immediates? NULL: always. */
	bool (*ew_fits)(struct device *dev, const struct layout *shape,
			const struct layout *const *in, uint32_t n,
			uint32_t imms);
	/* Makes plan->exe; called once a plan. */
	accel_status (*compile)(struct device *dev, struct plan *plan);
	/*
	 * bind[slot] is the buffer of each of the plan's slots. Returns when
	 * the results are in memory. Sets dev->started when a step may have
	 * written: what fails before, as what is out of memory does, has
	 * changed nothing.
	 */
	accel_status (*run)(struct device *dev, struct plan *plan,
			    struct buffer *const *bind);
	void (*release)(struct device *dev, struct plan *plan);
	/* Gives back what it keeps for the next step. Not called in a step but
	 * by buffer_scratch(). */
	void (*trim)(struct device *dev);
	void (*close)(struct device *dev);
};

struct device {
	const struct device_ops *ops;
	char name[128];
	/* What the fuse pass may join here. */
	bool fuse_epilogue; /* element-wise tail of matmul and conv */
	int ew_inputs, ew_outputs; /* operands of one element-wise kernel */
	int ew_operands; /* inputs and outputs together */
	int ew_ops; /* instructions of one element-wise kernel */
	bool started; /* by run() */
	struct accel_context *ctx; /* whose device it is */
	accel_counters *counters; /* the context's: kernels, submits */
};

/* A buffer of at least `size` bytes, from the pool or the device; contents
 * undefined. NULL with the numbers in the error text. */
struct buffer *buffer_get(struct accel_context *ctx, size_t size);
/* A buffer over a DMA-BUF, which has at least `size` bytes, of which those from
 * `first` on count. */
struct buffer *buffer_from_dmabuf(struct accel_context *ctx, int fd,
				  size_t first, size_t size);
/* Notes whose memory b is. */
void buffer_identify(struct buffer *b, int fd);
struct buffer *buffer_ref(struct buffer *b);
void buffer_put(struct buffer *b);
/*
 * Memory that a device works in, at least `size` bytes in *b, which is the
 * device's: kept as it is where it is large enough, else given back for another
 * one, from the pool or the device. Size 0 gives it back. ERR_NOMEM: *b is NULL.
 */
accel_status buffer_scratch(struct accel_context *ctx, struct buffer **b,
			    size_t size);

/*
 * After each run. What was not taken from the pool for POOL_AGE runs goes back
 * to the device, while the pool is larger than what always may stay: what is
 * used now and then is not to be made anew each time.
 */
#define POOL_AGE 1000
#define POOL_SWEEP 64 /* runs from one look to the next */
#define POOL_STAYS (16u << 20) /* bytes */
void buffer_pool_age(struct accel_context *ctx);
/* Gives every pooled buffer back to the device. */
void buffer_pool_drain(struct accel_context *ctx);

#endif /* ACCEL_TENSOR_BUFFER_H */
