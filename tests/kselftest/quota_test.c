// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one uid may have of buffers and queues: it is refused more, others are
 * not, and what it had is given back with the last descriptor, whoever holds
 * that. Lines that are held are for hold_test.c.
 */
#include "stream.h"

#include "../kselftest_harness.h"

#define PARAM(name) "/sys/module/piaccel/parameters/" name
#define MIB (1024ULL * 1024)
#define KIB 1024ULL

#define NOBODY	65534
#define ANOTHER	65533

FIXTURE(quota) {
	struct board b;
	int dev, line;
	struct buffer buf;
	int sock[2];
	char old_buf[32], old_queue[32];
	uint64_t used;
};

FIXTURE_SETUP(quota)
{
	const char *why = rig_up(&self->dev, &self->b, TESTBOARD_LABEL,
				 PIACCEL_FEATURE_CAPTURE);
	struct piaccel_line_request l;

	self->line = self->buf.fd = self->buf.memfd = -1;
	self->old_buf[0] = self->old_queue[0] = 0;
	if (!why && geteuid())
		why = "only root can be others";
	if (why)
		SKIP(return, "%s", why);
	ASSERT_LT(0, read_text(PARAM("buf_limit_uid_mb"), self->old_buf,
			       sizeof(self->old_buf)));
	ASSERT_LT(0, read_text(PARAM("queue_limit_uid_kb"), self->old_queue,
			       sizeof(self->old_queue)));
	ASSERT_EQ(0, write_text(PARAM("buf_limit_uid_mb"), "4"));
	ASSERT_EQ(0, write_text(PARAM("queue_limit_uid_kb"), "64"));
	self->used = buf_used(self->dev);
	l = inputs(&self->b, IN, 8);
	self->line = line_request(self->dev, &l);
	ASSERT_LE(0, self->line);
	ASSERT_TRUE(buffer_make(&self->buf, self->dev, OURS_CACHED, 65536));
}

FIXTURE_TEARDOWN(quota)
{
	if (self->old_buf[0])
		write_text(PARAM("buf_limit_uid_mb"), self->old_buf);
	if (self->old_queue[0])
		write_text(PARAM("queue_limit_uid_kb"), self->old_queue);
	close(self->line);
	buffer_free(&self->buf);
	if (self->dev >= 0)
		EXPECT_TRUE(wait_for(buf_used(self->dev) == self->used));
	EXPECT_EQ(0U, rig_down(&self->dev, &self->b));
}

/* Run in a child of that uid: what it returns, 0 to 255. */
static int as(uid_t uid, FIXTURE_DATA(quota) *self,
	      int (*fn)(FIXTURE_DATA(quota) *self))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		if (setuid(uid))
			_exit(255);
		_exit(fn(self));
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

/* Takes all it may of buffers: MiB, or 100 + MiB with another error. */
static int take_buffers(FIXTURE_DATA(quota) *self)
{
	int n = 0, fd;

	while (n < 50 && (fd = buf_alloc(self->dev, MIB, n & 1)) >= 0)
		n++;
	return fd == -EDQUOT ? n : 100 + n;
}

TEST_F(quota, of_buffers_is_a_uids_own_and_given_back)
{
	uint64_t used = buf_used(self->dev);

	EXPECT_EQ(4, as(NOBODY, self, take_buffers));
	/* it has ended, and may again */
	EXPECT_TRUE(wait_for(buf_used(self->dev) == used));
	EXPECT_EQ(4, as(NOBODY, self, take_buffers));
}

static int the_refused_leaves_nothing(FIXTURE_DATA(quota) *self)
{
	uint64_t used;
	int fd[4];

	for (int i = 0; i < 4; i++) {
		fd[i] = buf_alloc(self->dev, MIB, 0);
		if (fd[i] < 0)
			return 1;
	}
	used = buf_used(self->dev);
	/* refused, and nothing is counted for it */
	for (int i = 0; i < 4; i++)
		if (buf_alloc(self->dev, 1, i) != -EDQUOT)
			return 2;
	if (buf_used(self->dev) != used)
		return 3;
	close(fd[2]);
	fd[2] = buf_alloc(self->dev, MIB, PIACCEL_BUF_CONTIGUOUS);
	if (fd[2] < 0)
		return 4;
	return 0;
}

TEST_F(quota, of_buffers_leaves_others_theirs)
{
	int first[4];

	EXPECT_EQ(0, as(NOBODY, self, the_refused_leaves_nothing));
	/* while one uid's are all taken, another's are not */
	ASSERT_EQ(0, setreuid(NOBODY, 0));
	for (int i = 0; i < 4; i++) {
		first[i] = buf_alloc(self->dev, MIB, 0);
		EXPECT_LE(0, first[i]);
	}
	ASSERT_EQ(0, setreuid(0, 0));
	EXPECT_EQ(0, as(NOBODY, self, take_buffers));
	EXPECT_EQ(4, as(ANOTHER, self, take_buffers));
	for (int i = 0; i < 4; i++)
		close(first[i]);
	EXPECT_EQ(4, as(NOBODY, self, take_buffers));
}

TEST_F(quota, is_no_bound_for_cap_sys_resource)
{
	int fd[6];

	for (int i = 0; i < 6; i++) {
		fd[i] = buf_alloc(self->dev, MIB, 0);
		EXPECT_LE(0, fd[i]) TH_LOG("%s", strerror(-fd[i]));
	}
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

/* Of 64 KiB: two queues of 1024 events fit, and a third does not. */
static int take_events(FIXTURE_DATA(quota) *self)
{
	int n = 0, fd;

	do {
		struct piaccel_line_request r = edges(&self->b, OUT + n, 1);

		r.event_buffer = 1024;
		fd = line_request(self->dev, &r);
	} while (fd >= 0 && ++n < 8);
	/* and nothing of the one that was refused is taken */
	if (fd >= 0 || line_used(&self->b, OUT + n))
		return 100 + n;
	return fd == -EDQUOT ? n : 150 + n;
}

TEST_F(quota, of_queues_bounds_event_buffers)
{
	EXPECT_EQ(2, as(NOBODY, self, take_events));
	EXPECT_TRUE(wait_for(!line_used(&self->b, OUT)));
	EXPECT_EQ(2, as(NOBODY, self, take_events));
	EXPECT_TRUE(wait_for(!line_used(&self->b, OUT)));
	ASSERT_EQ(0, write_text(PARAM("queue_limit_uid_kb"), "8192"));
	EXPECT_EQ(108, as(NOBODY, self, take_events));
}

/* Of 64 KiB: one ring of 1024 records of 56 bytes fits, and a second does not. */
static int take_records(FIXTURE_DATA(quota) *self)
{
	struct piaccel_stream_request r = {
		.mask = 1, .size = 4096, .block_samples = 1,
		.period_ns = 1 * MSEC, .dmabuf_fd = self->buf.fd,
		.start_ns = now_ns() + 600 * SEC,
	};
	int n = 0, fd = 0;

	while (n < 8 && (fd = stream_start(self->line, false, &r)) >= 0) {
		if (xioctl(fd, PIACCEL_STREAM_STOP))
			return 200;
		n++;
	}
	if (line_is(self->line, PIACCEL_STATUS_CAPTURE))
		return 201;
	return fd == -EDQUOT ? n : 100 + n;
}

TEST_F(quota, of_queues_bounds_the_records_of_streams_that_ended)
{
	EXPECT_EQ(1, as(NOBODY, self, take_records));
	EXPECT_EQ(1, as(NOBODY, self, take_records));
	EXPECT_EQ(108, as(0, self, take_records));
}

static int one_left_open(FIXTURE_DATA(quota) *self)
{
	return buf_alloc(self->dev, 3 * MIB, 0) < 0;
}

/* Whoever keeps a buffer alive, it counts as its maker's. */
static int pass_one_on(FIXTURE_DATA(quota) *self)
{
	int fd = buf_alloc(self->dev, 3 * MIB, 0);

	return fd < 0 || send_fd(self->sock[1], fd);
}

TEST_F(quota, counts_a_buffer_that_was_passed_on_as_its_makers)
{
	int fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sock));
	EXPECT_EQ(0, as(NOBODY, self, pass_one_on));
	EXPECT_EQ(1, as(NOBODY, self, one_left_open));
	EXPECT_EQ(0, as(ANOTHER, self, one_left_open));
	fd = recv_fd(self->sock[0]);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, as(NOBODY, self, one_left_open));
	close(fd);
	EXPECT_EQ(0, as(NOBODY, self, one_left_open));
	close(self->sock[0]);
	close(self->sock[1]);
}

TEST_F(quota, defaults_are_a_quarter_of_the_memory_and_half_of_that)
{
	uint64_t ram = sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	char limit[32];

	ASSERT_LT(0, read_text(PARAM("buf_limit_mb"), limit, sizeof(limit)));
	if (atoi(limit) || atoi(self->old_buf))
		SKIP(return, "the module was loaded with other limits");
	/* some pages may come and go at boot */
	EXPECT_LE(ram / 4 - MIB, piaccel_info(self->dev).buf_limit);
	EXPECT_GE(ram / 4 + MIB, piaccel_info(self->dev).buf_limit);
}

TEST_HARNESS_MAIN
