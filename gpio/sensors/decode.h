/* SPDX-License-Identifier: MIT */
/*
 * Decoders: pure functions from edges to values. They believe nothing that is
 * not exactly a frame: a lost, an extra or a moved edge gives no value.
 */
#ifndef ACCEL_SENSORS_DECODE_H
#define ACCEL_SENSORS_DECODE_H

#include <accel/lines.h>

enum dht_model {
	DHT11,
	DHT22, /* AM2302 too */
};

struct dht_values {
	double humidity; /* % */
	double temperature; /* °C */
};

/* What a model can measure. */
struct dht_limits {
	double humidity_min, humidity_max;
	double temperature_min, temperature_max;
};

extern const struct dht_limits dht_limits[2];

/*
 * One reply: 80 us low and high, 40 bits of 50 us low and 26..28 us (0) or 70
 * us (1) high, most significant first, 50 us low (Aosong AM2302, section 7).
 * Edges before the reply's own may be there or missing.
 *
 * ERR_TIMEOUT: silence. ERR_FORMAT: no whole frame, or a wrong sum. ERR_RANGE:
 * values that the sensor cannot measure.
 */
accel_status dht_decode(enum dht_model model, const accel_edge *edges,
			uint32_t n, struct dht_values *values);

/* The same from the five bytes. A DHT22's temperature below zero is a sign bit
 * and a magnitude, or, of clones, two's complement: 800f and fff1 are -1.5. */
accel_status dht_bytes(enum dht_model model, const uint8_t bytes[5],
		       struct dht_values *values);

#define ECHO_MIN_CM 2.0
#define ECHO_MAX_CM 400.0

/*
 * HC-SR04: the echo line is high as long as sound is under way, there and back
 * at 331.5 + 0.6 T m/s; about 38 ms when nothing answers.
 *
 * ERR_TIMEOUT: no edge, or nothing in range: clones then hold the line high for
 * 200 ms or for ever, so a rise without a fall is that, too. ERR_FORMAT: not one
 * pulse.
 */
accel_status echo_decode(const accel_edge *edges, uint32_t n,
			 double temperature, double *cm);

struct pulse {
	uint64_t count; /* rising edges so far, those the queue dropped too */
	uint64_t lost; /* those that it dropped */
	/* since the last rate: edges from the first to the last, dropped ones
	 * between them too, and the times of these two */
	uint64_t seen, first_ns, last_ns;
};

/* Counts rising edges of one line that reports no others. What a full queue
 * dropped is known by number and lies between two times, so both the count and
 * the rate stay exact. */
void pulse_feed(struct pulse *p, const accel_edge *edges, uint32_t n);

/* Pulses a second by the first and last one since the last call, the newest of
 * that call included; 0: fewer than two. */
double pulse_rate(struct pulse *p);

struct encoder {
	uint8_t state; /* A, B as bits 1, 0 */
	int64_t steps; /* quarter periods, positive when A leads */
	uint64_t errors; /* jumps over a state */
};

/* Follows the edges of two lines: line 0 is A, line 1 is B. */
void encoder_feed(struct encoder *e, const accel_edge *edges, uint32_t n);

struct button {
	bool pressed;
	uint32_t presses;
	uint64_t since_ns; /* of the last accepted change */
	/* the change that has not stood long enough yet */
	bool pending, pending_level;
	uint64_t pending_ns;
};

/*
 * A level counts once it has stood for `debounce_ns`; `now_ns` closes the last
 * interval. Edges that the kernel has debounced pass with 0.
 */
void button_feed(struct button *b, const accel_edge *edges, uint32_t n,
		 uint64_t debounce_ns, uint64_t now_ns);

#endif /* ACCEL_SENSORS_DECODE_H */
