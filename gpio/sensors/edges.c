// SPDX-License-Identifier: MIT
/* HC-SR04, pulse counter, rotary encoder, button: from edges to values. */
#include "decode.h"

#include "../gpio.h"

accel_status echo_decode(const accel_edge *e, uint32_t n, double temperature,
			 double *cm)
{
	double speed = 331.5 + 0.6 * temperature; /* of sound, m/s */
	uint64_t ns;

	if (!n)
		return accel_error(ACCEL_ERR_TIMEOUT,
				   "HC-SR04: no echo pulse; check the 5 V "
				   "supply, the trigger line, and the divider "
				   "on the echo line");
	if (n == 1 && e[0].level == 1 && !e[0].lost)
		return accel_error(ACCEL_ERR_TIMEOUT,
				   "HC-SR04: nothing within %g cm (the echo "
				   "has not ended)",
				   ECHO_MAX_CM);
	if (n != 2 || e[0].level != 1 || e[1].level != 0 || e[1].lost ||
	    e[1].time_ns <= e[0].time_ns)
		return accel_error(ACCEL_ERR_FORMAT,
				   "HC-SR04: %u edges, want one rise and one "
				   "fall",
				   n);
	ns = e[1].time_ns - e[0].time_ns;
	/* m/s * ns = 1e-7 cm, there and back */
	*cm = speed * (double)ns * 1e-7 / 2;
	if (*cm > ECHO_MAX_CM)
		return accel_error(ACCEL_ERR_TIMEOUT,
				   "HC-SR04: nothing within %g cm (%.1f ms)",
				   ECHO_MAX_CM, (double)ns / 1e6);
	if (*cm < ECHO_MIN_CM)
		return accel_error(ACCEL_ERR_FORMAT,
				   "HC-SR04: %.2f cm, it measures from %g cm",
				   *cm, ECHO_MIN_CM);
	return ACCEL_OK;
}

void pulse_feed(struct pulse *p, const accel_edge *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		p->lost += e[i].lost;
		p->count += e[i].lost;
		/* what was dropped before the first time has no time at all */
		if (p->seen)
			p->seen += e[i].lost;
		if (!e[i].level)
			continue;
		if (!p->seen++)
			p->first_ns = e[i].time_ns;
		p->last_ns = e[i].time_ns;
		p->count++;
	}
}

double pulse_rate(struct pulse *p)
{
	double hz = 0;

	if (p->seen > 1 && p->last_ns > p->first_ns)
		hz = (double)(p->seen - 1) * 1e9 /
		     (double)(p->last_ns - p->first_ns);
	if (p->seen) {
		p->first_ns = p->last_ns;
		p->seen = 1;
	}
	return hz;
}

void encoder_feed(struct encoder *e, const accel_edge *edges, uint32_t n)
{
	/* forward is 0, 2, 3, 1: A rises first */
	static const int8_t step[4][4] = {
		{ 0, -1, 1, 0 },
		{ 1, 0, 0, -1 },
		{ -1, 0, 0, 1 },
		{ 0, 1, -1, 0 },
	};

	for (uint32_t i = 0; i < n; i++) {
		uint8_t bit = edges[i].line ? 1 : 2, next;

		next = (uint8_t)(edges[i].level ? e->state | bit
						: e->state & ~bit);
		/* the same level twice: an edge between is lost */
		e->errors += edges[i].lost ? edges[i].lost : next == e->state;
		e->steps += step[e->state][next];
		e->state = next;
	}
}

static void button_settle(struct button *b, uint64_t debounce_ns, uint64_t now)
{
	if (!b->pending || now < b->pending_ns + debounce_ns)
		return;
	b->pending = false;
	if (b->pending_level == b->pressed)
		return;
	b->pressed = b->pending_level;
	b->presses += b->pressed;
	b->since_ns = b->pending_ns;
}

void button_feed(struct button *b, const accel_edge *edges, uint32_t n,
		 uint64_t debounce_ns, uint64_t now_ns)
{
	for (uint32_t i = 0; i < n; i++) {
		button_settle(b, debounce_ns, edges[i].time_ns);
		b->pending = true;
		b->pending_level = edges[i].level;
		b->pending_ns = edges[i].time_ns;
	}
	button_settle(b, debounce_ns, now_ns);
}
