// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device node and GET_INFO: who may open it, what it says, and that every
 * malformed call is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/piaccel.h>

#include "../kselftest_harness.h"

#define DEV "/dev/piaccel"

FIXTURE(info) {
	int fd;
};

FIXTURE_SETUP(info)
{
	self->fd = open(DEV, O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		SKIP(return, DEV ": %s", strerror(errno));
}

FIXTURE_TEARDOWN(info)
{
	if (self->fd >= 0)
		close(self->fd);
}

TEST_F(info, node_is_a_char_device_for_owner_and_group)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0660, st.st_mode & 07777);
}

TEST_F(info, says_abi_and_page_size)
{
	struct piaccel_info info;

	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(0, ioctl(self->fd, PIACCEL_GET_INFO, &info));
	EXPECT_EQ(PIACCEL_ABI, info.abi);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info.page_size);
}

TEST_F(info, has_every_part)
{
	const __u64 all = PIACCEL_FEATURE_BUF | PIACCEL_FEATURE_LINE |
		PIACCEL_FEATURE_EDGE | PIACCEL_FEATURE_DEBOUNCE |
		PIACCEL_FEATURE_CAPTURE | PIACCEL_FEATURE_PLAYBACK |
		PIACCEL_FEATURE_FAILSAFE | PIACCEL_FEATURE_HOLD |
		PIACCEL_FEATURE_FENCE | PIACCEL_FEATURE_LINE_INFO;
	struct piaccel_info info;

	ASSERT_EQ(0, ioctl(self->fd, PIACCEL_GET_INFO, &info));
	/* tests of a part are skipped without it: this one says so */
	EXPECT_EQ(all, info.features);
	EXPECT_EQ(PIACCEL_LINES_MAX, info.lines_max);
	EXPECT_EQ(PIACCEL_EVENTS_MAX, info.events_max);
	EXPECT_LE(info.buf_used, info.buf_limit);
	EXPECT_LT(0U, info.stream_floor_ns);
	EXPECT_LT(0U, info.timer_ns);
	EXPECT_LT(0U, info.uid_buf_limit);
	EXPECT_LE(info.uid_buf_limit, info.buf_limit);
	EXPECT_LT(0U, info.uid_queue_limit);
	EXPECT_LT(0U, info.uid_held_limit);
}

/* The struct of ABI 1, without what came later. */
struct info_1 {
	__u32 abi;
	__u32 page_size;
	__u64 features;
	__u64 buf_limit;
	__u64 buf_used;
	__u32 lines_max;
	__u32 events_max;
	__u64 stream_floor_ns;
	__u64 timer_ns;
};

TEST_F(info, tells_a_program_of_abi_1_what_it_knows)
{
	struct piaccel_info now;
	struct {
		struct info_1 info;
		__u64 behind;
	} old;

	memset(&old, 0xa5, sizeof(old));
	ASSERT_EQ(0, ioctl(self->fd, PIACCEL_GET_INFO, &now));
	ASSERT_EQ(0, ioctl(self->fd, _IOR(PIACCEL_IOC_MAGIC, 0, struct info_1),
			   &old));
	/* it takes no other number */
	EXPECT_EQ(1, old.info.abi);
	old.info.abi = now.abi;
	EXPECT_EQ(0, memcmp(&old.info, &now, sizeof(old.info)));
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, old.behind);
}

TEST_F(info, refuses_a_bad_pointer)
{
	EXPECT_EQ(-1, ioctl(self->fd, PIACCEL_GET_INFO, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, PIACCEL_GET_INFO, (void *)-4096L));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(info, refuses_read_only_memory)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, ioctl(self->fd, PIACCEL_GET_INFO, p));
	EXPECT_EQ(EFAULT, errno);
	munmap(p, 4096);
}

TEST_F(info, refuses_a_struct_smaller_than_the_first_release)
{
	struct piaccel_info info;
	unsigned int cmd = _IOC(_IOC_READ, PIACCEL_IOC_MAGIC, 0, 4);

	EXPECT_EQ(-1, ioctl(self->fd, cmd, &info));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(info, unknown_calls_are_enotty)
{
	char buf[64] = { 0 };
	unsigned int cmds[] = {
		_IO(PIACCEL_IOC_MAGIC, 0x00),		/* wrong direction */
		_IOW(PIACCEL_IOC_MAGIC, 0x00, struct piaccel_info),
		_IO(PIACCEL_IOC_MAGIC, 0xff),		/* no such number */
		_IOR('g', 0x00, struct piaccel_info),	/* another driver's */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		EXPECT_EQ(-1, ioctl(self->fd, cmds[i], buf));
		EXPECT_EQ(ENOTTY, errno) TH_LOG("call %zu", i);
	}
}

TEST_F(info, has_no_read_write_or_mmap)
{
	char c = 0;

	EXPECT_EQ(-1, read(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_HARNESS_MAIN
