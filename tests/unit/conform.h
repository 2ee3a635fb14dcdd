/* SPDX-License-Identifier: MIT */
/*
 * What the conformance programs share: a device by argument or environment,
 * made-up data, and the comparison with the double reference.
 */
#ifndef TESTS_UNIT_CONFORM_H
#define TESTS_UNIT_CONFORM_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <accel/context.h>
#include <accel/graph.h>
#include <accel/ops.h>
#include <accel/tensor.h>

#include "../../libaccel/src/base/half.h"
#include "../../libaccel/src/graph/reference.h"
#include "../../libaccel/src/tensor/layout.h"
#include "tap.h"

/*
 * How far a result may be from the double reference:
 *   |result - reference| <= absolute + relative * |reference|, and for SUM,
 *   relative to the largest |reference| of the tensor.
 *
 * EXACT  what moves, compares or is an integer
 * ROUND  one rounded operation
 * FUNC   transcendental functions; the Vulkan specification (precision of
 *        core operations) allows sin and cos 2^-11, exp 3 + 2|x| ulp
 * SUM    products and sums of many
 * CHAIN  several of these; f16 is rounded between them
 */
enum tolerance { EXACT, ROUND, FUNC, SUM, CHAIN, TOLERANCES };

struct limit {
	double relative, absolute;
};

static const struct limit limit_f32[2][TOLERANCES] = {
	/* cpu */
	{ { 0, 0 },
	  { 2.4e-7, 1e-37 },
	  { 1e-6, 1e-6 },
	  { 2e-6, 1e-30 },
	  { 2e-6, 2e-6 } },
	/* vulkan */
	{ { 0, 0 },
	  { 4e-7, 1e-37 },
	  { 2e-5, 5e-5 },
	  { 1e-5, 1e-30 },
	  { 2e-5, 5e-5 } },
};
/* Half an ulp of f16 is 2^-11. */
static const struct limit limit_f16 = { 6e-4, 6e-8 };
static const struct limit limit_f16_chain = { 2e-3, 4e-3 };

static accel_context *ctx;
static const char *label; /* of the device in use: before every name */
static bool on_vulkan;
/* Steps that a suite has counted: what no kernel is made for. */
static uint64_t meant_for_host;

/* One configuration. Vulkan may be missing; then that is said. */
static void conform_device(const char *device, const char *limits,
			   void (*suite)(void))
{
	accel_counters counters;

	if (limits)
		setenv("ACCEL_LIMITS", limits, 1);
	ctx = accel_open(device, .threads = 2, .seed = 7);
	label = limits ? limits : device ? device : "default";
	if (!ctx) {
		printf("ok %d - %s # SKIP %s\n", ++tap_run, label,
		       accel_last_error());
		return;
	}
	on_vulkan = !strcmp(accel_context_backend(ctx), "vulkan");
	printf("# %s: %s\n", label, accel_context_device(ctx));
	suite();
	accel_counters_get(ctx, &counters);
	counters.host_steps -= meant_for_host;
	meant_for_host = 0;
	CHECK(!counters.host_steps, "%s: no step ran on the host", label);
	if (counters.host_steps)
		printf("# %llu did\n", (unsigned long long)counters.host_steps);
	accel_close(ctx);
	if (limits)
		unsetenv("ACCEL_LIMITS");
}

/*
 * Runs a suite on the device named by the first argument or by ACCEL_DEVICE,
 * where v3d42 and v3d71 are vulkan within a Raspberry Pi's limits; without
 * either on cpu, on vulkan, and on vulkan within a Raspberry Pi 4's limits;
 * with AddressSanitizer on cpu only.
 */
__attribute__((unused)) static int conform_main(int argc, char **argv,
						void (*suite)(void))
{
	const char *device = argc > 1 ? argv[1] : NULL;

	if (device && !strncmp(device, "v3d", 3)) {
		conform_device("vulkan", device, suite);
		return tap_done();
	}
	if (device || getenv("ACCEL_DEVICE")) {
		conform_device(device, NULL, suite);
		return tap_done();
	}
	conform_device("cpu", NULL, suite);
#ifndef __SANITIZE_ADDRESS__ /* a driver's own leaks are not ours to judge */
	conform_device("vulkan", NULL, suite);
	conform_device("vulkan", "v3d42", suite);
#endif
	return tap_done();
}

/* ---- data ---- */

static uint32_t noise_state = 1;

/* In [0, 1). */
static double noise(void)
{
	noise_state = noise_state * 1664525 + 1013904223;
	return (double)(noise_state >> 8) * 0x1p-24;
}

static accel_tensor *make(accel_dtype d, int ndim, const int64_t *shape,
			  double low, double high)
{
	int64_t n = 1, i;
	accel_tensor *t;
	void *p;

	for (i = 0; i < ndim; i++)
		n *= shape[i];
	p = calloc((size_t)n, 4);
	for (i = 0; p && i < n; i++) {
		double v = low + (high - low) * noise();

		dtype_store(d, p, i, dtype_is_float(d) ? v : floor(v));
	}
	t = accel_tensor_create(ctx, d, ndim, shape, p);
	free(p);
	return t;
}

/* Signed where the type is. */
__attribute__((unused)) static accel_tensor *values(accel_dtype d, int ndim,
						    const int64_t *shape)
{
	if (d == ACCEL_U8)
		return make(d, ndim, shape, 0, 8);
	return make(d, ndim, shape, dtype_is_float(d) ? -2 : -7,
		    dtype_is_float(d) ? 2 : 8);
}

/* ---- comparison ---- */

static bool close_to(accel_dtype d, enum tolerance tol, double got, double want,
		     double largest)
{
	struct limit l = limit_f32[on_vulkan][tol];
	double base = tol == SUM ? largest : fabs(want);

	if (d == ACCEL_F16) {
		struct limit h = tol == CHAIN ? limit_f16_chain : limit_f16;

		l.relative += h.relative;
		l.absolute += h.absolute;
		if (fabs(want) > 65519)
			return isinf(got) && (got > 0) == (want > 0);
	}
	if (isnan(want) || isnan(got))
		return isnan(want) && isnan(got);
	if (isinf(want) || fabs(want) > 3.4e38 || isinf(got))
		return isinf(got) && (got > 0) == (want > 0);
	if (!dtype_is_float(d))
		return got == want;
	if (tol == EXACT && d == ACCEL_F32)
		return (float)got == (float)want;
	return fabs(got - want) <= l.absolute + l.relative * base;
}

/*
 * Computes t on the device and compares it with the reference. One TAP line.
 * NULL fails with the error's text.
 */
__attribute__((format(printf, 3, 4), unused)) static bool
check(accel_tensor *t, enum tolerance tol, const char *fmt, ...)
{
	int64_t n = accel_tensor_count(t), i, bad = -1, count = 0;
	accel_dtype d = accel_tensor_dtype(t);
	size_t bytes = (size_t)n * accel_dtype_size(d);
	double *want = calloc((size_t)n + 1, sizeof(*want)), largest = 0;
	uint8_t *got = malloc(bytes + 1);
	char name[256];
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	ok = t && want && got && !reference_eval(t, 0, NULL, NULL, want) &&
	     !accel_read(t, got, bytes);
	if (!ok) {
		CHECK(ok, "%s: %s", label, name);
		printf("# %s\n", accel_last_error());
		free(want);
		free(got);
		return false;
	}
	for (i = 0; i < n; i++)
		if (isfinite(want[i]) && fabs(want[i]) > largest)
			largest = fabs(want[i]);
	for (i = 0; i < n; i++) {
		if (close_to(d, tol, dtype_load(d, got, i), want[i], largest))
			continue;
		if (bad < 0)
			bad = i;
		count++;
	}
	CHECK(bad < 0, "%s: %s", label, name);
	if (bad >= 0)
		printf("# %s %s: %lld of %lld differ, first [%lld]: %.9g, "
		       "reference %.9g\n",
		       accel_dtype_name(d),
		       shape_text(accel_tensor_ndim(t), accel_tensor_shape(t)),
		       (long long)count, (long long)n, (long long)bad,
		       dtype_load(d, got, bad), want[bad]);
	free(want);
	free(got);
	return bad < 0;
}

#endif /* TESTS_UNIT_CONFORM_H */
