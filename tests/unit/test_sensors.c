// SPDX-License-Identifier: MIT
/* Decoders on jittered and damaged edges; the kernel's sensors in a fake /sys. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <accel/accel.h>

#include "../../gpio/sensors/decode.h"
#include "tap.h"

#define FRAMES 2000
#define US 1000ull

static uint64_t rng = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

/* ---- DHT ------------------------------------------------------------------ */

#define DHT_EDGES 86

static void push(accel_edge *e, uint32_t *n, uint64_t *t, uint64_t us)
{
	*t += us * US;
	e[*n] = (accel_edge){ .time_ns = *t, .seq = *n + 1, .level = *n & 1 };
	++*n;
}

/* The host's fall and rise, then a whole reply; returns the edges. */
static uint32_t dht_frame(accel_edge *e, const uint8_t b[5])
{
	uint64_t t = 5000 * US;
	uint32_t n = 0;

	push(e, &n, &t, 1000);
	push(e, &n, &t, 1200);
	push(e, &n, &t, 30);
	push(e, &n, &t, 80);
	push(e, &n, &t, 80);
	for (int i = 0; i < 40; i++) {
		push(e, &n, &t, 50);
		push(e, &n, &t, b[i / 8] >> (7 - i % 8) & 1 ? 70 : 27);
	}
	push(e, &n, &t, 50);
	return n;
}

static void jitter(accel_edge *e, uint32_t n, int us)
{
	for (uint32_t i = 0; i < n; i++)
		e[i].time_ns += (uint64_t)((int64_t)rnd(2u * (uint32_t)us *
							(uint32_t)US) -
					   us * (int64_t)US);
}

static void dht_random(uint8_t b[5])
{
	uint32_t h = rnd(1000), t = rnd(800);

	b[0] = (uint8_t)(h >> 8);
	b[1] = (uint8_t)h;
	b[2] = (uint8_t)(t >> 8);
	b[3] = (uint8_t)t;
	if (t < 400 && rnd(4) == 0)
		b[2] |= 0x80;
	b[1] |= 1; /* five zeros are no reading */
	b[4] = (uint8_t)(b[0] + b[1] + b[2] + b[3]);
}

static bool same_values(const struct dht_values *a, const struct dht_values *b)
{
	return near(a->humidity, b->humidity) &&
	       near(a->temperature, b->temperature);
}

static void test_dht_vectors(void)
{
	static const uint8_t warm[] = { 0x02, 0x8c, 0x01, 0x5f, 0xee };
	static const uint8_t cold[] = { 0x02, 0x8c, 0x80, 0x65, 0x73 };
	static const uint8_t sum[] = { 0x02, 0x8c, 0x01, 0x5f, 0xef };
	static const uint8_t zeros[5] = { 0 };
	static const uint8_t wet[] = { 0x03, 0xe9, 0x01, 0x00, 0xed };
	static const uint8_t hot[] = { 0x02, 0x00, 0x03, 0x21, 0x26 };
	static const uint8_t eleven[] = { 45, 0, 23, 4, 72 };
	accel_edge e[DHT_EDGES];
	struct dht_values v;
	uint32_t n = dht_frame(e, warm);

	CHECK(n == DHT_EDGES, "a frame has %d edges", DHT_EDGES);
	CHECK(!dht_decode(DHT22, e, n, &v) && near(v.humidity, 65.2) &&
		      near(v.temperature, 35.1),
	      "02 8C 01 5F EE reads 65.2 %% and 35.1 °C");
	n = dht_frame(e, cold);
	CHECK(!dht_decode(DHT22, e, n, &v) && near(v.temperature, -10.1),
	      "80 65 reads -10.1 °C");
	CHECK(!dht_decode(DHT22, e + 3, n - 3, &v) && near(v.humidity, 65.2),
	      "the first edges may be missing");
	CHECK(!dht_bytes(DHT11, eleven, &v) && near(v.humidity, 45) &&
		      near(v.temperature, 23.4),
	      "a DHT11 has tenths in bytes of their own");
	CHECK(dht_bytes(DHT22, sum, &v) == ACCEL_ERR_FORMAT &&
		      strstr(accel_last_error(), "ee, its sum says ef"),
	      "a wrong sum is refused, with the numbers");
	CHECK(dht_bytes(DHT22, zeros, &v) == ACCEL_ERR_FORMAT,
	      "five zeros are no reading");
	CHECK(dht_bytes(DHT22, wet, &v) == ACCEL_ERR_RANGE,
	      "100.1 %% is refused");
	CHECK(dht_bytes(DHT22, hot, &v) == ACCEL_ERR_RANGE,
	      "80.1 °C is refused");
	CHECK(dht_bytes(DHT11, warm, &v) == ACCEL_ERR_RANGE,
	      "a DHT22's bytes are no DHT11's");
	CHECK(dht_decode(DHT22, e, 0, &v) == ACCEL_ERR_TIMEOUT &&
		      dht_decode(DHT22, e, 2, &v) == ACCEL_ERR_TIMEOUT,
	      "silence is a timeout");
}

static void test_dht_jitter(void)
{
	struct dht_values want, got;
	accel_edge e[DHT_EDGES];
	uint32_t right = 0, wrong = 0, n;
	uint8_t b[5];

	for (uint32_t i = 0; i < FRAMES; i++) {
		dht_random(b);
		dht_bytes(DHT22, b, &want);
		n = dht_frame(e, b);
		jitter(e, n, 10);
		if (dht_decode(DHT22, e, n, &got))
			continue;
		right += same_values(&want, &got);
		wrong += !same_values(&want, &got);
	}
	printf("# %u of %u jittered frames read right\n", right, FRAMES);
	CHECK(right * 1000 >= FRAMES * 999u && !wrong,
	      "99.9 %% of frames with 10 us jitter read right, none wrong");
}

static void insert(accel_edge *e, uint32_t *n, uint32_t at, uint64_t t,
		   uint8_t level)
{
	memmove(e + at + 1, e + at, (*n - at) * sizeof(*e));
	e[at] = (accel_edge){ .time_ns = t, .level = level };
	++*n;
}

static void cut(accel_edge *e, uint32_t *n, uint32_t at, uint32_t len)
{
	memmove(e + at, e + at + len, (*n - at - len) * sizeof(*e));
	*n -= len;
}

/* A frame whose bit is another than its sum says. */
static void flip(uint8_t b[5])
{
	uint32_t bit = rnd(40);

	b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
}

/* Damages a frame; the kinds are what wires and interrupts do. */
static void damage(accel_edge *e, uint32_t *n, uint32_t kind)
{
	uint32_t at = 5 + rnd(*n - 6);
	uint64_t t;

	switch (kind) {
	case 0: /* lost */
		cut(e, n, at, 1);
		break;
	case 1: /* a pulse that is lost */
		cut(e, n, at, 2);
		break;
	case 2: /* extra */
		t = e[at].time_ns - 5 * US - rnd(15) * US;
		insert(e, n, at, t, (uint8_t)rnd(2));
		break;
	case 3: /* a spike: two extra */
		t = e[at].time_ns - 12 * US;
		insert(e, n, at, t, e[at].level);
		insert(e, n, at + 1, t + 2 * US, !e[at].level);
		break;
	case 4: /* one edge moved */
		e[at].time_ns += (15 + rnd(60)) * US;
		break;
	case 5: /* an interval stretched, and all that follows later */
		t = (15 + rnd(200)) * US;
		for (uint32_t i = at; i < *n; i++)
			e[i].time_ns += t;
		break;
	case 6: /* cut off */
		*n = at;
		break;
	default: /* silence */
		*n = rnd(3);
		break;
	}
}

static void test_dht_damage(void)
{
	struct dht_values want, got;
	accel_edge e[DHT_EDGES + 2];
	uint32_t refused = 0, right = 0, wrong = 0, n;
	uint8_t b[5];

	for (uint32_t i = 0; i < FRAMES; i++) {
		dht_random(b);
		dht_bytes(DHT22, b, &want);
		if (i % 9 == 8)
			flip(b);
		n = dht_frame(e, b);
		if (i % 9 != 8)
			damage(e, &n, i % 9);
		jitter(e, n, 10);
		if (dht_decode(DHT22, e, n, &got))
			refused++;
		else if (same_values(&want, &got))
			right++;
		else
			wrong++;
	}
	printf("# of %u damaged frames %u refused, %u still right, %u wrong\n",
	       FRAMES, refused, right, wrong);
	CHECK(!wrong, "no damaged frame gives a wrong value");
	CHECK(refused > FRAMES * 8 / 10, "most of them are refused");
}

/* ---- the others ----------------------------------------------------------- */

static void test_echo(void)
{
	accel_edge e[3] = { { .time_ns = 1000, .level = 1 },
			    { .time_ns = 1000 + 580 * US, .level = 0 },
			    { .time_ns = 2000 * US, .level = 1 } };
	double cm = 0, warm = 0;

	CHECK(!echo_decode(e, 2, 20, &cm) && fabs(cm - 9.96) < 0.01,
	      "580 us are 9.96 cm at 20 °C");
	CHECK(!echo_decode(e, 2, 40, &warm) && warm > cm, "warm air is faster");
	CHECK(echo_decode(e, 0, 20, &cm) == ACCEL_ERR_TIMEOUT,
	      "no pulse is a timeout");
	CHECK(echo_decode(e, 1, 20, &cm) == ACCEL_ERR_TIMEOUT &&
		      strstr(accel_last_error(), "nothing within"),
	      "an echo that does not end is nothing in range");
	CHECK(echo_decode(e + 1, 1, 20, &cm) == ACCEL_ERR_FORMAT &&
		      echo_decode(e, 3, 20, &cm) == ACCEL_ERR_FORMAT &&
		      echo_decode(e + 1, 2, 20, &cm) == ACCEL_ERR_FORMAT,
	      "anything but one pulse is refused");
	e[1].time_ns = 1000 + 38000 * US;
	CHECK(echo_decode(e, 2, 20, &cm) == ACCEL_ERR_TIMEOUT,
	      "38 ms are nothing in range");
	e[1].time_ns = 1000 + 50 * US;
	CHECK(echo_decode(e, 2, 20, &cm) == ACCEL_ERR_FORMAT,
	      "less than 2 cm is refused");
}

static void test_pulses(void)
{
	struct pulse p = { 0 };
	accel_edge e[10];

	for (uint32_t i = 0; i < 10; i++)
		e[i] = (accel_edge){ .time_ns = 1000 * US * (i + 1),
				     .level = 1 };
	pulse_feed(&p, e, 10);
	CHECK(p.count == 10 && near(pulse_rate(&p), 1000),
	      "10 pulses 1 ms apart are 1 kHz");
	CHECK(pulse_rate(&p) <= 0, "and none after them no rate");
	e[0].time_ns = 30000 * US;
	pulse_feed(&p, e, 1);
	CHECK(near(pulse_rate(&p), 50),
	      "one pulse 20 ms after the last is 50 Hz");
	e[0].lost = 5;
	pulse_feed(&p, e, 1);
	CHECK(p.count == 17 && p.lost == 5, "lost pulses are counted");
}

/* `n` pulses from number `from`, those before them dropped by the queue. */
static void feed_pulses(struct pulse *p, uint64_t from, uint32_t n,
			uint32_t lost, uint64_t period)
{
	for (uint32_t i = 0; i < n; i++) {
		accel_edge e = { .time_ns = (from + i + 1) * period,
				 .level = 1,
				 .lost = i ? 0 : lost };

		pulse_feed(p, &e, 1);
	}
}

static void test_pulses_lost(void)
{
	static const uint32_t hz[] = { 5000, 10000, 50000, 100000 };

	for (uint32_t i = 0; i < 4; i++) {
		struct pulse p = { 0 };
		uint64_t period = 1000000000u / hz[i];

		/* dropped before anything is known: no time for them */
		feed_pulses(&p, 7, 4096, 7, period);
		CHECK(near(pulse_rate(&p), hz[i]) && p.count == 4103,
		      "%u Hz, the queue full at the start", hz[i]);
		feed_pulses(&p, 4103 + hz[i], 4096, hz[i], period);
		CHECK(near(pulse_rate(&p), hz[i]) &&
			      p.count == 2 * 4096 + 7 + hz[i],
		      "%u Hz when the queue dropped %u pulses", hz[i], hz[i]);
	}
}

/* Clones send temperatures below zero in two's complement. */
static void test_dht_below_zero(void)
{
	static const struct {
		unsigned int sent;
		double want;
	} row[] = { { 0x800f, -1.5 }, { 0xfff1, -1.5 }, { 0x8001, -0.1 },
		    { 0xffff, -0.1 }, { 0x8190, -40 },  { 0xfe70, -40 },
		    { 0x8000, 0 },    { 0x00fa, 25 },   { 0x0320, 80 },
		    { 0x8191, NAN },  { 0xfe6f, NAN },  { 0xfc18, NAN },
		    { 0x0321, NAN } };
	uint8_t b[5] = { 0x01, 0xf5 };
	struct dht_values v;
	accel_status st;

	for (uint32_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		b[2] = (uint8_t)(row[i].sent >> 8);
		b[3] = (uint8_t)row[i].sent;
		b[4] = (uint8_t)(b[0] + b[1] + b[2] + b[3]);
		st = dht_bytes(DHT22, b, &v);
		if (isnan(row[i].want))
			CHECK(st == ACCEL_ERR_RANGE, "DHT22 %04x is no value",
			      row[i].sent);
		else
			CHECK(!st && near(v.temperature, row[i].want) &&
				      !(signbit(v.temperature) &&
					v.temperature >= 0),
			      "DHT22 %04x is %.1f °C", row[i].sent,
			      row[i].want);
	}
}

static void test_encoder(void)
{
	static const accel_edge forward[] = { { .line = 0, .level = 1 },
					      { .line = 1, .level = 1 },
					      { .line = 0, .level = 0 },
					      { .line = 1, .level = 0 },
					      { .line = 0, .level = 1 } };
	static const accel_edge back[] = { { .line = 0, .level = 0 },
					   { .line = 1, .level = 1 } };
	struct encoder e = { 0 };

	encoder_feed(&e, forward, 5);
	CHECK(e.steps == 5 && !e.errors, "five steps forward");
	encoder_feed(&e, back, 2);
	CHECK(e.steps == 3 && !e.errors, "and two back");
	encoder_feed(&e, back + 1, 1);
	CHECK(e.steps == 3 && e.errors == 1,
	      "the same level twice is a lost step");
}

static void test_button(void)
{
	struct button b = { 0 };
	accel_edge e[40];
	uint32_t n = 0;

	/* bounces for 3 ms, then stands */
	for (uint32_t i = 0; i < 31; i++)
		e[n++] = (accel_edge){ .time_ns = 1000 * US + i * 100 * US,
				       .level = !(i & 1) };
	button_feed(&b, e, n, 5000 * US, 5000 * US);
	CHECK(!b.pressed && !b.presses, "a bouncing button is not pressed yet");
	button_feed(&b, e, 0, 5000 * US, 9001 * US);
	CHECK(b.pressed && b.presses == 1, "once it stands it is, once");
	CHECK(b.since_ns == 4000 * US, "since its last change");
	e[0] = (accel_edge){ .time_ns = 20000 * US, .level = 0 };
	e[1] = (accel_edge){ .time_ns = 20100 * US, .level = 1 };
	button_feed(&b, e, 2, 5000 * US, 90000 * US);
	CHECK(b.pressed && b.presses == 1, "a spike is no release");
	button_feed(&b, e, 1, 5000 * US, 26000 * US);
	CHECK(!b.pressed && b.presses == 1, "a release is");
}

/* ---- the kernel's sensors ------------------------------------------------- */

static char root[] = "/tmp/accel-sys-XXXXXX";

static void file(const char *path, const char *text)
{
	char full[256], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + strlen(root) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		*slash = 0;
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

/* Opens, reads once and closes; the readings that were found. */
static uint32_t read_once(const char *spec, accel_reading *r, accel_status *st)
{
	accel_sensor *s = accel_sensor_open(spec);
	uint32_t n = 0;

	*st = ACCEL_ERR_NODEV;
	if (s)
		*st = accel_sensor_read(s, r, ACCEL_READINGS_MAX, &n);
	accel_sensor_close(s);
	return n;
}

static const accel_reading *find(const accel_reading *r, uint32_t n,
				 const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(r[i].name, name))
			return &r[i];
	return NULL;
}

static bool reads(const char *spec, const char *name, double value,
		  const char *unit)
{
	accel_reading r[ACCEL_READINGS_MAX];
	const accel_reading *f;
	accel_status st;
	uint32_t n = read_once(spec, r, &st);

	f = find(r, n, name);
	if (!f || st) {
		printf("# %s: %s\n", spec, accel_last_error());
		return false;
	}
	printf("# %s %s %.4f %s\n", spec, name, f->value, f->unit);
	return fabs(f->value - value) < 1e-6 && !strcmp(f->unit, unit) &&
	       f->quality == ACCEL_QUALITY_GOOD && f->time_ns;
}

static void fake_sys(void)
{
#define IIO "/sys/bus/iio/devices/iio:device"
	file(IIO "0/name", "bme280\n");
	file(IIO "0/in_temp_input", "25080\n");
	file(IIO "0/in_pressure_input", "100.653\n");
	file(IIO "0/in_humidityrelative_input", "46332\n");
	file(IIO "0/in_temp_oversampling_ratio", "2\n");
	file(IIO "1/name", "ads1015\n");
	file(IIO "1/in_voltage0_raw", "1200\n");
	file(IIO "1/in_voltage0_scale", "2.000000000\n");
	file(IIO "1/in_voltage0-voltage1_raw", "-5\n");
	file(IIO "1/in_voltage-voltage_scale", "3\n");
	file(IIO "2/name", "mcp3008\n");
	file(IIO "2/in_voltage3_raw", "512\n");
	file(IIO "2/in_voltage_scale", "3.222656250\n");
	file(IIO "3/name", "bme280\n");
	file(IIO "3/in_temp_raw", "100\n");
	file(IIO "3/in_temp_offset", "50\n");
	file(IIO "3/in_temp_scale", "20\n");
	file(IIO "4/name", "mpu6050\n");
	file(IIO "4/in_accel_x_raw", "16384\n");
	file(IIO "4/in_accel_scale", "0.000598\n");
	file(IIO "4/in_anglvel_z_raw", "1000\n");
	file(IIO "4/in_anglvel_scale", "no number\n");
	file(IIO "4/in_temp_raw", "20\n");
	file(IIO "4/in_scale", "50\n");
	file(IIO "4/in_illuminance_raw", "7\n");
	file(IIO "4/in_illuminance_input", "busy\n");
#define W1 "/sys/bus/w1/devices/28-"
	file(W1 "01/w1_slave", "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n"
			       "72 01 4b 46 7f ff 0e 10 57 t=23125\n");
	file(W1 "02/w1_slave", "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n"
			       "50 05 4b 46 7f ff 0c 10 1c t=85000\n");
	file(W1 "03/w1_slave", "72 01 4b 46 7f ff 0e 10 58 : crc=57 NO\n"
			       "72 01 4b 46 7f ff 0e 10 58 t=23125\n");
	file(W1 "04/w1_slave", "00 00 00 00 00 00 00 00 00 : crc=00 YES\n"
			       "00 00 00 00 00 00 00 00 00 t=0\n");
	file(W1 "05/w1_slave", "50 05 4b 46 7f ff 10 10 f3 : crc=f3 YES\n"
			       "50 05 4b 46 7f ff 10 10 f3 t=85000\n");
	file(W1 "06/w1_slave", "50 05 4b 46 7f ff 02 10 aa : crc=aa YES\n"
			       "50 05 4b 46 7f ff 02 10 aa t=85000\n");
#define HWMON "/sys/class/hwmon/hwmon"
	file(HWMON "0/name", "nct7802\n");
	file(HWMON "0/temp1_input", "31500\n");
	file(HWMON "0/temp1_label", "Board\n");
	file(HWMON "0/temp2_input", "0\n");
	file(HWMON "0/temp2_fault", "1\n");
	file(HWMON "0/fan1_input", "1200\n");
	file(HWMON "0/in0_input", "4980\n");
	file("/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
	file("/sys/class/thermal/thermal_zone0/temp", "48312\n");
	file("/sys/class/thermal/thermal_zone1/type", "broken\n");
	file("/sys/class/thermal/thermal_zone1/temp", "-300000\n");
}

static void test_kernel_good(void)
{
	CHECK(reads("iio:bme280", "temperature", 25.08, "°C"), "IIO °C");
	CHECK(reads("iio:bme280", "pressure", 1006.53, "hPa"), "IIO hPa");
	CHECK(reads("iio:bme280", "humidity", 46.332, "%"), "IIO %%");
	CHECK(reads("iio:device3", "temperature", 3, "°C"),
	      "raw, offset and scale, by the device's number");
	CHECK(reads("iio:ads1015", "voltage0", 2.4, "V"),
	      "a channel's own scale");
	CHECK(reads("iio:ads1015", "voltage0-voltage1", -0.015, "V"),
	      "a differential channel's shared scale");
	CHECK(reads("iio:mcp3008", "voltage3", 1.65, "V"), "a shared scale");
	CHECK(reads("iio:mpu6050", "acceleration_x", 9.797632, "m/s²"),
	      "one that is shared by all axes");
	CHECK(reads("iio:mpu6050", "temperature", 1, "°C"),
	      "one that is shared by all inputs");
	CHECK(reads("ds18b20:28-01", "temperature", 23.125, "°C"), "DS18B20");
	CHECK(reads("hwmon:nct7802", "Board", 31.5, "°C"), "hwmon, labelled");
	CHECK(reads("hwmon:hwmon0", "fan1", 1200, "rpm"), "a fan");
	CHECK(reads("hwmon:nct7802", "voltage0", 4.98, "V"), "a voltage");
	CHECK(reads("thermal:cpu-thermal", "temperature", 48.312, "°C"),
	      "a thermal zone");
}

static void test_kernel_bad(void)
{
	accel_reading r[ACCEL_READINGS_MAX];
	const accel_reading *f;
	accel_status st;
	accel_sensor *s;
	uint32_t n;

	n = read_once("ds18b20:28-02", r, &st);
	CHECK(n == 1 && st == ACCEL_ERR_FORMAT && isnan(r[0].value) &&
		      r[0].quality == ACCEL_QUALITY_DEAD &&
		      strstr(r[0].note, "power-on"),
	      "a DS18B20's register after power-on is no value");
	n = read_once("ds18b20:28-05", r, &st);
	CHECK(n == 1 && !st && r[0].quality == ACCEL_QUALITY_GOOD &&
		      near(r[0].value, 85),
	      "85.0 °C that it measured are good");
	n = read_once("ds18b20:28-06", r, &st);
	CHECK(n == 1 && !st && r[0].quality == ACCEL_QUALITY_SUSPECT &&
		      near(r[0].value, 85) && strstr(r[0].note, "power-on"),
	      "85.0 °C of a clone whose byte 6 says neither are suspect");
	n = read_once("ds18b20:28-03", r, &st);
	CHECK(n == 1 && st == ACCEL_ERR_FORMAT && isnan(r[0].value) &&
		      r[0].quality == ACCEL_QUALITY_DEAD,
	      "a wrong checksum has no value");
	n = read_once("ds18b20:28-04", r, &st);
	CHECK(n == 1 && st == ACCEL_ERR_FORMAT && isnan(r[0].value),
	      "nine zeros have no value");
	n = read_once("hwmon:nct7802", r, &st);
	f = find(r, n, "temperature2");
	CHECK(f && !st && f->quality == ACCEL_QUALITY_DEAD && isnan(f->value),
	      "a fault is no zero, and leaves the others alone");
	n = read_once("thermal:broken", r, &st);
	CHECK(n == 1 && !st && isnan(r[0].value) && strstr(r[0].note, "-300"),
	      "below absolute zero is no value");
	n = read_once("iio:mpu6050", r, &st);
	f = find(r, n, "rotation_z");
	CHECK(f && !st && isnan(f->value),
	      "a scale that cannot be read is no scale of 1");
	f = find(r, n, "illuminance");
	CHECK(n == 4 && f && isnan(f->value),
	      "nor is a raw value what fails to be processed");
	s = accel_sensor_open("iio:mcp3008");
	accel_sensor_read(s, r, ACCEL_READINGS_MAX, &n);
	CHECK(n == 1 && r[0].value > 1, "a sensor that is there");
	file(IIO "2/in_voltage3_raw", "");
	st = accel_sensor_read(s, r, ACCEL_READINGS_MAX, &n);
	CHECK(st == ACCEL_ERR_FORMAT && isnan(r[0].value) &&
		      r[0].quality == ACCEL_QUALITY_DEAD,
	      "that says nothing has no value, and not its last one");
	file(IIO "2/in_voltage3_raw", "512");
	st = accel_sensor_read(s, r, ACCEL_READINGS_MAX, &n);
	CHECK(!st && near(r[0].value, 1.65), "and is back when it is");
	accel_sensor_close(s);
}

static void test_specs(void)
{
	accel_sensor_info list[32];
	uint32_t n = 0;

	CHECK(!accel_sensor_open("thermometer:1") &&
		      strstr(accel_last_error(), "dht22"),
	      "an unknown kind is answered with the known ones");
	CHECK(!accel_sensor_open("iio:bme680") &&
		      strstr(accel_last_error(), "docs/sensors.md"),
	      "a device that is not there");
	CHECK(!accel_sensor_open("hcsr04:GPIO5") &&
		      strstr(accel_last_error(), "TRIGGER,ECHO"),
	      "a line too few is answered with the usage");
	CHECK(!accel_sensor_open("pulse:GPIO5,windows=3") &&
		      strstr(accel_last_error(), "windows"),
	      "an unknown option is named");
	CHECK(!accel_sensor_open("pulse:GPIO5,window=-3") &&
		      strstr(accel_last_error(), "0.01 to 3600"),
	      "a wrong number is answered with its bounds");
	CHECK(!accel_sensor_open(NULL) && !accel_sensor_open("") &&
		      !accel_sensor_open("iio"),
	      "no spec, an empty one, half a one");
	CHECK(!accel_sensor_list(list, 32, &n) && n == 14,
	      "the list has all 14 (%u)", n);
	CHECK(!strcmp(list[0].spec, "iio:bme280") &&
		      !strcmp(list[3].spec, "iio:iio:device3"),
	      "the second of a name is known by its folder (%s)", list[3].spec);
	CHECK(reads(list[3].spec, "temperature", 3, "°C"),
	      "and is opened by it");
}

static void test_describe(void)
{
	accel_reading r[ACCEL_READINGS_MAX];
	uint32_t n = 0;

	CHECK(!accel_sensor_describe("dht22:GPIO4", r, ACCEL_READINGS_MAX,
				     &n) &&
		      n == 2 && !strcmp(r[1].name, "humidity") &&
		      !strcmp(r[1].unit, "%") && near(r[1].max, 100) &&
		      isnan(r[1].value),
	      "a sensor says what it reads without being there");
	CHECK(!accel_sensor_describe("pulse:GPIO5,unit=l", r,
				     ACCEL_READINGS_MAX, &n) &&
		      n == 3 && !strcmp(r[1].unit, "l/s"),
	      "with the units that it was told");
	CHECK(!accel_sensor_describe("pulse:GPIO5,window=2,per=450,unit=l,"
				     "debounce=20,pull=up",
				     r, ACCEL_READINGS_MAX, &n) &&
		      n == 3,
	      "a reed contact's pulses are debounced and pulled up");
	CHECK(accel_sensor_describe("pulse:GPIO5,pull=north", r, 1, &n) ==
			      ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "up, down or none"),
	      "a pull is up, down or none");
	CHECK(accel_sensor_describe("button:GPIO5,debounce=x", r, 1, &n) ==
			      ACCEL_ERR_INVALID &&
		      n == 0,
	      "a wrong option is found");
	CHECK(accel_sensor_describe("dht33:GPIO5", r, 1, &n) ==
		      ACCEL_ERR_INVALID,
	      "and a wrong kind");
}

static void test_age(void)
{
	accel_reading r = { .value = 3, .time_ns = 1000 };

	CHECK(accel_reading_age_ns(&r, 1500) == 500, "the age of a reading");
	accel_reading_expire(&r, 1500, 500);
	CHECK(near(r.value, 3), "young enough, it keeps its value");
	accel_reading_expire(&r, 1501, 500);
	CHECK(isnan(r.value) && r.quality == ACCEL_QUALITY_STALE,
	      "too old, it has none");
	r.time_ns = 0;
	CHECK(accel_reading_age_ns(&r, 5) == UINT64_MAX,
	      "what was never measured is infinitely old");
}

int main(void)
{
	char rm[64];

	test_dht_vectors();
	test_dht_jitter();
	test_dht_damage();
	test_echo();
	test_pulses();
	test_pulses_lost();
	test_dht_below_zero();
	test_encoder();
	test_button();
	if (!mkdtemp(root))
		return 1;
	setenv("ACCEL_ROOT", root, 1);
	fake_sys();
	test_kernel_good();
	test_kernel_bad();
	test_specs();
	test_describe();
	test_age();
	snprintf(rm, sizeof(rm), "rm -rf %s", root);
	if (system(rm))
		return 1;
	return tap_done();
}
