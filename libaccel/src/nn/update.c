// SPDX-License-Identifier: MIT
/* The rules: from a gradient to a step. w weight, g gradient, a rate. */
#include "update.h"

#include <math.h>

#include <accel/ops.h>

int update_slots(const struct accel_optimizer *o)
{
	switch (o->kind) {
	case ACCEL_SGD:
		return o->o.momentum > 0;
	case ACCEL_RMSPROP:
		return 1 + (o->o.momentum > 0);
	default:
		return 2;
	}
}

accel_status update_start(struct update *u, const struct accel_optimizer *o,
			  accel_context *ctx, double lr, accel_tensor *finite)
{
	double t = (double)(o->step + 1), rate = lr;

	*u = (struct update){ .o = o, .finite = finite };
	/* Kingma and Ba 2015, end of section 2 */
	if (o->kind >= ACCEL_ADAM)
		rate *= sqrt(1 - pow(o->o.beta2, t)) / (1 - pow(o->o.beta1, t));
	u->rate = accel_scalar(ctx, ACCEL_F32, rate);
	if (o->kind == ACCEL_ADAMW && o->o.weight_decay > 0) {
		u->decay = accel_scalar(ctx, ACCEL_F32,
					1 - lr * o->o.weight_decay);
		if (!u->decay)
			return ACCEL_ERR_NOMEM;
	}
	return u->rate ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* a * x + b * y */
static accel_tensor *blend(accel_tensor *x, double a, accel_tensor *y, double b)
{
	return accel_add(accel_mul_scalar(x, a), accel_mul_scalar(y, b));
}

/* v = mu v - a g; w += v, or w += mu v - a g */
static void sgd(const struct update *u, accel_tensor *w,
		accel_tensor *const *slot, accel_tensor *g, accel_tensor **new)
{
	double mu = u->o->o.momentum;
	accel_tensor *down = accel_mul(g, u->rate), *v;

	if (!(mu > 0)) {
		new[0] = accel_sub(w, down);
		return;
	}
	v = accel_sub(accel_mul_scalar(slot[0], mu), down);
	new[1] = v;
	if (u->o->o.nesterov)
		v = accel_sub(accel_mul_scalar(v, mu), down);
	new[0] = accel_add(w, v);
}

/* v = rho v + (1 - rho) g^2; d = a g / sqrt(v + eps); m = mu m + d; w -= m */
static void rmsprop(const struct update *u, accel_tensor *w,
		    accel_tensor *const *slot, accel_tensor *g,
		    accel_tensor **new)
{
	const accel_optimizer_options *o = &u->o->o;
	accel_tensor *v, *down;

	v = blend(slot[0], o->rho, accel_mul(g, g), 1 - o->rho);
	new[1] = v;
	down = accel_div(accel_mul(g, u->rate),
			 accel_sqrt(accel_add_scalar(v, o->epsilon)));
	if (o->momentum > 0) {
		down = accel_add(accel_mul_scalar(slot[1], o->momentum), down);
		new[2] = down;
	}
	new[0] = accel_sub(w, down);
}

/* m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= a m / (sqrt(v) + eps) */
static void adam(const struct update *u, accel_tensor *w,
		 accel_tensor *const *slot, accel_tensor *g, accel_tensor **new)
{
	const accel_optimizer_options *o = &u->o->o;
	accel_tensor *m, *v;

	m = blend(slot[0], o->beta1, g, 1 - o->beta1);
	v = blend(slot[1], o->beta2, accel_mul(g, g), 1 - o->beta2);
	new[1] = m;
	new[2] = v;
	if (u->decay)
		w = accel_mul(w, u->decay);
	new[0] = accel_sub(
		w, accel_div(accel_mul(m, u->rate),
			     accel_add_scalar(accel_sqrt(v), o->epsilon)));
}

void update_record(const struct update *u, accel_tensor *param,
		   accel_tensor *const *slot, accel_tensor *g,
		   accel_tensor **new)
{
	if (u->o->kind != ACCEL_ADAMW && u->o->o.weight_decay > 0)
		g = blend(g, 1, param, u->o->o.weight_decay);
	switch (u->o->kind) {
	case ACCEL_SGD:
		sgd(u, param, slot, g, new);
		break;
	case ACCEL_RMSPROP:
		rmsprop(u, param, slot, g, new);
		break;
	default:
		adam(u, param, slot, g, new);
	}
}
