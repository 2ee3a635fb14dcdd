/* SPDX-License-Identifier: MIT */
/* Where captured samples go, and where played ones come from. */
#ifndef ACCELCTL_SAMPLES_H
#define ACCELCTL_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <accel/lines.h>

/* A sample: bit i is the i-th line, as ACCEL_STREAM_BITS has it. */
uint64_t sample_load(const void *data, uint32_t sample_size);
void sample_store(void *data, uint32_t sample_size, uint64_t sample);

/* ---- value change dumps (IEEE 1364, section 18) ----------------------------- */

void vcd_begin(FILE *f, const accel_lines *lines, uint64_t period_ns);
/* `last` is the sample before, or -1 in `index` 0. */
void vcd_sample(FILE *f, uint32_t lines, uint64_t time_ns, uint64_t sample,
		uint64_t last, bool first);
void vcd_end(FILE *f, uint64_t time_ns);

#define SAMPLES_MAX (1u << 26) /* of a file: 512 MiB in memory */

struct samples {
	uint64_t *sample;
	uint64_t n, period_ns;
};

/*
 * Reads a dump: its first `lines` variables, sampled every `period_ns`, or as
 * the dump itself says when that is 0. NULL, or what is wrong with it.
 */
const char *vcd_read(FILE *f, uint32_t lines, struct samples *out);

/* ---- the view in a terminal ------------------------------------------------- */

struct live;

struct live *live_new(const accel_lines *lines, uint64_t period_ns,
		      uint64_t window_ns);
void live_sample(struct live *l, uint64_t sample);
void live_draw(struct live *l, FILE *f, bool again);
void live_free(struct live *l);

#endif /* ACCELCTL_SAMPLES_H */
