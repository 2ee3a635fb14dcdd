// SPDX-License-Identifier: MIT
/*
 * DMA-BUFs as tensors, and tensors as DMA-BUFs: with piaccel, udmabuf and the
 * system heap, as far as they are here. tests/vm/buffers.sh runs it where all
 * of them are.
 */
#include "conform.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "compute/compute.h"
#include "compute/provider.h"

#define BYTES 8192
#define N 1000
#define OFFSET 4096

static void skip(const char *name, const char *promise)
{
	printf("ok %d - %s: %s: %s # SKIP %s\n", ++tap_run, label, name,
	       promise, accel_last_error());
}

static void bracket(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { flags | DMA_BUF_SYNC_RW };

	ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return !fstat(a, &x) && !fstat(b, &y) && x.st_ino == y.st_ino;
}

/* Two tensors that overlap in a DMA-BUF, and one in the middle of a word. */
static void overlapping(const char *name, int fd)
{
	float *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	static const uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	accel_tensor *all, *part, *three, *old;
	float got[4] = { 0 };
	uint64_t before;
	uint8_t now[8];
	accel_counters c;

	if (p == MAP_FAILED)
		return;
	accel_scope_begin(ctx);
	all = accel_tensor_import(ctx, fd, 0, ACCEL_F32, ACCEL_SHAPE(4));
	part = accel_tensor_import(ctx, fd, 8, ACCEL_F32, ACCEL_SHAPE(2));
	accel_write(all, (float[]){ 1, 2, 3, 4 }, 16);
	old = accel_neg(part);
	/* by another order than that of the elements */
	CHECK(!accel_assign(
		      all,
		      accel_concat(2,
				   (accel_tensor *[]){
					   part, accel_slice(all, 0, 0, 2, 1) },
				   0)) &&
		      !accel_read(accel_add(part, part), got, 8) &&
		      got[0] == 2 && got[1] == 4,
	      "%s: %s: tensors that overlap see one another's updates", label,
	      name);
	CHECK(accel_read(old, got, 8) == ACCEL_ERR_INVALID,
	      "%s: %s: and nothing is by half of one", label, name);
	accel_scope_end(ctx);

	accel_scope_begin(ctx);
	three = accel_tensor_import(ctx, fd, 0, ACCEL_U8, ACCEL_SHAPE(3));
	part = accel_tensor_import(ctx, fd, 4096, ACCEL_U8, ACCEL_SHAPE(3));
	bracket(fd, DMA_BUF_SYNC_START);
	memcpy(p, bytes, sizeof(bytes));
	bracket(fd, DMA_BUF_SYNC_END);
	accel_counters_get(ctx, &c);
	before = c.bytes_copied;
	CHECK(!accel_assign(three, accel_add(three, three)) && !accel_sync(ctx),
	      "%s: %s: three bytes are updated", label, name);
	accel_counters_get(ctx, &c);
	CHECK(part && c.bytes_copied == before,
	      "%s: %s: in place, beside a tensor elsewhere in it", label, name);
	bracket(fd, DMA_BUF_SYNC_START);
	memcpy(now, p, sizeof(now));
	bracket(fd, DMA_BUF_SYNC_END);
	CHECK(now[0] == 2 && now[2] == 6 && !memcmp(now + 3, bytes + 3, 5),
	      "%s: %s: and those behind them stay", label, name);
	accel_scope_end(ctx);
	munmap(p, BYTES);
}

/* What another process would see of the DMA-BUF. */
static void shared_with(const char *name, int fd)
{
	float *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	float got[N];
	int i, good = 0, out = -1;
	accel_tensor *x, *y;

	if (!CHECK(p != MAP_FAILED, "%s: %s: it can be mapped", label, name))
		return;
	bracket(fd, DMA_BUF_SYNC_START);
	for (i = 0; i < N; i++)
		p[OFFSET / 4 + i] = (float)i;
	bracket(fd, DMA_BUF_SYNC_END);
	accel_scope_begin(ctx);
	x = accel_tensor_import(ctx, fd, OFFSET, ACCEL_F32, ACCEL_SHAPE(N));
	if (!CHECK(!!x, "%s: %s: it is a tensor", label, name)) {
		printf("# %s\n", accel_last_error());
		accel_scope_end(ctx);
		munmap(p, BYTES);
		return;
	}
	y = accel_add_scalar(accel_mul_scalar(x, 2), 1);
	accel_read(y, got, sizeof(got));
	for (i = 0; i < N; i++)
		good += got[i] == 2 * (float)i + 1;
	CHECK(good == N, "%s: %s: what others wrote is computed with", label,
	      name);
	y = accel_add_scalar(x, 0.5);
	x = accel_tensor_import(ctx, fd, 0, ACCEL_F32, ACCEL_SHAPE(N));
	CHECK(!accel_assign(x, y) && !accel_sync(ctx),
	      "%s: %s: it is computed into", label, name);
	bracket(fd, DMA_BUF_SYNC_START);
	for (i = 0, good = 0; i < N; i++)
		good += p[i] == (float)i + 0.5f;
	bracket(fd, DMA_BUF_SYNC_END);
	CHECK(good == N, "%s: %s: others see it without a copy", label, name);
	CHECK(!accel_tensor_export(x, &out) && same_file(fd, out),
	      "%s: %s: exported, it is the same DMA-BUF", label, name);
	close(out);
	accel_scope_end(ctx);
	munmap(p, BYTES);
}

/* Tensors whose own memory is of this kind. */
static void tensors_of(enum compute_memory kind)
{
	const char *name = compute_memory_name(kind);
	accel_context *mine = ctx;
	float in[N], got[N];
	int i, good = 0, fd = -1;
	accel_tensor *x;
	float *p;

	if (!on_vulkan)
		return;
	setenv("ACCEL_MEMORY", name, 1);
	ctx = accel_open("vulkan");
	unsetenv("ACCEL_MEMORY");
	if (!ctx) {
		skip(name, "tensors live in it");
		ctx = mine;
		return;
	}
	for (i = 0; i < N; i++)
		in[i] = (float)i;
	setenv("ACCEL_MEMORY", name, 1);
	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(N), in);
	x = accel_keep(accel_mul_scalar(x, 3));
	accel_read(x, got, sizeof(got));
	for (i = 0; i < N; i++)
		good += got[i] == 3 * in[i];
	CHECK(good == N, "%s: %s: tensors live in it", label, name);
	if (CHECK(!accel_tensor_export(x, &fd), "%s: %s: a tensor is exported",
		  label, name)) {
		p = mmap(NULL, sizeof(got), PROT_READ, MAP_SHARED, fd, 0);
		for (i = 0, good = 0; p != MAP_FAILED && i < N; i++)
			good += p[i] == 3 * in[i];
		CHECK(good == N, "%s: %s: and is seen by others", label, name);
		accel_tensor_destroy(x);
		x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(N), NULL);
		for (i = 0, good = 0; p != MAP_FAILED && i < N; i++)
			good += p[i] == 3 * in[i];
		CHECK(good == N, "%s: %s: who see no later tensor there", label,
		      name);
		if (p != MAP_FAILED)
			munmap(p, sizeof(got));
		close(fd);
	} else {
		printf("# %s\n", accel_last_error());
	}
	accel_scope_end(ctx);
	accel_close(ctx);
	unsetenv("ACCEL_MEMORY");
	ctx = mine;
}

/* Without ACCEL_MEMORY: the first kind that is there. */
static void order(bool have[COMPUTE_MEMORY_VULKAN])
{
	enum compute_memory want = COMPUTE_MEMORY_PIACCEL;
	struct compute_buffer *b = NULL;
	struct compute_device *dev;

	if (!on_vulkan || compute_open("vulkan", &dev))
		return;
	while (want < COMPUTE_MEMORY_VULKAN &&
	       !(have[want] && compute_device_info(dev)->import_dmabuf))
		want++;
	CHECK(!compute_buffer_create(dev, BYTES, 0, &b) &&
		      compute_buffer_memory(b) == want,
	      "%s: %s is the first choice here", label,
	      compute_memory_name(want));
	compute_buffer_destroy(b);
	CHECK(!compute_buffer_create(dev, 64, 0, &b) &&
		      compute_buffer_memory(b) == COMPUTE_MEMORY_VULKAN,
	      "%s: a few bytes are no reason for a DMA-BUF", label);
	compute_buffer_destroy(b);
	setenv("ACCEL_MEMORY", "cheese", 1);
	CHECK(compute_buffer_create(dev, BYTES, 0, &b) == ACCEL_ERR_INVALID &&
		      !b && strstr(accel_last_error(), "cheese"),
	      "%s: an unknown ACCEL_MEMORY is an error", label);
	unsetenv("ACCEL_MEMORY");
	compute_close(dev);
}

static void suite(void)
{
	bool have[COMPUTE_MEMORY_VULKAN] = { false };
	int fd;

	for (uint32_t i = 0; i < COMPUTE_MEMORY_VULKAN; i++) {
		const char *name = compute_memory_name(i);

		if (provider_alloc(i, BYTES, &fd)) {
			skip(name, "its DMA-BUFs are tensors");
			continue;
		}
		have[i] = true;
		shared_with(name, fd);
		overlapping(name, fd);
		close(fd);
		tensors_of(i);
	}
	order(have);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
