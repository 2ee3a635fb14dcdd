// SPDX-License-Identifier: MIT
/* Fuzzes the reader of control files. */
#include <math.h>
#include <stdlib.h>

#include <accel/control.h>

#include "fuzz.h"

#define HEAD                                                                   \
	"every: 1 s\ndeadline: 5 s\nsensors:\n  a: {spec: x, max_age: 9 s}\n"  \
	"  b: y\noutputs:\n  o: {line: P3, safe: off, min_on: 3 s}\n"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED(HEAD
		  "rules:\n- when: t > 30 °C with hysteresis 2 °C for 10 s\n"
		  "  then: o on for 5 s\n"),
	FUZZ_SEED(HEAD
		  "values:\n  m: mean(t, 5 s)\n  d: dew_point(m, h)\n"
		  "rules:\n- {name: n, when: m - d < 3 K or not b, until: b, "
		  "then: o on}\n"),
	FUZZ_SEED(HEAD
		  "models: {p: {file: f, inputs: [t, h], unit: kW}}\n"
		  "rules:\n- when: \"on mon-fri between 08:00 and 18:00 and "
		  "p > 2 W\"\n  then: [o off for 3 s]\n"),
	FUZZ_SEED(HEAD "values: {q: -2 * h / 4 + 1 %, r: \"rate(t, 9 s)\"}\n"
		       "rules:\n- when: q between 1 % and 5 % and r > 1 K/min\n"
		       "  then: o on\n- when: every 10 min for 30 s\n"
		       "  then: o on\n"),
	{ NULL, 0 },
};

const char *const fuzz_words[] = {
	" and ", "(",         ")",     " for 3 s", "°C",          "%",
	"t",     "max(t, h)", "1e308", "-",        "\n  until: ", ": ",
	"{",     "[",         "*a ",   "&a ",      "24:00",       " is on",
	"m3/h",  "'",         "not ",  "\t",       "o",           NULL
};

/* A hundred seconds of it; the unknown and the extreme come, too. */
static void run(accel_control *c)
{
	static const double inputs[] = { 20, 35, NAN, -40, 80, 0, 1, 1e9 };
	const accel_control_state *s;
	accel_control_value v;
	double x[64];
	uint32_t i, k;

	for (i = 0; i < 100; i++) {
		uint64_t now = i * 1000000000ull;

		for (k = 0; k < 3; k++)
			accel_control_set(c, (int)k, inputs[(i / 3 + k) % 8],
					  now);
		accel_control_update(c, now, (int64_t)i * 3600);
		for (k = 0; accel_control_model_get(c, k); k++) {
			if (accel_control_model_get(c, k)->n_inputs <= 64)
				accel_control_model_inputs(c, k, x);
			accel_control_model_set(c, k, inputs[i % 8], now);
		}
		accel_control_decide(c);
		for (k = 0; (s = accel_control_output_state(c, k)); k++)
			if (s->rule >=
			    (int)accel_control_settings_get(c)->rules)
				abort();
		for (k = 0; accel_control_value_get(c, k, &v); k++)
			if (isinf(v.value))
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	accel_control *c =
		accel_control_parse((const char *)data, size, "input");

	if (!c)
		return 0;
	accel_control_declare(c, "a", "t", "°C", -40, 80);
	accel_control_declare(c, "a", "h", "%", 0, 100);
	accel_control_declare(c, "b", "pressed", "", 0, 1);
	if (!accel_control_compile(c))
		run(c);
	accel_control_destroy(c);
	return 0;
}
