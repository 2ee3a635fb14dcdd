// SPDX-License-Identifier: MIT
/*
 * What a product does to its result before it stores it: bias, residual,
 * activation.
 */
#include "epilogue.h"

#include <stdio.h>
#include <string.h>

#include "../libaccel/src/base/error.h"

static accel_status operand(struct compute_record *rec, const char *what,
			    const char *name, const struct compute_view *v,
			    uint32_t dtypes, uint64_t want, bool writes,
			    struct epilogue *e, int i)
{
	char label[64], text[VIEW_TEXT];
	accel_status s;

	snprintf(label, sizeof(label), "%s: %s", what, name);
	s = view_check_contiguous(label, v);
	if (!s)
		s = view_check_dtype(label, v, dtypes);
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

	if ((uint32_t)e->act >= COMPUTE_ACTS ||
	    (e->act == COMPUTE_ACT_RELU_GRAD && !e->residual))
		return accel_error(ACCEL_ERR_INVALID, "%s: no activation %d",
				   what, (int)e->act);
	s = operand(rec, what, "output", e->out,
		    VIEW_FLOATS | 1u << COMPUTE_I32, n, true, e, 0);
	e->bind[1] = e->bind[2] = e->bind[0];
	e->bind[1].writes = e->bind[2].writes = false;
	if (!s && e->bias)
		s = operand(rec, what, "bias", e->bias, VIEW_FLOATS, n_bias,
			    false, e, 1);
	if (!s && e->residual)
		s = operand(rec, what, "residual", e->residual, VIEW_FLOATS, n,
			    false, e, 2);
	if (s)
		return s;
	e->wide = e->n % 4 == 0 && e->out->dtype == COMPUTE_F32 &&
		  e->start[0] % 4 == 0;
	if (e->residual)
		e->wide = e->wide && e->residual->dtype == COMPUTE_F32 &&
			  e->start[2] % 4 == 0;
	e->spec = (e->bias ? (e->bias_rows ? 2u : 1u) : 0) |
		  (e->residual ? 4u : 0) | (uint32_t)e->act << 3 |
		  e->out->dtype << 6 | (e->bias ? e->bias->dtype << 9 : 0) |
		  (e->residual ? e->residual->dtype << 12 : 0) |
		  (e->wide ? 0x8000u : 0);
	return ACCEL_OK;
}

static bool fits_v3d(const struct epilogue *e, float alpha)
{
	if (e->out->dtype != COMPUTE_F32 || (e->bias && alpha != 1) ||
	    (e->bias && e->bias->dtype != COMPUTE_F32))
		return false;
	if (!e->residual && e->act == COMPUTE_ACT_NONE)
		return true;
	return e->wide && e->act != COMPUTE_ACT_TANH &&
	       e->act != COMPUTE_ACT_GELU;
}

uint64_t epilogue_bytes(const struct compute_view *out)
{
	return out->dtype == COMPUTE_F32
		       ? 0
		       : (view_count(out) * 4 + 255) & ~255ull;
}

accel_status epilogue_split(struct compute_record *rec, const char *what,
			    float alpha, struct compute_buffer *scratch,
			    uint64_t offset, struct epilogue *e,
			    struct epilogue *rest)
{
	memset(rest, 0, sizeof(*rest));
	if (fits_v3d(e, alpha))
		return ACCEL_OK;
	*rest = *e;
	rest->raw = *e->out;
	if (e->out->dtype != COMPUTE_F32) {
		rest->raw.dtype = COMPUTE_F32;
		rest->raw.buffer = scratch;
		rest->raw.offset = offset;
	}
	*e = (struct epilogue){ .out = &rest->raw, .n = rest->n };
	return epilogue_bind(rec, what, 0, e);
}

/* A contiguous view of all the elements as [count / (m n), m, n]. */
static struct compute_view matrices(const struct compute_view *v, uint32_t m,
				    uint32_t n)
{
	struct compute_view r = *v;

	r.rank = 3;
	r.size[0] = (uint32_t)(view_count(v) / m / n);
	r.size[1] = m;
	r.size[2] = n;
	r.stride[0] = (int32_t)(m * n);
	r.stride[1] = (int32_t)n;
	r.stride[2] = 1;
	return r;
}

accel_status epilogue_rest(struct compute_record *rec,
			   const struct epilogue *rest, uint32_t m, uint32_t n)
{
	static const uint8_t act[] = {
#define COMPUTE_X(name, code) COMPUTE_EW_##code,
		COMPUTE_ACT_MAP(COMPUTE_X)
#undef COMPUTE_X
	};
	struct compute_elementwise e = { .n_in = 1, .n_out = 1 };
	uint8_t now = COMPUTE_EW_IN(0);
	struct compute_view *b;

	if (!rest->out)
		return ACCEL_OK;
	e.in[0] = view_contiguous(&rest->raw) ? matrices(&rest->raw, m, n)
					      : rest->raw;
	e.out[0] = matrices(rest->out, m, n);
	if (rest->bias) {
		b = &e.in[e.n_in];
		*b = *rest->bias;
		b->rank = rest->bias_rows ? 2 : 1;
		b->size[0] = rest->bias_rows ? m : n;
		b->size[1] = 1;
		b->stride[0] = 1;
		b->stride[1] = 0;
		e.op[e.n_ops] = (struct compute_ew_op){ COMPUTE_EW_ADD, now,
							COMPUTE_EW_IN(e.n_in),
							0 };
		now = COMPUTE_EW_OP(e.n_ops++);
		e.n_in++;
	}
	if (rest->act == COMPUTE_ACT_RELU_GRAD) {
		e.in[e.n_in] = matrices(rest->residual, m, n);
		e.n_imm = 1; /* 0 */
		e.op[e.n_ops++] = (struct compute_ew_op){ COMPUTE_EW_GT,
							  COMPUTE_EW_IN(e.n_in),
							  COMPUTE_EW_IMM(0),
							  0 };
		e.op[e.n_ops] = (struct compute_ew_op){
			COMPUTE_EW_I2F, COMPUTE_EW_OP(e.n_ops - 1), 0, 0
		};
		e.n_ops++;
		e.op[e.n_ops] =
			(struct compute_ew_op){ COMPUTE_EW_MUL, now,
						COMPUTE_EW_OP(e.n_ops - 1), 0 };
		now = COMPUTE_EW_OP(e.n_ops++);
		e.n_in++;
	} else if (rest->residual) {
		e.in[e.n_in] = matrices(rest->residual, m, n);
		e.op[e.n_ops] = (struct compute_ew_op){ COMPUTE_EW_ADD, now,
							COMPUTE_EW_IN(e.n_in),
							0 };
		now = COMPUTE_EW_OP(e.n_ops++);
		e.n_in++;
	}
	if (act[rest->act]) {
		e.op[e.n_ops] =
			(struct compute_ew_op){ act[rest->act], now, 0, 0 };
		now = COMPUTE_EW_OP(e.n_ops++);
	}
	e.out_value[0] = now;
	return compute_elementwise(rec, &e);
}
