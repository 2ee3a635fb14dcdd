// SPDX-License-Identifier: MIT
/*
 * GRU and LSTM, unrolled over time: [T, F] -> [units] or [T, units]. Gates are
 * side by side in the weights, in Keras's order.
 */
#include "../base/alloc.h"
#include "../base/error.h"
#include "layer.h"

static accel_status check(const struct accel_layer *l)
{
	return layer_at_least(l, "units", l->o.units, 1);
}

/* The weights of one direction. */
typedef accel_status build_fn(struct accel_layer *l, const struct shape *in,
			      struct shape *out);

static accel_status build(struct accel_layer *l, const struct shape *in,
			  struct shape *out, int gates)
{
	int64_t u = l->o.units;

	if (in->ndim != 2)
		return layer_misfit(l, "[T, F]", in);
	*out = l->o.sequences ? (struct shape){ 2, { in->dim[0], u } }
			      : (struct shape){ 1, { u } };
	layer_weight(l, "kernel", l->o.kernel_init, true,
		     ACCEL_SHAPE(in->dim[1], gates * u));
	layer_weight(l, "recurrent_kernel", ACCEL_INIT_ORTHOGONAL, true,
		     ACCEL_SHAPE(u, gates * u));
	return ACCEL_OK;
}

/* The weights of one direction, for whom a second has the same again. */
static accel_status build_both(struct accel_layer *l, const struct shape *in,
			       struct shape *out, build_fn *one)
{
	static const char *const names[] = { "backward_kernel",
					     "backward_recurrent_kernel",
					     "backward_bias" };
	accel_status err = one(l, in, out);
	uint32_t half = l->n_weights, i;

	if (err || !l->o.bidirectional)
		return err;
	err = one(l, in, out);
	for (i = half; i < l->n_weights; i++)
		l->w[i].name = names[i - half];
	out->dim[out->ndim - 1] *= 2;
	return err;
}

/* What a kind does with one step. `state` is carried on. */
typedef accel_tensor *step_fn(const struct layer_call *c, accel_tensor *x,
			      accel_tensor **state);

#define MOST_PARTS 64 /* of a concat */

/* Every step's [N, 1, units] as one. */
static accel_tensor *join(accel_tensor **part, int64_t n)
{
	int64_t i, k;

	do {
		for (i = k = 0; i < n; i += MOST_PARTS, k++) {
			int64_t m = n - i < MOST_PARTS ? n - i : MOST_PARTS;

			part[k] = accel_concat((int)m, part + i, 1);
			if (!part[k])
				return NULL;
		}
		n = k;
	} while (n > 1);
	return part[0];
}

/* x [N, T, F], from the end with @backward; outputs in the order of time. */
static accel_tensor *unroll(const struct layer_call *c, step_fn *step,
			    bool backward)
{
	int64_t t, steps = accel_tensor_dim(c->x[0], 1);
	accel_tensor *state[2] = { NULL, NULL }, *y = NULL;
	accel_tensor **all = NULL;

	if (c->l->o.sequences) {
		all = mem_alloc((size_t)steps * sizeof(*all));
		if (!all)
			return NULL;
	}
	for (t = 0; t < steps; t++) {
		int64_t at = backward ? steps - 1 - t : t;
		accel_tensor *x = accel_slice(c->x[0], 1, at, at + 1, 1);

		x = accel_flatten_from(x, 1); /* [N, F] */
		y = step(c, x, state);
		if (!y)
			break;
		if (all)
			all[at] = accel_expand(y, 1);
	}
	if (all && y)
		y = join(all, steps);
	mem_free(all);
	return y;
}

/* Both directions side by side. */
static accel_tensor *run(const struct layer_call *c, step_fn *step)
{
	int n = c->l->o.no_bias ? 2 : 3, i;
	struct layer_call back = *c, on = *c;
	accel_tensor *part[2];

	if (!c->l->o.bidirectional)
		return unroll(c, step, false);
	for (i = 0; i < 3; i++) {
		back.w[i] = i < n ? c->w[n + i] : NULL;
		on.w[i] = i < n ? c->w[i] : NULL;
	}
	part[0] = unroll(&on, step, false);
	part[1] = unroll(&back, step, true);
	return part[0] && part[1] ? accel_concat(2, part, -1) : NULL;
}

/* Gate number i of [N, gates * units]. */
static accel_tensor *gate(const struct layer_call *c, accel_tensor *x, int i)
{
	int64_t u = c->l->o.units;

	return accel_slice(x, 1, i * u, (i + 1) * u, 1);
}

/* ---- GRU: update z, reset r, candidate ---- */

static accel_status gru_weights(struct accel_layer *l, const struct shape *in,
				struct shape *out)
{
	accel_status err = build(l, in, out, 3);

	if (!err && !l->o.no_bias)
		layer_weight(l, "bias", l->o.bias_init ?: ACCEL_INIT_ZEROS,
			     true, ACCEL_SHAPE(2, 3 * (int64_t)l->o.units));
	return err;
}

static accel_status gru_build(struct accel_layer *l, uint32_t n,
			      const struct shape *in, struct shape *out)
{
	(void)n;
	return build_both(l, in, out, gru_weights);
}

/* Row i of the bias, of input or state. */
static accel_tensor *bias_row(const struct layer_call *c, int i)
{
	return accel_slice(c->w[2], 0, i, i + 1, 1); /* [1, 3u] */
}

static accel_tensor *gru_step(const struct layer_call *c, accel_tensor *x,
			      accel_tensor **state)
{
	accel_tensor *h = state[0], *z, *r, *a, *inner = NULL;

	x = accel_matmul(x, c->w[0]);
	if (c->w[2])
		x = accel_add(x, bias_row(c, 0));
	if (h)
		inner = accel_matmul(h, c->w[1]);
	if (c->w[2])
		inner = h ? accel_add(inner, bias_row(c, 1)) : bias_row(c, 1);
	z = gate(c, x, 0);
	r = gate(c, x, 1);
	a = gate(c, x, 2);
	if (inner) {
		z = accel_add(z, gate(c, inner, 0));
		r = accel_sigmoid(accel_add(r, gate(c, inner, 1)));
		a = accel_add(a, accel_mul(r, gate(c, inner, 2)));
	}
	z = accel_sigmoid(z);
	a = accel_tanh(a);
	/* z h + (1 - z) a */
	h = h ? accel_add(a, accel_mul(z, accel_sub(h, a)))
	      : accel_sub(a, accel_mul(z, a));
	state[0] = h;
	return h;
}

static accel_tensor *gru_call(const struct layer_call *c)
{
	return run(c, gru_step);
}

const struct layer_desc layer_gru = {
	"gru", 1, check, gru_build, gru_call, "u", "bqdk", LAYER_OF_MODEL,
};

/* ---- LSTM: input i, forget f, candidate, output o ---- */

static accel_status lstm_weights(struct accel_layer *l, const struct shape *in,
				 struct shape *out)
{
	accel_status err = build(l, in, out, 4);
	struct weight *w;

	if (!err && !l->o.no_bias) {
		w = layer_weight(l, "bias", l->o.bias_init ?: ACCEL_INIT_ZEROS,
				 true, ACCEL_SHAPE(4 * (int64_t)l->o.units));
		w->ones_from = l->o.units;
		w->ones_to = 2 * (int64_t)l->o.units;
	}
	return err;
}

static accel_status lstm_build(struct accel_layer *l, uint32_t n,
			       const struct shape *in, struct shape *out)
{
	(void)n;
	return build_both(l, in, out, lstm_weights);
}

static accel_tensor *lstm_step(const struct layer_call *c, accel_tensor *x,
			       accel_tensor **state)
{
	accel_tensor *h = state[0], *cell = state[1], *new, *o;

	x = accel_matmul(x, c->w[0]);
	if (c->w[2])
		x = accel_add(x, c->w[2]);
	if (h)
		x = accel_add(x, accel_matmul(h, c->w[1]));
	new = accel_mul(accel_sigmoid(gate(c, x, 0)),
			accel_tanh(gate(c, x, 2)));
	if (cell)
		new = accel_add(new,
				accel_mul(cell, accel_sigmoid(gate(c, x, 1))));
	o = accel_sigmoid(gate(c, x, 3));
	state[1] = new;
	state[0] = accel_mul(o, accel_tanh(new));
	return state[0];
}

static accel_tensor *lstm_call(const struct layer_call *c)
{
	return run(c, lstm_step);
}

const struct layer_desc layer_lstm = {
	"lstm", 1, check, lstm_build, lstm_call, "u", "bqdk", LAYER_OF_MODEL,
};
