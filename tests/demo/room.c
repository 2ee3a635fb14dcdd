// SPDX-License-Identifier: MIT
/*
 * room: a room on the simulated board, whose clock runs 60 times as fast as a
 * real one's: a second here is a minute there.
 *
 * People come and go; while they are there, a motion sensor (line 17) sees them
 * now and then and the air gets damp. A DHT22 (line 4) answers with the room's
 * temperature and humidity, bit by bit. The heater (line 24) warms the room, the
 * fan (line 23) airs it. Standard output gets a line each second, "time,
 * temperature,humidity,people,heater,fan"; the file in argv[1] gets 0 or 1 as
 * people go or come, and its first line at once.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../vm/testboard/tb.h"

enum { DHT = 4, MOTION = 17, FAN = 23, HEATER = 24 };

/* What a DHT22 sends: 80 us low and high, then 40 bits of 50 us low and 27 or
 * 70 us high, and a last low. */
static void answer(int fd, double celsius, double percent)
{
	struct tb_step s[3 + 80 + 1];
	unsigned int n = 0, t, h = (unsigned int)(percent * 10 + 0.5);
	unsigned char b[5];

	t = celsius < 0 ? 0x8000 | (unsigned int)(-celsius * 10 + 0.5) :
			  (unsigned int)(celsius * 10 + 0.5);
	b[0] = (unsigned char)(h >> 8);
	b[1] = (unsigned char)h;
	b[2] = (unsigned char)(t >> 8);
	b[3] = (unsigned char)t;
	b[4] = (unsigned char)(b[0] + b[1] + b[2] + b[3]);
	s[n++] = tb_step(0, DHT, 0);
	s[n++] = tb_step_release(80000, DHT);
	s[n++] = tb_step(80000, DHT, 0);
	for (unsigned int i = 0; i < 40; i++) {
		s[n++] = tb_step_release(50000, DHT);
		s[n++] = tb_step(b[i / 8] >> (7 - i % 8) & 1 ? 70000 : 27000,
				 DHT, 0);
	}
	s[n++] = tb_step_release(50000, DHT);
	/* one answer: the next one has the next values */
	tb_play_args(fd, &(struct tb_play){
		.steps = (uintptr_t)s, .nsteps = n, .rounds = 1,
		.start_ns = 30000, .trig_line = DHT,
		.trig_edges = TB_EDGE_RISING, .trig_min_ns = 900000,
		.trig_count = 1 });
}

/* Minutes there: nobody for 25, people for 35, and so on. */
static bool people_at(unsigned int minute)
{
	return minute % 60 >= 25;
}

int main(int argc, char **argv)
{
	double t = 17, h = 45;
	unsigned int seed = 1;
	FILE *truth = argc > 1 ? fopen(argv[1], "w") : NULL;
	int fd = tb_open(), was = -1;
	struct tb_player p;

	if (fd < 0 || (argc > 1 && !truth)) {
		perror("room");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN); /* nobody need listen to the truth */
	tb_pull(fd, DHT, 1);
	for (unsigned int minute = 0;; minute++) {
		bool people = people_at(minute);
		bool heater = tb_output(fd, HEATER) == 1;
		bool fan = tb_output(fd, FAN) == 1;

		/* 8 degrees and 40 % outside */
		t += 0.35 * heater + 0.05 * people - (fan ? 0.03 : 0.01) * (t - 8);
		h += 3.0 * people - (fan ? 0.3 : 0.15) * (h - 40);
		seed = seed * 1664525u + 1013904223u;
		tb_drive(fd, MOTION, people && seed >> 24 < 200);
		/* it may be asked just now: only when it has answered */
		if (!tb_player(fd, 0, &p) && (p.state == TB_PLAYER_IDLE ||
					      p.state == TB_PLAYER_DONE))
			answer(fd, t, h);
		if (truth && people != was) {
			fprintf(truth, "%d\n", people);
			fflush(truth);
			was = people;
		}
		printf("%u,%.1f,%.1f,%d,%d,%d\n", minute, t, h, people, heater,
		       fan);
		fflush(stdout);
		usleep(1000000);
	}
}
