/* SPDX-License-Identifier: MIT */
/*
 * compute: the Vulkan engine. Devices, buffers, kernels, recordings.
 *
 * It knows buffers, kernels and launches; no tensor, no layer, no graph. The
 * launches themselves (matmul, reduce, ...) are in kernels.h.
 *
 * Thread rule: a device and everything made from it is used by one thread at a
 * time; different devices are independent. compute_devices() and compute_open()
 * may be called from any thread.
 *
 * Errors: every call that can fail returns an accel_status and leaves a text
 * with the numbers in it (accel_last_error()). ACCEL_ERR_LOST is final for the
 * device: every later call on it returns ACCEL_ERR_LOST, and destroying what
 * was made from it still works. After any other error the device is usable.
 *
 * Determinism: the same kernels over the same bytes on the same device and
 * driver give the same bits. There are no float atomics anywhere.
 */
#ifndef COMPUTE_COMPUTE_H
#define COMPUTE_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <accel/status.h>

struct compute_device;
struct compute_buffer;
struct compute_kernel;
struct compute_record;

/* What a shader may bind and be given at most, on every device. */
#define COMPUTE_MAX_BINDINGS 8
#define COMPUTE_MAX_PUSH 128
#define COMPUTE_MAX_SPEC 64

/* ---- devices ---------------------------------------------------------- */

enum compute_device_type {
	COMPUTE_DEVICE_OTHER,
	COMPUTE_DEVICE_INTEGRATED,
	COMPUTE_DEVICE_DISCRETE,
	COMPUTE_DEVICE_VIRTUAL,
	COMPUTE_DEVICE_CPU, /* a software rasterizer, e.g. lavapipe */
};

struct compute_device_info {
	uint32_t index; /* what ACCEL_DEVICE=INDEX means */
	enum compute_device_type type;
	char name[256];
	char driver[256]; /* e.g. "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)" */
	uint8_t uuid[16]; /* VkPhysicalDeviceIDProperties.deviceUUID */
	uint32_t vendor_id, device_id;
	uint32_t api_version; /* packed as Vulkan packs it */
	uint32_t driver_version; /* as the driver gives it */
	uint64_t memory_bytes; /* largest device-local heap */
	char drm_node[64]; /* "/dev/dri/renderD128", "" if none or unknown */
	bool usable; /* Vulkan 1.1 and a compute queue */
	bool import_dmabuf, export_dmabuf, import_host;
};

/*
 * Lists the Vulkan devices.
 *
 * @list: receives up to `max` entries; may be NULL when max is 0.
 * @count: receives how many there are, which may be more than max.
 *
 * A machine without a Vulkan loader's driver (no ICD) has none: ACCEL_OK and
 * *count 0. ERR_NOMEM.
 */
accel_status compute_devices(struct compute_device_info *list, uint32_t max,
			     uint32_t *count);

/*
 * Opens a device.
 *
 * @which: an index ("0"), a UUID (32 hex digits, dashes allowed), a name or a
 *   part of one only (any case), "vulkan" (the first real GPU, else any Vulkan
 *   device), or "cpu" (none). NULL or "": the environment's ACCEL_DEVICE, and
 *   without that the first real GPU.
 * @dev: receives the device, or NULL with ACCEL_OK when the answer is "the CPU
 *   backend": "cpu" was asked for, or nothing was asked for and there is no
 *   real GPU. The caller destroys it.
 *
 * ERR_NODEV: what was asked for is not there, or is part of several names (the
 * text lists what is there).
 * ERR_INVALID: ACCEL_LIMITS is set to something unknown.
 */
accel_status compute_open(const char *which, struct compute_device **dev);

/* NULL is accepted. Everything made from the device must be gone before. */
void compute_close(struct compute_device *dev);

const struct compute_device_info *
compute_device_info(const struct compute_device *dev);

/*
 * What the kernels may use. Queried, then clamped by ACCEL_LIMITS=v3d42|v3d71
 * to the limits and features of a Raspberry Pi 4 or 5 (Mesa 25.0), so that a
 * Pi's code paths run anywhere.
 */
struct compute_limits {
	char clamp[16]; /* "", "v3d42" or "v3d71" */
	uint32_t max_invocations; /* per workgroup */
	uint32_t max_group_size[3];
	uint32_t max_groups[3];
	uint32_t shared_bytes;
	uint32_t push_bytes; /* at least 128 */
	uint32_t storage_buffers; /* per stage */
	uint32_t storage_align; /* of a binding's offset, bytes */
	uint32_t texel_align; /* of a texel binding's offset, bytes */
	uint32_t max_texels; /* elements in one texel binding */
	uint64_t max_range; /* bytes one binding may cover */
	uint64_t max_alloc; /* bytes of one buffer */
	/* Turns of an invocation's loops, all together, that a rasterizer on
	 * the CPU is trusted with; UINT32_MAX on a GPU. Mesa's llvmpipe leaves
	 * loops after 65535 and says nothing. */
	uint32_t max_turns;
	uint32_t subgroup_size;
	bool subgroup_ballot, subgroup_shuffle, subgroup_arithmetic;
	bool storage8, storage16; /* 8/16-bit storage; kernels do not need it */
	bool shader_float16, shader_int8;
	uint32_t
		coop[3]; /* VK_KHR_cooperative_matrix, f16 into f32: m, n, k; or
			   * 0 */
	bool unified; /* device-local memory is host visible */
	bool timestamps;
	double timestamp_ns; /* nanoseconds per tick */
};

const struct compute_limits *
compute_device_limits(const struct compute_device *dev);

/* Bytes of device memory free now and in all; false where unknown. */
bool compute_device_memory(struct compute_device *dev, uint64_t *free_bytes,
			   uint64_t *total_bytes);

/* ---- buffers ---------------------------------------------------------- */

enum {
	/* The CPU reads it often: prefer cached, mappable memory. */
	COMPUTE_BUFFER_HOST = 1u << 0,
	/* A DMA-BUF can be exported; ERR_NOSYS where the device cannot. */
	COMPUTE_BUFFER_EXPORT = 1u << 1,
};

/* Where a buffer's memory comes from, in the order in which they are tried. */
enum compute_memory {
	COMPUTE_MEMORY_PIACCEL, /* a DMA-BUF of the kernel module */
	COMPUTE_MEMORY_UDMABUF, /* one of /dev/udmabuf */
	COMPUTE_MEMORY_HEAP, /* one of /dev/dma_heap/system */
	COMPUTE_MEMORY_VULKAN, /* the driver's own */
	COMPUTE_MEMORY_HOST, /* imported pages of this process */
	COMPUTE_MEMORY_IMPORTED, /* another's */
};

/* "piaccel", "udmabuf", "heap", "vulkan", "host", "imported". */
const char *compute_memory_name(enum compute_memory memory);

/*
 * Makes a buffer. Its bytes are undefined.
 *
 * The kernel's DMA-BUFs are tried where the device imports them and shares the
 * CPU's memory, from a page on, and while they leave three quarters of this
 * process's descriptors alone. ACCEL_MEMORY=NAME allows one kind only;
 * ACCEL_DEBUG=memory prints a line a buffer.
 *
 * @size: bytes, at least 1. The allocation is a multiple of 64 bytes: kernels
 *   may read, never write, up to 15 bytes past a view's end.
 *
 * ERR_INVALID: size 0, or ACCEL_MEMORY is no kind. ERR_RANGE: over max_alloc.
 * ERR_NOMEM: the text says what was needed and what was free.
 */
accel_status compute_buffer_create(struct compute_device *dev, uint64_t size,
				   uint32_t flags, struct compute_buffer **buf);

/*
 * Makes a buffer of a DMA-BUF's memory, without a copy.
 *
 * @fd: stays the caller's; the buffer keeps its own duplicate.
 * @size: bytes to use from the start; 0 for all of it.
 *
 * A device without VK_EXT_external_memory_dma_buf imports the DMA-BUF's CPU
 * mapping instead where it can import host memory (lavapipe before Mesa 25).
 * ERR_INVALID: not a DMA-BUF, or smaller than size. ERR_NOSYS: this device
 * imports neither way.
 */
accel_status compute_buffer_import_dmabuf(struct compute_device *dev, int fd,
					  uint64_t size,
					  struct compute_buffer **buf);

/*
 * Makes a buffer of the caller's memory, without a copy. It must stay mapped
 * until the buffer is destroyed.
 *
 * ERR_INVALID: `ptr` or `size` is not a multiple of the device's import
 * alignment (the text gives it; a page is always enough). ERR_NOSYS.
 */
accel_status compute_buffer_import_host(struct compute_device *dev, void *ptr,
					uint64_t size,
					struct compute_buffer **buf);

/* A new DMA-BUF fd over the buffer's memory; the caller closes it. For an
 * imported DMA-BUF, a duplicate. ERR_NOSYS: not made with EXPORT. */
accel_status compute_buffer_export(struct compute_buffer *buf, int *fd);

/* NULL is accepted. No recording that uses it may be pending. */
void compute_buffer_destroy(struct compute_buffer *buf);

uint64_t compute_buffer_size(const struct compute_buffer *buf);
enum compute_memory compute_buffer_memory(const struct compute_buffer *buf);

/*
 * The buffer's bytes in this process, mapped until the buffer is destroyed.
 * ERR_NOSYS where its memory is not host visible: use read/write then. Bracket
 * every access with begin and end.
 */
accel_status compute_buffer_map(struct compute_buffer *buf, void **ptr);

enum {
	COMPUTE_SYNC_READ = 1u << 0,
	COMPUTE_SYNC_WRITE = 1u << 1,
};

/* Opens and closes CPU access to the mapped bytes (DMA_BUF_IOCTL_SYNC for
 * DMA-BUFs, invalidate/flush for memory that is not coherent). No recording
 * that uses the buffer may be pending. ERR_IO. */
accel_status compute_buffer_begin(struct compute_buffer *buf, uint32_t access);
accel_status compute_buffer_end(struct compute_buffer *buf, uint32_t access);

/* Copies bytes in or out, blocking, through a staging buffer where the memory
 * cannot be mapped. ERR_RANGE: beyond the end. */
accel_status compute_buffer_write(struct compute_buffer *buf, uint64_t offset,
				  const void *src, uint64_t size);
accel_status compute_buffer_read(struct compute_buffer *buf, uint64_t offset,
				 void *dst, uint64_t size);

/* ---- kernels ---------------------------------------------------------- */

/*
 * A kernel is a shader with its specialization constants: one pipeline. Kernels
 * belong to the device, are made once and shared. Their compiled form is kept
 * on disk ($ACCEL_CACHE_DIR, else $XDG_CACHE_HOME/libaccel/pipelines, else
 * ~/.cache/libaccel/pipelines), in a file per device UUID and driver version
 * with a checksum; a missing, foreign or damaged file is ignored and rewritten.
 * ACCEL_CACHE_DIR="" turns the disk cache off.
 *
 * @shader: an index into the shader table (enum compute_shader_id, shaders.h).
 * @spec: `n_spec` 32-bit values for constant_id 0, 1, ...
 *
 * ERR_INVALID: unknown shader, too many constants. ERR_NOSYS: the device lacks
 * what the shader needs. ERR_NOMEM.
 */
accel_status compute_kernel_get(struct compute_device *dev, uint32_t shader,
				const uint32_t *spec, uint32_t n_spec,
				struct compute_kernel **kernel);

/* "matmul_v3d", with its constants in brackets. Valid as long as the device. */
const char *compute_kernel_name(const struct compute_kernel *kernel);

/* Writes the pipeline cache now; closing the device does it too. */
accel_status compute_cache_save(struct compute_device *dev);

/* How many pipelines were compiled since open: for tests and `accel devices`.*/
uint32_t compute_kernel_count(const struct compute_device *dev);

/* ---- recordings ------------------------------------------------------- */

/*
 * A recording is a command buffer: made once, submitted any number of times.
 * A submit costs one vkQueueSubmit whatever its length.
 */

enum {
	/* Measure every dispatch (compute_record_times). */
	COMPUTE_RECORD_TIMES = 1u << 0,
	/* No automatic barriers; compute_record_barrier() is the caller's. */
	COMPUTE_RECORD_MANUAL = 1u << 1,
	/* Records nothing: launches only add up to a cost. Their views need
	 * some buffer, whatever its size. */
	COMPUTE_RECORD_MEASURE = 1u << 2,
};

accel_status compute_record_create(struct compute_device *dev, uint32_t flags,
				   struct compute_record **rec);

/* NULL is accepted; waits if it is pending. */
void compute_record_destroy(struct compute_record *rec);

struct compute_device *compute_record_device(struct compute_record *rec);

struct compute_binding {
	struct compute_buffer *buffer;
	uint64_t offset; /* bytes, a multiple of storage_align (texel_align) */
	uint64_t range; /* bytes, 0 for the rest of the buffer */
	bool writes; /* the kernel writes it: what barriers are made of */
};

/*
 * Records one launch. Barriers against earlier launches of this recording are
 * placed where byte ranges written and read overlap.
 *
 * @push: `push_bytes` (a multiple of 4, <= 128) of push constants.
 * @groups: workgroups in x, y, z; a zero anywhere records nothing.
 *
 * A failed call records nothing and fails compute_record_end() too.
 * ERR_INVALID, ERR_RANGE (the text names the binding or dimension).
 */
accel_status compute_record_dispatch(struct compute_record *rec,
				     struct compute_kernel *kernel,
				     const struct compute_binding *bindings,
				     uint32_t n_bindings, const void *push,
				     uint32_t push_bytes,
				     const uint32_t groups[3]);

/* Offset and size of a fill and an update are multiples of 4 bytes. `word` is
 * repeated. */
accel_status compute_record_fill(struct compute_record *rec,
				 struct compute_buffer *buf, uint64_t offset,
				 uint64_t size, uint32_t word);
/* Puts bytes that the recording keeps: COMPUTE_MAX_UPDATE at most. */
#define COMPUTE_MAX_UPDATE 65536
accel_status compute_record_update(struct compute_record *rec,
				   struct compute_buffer *buf, uint64_t offset,
				   uint64_t size, const void *data);
accel_status compute_record_copy(struct compute_record *rec,
				 struct compute_buffer *dst,
				 uint64_t dst_offset,
				 struct compute_buffer *src,
				 uint64_t src_offset, uint64_t size);

/*
 * What launches ask of a device, at most. Filled in by the code that chooses
 * the shader, so that no one else has to know which one that is.
 */
struct compute_cost {
	uint64_t longest_loop; /* turns of all loops of one invocation */
	uint64_t binding_bytes; /* of the largest binding */
	uint64_t texels; /* of the largest texel binding */
	/* the kernel with most of the work, and how much: loop turns of all
	 * workgroups; "" before the first launch */
	const char *kernel;
	double work;
	bool tuned; /* a kernel is one that accel tune's table names */
};

/* Of a recording so far, and from now on. */
const struct compute_cost *
compute_record_cost(const struct compute_record *rec);
void compute_record_cost_reset(struct compute_record *rec);

/* Whether a device gives right results for it. Every launch that is recorded
 * asks here, too: what does not fit is ERR_RANGE and never a wrong result. */
bool compute_cost_fits(const struct compute_device *dev,
		       const struct compute_cost *cost);

/* Why it does not fit, in a few words with both numbers; else "". */
void compute_cost_text(const struct compute_device *dev,
		       const struct compute_cost *cost, char *text,
		       size_t size);

/* Everything before is finished and visible before anything after starts. */
accel_status compute_record_barrier(struct compute_record *rec);

/* Ends the recording; after it, only submit, wait and times. The first error
 * met while recording is returned here again. */
accel_status compute_record_end(struct compute_record *rec);

/* Starts it. ERR_BUSY: it is pending already. ERR_LOST. Returns at once. */
accel_status compute_submit(struct compute_record *rec);

/* Waits until it has finished; at once if it is not pending.
 * @timeout_ns: UINT64_MAX to wait for ever. ERR_TIMEOUT, ERR_LOST. */
accel_status compute_wait(struct compute_record *rec, uint64_t timeout_ns);

/* Dispatches, fills, updates and copies recorded, and barriers placed. */
uint32_t compute_record_launches(const struct compute_record *rec);
uint32_t compute_record_barriers(const struct compute_record *rec);

/* The kernel of launch `i`, NULL where it is no dispatch. */
const struct compute_kernel *
compute_record_kernel(const struct compute_record *rec, uint32_t i);

/*
 * Device time of every launch in the last finished submit, nanoseconds.
 * @ns: [n], n <= compute_record_launches(). ERR_NOSYS: recorded without TIMES,
 * or the device has no timestamps.
 */
accel_status compute_record_times(struct compute_record *rec, double *ns,
				  uint32_t n);

#endif /* COMPUTE_COMPUTE_H */
