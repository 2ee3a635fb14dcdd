// SPDX-License-Identifier: MIT
/* What launches ask of a device, and whether it can give that. */
#include <stdio.h>

#include "record.h"
#include "shaders.h"

#include "../libaccel/src/base/error.h"

static void raise(uint64_t *most, uint64_t x)
{
	if (x > *most)
		*most = x;
}

static uint64_t bytes_of(const struct compute_binding *b)
{
	return b->range ? b->range : b->buffer->alloc - b->offset;
}

bool compute_cost_fits(const struct compute_device *dev,
		       const struct compute_cost *cost)
{
	const struct compute_limits *l = &dev->limits;

	return cost->longest_loop <= l->max_turns &&
	       cost->binding_bytes <= l->max_range &&
	       cost->texels <= l->max_texels;
}

void compute_cost_text(const struct compute_device *dev,
		       const struct compute_cost *cost, char *text, size_t size)
{
	const struct compute_limits *l = &dev->limits;
	const struct {
		const char *what;
		uint64_t needs, has;
	} row[] = {
		{ "iterations of a loop", cost->longest_loop, l->max_turns },
		{ "bytes in one binding", cost->binding_bytes, l->max_range },
		{ "texels in one binding", cost->texels, l->max_texels },
	};
	uint32_t i;

	*text = 0;
	for (i = 0; i < 3; i++) {
		if (row[i].needs <= row[i].has)
			continue;
		snprintf(text, size, "%llu %s, where the device ends at %llu",
			 (unsigned long long)row[i].needs, row[i].what,
			 (unsigned long long)row[i].has);
		return;
	}
}

accel_status record_cost(struct compute_record *rec, uint32_t shader,
			 const struct compute_binding *b, uint32_t n,
			 uint64_t turns, const uint32_t groups[3])
{
	const struct compute_shader *sh = &compute_shader_table[shader];
	const struct compute_limits *l = &rec->dev->limits;
	const double work =
		(double)(turns + 1) * groups[0] * groups[1] * groups[2];
	struct compute_cost cost = { .longest_loop = turns };
	uint32_t i;

	for (i = 0; i < n; i++) {
		raise(&cost.binding_bytes, bytes_of(&b[i]));
		if (i >= sh->storage)
			raise(&cost.texels, bytes_of(&b[i]) / 16);
	}
	raise(&rec->cost.longest_loop, cost.longest_loop);
	raise(&rec->cost.binding_bytes, cost.binding_bytes);
	raise(&rec->cost.texels, cost.texels);
	if (work > rec->cost.work) {
		rec->cost.work = work;
		rec->cost.kernel = sh->name;
	}
	if (record_measures(rec) || compute_cost_fits(rec->dev, &cost))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE,
			   "%s: loops of %llu turns, a binding of %llu bytes "
			   "and %llu texels: %s allows %llu, %llu and %llu",
			   sh->name, (unsigned long long)turns,
			   (unsigned long long)cost.binding_bytes,
			   (unsigned long long)cost.texels, rec->dev->info.name,
			   (unsigned long long)l->max_turns,
			   (unsigned long long)l->max_range,
			   (unsigned long long)l->max_texels);
}

const struct compute_cost *compute_record_cost(const struct compute_record *rec)
{
	return &rec->cost;
}

void compute_record_cost_reset(struct compute_record *rec)
{
	rec->cost = (struct compute_cost){ .kernel = "" };
	rec->error = ACCEL_OK;
}
