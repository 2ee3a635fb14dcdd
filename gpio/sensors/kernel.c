// SPDX-License-Identifier: MIT
/*
 * Sensors that have a kernel driver: IIO, 1-wire, hwmon, thermal zones, by
 * their files below /sys (Documentation/ABI/testing/sysfs-bus-iio,
 * Documentation/hwmon/sysfs-interface.rst, Documentation/w1/slaves/w1_therm).
 */
#include "sensor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/number.h"
#include "../gpio.h"

#define ZERO_CELSIUS 273.15

/* What a file's prefix measures: factor from the driver's unit to ours. */
struct quantity {
	const char *prefix, *name, *unit;
	double factor, min, max;
};

static const struct quantity iio_quantities[] = {
	{ "temp", "temperature", "°C", 1e-3, -ZERO_CELSIUS, 2000 },
	{ "humidityrelative", "humidity", "%", 1e-3, 0, 100 },
	{ "pressure", "pressure", "hPa", 10, 0, 1e6 },
	{ "voltage", "voltage", "V", 1e-3, -INFINITY, INFINITY },
	{ "current", "current", "A", 1e-3, -INFINITY, INFINITY },
	{ "power", "power", "W", 1e-3, -INFINITY, INFINITY },
	{ "resistance", "resistance", "Ω", 1, 0, INFINITY },
	{ "illuminance", "illuminance", "lx", 1, 0, INFINITY },
	{ "concentration", "concentration", "%", 1, 0, 100 },
	{ "distance", "distance", "cm", 100, 0, INFINITY },
	{ "accel", "acceleration", "m/s²", 1, -INFINITY, INFINITY },
	{ "anglvel", "rotation", "rad/s", 1, -INFINITY, INFINITY },
	{ "magn", "field", "G", 1, -INFINITY, INFINITY },
	{ "proximity", "proximity", "", 1, -INFINITY, INFINITY },
	{ "intensity", "intensity", "", 1, 0, INFINITY },
	{ "ph", "ph", "", 1, 0, 14 },
	{ 0 }
};

static const struct quantity hwmon_quantities[] = {
	{ "temp", "temperature", "°C", 1e-3, -ZERO_CELSIUS, 2000 },
	{ "humidity", "humidity", "%", 1e-3, 0, 100 },
	{ "in", "voltage", "V", 1e-3, -INFINITY, INFINITY },
	{ "curr", "current", "A", 1e-3, -INFINITY, INFINITY },
	{ "power", "power", "W", 1e-6, -INFINITY, INFINITY },
	{ "fan", "fan", "rpm", 1, 0, INFINITY },
	{ 0 }
};

/* Of "temp1" or "voltage0-voltage1", by its first letters. */
static const struct quantity *quantity_of(const struct quantity *list,
					  const char *channel)
{
	size_t len = 0;

	while (isalpha((unsigned char)channel[len]))
		len++;
	for (; list->prefix; list++)
		if (strlen(list->prefix) == len &&
		    !strncmp(list->prefix, channel, len))
			return list;
	return NULL;
}

/* A file that holds one number. */
static accel_status read_number(const char *path, double *value)
{
	char text[64], *end;

	if (gpio_read_file(path, text, sizeof(text)) < 0)
		return accel_error(errno == ENOENT || errno == ENODEV
					   ? ACCEL_ERR_LOST
					   : ACCEL_ERR_IO,
				   "%s: %s", path, strerror(errno));
	*value = number_read(text, &end);
	if (end == text || *end || !isfinite(*value))
		return accel_error(ACCEL_ERR_FORMAT, "%s: '%s' is no number",
				   path, text);
	return ACCEL_OK;
}

static accel_status channels_read(accel_sensor *s)
{
	accel_status first = ACCEL_OK, st;
	uint32_t dead = 0;
	double raw, fault;

	for (uint32_t i = 0; i < s->count; i++) {
		const struct channel *c = &s->channels[i];

		fault = 0;
		if (c->fault[0] && read_number(c->fault, &fault))
			fault = 0;
		st = fault != 0 ? accel_error(ACCEL_ERR_IO,
					      "%s: the driver reports a fault",
					      c->path)
				: read_number(c->path, &raw);
		if (st) {
			sensor_dead(s, i, accel_last_error());
			first = first ? first : st;
			dead++;
			continue;
		}
		sensor_value(s, i, (raw + c->offset) * c->scale,
			     accel_now_ns());
	}
	/* one broken channel does not take the others' values away */
	return dead == s->count ? first : ACCEL_OK;
}

static struct channel *add_channel(accel_sensor *s, const char *name,
				   const struct quantity *q)
{
	if (!s->channels)
		s->channels =
			mem_zalloc(ACCEL_READINGS_MAX * sizeof(*s->channels));
	if (!s->channels || s->count == ACCEL_READINGS_MAX)
		return NULL;
	sensor_add(s, name, q->unit, q->min, q->max);
	s->channels[s->count - 1].scale = q->factor;
	return &s->channels[s->count - 1];
}

/* ---- devices below /sys --------------------------------------------------- */

struct bus {
	const char *dir, *prefix; /* of the devices' folders */
	const char *name; /* file with the device's name */
};

static const struct bus iio_bus = { "/sys/bus/iio/devices", "iio:device",
				    "name" };
static const struct bus hwmon_bus = { "/sys/class/hwmon", "hwmon", "name" };
static const struct bus thermal_bus = { "/sys/class/thermal", "thermal_zone",
					"type" };
static const struct bus w1_bus = { "/sys/bus/w1/devices", "28-", NULL };

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

/* Calls `see` for each device, in order, until it returns non-zero. */
static int each_device(const struct bus *bus,
		       int (*see)(void *arg, const char *folder,
				  const char *name),
		       void *arg)
{
	char path[GPIO_PATH_SIZE], name[64];
	struct dirent **all;
	int n, done = 0;

	gpio_path(path, "%s", bus->dir);
	n = scandir(path, &all, NULL, by_name);
	for (int i = 0; i < n; i++) {
		const char *d = all[i]->d_name;

		if (!done && !strncmp(d, bus->prefix, strlen(bus->prefix))) {
			gpio_path(path, "%s/%s/%s", bus->dir, d,
				  bus->name ? bus->name : "");
			if (!bus->name ||
			    gpio_read_file(path, name, sizeof(name)) <= 0)
				snprintf(name, sizeof(name), "%.63s", d);
			gpio_path(path, "%s/%s", bus->dir, d);
			done = see(arg, path, name);
		}
		free(all[i]);
	}
	if (n >= 0)
		free(all);
	return done;
}

struct wanted {
	const char *name;
	char folder[GPIO_PATH_SIZE];
};

/* By its name, by its folder's, or by its folder's behind a colon. */
static int is_wanted(void *arg, const char *folder, const char *name)
{
	const char *base = strrchr(folder, '/') + 1, *colon = strchr(base, ':');
	struct wanted *w = arg;

	if (strcmp(w->name, name) && strcmp(w->name, base) &&
	    (!colon || strcmp(w->name, colon + 1)))
		return 0;
	snprintf(w->folder, sizeof(w->folder), "%s", folder);
	return 1;
}

static accel_status find_device(const accel_sensor *s, const struct bus *bus,
				const char *name, struct wanted *w)
{
	w->name = name;
	if (each_device(bus, is_wanted, w))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_NODEV,
			   "sensor '%s': no '%s' below %s; accelctl sensor "
			   "list shows what there is, docs/sensors.md which "
			   "overlay enables it",
			   s->spec, name, bus->dir);
}

/* ---- IIO ------------------------------------------------------------------ */

/* A factor's file, if it is there; one that cannot be read gives no values. */
static bool has_attribute(const char *path, double *v)
{
	if (access(path, F_OK))
		return false;
	if (read_number(path, v))
		*v = NAN;
	return true;
}

/*
 * The factor of a channel: its own ("in_accel_x_scale"), or one that is shared by
 * all of its kind, with its modifier ("in_voltage-voltage_scale") or without
 * ("in_accel_scale"), by all inputs ("in_scale"), or by all there is.
 */
static double iio_attribute(const char *folder, const char *channel,
			    const char *what, double missing)
{
	char path[GPIO_PATH_SIZE * 2], shared[64], kind[64];
	const char *const names[] = { channel, shared, kind };
	size_t n = 0;
	double v;

	for (const char *c = channel; *c && n < sizeof(shared) - 1; c++)
		if (!isdigit((unsigned char)*c))
			shared[n++] = *c;
	shared[n] = 0;
	for (n = 0; isalpha((unsigned char)channel[n]);)
		n++;
	snprintf(kind, sizeof(kind), "%.*s", (int)n, channel);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/in_%s_%s", folder, names[i],
			 what);
		if (has_attribute(path, &v))
			return v;
	}
	snprintf(path, sizeof(path), "%s/in_%s", folder, what);
	if (has_attribute(path, &v))
		return v;
	snprintf(path, sizeof(path), "%s/%s", folder, what);
	return has_attribute(path, &v) ? v : missing;
}

/* "in_temp_input", "in_voltage0_raw": a processed value is better. */
static void iio_add(accel_sensor *s, const char *folder, const char *file)
{
	bool raw = strlen(file) > 7 && !strcmp(file + strlen(file) - 4, "_raw");
	const struct quantity *q = NULL;
	char channel[64], name[64], input[GPIO_PATH_SIZE * 2];
	struct channel *c;

	if (strncmp(file, "in_", 3))
		return;
	if (!raw &&
	    (strlen(file) < 10 || strcmp(file + strlen(file) - 6, "_input")))
		return;
	snprintf(channel, sizeof(channel), "%.*s",
		 (int)(strlen(file) - 3 - (raw ? 4 : 6)), file + 3);
	snprintf(input, sizeof(input), "%s/in_%s_input", folder, channel);
	q = quantity_of(iio_quantities, channel);
	/* it may fail for the moment: that it is there counts */
	if (!q || (raw && !access(input, F_OK)))
		return;
	snprintf(name, sizeof(name), "%s%.40s", q->name,
		 channel + strlen(q->prefix));
	c = add_channel(s, name, q);
	if (!c)
		return;
	snprintf(c->path, sizeof(c->path), "%.190s/%.60s", folder, file);
	if (raw) {
		c->scale *= iio_attribute(folder, channel, "scale", 1);
		c->offset = iio_attribute(folder, channel, "offset", 0);
	}
}

static accel_status iio_describe(accel_sensor *s, const struct sensor_args *a)
{
	struct dirent **all;
	struct wanted w;
	accel_status st = find_device(s, &iio_bus, a->where[0], &w);
	int n;

	if (st)
		return st;
	n = scandir(w.folder, &all, NULL, by_name);
	for (int i = 0; i < n; i++) {
		iio_add(s, w.folder, all[i]->d_name);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
	return s->count ? ACCEL_OK
			: accel_error(ACCEL_ERR_NOSYS,
				      "sensor '%s': no input channel that is "
				      "known here in %s",
				      s->spec, w.folder);
}

/* ---- hwmon, thermal ------------------------------------------------------- */

static void hwmon_add(accel_sensor *s, const char *folder, const char *file)
{
	char channel[32], label[32], name[64], path[GPIO_PATH_SIZE * 2];
	size_t len = strlen(file);
	const struct quantity *q;
	struct channel *c;

	if (len <= 6 || len - 6 >= sizeof(channel) ||
	    strcmp(file + len - 6, "_input"))
		return;
	snprintf(channel, sizeof(channel), "%.*s", (int)(len - 6), file);
	q = quantity_of(hwmon_quantities, channel);
	if (!q)
		return;
	snprintf(path, sizeof(path), "%s/%s_label", folder, channel);
	snprintf(name, sizeof(name), "%s%.20s", q->name,
		 channel + strlen(q->prefix));
	if (gpio_read_file(path, label, sizeof(label)) > 0)
		snprintf(name, sizeof(name), "%.31s", label);
	c = add_channel(s, name, q);
	if (!c)
		return;
	snprintf(c->path, sizeof(c->path), "%.190s/%.60s", folder, file);
	snprintf(c->fault, sizeof(c->fault), "%.190s/%.30s_fault", folder,
		 channel);
}

static accel_status hwmon_describe(accel_sensor *s, const struct sensor_args *a)
{
	struct dirent **all;
	struct wanted w;
	accel_status st = find_device(s, &hwmon_bus, a->where[0], &w);
	int n;

	if (st)
		return st;
	n = scandir(w.folder, &all, NULL, by_name);
	for (int i = 0; i < n; i++) {
		hwmon_add(s, w.folder, all[i]->d_name);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
	return s->count ? ACCEL_OK
			: accel_error(ACCEL_ERR_NOSYS,
				      "sensor '%s': no input in %s", s->spec,
				      w.folder);
}

static accel_status thermal_describe(accel_sensor *s,
				     const struct sensor_args *a)
{
	struct wanted w;
	accel_status st = find_device(s, &thermal_bus, a->where[0], &w);
	struct channel *c;

	if (st)
		return st;
	c = add_channel(s, "temperature", &hwmon_quantities[0]);
	if (!c)
		return ACCEL_ERR_NOMEM;
	snprintf(c->path, sizeof(c->path), "%.240s/temp", w.folder);
	return ACCEL_OK;
}

/* ---- DS18B20 -------------------------------------------------------------- */

static accel_status w1_describe(accel_sensor *s, const struct sensor_args *a)
{
	struct wanted w;
	accel_status st = find_device(s, &w1_bus, a->where[0], &w);
	static const struct quantity ds18b20 = { "t",  "temperature", "°C",
						 1e-3, -55,           125 };
	struct channel *c;

	if (st)
		return st;
	c = add_channel(s, "temperature", &ds18b20);
	if (!c)
		return ACCEL_ERR_NOMEM;
	snprintf(c->path, sizeof(c->path), "%.240s/w1_slave", w.folder);
	return ACCEL_OK;
}

/*
 * "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES"
 * "72 01 4b 46 7f ff 0e 10 57 t=23125"
 */
/*
 * 85.0 °C is a DS18B20's register before its first conversion. Byte 6, reserved
 * in the data sheet, is 0c then; a conversion leaves 10 less the lowest four bits
 * of its result, which of 85.0 is 10.
 */
static accel_status w1_judge_85(accel_sensor *s, const char *text)
{
	unsigned int b[7] = { 0 };

	sscanf(text, "%x %x %x %x %x %x %x", &b[0], &b[1], &b[2], &b[3], &b[4],
	       &b[5], &b[6]);
	if (b[6] == 0x0c)
		return accel_error(ACCEL_ERR_FORMAT,
				   "85 °C is what it says after power-on (byte "
				   "6 is 0c): it has measured nothing yet");
	if (b[6] != 0x10)
		sensor_doubt(s, 0, "85 °C is what it says after power-on");
	return ACCEL_OK;
}

static accel_status w1_read(accel_sensor *s)
{
	const char *path = s->channels[0].path, *t;
	char text[256];
	double raw;

	if (gpio_read_file(path, text, sizeof(text)) < 0)
		return accel_error(
			errno == ENOENT ? ACCEL_ERR_LOST : ACCEL_ERR_IO,
			"%s: %s; the sensor is gone", path, strerror(errno));
	t = strstr(text, "t=");
	if (!t || !strstr(text, " YES"))
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: wrong checksum; check wiring and the "
				   "4.7 kOhm pull-up",
				   path);
	/* nine zeros have a right checksum, and are what a shorted bus reads */
	if (!strncmp(text, "00 00 00 00 00 00 00 00", 23))
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: all bytes are zero; the bus is shorted",
				   path);
	raw = number_read(t + 2, NULL);
	sensor_value(s, 0, raw * 1e-3, accel_now_ns());
	return raw == 85000 ? w1_judge_85(s, text) : ACCEL_OK;
}

const struct sensor_kind sensor_kernel_kinds[] = {
	{ "iio", "DEVICE", 1, 1, "", iio_describe, NULL, channels_read, false,
	  0 },
	{ "ds18b20", "ID", 1, 1, "", w1_describe, NULL, w1_read, false, 0 },
	{ "hwmon", "CHIP", 1, 1, "", hwmon_describe, NULL, channels_read, false,
	  0 },
	{ "thermal", "ZONE", 1, 1, "", thermal_describe, NULL, channels_read,
	  false, 0 },
};

const uint32_t sensor_num_kernel_kinds =
	sizeof(sensor_kernel_kinds) / sizeof(sensor_kernel_kinds[0]);

/* ---- the list ------------------------------------------------------------- */

struct listing {
	accel_sensor_info *list;
	uint32_t max, count;
	const char *kind, *text;
	char names[64][64]; /* of this kind so far */
	uint32_t num_names;
};

static int list_one(void *arg, const char *folder, const char *name)
{
	struct listing *l = arg;
	accel_sensor_info info;
	bool twice = false;

	for (uint32_t i = 0; i < l->num_names; i++)
		twice = twice || !strcmp(l->names[i], name);
	if (l->num_names < 64)
		snprintf(l->names[l->num_names++], 64, "%s", name);
	/* the second of a name is known by its folder */
	snprintf(info.spec, sizeof(info.spec), "%s:%.80s", l->kind,
		 twice ? strrchr(folder, '/') + 1 : name);
	snprintf(info.text, sizeof(info.text), "%s", l->text);
	if (l->count < l->max)
		l->list[l->count] = info;
	l->count++;
	return 0;
}

accel_status accel_sensor_list(accel_sensor_info *list, uint32_t max,
			       uint32_t *count)
{
	static const struct {
		const struct bus *bus;
		const char *kind, *text;
	} kinds[] = {
		{ &iio_bus, "iio", "IIO device" },
		{ &w1_bus, "ds18b20", "1-wire temperature" },
		{ &hwmon_bus, "hwmon", "hardware monitor" },
		{ &thermal_bus, "thermal", "temperature of a part" },
	};
	struct listing l = { .list = list, .max = max };

	if (!count || (max && !list))
		return accel_error(ACCEL_ERR_INVALID,
				   "sensor list: no place for the answer");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		l.kind = kinds[i].kind;
		l.text = kinds[i].text;
		l.num_names = 0;
		each_device(kinds[i].bus, list_one, &l);
	}
	*count = l.count;
	return ACCEL_OK;
}
