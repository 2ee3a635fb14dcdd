// SPDX-License-Identifier: MIT
/* DHT11, DHT22 (AM2302): from edges to bytes to values. */
#include "decode.h"

#include <string.h>

#include "../gpio.h"

/*
 * Nominal times and edges that are 10 us off, at both ends: an interval is up
 * to 20 us off. 49 us is the middle between the longest 0 and the shortest 1.
 */
#define LOW_MIN_NS 29000 /* nominal 50 us */
#define LOW_MAX_NS 71000
#define ZERO_MIN_NS 5000 /* nominal 26 to 28 us */
#define ONE_MIN_NS 49000 /* nominal 70 us */
#define ONE_MAX_NS 91000
#define REPLY_MIN_NS 59000 /* nominal 80 us, low and high */
#define REPLY_MAX_NS 101000
#define HOST_MIN_NS 500000 /* the host's own low: 1 ms, DHT11 18 ms */
#define TURN_MAX_NS 220000 /* between host and reply: 20 to 200 us */

#define BITS 40
/* The end of the reply's high, low to high to low for each bit, the last rise. */
#define FRAME (1 + 2 * BITS + 1)

const struct dht_limits dht_limits[2] = {
	[DHT11] = { 0, 100, -20, 60 },
	[DHT22] = { 0, 100, -40, 80 },
};

static const char *const names[] = { [DHT11] = "DHT11", [DHT22] = "DHT22" };

/*
 * The data sheet's sign bit and magnitude, in tenths; clones send two's
 * complement below zero, which as a magnitude would be below -3,000 °C.
 */
static double dht22_temperature(uint8_t high, uint8_t low)
{
	double t = ((high & 0x7f) << 8 | low) / 10.0;

	if (!(high & 0x80))
		return t;
	if (-t < dht_limits[DHT22].temperature_min)
		return (int16_t)(high << 8 | low) / 10.0;
	return t > 0 ? -t : 0;
}

accel_status dht_bytes(enum dht_model model, const uint8_t b[5],
		       struct dht_values *v)
{
	const struct dht_limits *l = &dht_limits[model];
	unsigned int sum = (b[0] + b[1] + b[2] + b[3]) & 0xffu;

	if (sum != b[4])
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: bytes %02x %02x %02x %02x add up to "
				   "%02x, its sum says %02x",
				   names[model], b[0], b[1], b[2], b[3], sum,
				   b[4]);
	/* five zeros have a right sum, and are what a shorted line reads */
	if (!(b[0] | b[1] | b[2] | b[3]))
		return accel_error(ACCEL_ERR_FORMAT, "%s: all bytes are zero",
				   names[model]);
	if (model == DHT22) {
		v->humidity = (b[0] << 8 | b[1]) / 10.0;
		v->temperature = dht22_temperature(b[2], b[3]);
	} else {
		if (b[1] > 9 || (b[3] & 0x7f) > 9)
			return accel_error(ACCEL_ERR_RANGE,
					   "DHT11: tenths of %u and %u", b[1],
					   b[3] & 0x7f);
		v->humidity = b[0] + b[1] / 10.0;
		v->temperature = b[2] + (b[3] & 0x7f) / 10.0;
		if (b[3] & 0x80)
			v->temperature = -v->temperature;
	}
	if (v->humidity > l->humidity_max ||
	    v->temperature < l->temperature_min ||
	    v->temperature > l->temperature_max)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %.1f %% and %.1f °C are beyond what "
				   "it measures; is it another model?",
				   names[model], v->humidity, v->temperature);
	return ACCEL_OK;
}

static bool within(uint64_t ns, uint64_t min, uint64_t max)
{
	return ns >= min && ns <= max;
}

/* Levels must take turns and times must grow, or an edge is lost. */
static bool in_order(const accel_edge *e, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (e[i].level == e[i - 1].level ||
		    e[i].time_ns <= e[i - 1].time_ns || e[i].lost)
			return false;
	return true;
}

/*
 * What may stand before a frame, from its end: the reply's rise and fall, the
 * host's rise and fall. The kernel may have missed the first ones while the
 * line changed its direction.
 */
static bool prefix_fits(const accel_edge *e, uint32_t n)
{
	if (n > 4)
		return false;
	if (n >= 1 && !within(e[n].time_ns - e[n - 1].time_ns, REPLY_MIN_NS,
			      REPLY_MAX_NS))
		return false;
	if (n >= 2 && !within(e[n - 1].time_ns - e[n - 2].time_ns, REPLY_MIN_NS,
			      REPLY_MAX_NS))
		return false;
	if (n >= 3 && e[n - 2].time_ns - e[n - 3].time_ns > TURN_MAX_NS)
		return false;
	return n < 4 || e[n - 3].time_ns - e[n - 4].time_ns >= HOST_MIN_NS;
}

/* Returns the number of the first bit that does not fit, else BITS. */
static int frame_bits(const accel_edge *e, uint8_t bytes[5])
{
	uint64_t low, high;

	memset(bytes, 0, 5);
	for (int i = 0; i < BITS; i++) {
		low = e[2 * i + 1].time_ns - e[2 * i].time_ns;
		high = e[2 * i + 2].time_ns - e[2 * i + 1].time_ns;
		if (!within(low, LOW_MIN_NS, LOW_MAX_NS) ||
		    !within(high, ZERO_MIN_NS, ONE_MAX_NS))
			return i;
		if (high >= ONE_MIN_NS)
			bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	low = e[2 * BITS + 1].time_ns - e[2 * BITS].time_ns;
	return within(low, LOW_MIN_NS, LOW_MAX_NS) ? BITS : BITS - 1;
}

accel_status dht_decode(enum dht_model model, const accel_edge *edges,
			uint32_t n, struct dht_values *v)
{
	uint8_t bytes[5];
	uint32_t before;
	int bit;

	/* the host's own edges are no answer */
	if (n <= 2)
		return accel_error(ACCEL_ERR_TIMEOUT,
				   "%s: no answer; check supply, wiring and "
				   "the pull-up resistor",
				   names[model]);
	if (n < FRAME)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: %u edges, a frame has %d", names[model],
				   n, FRAME + 2);
	before = n - FRAME;
	if (edges[n - 1].level != 1 || !in_order(edges, n) ||
	    !prefix_fits(edges, before))
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: %u edges are no frame: one is lost or "
				   "too many",
				   names[model], n);
	bit = frame_bits(edges + before, bytes);
	if (bit < BITS)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: bit %d has wrong times", names[model],
				   bit);
	return dht_bytes(model, bytes, v);
}
