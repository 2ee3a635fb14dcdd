// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners that are killed while their chip does not answer: from some moment
 * before SIGKILL to some moment after it, 0 to 200 ms in all, the chip takes no
 * value. Each time every relay must come to stand at its safe value, none may
 * be driven to another one, and the lines must be free again in the end.
 *
 *   PIACCEL_KILL_ROUNDS	(10)	owners killed on each chip
 *   PIACCEL_KILL_SEED		(1)	the same seed: the same times
 */
#include <sys/prctl.h>

#include "failsafe.h"

#include "../kselftest_harness.h"

#define PERSIST	"/sys/module/testboard/parameters/persist"
#define RELAYS	0x0fULL
#define RUN	0x05ULL
#define SAFE	0x0aULL
#define DEAF_NS	(200 * MSEC)

FIXTURE(deaf_kill) {
	struct board b;
	int dev;
	char persist[8];
	uint64_t seed;
	/* when owner and deafness ended, and when the last relay was safe */
	uint64_t killed, heard, safe;
};

FIXTURE_VARIANT(deaf_kill) {
	bool sleeps;
};

FIXTURE_VARIANT_ADD(deaf_kill, fast) { .sleeps = false };
FIXTURE_VARIANT_ADD(deaf_kill, sleeping) { .sleeps = true };

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

FIXTURE_SETUP(deaf_kill)
{
	const char *why = board_open(&self->b, TESTBOARD_LABEL);

	self->dev = -1;
	if (!why && tb_deaf(self->b.outside, 0))
		why = "no chip of this kernel can refuse a value";
	if (why)
		SKIP(return, "%s", why);
	ASSERT_LT(0, read_text(PERSIST, self->persist, sizeof(self->persist)));
	/* what lines that are given back drive can be seen */
	ASSERT_EQ(0, write_text(PERSIST, "Y"));
	ASSERT_EQ(0, board_sleeps(&self->b, variant->sleeps));
	board_reset(&self->b);
	self->dev = piaccel_open();
	ASSERT_LE(0, self->dev);
	self->seed = number("PIACCEL_KILL_SEED", 1);
}

FIXTURE_TEARDOWN(deaf_kill)
{
	if (self->dev >= 0)
		close(self->dev);
	if (self->b.outside < 0)
		return;
	board_reset(&self->b);
	if (self->persist[0])
		write_text(PERSIST, self->persist);
	board_sleeps(&self->b, false);
	board_close(&self->b);
}

/* From 0 to @max, from the seed (splitmix64). */
static uint64_t some(FIXTURE_DATA(deaf_kill) *self, uint64_t max)
{
	uint64_t z = self->seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) % (max + 1);
}

static int relays_request(FIXTURE_DATA(deaf_kill) *self, uint32_t flags)
{
	struct piaccel_line_request r = outputs(&self->b, OUT, 4, RUN);

	r.safe_mask = RELAYS;
	r.safe_values = SAFE;
	r.flags = flags;
	return line_request(self->dev, &r);
}

/* A process that drives the relays until it is killed; -1 if it cannot. */
static pid_t owner(FIXTURE_DATA(deaf_kill) *self, uint32_t flags)
{
	int at_work[2];
	pid_t pid;
	char c;

	if (pipe(at_work))
		return -1;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (relays_request(self, flags) < 0 ||
		    write(at_work[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(at_work[1]);
	if (pid > 0 && read(at_work[0], &c, 1) != 1) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(at_work[0]);
	return pid;
}

/* Kill it somewhere in a time in which the chip takes no value. */
static int kill_deaf(FIXTURE_DATA(deaf_kill) *self, pid_t pid)
{
	uint64_t deaf = some(self, DEAF_NS), before = some(self, deaf);
	int status;

	if (tb_record_start(self->b.outside, SPAN(OUT, 4), TB_KINDS) ||
	    tb_deaf(self->b.outside, SPAN(OUT, 4)))
		return -1;
	nap_ns(before);
	self->killed = now_ns();
	if (kill(pid, SIGKILL) || waitpid(pid, &status, 0) != pid)
		return -1;
	nap_ns(deaf - before);
	self->heard = now_ns();
	return tb_deaf(self->b.outside, 0);
}

/* By the recorder: each relay went to its safe value, and nowhere else. */
static bool only_made_safe(FIXTURE_DATA(deaf_kill) *self)
{
	struct tb_record rec[64];
	ssize_t n = board_records(&self->b, rec, LEN(rec));
	uint64_t values = RUN, bit;

	for (ssize_t i = 0; i < n; i++) {
		if (rec[i].kind != TB_KIND_OUTPUT)
			continue;
		bit = BIT64(rec[i].line - OUT);
		if (rec[i].value != !!(SAFE & bit))
			return false;
		values = (values & ~bit) | (SAFE & bit);
		self->safe = rec[i].time_ns;
	}
	return values == SAFE;
}

/* Held lines are taken over by somebody who then gives them back. */
static bool lines_free(FIXTURE_DATA(deaf_kill) *self, uint32_t flags)
{
	if (flags & PIACCEL_LINE_HOLD)
		close(relays_request(self, PIACCEL_LINE_ADOPT));
	return wait_for(!lines_used(&self->b));
}

TEST_F_TIMEOUT(deaf_kill, every_relay_is_safe_whenever_its_owner_is_killed,
	       1800)
{
	unsigned long n = number("PIACCEL_KILL_ROUNDS", 10);
	unsigned long long seed = self->seed;
	uint64_t *kill_ns = calloc(n, sizeof(*kill_ns));
	uint64_t *deaf_ns = calloc(n, sizeof(*deaf_ns));

	ASSERT_NE(NULL, kill_ns);
	ASSERT_NE(NULL, deaf_ns);
	for (unsigned long i = 0; i < n; i++) {
		uint32_t flags = i & 1 ? PIACCEL_LINE_HOLD : 0;
		pid_t pid = owner(self, flags);

		ASSERT_LT(0, pid) TH_LOG("round %lu", i);
		ASSERT_EQ(RUN, board_levels(&self->b, OUT, 4));
		ASSERT_EQ(0, kill_deaf(self, pid));
		ASSERT_TRUE(wait_for(board_levels(&self->b, OUT, 4) == SAFE))
			TH_LOG("round %lu of seed %llu", i, seed);
		ASSERT_TRUE(only_made_safe(self))
			TH_LOG("round %lu of seed %llu", i, seed);
		kill_ns[i] = self->safe - self->killed;
		deaf_ns[i] = self->safe > self->heard ?
			     self->safe - self->heard : 0;
		ASSERT_TRUE(lines_free(self, flags)) TH_LOG("round %lu", i);
		ASSERT_EQ(SAFE, board_levels(&self->b, OUT, 4));
	}
	printf("# %lu of %lu safe, %s chip, seed %llu\n", n, n,
	       variant->sleeps ? "sleeping" : "fast", seed);
	print_spread("SIGKILL to the last relay's safe value", kill_ns, n);
	print_spread("the chip answers to the last relay's safe value",
		     deaf_ns, n);
	free(kill_ns);
	free(deaf_ns);
}

TEST_HARNESS_MAIN
