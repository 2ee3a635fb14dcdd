/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the piaccel tests: the device, default requests, and one way to
 * drive and read the outside world of both simulated chips.
 *
 * testboard	a chip that cannot sleep; its module is part of this project
 * gpio-sim	the kernel's simulator, which can sleep; driven through sysfs
 */
#ifndef PIACCEL_TEST_H
#define PIACCEL_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/gpio.h>
#include <linux/piaccel.h>

#if __has_include("testboard.h")
#include "testboard.h"
#define HAVE_TESTBOARD 1
#else
#define HAVE_TESTBOARD 0
#endif

#define PIACCEL_DEV "/dev/piaccel"
#define TESTBOARD_LABEL "pinctrl-bcm2711"
#define SIM_LABEL "sim-board"
#define SIM_CONFIGFS "/sys/kernel/config/gpio-sim"

/*
 * How long a condition may take before a test gives up on it, in ms. Shorter
 * where a test is expected to fail.
 */
static inline int deadline_ms(void)
{
	const char *ms = getenv("PIACCEL_DEADLINE_MS");

	return ms ? atoi(ms) : 20000;
}

#define DEADLINE_MS deadline_ms()

/* All bits of an n-line request. */
#define LINES(n) ((n) >= 64 ? ~0ULL : (1ULL << (n)) - 1)
#define BIT64(i) (1ULL << (i))

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Look at a condition until it holds or the deadline passes. */
#define wait_for(cond) ({						\
	uint64_t end_ = now_ns() + DEADLINE_MS * 1000000ULL;		\
	bool ok_;							\
									\
	while (!(ok_ = (cond)) && now_ns() < end_)			\
		sched_yield();						\
	ok_ || (cond);							\
})

/* The events poll() reports for fd, waiting for any of them; 0: too late. */
static inline int wait_events(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ret;

	do {
		ret = poll(&p, 1, DEADLINE_MS);
	} while (ret < 0 && errno == EINTR);
	return ret > 0 ? p.revents : 0;
}

/* What poll() reports right now. */
static inline int events_now(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The start of a file as a string; -errno if it cannot be read. */
static inline int read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t r = 0;

	buf[0] = 0;
	if (fd < 0)
		return -errno;
	while (n < size - 1 && (r = read(fd, buf + n, size - 1 - n)) > 0)
		n += r;
	buf[n] = 0;
	close(fd);
	return r < 0 ? -errno : (int)n;
}

static inline long long read_number(const char *path)
{
	char buf[64];

	return read_text(path, buf, sizeof(buf)) > 0 ? atoll(buf) : -1;
}

/* ioctl() that returns -errno. */
#define xioctl(fd, ...) ({						\
	int ret_ = ioctl(fd, __VA_ARGS__);				\
									\
	ret_ < 0 ? -errno : ret_;					\
})

/* ---- the device ---------------------------------------------------------- */

static inline int piaccel_open(void)
{
	return open(PIACCEL_DEV, O_RDWR | O_CLOEXEC);
}

/* Load the module again, as it was loaded for this boot: 0 or -errno. */
static inline int piaccel_load(const char *ko)
{
	const char *args = getenv("PIACCEL_MODULE_ARGS");
	int fd = open(ko, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, args ? args : "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static inline struct piaccel_info piaccel_info(int dev)
{
	struct piaccel_info info = { 0 };

	if (ioctl(dev, PIACCEL_GET_INFO, &info))
		perror("GET_INFO");
	return info;
}

static inline uint64_t buf_used(int dev)
{
	return piaccel_info(dev).buf_used;
}

static inline int buf_alloc(int dev, uint64_t size, uint32_t flags)
{
	struct piaccel_buf_alloc a = { .size = size, .flags = flags };

	return xioctl(dev, PIACCEL_BUF_ALLOC, &a);
}

/* ---- the two chips ------------------------------------------------------- */

struct board {
	const char *label;
	unsigned int lines;
	bool sleeps;
	int outside;		/* /dev/testboard, or -1 */
	int cdev;		/* /dev/gpiochipN */
	char sysfs[64];		/* of a gpio-sim bank */
};

/* Open the GPIO character device of a chip by its label; -1 if there is none. */
static inline int chip_open(const char *label, int *number)
{
	struct gpiochip_info info;
	char path[32];
	int i, fd;

	for (i = 0; i < 64; i++) {
		snprintf(path, sizeof(path), "/dev/gpiochip%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info) &&
		    !strncmp(info.label, label, sizeof(info.label) - 1)) {
			if (number)
				*number = i;
			return fd;
		}
		close(fd);
	}
	return -1;
}

static inline void board_close(struct board *b)
{
	if (b->cdev >= 0)
		close(b->cdev);
	if (b->outside >= 0)
		close(b->outside);
	b->cdev = b->outside = -1;
}

/* Find a chip and its outside. NULL, or why there is none. */
static inline const char *board_open(struct board *b, const char *label)
{
	struct gpiochip_info info;
	char path[sizeof(b->sysfs) + 32];
	int n = 0;

	memset(b, 0, sizeof(*b));
	b->label = label;
	b->outside = -1;
	b->cdev = chip_open(label, &n);
	if (b->cdev < 0)
		return "no such GPIO chip here";
	ioctl(b->cdev, GPIO_GET_CHIPINFO_IOCTL, &info);
	b->lines = info.lines;
	if (!strcmp(label, TESTBOARD_LABEL)) {
#if HAVE_TESTBOARD
		b->outside = open("/dev/testboard", O_RDWR | O_CLOEXEC);
#endif
		if (b->outside < 0) {
			board_close(b);
			return "no /dev/testboard";
		}
		return NULL;
	}
	b->sleeps = true;
	snprintf(b->sysfs, sizeof(b->sysfs), "/sys/bus/gpio/devices/gpiochip%d",
		 n);
	snprintf(path, sizeof(path), "%s/sim_gpio0/pull", b->sysfs);
	if (access(path, W_OK)) {
		board_close(b);
		return "not a gpio-sim bank";
	}
	return NULL;
}

/* Drive an input from outside. */
static inline int board_drive(const struct board *b, unsigned int line,
			      int level)
{
	char path[sizeof(b->sysfs) + 32];

#if HAVE_TESTBOARD
	if (b->outside >= 0) {
		struct tb_drive d = {
			.lines = BIT64(line), .values = (uint64_t)level << line,
		};

		return xioctl(b->outside, TB_IOC_DRIVE, &d);
	}
#endif
	snprintf(path, sizeof(path), "%s/sim_gpio%u/pull", b->sysfs, line);
	return write_text(path, level ? "pull-up" : "pull-down");
}

/* The level on the wire, whoever drives it. */
static inline int board_level(const struct board *b, unsigned int line)
{
	char path[sizeof(b->sysfs) + 32];

#if HAVE_TESTBOARD
	if (b->outside >= 0) {
		struct tb_state s;
		int ret = xioctl(b->outside, TB_IOC_STATE, &s);

		return ret ? ret : !!(s.level & BIT64(line));
	}
#endif
	snprintf(path, sizeof(path), "%s/sim_gpio%u/value", b->sysfs, line);
	return read_number(path);
}

/* Let an input go, so that its pull decides; gpio-sim has nothing but pulls. */
static inline void board_release(const struct board *b, unsigned int line)
{
#if HAVE_TESTBOARD
	struct tb_drive d = { .lines = BIT64(line), .release = BIT64(line) };

	if (b->outside >= 0)
		ioctl(b->outside, TB_IOC_DRIVE, &d);
#endif
	(void)b;
	(void)line;
}

/* Nobody outside drives anything; no line that is free remembers a thing. */
static inline void board_reset(const struct board *b)
{
#if HAVE_TESTBOARD
	if (b->outside >= 0) {
		ioctl(b->outside, TB_IOC_RESET);
		return;
	}
#endif
	for (unsigned int i = 0; i < b->lines; i++)
		board_drive(b, i, 0);
}

/* Levels of n lines from first, as bits. */
static inline uint64_t board_levels(const struct board *b, unsigned int first,
				    unsigned int n)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < n; i++)
		if (board_level(b, first + i) == 1)
			bits |= BIT64(i);
	return bits;
}

/* A gpio-sim bank of a test's own, which it may take away. */
static inline int sim_create_as(const char *name, const char *label,
				unsigned int lines)
{
	char path[256], text[16];

	if (access(SIM_CONFIGFS, F_OK))
		return -ENOENT;
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s", name);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/bank0", name);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/bank0/num_lines", name);
	snprintf(text, sizeof(text), "%u", lines);
	write_text(path, text);
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/bank0/label", name);
	write_text(path, label);
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/live", name);
	return write_text(path, "1");
}

static inline int sim_create(const char *name, unsigned int lines)
{
	return sim_create_as(name, name, lines);
}

static inline int sim_live(const char *name, bool live)
{
	char path[256];

	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/live", name);
	return write_text(path, live ? "1" : "0");
}

static inline void sim_destroy(const char *name)
{
	char path[256];

	sim_live(name, false);
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s/bank0", name);
	rmdir(path);
	snprintf(path, sizeof(path), SIM_CONFIGFS "/%s", name);
	rmdir(path);
}

/* ---- lines --------------------------------------------------------------- */

/* n inputs from first. */
static inline struct piaccel_line_request inputs(const struct board *b,
						 unsigned int first,
						 unsigned int n)
{
	struct piaccel_line_request r = { .num_lines = n };

	snprintf(r.chip, sizeof(r.chip), "%s", b->label);
	snprintf(r.consumer, sizeof(r.consumer), "piaccel-test");
	for (unsigned int i = 0; i < n && i < PIACCEL_LINES_MAX; i++)
		r.offsets[i] = first + i;
	return r;
}

/* n outputs from first, driven to values. */
static inline struct piaccel_line_request outputs(const struct board *b,
						  unsigned int first,
						  unsigned int n,
						  uint64_t values)
{
	struct piaccel_line_request r = inputs(b, first, n);

	r.config.output_mask = LINES(n);
	r.config.values = values;
	return r;
}

static inline int line_request(int dev, const struct piaccel_line_request *r)
{
	return xioctl(dev, PIACCEL_LINE_REQUEST, r);
}

static inline int line_set(int fd, uint64_t bits, uint64_t mask)
{
	struct piaccel_line_values v = { .bits = bits, .mask = mask };

	return xioctl(fd, PIACCEL_LINE_SET, &v);
}

/* The lines' values, or -errno as a value no test expects. */
static inline int64_t line_get(int fd, uint64_t mask)
{
	struct piaccel_line_values v = { .mask = mask };
	int ret = xioctl(fd, PIACCEL_LINE_GET, &v);

	return ret ? ret : (int64_t)v.bits;
}

static inline struct piaccel_line_status line_status(int fd)
{
	struct piaccel_line_status s;

	memset(&s, 0xff, sizeof(s));
	if (ioctl(fd, PIACCEL_LINE_STATUS, &s))
		perror("STATUS");
	return s;
}

/* n inputs from first with both edges. */
static inline struct piaccel_line_request edges(const struct board *b,
						unsigned int first,
						unsigned int n)
{
	struct piaccel_line_request r = inputs(b, first, n);

	r.config.rising_mask = LINES(n);
	r.config.falling_mask = LINES(n);
	return r;
}

/* What the kernel's own interface says of a line. */
static inline struct gpio_v2_line_info line_info(const struct board *b,
						 unsigned int offset)
{
	struct gpio_v2_line_info info = { .offset = offset };

	if (ioctl(b->cdev, GPIO_V2_GET_LINEINFO_IOCTL, &info))
		perror("LINEINFO");
	return info;
}

static inline bool line_has(const struct board *b, unsigned int offset,
			    uint64_t flag)
{
	return line_info(b, offset).flags & flag;
}

static inline bool line_used(const struct board *b, unsigned int offset)
{
	return line_has(b, offset, GPIO_V2_LINE_FLAG_USED);
}

/* How many of the chip's lines are in use. */
static inline unsigned int lines_used(const struct board *b)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->lines; i++)
		n += line_used(b, i);
	return n;
}

/* A device with these features and a chip at rest. NULL, or why not. */
static inline const char *rig_up(int *dev, struct board *b, const char *label,
				 uint64_t features)
{
	const char *why;

	b->cdev = b->outside = -1;
	*dev = piaccel_open();
	if (*dev < 0)
		return "cannot open " PIACCEL_DEV;
	if (~piaccel_info(*dev).features & features)
		return "a module without this";
	why = board_open(b, label);
	if (!why)
		board_reset(b);
	return why;
}

/* Lines that are still in use: one is given back with its last descriptor. */
static inline unsigned int rig_down(int *dev, struct board *b)
{
	unsigned int used = 0;

	if (b->cdev >= 0) {
		used = lines_used(b);
		board_reset(b);
		board_close(b);
	}
	if (*dev >= 0)
		close(*dev);
	return used;
}

/* Take a line by the kernel's own interface: its descriptor, or -errno. */
static inline int cdev_request(const struct board *b, unsigned int offset,
			       uint64_t flags)
{
	struct gpio_v2_line_request r = {
		.offsets = { offset }, .num_lines = 1, .consumer = "cdev",
		.config.flags = flags,
	};
	int ret = xioctl(b->cdev, GPIO_V2_GET_LINE_IOCTL, &r);

	return ret < 0 ? ret : r.fd;
}

/* Read n events, waiting for each; how many came before the deadline. */
static inline int read_events(int fd, struct piaccel_event *e, int n)
{
	int got = 0;

	while (got < n && (wait_events(fd, POLLIN) & POLLIN)) {
		ssize_t r = read(fd, e + got, (n - got) * sizeof(*e));

		if (r <= 0 || r % sizeof(*e))
			break;
		got += r / sizeof(*e);
	}
	return got;
}

/* ---- processes ----------------------------------------------------------- */

/* Pass a descriptor through a socket. */
static inline int send_fd(int sock, int fd)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} u = { .hdr = {
		.cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
	} };
	char c = 0;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.space, .msg_controllen = sizeof(u.space),
	};

	memcpy(CMSG_DATA(&u.hdr), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static inline int recv_fd(int sock)
{
	union {
		struct cmsghdr hdr;
		char space[CMSG_SPACE(sizeof(int))];
	} u;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.space, .msg_controllen = sizeof(u.space),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* State letter of a task of this process: 'S' while it waits in a call. */
static inline char task_state(pid_t tid)
{
	char path[64], buf[512], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	if (read_text(path, buf, sizeof(buf)) <= 0)
		return 0;
	p = strrchr(buf, ')');
	return p ? p[2] : 0;
}

/* Has a task been put to sleep by the system call of that number? */
static inline bool task_waits(pid_t tid, long nr)
{
	char path[64], buf[256];

	if (task_state(tid) != 'S')
		return false;
	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	/* a kernel that does not tell leaves the state alone to say it */
	return read_text(path, buf, sizeof(buf)) <= 0 || atol(buf) == nr;
}

/* Users of the module beside its open device files. */
static inline long long module_refs(void)
{
	return read_number("/sys/module/piaccel/refcnt");
}

/*
 * The same without the fences that earlier tests have let go of: the module
 * looks for those ten times a second.
 */
static inline long long module_refs_at_rest(void)
{
	long long refs = module_refs(), now;
	uint64_t since = now_ns();

	while (now_ns() - since < 500000000ULL) {
		now = module_refs();
		if (now < refs) {
			refs = now;
			since = now_ns();
		}
		sched_yield();
	}
	return refs;
}

#endif /* PIACCEL_TEST_H */
