// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's code stays as long as anyone may call it: it does not go while
 * a fence is there, and goes at once, again and again, when the last one does.
 */
#include "stream.h"

#include <pthread.h>

#include "../kselftest_harness.h"

#define ROUNDS	40

FIXTURE(unload) {
	struct board b;
	int dev;
	const char *ko;
};

static bool unload(void)
{
	return !syscall(SYS_delete_module, "piaccel", O_NONBLOCK);
}

FIXTURE_SETUP(unload)
{
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_FENCE);

	self->ko = getenv("PIACCEL_MODULE");
	if (!why && !self->ko)
		why = "PIACCEL_MODULE does not name the module";
	if (why)
		SKIP(return, "%s", why);
}

FIXTURE_TEARDOWN(unload)
{
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* The fence of a capture into @e, with nothing else left open; -1 if not. */
static int lonely_fence(FIXTURE_DATA(unload) *self, enum exporter e)
{
	struct piaccel_line_request l = inputs(&self->b, IN, 8);
	struct piaccel_stream_request r = {
		.mask = 0xff, .size = 64, .block_samples = 64,
		.period_ns = 1 * MSEC, .start_ns = now_ns() + 5 * SEC,
	};
	int line = line_request(self->dev, &l), stream = -1, fence = -1;
	struct buffer b;

	if (line >= 0 && buffer_make(&b, self->dev, e, 4096)) {
		r.dmabuf_fd = b.fd;
		stream = stream_start(line, false, &r);
		if (stream >= 0)
			fence = xioctl(stream, PIACCEL_STREAM_FENCE);
		close(stream);
		buffer_free(&b);
	}
	close(line);
	close(self->dev);
	self->dev = -1;
	return fence;
}

TEST_F(unload, waits_for_a_fence)
{
	int fence = lonely_fence(self, OURS_CACHED);

	ASSERT_LE(0, fence);
	EXPECT_FALSE(unload());
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(-ECANCELED, fence_info(fence).status);
	close(fence);
	ASSERT_TRUE(wait_for(unload()));
	ASSERT_EQ(0, piaccel_load(self->ko));
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
}

struct race {
	int fence;
	bool go;
};

static void *last_close(void *arg)
{
	struct race *r = arg;

	while (!__atomic_load_n(&r->go, __ATOMIC_ACQUIRE))
		sched_yield();
	close(r->fence);
	return NULL;
}

/* The release of the last fence and the unloading, side by side. */
TEST_F_TIMEOUT(unload, races_with_the_release_of_the_last_fence, 300)
{
	for (int i = 0; i < ROUNDS; i++) {
		bool theirs = i % 2 && !exporter_missing(UDMABUF);
		struct race r = { 0 };
		pthread_t t;

		r.fence = lonely_fence(self, theirs ? UDMABUF : OURS_CACHED);
		ASSERT_LE(0, r.fence);
		ASSERT_EQ(0, pthread_create(&t, NULL, last_close, &r));
		__atomic_store_n(&r.go, true, __ATOMIC_RELEASE);
		ASSERT_TRUE(wait_for(unload())) TH_LOG("round %d", i);
		pthread_join(t, NULL);
		ASSERT_EQ(0, piaccel_load(self->ko));
		self->dev = piaccel_open();
		ASSERT_LE(0, self->dev);
	}
}

TEST_HARNESS_MAIN
