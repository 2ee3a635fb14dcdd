// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each allocation, and each copy to or from user space, that a call makes fails
 * in turn, until the call succeeds without a failure. Whatever came of it, a
 * refused call leaves no memory and no line in use and changes no line, and the
 * next valid call works. Needs a kernel with fault injection.
 *
 * After tools/testing/selftests/iommu/iommufd_fail_nth.c.
 */
#include "piaccel_test.h"

#include <linux/dma-buf.h>

#include "../kselftest.h"

#define FIRST 9
#define ROUNDS_MAX 2000

static struct {
	int dev, nth;
	struct board b;
	int buf, line, stream;
	uint64_t used, trip_seq;
	struct piaccel_line_request r;
} t;

/* ---- fault injection --------------------------------------------------------- */

static void arm(void)
{
	static const char *const knobs[][2] = {
		{ "failslab/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-wait", "N" },
		{ "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "fail_page_alloc/min-order", "0" },
		{ "failslab/verbose", "0" },
		{ "fail_page_alloc/verbose", "0" },
		{ "fail_usercopy/verbose", "0" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s",
			 knobs[i][0]);
		write_text(path, knobs[i][1]);
	}
}

static void fail_at(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	/* the copy of this very text may be what fails */
	while (pwrite(t.nth, text, len, 0) != len)
		;
}

/* Has the failure happened? Turns injection off. */
static bool failed_there(void)
{
	char text[16] = "";
	ssize_t n = pread(t.nth, text, sizeof(text) - 1, 0);
	bool left = n > 0 && atoi(text) > 0;

	fail_at(0);
	return !left;
}

/* ---- calls --------------------------------------------------------------------- */

static uint32_t flags;

static int do_buf_alloc(void)
{
	return buf_alloc(t.dev, 3 << 20, flags);
}

static int do_mmap(void)
{
	void *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, t.buf, 0);

	if (p == MAP_FAILED)
		return -errno;
	munmap(p, 65536);
	return 0;
}

static int do_sync(void)
{
	struct dma_buf_sync s = {
		.flags = DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW,
	};
	int ret = xioctl(t.buf, DMA_BUF_IOCTL_SYNC, &s);

	s.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	return ret ? ret : xioctl(t.buf, DMA_BUF_IOCTL_SYNC, &s);
}

static int do_info(void)
{
	struct piaccel_info info;

	return xioctl(t.dev, PIACCEL_GET_INFO, &info);
}

static int do_request(void)
{
	return line_request(t.dev, &t.r);
}

static int do_get(void)
{
	int64_t v = line_get(t.line, 1);

	return v < 0 ? v : 0;
}

static int do_set(void)
{
	return line_set(t.line, 0x1, 0x1);
}

static int do_reconfig(void)
{
	struct piaccel_line_config c = t.r.config;

	/* line 2 gets edges, line 3 turns into an output */
	c.rising_mask = c.falling_mask = 0x4;
	c.output_mask |= 0x8;
	return xioctl(t.line, PIACCEL_LINE_RECONFIG, &c);
}

static int do_keepalive(void)
{
	struct piaccel_keepalive ka = { 0 };

	return xioctl(t.line, PIACCEL_LINE_KEEPALIVE, &ka);
}

static int do_status(void)
{
	struct piaccel_line_status s;

	return xioctl(t.line, PIACCEL_LINE_STATUS, &s);
}

static int do_trip(void)
{
	return xioctl(t.line, PIACCEL_LINE_TRIP);
}

static int do_rearm(void)
{
	struct piaccel_rearm r = { .trip_seq = t.trip_seq };

	return xioctl(t.line, PIACCEL_LINE_REARM, &r);
}

static int do_disarm(void)
{
	return xioctl(t.line, PIACCEL_LINE_DISARM);
}

static void one_shot(struct piaccel_stream_request *s, uint32_t ring)
{
	*s = (struct piaccel_stream_request){
		.mask = 0x1, .size = 64, .period_ns = 1000000,
		.dmabuf_fd = t.buf, .block_samples = 16, .flags = ring,
	};
}

static int do_capture(void)
{
	struct piaccel_stream_request s;

	one_shot(&s, 0);
	return xioctl(t.line, PIACCEL_LINE_CAPTURE, &s);
}

static int do_playback(void)
{
	struct piaccel_stream_request s;

	one_shot(&s, 0);
	return xioctl(t.line, PIACCEL_LINE_PLAYBACK, &s);
}

static int do_fence(void)
{
	return xioctl(t.stream, PIACCEL_STREAM_FENCE);
}

static int do_stream_status(void)
{
	struct piaccel_stream_status s;

	return xioctl(t.stream, PIACCEL_STREAM_STATUS, &s);
}

static int do_stop(void)
{
	return xioctl(t.stream, PIACCEL_STREAM_STOP);
}

static int do_read_block(void)
{
	struct piaccel_block b;
	ssize_t n = read(t.stream, &b, sizeof(b));

	return n < 0 && errno != EAGAIN ? -errno : 0;
}

static int do_read_event(void)
{
	struct piaccel_event e;
	ssize_t n;

	/* one is there, or none: the copy is what matters */
	board_drive(&t.b, FIRST + 2, 1);
	board_drive(&t.b, FIRST + 2, 0);
	n = read(t.line, &e, sizeof(e));
	return n < 0 && errno != EAGAIN ? -errno : 0;
}

static int do_poll(void)
{
	struct pollfd p = { .fd = t.line, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

/* ---- the sweep ------------------------------------------------------------------ */

struct world {
	uint64_t buf_used, used, flags[8];
};

static void look(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->buf_used = buf_used(t.dev);
	for (unsigned int i = 0; i < t.b.lines && i < 64; i++)
		if (line_used(&t.b, i))
			w->used |= BIT64(i);
	for (int i = 0; i < 8; i++)
		w->flags[i] = line_info(&t.b, FIRST + i).flags;
}

/* The kernel remembers a freed output as one: make inputs of what is free. */
static void settle(void)
{
	for (unsigned int i = 0; i < t.b.lines; i++) {
		int fd = cdev_request(&t.b, i, GPIO_V2_LINE_FLAG_INPUT);

		if (fd >= 0)
			close(fd);
	}
}

static bool expected(int err)
{
	return err == -ENOMEM || err == -EFAULT;
}

/* Whether the call is to be undone after it succeeded. */
enum after { NOTHING, CLOSE, REDO };

static void sweep(const char *name, int (*call)(void), enum after after)
{
	struct world before, now;
	unsigned int n, refused = 0;
	const char *bad = NULL;
	bool hit = true;
	int ret = 0;

	for (n = 1; hit && !bad && n < ROUNDS_MAX; n++) {
		look(&before);
		fail_at(n);
		ret = call();
		hit = failed_there();
		if (ret >= 0 && after == CLOSE) {
			close(ret);
			settle();
		} else if (ret >= 0 && after == REDO) {
			xioctl(t.line, PIACCEL_LINE_RECONFIG, &t.r.config);
		}
		refused += ret < 0;
		look(&now);
		if (ret < 0 && !expected(ret))
			bad = "an error nobody expects";
		else if (now.buf_used != before.buf_used)
			bad = "memory is still in use";
		else if (now.used != before.used)
			bad = "lines are still in use";
		/* a call that was accepted may leave some, as a direction */
		else if (ret < 0 && memcmp(now.flags, before.flags, sizeof(now.flags)))
			bad = "a line was changed";
	}
	if (bad)
		ksft_print_msg("%s: failure %u: %d (%s): %s\n", name, n - 1, ret,
			       strerror(-ret), bad);
	else if (ret < 0)
		ksft_print_msg("%s without a failure: %s\n", name,
			       strerror(-ret));
	ksft_print_msg("%s: %u failures, %u of them refuse the call\n", name,
		       n - 2, refused);
	ksft_test_result(!bad && ret >= 0, "%s on %s\n", name, t.b.label);
}

static void none(const char *name)
{
	ksft_test_result_skip("%s on %s\n", name, t.b.label);
}

/* How many results board() and the rest of main() give. */
#define BOARD_TESTS 23
#define BUF_TESTS 7

static void requests(void)
{
	unsigned int n = t.b.lines < 40 ? t.b.lines : 40;

	t.r = inputs(&t.b, FIRST, 1);
	sweep("LINE_REQUEST of an input", do_request, CLOSE);
	t.r = outputs(&t.b, FIRST, 2, 0x1);
	sweep("LINE_REQUEST of outputs", do_request, CLOSE);
	t.r = inputs(&t.b, 0, n);
	sweep("LINE_REQUEST of many", do_request, CLOSE);
	t.r = inputs(&t.b, FIRST, 3);
	t.r.config.rising_mask = t.r.config.falling_mask = 0x7;
	t.r.config.debounce_mask = 0x2;
	t.r.config.debounce_us = 100;
	t.r.config.pull_up_mask = 0x4;
	t.r.event_buffer = 1024;
	sweep("LINE_REQUEST with edges", do_request, CLOSE);
	t.r = outputs(&t.b, FIRST, 4, 0);
	t.r.config.output_mask = 0x3;
	t.r.config.pull_down_mask = 0x4;
	t.r.safe_mask = 0x3;
	t.r.interlock_mask = 0x4;
	t.r.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	sweep("LINE_REQUEST with fail-safe", do_request, CLOSE);
}

/* Held lines, taken over: what fails leaves them held. */
static void adopt(void)
{
	int fd;

	t.r = outputs(&t.b, FIRST, 2, 0);
	t.r.safe_mask = t.r.safe_values = 0x3;
	t.r.flags = PIACCEL_LINE_HOLD;
	fd = line_request(t.dev, &t.r);
	close(fd);
	t.r.flags |= PIACCEL_LINE_ADOPT;
	sweep("LINE_REQUEST that adopts and holds again", do_request, CLOSE);
	t.r.flags = PIACCEL_LINE_ADOPT;
	fd = line_request(t.dev, &t.r);
	ksft_test_result(fd >= 0 && line_get(fd, 3) == 3,
			 "held lines can be had after all that on %s\n",
			 t.b.label);
	close(fd);
}

static void line_calls(void)
{
	t.r = outputs(&t.b, FIRST, 4, 0);
	t.r.config.output_mask = 0x3;
	t.r.safe_mask = 0x3;
	t.r.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	t.line = line_request(t.dev, &t.r);
	fcntl(t.line, F_SETFL, O_NONBLOCK);
	sweep("GET", do_get, NOTHING);
	sweep("SET", do_set, NOTHING);
	sweep("RECONFIG", do_reconfig, REDO);
	sweep("KEEPALIVE", do_keepalive, NOTHING);
	sweep("STATUS", do_status, NOTHING);
	sweep("TRIP", do_trip, NOTHING);
	t.trip_seq = line_status(t.line).trip_seq;
	sweep("REARM", do_rearm, NOTHING);
	t.r.config.rising_mask = 0x4;
	if (xioctl(t.line, PIACCEL_LINE_RECONFIG, &t.r.config))
		ksft_print_msg("RECONFIG failed: %s\n", strerror(errno));
	sweep("read of edges", do_read_event, NOTHING);
	sweep("poll", do_poll, NOTHING);
	sweep("DISARM", do_disarm, NOTHING);
}

static void stream_calls(void)
{
	struct piaccel_stream_request s;

	if (t.b.sleeps || t.buf < 0) {
		none("CAPTURE");
		none("PLAYBACK");
		none("STREAM_FENCE");
		none("STREAM_STATUS");
		none("read of blocks");
		none("STREAM_STOP");
		return;
	}
	do_rearm();
	sweep("CAPTURE", do_capture, CLOSE);
	sweep("PLAYBACK", do_playback, CLOSE);
	one_shot(&s, 0);
	t.stream = xioctl(t.line, PIACCEL_LINE_CAPTURE, &s);
	sweep("STREAM_FENCE", do_fence, CLOSE);
	sweep("STREAM_STATUS", do_stream_status, NOTHING);
	close(t.stream);
	one_shot(&s, PIACCEL_STREAM_RING);
	t.stream = xioctl(t.line, PIACCEL_LINE_CAPTURE, &s);
	fcntl(t.stream, F_SETFL, O_NONBLOCK);
	sweep("read of blocks", do_read_block, NOTHING);
	sweep("STREAM_STOP", do_stop, NOTHING);
	close(t.stream);
}

static void board(const char *label)
{
	const char *why = board_open(&t.b, label);

	if (why) {
		for (int i = 0; i < BOARD_TESTS; i++)
			ksft_test_result_skip("%s: %s\n", label, why);
		return;
	}
	board_reset(&t.b);
	requests();
	adopt();
	line_calls();
	stream_calls();
	if (t.line >= 0)
		close(t.line);
	t.line = -1;
	board_close(&t.b);
}

static void buffers(void)
{
	static const char *const name[] = {
		"BUF_ALLOC, write-combined", "BUF_ALLOC, cached",
		"BUF_ALLOC, contiguous", "BUF_ALLOC, cached and contiguous",
	};

	/* any chip will do: its lines are looked at, too */
	if (board_open(&t.b, SIM_LABEL) && board_open(&t.b, TESTBOARD_LABEL))
		ksft_exit_skip("neither chip is here\n");
	sweep("GET_INFO", do_info, NOTHING);
	for (flags = 0; flags < 4; flags++)
		sweep(name[flags], do_buf_alloc, CLOSE);
	sweep("mmap", do_mmap, NOTHING);
	sweep("DMA_BUF_IOCTL_SYNC", do_sync, NOTHING);
	board_close(&t.b);
}

int main(void)
{
	ksft_print_header();
	t.line = t.stream = -1;
	t.dev = piaccel_open();
	if (t.dev < 0)
		ksft_exit_skip("cannot open " PIACCEL_DEV "\n");
	t.nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (t.nth < 0)
		ksft_exit_skip("this kernel has no fault injection\n");
	arm();
	t.used = buf_used(t.dev);
	t.buf = buf_alloc(t.dev, 65536, PIACCEL_BUF_CACHED);
	if (t.buf < 0)
		ksft_exit_skip("a module without buffers\n");
	ksft_set_plan(BUF_TESTS + 2 * BOARD_TESTS + 1);
	buffers();
	board(TESTBOARD_LABEL);
	board(SIM_LABEL);
	close(t.buf);
	ksft_test_result(buf_used(t.dev) == t.used,
			 "no buffer is left of it all\n");
	ksft_finished();
}
