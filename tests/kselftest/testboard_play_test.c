// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens on the test board by itself: waveforms, answers to the driver's
 * edges, and wires from one line to another.
 */
#include "testboard_test.h"

#ifdef HAVE_TESTBOARD
/* ---- players ---- */

TEST_F(board, player_starts_on_time_and_keeps_the_steps_order)
{
	struct tb_step steps[] = {
		tb_step(0, 20, 1), tb_step(2 * MS, 20, 0),
		tb_step(3 * MS, 21, 1), tb_step_release(MS, 21),
	};
	static const __u64 at[] = { 0, 2 * MS, 5 * MS, 6 * MS };
	__u64 start = tb_now() + 50 * MS;
	struct tb_record r[5];
	struct tb_player p;
	int i;

	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20) | TB_BIT(21),
				     LEVELS));
	ASSERT_EQ(0, tb_play(self->tb, 3, steps, 4, start));
	ASSERT_EQ(0, tb_player(self->tb, 3, &p));
	ASSERT_EQ(0, tb_wait(self->tb, 3, 0, 10 * SEC));
	ASSERT_EQ(4, tb_record_drain(self->tb, r, 5));
	for (i = 0; i < 4; i++)
		EXPECT_LE(start + at[i], r[i].time_ns);
	EXPECT_EQ(20, r[0].line);
	EXPECT_EQ(1, r[0].value);
	EXPECT_EQ(0, r[1].value);
	EXPECT_EQ(21, r[2].line);
	EXPECT_EQ(0, r[3].value);
	ASSERT_EQ(0, tb_player(self->tb, 3, &p));
	EXPECT_EQ((__u32)TB_PLAYER_DONE, p.state);
	EXPECT_EQ(4U, p.steps);
	EXPECT_EQ(1U, p.rounds);
	EXPECT_EQ(start, p.start_ns);
	EXPECT_LE(p.late_max_ns, p.late_sum_ns);
}

TEST_F(board, player_repeats_so_many_rounds)
{
	struct tb_step steps[] = {
		tb_step(200 * US, 20, 1), tb_step(200 * US, 20, 0)
	};
	struct tb_play play = {
		.player = 15,
		.steps = (uintptr_t)steps,
		.nsteps = 2,
		.rounds = 50,
	};
	struct tb_player p;
	struct tb_line l;

	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, tb_wait(self->tb, 15, 0, 20 * SEC));
	ASSERT_EQ(0, tb_line(self->tb, 20, &l));
	EXPECT_EQ(50U, l.rising);
	EXPECT_EQ(50U, l.falling);
	ASSERT_EQ(0, tb_player(self->tb, 15, &p));
	EXPECT_EQ(50U, p.rounds);
	EXPECT_EQ(100U, p.steps);
}

TEST_F(board, endless_player_goes_on_until_stopped)
{
	struct tb_step steps[] = {
		tb_step(100 * US, 20, 1), tb_step(100 * US, 20, 0)
	};
	struct tb_play play = {
		.steps = (uintptr_t)steps,
		.nsteps = 2,
	};
	struct tb_player p;

	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 30, 20 * SEC));
	EXPECT_EQ(-1, tb_wait(self->tb, 0, 0, MS));
	EXPECT_EQ(ETIMEDOUT, errno);
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ((__u32)TB_PLAYER_PLAYING, p.state);
	EXPECT_LE(30U, p.rounds);
	ASSERT_EQ(0, tb_stop(self->tb, 0));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ((__u32)TB_PLAYER_IDLE, p.state);
	EXPECT_EQ(0U, p.steps);
}

/* A waveform faster than any machine must leave it the time to stop it. */
TEST_F(board, too_fast_player_does_not_take_the_machine)
{
	struct tb_step steps[] = { tb_step(1, 20, 1), tb_step(0, 20, 0) };
	struct tb_play play = {
		.steps = (uintptr_t)steps,
		.nsteps = 2,
	};

	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 10000, 20 * SEC));
	ASSERT_EQ(0, tb_stop(self->tb, 0));
}

TEST_F(board, relative_player_keeps_the_spacing)
{
	struct tb_step steps[100];
	struct tb_play play = {
		.flags = TB_PLAY_RELATIVE,
		.steps = (uintptr_t)steps,
		.nsteps = 100,
		.rounds = 1,
	};
	struct tb_record r[101];
	int i;

	for (i = 0; i < 100; i++)
		steps[i] = tb_step(150 * US, 20, !(i & 1));
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20), LEVELS));
	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 0, 20 * SEC));
	ASSERT_EQ(100, tb_record_drain(self->tb, r, 101));
	for (i = 1; i < 100; i++)
		EXPECT_LE(150 * US, r[i].time_ns - r[i - 1].time_ns);
}

TEST_F_TIMEOUT(board, player_takes_200000_steps, 120)
{
	struct tb_step *steps = calloc(200000, sizeof(*steps));
	struct tb_player p;
	struct tb_line l;
	int i;

	ASSERT_NE(NULL, steps);
	for (i = 0; i < 200000; i++)
		steps[i] = tb_step(US, 20, !(i & 1));
	ASSERT_EQ(0, tb_play(self->tb, 0, steps, 200000, 0));
	/* the board has its own copy */
	memset(steps, 0xff, 200000 * sizeof(*steps));
	free(steps);
	ASSERT_EQ(0, tb_wait(self->tb, 0, 0, 100 * SEC));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ(200000U, p.steps);
	ASSERT_EQ(0, tb_line(self->tb, 20, &l));
	EXPECT_EQ(100000U, l.rising);
	EXPECT_EQ(100000U, l.falling);
}

TEST_F(board, all_players_play_at_once)
{
	struct tb_step steps[20];
	struct tb_line l;
	unsigned int i, k;

	for (i = 0; i < TB_PLAYERS; i++) {
		for (k = 0; k < 20; k++)
			steps[k] = tb_step((50 + i) * US, 10 + i, !(k & 1));
		ASSERT_EQ(0, tb_play(self->tb, i, steps, 20, 0));
	}
	for (i = 0; i < TB_PLAYERS; i++) {
		ASSERT_EQ(0, tb_wait(self->tb, i, 0, 20 * SEC));
		ASSERT_EQ(0, tb_line(self->tb, 10 + i, &l));
		EXPECT_EQ(10U, l.rising);
		EXPECT_EQ(10U, l.falling);
	}
}

/* ---- triggers ---- */

/* A sensor on an open-drain line: the host asks, the sensor answers. */
TEST_F(board, sensor_answers_when_the_host_lets_go)
{
	struct tb_step reply[] = {
		tb_step(0, 4, 0), tb_step_release(80 * US, 4),
		tb_step(80 * US, 4, 0), tb_step_release(50 * US, 4),
	};
	struct timespec host_low = { .tv_nsec = 2 * MS };
	struct tb_record r[16];
	struct tb_player p;
	int req, i, k;

	ASSERT_EQ(0, tb_pull(self->tb, 4, 1));
	ASSERT_EQ(0, tb_answer(self->tb, 2, reply, 4, 4, TB_EDGE_RISING, MS,
			       30 * US));
	req = request_line(self->chip, 4, OUTPUT | OPEN_DRAIN, 1);
	ASSERT_LE(0, req);
	for (k = 1; k <= 3; k++) {
		ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(4), LEVELS));
		ASSERT_EQ(0, set_lines(req, 1, 0));
		nanosleep(&host_low, NULL);
		ASSERT_EQ(0, set_lines(req, 1, 1));
		ASSERT_EQ(0, tb_wait(self->tb, 2, (__u64)k, 10 * SEC));
		ASSERT_EQ(6, tb_record_drain(self->tb, r, 16));
		for (i = 0; i < 6; i++)
			EXPECT_EQ(i & 1, r[i].value);
		EXPECT_LE(30 * US, r[2].time_ns - r[1].time_ns);
		ASSERT_EQ(0, tb_player(self->tb, 2, &p));
		EXPECT_EQ((__u32)TB_PLAYER_ARMED, p.state);
		EXPECT_EQ((__u64)k, p.triggers);
		EXPECT_EQ(r[1].time_ns + 30 * US, p.start_ns);
	}
	close(req);
}

TEST_F(board, trigger_wants_the_right_edge_from_the_chip_after_long_enough)
{
	struct tb_step reply[] = { tb_step(0, 5, 0), tb_step(0, 5, 1) };
	struct tb_player p;
	int req = request_line(self->chip, 20, OUTPUT, 0);

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_answer(self->tb, 0, reply, 2, 20, TB_EDGE_FALLING,
			       3600 * SEC, 0));
	/* too short */
	ASSERT_EQ(0, set_lines(req, 1, 1));
	ASSERT_EQ(0, set_lines(req, 1, 0));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ(0U, p.triggers);

	ASSERT_EQ(0, tb_answer(self->tb, 0, reply, 2, 20, TB_EDGE_FALLING,
			       0, 0));
	/* the wrong edge */
	ASSERT_EQ(0, set_lines(req, 1, 1));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ(0U, p.triggers);
	/* the right edge, but the world made it */
	ASSERT_EQ(0, tb_drive(self->tb, 20, 0));
	ASSERT_EQ(0, tb_release(self->tb, 20));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ(0U, p.triggers);
	/* the right one */
	ASSERT_EQ(0, set_lines(req, 1, 0));
	ASSERT_EQ(0, tb_wait(self->tb, 0, 1, 10 * SEC));
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ(1U, p.triggers);
	close(req);
}

TEST_F(board, trigger_answers_so_many_edges)
{
	struct tb_step reply[] = { tb_step(0, 5, 0), tb_step(0, 5, 1) };
	struct tb_play play = {
		.steps = (uintptr_t)reply,
		.nsteps = 2,
		.rounds = 3,
		.trig_line = 20,
		.trig_edges = TB_EDGE_RISING | TB_EDGE_FALLING,
		.trig_count = 2,
	};
	struct tb_player p;
	struct tb_line l;
	int req = request_line(self->chip, 20, OUTPUT, 0);
	__u64 i;

	ASSERT_LE(0, req);
	ASSERT_EQ(0, tb_play_args(self->tb, &play));
	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, set_lines(req, 1, i & 1));
		if (i <= 2)
			ASSERT_EQ(0, tb_wait(self->tb, 0, 3 * i, 10 * SEC));
	}
	ASSERT_EQ(0, tb_player(self->tb, 0, &p));
	EXPECT_EQ((__u32)TB_PLAYER_DONE, p.state);
	EXPECT_EQ(2U, p.triggers);
	EXPECT_EQ(6U, p.rounds);
	ASSERT_EQ(0, tb_line(self->tb, 5, &l));
	EXPECT_EQ(6U, l.rising);
	close(req);
}

/* ---- wires ---- */

TEST_F(board, output_is_read_back_over_a_wire)
{
	int out = request_line(self->chip, 20, OUTPUT, 0);
	int in = request_lines(self->chip, 26, 2, INPUT | RISING | FALLING, 0);
	struct gpio_v2_line_event ev;
	int i;

	ASSERT_LE(0, out);
	ASSERT_LE(0, in);
	ASSERT_EQ(0, tb_follow(self->tb, 26, 20, 0, 0));
	ASSERT_EQ(0, tb_follow(self->tb, 27, 26, TB_FOLLOW_INVERT, 0));
	EXPECT_EQ(2U, get_lines(in, 2));
	ASSERT_EQ(1, next_event(in, 10000, &ev));
	EXPECT_EQ(27U, ev.offset);
	for (i = 0; i < 20; i++) {
		int up = !(i & 1);

		ASSERT_EQ(0, set_lines(out, 1, up));
		EXPECT_EQ(up ? 1U : 2U, get_lines(in, 2));
		ASSERT_EQ(1, next_event(in, 10000, &ev));
		ASSERT_EQ(1, next_event(in, 10000, &ev));
	}
	ASSERT_EQ(0, tb_unfollow(self->tb, 27));
	EXPECT_EQ(0U, get_lines(in, 2));
	close(out);
	close(in);
}

TEST_F(board, delayed_wire_keeps_every_change_and_its_distance)
{
	struct tb_step steps[20];
	struct tb_record r[80];
	__u64 due[20];
	int i, n, seen = 0;

	for (i = 0; i < 20; i++)
		steps[i] = tb_step(100 * US, 20, !(i & 1));
	ASSERT_EQ(0, tb_follow(self->tb, 21, 20, 0, 3 * MS));
	ASSERT_EQ(0, tb_record_start(self->tb, TB_BIT(20) | TB_BIT(21),
				     LEVELS));
	ASSERT_EQ(0, tb_play(self->tb, 0, steps, 20, 0));
	while (seen < 40) {
		n = tb_record_read(self->tb, r, 80);
		ASSERT_LT(0, n);
		for (i = 0; i < n; i++, seen++) {
			static int from, to;

			if (r[i].line == 20) {
				EXPECT_EQ(!(from & 1), r[i].value);
				due[from++] = r[i].time_ns + 3 * MS;
				continue;
			}
			ASSERT_LT(to, from);
			EXPECT_EQ(!(to & 1), r[i].value);
			EXPECT_LE(due[to], r[i].time_ns);
			to++;
		}
	}
}

TEST_F(board, delayed_wire_counts_what_it_cannot_hold)
{
	struct tb_state s;
	int i;

	ASSERT_EQ(0, tb_follow(self->tb, 21, 20, 0, TB_MAX_NS));
	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, tb_drive(self->tb, 20, !(i & 1)));
	ASSERT_EQ(0, tb_state(self->tb, &s));
	EXPECT_EQ(8U, s.follow_lost);
	EXPECT_EQ(0, bit(s.level, 21));
}

TEST_F(board, wires_form_no_loop)
{
	EXPECT_EQ(-1, tb_follow(self->tb, 5, 5, 0, 0));
	EXPECT_EQ(ELOOP, errno);
	ASSERT_EQ(0, tb_follow(self->tb, 6, 5, 0, 0));
	ASSERT_EQ(0, tb_follow(self->tb, 7, 6, 0, 0));
	EXPECT_EQ(-1, tb_follow(self->tb, 5, 7, TB_FOLLOW_INVERT, 0));
	EXPECT_EQ(ELOOP, errno);
	EXPECT_EQ(-1, tb_follow(self->tb, 5, 7, 0, MS));
	EXPECT_EQ(ELOOP, errno);
	ASSERT_EQ(0, tb_unfollow(self->tb, 7));
	EXPECT_EQ(0, tb_follow(self->tb, 5, 7, 0, 0));
}

#endif /* HAVE_TESTBOARD */
