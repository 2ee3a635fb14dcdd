// SPDX-License-Identifier: GPL-2.0-only
/*
 * The test board itself: what the outside world does on /dev/testboard is what
 * the GPIO character device sees, and the other way round. Other tests trust
 * it only because of this one.
 */
#include "testboard_test.h"

#ifdef HAVE_TESTBOARD
/* ---- levels ---- */

TEST_F(board, says_what_it_is)
{
	struct gpiochip_info chip;
	struct tb_info info;

	ASSERT_EQ(0, ioctl(self->tb, TB_IOC_INFO, &info));
	EXPECT_EQ(TB_ABI, info.abi);
	EXPECT_EQ(TB_PLAYERS, info.players);
	EXPECT_EQ(TB_MAX_STEPS, info.max_steps);
	EXPECT_EQ(1U, info.present);
	ASSERT_EQ(0, ioctl(self->chip, GPIO_GET_CHIPINFO_IOCTL, &chip));
	EXPECT_EQ(chip.lines, info.lines);
	EXPECT_STREQ(chip.label, info.label);
}

TEST_F(board, consumer_sees_what_the_world_drives)
{
	int req = request_line(self->chip, 17, INPUT, 0);

	ASSERT_LE(0, req);
	EXPECT_EQ(0U, get_lines(req, 1));
	ASSERT_EQ(0, tb_drive(self->tb, 17, 1));
	EXPECT_EQ(1U, get_lines(req, 1));
	ASSERT_EQ(0, tb_drive(self->tb, 17, 0));
	EXPECT_EQ(0U, get_lines(req, 1));
	ASSERT_EQ(0, tb_drive(self->tb, 17, 1));
	ASSERT_EQ(0, tb_release(self->tb, 17));
	EXPECT_EQ(0U, get_lines(req, 1));
	close(req);
}

TEST_F(board, world_drives_many_lines_at_one_instant)
{
	struct tb_record r[9];
	int req = request_lines(self->chip, 10, 8, INPUT, 0);
	int i;

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_record_start(self->tb, 0xffULL << 10, LEVELS));
	ASSERT_EQ(0, tb_drive_mask(self->tb, 0xffULL << 10, 0xa5ULL << 10));
	EXPECT_EQ(0xa5U, get_lines(req, 8));
	ASSERT_EQ(4, tb_record_drain(self->tb, r, 9));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(r[0].time_ns, r[i].time_ns);
	ASSERT_EQ(0, tb_drive_mask(self->tb, 0x0fULL << 10, 0x0aULL << 10));
	EXPECT_EQ(0xaaU, get_lines(req, 8));
	close(req);
}

TEST_F(board, world_sees_what_the_consumer_drives)
{
	int req = request_lines(self->chip, 20, 4, OUTPUT, 0x5);
	struct tb_state s;

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0xfU, (s.output >> 20) & 0xf);
	EXPECT_EQ(0x5U, (s.value >> 20) & 0xf);
	EXPECT_EQ(0x5U, (s.level >> 20) & 0xf);
	ASSERT_EQ(0, set_lines(req, 0xc, 0x8));
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0x9U, (s.level >> 20) & 0xf);
	EXPECT_EQ(0x9U, get_lines(req, 4));
	EXPECT_EQ(1, tb_output(self->tb, 20));
	EXPECT_EQ(0, tb_output(self->tb, 21));
	close(req);
}

TEST_F(board, freed_line_turns_into_an_input)
{
	int req = request_line(self->chip, 20, OUTPUT, 1);

	ASSERT_LE(0, req);
	EXPECT_EQ(1, tb_level(self->tb, 20));
	close(req);
	EXPECT_EQ(2, tb_output(self->tb, 20));
	EXPECT_EQ(0, tb_level(self->tb, 20));
}

TEST_F(board, bias_and_resistors_decide_when_no_one_drives)
{
	static const struct {
		__u64 bias;
		int pull, level;
	} rows[] = {
		{ PULL_UP, 0, 1 }, { PULL_DOWN, 0, 0 }, { BIAS_OFF, 0, 0 },
		{ PULL_UP, -1, 0 }, { PULL_DOWN, 1, 1 }, { BIAS_OFF, 1, 1 },
		{ BIAS_OFF, -1, 0 },
	};
	struct tb_state s;
	size_t i;
	int req;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		req = request_line(self->chip, 25, INPUT | rows[i].bias, 0);
		ASSERT_LE(0, req);
		ASSERT_EQ(0, tb_pull(self->tb, 25, rows[i].pull));
		EXPECT_EQ(rows[i].level, tb_level(self->tb, 25));
		EXPECT_EQ((__u64)rows[i].level, get_lines(req, 1));
		ASSERT_EQ(0, tb_state(self->tb, &s));
		EXPECT_EQ(rows[i].bias == PULL_UP, bit(s.bias_up, 25));
		EXPECT_EQ(rows[i].bias == PULL_DOWN, bit(s.bias_down, 25));
		close(req);
	}
	/* at reset: what the SoC has */
	ASSERT_EQ(0, tb_reset(self->tb));
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0x1ffU, s.level & 0xfffffff);
}

TEST_F(board, open_drain_line_is_a_wired_and)
{
	int req = request_line(self->chip, 4, OUTPUT | OPEN_DRAIN, 1);
	struct tb_state s;

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_pull(self->tb, 4, 1));
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(1, bit(s.open_drain, 4));
	EXPECT_EQ(1U, get_lines(req, 1));
	/* the world pulls */
	ASSERT_EQ(0, tb_drive(self->tb, 4, 0));
	EXPECT_EQ(0U, get_lines(req, 1));
	/* both pull */
	ASSERT_EQ(0, set_lines(req, 1, 0));
	EXPECT_EQ(0U, get_lines(req, 1));
	/* the host alone */
	ASSERT_EQ(0, tb_release(self->tb, 4));
	EXPECT_EQ(0U, get_lines(req, 1));
	EXPECT_EQ(0, tb_level(self->tb, 4));
	/* no one */
	ASSERT_EQ(0, set_lines(req, 1, 1));
	EXPECT_EQ(1U, get_lines(req, 1));
	close(req);
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0U, s.open_drain);
}

TEST_F(board, open_source_line_drives_only_high)
{
	int req = request_line(self->chip, 22, OUTPUT | OPEN_SOURCE, 0);

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_pull(self->tb, 22, 1));
	EXPECT_EQ(1, tb_level(self->tb, 22));
	ASSERT_EQ(0, tb_pull(self->tb, 22, -1));
	EXPECT_EQ(0, tb_level(self->tb, 22));
	ASSERT_EQ(0, set_lines(req, 1, 1));
	EXPECT_EQ(1, tb_level(self->tb, 22));
	close(req);
}

TEST_F(board, short_circuit_reads_low)
{
	int req = request_line(self->chip, 23, OUTPUT, 1);

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_drive(self->tb, 23, 0));
	EXPECT_EQ(0U, get_lines(req, 1));
	EXPECT_EQ(1, tb_output(self->tb, 23));
	ASSERT_EQ(0, tb_release(self->tb, 23));
	EXPECT_EQ(1U, get_lines(req, 1));
	close(req);
}

TEST_F(board, line_in_use_is_busy)
{
	int req = request_line(self->chip, 17, INPUT, 0);

	ASSERT_LE(0, req);
	EXPECT_EQ(-1, request_line(self->chip, 17, INPUT, 0));
	EXPECT_EQ(EBUSY, errno);
	close(req);
}

/* ---- the recorder ---- */

TEST_F(board, recorder_holds_each_output_change_and_nothing_else)
{
	struct tb_record r[16];
	struct tb_line l;
	__u64 before = tb_now();
	int req = request_lines(self->chip, 20, 2, OUTPUT, 0x2);

	ASSERT_LE(0, req);
	ASSERT_EQ(0, set_lines(req, 0x3, 0x2));	/* no change */
	ASSERT_EQ(0, set_lines(req, 0x3, 0x1));	/* both, at once */
	close(req);				/* both let go */
	ASSERT_EQ(8, tb_record_drain(self->tb, r, 16));

	EXPECT_LE(before, r[0].time_ns);
	EXPECT_EQ(TB_KIND_DIRECTION, r[0].kind);
	EXPECT_EQ(1, r[0].value);
	EXPECT_EQ(20, r[0].line);
	/* direction and value in one: no glitch */
	EXPECT_EQ(TB_KIND_OUTPUT, r[1].kind);
	EXPECT_EQ(0, r[1].value);
	EXPECT_EQ(r[0].time_ns, r[1].time_ns);
	EXPECT_EQ(21, r[3].line);
	EXPECT_EQ(TB_KIND_OUTPUT, r[3].kind);
	EXPECT_EQ(1, r[3].value);
	EXPECT_EQ(1, r[3].level);
	EXPECT_EQ(1, r[4].value);
	EXPECT_EQ(0, r[5].value);
	EXPECT_EQ(r[4].time_ns, r[5].time_ns);
	EXPECT_EQ(TB_KIND_DIRECTION, r[6].kind);
	EXPECT_EQ(0, r[6].value);
	EXPECT_EQ(r[0].seq + 7, r[7].seq);
	ASSERT_EQ(0, tb_line(self->tb, 20, &l));
	EXPECT_EQ(2U, l.outputs);
}

TEST_F(board, recorder_takes_only_what_it_was_asked_for)
{
	struct tb_record r[16];
	int req = request_lines(self->chip, 20, 2, OUTPUT, 0);

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(21), OUTPUTS));
	EXPECT_EQ(0, tb_record_drain(self->tb, r, 16));
	ASSERT_EQ(0, set_lines(req, 0x3, 0x3));
	ASSERT_EQ(1, tb_record_drain(self->tb, r, 16));
	EXPECT_EQ(21, r[0].line);
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20) | TB_BIT(21),
				     DIRECTIONS));
	ASSERT_EQ(0, set_lines(req, 0x3, 0x0));
	EXPECT_EQ(0, tb_record_drain(self->tb, r, 16));
	close(req);
	EXPECT_EQ(2, tb_record_drain(self->tb, r, 16));
}

TEST_F(board, each_file_reads_all_records)
{
	int req = request_line(self->chip, 20, OUTPUT, 0);
	int other = tb_open();
	struct tb_record a[4], b[4];

	ASSERT_LE(0, req);
	ASSERT_LE(0, other);
	ASSERT_EQ(2, tb_record_drain(self->tb, a, 4));
	ASSERT_EQ(2, tb_record_drain(other, b, 4));
	EXPECT_EQ(0, memcmp(a, b, 2 * sizeof(*a)));
	close(other);
	close(req);
}

TEST_F(board, recorder_waits_polls_and_says_when_there_is_none)
{
	struct pollfd p = { .events = POLLIN };
	struct tb_step step = tb_step(20 * MS, 20, 1);
	struct tb_record r[2];
	int fd = tb_open();

	p.fd = fd;
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, tb_record_start(fd, TB_BIT(20), LEVELS));
	EXPECT_EQ(-1, read(fd, r, sizeof(*r) - 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, tb_record_read(fd, r, 1));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, tb_play(fd, 0, &step, 1, 0));
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(-1, read(fd, (void *)-4096L, sizeof(*r)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(1, tb_record_read(fd, r, 2));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, 0));
	step = tb_step(20 * MS, 20, 0);
	ASSERT_EQ(0, tb_play(fd, 0, &step, 1, 0));
	EXPECT_EQ(1, tb_record_read(fd, r, 2));
	EXPECT_EQ(0, r[0].value);
	close(fd);
}

TEST_F_TIMEOUT(board, recorder_counts_what_it_lost, 120)
{
	struct tb_step steps[] = { tb_step(0, 20, 1), tb_step(0, 20, 0) };
	struct tb_play play = { .steps = (uintptr_t)steps, .nsteps = 2 };
	struct tb_rec_status s;
	struct tb_record r;
	struct tb_info info;
	__u64 first;

	ASSERT_EQ(0, ioctl(self->tb, TB_IOC_INFO, &info));
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20), LEVELS));
	play.rounds = info.records / 2 + 5;
	ASSERT_EQ(0, tb_drive(self->tb, 20, 1));
	ASSERT_EQ(1, tb_record_drain(self->tb, &r, 1));
	first = r.seq;
	ASSERT_EQ(0, tb_drive(self->tb, 20, 0));
	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 0, 60 * SEC));
	ASSERT_EQ(0, ioctl(self->tb, TB_IOC_REC_STATUS, &s));
	EXPECT_EQ(info.records, s.waiting);
	EXPECT_EQ(11U, s.lost);
	ASSERT_EQ(1, tb_record_read(self->tb, &r, 1));
	EXPECT_EQ(first + 12, r.seq);
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20), LEVELS));
	ASSERT_EQ(0, ioctl(self->tb, TB_IOC_REC_STATUS, &s));
	EXPECT_EQ(0U, s.waiting);
	EXPECT_EQ(11U, s.lost);
}

#define CONSOLE "/sys/module/testboard/parameters/console"

static int set_console(const char *v)
{
	int fd = open(CONSOLE, O_WRONLY);
	int ok = fd >= 0 && write(fd, v, 1) == 1;

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -1;
}

TEST_F(board, console_says_each_output_change)
{
	char want[4][40] = {
		"testboard: line 20 = 0 at ", "testboard: line 20 = 1 at ",
		"testboard: line 20 = 0 at ", "testboard: line 20 = Z at ",
	};
	char text[8192];
	ssize_t len;
	int log, req, i = 0;

	log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (log < 0)
		SKIP(return, "/dev/kmsg: %s", strerror(errno));
	lseek(log, 0, SEEK_END);
	if (set_console("1")) {
		close(log);
		SKIP(return, CONSOLE ": %s", strerror(errno));
	}
	req = request_line(self->chip, 20, OUTPUT, 0);
	ASSERT_LE(0, req);
	ASSERT_EQ(0, set_lines(req, 1, 1));
	ASSERT_EQ(0, set_lines(req, 1, 0));
	close(req);
	ASSERT_EQ(0, set_console("0"));
	while (i < 4 && (len = read(log, text, sizeof(text) - 1)) > 0) {
		text[len] = 0;
		if (!strstr(text, "testboard: line"))
			continue;
		EXPECT_NE(NULL, strstr(text, want[i]));
		EXPECT_NE(NULL, strstr(text, " ns\n"));
		i++;
	}
	EXPECT_EQ(4, i);
	close(log);
}

TEST_F(board, reset_clears_the_world)
{
	struct tb_step step = tb_step(3600 * SEC, 30, 1);
	struct tb_rec_status rec;
	struct tb_player p;
	struct tb_state s;
	struct tb_line l;

	ASSERT_EQ(0, tb_drive(self->tb, 20, 1));
	ASSERT_EQ(0, tb_pull(self->tb, 21, 1));
	ASSERT_EQ(0, tb_follow(self->tb, 22, 20, 0, 0));
	ASSERT_EQ(0, tb_play(self->tb, 4, &step, 1, 0));
	ASSERT_EQ(0, tb_record_start(self->tb, 1, LEVELS));
	ASSERT_EQ(0, tb_drive(self->tb, 0, 0));
	ASSERT_EQ(0, tb_reset(self->tb));
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(0U, s.driven | s.following | s.pull_up | s.pull_down);
	EXPECT_EQ(0x1ffU, s.level & 0xfffffff);
	ASSERT_EQ(0, tb_player(self->tb, 4, &p));
	EXPECT_EQ((__u32)TB_PLAYER_IDLE, p.state);
	ASSERT_EQ(0, tb_line(self->tb, 20, &l));
	EXPECT_EQ(0U, l.rising + l.falling + l.outputs);
	ASSERT_EQ(0, ioctl(self->tb, TB_IOC_REC_STATUS, &rec));
	EXPECT_EQ(0U, rec.waiting);
}

#endif /* HAVE_TESTBOARD */
