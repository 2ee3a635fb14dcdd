/* SPDX-License-Identifier: MIT */
/* What every launch does with its operands. */
#ifndef COMPUTE_VIEW_H
#define COMPUTE_VIEW_H

#include "kernels.h"
#include "record.h"
#include "shaders.h"

/* "[2, 3] i32" into `out`, returned. */
#define VIEW_TEXT 128 /* 8 sizes of 10 digits fit */
const char *view_text(const struct compute_view *v, char out[VIEW_TEXT]);

/* Elements; 1 for rank 0. */
uint64_t view_count(const struct compute_view *v);

/* Known dtype, rank at most 8, aligned offset, at most 2^31 - 1 elements.
 * @what names the operand: "matmul: a". */
accel_status view_check(const char *what, const struct compute_view *v);

/* Row-major without gaps. */
bool view_contiguous(const struct compute_view *v);
accel_status view_check_contiguous(const char *what,
				   const struct compute_view *v);

/* A dtype of those in `mask` (bits 1 << COMPUTE_F32, ...). */
accel_status view_check_dtype(const char *what, const struct compute_view *v,
			      uint32_t mask);
#define VIEW_FLOAT(NAME, name, bytes, floating) | floating##u << COMPUTE_##NAME
#define VIEW_FLOATS (0u ACCEL_DTYPE_MAP(VIEW_FLOAT))
#define VIEW_ANY ((1u << COMPUTE_DTYPES) - 1)

/*
 * The binding that covers a view, and the element within it where the view's
 * element [0, 0, ...] is. Checks that the view lies in the buffer.
 */
accel_status view_bind(struct compute_record *rec, const char *what,
		       const struct compute_view *v, bool writes,
		       struct compute_binding *b, uint32_t *start);

/* The same for a range of bytes: `offset` must be a multiple of 256. */
accel_status bytes_bind(struct compute_record *rec, const char *what,
			struct compute_buffer *buf, uint64_t offset,
			uint64_t size, bool writes, struct compute_binding *b);

/*
 * Merges dimensions that all `n` stride lists run through together. size and
 * every stride list have *rank entries before and after; 1-sized ones go.
 */
void dims_merge(uint32_t *rank, uint32_t *size,
		int32_t (*stride)[COMPUTE_MAX_DIMS], uint32_t n);

/* v's strides against a shape of `rank` sizes, by numpy's broadcasting. */
accel_status view_broadcast(const char *what, const struct compute_view *v,
			    uint32_t rank, const uint32_t *size,
			    int32_t *stride);

/* `n` workgroups as a grid of x by y that fits the device. */
void grid_1d(const struct compute_device *dev, uint64_t n, uint32_t groups[3]);

/* The kernel and its dispatch in one step. @turns: of all loops of one of its
 * invocations, at most, counted as the shader is written. */
accel_status launch(struct compute_record *rec, uint32_t shader,
		    const uint32_t *spec, uint32_t n_spec,
		    const struct compute_binding *b, uint32_t n_b,
		    const uint32_t *push, uint32_t n_push, uint64_t turns,
		    const uint32_t groups[3]);

/* Splits a contiguous view around `axis` into [outer, n, inner]. */
accel_status view_split(const char *what, const struct compute_view *v,
			uint32_t axis, uint32_t *outer, uint32_t *n,
			uint32_t *inner);

/* A CPU rasterizer fetches a texel for all lanes at once; it reads buffers and
 * shared memory lane by lane, and its barriers and workgroups cost more than a
 * GPU's. Not where it plays another chip. */
static inline bool prefers_texels(const struct compute_device *dev)
{
	return dev->info.type == COMPUTE_DEVICE_CPU && !*dev->limits.clamp;
}

/*
 * Of shaders/texel.glsl: SHARE. Lavapipe from Mesa 24.3 on, which is Vulkan 1.4,
 * calls a function for a fetch and broadcasts in one instruction; before, a
 * fetch was inline code and a broadcast searched for an active lane.
 */
static inline bool texel_shares(const struct compute_device *dev)
{
	return dev->info.api_version >= VK_MAKE_API_VERSION(0, 1, 4, 0) &&
	       dev->limits.subgroup_size == 8 && dev->limits.subgroup_ballot;
}

/* H, where that leaves `groups` workgroups: enough for a few threads. With
 * broadcasts twice the code pays only if it is `short_code`: a loop that no
 * longer fits a processor's cache of decoded instructions is slower. */
static inline uint32_t texel_high(const struct compute_device *dev,
				  uint64_t groups, bool short_code)
{
	return groups >= 8 && (short_code || !texel_shares(dev)) ? 2 : 1;
}

/* Of shaders/rowsum.glsl: turns to bring `lanes` values together. */
static inline uint32_t row_turns(uint32_t lanes)
{
	uint32_t n = 1;

	for (; lanes > 1; lanes /= 2)
		n++;
	return n;
}

static inline uint32_t div_up(uint64_t a, uint64_t b)
{
	return (uint32_t)((a + b - 1) / b);
}

#endif /* COMPUTE_VIEW_H */
