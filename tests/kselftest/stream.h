/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of streams: buffers of every exporter, samples in every
 * format, and the records that read() gives.
 */
#ifndef PIACCEL_STREAM_H
#define PIACCEL_STREAM_H

#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>

#include "failsafe.h"

/* ---- buffers ---- */

enum exporter {
	OURS_CACHED, OURS_WRITE_COMBINED, OURS_CONTIGUOUS, UDMABUF, SYSTEM_HEAP,
};

struct buffer {
	int fd;			/* the DMA-BUF */
	int memfd;		/* behind a udmabuf, else -1 */
	size_t size;
	uint8_t *map;
};

static inline int udmabuf_alloc(size_t size, int *memfd)
{
	struct udmabuf_create c = { .flags = UDMABUF_FLAGS_CLOEXEC,
				    .size = size };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd = -1;

	*memfd = memfd_create("udmabuf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (dev < 0 || *memfd < 0 || ftruncate(*memfd, size) ||
	    fcntl(*memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		goto out;
	c.memfd = *memfd;
	fd = ioctl(dev, UDMABUF_CREATE, &c);
out:
	if (dev >= 0)
		close(dev);
	return fd;
}

static inline int heap_alloc(size_t size)
{
	struct dma_heap_allocation_data a = { .len = size,
					      .fd_flags = O_RDWR | O_CLOEXEC };
	int dev = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC), ret;

	if (dev < 0)
		return -1;
	ret = ioctl(dev, DMA_HEAP_IOCTL_ALLOC, &a);
	close(dev);
	return ret ? -1 : (int)a.fd;
}

static inline const char *exporter_missing(enum exporter e)
{
	if (e == UDMABUF && access("/dev/udmabuf", F_OK))
		return "no /dev/udmabuf";
	if (e == SYSTEM_HEAP && access("/dev/dma_heap/system", F_OK))
		return "no /dev/dma_heap/system";
	return NULL;
}

/* Bracket CPU access: DMA_BUF_SYNC_START or _END with READ or WRITE. */
static inline int buffer_sync(const struct buffer *b, uint64_t flags)
{
	struct dma_buf_sync s = { .flags = flags };

	return xioctl(b->fd, DMA_BUF_IOCTL_SYNC, &s);
}

static inline bool buffer_make(struct buffer *b, int dev, enum exporter e,
			       size_t size)
{
	*b = (struct buffer){ .memfd = -1, .size = size };
	switch (e) {
	case OURS_CACHED:
		b->fd = buf_alloc(dev, size, PIACCEL_BUF_CACHED);
		break;
	case OURS_WRITE_COMBINED:
		b->fd = buf_alloc(dev, size, 0);
		break;
	case OURS_CONTIGUOUS:
		b->fd = buf_alloc(dev, size, PIACCEL_BUF_CONTIGUOUS);
		break;
	case UDMABUF:
		b->fd = udmabuf_alloc(size, &b->memfd);
		/* It is mapped for the direction of the first access, for good. */
		if (b->fd >= 0) {
			buffer_sync(b, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
			buffer_sync(b, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
		}
		break;
	case SYSTEM_HEAP:
		b->fd = heap_alloc(size);
		break;
	}
	if (b->fd < 0)
		return false;
	b->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	return b->map != MAP_FAILED;
}

static inline void buffer_free(struct buffer *b)
{
	if (b->map && b->map != MAP_FAILED)
		munmap(b->map, b->size);
	if (b->fd >= 0)
		close(b->fd);
	if (b->memfd >= 0)
		close(b->memfd);
	*b = (struct buffer){ .fd = -1, .memfd = -1 };
}

static inline void buffer_fill(const struct buffer *b, uint8_t byte)
{
	buffer_sync(b, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	memset(b->map, byte, b->size);
	buffer_sync(b, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
}

/* ---- samples ---- */

static inline size_t sample_size(uint32_t format, unsigned int lines)
{
	if (format == PIACCEL_FORMAT_U8)
		return lines;
	if (format == PIACCEL_FORMAT_F32)
		return lines * sizeof(float);
	return lines <= 8 ? 1 : lines <= 16 ? 2 : lines <= 32 ? 4 : 8;
}

/* Lines' values as the bytes of one sample. */
static inline void sample_pack(uint8_t *to, uint32_t format, unsigned int lines,
			       uint64_t bits)
{
	for (unsigned int i = 0; i < lines; i++) {
		float f = bits >> i & 1 ? 1.0f : 0.0f;

		if (format == PIACCEL_FORMAT_U8)
			to[i] = bits >> i & 1;
		else if (format == PIACCEL_FORMAT_F32)
			memcpy(to + i * sizeof(f), &f, sizeof(f));
	}
	if (format == PIACCEL_FORMAT_BITS)
		for (size_t i = 0; i < sample_size(format, lines); i++)
			to[i] = bits >> (8 * i);
}

/* And back; ~0 for bytes that no capture writes. */
static inline uint64_t sample_unpack(const uint8_t *from, uint32_t format,
				     unsigned int lines)
{
	uint8_t again[PIACCEL_LINES_MAX * sizeof(float)];
	uint64_t bits = 0;
	float f;

	for (unsigned int i = 0; i < lines; i++) {
		if (format == PIACCEL_FORMAT_U8) {
			bits |= (uint64_t)(from[i] == 1) << i;
		} else if (format == PIACCEL_FORMAT_F32) {
			memcpy(&f, from + i * sizeof(f), sizeof(f));
			bits |= (uint64_t)(f == 1.0f) << i;
		}
	}
	if (format == PIACCEL_FORMAT_BITS)
		for (size_t i = 0; i < sample_size(format, lines); i++)
			bits |= (uint64_t)from[i] << (8 * i);
	sample_pack(again, format, lines, bits);
	return memcmp(again, from, sample_size(format, lines)) ? ~0ULL : bits;
}

/* A fixed stream of pseudo-random bits (SplitMix64). */
static inline uint64_t noise(uint64_t i)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* ---- the stream ---- */

static inline int stream_start(int line, bool play,
			       const struct piaccel_stream_request *r)
{
	return xioctl(line, play ? PIACCEL_LINE_PLAYBACK : PIACCEL_LINE_CAPTURE,
		      r);
}

static inline struct piaccel_stream_status stream_status(int stream)
{
	struct piaccel_stream_status s;

	memset(&s, 0xff, sizeof(s));
	if (ioctl(stream, PIACCEL_STREAM_STATUS, &s))
		perror("STREAM_STATUS");
	return s;
}

static inline bool stream_ended(int stream)
{
	uint32_t state = stream_status(stream).state;

	return state == PIACCEL_STREAM_DONE || state == PIACCEL_STREAM_ENDED;
}

/* All records up to the last one: how many; -1 if it does not come. */
static inline int read_blocks(int stream, struct piaccel_block *b, int max)
{
	int got = 0;

	while (wait_events(stream, POLLIN) & POLLIN) {
		ssize_t n = read(stream, b + got, (max - got) * sizeof(*b));

		if (n < 0 || n % (ssize_t)sizeof(*b))
			return -1;
		if (!n)
			return got;
		got += n / sizeof(*b);
		if (b[got - 1].flags & PIACCEL_BLOCK_LAST)
			return got;
		if (got == max)
			return -1;
	}
	return -1;
}

static inline struct sync_file_info fence_info(int fence)
{
	struct sync_file_info i = { 0 };

	if (ioctl(fence, SYNC_IOC_FILE_INFO, &i))
		perror("SYNC_IOC_FILE_INFO");
	return i;
}

#endif /* PIACCEL_STREAM_H */
