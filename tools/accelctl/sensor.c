// SPDX-License-Identifier: MIT
/* accelctl sensor list|read|watch. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

static const struct usage usage = {
	"sensor list|read|watch [SPEC...] [--every TIME] [--count N] [--json]",
	"list shows the sensors of kernel drivers. read measures once, watch "
	"every 2s until\nCtrl-C or --count times. A SPEC is KIND:WHERE:\n\n"
	"  dht11:LINE  dht22:LINE  am2302:LINE      temperature, humidity\n"
	"  hcsr04:TRIGGER,ECHO[,temperature=C]      distance\n"
	"  pulse:LINE[,window=S][,per=N][,unit=U]   flow, fan, wind\n"
	"  encoder:A,B  button:LINE  pir:LINE\n"
	"  iio:DEVICE  ds18b20:ID  hwmon:CHIP  thermal:ZONE\n\n"
	"A sensor that does not answer has no value, and the status is 1.\n",
	1, WORDS_MAX
};

struct view {
	bool json;
	uint32_t dead;
};

static void print_json(const char *spec, const accel_reading *r, bool first)
{
	printf("%s{\"sensor\":",
	       first ? "{" JSON_SCHEMA ",\"readings\":[" : ",\n ");
	json_text(stdout, spec);
	printf(",\"name\":");
	json_text(stdout, r->name);
	printf(",\"value\":");
	json_number(stdout, r->value);
	printf(",\"unit\":");
	json_text(stdout, r->unit);
	printf(",\"quality\":\"%s\",\"min\":", accel_quality_name(r->quality));
	json_number(stdout, r->min);
	printf(",\"max\":");
	json_number(stdout, r->max);
	printf(",\"time_ns\":%" PRIu64 ",\"note\":", r->time_ns);
	json_text(stdout, r->note);
	putchar('}');
}

static void print_words(const char *spec, const accel_reading *r)
{
	double age = (double)accel_reading_age_ns(r, accel_now_ns()) / 1e9;

	printf("%-24s %-14s ", spec, r->name);
	if (isfinite(r->value))
		printf("%10.6g %-5s %-8s", r->value, r->unit,
		       accel_quality_name(r->quality));
	else
		printf("%10s %-5s %-8s", "-", r->unit,
		       accel_quality_name(r->quality));
	if (age > 0.5 && r->time_ns)
		printf(" %.1f s old", age);
	printf("%s%s\n", r->note[0] ? " " : "", r->note);
}

static void print_readings(struct view *v, accel_sensor *s, bool *first)
{
	accel_reading readings[ACCEL_READINGS_MAX];
	uint32_t n = 0;

	accel_sensor_read(s, readings, ACCEL_READINGS_MAX, &n);
	for (uint32_t i = 0; i < n; i++) {
		if (v->json)
			print_json(accel_sensor_spec(s), &readings[i], *first);
		else
			print_words(accel_sensor_spec(s), &readings[i]);
		v->dead += readings[i].quality >= ACCEL_QUALITY_STALE;
		*first = false;
	}
}

static int list(bool json)
{
	accel_sensor_info infos[256];
	accel_status st;
	uint32_t n;

	st = accel_sensor_list(infos, 256, &n);
	if (st)
		return fail(st);
	if (json)
		printf("{" JSON_SCHEMA ",\"sensors\":[");
	for (uint32_t i = 0; i < n && i < 256; i++) {
		if (!json) {
			printf("%-32s %s\n", infos[i].spec, infos[i].text);
			continue;
		}
		printf("%s{\"sensor\":", i ? ",\n " : "");
		json_text(stdout, infos[i].spec);
		printf(",\"text\":");
		json_text(stdout, infos[i].text);
		putchar('}');
	}
	if (json)
		puts("]}");
	else if (!n)
		puts("no kernel driver offers a sensor here; docs/sensors.md "
		     "says which overlay enables which");
	return EXIT_DONE;
}

/* Sensors on lines need the module, the kernel's do not. */
static bool needs_module(const char *spec)
{
	static const char *const kernel[] = { "iio:", "ds18b20:", "hwmon:",
					      "thermal:" };

	for (size_t i = 0; i < 4; i++)
		if (!strncmp(spec, kernel[i], strlen(kernel[i])))
			return false;
	return strchr(spec, ':');
}

static int measure(const struct words *specs, uint64_t count, uint64_t every,
		   bool json)
{
	accel_sensor *sensors[WORDS_MAX] = { NULL };
	struct view v = { .json = json };
	uint64_t next = accel_now_ns();
	int rc = EXIT_DONE;
	uint32_t n;

	for (n = 0; !rc && n < specs->n; n++) {
		if (needs_module(specs->word[n]))
			rc = accelctl_module();
		if (!rc)
			sensors[n] = accel_sensor_open(specs->word[n]);
		if (!rc && !sensors[n])
			rc = fail(ACCEL_OK);
	}
	for (uint64_t i = 0; !rc && i < count && !stopped; i++) {
		bool first = true;

		v.dead = 0;
		for (uint32_t k = 0; k < specs->n; k++)
			print_readings(&v, sensors[k], &first);
		if (json)
			puts(first ? "{" JSON_SCHEMA ",\"readings\":[]}"
				   : "]}");
		fflush(stdout);
		next += every;
		if (i + 1 < count && !stopped)
			sleep_until(next);
	}
	while (n)
		accel_sensor_close(sensors[--n]);
	return rc ? rc : v.dead ? EXIT_FAILED : EXIT_DONE;
}

int cmd_sensor(int argc, char **argv)
{
	uint64_t every = 2000000000, count = 0;
	bool json = false;
	const struct option options[] = {
		{ "--every", OPTION_TIME, &every, NULL },
		{ "--count", OPTION_WHOLE, &count, NULL },
		{ "--json", OPTION_FLAG, &json, NULL },
		OPTIONS_END
	};
	struct words words, specs;
	const char *what;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	what = words.word[0];
	specs.n = words.n - 1;
	memcpy(specs.word, words.word + 1, specs.n * sizeof(specs.word[0]));
	if (!strcmp(what, "list"))
		return specs.n ? options_wrong(&usage, "list takes no SPEC")
			       : list(json);
	if (strcmp(what, "read") && strcmp(what, "watch"))
		return options_wrong(&usage,
				     "sensor: list, read or watch, not "
				     "'%s'",
				     what);
	if (!specs.n)
		return options_wrong(&usage, "sensor %s: which one?", what);
	catch_signals();
	if (!count)
		count = *what == 'r' ? 1 : UINT64_MAX;
	return measure(&specs, count, every, json);
}
