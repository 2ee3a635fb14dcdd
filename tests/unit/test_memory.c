// SPDX-License-Identifier: MIT
/*
 * Memory: what is held is what the counters say, none of it escapes the limit,
 * what is not used goes back, and a model is saved without a second copy.
 */
#include "conform.h"

#include <sys/resource.h>
#include <unistd.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/error.h"
#include "../../libaccel/src/tensor/node.h"
#include "files.h"

#define MIB (1u << 20)

/* AddressSanitizer keeps what was freed, and uses memory as it likes. */
#ifdef __SANITIZE_ADDRESS__
#define ADDRESSES 0
#else
#define ADDRESSES 1
#endif

static accel_counters counters(void)
{
	accel_counters c;

	accel_counters_get(ctx, &c);
	return c;
}

static uint64_t held(void)
{
	accel_counters c = counters();

	return c.bytes_in_use + c.bytes_kept;
}

/* Bytes of this process: resident, or its address space. */
static uint64_t process_bytes(bool resident)
{
	unsigned long long size = 0, rss = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%llu %llu", &size, &rss) != 2)
		size = rss = 0;
	if (f)
		fclose(f);
	return (resident ? rss : size) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A running sum of n halves works in 8 n bytes, beside the 2 n of each. */
static accel_status running_sum(int64_t rows)
{
	accel_status err = ACCEL_ERR_NOMEM;
	accel_tensor *x, *y;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F16, ACCEL_SHAPE(rows, 1024), NULL);
	y = accel_keep(accel_cumsum(x, 1));
	if (y)
		err = accel_sync(ctx);
	accel_tensor_destroy(y);
	accel_scope_end(ctx);
	return err;
}

/* A plan each, which had memory of its own to work in. */
static void plans(void)
{
	bool ok = !running_sum(500);
	int64_t before, after, was;
	int64_t rows;

	before = (int64_t)process_bytes(true);
	was = (int64_t)held();
	for (rows = 520; rows < 1000; rows += 20)
		ok &= !running_sum(rows);
	after = (int64_t)process_bytes(true);
	printf("# resident %lld KiB more, counted %lld KiB more\n",
	       (long long)(after - before) / 1024,
	       (long long)((int64_t)held() - was) / 1024);
	CHECK(ok && (after - before) * ADDRESSES <
			      (int64_t)held() - was + 32 * MIB,
	      "%s: 24 batch sizes hold what the counters say", label);
}

static void limit(void)
{
	accel_context *mine = ctx;
	accel_status err;

	if (!on_vulkan)
		return; /* steps of the cpu work in ordinary memory */
	ctx = accel_open("vulkan", .threads = 1, .memory_limit = 5 * MIB);
	err = running_sum(1024);
	CHECK(err == ACCEL_ERR_NOMEM && strstr(accel_last_error(), "needed") &&
		      strstr(accel_last_error(), "free"),
	      "%s: what steps work in is part of the limit: %s", label,
	      err ? accel_last_error() : "(no error)");
	CHECK(counters().bytes_in_use == 0, "%s: and nothing is left of it",
	      label);
	accel_close(ctx);
	ctx = accel_open("vulkan", .threads = 1, .memory_limit = 13 * MIB);
	CHECK(!running_sum(1024) && held() <= 13 * MIB &&
		      counters().bytes_kept > 8 * MIB,
	      "%s: with room it runs, and is counted", label);
	printf("# %llu KiB held\n", (unsigned long long)held() / 1024);
	/* the scratch and the pool give way */
	CHECK(!!accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2, 1024, 1024),
				    NULL),
	      "%s: and gives way to what needs the room", label);
	accel_close(ctx);
	ctx = mine;
}

/* 96 MiB, used once. */
static bool burst(void)
{
	bool ok = true;
	int i;

	accel_scope_begin(ctx);
	for (i = 0; i < 6; i++)
		ok &= !!accel_tensor_create(ctx, ACCEL_F32,
					    ACCEL_SHAPE(4, 1024, 1024), NULL);
	accel_scope_end(ctx);
	return ok;
}

static void trimmed(void)
{
	uint64_t before, after;
	accel_counters c;
	bool ok;

	accel_trim(ctx);
	ok = burst();
	c = counters();
	before = process_bytes(true);
	accel_trim(ctx);
	after = process_bytes(true);
	CHECK(ok && !c.bytes_in_use && c.bytes_kept >= 96 * MIB,
	      "%s: what tensors had is kept, and counted", label);
	CHECK(!counters().bytes_kept &&
		      before * ADDRESSES >= (after + 90 * MIB) * ADDRESSES,
	      "%s: accel_trim() gives it back", label);
	CHECK(!running_sum(1024), "%s: and the next step gets what it needs",
	      label);
}

static void aged(void)
{
	accel_tensor *w = make(ACCEL_F32, ACCEL_SHAPE(4), 0, 1);
	bool ok = burst();
	uint64_t early = 0;
	int i;

	for (i = 0; i < 1200; i++) {
		ok &= !accel_assign(w, accel_neg(w)) && !accel_sync(ctx);
		if (i == 500)
			early = counters().bytes_kept;
	}
	CHECK(ok && early >= 96 * MIB && counters().bytes_kept < 32 * MIB,
	      "%s: what 1,000 steps did not use goes back", label);
	accel_tensor_destroy(w);
}

/* ---- a device that is out of memory while the pool is full ---- */

static const struct device_ops *real;
static int refused;

static accel_status full_while_pooled(struct device *dev, struct buffer *b)
{
	if (!counters().bytes_kept)
		return real->buffer_alloc(dev, b);
	refused++;
	return accel_error(ACCEL_ERR_NOMEM, "the device is full");
}

static void retried(void)
{
	struct device_ops fake = *ctx->dev->ops;
	accel_tensor *t;

	real = ctx->dev->ops;
	fake.buffer_alloc = full_while_pooled;
	accel_tensor_destroy(
		accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1000), NULL));
	ctx->dev->ops = &fake;
	t = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3000), NULL);
	ctx->dev->ops = real;
	CHECK(t && refused == 1,
	      "%s: where an allocation fails the pool goes first", label);
	accel_tensor_destroy(t);
}

/* ---- saving ---- */

/* 8 tensors of 4 MiB. */
static accel_model *large(void)
{
	accel_model *m = accel_sequential(ctx, accel_dense(1024),
					  accel_dense(1024), accel_dense(1024),
					  accel_dense(1024), accel_dense(1024),
					  accel_dense(1024), accel_dense(1024),
					  accel_dense(1024));

	accel_model_build(m, ACCEL_SHAPE(1024));
	return m;
}

static void saved(void)
{
	const char *path = file_path("large");
	accel_model *m = large(), *again;
	struct rlimit old, low;
	accel_status err;

	getrlimit(RLIMIT_AS, &old);
	low = old;
	if (ADDRESSES)
		low.rlim_cur = process_bytes(false) + 12 * MIB;
	setrlimit(RLIMIT_AS, &low);
	err = accel_model_save(m, path);
	setrlimit(RLIMIT_AS, &old);
	CHECK(!err, "%s: 32 MiB of weights are saved in 12 MiB: %s", label,
	      err ? accel_last_error() : "");
	again = accel_model_load(ctx, path);
	CHECK(!!again, "%s: and read again", label);
	accel_model_destroy(again);
	accel_model_destroy(m);
}

static void suite(void)
{
	plans();
	limit();
	trimmed();
	aged();
	retried();
	saved();
}

int main(int argc, char **argv)
{
	int failed;

	files_begin();
	failed = conform_main(argc, argv, suite);
	files_end();
	return failed;
}
