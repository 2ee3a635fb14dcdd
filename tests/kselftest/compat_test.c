// SPDX-License-Identifier: GPL-2.0-only
/*
 * 32-bit programs on a 64-bit kernel. No 32-bit C library is needed: on x86-64
 * a 64-bit program may enter the kernel as a 32-bit one does, by int $0x80 with
 * its arguments below 4 GiB, and the kernel takes it for one.
 */
#include "piaccel_test.h"

#include <stddef.h>

#include "../kselftest_harness.h"

/* The same layout for every compiler: no field is where padding could move it. */
#define AT(type, member, offset) \
	_Static_assert(offsetof(struct type, member) == (offset), #type "." #member)

AT(piaccel_info, features, 8);
AT(piaccel_info, lines_max, 32);
AT(piaccel_info, timer_ns, 48);
AT(piaccel_info, uid_held_used, 96);
AT(piaccel_buf_alloc, flags, 8);
AT(piaccel_line_config, debounce_us, 88);
AT(piaccel_line_config, reserved, 96);
AT(piaccel_line_request, consumer, 64);
AT(piaccel_line_request, num_lines, 96);
AT(piaccel_line_request, offsets, 104);
AT(piaccel_line_request, event_buffer, 360);
AT(piaccel_line_request, config, 368);
AT(piaccel_line_request, safe_mask, 488);
AT(piaccel_line_request, keepalive_ns, 520);
AT(piaccel_line_request, reserved, 528);
AT(piaccel_line_status, trip_seq, 8);
AT(piaccel_line_status, events_queued, 72);
AT(piaccel_line_status, period_floor_ns, 88);
AT(piaccel_line_info, offset, 64);
AT(piaccel_line_info, changes, 72);
AT(piaccel_line_info, pid, 112);
AT(piaccel_line_info, trip_seq, 128);
AT(piaccel_line_info, reserved, 152);
AT(piaccel_event, seq, 8);
AT(piaccel_event, line, 20);
AT(piaccel_event, flags, 23);
AT(piaccel_stream_request, dmabuf_fd, 40);
AT(piaccel_stream_request, reserved, 56);
AT(piaccel_block, samples, 40);
AT(piaccel_stream_status, start_ns, 8);
AT(piaccel_stream_status, sample_size, 56);
AT(piaccel_stream_status, late, 64);

/* The sum of the fields is the size: 4-byte alignment changes nothing. */
#define SUM(type, sum) _Static_assert(sizeof(struct type) == (sum), #type)

SUM(piaccel_info, 2 * 4 + 3 * 8 + 2 * 4 + 2 * 8 + 6 * 8);
SUM(piaccel_buf_alloc, 8 + 2 * 4);
SUM(piaccel_line_config, 11 * 8 + 2 * 4 + 3 * 8);
SUM(piaccel_line_request,
	64 + 32 + 2 * 4 + 64 * 4 + 2 * 4 + 120 + 5 * 8 + 3 * 8);
SUM(piaccel_line_status, 2 * 4 + 7 * 8 + 8 + 2 * 4 + 2 * 8);
SUM(piaccel_line_info, 64 + 2 * 4 + 8 + 32 + 4 * 4 + 3 * 8 + 4 * 8);
SUM(piaccel_event, 8 + 3 * 4 + 4);
SUM(piaccel_stream_request, 5 * 8 + 4 * 4 + 2 * 8);
SUM(piaccel_block, 5 * 8 + 4 * 4);
SUM(piaccel_stream_status, 2 * 4 + 6 * 8 + 2 * 4 + 32 * 4);

#ifdef __x86_64__

#define IA32_IOCTL 54

/* An ioctl as a 32-bit program makes it. */
static int ioctl32(int fd, unsigned int cmd, void *arg)
{
	int ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (IA32_IOCTL), "b" ((long)fd), "c" ((long)cmd),
		       "d" ((unsigned long)arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static bool emulates_32_bits(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(ioctl32(-1, 0, NULL) == -EBADF ? 0 : 1);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

union arg32 {
	struct piaccel_info info;
	struct piaccel_buf_alloc alloc;
	struct piaccel_line_request req;
	struct piaccel_line_info line;
	struct piaccel_line_values val;
	struct piaccel_keepalive ka;
	struct piaccel_rearm rearm;
	struct piaccel_line_status status;
	struct piaccel_stream_request stream;
	struct piaccel_stream_status sstatus;
};

FIXTURE(compat) {
	int dev;
	union arg32 *a;		/* below 4 GiB */
	struct board b;
	uint64_t features;
};

FIXTURE_SETUP(compat)
{
	self->b.cdev = self->b.outside = -1;
	self->dev = piaccel_open();
	if (self->dev < 0)
		SKIP(return, PIACCEL_DEV ": %s", strerror(errno));
	if (!emulates_32_bits())
		SKIP(return, "this kernel runs no 32-bit programs");
	self->a = mmap(NULL, sizeof(*self->a), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->a);
	self->features = piaccel_info(self->dev).features;
	board_open(&self->b, TESTBOARD_LABEL);
}

FIXTURE_TEARDOWN(compat)
{
	board_close(&self->b);
	if (self->dev >= 0)
		close(self->dev);
}

TEST_F(compat, get_info)
{
	struct piaccel_info want = piaccel_info(self->dev);

	memset(self->a, 0xa5, sizeof(*self->a));
	ASSERT_EQ(0, ioctl32(self->dev, PIACCEL_GET_INFO, self->a));
	EXPECT_EQ(0, memcmp(&want, &self->a->info, sizeof(want)));
}

TEST_F(compat, buf_alloc)
{
	int fd;

	if (!(self->features & PIACCEL_FEATURE_BUF))
		SKIP(return, "a module without buffers");
	self->a->alloc = (struct piaccel_buf_alloc){ .size = 4096 };
	fd = ioctl32(self->dev, PIACCEL_BUF_ALLOC, self->a);
	ASSERT_GE(fd, 0);
	EXPECT_LE(4096, lseek(fd, 0, SEEK_END));
	close(fd);
	/* all 64 bits of the size count */
	self->a->alloc.size = (1ULL << 40) + 4096;
	EXPECT_EQ(-EDQUOT, ioctl32(self->dev, PIACCEL_BUF_ALLOC, self->a));
}

TEST_F(compat, every_line_call)
{
	int fd;

	if (!(self->features & PIACCEL_FEATURE_FAILSAFE))
		SKIP(return, "a module without fail-safe");
	if (self->b.cdev < 0)
		SKIP(return, "no testboard");
	self->a->req = outputs(&self->b, 8, 2, 0x2);
	self->a->req.safe_mask = 0x3;
	self->a->req.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	fd = ioctl32(self->dev, PIACCEL_LINE_REQUEST, self->a);
	ASSERT_GE(fd, 0);
	self->a->val = (struct piaccel_line_values){ .mask = 0x3 };
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_GET, self->a));
	EXPECT_EQ(0x2U, self->a->val.bits);
	self->a->val = (struct piaccel_line_values){ .bits = 1, .mask = 0x3 };
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_SET, self->a));
	EXPECT_EQ(0x1U, board_levels(&self->b, 8, 2));
	self->a->ka.deadline_ns = 0;
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_KEEPALIVE, self->a));
	self->a->line = (struct piaccel_line_info){ .offset = 9 };
	strcpy(self->a->line.chip, TESTBOARD_LABEL);
	EXPECT_EQ(0, ioctl32(self->dev, PIACCEL_LINE_INFO, self->a));
	EXPECT_EQ((uint32_t)getpid(), self->a->line.pid);
	EXPECT_EQ(1U, self->a->line.index);
	EXPECT_LT(0U, self->a->line.deadline_ns);
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_TRIP, NULL));
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_STATUS, self->a));
	EXPECT_EQ(1U, self->a->status.trip_seq);
	EXPECT_EQ(2U, self->a->status.num_lines);
	self->a->rearm.trip_seq = 1;
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_REARM, self->a));
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_DISARM, NULL));
	self->a->req = outputs(&self->b, 8, 2, 0x2);
	memmove(self->a, &self->a->req.config, sizeof(self->a->req.config));
	EXPECT_EQ(0, ioctl32(fd, PIACCEL_LINE_RECONFIG, self->a));
	close(fd);
}

TEST_F(compat, every_stream_call)
{
	struct piaccel_line_request r;
	int fd, buf, stream, fence;

	if (!(self->features & PIACCEL_FEATURE_FENCE))
		SKIP(return, "a module without streams");
	if (self->b.cdev < 0)
		SKIP(return, "no testboard");
	buf = buf_alloc(self->dev, 4096, PIACCEL_BUF_CACHED);
	r = outputs(&self->b, 8, 1, 0);
	fd = line_request(self->dev, &r);
	ASSERT_GE(fd, 0);
	for (int play = 0; play < 2; play++) {
		self->a->stream = (struct piaccel_stream_request){
			.mask = 0x1, .size = 4, .period_ns = 500000,
			.dmabuf_fd = buf, .block_samples = 4,
		};
		stream = ioctl32(fd, play ? PIACCEL_LINE_PLAYBACK :
				 PIACCEL_LINE_CAPTURE, self->a);
		ASSERT_GE(stream, 0);
		fence = ioctl32(stream, PIACCEL_STREAM_FENCE, NULL);
		EXPECT_GE(fence, 0);
		close(fence);
		EXPECT_EQ(0, ioctl32(stream, PIACCEL_STREAM_STATUS, self->a));
		EXPECT_EQ(1U, self->a->sstatus.sample_size);
		EXPECT_EQ(0, ioctl32(stream, PIACCEL_STREAM_STOP, NULL));
		close(stream);
	}
	close(fd);
	close(buf);
}

TEST_F(compat, a_pointer_is_checked)
{
	EXPECT_EQ(-EFAULT, ioctl32(self->dev, PIACCEL_GET_INFO, NULL));
	EXPECT_EQ(-ENOTTY, ioctl32(self->dev, _IO(PIACCEL_IOC_MAGIC, 0xff),
				   self->a));
}

#else

TEST(calls_of_a_32_bit_program)
{
	SKIP(return, "only x86-64 lets a 64-bit program call as a 32-bit one");
}

#endif

TEST_HARNESS_MAIN
