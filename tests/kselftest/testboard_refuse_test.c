// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every wrong call to the test board is refused with its error and changes
 * nothing: each has one thing wrong and is good otherwise.
 */
#include "testboard_test.h"

#ifdef HAVE_TESTBOARD
/* ---- wrong calls ---- */

/* Refused with this error, and nothing moved. */
#define refused(err, cmd, arg) do {					\
	struct tb_state s_;						\
									\
	EXPECT_EQ(-1, ioctl(self->tb, cmd, arg));			\
	EXPECT_EQ(err, errno);						\
	EXPECT_EQ(0, tb_state(self->tb, &s_));				\
	EXPECT_EQ(before.level, s_.level);				\
	EXPECT_EQ(before.driven, s_.driven);				\
	EXPECT_EQ(before.following, s_.following);			\
	EXPECT_EQ(before.pull_up, s_.pull_up);				\
	EXPECT_EQ(before.pull_down, s_.pull_down);			\
} while (0)

/* A copy of the good argument @base with one thing wrong. */
#define refused_with(err, cmd, base, wrong) do {			\
	__typeof__(base) a = base;					\
									\
	a.wrong;							\
	refused(err, cmd, &a);						\
} while (0)

TEST_F(board, refuses_a_wrong_drive_or_pull)
{
	struct tb_drive d = { .lines = 6, .values = 2, .release = 4 };
	struct tb_pull p = { .lines = 6, .up = 2, .down = 4 };
	struct tb_state before;

	ASSERT_EQ(0, tb_state(self->tb, &before));
	refused_with(EINVAL, TB_IOC_DRIVE, d, lines |= 1ULL << 63);
	refused_with(EINVAL, TB_IOC_DRIVE, d, lines |= 1ULL << 54);
	refused_with(EINVAL, TB_IOC_DRIVE, d, values |= 8);
	refused_with(EINVAL, TB_IOC_DRIVE, d, values |= 4);
	refused_with(EINVAL, TB_IOC_DRIVE, d, release |= 8);
	refused_with(EINVAL, TB_IOC_PULL, p, lines |= 1ULL << 54);
	refused_with(EINVAL, TB_IOC_PULL, p, up |= 8);
	refused_with(EINVAL, TB_IOC_PULL, p, down |= 8);
	refused_with(EINVAL, TB_IOC_PULL, p, up |= 4);
	EXPECT_EQ(0, ioctl(self->tb, TB_IOC_DRIVE, &d));
	EXPECT_EQ(0, ioctl(self->tb, TB_IOC_PULL, &p));
}

TEST_F(board, refuses_a_wrong_wire)
{
	struct tb_follow f = { .line = 20, .source = 21 };
	struct tb_state before;

	ASSERT_EQ(0, tb_state(self->tb, &before));
	refused_with(EINVAL, TB_IOC_FOLLOW, f, line = 54);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, line = ~0U);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, source = 54);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, flags = 4);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, pad = 1);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, delay_ns = TB_MAX_NS + 1);
	refused_with(ELOOP, TB_IOC_FOLLOW, f, source = 20);
	f.flags = TB_FOLLOW_OFF;
	refused(EINVAL, TB_IOC_FOLLOW, &f);	/* with a source */
	f.source = 0;
	refused_with(EINVAL, TB_IOC_FOLLOW, f, delay_ns = 1);
	refused_with(EINVAL, TB_IOC_FOLLOW, f, flags |= TB_FOLLOW_INVERT);
	EXPECT_EQ(0, ioctl(self->tb, TB_IOC_FOLLOW, &f));
}

TEST_F(board, refuses_a_wrong_waveform_and_plays_the_old_one_on)
{
	struct tb_step good[] = { tb_step(MS, 30, 1), tb_step(MS, 30, 0) };
	struct tb_step bad[2];
	struct tb_play p = {
		.player = 1,
		.steps = (uintptr_t)good,
		.nsteps = 2,
		.rounds = 1,
		.start_ns = tb_now() + 3600 * SEC,
	};
	struct tb_state before;
	struct tb_player was, is;

	ASSERT_EQ(0, tb_play_args(self->tb, &p));
	ASSERT_EQ(0, tb_player(self->tb, 1, &was));
	ASSERT_EQ(0, tb_state(self->tb, &before));
	refused_with(EINVAL, TB_IOC_PLAY, p, player = TB_PLAYERS);
	refused_with(EINVAL, TB_IOC_PLAY, p, flags = 2);
	refused_with(EINVAL, TB_IOC_PLAY, p, nsteps = 0);
	refused_with(EINVAL, TB_IOC_PLAY, p, nsteps = TB_MAX_STEPS + 1);
	refused_with(EFAULT, TB_IOC_PLAY, p, steps = 0);
	refused_with(EFAULT, TB_IOC_PLAY, p, steps = ~0ULL - 4095);
	refused_with(EINVAL, TB_IOC_PLAY, p, start_ns = 1ULL << 63);
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_line = 1);
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_min_ns = 1);
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_count = 1);
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_edges = 4);
	refused_with(EINVAL, TB_IOC_PLAY, p, pad = 1);
	p.trig_edges = TB_EDGE_RISING;
	refused(EINVAL, TB_IOC_PLAY, &p);	/* an absolute start */
	p.start_ns = 0;
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_line = 54);
	refused_with(EINVAL, TB_IOC_PLAY, p, trig_min_ns = TB_MAX_NS + 1);
	p.trig_edges = 0;

#define bad_step(wrong) do {						\
	memcpy(bad, good, sizeof(bad));					\
	bad[1].wrong;							\
	refused_with(EINVAL, TB_IOC_PLAY, p, steps = (uintptr_t)bad);	\
} while (0)
	bad_step(lines |= 1ULL << 54);
	bad_step(values |= 1);
	bad_step(release |= 1);
	bad_step(delay_ns = TB_MAX_NS + 1);
	bad_step(lines = 0; bad[1].values = 1);
	memcpy(bad, good, sizeof(bad));
	bad[1].release = bad[1].lines;
	bad[1].values = bad[1].lines;
	refused_with(EINVAL, TB_IOC_PLAY, p, steps = (uintptr_t)bad);
	/* for ever without a delay */
	memcpy(bad, good, sizeof(bad));
	bad[0].delay_ns = 0;
	bad[1].delay_ns = 0;
	p.steps = (uintptr_t)bad;
	refused_with(EINVAL, TB_IOC_PLAY, p, rounds = 0);

	ASSERT_EQ(0, tb_player(self->tb, 1, &is));
	EXPECT_EQ(0, memcmp(&was, &is, sizeof(is)));
}

TEST_F(board, refuses_other_wrong_calls)
{
	struct tb_wait w = { .player = 1 };
	struct tb_recorder r = { .lines = 1, .kinds = TB_KINDS };
	struct tb_line l = { .line = 1 };
	struct tb_player p = { .player = TB_PLAYERS };
	struct tb_state before;
	__u32 arg = TB_PLAYERS;

	ASSERT_EQ(0, tb_state(self->tb, &before));
	refused(EINVAL, TB_IOC_STOP, &arg);
	refused(EINVAL, TB_IOC_PLAYER, &p);
	refused_with(EINVAL, TB_IOC_WAIT, w, player = TB_PLAYERS);
	refused_with(EINVAL, TB_IOC_WAIT, w, pad = 1);
	refused_with(EINVAL, TB_IOC_WAIT, w, timeout_ns = TB_MAX_NS + 1);
	refused_with(EINVAL, TB_IOC_RECORDER, r, lines |= 1ULL << 54);
	refused_with(EINVAL, TB_IOC_RECORDER, r, kinds |= 8);
	refused_with(EINVAL, TB_IOC_RECORDER, r, pad = 1);
	refused_with(EINVAL, TB_IOC_LINE, l, line = 54);
	refused_with(EINVAL, TB_IOC_LINE, l, pad = 1);
	arg = 4;
	refused(EINVAL, TB_IOC_CHIP, &arg);
}

TEST_F(board, refuses_bad_pointers_and_unknown_commands)
{
	static const unsigned int cmds[] = {
		TB_IOC_INFO, TB_IOC_DRIVE, TB_IOC_PULL, TB_IOC_STATE,
		TB_IOC_LINE, TB_IOC_FOLLOW, TB_IOC_PLAY, TB_IOC_STOP,
		TB_IOC_PLAYER, TB_IOC_WAIT, TB_IOC_RECORDER,
		TB_IOC_REC_STATUS, TB_IOC_CHIP,
	};
	struct tb_state before;
	size_t i;

	ASSERT_EQ(0, tb_state(self->tb, &before));
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		refused(EFAULT, cmds[i], NULL);
		refused(EFAULT, cmds[i], (void *)-4096L);
	}
	refused(ENOTTY, _IO(TB_IOC_MAGIC, 14), NULL);
	refused(ENOTTY, _IO(TB_IOC_MAGIC, 255), NULL);
	refused(ENOTTY, _IOR(TB_IOC_MAGIC, 0, __u32), &before);
	refused(ENOTTY, _IOW(TB_IOC_MAGIC, 4, struct tb_state), &before);
	refused(ENOTTY, GPIO_GET_CHIPINFO_IOCTL, &before);
}

#endif /* HAVE_TESTBOARD */
