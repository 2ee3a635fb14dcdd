/* SPDX-License-Identifier: MIT */
/*
 * Shared memory (DMA-BUF), and timed samples between it and lines.
 *
 * The kernel's timer writes samples into the very memory that a GPU reads:
 * accel_tensor_import() makes a tensor of it without a copy.
 */
#ifndef ACCEL_STREAM_H
#define ACCEL_STREAM_H

#include <accel/lines.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- memory --------------------------------------------------------------- */

/* A zeroed DMA-BUF of the module, mapped. */
typedef struct accel_dmabuf {
	int fd;
	void *data;
	uint64_t size; /* bytes, whole pages */
} accel_dmabuf;

typedef struct accel_dmabuf_options {
	uint64_t size; /* bytes; rounded up to whole pages */
	bool contiguous; /* one physical range, for devices that need it */
	bool uncached; /* write-combined for the CPU */
} accel_dmabuf_options;

/*
 * accel_dmabuf_alloc(&buf, 4096, .contiguous = true): freed by
 * accel_dmabuf_free(). A failure leaves fd -1 and data NULL.
 *
 * ERR_NODEV, ERR_PERM: the module. ERR_NOMEM: the text has the sizes.
 */
#define accel_dmabuf_alloc(buf, ...)                                           \
	accel_dmabuf_alloc_with(                                               \
		buf, &(accel_dmabuf_options){ .size = __VA_ARGS__ })
ACCEL_API accel_status
accel_dmabuf_alloc_with(accel_dmabuf *buf, const accel_dmabuf_options *options);

/* Unmaps and closes; importers keep theirs. NULL is allowed. */
ACCEL_API void accel_dmabuf_free(accel_dmabuf *buf);

/* Brackets the CPU's accesses, so that devices and CPU see each other's. */
ACCEL_API accel_status accel_dmabuf_begin(const accel_dmabuf *buf, bool write);
ACCEL_API accel_status accel_dmabuf_end(const accel_dmabuf *buf, bool write);

/* ---- streams -------------------------------------------------------------- */

typedef enum accel_stream_format {
	ACCEL_STREAM_BITS, /* n lines: an integer of 1, 2, 4 or 8 bytes */
	ACCEL_STREAM_U8, /* a byte a line, 0 or 1 */
	ACCEL_STREAM_F32, /* a float a line, 0 or 1 */
} accel_stream_format;

typedef struct accel_stream_options {
	accel_lines *lines;
	int dmabuf_fd; /* any exporter's; stays the caller's */
	uint64_t mask; /* lines of the request, lowest first; 0: all */
	accel_stream_format format;
	uint64_t offset, size; /* bytes in the buffer; whole blocks */
	uint64_t period_ns;
	uint64_t start_ns; /* of the first sample; 0: a period from now */
	uint32_t block_samples; /* a record is published for so many; 0: all */
	bool ring; /* start again at the end, until stopped */
} accel_stream_options;

typedef struct accel_stream accel_stream;

/* Bytes of a sample of so many lines; 0 for a wrong format or number. */
ACCEL_API uint32_t accel_stream_sample_size(accel_stream_format format,
					    uint32_t lines);

/*
 * Starts sampling lines into a buffer, or driving them from it:
 * accel_capture(lines, buf.fd, .size = buf.size, .period_ns = 10000).
 *
 * Returns NULL on failure. ERR_INVALID: sizes that are no whole blocks.
 * ERR_RANGE: a shorter period than the request's period_floor_ns, the text has
 * it. ERR_BUSY: one runs already. ERR_NOSYS: the chip sleeps, or the buffer
 * cannot be used. ERR_TRIPPED, ERR_PERM: playback.
 */
#define accel_capture(lines_, ...)                                             \
	accel_capture_with(&(accel_stream_options){                            \
		.lines = (lines_), .dmabuf_fd = __VA_ARGS__ })
#define accel_playback(lines_, ...)                                            \
	accel_playback_with(&(accel_stream_options){                           \
		.lines = (lines_), .dmabuf_fd = __VA_ARGS__ })
ACCEL_API accel_stream *accel_capture_with(const accel_stream_options *options);
ACCEL_API accel_stream *
accel_playback_with(const accel_stream_options *options);

/* Ends it. NULL is allowed. */
ACCEL_API void accel_stream_close(accel_stream *stream);

/* For poll(): POLLIN when there are blocks or the end is reached. */
ACCEL_API int accel_stream_fd(const accel_stream *stream);

typedef struct accel_block {
	uint64_t seq; /* the first is 0 */
	uint64_t offset; /* first byte in the buffer */
	uint64_t first_ns, last_ns; /* when its samples were really taken */
	uint64_t max_late_ns;
	uint32_t samples;
	uint32_t overruns; /* samples that the CPU came too late for */
	uint32_t lost; /* records dropped right before this one */
	bool last, stopped, tripped, gone; /* why it is the last */
} accel_block;

/*
 * Reads records of complete blocks; their bytes are visible to every device.
 *
 * @timeout_ns, @count: as in accel_lines_read(). 0 with ACCEL_OK: the end.
 */
ACCEL_API accel_status accel_stream_read(accel_stream *stream,
					 accel_block *blocks, uint32_t max,
					 uint64_t timeout_ns, uint32_t *count);

/* Ends it; when this returns no further sample is taken. */
ACCEL_API accel_status accel_stream_stop(accel_stream *stream);

typedef struct accel_stream_state {
	bool running, done; /* neither: waiting for its start, or ended early */
	bool stopped, tripped, gone;
	uint64_t start_ns, samples, overruns, blocks, blocks_lost, max_late_ns;
	uint32_t sample_size; /* bytes */
} accel_stream_state;

ACCEL_API accel_status accel_stream_state_get(const accel_stream *stream,
					      accel_stream_state *state);

/*
 * A sync_file that signals when a one-shot stream is complete.
 *
 * @fd: receives it; the caller closes it. ERR_INVALID: a ring. ERR_RANGE: the
 * end is more than 10 s away.
 */
ACCEL_API accel_status accel_stream_fence(accel_stream *stream, int *fd);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_STREAM_H */
