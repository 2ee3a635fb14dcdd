// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine goes down: what has a safe value gets it, and nothing is driven
 * any more. The module's notifier is called as by a reboot that never comes;
 * a module that is loaded anew knows nothing of it.
 */
#include "stream.h"

#include <pthread.h>

#include "../kselftest_harness.h"

#define RELAYS	0x3ULL
#define RUN	0x3ULL
#define SAFE	0x0ULL
#define HELD	(OUT + 2)	/* two relays that nobody has */
#define FREE	(OUT + 4)	/* two outputs without a safe value */
#define QUIET	(OUT + 6)	/* two inputs */

FIXTURE(reboot) {
	struct board b;
	const char *ko;
	int dev, line, free, quiet;
	struct piaccel_line_request req, held;
};

static struct piaccel_line_request safe_outputs(struct board *b,
						unsigned int first)
{
	struct piaccel_line_request r = outputs(b, first, 2, RUN);

	r.safe_mask = RELAYS;
	r.safe_values = SAFE;
	return r;
}

FIXTURE_SETUP(reboot)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);
	struct piaccel_line_request r;
	int fd;

	self->dev = self->line = self->free = self->quiet = -1;
	self->ko = getenv("PIACCEL_MODULE");
	if (!why && !self->ko)
		why = "PIACCEL_MODULE does not name the module";
	if (why)
		SKIP(return, "%s", why);
	board_reset(&self->b);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->req = safe_outputs(&self->b, OUT);
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line);
	self->held = safe_outputs(&self->b, HELD);
	self->held.flags = PIACCEL_LINE_HOLD;
	fd = line_request(self->dev, &self->held);
	ASSERT_LE(0, fd);
	close(fd);
	self->held.flags = PIACCEL_LINE_ADOPT;
	r = outputs(&self->b, FREE, 2, 0);
	self->free = line_request(self->dev, &r);
	ASSERT_LE(0, self->free);
	r = inputs(&self->b, QUIET, 2);
	self->quiet = line_request(self->dev, &r);
	ASSERT_LE(0, self->quiet);
	ASSERT_EQ(RUN, board_levels(&self->b, OUT, 2));
	ASSERT_EQ(0, xioctl(self->b.outside, TB_IOC_REBOOT));
	ASSERT_EQ(0, tb_record_start(self->b.outside, SPAN(0, self->b.lines),
				     TB_REC_OUTPUT | TB_REC_DIRECTION));
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The module anew: it knows of no end. Nothing of it is open. */
static int reload(const char *ko)
{
	if (!wait_for(!syscall(SYS_delete_module, "piaccel", O_NONBLOCK)))
		return -1;
	return piaccel_load(ko);
}

FIXTURE_TEARDOWN(reboot)
{
	drop(&self->line);
	drop(&self->free);
	drop(&self->quiet);
	drop(&self->dev);
	if (self->b.outside >= 0 && self->ko) {
		EXPECT_EQ(0, reload(self->ko));
		board_reset(&self->b);
	}
	board_close(&self->b);
}

/* Has the chip changed no output since the notifier? */
static bool stood_still(FIXTURE_DATA(reboot) *self)
{
	struct tb_record rec[16];

	return board_records(&self->b, rec, LEN(rec)) == 0;
}

TEST_F(reboot, drives_the_safe_values)
{
	struct piaccel_line_status s = line_status(self->line);

	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(PIACCEL_TRIP_REBOOT, s.trip_cause);
	EXPECT_EQ(1, s.trip_seq);
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 2));
}

TEST_F(reboot, grants_no_new_output)
{
	struct piaccel_line_request r = safe_outputs(&self->b, IN);
	int fd;

	EXPECT_EQ(-ESHUTDOWN, line_request(self->dev, &r));
	r = outputs(&self->b, IN, 2, RUN);
	EXPECT_EQ(-ESHUTDOWN, line_request(self->dev, &r));
	EXPECT_EQ(-ESHUTDOWN, line_request(self->dev, &self->held));
	EXPECT_TRUE(stood_still(self));
	/* who only looks is welcome */
	r = inputs(&self->b, IN, 2);
	fd = line_request(self->dev, &r);
	EXPECT_LE(0, fd);
	EXPECT_LE(0, line_get(fd, 0x3));
	close(fd);
}

TEST_F(reboot, drives_nothing_for_who_has_the_lines)
{
	struct piaccel_line_config cfg = { .output_mask = 0x3, .values = RUN };

	EXPECT_EQ(-ESHUTDOWN, line_set(self->line, RUN, RELAYS));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->free, 0x1, 0x1));
	EXPECT_EQ(-ESHUTDOWN, line_set(self->free, 0x3, 0x3));
	EXPECT_EQ(-ESHUTDOWN, line_rearm(self->line, 1));
	EXPECT_EQ(-ESHUTDOWN, xioctl(self->quiet, PIACCEL_LINE_RECONFIG, &cfg));
	EXPECT_TRUE(stood_still(self));
}

TEST_F(reboot, starts_no_playback)
{
	struct piaccel_stream_request r = {
		.mask = 0x3, .period_ns = 1 * MSEC, .size = 64,
		.block_samples = 64,
	};
	struct buffer buf;

	ASSERT_TRUE(buffer_make(&buf, self->dev, OURS_CACHED, 4096));
	memset(buf.map, 0xff, 64);
	r.dmabuf_fd = buf.fd;
	EXPECT_EQ(-ESHUTDOWN, stream_start(self->free, true, &r));
	EXPECT_TRUE(stood_still(self));
	buffer_free(&buf);
}

/* ---- beside chips whose bus does not answer --------------------------------- */

#define BANKS	3

FIXTURE(slow_reboot) {
	struct board b;
	const char *ko;
	int dev, line, bank[BANKS];
	struct piaccel_line_request req;
};

/* What a thread of its own does, for it waits. */
struct waiting_call {
	int fd;
	struct piaccel_line_request *req;	/* NULL: the reboot */
	int ret;
	bool done;
};

static void *make_call(void *arg)
{
	struct waiting_call *c = arg;

	c->ret = c->req ? line_request(c->fd, c->req) :
			  xioctl(c->fd, TB_IOC_REBOOT);
	__atomic_store_n(&c->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool call_done(struct waiting_call *c)
{
	return __atomic_load_n(&c->done, __ATOMIC_ACQUIRE);
}

static struct piaccel_line_request bank_outputs(unsigned int bank,
						unsigned int first)
{
	struct piaccel_line_request r = {
		.num_lines = 2, .offsets = { first, first + 1 },
		.config = { .output_mask = RELAYS, .values = RUN },
	};

	snprintf(r.chip, sizeof(r.chip), TB_BANK_LABEL "%u", bank);
	return r;
}

/* The slow ones first, in the module's list, too. */
FIXTURE_SETUP(slow_reboot)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);
	struct piaccel_line_request r;

	self->dev = self->line = -1;
	for (int i = 0; i < BANKS; i++)
		self->bank[i] = -1;
	self->ko = getenv("PIACCEL_MODULE");
	if (!why && !self->ko)
		why = "PIACCEL_MODULE does not name the module";
	if (why)
		SKIP(return, "%s", why);
	board_reset(&self->b);
	ASSERT_EQ(0, tb_banks(self->b.outside, BANKS));
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	for (int i = 0; i < BANKS; i++) {
		r = bank_outputs(i, 0);
		r.safe_mask = RELAYS;
		self->bank[i] = line_request(self->dev, &r);
		ASSERT_LE(0, self->bank[i]);
		ASSERT_EQ(RUN, tb_bank(self->b.outside, i).value);
	}
	self->req = safe_outputs(&self->b, OUT);
	self->line = line_request(self->dev, &self->req);
	ASSERT_LE(0, self->line);
	ASSERT_EQ(0, tb_stall(self->b.outside, 1));
}

FIXTURE_TEARDOWN(slow_reboot)
{
	if (self->b.outside >= 0)
		tb_stall(self->b.outside, 0);
	drop(&self->line);
	for (int i = 0; i < BANKS; i++)
		drop(&self->bank[i]);
	drop(&self->dev);
	if (self->b.outside >= 0 && self->ko) {
		EXPECT_EQ(0, reload(self->ko));
		EXPECT_EQ(0, tb_banks(self->b.outside, 0));
		board_reset(&self->b);
	}
	board_close(&self->b);
}

static bool banks_wait(FIXTURE_DATA(slow_reboot) *self)
{
	for (int i = 0; i < BANKS; i++)
		if (tb_bank(self->b.outside, i).waiting != 1)
			return false;
	return true;
}

TEST_F(slow_reboot, does_not_wait_for_them_before_all_others_are_safe)
{
	struct waiting_call reboot = { .fd = self->b.outside };
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, make_call, &reboot));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 2));
	/* all of them are asked at once, and it waits for them */
	EXPECT_TRUE(wait_for(banks_wait(self)));
	EXPECT_FALSE(call_done(&reboot));
	tb_stall(self->b.outside, 0);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, reboot.ret);
	for (int i = 0; i < BANKS; i++) {
		EXPECT_EQ(RELAYS, tb_bank(self->b.outside, i).output);
		EXPECT_EQ(SAFE, tb_bank(self->b.outside, i).value);
		EXPECT_EQ(PIACCEL_TRIP_REBOOT,
			  line_status(self->bank[i]).trip_cause);
	}
}

/* It holds the module's mutex, and is not in its list. */
TEST_F(slow_reboot, takes_back_what_is_being_made)
{
	struct piaccel_line_request r = bank_outputs(0, 4);
	struct waiting_call request = { .fd = self->dev, .req = &r };
	struct waiting_call reboot = { .fd = self->b.outside };
	pthread_t threads[2];

	ASSERT_EQ(0, pthread_create(&threads[0], NULL, make_call, &request));
	ASSERT_TRUE(wait_for(tb_bank(self->b.outside, 0).waiting == 1));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, make_call, &reboot));
	EXPECT_TRUE(line_tripped(self->line));
	EXPECT_EQ(SAFE, board_levels(&self->b, OUT, 2));
	EXPECT_FALSE(call_done(&request));
	tb_stall(self->b.outside, 0);
	for (unsigned int i = 0; i < LEN(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(0, reboot.ret);
	EXPECT_EQ(-ESHUTDOWN, request.ret);
	EXPECT_EQ(RELAYS, tb_bank(self->b.outside, 0).output);
	EXPECT_EQ(SAFE, tb_bank(self->b.outside, 0).value);
	if (request.ret >= 0)
		close(request.ret);
}

TEST_HARNESS_MAIN
