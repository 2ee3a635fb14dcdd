// SPDX-License-Identifier: MIT
/* control.yaml: what it says, what is wrong with it, and what it does. */
#include <math.h>

#include <accel/accel.h>

#include "../../gpio/rules/rules.h"
#include "../../libaccel/src/base/alloc.h"
#include "files.h"
#include "tap.h"

#define S 1000000000ull

static const char head[] = "every: 1 s\n"
			   "deadline: 5 s\n"
			   "sensors:\n"
			   "  room: {spec: \"dht22:GPIO4\", max_age: 100 s}\n"
			   "  pir: pir:GPIO17\n"
			   "outputs:\n"
			   "  fan: {line: GPIO23, safe: off}\n"
			   "  heater: {line: GPIO24, safe: off}\n";

/* A control of the head and more, its inputs declared; NULL: refused. */
static accel_control *make(const char *more)
{
	char text[4000];
	accel_control *c;

	snprintf(text, sizeof(text), "%s%s", head, more);
	c = accel_control_parse(text, strlen(text), "c.yaml");
	if (!c)
		return NULL;
	accel_control_declare(c, "room", "temperature", "°C", -40, 80);
	accel_control_declare(c, "room", "humidity", "%", 0, 100);
	accel_control_declare(c, "pir", "motion", "", 0, 1);
	if (!accel_control_compile(c))
		return c;
	accel_control_destroy(c);
	return NULL;
}

/* A control of one rule: "when" and "then". */
static accel_control *rule(const char *when, const char *then)
{
	char text[1000];

	snprintf(text, sizeof(text), "rules:\n- when: %s\n  then: %s\n", when,
		 then);
	return make(text);
}

/* One period: measured now; midnight of Monday, 5 January 1970, plus t. */
static bool step(accel_control *c, double t, double temperature,
		 double humidity, double motion)
{
	uint64_t ns = (uint64_t)(t * 1e9);

	accel_control_set(c, 0, temperature, ns);
	accel_control_set(c, 1, humidity, ns);
	accel_control_set(c, 2, motion, ns);
	accel_control_update(c, ns, 4 * 86400 + (int64_t)t);
	accel_control_decide(c);
	return accel_control_output_state(c, 0)->on;
}

static accel_control_truth truth(const accel_control *c)
{
	return accel_control_rule_get(c, 0)->truth;
}

/* ---- what a file says ---- */

static void test_file(void)
{
	static const char text[] =
		"every: 100 ms\n"
		"history: h.db\n"
		"sensors:\n"
		"  a: {spec: iio:x, every: 2 s}\n"
		"  b: hwmon:cpu\n"
		"models:\n"
		"  busy: {file: m.safetensors, class: \"1\", every: 5 s,\n"
		"         inputs: {Light: a.light, CO2: a.co2}}\n"
		"outputs:\n"
		"  fan: {line: P16, safe: on, rest: on, active: low,\n"
		"        deadline: 500 ms, min_on: 5 s, min_off: 1 min}\n"
		"rules:\n"
		"- {name: air, when: busy, then: fan on}\n"
		"- when: b > 60 °C\n"
		"  then: [fan off]\n";
	accel_control *c = accel_control_parse(text, sizeof(text) - 1, "x");
	const accel_control_settings *s;
	const accel_control_output *o;
	const accel_control_model *m;

	CHECK(c, "a file is read");
	if (!c) {
		printf("# %s\n", accel_last_error());
		return;
	}
	s = accel_control_settings_get(c);
	CHECK(s->every_ns == S / 10 && !strcmp(s->history, "h.db") &&
		      s->sensors == 2 && s->models == 1 && s->outputs == 1 &&
		      s->rules == 2,
	      "its settings and counts");
	CHECK(!strcmp(accel_control_sensor_get(c, 0)->spec, "iio:x") &&
		      accel_control_sensor_get(c, 0)->every_ns == 2 * S &&
		      accel_control_sensor_get(c, 0)->max_age_ns == 10 * S &&
		      !strcmp(accel_control_sensor_get(c, 1)->spec,
			      "hwmon:cpu") &&
		      accel_control_sensor_get(c, 1)->every_ns == S / 10 &&
		      !accel_control_sensor_get(c, 2),
	      "its sensors, in both forms");
	m = accel_control_model_get(c, 0);
	CHECK(m && !strcmp(m->file, "m.safetensors") &&
		      !strcmp(m->output_class, "1") && m->n_inputs == 2 &&
		      !strcmp(m->columns[1], "CO2") && m->max_age_ns == 25 * S,
	      "its model");
	o = accel_control_output_get(c, 0);
	CHECK(o && !strcmp(o->line, "P16") && o->safe && o->rest &&
		      o->active_low && o->deadline_ns == S / 2 &&
		      o->min_on_ns == 5 * S && o->min_off_ns == 60 * S,
	      "its output");
	CHECK(!strcmp(accel_control_rule_get(c, 0)->name, "air") &&
		      !strcmp(accel_control_rule_get(c, 1)->name, "rule 2") &&
		      !strcmp(accel_control_rule_get(c, 1)->when,
			      "b > 60 °C") &&
		      accel_control_rule_get(c, 1)->place.line == 14 &&
		      accel_control_rule_get(c, 1)->place.column == 9,
	      "its rules, with their places");
	accel_control_destroy(c);
	accel_control_destroy(NULL);
}

static void test_bad_files(void)
{
	static const struct {
		const char *what, *more, *says;
	} files[] = {
		{ "an unknown key", "rulez: []\n",
		  "c.yaml:9:1: unknown key \"rulez\"; there are every," },
		{ "a rule's unknown key",
		  "rules:\n- when: pir\n  than: fan on\n",
		  "c.yaml:11:3: unknown key \"than\"; there are name, when," },
		{ "a rule without then", "rules:\n- when: pir\n",
		  "c.yaml:10:3: this rule has no \"then\"" },
		{ "a key twice", "every: 2 s\nrules: []\n",
		  "c.yaml:9:1: \"every\" is there twice" },
		{ "a name twice", "values:\n  room: 1 °C\nrules: []\n",
		  "c.yaml:10:3: the name \"room\" is there twice" },
		{ "a model's input twice",
		  "models:\n  m: {file: x, inputs: {a: pir, a: humidity}}\n",
		  "\"a\" is there twice" },
		{ "older than it may be, each time",
		  "models:\n  m: {file: x, inputs: [pir], every: 9 s, max_age: "
		  "5 s}\n",
		  "c.yaml:10:3: \"m\" has a max_age of 5 s, and comes every 9 "
		  "s" },
		{ "a word as a name", "values:\n  for: 1 °C\nrules: []\n",
		  "c.yaml:10:3: \"for\" is no name" },
		{ "no YAML", "rules: [\n", "no YAML" },
		{ "a tab", "rules:\n\t- a\n", "c.yaml:10:1: no YAML" },
		{ "rules as text", "rules: fan on\n",
		  "c.yaml:9:8: a list of rules was expected" },
		{ "an unknown value",
		  "rules:\n- when: wind > 3 m/s\n"
		  "  then: fan on\n",
		  "c.yaml:10:9: no value \"wind\"; there are "
		  "room.temperature" },
		{ "an unknown unit",
		  "rules:\n- when: temperature > 30 °X\n"
		  "  then: fan on\n",
		  "c.yaml:10:23: unknown unit \"°X\"" },
		{ "a unit that is nearly one",
		  "rules:\n- when: temperature > 30 °D\n"
		  "  then: fan on\n",
		  "c.yaml:10:23: unknown unit \"°D\"; did you mean °C?" },
		{ "a degree sign that is left out",
		  "rules:\n- when: temperature > 30 C\n"
		  "  then: fan on\n",
		  "c.yaml:10:23: unknown unit \"C\"; did you mean °C?" },
		{ "mega is not milli",
		  "values:\n  p: 3 kW\n"
		  "rules:\n- when: p > 30 MW\n"
		  "  then: fan on\n",
		  "c.yaml:12:13: unknown unit \"MW\"; did you mean kW?" },
		{ "a product with a part that is wrong",
		  "values:\n  v: 50 µg/m3\n"
		  "rules:\n- when: v > 30 mcg/m3\n"
		  "  then: fan on\n",
		  "c.yaml:12:13: unknown unit \"mcg/m3\"; did you mean "
		  "µg/m3?" },
		{ "°C against %",
		  "rules:\n- when: temperature > 30 %\n"
		  "  then: fan on\n",
		  "c.yaml:10:23: in this comparison °C and % do not fit" },
		{ "°C against nothing",
		  "rules:\n- when: temperature > 30\n"
		  "  then: fan on\n",
		  "c.yaml:10:23: in this comparison °C and a number without" },
		{ "°C plus °C",
		  "rules:\n- when: temperature + 3 °C > 30 °C\n  then: fan "
		  "on\n",
		  "c.yaml:10:23: °C is a point on a scale" },
		{ "a temperature as an answer",
		  "rules:\n- when: temperature and pir\n  then: fan on\n",
		  "c.yaml:10:9: this is °C, neither yes nor no" },
		{ "a difference in °C",
		  "rules:\n- when: temperature - 20 °C > 3 °C\n  then: fan "
		  "on\n",
		  "a difference of temperatures is in K" },
		{ "half a condition",
		  "rules:\n- when: temperature >\n"
		  "  then: fan on\n",
		  "c.yaml:10:22: a value was expected, but the text ends" },
		{ "a word too many",
		  "rules:\n- when: pir is on today\n  then: fan on\n",
		  "c.yaml:10:19: and, or, or the end was expected, not "
		  "\"today\"" },
		{ "quoted text's column",
		  "rules:\n- when: \"pir ! on\"\n  then: fan on\n",
		  "c.yaml:10:14: " },
		{ "for without a time",
		  "rules:\n- when: pir for 10\n  then: fan on\n",
		  "c.yaml:10:17: a time like 10 s or 5 min was expected" },
		{ "an unknown output", "rules:\n- when: pir\n  then: lamp on\n",
		  "c.yaml:11:9: no value \"lamp\"" },
		{ "a sensor as output", "rules:\n- when: pir\n  then: pir on\n",
		  "c.yaml:11:9: \"pir\" is no output" },
		{ "an output neither on nor off",
		  "rules:\n- when: pir\n  then: fan up\n",
		  "c.yaml:11:13: on or off was expected, not \"up\"" },
		{ "what can never fire",
		  "rules:\n- when: temperature > 100 °C\n  then: fan on\n",
		  "c.yaml:10:9: this rule can never fire: room.temperature is "
		  "from -40 to 80 °C, and this is 100" },
		{ "a forgotten unit",
		  "rules:\n- when: humidity > 60\n  then: fan on\n",
		  "can never fire: room.humidity is from 0 to 100 %, and this "
		  "is 6000" },
		{ "a contradiction",
		  "rules:\n- when: temperature > 30 °C and temperature < 20 "
		  "°C\n"
		  "  then: fan on\n",
		  "can never fire: room.temperature cannot be both" },
		{ "what never ends",
		  "rules:\n- when: pir\n  until: temperature < -50 °C\n"
		  "  then: fan on\n",
		  "c.yaml:11:10: this rule can never end" },
		{ "what is always overruled",
		  "rules:\n- when: always\n  then: fan off\n- when: pir\n"
		  "  then: heater on, fan on\n",
		  "c.yaml:13:20: this never decides: \"rule 1\" of line 10" },
		{ "a value of itself",
		  "values:\n  a: b + 1 K\n  b: a - 1 K\nrules:\n- when: pir\n"
		  "  then: fan on\n",
		  "\"a\" depends on itself" },
		{ "a clock that stands",
		  "rules:\n- when: between 08:00 and 08:00\n  then: fan on\n",
		  "these times are the same" },
		{ "25 o'clock",
		  "rules:\n- when: between 25:00 and 08:00\n  then: fan on\n",
		  "c.yaml:10:17: a time from 00:00 to 24:00" },
		{ "a rule that ends as it begins",
		  "rules:\n- when: pir\n  until: temperature > -41 °C\n"
		  "  then: fan on\n",
		  "c.yaml:11:10: this rule can never fire: this always" },
		{ "a rule that ends whenever it begins",
		  "rules:\n- when: temperature > 30 °C and pir\n"
		  "  until: humidity > 90 % or temperature > 20 °C\n"
		  "  then: fan on\n",
		  "c.yaml:11:10: this rule can never fire: whenever it would, "
		  "this ends it, by room.temperature" },
		{ "the same limit for both",
		  "rules:\n- when: temperature > 30 °C for 5 s\n"
		  "  until: temperature >= 30 °C\n  then: fan on\n",
		  "ends it, by room.temperature" },
		{ "a contact that begins and ends it",
		  "rules:\n- when: pir is on\n  until: not pir is off\n"
		  "  then: fan on\n",
		  "ends it, by pir.motion" },
		{ "on and off at once",
		  "rules:\n- when: fan is on and not fan\n  then: heater on\n",
		  "can never fire: fan cannot be both" },
		{ "an output twice in a rule",
		  "rules:\n- when: pir\n  then: fan on, heater on, fan off\n",
		  "c.yaml:11:28: this never decides: \"fan\" is said" },
		{ "above and below the same",
		  "rules:\n- when: temperature > 30 °C and temperature < 30 "
		  "°C\n"
		  "  then: fan on\n",
		  "c.yaml:10:9: this rule can never fire: room.temperature" },
		{ "the same, constants first",
		  "rules:\n- when: 30 °C < temperature and 20 °C >= "
		  "temperature\n"
		  "  then: fan on\n",
		  "room.temperature cannot be both" },
		{ "a time that is none",
		  "rules:\n- when: pir for 10 s*lx\n  then: fan on\n",
		  "a time like 10 s or 5 min was expected" },
		{ "a second document",
		  "rules:\n- when: pir\n  then: fan on\n---\nrules:\n"
		  "- when: pir\n  then: fan off\n",
		  "c.yaml:13:1: a second document" },
		{ "what stands behind the end",
		  "rules:\n- when: pir\n  then: fan on\n...\n- }\n",
		  "c.yaml:13:1: no YAML" },
		{ "a window too large",
		  "rules:\n- when: mean(temperature, 30 d) > 3 °C\n"
		  "  then: fan on\n",
		  "c.yaml:10:9: a window of 2.592e+06 s" },
		{ "a hysteresis of another unit",
		  "rules:\n- when: temperature > 3 °C with hysteresis 2 %\n"
		  "  then: fan on\n",
		  "a hysteresis of K was expected" },
		{ "a function that is none",
		  "rules:\n- when: sin(temperature) > 3 °C\n  then: fan on\n",
		  "no function \"sin\"; there are abs," },
		{ "too many parentheses",
		  "rules:\n- when: "
		  "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((("
		  "("
		  "\n  then: fan on\n",
		  "was expected" },
	};
	accel_control *c;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		c = make(files[i].more);
		CHECK(!c && strstr(accel_last_error(), files[i].says),
		      "refused: %s", files[i].what);
		if (!c && !strstr(accel_last_error(), files[i].says))
			printf("# %s\n", accel_last_error());
		accel_control_destroy(c);
	}
}

static void test_bad_outputs(void)
{
	static const struct {
		const char *what, *text, *says;
	} files[] = {
		{ "a line twice",
		  "deadline: 5 s\noutputs:\n  a: {line: GPIO5, safe: off}\n"
		  "  b: {line: gpio5, safe: off}\nrules: []\n",
		  "x:4:13: gpio5 is the line of \"a\" already" },
		{ "no safe state", "deadline: 5 s\noutputs:\n  a: {line: P3}\n",
		  "x:3:3: output \"a\" does not say what is safe" },
		{ "no deadline",
		  "outputs:\n  a: {line: P3, safe: on}\nrules:\n"
		  "- {when: always, then: a on}\n",
		  "x:2:3: output \"a\" has no deadline" },
		{ "a deadline too short",
		  "every: 1 s\noutputs:\n"
		  "  a: {line: P3, safe: on, deadline: 1 s}\nrules:\n"
		  "- {when: always, then: a on}\n",
		  "x:3:3: output \"a\" has a deadline of 1 s" },
		{ "a deadline too long",
		  "outputs:\n"
		  "  a: {line: P3, safe: on, deadline: 2 h}\nrules:\n"
		  "- {when: always, then: a on}\n",
		  "x:2:3: output \"a\" has a deadline of 7200 s; 3600 s" },
		{ "safe: maybe", "outputs:\n  a: {line: P3, safe: maybe}\n",
		  "x:2:23: on or off was expected" },
		{ "a time without unit",
		  "outputs:\n  a: {line: P3, safe: on, min_on: 5}\n",
		  "x:2:35: a time like 10 s" },
		{ "an empty file", "", "x:1:1: the file is empty" },
		{ "a list", "- a\n", "x:1:1: sensors, outputs and rules" },
	};
	accel_control *c;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		c = accel_control_parse(files[i].text, strlen(files[i].text),
					"x");
		CHECK(!c && strstr(accel_last_error(), files[i].says),
		      "refused: %s", files[i].what);
		if (!c && !strstr(accel_last_error(), files[i].says))
			printf("# %s\n", accel_last_error());
		accel_control_destroy(c);
	}
	CHECK(!accel_control_load("/nonexistent/c.yaml") &&
		      strstr(accel_last_error(), "/nonexistent/c.yaml"),
	      "a missing file is named");
}

/* ---- what rules do ---- */

/* One unit has several code points, and people write its letters as they like. */
static void test_spellings(void)
{
	static const struct {
		const char *when, *what;
	} same[] = {
		{ "temperature > 30 \u00baC", "an ordinal sign is a degree" },
		{ "temperature > 30 \u02daC", "a ring above is a degree" },
		{ "temperature > 30 \u2103", "one character for °C" },
		{ "temperature > 86 \u2109", "one character for °F" },
		{ "temperature > 30 °c", "°c is °C" },
		{ "temperature - 0 °C > 30 \u212a", "the Kelvin sign is K" },
		{ "temperature - 0 °C > 30 k", "k alone is K" },
		{ "30 \u03bcs < 31 \u00b5s and temperature > 30 °C",
		  "Greek mu is micro" },
		{ "30 \u2126 < 31 \u03a9 and temperature > 30 °C",
		  "the ohm sign is omega" },
		{ "30 KHZ < 31 khz and temperature > 30 °C", "KHZ is kHz" },
		{ "30 ug/m3 < 31 \u03bcG/m\u00b3 and temperature > 30 °C",
		  "ug/m3 is µg/m³" },
		{ "30 N\u00b7m < 31 N*m and temperature > 30 °C",
		  "a middle dot is a product" },
	};
	accel_control *c;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		c = rule(same[i].when, "fan on");
		CHECK(c && !step(c, 1, 29.9, 50, 0) && step(c, 2, 30.1, 50, 0),
		      "%s", same[i].what);
		accel_control_destroy(c);
	}
}

static void test_compare(void)
{
	accel_control *c = rule("temperature > 30 °C", "fan on");

	CHECK(c && !step(c, 1, 30, 50, 0) && step(c, 2, 30.1, 50, 0) &&
		      !step(c, 3, 29, 50, 0),
	      "a comparison switches an output");
	CHECK(accel_control_output_state(c, 0)->changes == 2 &&
		      accel_control_output_state(c, 0)->since_ns == 3 * S &&
		      accel_control_output_state(c, 0)->why ==
			      ACCEL_CONTROL_REST,
	      "and its changes are counted");
	accel_control_destroy(c);
	c = rule("temperature > 86 °F", "fan on");
	CHECK(c && !step(c, 1, 29.9, 50, 0) && step(c, 2, 30.1, 50, 0),
	      "86 °F are 30 °C");
	accel_control_destroy(c);
	test_spellings();
	c = rule("temperature - 20 °C >= 3 K and humidity is below 60 %",
		 "fan on");
	CHECK(c && step(c, 1, 23, 50, 0) && !step(c, 2, 22, 50, 0) &&
		      !step(c, 3, 23, 61, 0),
	      "a difference of temperatures is in K");
	accel_control_destroy(c);
	c = rule("temperature between 20 °C and 25 °C or not pir", "fan on");
	CHECK(c && step(c, 1, 25, 50, 1) && !step(c, 2, 26, 50, 1) &&
		      step(c, 3, 26, 50, 0),
	      "between, or, not");
	accel_control_destroy(c);
	c = rule("pir is off and heater is off", "heater on, fan on");
	CHECK(c && step(c, 1, 20, 50, 0) && !step(c, 2, 20, 50, 0) &&
		      step(c, 3, 20, 50, 0),
	      "outputs are values, as they were before");
	accel_control_destroy(c);
	c = rule("2 * humidity / 4 > 10 % + 5 %", "fan on");
	CHECK(c && !step(c, 1, 20, 30, 0) && step(c, 2, 20, 31, 0),
	      "arithmetic with units");
	accel_control_destroy(c);
}

static void test_hold(void)
{
	accel_control *c = rule("temperature > 30 °C for 10 s", "fan on");

	CHECK(c && !step(c, 1, 31, 50, 0) && truth(c) == ACCEL_CONTROL_WAIT &&
		      !step(c, 10.9, 31, 50, 0) && step(c, 11, 31, 50, 0) &&
		      truth(c) == ACCEL_CONTROL_YES,
	      "\"for\" waits");
	CHECK(!step(c, 12, 30, 50, 0) && !step(c, 13, 31, 50, 0) &&
		      step(c, 23, 31, 50, 0),
	      "and begins anew");
	accel_control_destroy(c);
	c = rule("temperature > 30 °C with hysteresis 5 °C and "
		 "temperature < 28 °C",
		 "fan on");
	CHECK(c && !step(c, 1, 31, 50, 0) && step(c, 2, 27, 50, 0) &&
		      !step(c, 3, 24, 50, 0),
	      "what hysteresis makes possible is no contradiction");
	accel_control_destroy(c);
	c = rule("temperature >= 30 °C and temperature <= 30 °C", "fan on");
	CHECK(c && step(c, 1, 30, 50, 0), "nor is a single value");
	accel_control_destroy(c);
	c = rule("temperature > 30 °C with hysteresis 2 °C", "fan on");
	CHECK(c && !step(c, 1, 29, 50, 0) && step(c, 2, 31, 50, 0) &&
		      step(c, 3, 28.1, 50, 0) && !step(c, 4, 28, 50, 0) &&
		      !step(c, 5, 29, 50, 0),
	      "hysteresis holds until 2 °C below");
	accel_control_destroy(c);
	c = rule("humidity < 30 % hysteresis 5 %", "fan on");
	CHECK(c && step(c, 1, 20, 29, 0) && step(c, 2, 20, 34, 0) &&
		      !step(c, 3, 20, 35, 0),
	      "or above");
	accel_control_destroy(c);
	c = make("rules:\n- when: temperature > 30 °C\n"
		 "  until: temperature < 25 °C\n  then: fan on\n");
	CHECK(c && !step(c, 1, 29, 50, 0) && step(c, 2, 31, 50, 0) &&
		      step(c, 3, 26, 50, 0) && !step(c, 4, 24, 50, 0) &&
		      !step(c, 5, 26, 50, 0),
	      "\"until\" ends what \"when\" began");
	accel_control_destroy(c);
	c = make("rules:\n- when: temperature > 30 °C\n"
		 "  until: temperature > 20 °C for 5 s\n  then: fan on\n");
	CHECK(c && step(c, 1, 31, 50, 0) && step(c, 5, 31, 50, 0) &&
		      !step(c, 6, 31, 50, 0),
	      "an end that holds at the start, but waits, is one");
	accel_control_destroy(c);
	c = make("rules:\n- when: temperature > 30 °C or pir\n"
		 "  until: temperature > 20 °C and humidity > 10 %\n"
		 "  then: fan on\n");
	CHECK(c && step(c, 1, 31, 5, 0) && step(c, 2, 19, 50, 1) &&
		      !step(c, 3, 21, 50, 1),
	      "and so is one of which one side is free");
	accel_control_destroy(c);
	c = make("rules:\n- when: temperature > 30 °C\n"
		 "  until: temperature <= 30 °C\n  then: fan on\n");
	CHECK(c && step(c, 1, 31, 5, 0) && !step(c, 2, 30, 50, 1),
	      "and the contrary");
	accel_control_destroy(c);
	c = rule("pir is on", "fan on for 60 s");
	CHECK(c && step(c, 1, 20, 50, 1) && step(c, 2, 20, 50, 0) &&
		      step(c, 60, 20, 50, 0) && !step(c, 61, 20, 50, 0),
	      "an action goes on for its time");
	accel_control_destroy(c);
}

static void test_order(void)
{
	accel_control *c = make("rules:\n"
				"- when: pir is on\n  then: fan off\n"
				"- when: temperature > 30 °C\n"
				"  then: [fan on, heater off]\n"
				"- when: temperature < 40 °C\n"
				"  then: heater on and fan on\n");

	CHECK(c && step(c, 1, 31, 50, 0) &&
		      !accel_control_output_state(c, 1)->on &&
		      accel_control_output_state(c, 1)->rule == 1,
	      "the first rule that holds decides");
	CHECK(!step(c, 2, 31, 50, 1) &&
		      accel_control_output_state(c, 0)->rule == 0,
	      "for each output by itself");
	CHECK(step(c, 3, 20, 50, 0) && accel_control_output_state(c, 1)->on &&
		      accel_control_output_state(c, 1)->rule == 2,
	      "a later one where those before do not");
	accel_control_destroy(c);
}

static void test_unknown(void)
{
	accel_control *c =
		make("rules:\n"
		     "- when: temperature < 19 °C\n  then: heater on\n"
		     "- when: pir\n  then: fan on\n");
	const accel_control_state *heater;

	step(c, 1, 18, 50, 1);
	heater = accel_control_output_state(c, 1);
	CHECK(heater->on, "a heater heats");
	CHECK(step(c, 2, NAN, 50, 1) && !heater->on &&
		      heater->why == ACCEL_CONTROL_SAFE &&
		      truth(c) == ACCEL_CONTROL_UNKNOWN,
	      "with its sensor dead it is safe, and the fan goes on");
	step(c, 3, 18, 50, 1);
	CHECK(heater->on, "it comes back with the sensor");
	accel_control_set(c, 2, 1, 200 * S);
	accel_control_update(c, 104 * S, 0);
	accel_control_decide(c);
	CHECK(!heater->on && heater->why == ACCEL_CONTROL_SAFE,
	      "an old value is none");
	accel_control_destroy(c);
	c = rule("temperature > 30 °C or pir", "fan on");
	CHECK(c && step(c, 1, NAN, 50, 1) && !step(c, 2, NAN, 50, 0) &&
		      truth(c) == ACCEL_CONTROL_UNKNOWN,
	      "unknown or yes is yes; unknown or no is unknown");
	accel_control_destroy(c);
	c = rule("temperature > 30 °C and pir for 2 s", "fan on");
	CHECK(c && !step(c, 1, NAN, 50, 0) && truth(c) == ACCEL_CONTROL_NO,
	      "unknown and no is no");
	accel_control_destroy(c);
	c = rule("pir for 2 s", "fan on");
	CHECK(c && !step(c, 1, 1, 50, 1) && !step(c, 2, 1, 50, NAN) &&
		      !step(c, 3, 1, 50, 1) && step(c, 5, 1, 50, 1),
	      "the unknown interrupts \"for\"");
	accel_control_destroy(c);
}

static void test_min_times(void)
{
	static const char text[] =
		"deadline: 9 s\nevery: 1 s\nsensors:\n  pir: pir:P3\n"
		"  t: {spec: x, max_age: 1 d}\n"
		"outputs:\n"
		"  fan: {line: P5, safe: off, min_on: 10 s, min_off: 20 s}\n"
		"rules:\n- {when: pir, then: fan on}\n";
	accel_control *c = accel_control_parse(text, sizeof(text) - 1, "x");
	const accel_control_state *s;

	accel_control_declare(c, "t", "a", "°C", 0, 1);
	accel_control_declare(c, "t", "b", "°C", 0, 1);
	accel_control_declare(c, "pir", "motion", "", 0, 1);
	CHECK(!accel_control_compile(c), "minimum times are read");
	s = accel_control_output_state(c, 0);
	CHECK(!step(c, 100, 0, 0, 1) && s->why == ACCEL_CONTROL_MIN_TIME &&
		      !step(c, 119, 0, 0, 1) && step(c, 120, 0, 0, 1),
	      "off for 20 s at least, from the start");
	CHECK(step(c, 121, 0, 0, 0) && step(c, 129, 0, 0, 0) &&
		      !step(c, 130, 0, 0, 0),
	      "on for 10 s at least");
	CHECK(step(c, 150, 0, 0, 1) && !step(c, 151, 0, 0, NAN) &&
		      s->why == ACCEL_CONTROL_SAFE,
	      "but safety does not wait");
	accel_control_destroy(c);
}

/* What the kernel drives is what the rules see. */
static void test_trip(void)
{
	static const char text[] =
		"deadline: 9 s\nevery: 1 s\nsensors:\n  pir: pir:P3\n"
		"  t: {spec: x, max_age: 1 d}\n"
		"outputs:\n  fan: {line: P5, safe: off, min_off: 20 s}\n"
		"  lamp: {line: P7, safe: off}\n  horn: {line: P8, safe: on}\n"
		"values:\n  runs: fan is on for 5 s\n"
		"rules:\n- {when: pir, then: fan on}\n"
		"- {when: fan is on, then: lamp on}\n"
		"- {when: not runs, then: horn on}\n";
	accel_control *c = accel_control_parse(text, sizeof(text) - 1, "x");
	const accel_control_state *fan, *lamp, *horn;

	accel_control_declare(c, "t", "a", "°C", 0, 1);
	accel_control_declare(c, "t", "b", "°C", 0, 1);
	accel_control_declare(c, "pir", "motion", "", 0, 1);
	CHECK(!accel_control_compile(c), "a rule on an output is read");
	fan = accel_control_output_state(c, 0);
	lamp = accel_control_output_state(c, 1);
	horn = accel_control_output_state(c, 2);
	step(c, 0, 0, 0, 1);
	step(c, 100, 0, 0, 1);
	CHECK(step(c, 101, 0, 0, 1) && lamp->on &&
		      !step(c, 110, 0, 0, 1) == horn->on,
	      "a fan that runs lights the lamp");
	accel_control_output_trip(c, 0, true, 1105 * S / 10);
	CHECK(!step(c, 111, 0, 0, 1) && fan->why == ACCEL_CONTROL_TRIPPED &&
		      fan->rule == -1 && fan->since_ns == 1105 * S / 10,
	      "one that tripped is safe, from then on");
	CHECK(!lamp->on && horn->on, "and the rules see that at once");
	CHECK(!step(c, 140, 0, 0, 1) && fan->changes == 2,
	      "as long as it is so");
	accel_control_output_trip(c, 0, false, 0);
	CHECK(step(c, 141, 0, 0, 1) && fan->why == ACCEL_CONTROL_RULE &&
		      step(c, 142, 0, 0, 1) && lamp->on,
	      "rearmed, it runs again");
	accel_control_output_trip(c, 0, true, 150 * S);
	step(c, 150, 0, 0, 1);
	accel_control_output_trip(c, 0, false, 0);
	CHECK(!step(c, 169, 0, 0, 1) && fan->why == ACCEL_CONTROL_MIN_TIME &&
		      step(c, 170, 0, 0, 1),
	      "its minimum time is counted from the trip");
	accel_control_output_trip(c, 0, true, 999 * S);
	CHECK(!step(c, 180, 0, 0, 1) && fan->since_ns == 180 * S,
	      "a trip of the future was now");
	accel_control_output_trip(c, 9, true, 0);
	accel_control_destroy(c);
}

static void test_schedule(void)
{
	accel_control *c =
		rule("on weekdays between 08:00 and 18:00", "fan on");
	const double h = 3600, d = 86400;

	CHECK(c && !step(c, 8 * h - 1, 1, 1, 0) && step(c, 8 * h, 1, 1, 0) &&
		      !step(c, 18 * h, 1, 1, 0) &&
		      step(c, 4 * d + 9 * h, 1, 1, 0) &&
		      !step(c, 5 * d + 9 * h, 1, 1, 0),
	      "on weekdays between 08:00 and 18:00");
	accel_control_destroy(c);
	c = rule("between 22:00 and 06:00", "fan on");
	CHECK(c && step(c, 5 * h, 1, 1, 0) && !step(c, 6 * h, 1, 1, 0) &&
		      step(c, 23 * h, 1, 1, 0),
	      "a range over midnight");
	accel_control_destroy(c);
	c = rule("on sat-mon, wed at 07:30 for 5 min", "fan on");
	CHECK(c && step(c, 7.5 * h + 299, 1, 1, 0) &&
		      !step(c, 7.5 * h + 300, 1, 1, 0) &&
		      !step(c, d + 7.5 * h, 1, 1, 0) &&
		      step(c, 2 * d + 7.5 * h, 1, 1, 0) &&
		      step(c, 5 * d + 7.5 * h, 1, 1, 0) &&
		      step(c, 6 * d + 7.5 * h, 1, 1, 0),
	      "days over the weekend, at a time");
	accel_control_destroy(c);
	c = rule("every 10 min for 30 s", "fan on");
	CHECK(c && step(c, 600, 1, 1, 0) && step(c, 629, 1, 1, 0) &&
		      !step(c, 630, 1, 1, 0) && step(c, 1200, 1, 1, 0),
	      "every 10 min for 30 s");
	accel_control_destroy(c);
}

static double value(const accel_control *c, const char *name)
{
	accel_control_value v;
	uint32_t i;

	for (i = 0; accel_control_value_get(c, i, &v); i++)
		if (!strcmp(v.name, name))
			return v.value;
	return -999;
}

/* v0 needs v1, which needs v2, and so on. */
static void test_chain(int n)
{
	size_t size = 2000 + (size_t)n * 40, len;
	char *text = malloc(size);
	accel_control *c;

	len = (size_t)snprintf(text, size, "%svalues:\n", head);
	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, size - len,
					"  v%d: v%d + 1 K\n", i, i + 1);
	snprintf(text + len, size - len,
		 "  v%d: temperature\nrules:\n- when: v0 > 3 °C\n"
		 "  then: fan on\n",
		 n);
	c = accel_control_parse(text, strlen(text), "c.yaml");
	if (c)
		accel_control_declare(c, "room", "temperature", "°C", -40, 80);
	CHECK(c && (n < 64 ? !accel_control_compile(c)
			   : accel_control_compile(c) == ACCEL_ERR_FORMAT &&
				     strstr(accel_last_error(), "\"v64\" is")),
	      "%d values of values are %s", n, n < 64 ? "fine" : "too many");
	accel_control_destroy(c);
	free(text);
}

static void test_values(void)
{
	accel_control *c = make("values:\n"
				"  warm: mean(temperature, 10 s)\n"
				"  top: max(temperature, 10 s)\n"
				"  rise: rate(temperature, 10 s)\n"
				"  dew: dew_point(temperature, humidity)\n"
				"  gap: abs(temperature - dew)\n"
				"  low: min(temperature, dew)\n"
				"rules:\n"
				"- when: warm > 25 °C and rise > 3 K/min\n"
				"  then: fan on\n");
	accel_control_value v;
	double t;

	CHECK(c, "derived values are understood");
	if (!c) {
		printf("# %s\n", accel_last_error());
		return;
	}
	for (t = 1; t < 12; t++)
		step(c, t, 20 + t, 50, 0);
	CHECK(fabs(value(c, "warm") - 26) < 1e-9 && value(c, "top") == 31,
	      "mean and maximum over a window");
	CHECK(fabs(value(c, "rise") - 1) < 1e-9, "a rate a second");
	/* 31 °C and 50 %: 19.4 °C by tables of dew points */
	CHECK(fabs(value(c, "dew") - 19.4) < 0.1 &&
		      fabs(value(c, "gap") - (31 - value(c, "dew"))) < 1e-9 &&
		      value(c, "low") == value(c, "dew"),
	      "the dew point (%.2f °C)", value(c, "dew"));
	CHECK(accel_control_output_state(c, 0)->on, "and rules read them");
	accel_control_value_get(c, 1, &v);
	CHECK(!strcmp(v.name, "room.humidity") && !strcmp(v.unit, "%") &&
		      fabs(v.value - 50) < 1e-9 && v.max == 100,
	      "values are given in their own unit");
	step(c, 12, NAN, 50, 0);
	CHECK(isnan(value(c, "warm")) && isnan(value(c, "dew")),
	      "of the unknown they are unknown");
	step(c, 13, 10, 50, 0);
	CHECK(fabs(value(c, "warm") -
		   (10 + 24 + 25 + 26 + 27 + 28 + 29 + 30 + 31 + 23) / 10.0) <
		      1e-9,
	      "what was known before counts again (%.3f)", value(c, "warm"));
	/* edges update it 20 times as often as its period */
	for (t = 20; t < 40; t += 0.01)
		step(c, t, 20 + t, 50, 0);
	CHECK(fabs(value(c, "rise") - 1) < 0.02 &&
		      fabs(value(c, "warm") - 55) < 0.5,
	      "a window keeps its length between edges (%g, %g)",
	      value(c, "rise"), value(c, "warm"));
	accel_control_destroy(c);
}

static void test_model(void)
{
	static const char text[] =
		"models:\n"
		"  occupied: {file: m.safetensors,\n"
		"             inputs: {Temperature: \"mean(temperature, 5 "
		"s)\",\n"
		"                      Humidity: humidity}}\n"
		"  power: {file: p.safetensors, unit: kW,\n"
		"          inputs: [temperature]}\n"
		"values:\n  busy: mean(occupied, 2 s)\n"
		"rules:\n- when: busy > 0.8 and power < 1500 W\n"
		"  then: fan on\n";
	accel_control *c = make(text);
	double x[2];

	CHECK(c, "models are values");
	if (!c) {
		printf("# %s\n", accel_last_error());
		return;
	}
	accel_control_set(c, 0, 20, S);
	accel_control_set(c, 1, 40, S);
	accel_control_update(c, S, 0);
	accel_control_model_inputs(c, 0, x);
	CHECK(x[0] == 20 && fabs(x[1] - 40) < 1e-9,
	      "they are fed in the sensors' units");
	accel_control_decide(c);
	CHECK(truth(c) == ACCEL_CONTROL_UNKNOWN,
	      "without a result rules are unknown");
	accel_control_model_set(c, 0, 0.9, S);
	accel_control_model_set(c, 1, 1.4, S);
	accel_control_update(c, S + 1, 0);
	accel_control_decide(c);
	CHECK(accel_control_output_state(c, 0)->on,
	      "with one they decide in the same period");
	accel_control_update(c, 12 * S, 0);
	accel_control_decide(c);
	CHECK(!accel_control_output_state(c, 0)->on &&
		      truth(c) == ACCEL_CONTROL_UNKNOWN,
	      "an old result is none");
	accel_control_destroy(c);
	CHECK(!make("models:\n  a: {file: f, inputs: [temperature]}\n"
		    "  b: {file: g, inputs: [a]}\n"
		    "rules:\n- {when: b, then: fan on}\n") &&
		      strstr(accel_last_error(),
			     "c.yaml:11:25: a model cannot be fed by a model"),
	      "a model cannot feed a model");
}

static void test_declare(void)
{
	static const char text[] =
		"deadline: 1 s\nsensors: {a: x, b: y, d: z}\n"
		"outputs: {o: {line: P3, safe: on}}\n"
		"rules:\n- {when: %s, then: o on}\n";
	static const struct {
		const char *when, *says;
	} rows[] = {
		{ "a > 3 steps", NULL },
		{ "flow > 3 l/min", NULL },
		{ "b.light > 3 lx", NULL },
		{ "a.light > 3 lx", NULL },
		{ "light > 3 lx", "\"light\" could be a.light or b.light" },
		{ "b > 3 lx", "\"b\" could be b.light or b.flow" },
		{ "a > 3 cm", "steps and cm do not fit" },
		{ "flow > 3 ml/s", NULL },
		{ "d is on", NULL }, /* the contact of d, not its count */
	};
	char file[500];
	accel_control *c;
	accel_status status;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool steps = !strncmp(rows[i].when, "a >", 3);

		snprintf(file, sizeof(file), text, rows[i].when);
		c = accel_control_parse(file, strlen(file), "x");
		if (steps)
			accel_control_declare(c, "a", "turned", "steps",
					      -INFINITY, INFINITY);
		else
			accel_control_declare(c, "a", "light", "lx", 0, 1e5);
		accel_control_declare(c, "b", "light", "lx", 0, 1e5);
		accel_control_declare(c, "b", "flow", "l/min", 0, 30);
		accel_control_declare(c, "d", "pressed", "", 0, 1);
		accel_control_declare(c, "d", "presses", "", 0, INFINITY);
		status = accel_control_compile(c);
		CHECK(rows[i].says ? status && strstr(accel_last_error(),
						      rows[i].says)
				   : !status,
		      "%s: %s", rows[i].when,
		      rows[i].says ? "refused" : "understood");
		if (status)
			printf("# %s\n", accel_last_error());
		accel_control_destroy(c);
	}
	c = accel_control_parse(file, strlen(file), "x");
	CHECK(accel_control_declare(c, "z", "q", "lx", 0, 1) ==
		      ACCEL_ERR_INVALID,
	      "a sensor that is not in the file cannot be declared");
	accel_control_destroy(c);
}

/* ---- replay ---- */

/* The text that a replay of this CSV prints, or the error. */
static const char *replay(const char *csv)
{
	static char *text;
	size_t size;
	accel_control *c = rule("temperature > 30 °C for 2 s", "fan on");
	FILE *out;
	accel_status status;

	free(text);
	out = open_memstream(&text, &size);
	status = accel_control_replay(c, file_text("r.csv", csv), out);
	fclose(out);
	accel_control_destroy(c);
	return status ? accel_last_error() : text;
}

static void test_replay(void)
{
	CHECK(!strcmp(replay("time,temperature,note\n0,31,a\n1,31,b\n2,31,c\n"
			     "3,29,d\n4,,e\n"),
		      "0 fan off (no rule holds)\n"
		      "0 heater off (no rule holds)\n"
		      "2 fan on (rule 1)\n3 fan off (no rule holds)\n"
		      "5 rows, 2 changes\n"),
	      "a recorded session is replayed");
	CHECK(strstr(replay("\"time\",\"room.temperature\"\r\n"
			    "2026-11-23 08:00:00,31\r\n"
			    "2026-11-23 08:00:02.5,31\r\n"),
		     "2026-11-23 08:00:02.5 fan on (rule 1)\n2 rows, 1 change"),
	      "with dates and full names, too");
	CHECK(strstr(replay("time,humidity\n0,3\n"),
		     "no column \"room.temperature\", which the rules need"),
	      "a column that is needed is named");
	CHECK(strstr(replay("temperature\n0\n"), "no column \"time\""),
	      "so is the time");
	CHECK(strstr(replay("time,temperature\n0,x\n"),
		     "r.csv:2:2: \"x\": no number"),
	      "a field that is no number has its place");
	CHECK(strstr(replay("time,temperature\n5,1\n4,1\n"),
		     "r.csv:3:1: \"4\": this is before"),
	      "time does not go back");
	CHECK(strstr(replay("time,temperature\n5,1,2\n"),
		     "r.csv:2:3: 3 fields"),
	      "a ragged row has its place");
	CHECK(strstr(replay(""), "the file is empty"), "an empty file");
}

/* The file that the manual shows is right. */
static void test_manual(void)
{
	static char text[4000];
	FILE *f = fopen("docs/control.md", "r");
	bool inside = false;
	accel_control *c;
	char line[400];
	int n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "```", 3)) {
			n += inside;
			inside = !inside && !strcmp(line, "```yaml\n");
		} else if (inside && strlen(text) + strlen(line) < 4000) {
			strcat(text, line);
		}
	}
	if (!f) {
		printf("ok %d - the manual # SKIP not run from the root\n",
		       ++tap_run);
		return;
	}
	fclose(f);
	c = accel_control_parse(text, strlen(text), "control.md");
	if (c) {
		accel_control_declare(c, "room", "temperature", "°C", -40, 80);
		accel_control_declare(c, "room", "humidity", "%", 0, 100);
		accel_control_declare(c, "window", "pressed", "", 0, 1);
		accel_control_declare(c, "window", "presses", "", 0, INFINITY);
		accel_control_declare(c, "light", "illuminance", "lx", 0, 1e5);
	}
	if (!CHECK(n == 1 && c && !accel_control_compile(c),
		   "the manual's file is right"))
		printf("# %s\n", accel_last_error());
	accel_control_destroy(c);
}

static void test_no_memory(void)
{
	accel_control *c = NULL;
	int n;

	for (n = 1; n < 500 && !c; n++) {
		mem_fail_after((uint64_t)n);
		c = make("values:\n  w: mean(temperature, 5 s)\n"
			 "rules:\n- when: w > 3 °C\n  then: fan on\n");
		mem_fail_after(0);
	}
	CHECK(c && n > 20, "a control fails cleanly at each of %d allocations",
	      n - 2);
	accel_control_destroy(c);
}

static void test_no_allocation(void)
{
	accel_control *c =
		rule("mean(temperature, 5 s) > 3 °C for 3 s", "fan on for 9 s");
	uint64_t before = mem_count();
	int i;

	for (i = 0; i < 1000; i++)
		step(c, i * 0.1, i % 40, 50, 0);
	CHECK(mem_count() == before, "running allocates nothing");
	accel_control_destroy(c);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	files_begin();
	test_file();
	test_bad_files();
	test_bad_outputs();
	test_compare();
	test_hold();
	test_order();
	test_unknown();
	test_min_times();
	test_trip();
	test_schedule();
	test_values();
	test_chain(63);
	test_chain(64);
	test_chain(2000);
	test_model();
	test_declare();
	test_replay();
	test_manual();
	test_no_memory();
	test_no_allocation();
	files_end();
	return tap_done();
}
