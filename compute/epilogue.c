// SPDX-License-Identifier: MIT
#include "epilogue.h"

#include <stdio.h>

#include "../libaccel/src/base/error.h"

static accel_status operand(struct compute_record *rec, const char *what,
			    const char *name, const struct compute_view *v,
			    uint64_t want, bool writes, struct epilogue *e,
			    int i)
{
	char label[64], text[VIEW_TEXT];
	accel_status s;

	snprintf(label, sizeof(label), "%s: %s", what, name);
	s = view_check_contiguous(label, v);
	if (!s)
		s = view_check_dtype(label, v, VIEW_FLOATS);
	if (s)
		return s;
	if (view_count(v) != want)
		return accel_error(ACCEL_ERR_SHAPE,
				   "%s: %s, %llu elements are needed", label,
				   view_text(v, text),
				   (unsigned long long)want);
	return view_bind(rec, label, v, writes, &e->bind[i], &e->start[i]);
}

accel_status epilogue_bind(struct compute_record *rec, const char *what,
			   uint64_t n_bias, struct epilogue *e)
{
	uint64_t n = view_count(e->out);
	accel_status s;
	bool wide;

	if ((uint32_t)e->act > COMPUTE_ACT_SILU)
		return accel_error(ACCEL_ERR_INVALID, "%s: no activation %d",
				   what, (int)e->act);
	s = operand(rec, what, "output", e->out, n, true, e, 0);
	e->bind[1] = e->bind[2] = e->bind[0];
	e->bind[1].writes = e->bind[2].writes = false;
	if (!s && e->bias)
		s = operand(rec, what, "bias", e->bias, n_bias, false, e, 1);
	if (!s && e->residual)
		s = operand(rec, what, "residual", e->residual, n, false, e, 2);
	if (s)
		return s;
	wide = e->n % 4 == 0 && e->out->dtype == COMPUTE_F32 &&
	       e->start[0] % 4 == 0;
	if (e->residual)
		wide = wide && e->residual->dtype == COMPUTE_F32 &&
		       e->start[2] % 4 == 0;
	e->spec = (e->bias ? (e->bias_rows ? 2u : 1u) : 0) |
		  (e->residual ? 4u : 0) | (uint32_t)e->act << 3 |
		  e->out->dtype << 6 | (e->bias ? e->bias->dtype << 9 : 0) |
		  (e->residual ? e->residual->dtype << 12 : 0) |
		  (wide ? 0x8000u : 0);
	return ACCEL_OK;
}
