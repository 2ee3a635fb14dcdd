// SPDX-License-Identifier: MIT
/* DMA-BUFs of the module, and streams between them and lines. */
#include <accel/driver.h>
#include <accel/stream.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/piaccel.h>

#include "../libaccel/src/base/alloc.h"
#include "gpio.h"
#include "lines.h"

struct accel_stream {
	int fd;
};

/* ---- memory --------------------------------------------------------------- */

/* Would `size` bytes more be too many? */
static bool beyond(uint64_t size, uint64_t used, uint64_t limit)
{
	return used > limit || size > limit - used;
}

static accel_status alloc_failed(int dev, uint64_t size, int err)
{
	struct piaccel_info k = { 0 };
	bool all;

	if (err == EDQUOT && !ioctl(dev, PIACCEL_GET_INFO, &k)) {
		all = beyond(size, k.buf_used, k.buf_limit) ||
		      !beyond(size, k.uid_buf_used, k.uid_buf_limit);
		return accel_error(
			ACCEL_ERR_NOMEM,
			"a buffer of %llu bytes: %llu of %llu bytes for %s are "
			"in use; the module's parameter %s raises that",
			(unsigned long long)size,
			(unsigned long long)(all ? k.buf_used : k.uid_buf_used),
			(unsigned long long)(all ? k.buf_limit
						 : k.uid_buf_limit),
			all ? "all buffers" : "this user's buffers",
			all ? "buf_limit_mb" : "buf_limit_uid_mb");
	}
	return accel_error(err == ENOMEM ? ACCEL_ERR_NOMEM : ACCEL_ERR_INVALID,
			   "a buffer of %llu bytes: %s",
			   (unsigned long long)size, strerror(err));
}

accel_status accel_dmabuf_alloc_with(accel_dmabuf *buf,
				     const accel_dmabuf_options *o)
{
	struct piaccel_buf_alloc a = { 0 };
	accel_status s;
	void *p;
	int dev, err;

	if (!buf || !o)
		return accel_error(ACCEL_ERR_INVALID,
				   "buffer: no place for it, or no options");
	*buf = (accel_dmabuf){ .fd = -1 };
	s = gpio_driver_open(&dev);
	if (s)
		return s;
	a.size = o->size;
	a.flags = (o->uncached ? 0 : PIACCEL_BUF_CACHED) |
		  (o->contiguous ? PIACCEL_BUF_CONTIGUOUS : 0);
	buf->fd = ioctl(dev, PIACCEL_BUF_ALLOC, &a);
	if (buf->fd < 0) {
		s = alloc_failed(dev, o->size, errno);
		buf->fd = -1;
	}
	close(dev);
	if (s)
		return s;
	buf->size = (uint64_t)lseek(buf->fd, 0, SEEK_END);
	p = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED, buf->fd,
		 0);
	if (p != MAP_FAILED) {
		buf->data = p;
		return ACCEL_OK;
	}
	err = errno;
	accel_dmabuf_free(buf);
	return accel_error(ACCEL_ERR_NOMEM, "mapping %llu bytes: %s",
			   (unsigned long long)o->size, strerror(err));
}

void accel_dmabuf_free(accel_dmabuf *buf)
{
	if (!buf)
		return;
	if (buf->data)
		munmap(buf->data, buf->size);
	if (buf->fd >= 0)
		close(buf->fd);
	*buf = (accel_dmabuf){ .fd = -1 };
}

static accel_status sync_buf(const accel_dmabuf *buf, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };
	int rc;

	if (!buf)
		return accel_error(ACCEL_ERR_INVALID, "sync: no buffer");
	do {
		rc = ioctl(buf->fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (rc < 0 && (errno == EINTR || errno == EAGAIN));
	if (rc < 0)
		return accel_error(ACCEL_ERR_IO, "sync of descriptor %d: %s",
				   buf->fd, strerror(errno));
	return ACCEL_OK;
}

accel_status accel_dmabuf_begin(const accel_dmabuf *buf, bool write)
{
	return sync_buf(buf, DMA_BUF_SYNC_START | (write ? DMA_BUF_SYNC_RW
							 : DMA_BUF_SYNC_READ));
}

accel_status accel_dmabuf_end(const accel_dmabuf *buf, bool write)
{
	return sync_buf(buf, DMA_BUF_SYNC_END | (write ? DMA_BUF_SYNC_RW
						       : DMA_BUF_SYNC_READ));
}

/* ---- streams -------------------------------------------------------------- */

uint32_t accel_stream_sample_size(accel_stream_format format, uint32_t lines)
{
	if (!lines || lines > ACCEL_LINES_MAX)
		return 0;
	switch (format) {
	case ACCEL_STREAM_BITS:
		return lines > 32 ? 8 : lines > 16 ? 4 : lines > 8 ? 2 : 1;
	case ACCEL_STREAM_U8:
		return lines;
	case ACCEL_STREAM_F32:
		return 4 * lines;
	}
	return 0;
}

static accel_status start_failed(const accel_stream_options *o,
				 const char *what, int err)
{
	accel_lines_state st = { 0 };
	const char *name = o->lines->pins[0].name;

	accel_lines_state_get(o->lines, &st);
	switch (err) {
	case ERANGE:
		return accel_error(
			ACCEL_ERR_RANGE,
			"%s of %s: a period of %llu ns; these lines allow %llu "
			"ns to %llu s, and a block at least %llu ns",
			what, name, (unsigned long long)o->period_ns,
			(unsigned long long)st.period_floor_ns,
			PIACCEL_PERIOD_MAX_NS / 1000000000u,
			PIACCEL_BLOCK_MIN_NS);
	case EBUSY:
		return accel_error(ACCEL_ERR_BUSY, "%s of %s: one runs already",
				   what, name);
	case ENOSPC:
		return accel_error(ACCEL_ERR_BUSY,
				   "%s of %s: all running streams together "
				   "would take more than one CPU's time",
				   what, name);
	case EOPNOTSUPP:
		return accel_error(ACCEL_ERR_NOSYS, "%s of %s: %s", what, name,
				   st.sleeps ? "the chip can sleep, which "
					       "streams cannot"
					     : "the buffer cannot be used");
	case ESHUTDOWN:
		return accel_error(ACCEL_ERR_TRIPPED,
				   "%s of %s: tripped to the safe state", what,
				   name);
	case EPERM:
	case EACCES:
		return accel_error(ACCEL_ERR_PERM,
				   "%s of %s: an input, or a buffer that is "
				   "read-only",
				   what, name);
	case ENODEV:
		return accel_error(ACCEL_ERR_LOST, "%s of %s: the chip is gone",
				   what, name);
	case EDQUOT:
		return accel_error(
			ACCEL_ERR_PERM,
			"%s of %s: records for blocks of %u samples in %llu "
			"bytes are more than this user may have in queues: "
			"larger blocks, or the module's parameter "
			"queue_limit_uid_kb",
			what, name, o->block_samples,
			(unsigned long long)o->size);
	default:
		return accel_error(
			ACCEL_ERR_INVALID,
			"%s of %s: %s: mask %#llx of %u lines, bytes %llu to "
			"%llu, blocks of %u samples",
			what, name, strerror(err), (unsigned long long)o->mask,
			o->lines->n, (unsigned long long)o->offset,
			(unsigned long long)(o->offset + o->size),
			o->block_samples);
	}
}

static accel_stream *start(const accel_stream_options *o, const char *what,
			   unsigned long cmd)
{
	struct piaccel_stream_request r = { 0 };
	accel_stream_options full;
	accel_stream *st;
	uint32_t sample;

	if (!o || !o->lines)
		return accel_error_null(ACCEL_ERR_INVALID, "%s: no lines",
					what);
	full = *o;
	if (!full.mask)
		full.mask = UINT64_MAX >> (64 - o->lines->n);
	sample = accel_stream_sample_size(
		o->format, (uint32_t)__builtin_popcountll(full.mask));
	if (!full.block_samples && sample)
		full.block_samples = (uint32_t)(o->size / sample);
	r = (struct piaccel_stream_request){
		.mask = full.mask,
		.offset = full.offset,
		.size = full.size,
		.period_ns = full.period_ns,
		.start_ns = full.start_ns,
		.dmabuf_fd = full.dmabuf_fd,
		.format = (uint32_t)full.format,
		.block_samples = full.block_samples,
		.flags = full.ring ? PIACCEL_STREAM_RING : 0,
	};
	st = mem_zalloc(sizeof(*st));
	if (!st)
		return NULL;
	st->fd = ioctl(o->lines->fd, cmd, &r);
	if (st->fd < 0) {
		start_failed(&full, what, errno);
		mem_free(st);
		return NULL;
	}
	return st;
}

accel_stream *accel_capture_with(const accel_stream_options *o)
{
	return start(o, "capture", PIACCEL_LINE_CAPTURE);
}

accel_stream *accel_playback_with(const accel_stream_options *o)
{
	return start(o, "playback", PIACCEL_LINE_PLAYBACK);
}

void accel_stream_close(accel_stream *st)
{
	if (!st)
		return;
	close(st->fd);
	mem_free(st);
}

int accel_stream_fd(const accel_stream *st)
{
	return st ? st->fd : -1;
}

#define BLOCKS_AT_ONCE 16

accel_status accel_stream_read(accel_stream *st, accel_block *blocks,
			       uint32_t max, uint64_t timeout_ns,
			       uint32_t *count)
{
	struct piaccel_block k[BLOCKS_AT_ONCE];
	short got;
	ssize_t n;

	if (!st || !blocks || !max || !count)
		return accel_error(ACCEL_ERR_INVALID,
				   "blocks: no stream, or no place for them");
	*count = 0;
	if (gpio_wait(st->fd, POLLIN, timeout_ns, &got))
		return accel_error(ACCEL_ERR_TIMEOUT, "no block within %g s",
				   (double)timeout_ns / 1e9);
	if (max > BLOCKS_AT_ONCE)
		max = BLOCKS_AT_ONCE;
	n = read(st->fd, k, max * sizeof(*k));
	if (n < 0)
		return accel_error(errno == EINTR || errno == EAGAIN
					   ? ACCEL_ERR_TIMEOUT
					   : ACCEL_ERR_IO,
				   "reading blocks: %s", strerror(errno));
	*count = (uint32_t)((size_t)n / sizeof(*k));
	for (uint32_t i = 0; i < *count; i++)
		blocks[i] = (accel_block){
			.seq = k[i].seq,
			.offset = k[i].offset,
			.first_ns = k[i].first_ns,
			.last_ns = k[i].last_ns,
			.max_late_ns = k[i].max_late_ns,
			.samples = k[i].samples,
			.overruns = k[i].overruns,
			.lost = k[i].lost,
			.last = k[i].flags & PIACCEL_BLOCK_LAST,
			.stopped = k[i].flags & PIACCEL_BLOCK_STOPPED,
			.tripped = k[i].flags & PIACCEL_BLOCK_TRIPPED,
			.gone = k[i].flags & PIACCEL_BLOCK_GONE,
		};
	return ACCEL_OK;
}

accel_status accel_stream_stop(accel_stream *st)
{
	if (!st)
		return accel_error(ACCEL_ERR_INVALID, "stop: no stream");
	if (ioctl(st->fd, PIACCEL_STREAM_STOP))
		return accel_error(ACCEL_ERR_IO, "stopping the stream: %s",
				   strerror(errno));
	return ACCEL_OK;
}

accel_status accel_stream_state_get(const accel_stream *st,
				    accel_stream_state *state)
{
	struct piaccel_stream_status k = { 0 };

	if (!st || !state)
		return accel_error(ACCEL_ERR_INVALID,
				   "stream state: no stream, or no place");
	memset(state, 0, sizeof(*state));
	if (ioctl(st->fd, PIACCEL_STREAM_STATUS, &k))
		return accel_error(ACCEL_ERR_IO, "state of the stream: %s",
				   strerror(errno));
	*state = (accel_stream_state){
		.running = k.state == PIACCEL_STREAM_RUNNING,
		.done = k.state == PIACCEL_STREAM_DONE,
		.stopped = k.flags & PIACCEL_BLOCK_STOPPED,
		.tripped = k.flags & PIACCEL_BLOCK_TRIPPED,
		.gone = k.flags & PIACCEL_BLOCK_GONE,
		.start_ns = k.start_ns,
		.samples = k.samples,
		.overruns = k.overruns,
		.blocks = k.blocks,
		.blocks_lost = k.blocks_lost,
		.max_late_ns = k.max_late_ns,
		.sample_size = k.sample_size,
	};
	return ACCEL_OK;
}

accel_status accel_stream_fence(accel_stream *st, int *fd)
{
	if (!st || !fd)
		return accel_error(ACCEL_ERR_INVALID,
				   "fence: no stream, or no place for it");
	*fd = ioctl(st->fd, PIACCEL_STREAM_FENCE);
	if (*fd >= 0)
		return ACCEL_OK;
	*fd = -1;
	return accel_error(errno == ERANGE ? ACCEL_ERR_RANGE
					   : ACCEL_ERR_INVALID,
			   "fence: %s", strerror(errno));
}
