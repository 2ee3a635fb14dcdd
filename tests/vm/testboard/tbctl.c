// SPDX-License-Identifier: MIT
/*
 * tbctl: the test board from a shell.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tb.h"

static const char usage[] =
"usage: tbctl COMMAND ...\n"
"  info                         what the board is\n"
"  get LINE                     level seen: 0 or 1\n"
"  output LINE                  what the chip drives: 0, 1, or in\n"
"  line LINE                    everything about a line\n"
"  drive LINE 0|1 [LINE 0|1]... drive lines from outside, all at once\n"
"  release LINE...              let them go to their pulls\n"
"  pull LINE up|down|off        fit an external resistor\n"
"  follow LINE SOURCE [invert] [delay NS]\n"
"  unfollow LINE\n"
"  play FILE [OPTION VALUE]...  FILE or - has lines 'DELAY_NS LINE=V ...',\n"
"                               V 0, 1 or z; waits for the end unless it\n"
"                               is triggered or endless\n"
"       player N  rounds N (0: for ever)  start NS  relative 1\n"
"       rising LINE | falling LINE  min NS  count N (0: for ever)\n"
"  square LINE PERIOD_NS EDGES  toggle a line, wait for the end\n"
"  lateness LINE PERIOD_NS EDGES  the same, and how late the edges were\n"
"  stop PLAYER\n"
"  player PLAYER                what a player did\n"
"  wait PLAYER ROUNDS SECONDS\n"
"  record [follow]              what the recorder holds [and what comes]\n"
"  recorder KINDS [LINE...]     o(utput), d(irection), l(evel); forgets\n"
"  chip 0|1|2|3                 take the chip away, bring it back, delete it\n"
"  gpiochip                     its /dev node\n"
"  reset\n"
"LINE is an offset. Exit status: 0, 1 on an error, 2 on a wrong call.\n";

static void quit(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("tbctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

/* The word's number, or a wrong call. */
static __u64 number(const char *s, __u64 max)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = s ? strtoull(s, &end, 0) : 0;
	if (!s || *s == '-' || end == s || *end || errno || v > max)
		quit(2, "'%s' is not a value from 0 to %llu",
		     s ? s : "", max);
	return v;
}

static unsigned int line_of(const char *s)
{
	return (unsigned int)number(s, TB_MAX_LINES - 1);
}

static void check(int rc, const char *what)
{
	if (rc < 0)
		quit(1, "%s: %s", what, strerror(errno));
}

static void print_record(const struct tb_record *r)
{
	static const char *const kinds[] = { "output", "direction", "level" };

	printf("%llu.%09llu %s %u = %u (level %u)\n", r->time_ns / 1000000000u,
	       r->time_ns % 1000000000u,
	       kinds[r->kind], r->line, r->value, r->level);
}

static void print_records(int fd, int follow)
{
	struct tb_record r[64];
	ssize_t i, n;

	while ((n = follow ? tb_record_read(fd, r, 64) :
			     tb_record_drain(fd, r, 64)) > 0) {
		for (i = 0; i < n; i++)
			print_record(&r[i]);
		fflush(stdout);
	}
	check((int)n, "record");
}

static void print_line(int fd, unsigned int line)
{
	struct tb_state s;
	struct tb_line l;
	__u64 bit = TB_BIT(line);

	check(tb_state(fd, &s), "state");
	check(tb_line(fd, line, &l), "line");
	printf("direction %s\nvalue %d\nlevel %d\n",
	       s.output & bit ? "out" : "in", !!(s.value & bit),
	       !!(s.level & bit));
	printf("bias %s\npull %s\ndrive %s\n",
	       s.bias_up & bit ? "up" : s.bias_down & bit ? "down" : "off",
	       s.pull_up & bit ? "up" : s.pull_down & bit ? "down" : "off",
	       s.open_drain & bit ? "open-drain" :
	       s.open_source & bit ? "open-source" : "push-pull");
	printf("driven %d\nfollowing %d\nirq %s%s%s\n", !!(s.driven & bit),
	       !!(s.following & bit), s.irq_rising & bit ? "rising " : "",
	       s.irq_falling & bit ? "falling " : "",
	       s.irq_masked & bit ? "masked" : "on");
	printf("rising %llu\nfalling %llu\noutputs %llu\n", l.rising,
	       l.falling, l.outputs);
	printf("edges %llu\nirqs %llu\n", l.edges, l.irqs);
}

static void print_player(int fd, unsigned int player)
{
	static const char *const states[] = {
		"idle", "armed", "playing", "done"
	};
	struct tb_player p;

	check(tb_player(fd, player, &p), "player");
	printf("state %s\nsteps %llu\nrounds %llu\ntriggers %llu\n",
	       states[p.state], p.steps, p.rounds, p.triggers);
	printf("late_mean_ns %llu\nlate_max_ns %llu\n",
	       p.steps ? p.late_sum_ns / p.steps : 0, p.late_max_ns);
}

/* One line of a waveform file; false for an empty one. */
static int parse_step(char *text, struct tb_step *step, const char *file,
		      unsigned int nr)
{
	char *word, *rest = text, *eq;

	memset(step, 0, sizeof(*step));
	text[strcspn(text, "#\n")] = 0;
	word = strtok_r(rest, " \t", &rest);
	if (!word)
		return 0;
	step->delay_ns = number(word, TB_MAX_NS);
	while ((word = strtok_r(rest, " \t", &rest))) {
		__u64 bit;

		eq = strchr(word, '=');
		if (!eq || !eq[1] || eq[2] || !strchr("01z", eq[1]))
			quit(2, "%s:%u: '%s' is not LINE=0, =1 or =z",
			     file, nr, word);
		*eq = 0;
		bit = TB_BIT(line_of(word));
		if (step->lines & bit)
			quit(2, "%s:%u: line %s twice", file, nr, word);
		step->lines |= bit;
		if (eq[1] == '1')
			step->values |= bit;
		if (eq[1] == 'z')
			step->release |= bit;
	}
	return 1;
}

static struct tb_step *read_steps(const char *file, unsigned int *nsteps)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "r") : stdin;
	struct tb_step *steps = NULL;
	unsigned int n = 0, room = 0, nr = 0;
	char *text = NULL;
	size_t len = 0;

	if (!f)
		quit(1, "%s: %s", file, strerror(errno));
	while (getline(&text, &len, f) > 0) {
		if (n == room) {
			room = room ? 2 * room : 256;
			steps = realloc(steps, room * sizeof(*steps));
			if (!steps)
				quit(1, "%s: %s", file, strerror(ENOMEM));
		}
		n += (unsigned int)parse_step(text, &steps[n], file, ++nr);
	}
	free(text);
	if (f != stdin)
		fclose(f);
	*nsteps = n;
	return steps;
}

static void play(int fd, char **arg)
{
	struct tb_play p = { .rounds = 1 };
	struct tb_step *steps;

	if (!*arg)
		quit(2, "no waveform file");
	steps = read_steps(*arg++, &p.nsteps);
	p.steps = (uintptr_t)steps;
	for (; *arg; arg += 2) {
		const char *key = arg[0], *value = arg[1];

		if (!strcmp(key, "player"))
			p.player = (__u32)number(value, UINT32_MAX);
		else if (!strcmp(key, "rounds"))
			p.rounds = (__u32)number(value, UINT32_MAX);
		else if (!strcmp(key, "start"))
			p.start_ns = number(value, UINT64_MAX);
		else if (!strcmp(key, "relative"))
			p.flags = number(value, 1) ? TB_PLAY_RELATIVE : 0;
		else if (!strcmp(key, "min"))
			p.trig_min_ns = number(value, TB_MAX_NS);
		else if (!strcmp(key, "count"))
			p.trig_count = (__u32)number(value, UINT32_MAX);
		else if (!strcmp(key, "rising") || !strcmp(key, "falling"))
			p.trig_edges |= *key == 'r' ? TB_EDGE_RISING :
						      TB_EDGE_FALLING,
			p.trig_line = line_of(value);
		else
			quit(2, "unknown option '%s'", key);
	}
	check(tb_play_args(fd, &p), "play");
	free(steps);
	if (p.rounds && !p.trig_edges)
		check(tb_wait(fd, p.player, 0, TB_MAX_NS), "wait");
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

/* How late the recorded edges were; the first is due at @start. */
static void print_lateness(int fd, unsigned int edges, __u64 period,
			   __u64 start)
{
	struct tb_record *r = calloc(edges, sizeof(*r));
	__u64 *late = calloc(edges, sizeof(*late));
	unsigned int i;
	ssize_t n;

	if (!r || !late)
		quit(1, "%s", strerror(ENOMEM));
	n = tb_record_drain(fd, r, edges);
	if (n != (ssize_t)edges)
		quit(1, "%zd edges of %u recorded", n, edges);
	for (i = 0; i < edges; i++)
		late[i] = r[i].time_ns - (start + (i + 1) * period);
	qsort(late, edges, sizeof(*late), by_value);
	printf("edges %u period_ns %llu ", edges, period);
	printf("late_ns median %llu p99 %llu max %llu\n", late[edges / 2],
	       late[(__u64)edges * 99 / 100], late[edges - 1]);
	free(r);
	free(late);
}

static void square(int fd, char **arg, int measure)
{
	unsigned int line = line_of(arg[0]);
	__u64 period = number(arg[1], TB_MAX_NS);
	unsigned int i, edges = (unsigned int)number(arg[2], TB_MAX_STEPS);
	__u64 start = tb_now() + 10000000;
	struct tb_step *steps;
	int level;

	if (!edges)
		quit(2, "no edges");
	steps = calloc(edges, sizeof(*steps));
	if (!steps)
		quit(1, "%s", strerror(ENOMEM));
	level = tb_level(fd, line);
	check(level, "level");
	for (i = 0; i < edges; i++)
		steps[i] = tb_step(period, line, (level ^ (int)(i + 1)) & 1);
	if (measure)
		check(tb_record_start(fd, TB_BIT(line), 1u << TB_KIND_LEVEL),
		      "recorder");
	check(tb_play(fd, 0, steps, edges, start), "play");
	free(steps);
	check(tb_wait(fd, 0, 0, TB_MAX_NS), "wait");
	if (measure)
		print_lateness(fd, edges, period, start);
}

static void drive(int fd, char **arg)
{
	struct tb_drive d = { 0 };

	for (; *arg; arg += 2) {
		__u64 bit = TB_BIT(line_of(arg[0]));

		d.lines |= bit;
		if (number(arg[1], 1))
			d.values |= bit;
	}
	check(ioctl(fd, TB_IOC_DRIVE, &d), "drive");
}

static __u64 mask_of(char **arg)
{
	__u64 mask = 0;

	while (*arg)
		mask |= TB_BIT(line_of(*arg++));
	return mask;
}

static void follow(int fd, char **arg)
{
	unsigned int line = line_of(arg[0]), source = line_of(arg[1]);
	unsigned int flags = 0;
	__u64 delay = 0;

	for (arg += 2; *arg; arg++) {
		if (!strcmp(*arg, "invert"))
			flags |= TB_FOLLOW_INVERT;
		else if (!strcmp(*arg, "delay") && arg[1])
			delay = number(*++arg, TB_MAX_NS);
		else
			quit(2, "unknown word '%s'", *arg);
	}
	check(tb_follow(fd, line, source, flags, delay), "follow");
}

static void recorder(int fd, char **arg)
{
	struct tb_info info;
	unsigned int kinds = 0;
	const char *k;

	check(ioctl(fd, TB_IOC_INFO, &info), "info");
	for (k = arg[0]; *k; k++) {
		const char *at = strchr("odl", *k);

		if (!at)
			quit(2, "unknown kind '%c'", *k);
		kinds |= 1u << (at - "odl");
	}
	check(tb_record_start(fd, arg[1] ? mask_of(arg + 1) :
			      UINT64_MAX >> (64 - info.lines), kinds),
	      "recorder");
}

static void print_info(int fd)
{
	struct tb_info i;

	check(ioctl(fd, TB_IOC_INFO, &i), "info");
	printf("abi %u\nlines %u\nplayers %u\nmax_steps %u\nrecords %u\n"
	       "present %u\nlabel %s\n", i.abi, i.lines, i.players,
	       i.max_steps, i.records, i.present, i.label);
}

static int pull_of(const char *s)
{
	if (!strcmp(s, "up"))
		return 1;
	if (!strcmp(s, "down"))
		return -1;
	if (strcmp(s, "off"))
		quit(2, "pull: '%s' is not up, down or off", s);
	return 0;
}

/* Commands, and how many words each needs at least and takes at most. */
static const struct {
	const char *name;
	int min, max;
} commands[] = {
	{ "info", 0, 0 }, { "get", 1, 1 }, { "output", 1, 1 },
	{ "line", 1, 1 }, { "drive", 2, 128 }, { "release", 1, 64 },
	{ "pull", 2, 2 }, { "follow", 2, 5 }, { "unfollow", 1, 1 },
	{ "play", 1, 20 }, { "square", 3, 3 }, { "lateness", 3, 3 },
	{ "stop", 1, 1 }, { "player", 1, 1 }, { "wait", 3, 3 },
	{ "record", 0, 1 }, { "recorder", 1, 65 }, { "chip", 1, 1 },
	{ "gpiochip", 0, 0 }, { "reset", 0, 0 },
};

static int run(int fd, const char *cmd, char **arg)
{
	int v;

	if (!strcmp(cmd, "info")) {
		print_info(fd);
	} else if (!strcmp(cmd, "get")) {
		v = tb_level(fd, line_of(arg[0]));
		check(v, cmd);
		printf("%d\n", v);
	} else if (!strcmp(cmd, "output")) {
		v = tb_output(fd, line_of(arg[0]));
		check(v, cmd);
		puts(v == 2 ? "in" : v ? "1" : "0");
	} else if (!strcmp(cmd, "line")) {
		print_line(fd, line_of(arg[0]));
	} else if (!strcmp(cmd, "drive")) {
		drive(fd, arg);
	} else if (!strcmp(cmd, "release")) {
		check(tb_release_mask(fd, mask_of(arg)), cmd);
	} else if (!strcmp(cmd, "pull")) {
		check(tb_pull(fd, line_of(arg[0]), pull_of(arg[1])), cmd);
	} else if (!strcmp(cmd, "follow")) {
		follow(fd, arg);
	} else if (!strcmp(cmd, "unfollow")) {
		check(tb_unfollow(fd, line_of(arg[0])), cmd);
	} else if (!strcmp(cmd, "play")) {
		play(fd, arg);
	} else if (!strcmp(cmd, "square") || !strcmp(cmd, "lateness")) {
		square(fd, arg, *cmd == 'l');
	} else if (!strcmp(cmd, "stop")) {
		check(tb_stop(fd, (unsigned int)number(arg[0], UINT32_MAX)),
		      cmd);
	} else if (!strcmp(cmd, "player")) {
		print_player(fd, (unsigned int)number(arg[0], UINT32_MAX));
	} else if (!strcmp(cmd, "wait")) {
		check(tb_wait(fd, (unsigned int)number(arg[0], UINT32_MAX),
			      number(arg[1], UINT64_MAX),
			      number(arg[2], 3600) * 1000000000u), cmd);
	} else if (!strcmp(cmd, "record")) {
		print_records(fd, !!arg[0]);
	} else if (!strcmp(cmd, "recorder")) {
		recorder(fd, arg);
	} else if (!strcmp(cmd, "chip")) {
		check(tb_chip(fd, (int)number(arg[0], 3)), cmd);
	} else if (!strcmp(cmd, "gpiochip")) {
		v = tb_gpiochip();
		check(v, cmd);
		printf("/dev/gpiochip%d\n", v);
	} else {
		check(tb_reset(fd), cmd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t i;
	int fd;

	if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help")) {
		fputs(usage, argc < 2 ? stderr : stdout);
		return argc < 2 ? 2 : 0;
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			break;
	if (i == sizeof(commands) / sizeof(*commands))
		quit(2, "unknown command '%s'; see tbctl help", argv[1]);
	if (argc - 2 < commands[i].min || argc - 2 > commands[i].max)
		quit(2, "%s: wrong number of words; see tbctl help", argv[1]);
	fd = tb_open();
	if (fd < 0)
		quit(1, "/dev/testboard: %s%s", strerror(errno),
		     errno == ENOENT ? "; load testboard.ko first" : "");
	return run(fd, argv[1], argv + 2);
}
