// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl_fuzz [CALLS [SEED]]: random calls with valid and nearly valid structs on
 * every kind of descriptor, from several threads at once, while lines are
 * driven, descriptors come and go, and chips are taken away. Every other thread
 * belongs to a process of another uid; the two pass each other descriptors.
 *
 * It knows no right answers but these: the kernel complains of nothing (its
 * console is judged by who runs this), each call is accepted at least once, and
 * in the end no memory and no line is left in use.
 *
 *   PIACCEL_FUZZ_CALLS	(5000)  calls, all threads together
 *   PIACCEL_FUZZ_SEED	(random) a seed makes each thread's choices repeat
 *   PIACCEL_FUZZ_THREADS (2) of both uids together
 */
#include "../kselftest/piaccel_test.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/random.h>

#include <linux/dma-buf.h>

#include "../kselftest.h"

#define FUZZ_SIM "piaccel-fuzz"
#define FIRST 8		/* the lines that are fuzzed */
#define SPAN 40
#define PER_KIND 6	/* descriptors of a kind that a thread keeps */
#define THREADS 16
#define NOBODY 65534

#define PARAM(name) "/sys/module/piaccel/parameters/" name

enum kind { DEV, LINE, STREAM, BUF, OTHER, KINDS };

union arg {
	struct piaccel_buf_alloc alloc;
	struct piaccel_line_request req;
	struct piaccel_line_info line;
	struct piaccel_line_config cfg;
	struct piaccel_line_values val;
	struct piaccel_keepalive ka;
	struct piaccel_rearm rearm;
	struct piaccel_stream_request stream;
	struct dma_buf_sync sync;
	unsigned char bytes[2048];
	uint32_t words[512];
	uint64_t longs[256];
	/* the longest that a command can name: the kernel clears all of it */
	char room[1 << _IOC_SIZEBITS];
};

struct fuzz {
	uint64_t x;		/* the random generator */
	long calls;
	int fd[KINDS][PER_KIND];
	struct piaccel_line_request last;	/* accepted, for ADOPT */
	pthread_t thread;
	pid_t tid;
	long done;		/* calls made */
	bool over;
};

static struct board boards[2];
static int nboards;
static int device;
static uint64_t features;

/* xorshift64*, Vigna 2016 */
static uint64_t rnd(struct fuzz *f)
{
	f->x ^= f->x >> 12;
	f->x ^= f->x << 25;
	f->x ^= f->x >> 27;
	return f->x * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(struct fuzz *f, unsigned int n)
{
	return (rnd(f) >> 33) % n;
}

static bool one_in(struct fuzz *f, unsigned int n)
{
	return !below(f, n);
}

/* Bits of mask, each kept with even odds. */
static uint64_t some(struct fuzz *f, uint64_t mask)
{
	return mask & rnd(f);
}

static int pick(struct fuzz *f, enum kind kind)
{
	int fd = kind == DEV ? device : -1;

	for (int i = 0; i < 8 && fd < 0; i++)
		fd = f->fd[kind][below(f, PER_KIND)];
	return fd;
}

/* ---- structs that are right ----------------------------------------------------- */

static void make_config(struct fuzz *f, struct piaccel_line_config *c,
			uint64_t all, uint64_t out)
{
	uint64_t in = all & ~out;

	memset(c, 0, sizeof(*c));
	c->output_mask = out;
	c->values = some(f, out);
	c->active_low_mask = some(f, all);
	if (one_in(f, 3))
		c->pull_up_mask = some(f, all);
	if (one_in(f, 3))
		c->pull_down_mask = some(f, all & ~c->pull_up_mask);
	if (one_in(f, 4))
		c->open_drain_mask = some(f, out);
	if (one_in(f, 4))
		c->open_source_mask = some(f, out & ~c->open_drain_mask);
	if (one_in(f, 2))
		c->rising_mask = some(f, in);
	if (one_in(f, 2))
		c->falling_mask = some(f, in);
	if (one_in(f, 4))
		c->debounce_mask = some(f, in);
	if (c->debounce_mask)
		c->debounce_us = 1 + below(f, 3000);
}

static void make_request(struct fuzz *f, struct piaccel_line_request *r)
{
	const struct board *b = &boards[below(f, nboards)];
	unsigned int n = 1 + below(f, 4), start = below(f, SPAN - 4);
	uint64_t out = some(f, LINES(n));

	if (one_in(f, 6) && f->last.num_lines) {
		*r = f->last;
		r->flags |= PIACCEL_LINE_ADOPT;
		if (one_in(f, 2))
			r->flags &= ~PIACCEL_LINE_HOLD;
		return;
	}
	*r = inputs(b, FIRST + start, n);
	make_config(f, &r->config, LINES(n), out);
	r->event_buffer = one_in(f, 2) ? 0 : below(f, 200);
	if (!out || one_in(f, 3))
		return;
	r->safe_mask = one_in(f, 2) ? out : out & -out;
	r->safe_values = some(f, r->safe_mask);
	if (one_in(f, 2)) {
		r->interlock_mask = some(f, LINES(n) & ~out &
					 ~r->config.debounce_mask);
		r->interlock_values = some(f, r->interlock_mask);
	}
	/* deadlines that are missed, and some that are not */
	if (one_in(f, 3))
		r->keepalive_ns = PIACCEL_KEEPALIVE_MIN_NS + below(f, 20000000);
	else if (one_in(f, 2))
		r->keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	if (one_in(f, 16))
		r->flags = PIACCEL_LINE_HOLD;
}

static void make_stream(struct fuzz *f, struct piaccel_stream_request *s)
{
	static const unsigned int per_line[] = { 0, 1, 4 };
	unsigned int n = 1 + below(f, 3), sample, blocks = 1 + below(f, 4);

	memset(s, 0, sizeof(*s));
	s->mask = LINES(n);
	s->format = below(f, 3);
	s->block_samples = 1 + below(f, 64);
	sample = s->format ? per_line[s->format] * n : 1;
	s->size = (uint64_t)sample * s->block_samples * blocks;
	s->offset = 4 * below(f, 16);
	s->period_ns = 200000 + below(f, 2000000);
	if (one_in(f, 4))
		s->start_ns = now_ns() + below(f, 20000000);
	s->dmabuf_fd = pick(f, BUF);
	s->flags = one_in(f, 2) ? PIACCEL_STREAM_RING : 0;
}

static void make_none(struct fuzz *f, union arg *a)
{
	(void)f;
	(void)a;
}

static void make_alloc(struct fuzz *f, union arg *a)
{
	a->alloc.size = 1 + below(f, one_in(f, 20) ? 4 << 20 : 64 << 10);
	a->alloc.flags = below(f, 4);
}

static void make_line(struct fuzz *f, union arg *a)
{
	make_request(f, &a->req);
}

/* Of any line, by one of its chip's names; now and then of no chip. */
static void make_line_info(struct fuzz *f, union arg *a)
{
	const struct board *b = &boards[below(f, nboards)];
	char *name = a->line.chip;

	if (one_in(f, 8))
		snprintf(name, PIACCEL_NAME_SIZE, "gpiochip%u", below(f, 4));
	else
		snprintf(name, PIACCEL_NAME_SIZE, "%s", b->label);
	a->line.offset = below(f, FIRST + SPAN + 2);
}

static void make_values(struct fuzz *f, union arg *a)
{
	a->val.mask = one_in(f, 2) ? 1 : LINES(1 + below(f, 5));
	a->val.bits = some(f, a->val.mask);
}

static void make_reconfig(struct fuzz *f, union arg *a)
{
	/* the last request's, or another for as many lines */
	if (one_in(f, 2) || !f->last.num_lines) {
		unsigned int n = 1 + below(f, 5);

		make_config(f, &a->cfg, LINES(n), some(f, LINES(n)));
	} else {
		struct piaccel_line_config c = f->last.config;

		c.rising_mask = some(f, LINES(f->last.num_lines) &
				     ~c.output_mask);
		a->cfg = c;
	}
}

static void make_keepalive(struct fuzz *f, union arg *a)
{
	a->ka.deadline_ns = one_in(f, 3) ? now_ns() + below(f, 1000000) : 0;
}

static void make_rearm(struct fuzz *f, union arg *a)
{
	a->rearm.trip_seq = below(f, 4);
}

static void make_stream_arg(struct fuzz *f, union arg *a)
{
	make_stream(f, &a->stream);
}

static void make_sync(struct fuzz *f, union arg *a)
{
	a->sync.flags = 1 + below(f, 7);
}

static const struct call {
	enum kind on, makes;	/* makes: OTHER for nothing */
	unsigned int cmd;
	void (*make)(struct fuzz *f, union arg *a);
	const char *name;
	uint64_t feature;
} calls[] = {
#define CALL(on, makes, cmd, make, feature) \
	{ on, makes, PIACCEL_##cmd, make, #cmd, PIACCEL_FEATURE_##feature }
	CALL(DEV, OTHER, GET_INFO, make_none, BUF),
	CALL(DEV, BUF, BUF_ALLOC, make_alloc, BUF),
	CALL(DEV, LINE, LINE_REQUEST, make_line, LINE),
	CALL(DEV, OTHER, LINE_INFO, make_line_info, LINE_INFO),
	CALL(LINE, OTHER, LINE_GET, make_values, LINE),
	CALL(LINE, OTHER, LINE_SET, make_values, LINE),
	CALL(LINE, OTHER, LINE_RECONFIG, make_reconfig, LINE),
	CALL(LINE, OTHER, LINE_KEEPALIVE, make_keepalive, FAILSAFE),
	CALL(LINE, OTHER, LINE_STATUS, make_none, LINE),
	CALL(LINE, OTHER, LINE_TRIP, make_none, FAILSAFE),
	CALL(LINE, OTHER, LINE_REARM, make_rearm, FAILSAFE),
	CALL(LINE, OTHER, LINE_DISARM, make_none, FAILSAFE),
	CALL(LINE, STREAM, LINE_CAPTURE, make_stream_arg, CAPTURE),
	CALL(LINE, STREAM, LINE_PLAYBACK, make_stream_arg, PLAYBACK),
	CALL(STREAM, OTHER, STREAM_STOP, make_none, CAPTURE),
	CALL(STREAM, OTHER, STREAM_STATUS, make_none, CAPTURE),
	CALL(STREAM, OTHER, STREAM_FENCE, make_none, FENCE),
#undef CALL
	{ BUF, OTHER, DMA_BUF_IOCTL_SYNC, make_sync, "SYNC", 0 },
};

/* What both processes see. */
static struct shared {
	struct fuzz f[THREADS];
	/* how often each call was made, and accepted, by root and by nobody */
	unsigned long called[2][ARRAY_SIZE(calls)];
	unsigned long accepted[2][ARRAY_SIZE(calls)];
} *sh;

static int other;		/* this is the process of the other uid */
static int way[KINDS];		/* descriptors to the other process, and from it */

/* ---- and nearly right ------------------------------------------------------------ */

static uint64_t interesting(struct fuzz *f)
{
	switch (below(f, 9)) {
	case 0:	return 0;
	case 1:	return 1;
	case 2:	return ~0ULL;
	case 3:	return 1ULL << below(f, 64);
	case 4:	return (1ULL << below(f, 64)) - 1;
	case 5:	return now_ns() + (int)rnd(f);
	case 6:	return 0x7fffffffffffffffULL;
	case 7:	return below(f, 256);
	}
	return rnd(f);
}

static void spoil(struct fuzz *f, const struct call *c, union arg *a)
{
	size_t size = _IOC_SIZE(c->cmd);

	if (!size)
		return;
	for (unsigned int n = 1 + below(f, 2); n; n--) {
		switch (below(f, 3)) {
		case 0:
			a->longs[below(f, size / 8)] = interesting(f);
			break;
		case 1:
			a->words[below(f, size / 4)] = interesting(f);
			break;
		case 2:
			a->bytes[below(f, size)] ^= 1 << below(f, 8);
			break;
		}
	}
	/* the cap is big: do not spend the run on clearing memory */
	if (c->cmd == PIACCEL_BUF_ALLOC && a->alloc.size > 8 << 20 &&
	    a->alloc.size < 1ULL << 40)
		a->alloc.size |= 1ULL << 40;
}

/* ---- one call -------------------------------------------------------------------- */

/* Keep a descriptor in place of another one. */
static void keep(struct fuzz *f, enum kind kind, int fd)
{
	int *slot = &f->fd[kind][below(f, PER_KIND)];

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

static void call(struct fuzz *f)
{
	const struct call *c = &calls[below(f, ARRAY_SIZE(calls))];
	unsigned int cmd = c->cmd;
	union arg a;
	void *arg = &a;
	int fd, ret;

	/* requests and streams make the rest worth while */
	if (one_in(f, 4)) {
		c = &calls[1 + below(f, 2)];
		cmd = c->cmd;
	}
	memset(&a, 0, sizeof(a));
	c->make(f, &a);
	if (one_in(f, 3))
		spoil(f, c, &a);
	if (one_in(f, 40))
		cmd = _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd),
			   below(f, one_in(f, 2) ? 1024 : sizeof(a)));
	else if (one_in(f, 40))
		cmd ^= 1U << below(f, 32);
	if (one_in(f, 60))
		arg = one_in(f, 2) ? NULL : (void *)-4096L;
	fd = pick(f, one_in(f, 30) ? below(f, KINDS) : c->on);
	if (fd < 0)
		return;
	ret = ioctl(fd, cmd, arg);
	if (cmd != c->cmd) {
		/* whatever came of it, it is no descriptor we know */
		if (ret > 2)
			keep(f, OTHER, ret);
		return;
	}
	__atomic_add_fetch(&sh->called[other][c - calls], 1, __ATOMIC_RELAXED);
	if (ret < 0)
		return;
	__atomic_add_fetch(&sh->accepted[other][c - calls], 1,
			   __ATOMIC_RELAXED);
	if (c->makes != OTHER) {
		keep(f, c->makes, ret);
		if (c->makes == LINE)
			f->last = a.req;
	} else if (ret > 0) {
		close(ret);		/* a fence */
	}
}

/* Everything that is no ioctl. */
static void act(struct fuzz *f)
{
	unsigned int i = below(f, PER_KIND), k = LINE + below(f, 3);
	int fd = f->fd[k][i];
	char buf[512];
	void *p;

	switch (below(f, 12)) {
	case 0:
		if (fd >= 0)
			close(fd);
		f->fd[k][i] = -1;
		break;
	case 1:
		if (fd >= 0 && read(fd, buf, below(f, sizeof(buf))) < 0)
			break;
		break;
	case 2:
		if (one_in(f, 4))
			fd = device;
		if (fd >= 0)
			events_now(fd, POLLIN | POLLOUT | POLLPRI);
		break;
	case 3:
		fd = fd >= 0 ? dup(fd) : -1;
		if (fd >= 0)
			keep(f, k, fd);
		break;
	case 4:
		fd = f->fd[BUF][i];
		p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED)
			break;
		*(volatile unsigned char *)p ^= 1;
		munmap(p, 4096);
		break;
	case 5:
		if (fd >= 0)
			send_fd(way[k], fd);
		break;
	case 6:
		fd = recv_fd(way[k]);
		if (fd >= 0)
			keep(f, k, fd);
		break;
	default:
		board_drive(&boards[below(f, nboards)], FIRST + below(f, SPAN),
			    below(f, 2));
		break;
	}
}

/* An owner that dies, with all that it has inherited. */
static void die(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Unplug a chip and plug it in again. Lines that HOLD has kept go with it. */
static void replug(bool sim)
{
	if (sim) {
		sim_live(FUZZ_SIM, false);
		sim_live(FUZZ_SIM, true);
		return;
	}
#if HAVE_TESTBOARD
	if (boards[0].outside >= 0) {
		ioctl(boards[0].outside, TB_IOC_CHIP, &(uint32_t){ 0 });
		ioctl(boards[0].outside, TB_IOC_CHIP, &(uint32_t){ 1 });
	}
#endif
}

static void *run(void *arg)
{
	struct fuzz *f = arg;

	f->tid = gettid();
	for (long i = 0; i < f->calls; i++) {
		__atomic_store_n(&f->done, i, __ATOMIC_RELAXED);
		call(f);
		if (one_in(f, 2))
			act(f);
		if (one_in(f, 4000))
			die();
		if (one_in(f, 6000))
			replug(!one_in(f, 3));
	}
	for (int k = 0; k < KINDS; k++) {
		for (int i = 0; i < PER_KIND; i++) {
			if (f->fd[k][i] >= 0)
				close(f->fd[k][i]);
		}
	}
	__atomic_store_n(&f->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Where a thread stands in the kernel. */
static void show(const struct fuzz *f)
{
	char path[64], text[4096], *line, *rest = text;

	ksft_print_msg("thread %d stands at call %ld:\n", f->tid, f->done);
	snprintf(path, sizeof(path), "/proc/%d/syscall", f->tid);
	read_text(path, text, sizeof(text));
	ksft_print_msg("  system call %s", text);
	snprintf(path, sizeof(path), "/proc/%d/stack", f->tid);
	read_text(path, text, sizeof(text));
	while ((line = strsep(&rest, "\n")) && *line)
		ksft_print_msg("  %s\n", line);
}

/* Wait for the threads; false if one of them stands still for a minute. */
static bool finished(const struct fuzz *f, unsigned int n)
{
	long last[THREADS] = { 0 }, told = 0;
	uint64_t since[THREADS];

	for (unsigned int i = 0; i < n; i++)
		since[i] = now_ns();
	for (unsigned int i = 0; i < n; ) {
		long done = __atomic_load_n(&f[i].done, __ATOMIC_RELAXED);

		if (__atomic_load_n(&f[i].over, __ATOMIC_ACQUIRE)) {
			i++;
			continue;
		}
		if (done != last[i]) {
			last[i] = done;
			since[i] = now_ns();
		}
		if (now_ns() - since[i] > 60000000000ULL)
			return false;
		if (i == 0 && done - told >= f[0].calls / 10) {
			told = done;
			ksft_print_msg("thread 0: %ld calls of %ld\n", done,
				       f[0].calls);
		}
		poll(NULL, 0, 100);
	}
	return true;
}

static bool all_free(void)
{
	static const char * const label[] = { TESTBOARD_LABEL, FUZZ_SIM };
	struct board b;
	bool ok = true;

	/* look anew: the chips have been away */
	for (int i = 0; i < 2; i++) {
		if (board_open(&b, label[i]))
			continue;
		ok = ok && !lines_used(&b);
		board_close(&b);
	}
	return ok;
}

static unsigned long long number(const char *arg, const char *env,
				 unsigned long long otherwise)
{
	const char *s = arg ? arg : getenv(env);

	return s && *s ? strtoull(s, NULL, 0) : otherwise;
}

/* Every other thread, from @first on, with what it starts from. */
static void run_threads(unsigned int first, unsigned int n, long each,
			unsigned long long seed)
{
	for (unsigned int i = first; i < n; i += 2) {
		struct fuzz *f = &sh->f[i];

		/* never zero, and far from one another */
		f->x = (seed + i + 1) * 0x9e3779b97f4a7c15ULL | 1;
		f->calls = each;
		memset(f->fd, 0xff, sizeof(f->fd));
		f->fd[OTHER][0] = open("/dev/null", O_RDWR | O_CLOEXEC);
		f->fd[OTHER][1] = memfd_create("fuzz", MFD_CLOEXEC);
		if (pthread_create(&f->thread, NULL, run, f))
			ksft_exit_fail_msg("no thread\n");
	}
}

static void join_threads(unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < n; i += 2)
		pthread_join(sh->f[i].thread, NULL);
}

/* The process of the other uid, with the device and the ways inherited. */
static pid_t start_other(unsigned int n, long each, unsigned long long seed)
{
	int pair[KINDS][2];
	pid_t pid;

	for (int k = 0; k < KINDS; k++)
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
			       SOCK_CLOEXEC, 0, pair[k]))
			ksft_exit_fail_msg("no socket\n");
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("no process\n");
	other = !pid;
	for (int k = 0; k < KINDS; k++) {
		way[k] = pair[k][other];
		close(pair[k][!other]);
	}
	if (pid)
		return pid;
	if (setgid(NOBODY) || setuid(NOBODY))
		_exit(1);
	run_threads(1, n, each, seed);
	join_threads(1, n);
	_exit(0);
}

/* Small quotas, so that they are reached; or those that were there. */
static void set_quotas(bool small)
{
	static char buf[32], queue[32];

	if (small) {
		read_text(PARAM("buf_limit_uid_mb"), buf, sizeof(buf));
		read_text(PARAM("queue_limit_uid_kb"), queue, sizeof(queue));
	}
	write_text(PARAM("buf_limit_uid_mb"), small ? "1" : buf);
	write_text(PARAM("queue_limit_uid_kb"), small ? "24" : queue);
}

static void tell(long ncalls)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned long mine = sh->accepted[0][i], its = sh->accepted[1][i];

		ksft_print_msg("%-16s %8lu and %8lu calls, %8lu and %8lu accepted\n",
			       calls[i].name, sh->called[0][i],
			       sh->called[1][i], mine, its);
		if (calls[i].feature && !(features & calls[i].feature))
			ksft_test_result_skip("%s: a module without it\n",
					      calls[i].name);
		else
			ksft_test_result(ncalls < 50000 || (mine && its),
					 "%s was accepted, too, from either uid\n",
					 calls[i].name);
	}
}

int main(int argc, char **argv)
{
	unsigned long long seed = 0, used;
	unsigned int nthreads;
	int status = -1;
	long ncalls;
	pid_t pid;

	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("only root can be two users\n");
	device = piaccel_open();
	if (device < 0)
		ksft_exit_skip("cannot open " PIACCEL_DEV "\n");
	features = piaccel_info(device).features;
	used = buf_used(device);
	if (!board_open(&boards[nboards], TESTBOARD_LABEL))
		nboards++;
	if (!sim_create(FUZZ_SIM, FIRST + SPAN) &&
	    !board_open(&boards[nboards], FUZZ_SIM))
		nboards++;
	if (!nboards)
		ksft_exit_skip("neither chip is here\n");
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sh == MAP_FAILED)
		ksft_exit_fail_msg("no memory\n");

	if (getrandom(&seed, 4, 0) != 4)
		seed = now_ns();
	ncalls = number(argc > 1 ? argv[1] : NULL, "PIACCEL_FUZZ_CALLS", 5000);
	seed = number(argc > 2 ? argv[2] : NULL, "PIACCEL_FUZZ_SEED", seed);
	nthreads = number(NULL, "PIACCEL_FUZZ_THREADS", 2);
	if (nthreads < 2 || nthreads > THREADS)
		nthreads = 2;
	ksft_print_msg("%ld calls, %u threads, PIACCEL_FUZZ_SEED=%llu\n", ncalls,
		       nthreads, seed);
	ksft_set_plan(4 + ARRAY_SIZE(calls));

	/* one of the two ends first, and nobody reads what it is passed */
	signal(SIGPIPE, SIG_IGN);
	set_quotas(true);
	pid = start_other(nthreads, ncalls / nthreads, seed);
	run_threads(0, nthreads, ncalls / nthreads, seed);
	if (!finished(sh->f, nthreads)) {
		for (unsigned int i = 0; i < nthreads; i++)
			show(&sh->f[i]);
		ksft_exit_fail_msg("a call has not come back for a minute\n");
	}
	join_threads(0, nthreads);
	ksft_test_result(waitpid(pid, &status, 0) == pid && !status,
			 "the other uid's process ended well\n");
	for (int k = 0; k < KINDS; k++)
		close(way[k]);
	set_quotas(false);
	ksft_test_result_pass("%ld random calls\n", ncalls);
	tell(ncalls);

	replug(true);
	replug(false);
	ksft_test_result(wait_for(all_free()), "no line is left in use\n");
	ksft_test_result(wait_for(buf_used(device) == used),
			 "no buffer is left\n");
	for (int i = 0; i < nboards; i++)
		board_close(&boards[i]);
	sim_destroy(FUZZ_SIM);
	ksft_finished();
}
