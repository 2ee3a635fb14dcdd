/* SPDX-License-Identifier: MIT */
/*
 * A context: one device, its memory, and the tensors made on it.
 *
 * Thread rule: a context and everything made from it belong to one thread at a
 * time. Different contexts are independent. accel_last_error() is per thread.
 */
#ifndef ACCEL_CONTEXT_H
#define ACCEL_CONTEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct accel_context accel_context;
typedef struct accel_tensor accel_tensor;

typedef struct accel_open_options {
	/* "cpu", "vulkan", an index, a name or a UUID. NULL: $ACCEL_DEVICE,
	 * else the first real GPU, else "cpu". */
	const char *device;
	uint64_t memory_limit; /* bytes of tensor storage; 0: the device's */
	uint32_t threads; /* of the cpu backend; 0: one per processor */
	uint32_t plan_cache; /* plans kept; 0: 64 */
	uint64_t seed; /* of random numbers */
} accel_open_options;

/*
 * Opens a device. accel_open(NULL), accel_open("cpu", .threads = 2).
 *
 * Returns NULL on failure: ERR_NODEV where no such device exists. Any thread.
 */
#define accel_open(...)                                                        \
	accel_open_with(&(accel_open_options){ .device = __VA_ARGS__ })
ACCEL_API accel_context *accel_open_with(const accel_open_options *options);

/*
 * Frees the context and every tensor made from it, kept ones too. A model,
 * optimizer or function made from it may be destroyed later, and is an error to
 * use until then. A second call does nothing; NULL is allowed.
 *
 * After fork() a child's only call for a context of its parent's is this one,
 * which frees what it can without waiting; all others are ERR_LOST. A child that
 * opens a context of its own should be forked before its parent loads a Vulkan
 * driver: those have threads that the child lacks.
 */
ACCEL_API void accel_close(accel_context *ctx);

/* The device's name ("cpu", "llvmpipe (LLVM 15.0.6, 256 bits)"); NULL for
 * NULL. */
ACCEL_API const char *accel_context_device(const accel_context *ctx);

/* "cpu" or "vulkan"; NULL for NULL. */
ACCEL_API const char *accel_context_backend(const accel_context *ctx);

/*
 * Scopes own temporaries. accel_scope_end() frees every tensor made since the
 * matching begin, except those given to accel_keep(). Scopes nest. Tensors
 * made outside any scope live until accel_tensor_destroy() or accel_close();
 * the intermediate ones of an op that is made of several go with its result.
 *
 * accel_scope_end: ERR_INVALID when no scope is open.
 */
ACCEL_API accel_status accel_scope_begin(accel_context *ctx);
ACCEL_API accel_status accel_scope_end(accel_context *ctx);

/*
 * Takes a tensor out of its scope: the caller now owns it, and frees it with
 * accel_tensor_destroy(). A kept tensor is computed by the next accel_sync() or
 * accel_read(); one kept when it no longer could be, since its inputs were
 * updated, holds nothing else up, and its own read says so. Returns its
 * argument; NULL for NULL.
 */
ACCEL_API accel_tensor *accel_keep(accel_tensor *t);

/*
 * Computes what is pending: assignments and kept tensors. Returns when the
 * results are in memory.
 *
 * ERR_NOMEM: the text has the plan's need and what was free; nothing was
 * changed, and the call can be made again. ERR_LOST: the device is gone, only
 * accel_close() is left to do. Any other error: the step failed half-way. What
 * it was to assign is not known then, and is an error to read or to use until
 * accel_write() sets it; a retry does not assign twice.
 */
ACCEL_API accel_status accel_sync(accel_context *ctx);

/* Restarts the random numbers at a seed. */
ACCEL_API void accel_seed(accel_context *ctx, uint64_t seed);

/* Counters since accel_open(). What a test of "no allocation in a replayed
 * step" reads. */
typedef struct accel_counters {
	uint64_t plans_compiled;
	uint64_t plans_replayed;
	uint64_t plans_evicted;
	uint64_t plans_cached; /* now */
	uint64_t kernels; /* dispatched */
	uint64_t submits; /* to the device */
	uint64_t host_steps; /* of a GPU plan that ran on the CPU */
	/* by the CPU, between tensors and other memory: accel_tensor_create(),
	 * accel_read(), accel_write(), an export that moves, and memory that
	 * the CPU cannot see. 0 for what is imported: it is where it was. */
	uint64_t bytes_copied;
	uint64_t allocations; /* from the system, host or device */
	uint64_t bytes_in_use; /* of tensor storage, now */
	uint64_t bytes_peak; /* of bytes_in_use */
	/* For reuse: storage of tensors that are no more, and what steps work
	 * in. Part of .memory_limit, and given up for what needs the room. */
	uint64_t bytes_kept;
} accel_counters;

ACCEL_API void accel_counters_get(const accel_context *ctx,
				  accel_counters *counters);

/*
 * Gives memory that is kept for reuse back to the system: storage of tensors
 * that are no more, and what steps work in. The next step gets anew what it
 * needs. Tensors and plans stay. Without a call, what 1,000 steps did not use
 * goes back once more than 16 MiB are kept.
 */
ACCEL_API void accel_trim(accel_context *ctx);

/* Forgets every cached plan. The next step compiles again. */
ACCEL_API void accel_plan_clear(accel_context *ctx);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_CONTEXT_H */
