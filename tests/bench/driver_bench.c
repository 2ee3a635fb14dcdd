// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver_bench: piaccel beside what the kernel has, on the same simulated
 * lines in one run. Simulated time: it compares two paths fairly and is no
 * latency of any hardware.
 *
 * Prints a table, then a line "JSON {...}". Measures; judges nothing.
 */
#include <stdarg.h>

#include "../kselftest/stream.h"

#define MIB (1ULL << 20)

static struct board board;
static int dev;

static char json[65536];

static void add(const char *fmt, ...)
{
	size_t n = strlen(json);
	va_list args;

	va_start(args, fmt);
	vsnprintf(json + n, sizeof(json) - n, fmt, args);
	va_end(args);
}

static void fail(const char *what)
{
	printf("cannot measure %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t median(uint64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_u64);
	return v[n / 2];
}

/* ---- GET and SET ---- */

#define ROUNDS 61
#define CALLS 100

static int cdev_lines(unsigned int first, unsigned int n, uint64_t flags,
		      uint32_t buffer)
{
	struct gpio_v2_line_request r = {
		.num_lines = n, .consumer = "bench", .event_buffer_size = buffer,
		.config.flags = flags,
	};

	for (unsigned int i = 0; i < n; i++)
		r.offsets[i] = first + i;
	if (ioctl(board.cdev, GPIO_V2_GET_LINE_IOCTL, &r))
		fail("the GPIO character device");
	return r.fd;
}

/* Median time of one call. SET alternates all lines, so that each one drives. */
static uint64_t time_call(int fd, unsigned long cmd, uint64_t mask)
{
	uint64_t t[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		uint64_t start = now_ns();

		for (int i = 0; i < CALLS; i++) {
			/* both interfaces have { bits, mask } */
			struct piaccel_line_values v = {
				.bits = i & 1 ? mask : 0, .mask = mask,
			};

			if (ioctl(fd, cmd, &v))
				fail("GET or SET");
		}
		t[r] = (now_ns() - start) / CALLS;
	}
	return median(t, ROUNDS);
}

static void bench_calls(void)
{
	static const unsigned int lines[] = { 1, 8, 32 };

	printf("\nGET and SET, ns a call (median of %d x %d)\n", ROUNDS, CALLS);
	printf("%-8s %6s %10s %10s %7s\n", "", "lines", "piaccel", "cdev v2",
	       "ratio");
	add("\"calls\":[");
	for (int set = 0; set < 2; set++) {
		for (size_t i = 0; i < LEN(lines); i++) {
			uint64_t mask = LINES(lines[i]), ours, theirs;
			struct piaccel_line_request r = set ?
				outputs(&board, 9, lines[i], 0) :
				inputs(&board, 9, lines[i]);
			int fd = line_request(dev, &r);

			if (fd < 0)
				fail("LINE_REQUEST");
			ours = time_call(fd, set ? PIACCEL_LINE_SET :
					 PIACCEL_LINE_GET, mask);
			close(fd);
			fd = cdev_lines(9, lines[i], set ?
					GPIO_V2_LINE_FLAG_OUTPUT :
					GPIO_V2_LINE_FLAG_INPUT, 0);
			theirs = time_call(fd, set ?
					   GPIO_V2_LINE_SET_VALUES_IOCTL :
					   GPIO_V2_LINE_GET_VALUES_IOCTL, mask);
			close(fd);
			printf("%-8s %6u %10llu %10llu %7.2f\n",
			       set ? "SET" : "GET", lines[i],
			       (unsigned long long)ours,
			       (unsigned long long)theirs,
			       (double)ours / theirs);
			add("%s{\"call\":\"%s\",\"lines\":%u,\"piaccel_ns\":%llu,\"cdev_ns\":%llu}",
			    set || i ? "," : "", set ? "set" : "get", lines[i],
			    (unsigned long long)ours,
			    (unsigned long long)theirs);
		}
	}
	add("],");
}

/* ---- edges ---- */

#define EDGES 2000
#define EDGE_BUFFER 64

static int edge_lines(bool ours)
{
	struct piaccel_line_request r = inputs(&board, IN, 1);
	int fd;

	if (!ours)
		return cdev_lines(IN, 1, GPIO_V2_LINE_FLAG_INPUT |
				  GPIO_V2_LINE_FLAG_EDGE_RISING |
				  GPIO_V2_LINE_FLAG_EDGE_FALLING, EDGE_BUFFER);
	r.config.rising_mask = r.config.falling_mask = 1;
	r.event_buffer = EDGE_BUFFER;
	fd = line_request(dev, &r);
	if (fd < 0)
		fail("edges");
	return fd;
}

/* One wait, up to 16 events: how many; their last sequence number. */
static int read_some(int fd, bool ours, uint32_t *seq)
{
	struct piaccel_event e[16];
	struct gpio_v2_line_event g[16];
	ssize_t n;

	if (ours) {
		n = read(fd, e, sizeof(e)) / (ssize_t)sizeof(*e);
		if (n > 0)
			*seq = e[n - 1].line_seq;
	} else {
		n = read(fd, g, sizeof(g)) / (ssize_t)sizeof(*g);
		if (n > 0)
			*seq = g[n - 1].line_seqno;
	}
	return n;
}

/* Play EDGES edges @period apart: how many of them did not arrive. */
static unsigned int edges_lost(bool ours, uint64_t period)
{
	struct tb_step steps[2] = {
		tb_step(period, IN, 1), tb_step(period, IN, 0),
	};
	struct tb_play play = {
		.steps = (uintptr_t)steps, .nsteps = 2, .rounds = EDGES / 2,
	};
	unsigned int got = 0;
	struct tb_player p;
	uint32_t seq = 0;
	int fd;

	tb_drive(board.outside, IN, 0);
	fd = edge_lines(ours);
	play.start_ns = now_ns() + MSEC;
	if (tb_play_args(board.outside, &play))
		fail("the board's player");
	do {
		int n;

		/* the end of the play ends the wait when events were lost */
		if (!events_now(fd, POLLIN)) {
			struct pollfd w = { .fd = fd, .events = POLLIN };

			if (poll(&w, 1, 20) == 0) {
				tb_player(board.outside, 0, &p);
				if (p.state == TB_PLAYER_DONE)
					break;
				continue;
			}
		}
		n = read_some(fd, ours, &seq);
		if (n <= 0)
			break;
		got += n;
	} while (seq < EDGES);
	close(fd);
	return EDGES - got;
}

static void bench_edges(void)
{
	static const uint64_t rates[] = {
		1000, 2000, 5000, 10000, 15000, 20000, 30000, 40000, 50000,
		70000, 100000, 150000, 200000,
	};
	uint64_t kept[2] = { 0, 0 }, t[2][501];
	const size_t n = LEN(t[0]);

	printf("\nEdges, %u in a row, queue of %u: lost\n", EDGES, EDGE_BUFFER);
	printf("%12s %10s %10s\n", "edges/s", "piaccel", "cdev v2");
	add("\"edges\":[");
	for (size_t i = 0; i < LEN(rates); i++) {
		unsigned int lost[2];

		for (int ours = 0; ours < 2; ours++) {
			lost[ours] = edges_lost(ours, SEC / rates[i]);
			if (!lost[ours] && (!i || kept[ours] == rates[i - 1]))
				kept[ours] = rates[i];
		}
		printf("%12llu %10u %10u\n", (unsigned long long)rates[i],
		       lost[1], lost[0]);
		add("%s{\"rate\":%llu,\"piaccel_lost\":%u,\"cdev_lost\":%u}",
		    i ? "," : "", (unsigned long long)rates[i], lost[1],
		    lost[0]);
	}
	printf("no loss up to: piaccel %llu, cdev %llu edges/s\n",
	       (unsigned long long)kept[1], (unsigned long long)kept[0]);
	add("],\"edges_kept\":{\"piaccel\":%llu,\"cdev\":%llu},",
	    (unsigned long long)kept[1], (unsigned long long)kept[0]);

	for (int ours = 0; ours < 2; ours++) {
		int fd = edge_lines(ours);

		for (size_t i = 0; i < n; i++) {
			struct tb_step s = tb_step(MSEC, IN, !(i & 1));
			struct tb_line line;
			uint64_t woke;
			uint32_t seq;

			if (tb_play(board.outside, 0, &s, 1, 0) ||
			    read_some(fd, ours, &seq) < 1)
				fail("edge to user space");
			woke = now_ns();
			tb_line(board.outside, IN, &line);
			t[ours][i] = woke - line.changed_ns;
		}
		close(fd);
		tb_drive(board.outside, IN, 0);
	}
	for (int ours = 0; ours < 2; ours++)
		qsort(t[ours], n, sizeof(t[ours][0]), compare_u64);
	printf("edge to user space, us: piaccel median %.1f p99 %.1f, cdev median %.1f p99 %.1f\n",
	       t[1][n / 2] / 1e3, t[1][n * 99 / 100] / 1e3,
	       t[0][n / 2] / 1e3, t[0][n * 99 / 100] / 1e3);
	add("\"edge_to_user_ns\":{\"piaccel\":%llu,\"piaccel_p99\":%llu,\"cdev\":%llu,\"cdev_p99\":%llu},",
	    (unsigned long long)t[1][n / 2],
	    (unsigned long long)t[1][n * 99 / 100],
	    (unsigned long long)t[0][n / 2],
	    (unsigned long long)t[0][n * 99 / 100]);
}

/* ---- capture ---- */

/* How often a loop of fixed work runs in @ns; what is missing was taken. */
static uint64_t spin(uint64_t ns)
{
	uint64_t end = now_ns() + ns, n = 0;
	volatile unsigned int sink;

	while (now_ns() < end) {
		for (sink = 0; sink < 50; sink++)
			;
		n++;
	}
	return n;
}

static unsigned int late_percentile(const struct piaccel_stream_status *s,
				    unsigned int percent)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < PIACCEL_LATE_BUCKETS; i++) {
		n += s->late[i];
		if (n * 100 >= (s->samples - s->overruns) * percent)
			return i + 1;
	}
	return PIACCEL_LATE_BUCKETS;
}

static void bench_capture(void)
{
	static const unsigned int lines[] = { 1, 8, 32 };
	static const unsigned int khz[] = { 1, 5, 10, 50 };
	const uint64_t window = 200 * MSEC;
	struct buffer buf;
	uint64_t alone;
	bool first = true;

	if (!buffer_make(&buf, dev, OURS_CACHED, MIB))
		fail("BUF_ALLOC");
	alone = spin(window);
	printf("\nCapture, packed bits: CPU time a sample, and lateness in us\n");
	printf("%6s %6s %10s %10s %8s %8s %8s %9s\n", "lines", "kHz", "ns",
	       "of the CPU", "median <", "p99 <", "worst", "overruns");
	add("\"capture\":[");
	for (size_t i = 0; i < LEN(lines); i++) {
		struct piaccel_line_request r = inputs(&board, 9, lines[i]);
		int line = line_request(dev, &r);
		uint64_t floor;

		if (line < 0)
			fail("LINE_REQUEST");
		floor = line_status(line).period_floor_ns;
		for (size_t k = 0; k < LEN(khz); k++) {
			struct piaccel_stream_request q = {
				.mask = LINES(lines[i]),
				.period_ns = MSEC / khz[k],
				.dmabuf_fd = buf.fd,
				.flags = PIACCEL_STREAM_RING,
				.block_samples = 10 * khz[k],
			};
			struct piaccel_stream_status s;
			double share, cost;
			int stream;

			q.size = 16 * q.block_samples *
				 sample_size(PIACCEL_FORMAT_BITS, lines[i]);
			if (q.period_ns < floor) {
				printf("%6u %6u below the floor of %llu ns\n",
				       lines[i], khz[k],
				       (unsigned long long)floor);
				continue;
			}
			stream = stream_start(line, false, &q);
			if (stream < 0)
				fail("CAPTURE");
			share = 1 - (double)spin(window) / alone;
			xioctl(stream, PIACCEL_STREAM_STOP);
			s = stream_status(stream);
			cost = share * q.period_ns;
			printf("%6u %6u %10.0f %9.1f%% %8u %8u %8.1f %9llu\n",
			       lines[i], khz[k], cost, 100 * share,
			       late_percentile(&s, 50), late_percentile(&s, 99),
			       s.max_late_ns / 1e3,
			       (unsigned long long)s.overruns);
			add("%s{\"lines\":%u,\"khz\":%u,\"cost_ns\":%.0f,\"late_median_us\":%u,\"late_p99_us\":%u,\"late_worst_ns\":%llu,\"samples\":%llu,\"overruns\":%llu}",
			    first ? "" : ",", lines[i], khz[k], cost,
			    late_percentile(&s, 50), late_percentile(&s, 99),
			    (unsigned long long)s.max_late_ns,
			    (unsigned long long)s.samples,
			    (unsigned long long)s.overruns);
			first = false;
			close(stream);
		}
		printf("       read cost of %u lines %llu ns, floor %llu ns\n",
		       lines[i],
		       (unsigned long long)line_status(line).read_cost_ns,
		       (unsigned long long)floor);
		close(line);
	}
	add("],");
	buffer_free(&buf);
}

/* ---- buffers ---- */

static void bench_buffers(void)
{
	static const struct {
		enum exporter exporter;
		const char *name;
	} kinds[] = {
		{ OURS_CACHED, "piaccel" },
		{ OURS_WRITE_COMBINED, "piaccel write-combined" },
		{ OURS_CONTIGUOUS, "piaccel contiguous" },
		{ SYSTEM_HEAP, "system heap" },
		{ UDMABUF, "udmabuf" },
	};
	bool first = true;

	printf("\nA buffer of 64 MiB, ms (median of 5)\n");
	printf("%-24s %10s %10s %10s\n", "", "allocate", "touch", "free");
	add("\"buffers\":[");
	for (size_t k = 0; k < LEN(kinds); k++) {
		uint64_t t[3][5];
		struct buffer b;
		int i;

		for (i = 0; i < 5; i++) {
			uint64_t t0 = now_ns(), t1, t2;

			if (!buffer_make(&b, dev, kinds[k].exporter, 64 * MIB))
				break;
			t1 = now_ns();
			for (size_t p = 0; p < b.size; p += 4096)
				b.map[p] = 1;
			t2 = now_ns();
			buffer_free(&b);
			t[0][i] = t1 - t0;
			t[1][i] = t2 - t1;
			t[2][i] = now_ns() - t2;
		}
		if (i < 5) {
			printf("%-24s cannot be had here\n", kinds[k].name);
			buffer_free(&b);
			continue;
		}
		printf("%-24s %10.2f %10.2f %10.2f\n", kinds[k].name,
		       median(t[0], 5) / 1e6, median(t[1], 5) / 1e6,
		       median(t[2], 5) / 1e6);
		add("%s{\"exporter\":\"%s\",\"alloc_ns\":%llu,\"touch_ns\":%llu,\"free_ns\":%llu}",
		    first ? "" : ",", kinds[k].name,
		    (unsigned long long)median(t[0], 5),
		    (unsigned long long)median(t[1], 5),
		    (unsigned long long)median(t[2], 5));
		first = false;
	}
	add("]");
}

/* ---- fail-safe ---- */

#define TRIPS 201
#define SILENT 7
#define SILENT_TRIPS 11
#define EVERY LINES(54)
#define ALTERNATE (0x2aaaaaaaaaaaaaULL & EVERY)

static uint64_t trip_delay(int line)
{
	struct piaccel_line_status s = line_status(line);

	if (s.trip_cause != PIACCEL_TRIP_DEADLINE || !s.safe_ns)
		fail("a missed deadline");
	return s.safe_ns - s.trip_ns;
}

static void add_spread(const char *name, uint64_t *t, size_t n)
{
	qsort(t, n, sizeof(*t), compare_u64);
	printf("%-44s %9.1f %9.1f %9.1f\n", name, t[n / 2] / 1e3,
	       t[n * 99 / 100] / 1e3, t[n - 1] / 1e3);
	add("%s{\"what\":\"%s\",\"median_ns\":%llu,\"p99_ns\":%llu,\"worst_ns\":%llu}",
	    json[strlen(json) - 1] == '[' ? "" : ",", name,
	    (unsigned long long)t[n / 2], (unsigned long long)t[n * 99 / 100],
	    (unsigned long long)t[n - 1]);
}

/* Somebody else's work: system calls and page faults all the time. */
static pid_t busy_start(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;) {
		char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < 65536; i += 4096)
			p[i] = 1;
		munmap(p, 65536);
	}
}

/* All lines of the fast chip, each of which has to change. */
static void bench_every_line(bool busy)
{
	struct piaccel_line_request r = outputs(&board, 0, 54, ~ALTERNATE & EVERY);
	pid_t noisy = busy ? busy_start() : 0;
	uint64_t t[TRIPS];
	int line;

	r.safe_mask = EVERY;
	r.safe_values = ALTERNATE;
	r.keepalive_ns = 20 * MSEC;
	line = line_request(dev, &r);
	if (line < 0 || noisy < 0)
		fail("54 outputs");
	for (int i = 0; i < TRIPS; i++) {
		nap_ns(25 * MSEC);
		t[i] = trip_delay(line);
		if (line_rearm(line, i + 1) ||
		    line_set(line, ~ALTERNATE & EVERY, EVERY))
			fail("REARM");
	}
	close(line);
	if (noisy) {
		kill(noisy, SIGKILL);
		waitpid(noisy, NULL, 0);
	}
	add_spread(busy ? "54 lines of the fast chip, CPU busy" :
			  "54 lines of the fast chip", t, TRIPS);
}

/* Two relays that have to go from high to low. */
static int two_relays(const char *chip)
{
	struct piaccel_line_request r = outputs(&board, 0, 2, 3);
	int line;

	snprintf(r.chip, sizeof(r.chip), "%s", chip);
	r.safe_mask = 3;
	r.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
	line = line_request(dev, &r);
	if (line < 0)
		fail(chip);
	return line;
}

/* The last of @lines answers; all miss one deadline. */
static uint64_t trip_among_silent(const int *lines)
{
	uint64_t deadline = now_ns() + 50 * MSEC, delay;
	int i;

	for (i = 0; i <= SILENT; i++)
		if (line_keepalive(lines[i], deadline))
			fail("KEEPALIVE");
	if (tb_stall(board.outside, true))
		fail("silence");
	nap_ns(300 * MSEC);
	for (i = 0; i < SILENT; i++)
		if (line_is(lines[i], PIACCEL_STATUS_SAFE))
			fail("a silent chip");
	delay = trip_delay(lines[SILENT]);
	tb_stall(board.outside, false);
	for (i = 0; i <= SILENT; i++) {
		while (!line_is(lines[i], PIACCEL_STATUS_SAFE))
			nap_ns(10 * MSEC);
		if (line_rearm(lines[i], line_status(lines[i]).trip_seq) ||
		    line_set(lines[i], 3, 3))
			fail("REARM");
	}
	return delay;
}

static void bench_silent(void)
{
	uint64_t t[SILENT_TRIPS];
	int lines[SILENT + 1];
	char chip[32];

	if (tb_banks(board.outside, SILENT))
		fail("seven banks");
	for (int i = 0; i < SILENT; i++) {
		snprintf(chip, sizeof(chip), TB_BANK_LABEL "%d", i);
		lines[i] = two_relays(chip);
	}
	lines[SILENT] = two_relays(SIM_LABEL);
	for (int i = 0; i < SILENT_TRIPS; i++)
		t[i] = trip_among_silent(lines);
	for (int i = 0; i <= SILENT; i++)
		close(lines[i]);
	tb_banks(board.outside, 0);
	add_spread("the eighth chip, seven being silent", t, SILENT_TRIPS);
}

static void bench_failsafe(void)
{
	printf("\nFrom a missed deadline to the safe values, us\n");
	printf("%-44s %9s %9s %9s\n", "", "median", "p99", "worst");
	add("\"failsafe\":[");
	bench_every_line(false);
	bench_every_line(true);
	bench_silent();
	add("],");
}

int main(void)
{
	const char *why = board_open(&board, TESTBOARD_LABEL);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (why) {
		printf("%s\n", why);
		return 1;
	}
	dev = piaccel_open();
	if (dev < 0)
		fail("/dev/piaccel");
	board_reset(&board);
	add("{\"simulated_time\":true,");
	bench_calls();
	bench_failsafe();
	bench_edges();
	bench_capture();
	bench_buffers();
	add("}");
	printf("\nJSON %s\n", json);
	return 0;
}
