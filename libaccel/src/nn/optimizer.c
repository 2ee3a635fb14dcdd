// SPDX-License-Identifier: MIT
/* Optimizers: their options and state, gathering, clipping, the schedule. */
#include "optimizer.h"

#include <math.h>
#include <string.h>

#include <accel/ops.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "../ops/op.h"
#include "../tensor/layout.h"
#include "../tensor/node.h"
#include "update.h"

static double or_default(double v, double d)
{
	return v > 0 || v < 0 ? v : d;
}

static accel_status check(const struct accel_optimizer *o)
{
	const accel_optimizer_options *p = &o->o;
	const struct {
		const char *name;
		double value, below;
	} list[] = {
		{ "lr", p->lr, INFINITY },
		{ "momentum", p->momentum, 1 },
		{ "beta1", p->beta1, 1 },
		{ "beta2", p->beta2, 1 },
		{ "rho", p->rho, 1 },
		{ "epsilon", p->epsilon, INFINITY },
		{ "weight_decay", p->weight_decay, INFINITY },
		{ "clip_value", p->clip_value, INFINITY },
		{ "clip_norm", p->clip_norm, INFINITY },
		{ "clip_global_norm", p->clip_global_norm, INFINITY },
		{ "accumulate", p->accumulate, 1e9 },
		{ "schedule.warmup", (double)p->schedule.warmup, 1e18 },
		{ "schedule.steps", (double)p->schedule.steps, 1e18 },
		{ "schedule.factor", p->schedule.factor, INFINITY },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!(list[i].value >= 0 && list[i].value < list[i].below))
			return accel_error(
				ACCEL_ERR_RANGE,
				"optimizer: %s is %g, not in [0, %g)",
				list[i].name, list[i].value, list[i].below);
	if ((unsigned)o->kind > ACCEL_ADAMW)
		return accel_error(ACCEL_ERR_INVALID, "no optimizer %d",
				   o->kind);
	if (p->schedule.kind && p->schedule.steps < 1)
		return accel_error(ACCEL_ERR_RANGE,
				   "optimizer: a schedule over %lld steps",
				   (long long)p->schedule.steps);
	return ACCEL_OK;
}

/* In accel_compile(m, .optimizer = accel_sgd(.lr = -1)) the NULL must not pass
 * for one that was left out. */
static _Thread_local bool failed;

static void free_slots(int n, accel_tensor **param, accel_tensor **slot)
{
	int i;

	for (i = 0; i < n * SLOTS; i++)
		accel_tensor_destroy(slot[i]);
	for (i = 0; i < n; i++)
		node_unref(param[i]);
	mem_free(param);
	mem_free(slot);
}

static void optimizer_free(void *p)
{
	struct accel_optimizer *o = p;

	free_slots(o->n, o->param, o->slot);
	object_put(o->ctx);
	mem_free(o);
}

accel_optimizer *accel_optimizer_create(accel_optimizer_kind kind,
					const accel_optimizer_options *options)
{
	struct accel_optimizer *o;

	failed = true;
	if (!options)
		return accel_error_null(ACCEL_ERR_INVALID,
					"optimizer: no options");
	o = mem_zalloc(sizeof(*o));
	if (!o)
		return NULL;
	o->kind = kind;
	o->o = *options;
	o->o.lr = or_default(o->o.lr, kind == ACCEL_SGD ? 0.01 : 0.001);
	o->o.beta1 = or_default(o->o.beta1, 0.9);
	o->o.beta2 = or_default(o->o.beta2, 0.999);
	o->o.rho = or_default(o->o.rho, 0.9);
	o->o.epsilon = or_default(o->o.epsilon, 1e-7);
	if (kind == ACCEL_ADAMW)
		o->o.weight_decay = or_default(o->o.weight_decay, 0.004);
	if (o->o.schedule.kind == ACCEL_SCHEDULE_STEP)
		o->o.schedule.factor = or_default(o->o.schedule.factor, 0.1);
	if (!o->o.accumulate)
		o->o.accumulate = 1;
	failed = check(o) || object_add(o, OBJECT_OPTIMIZER, optimizer_free);
	if (!failed)
		return o;
	mem_free(o);
	return NULL;
}

bool optimizer_failed(void)
{
	bool was = failed;

	failed = false;
	return was;
}

void accel_optimizer_destroy(accel_optimizer *o)
{
	object_drop_handle(o, OBJECT_OPTIMIZER);
}

struct accel_optimizer *optimizer_take(struct accel_optimizer *o,
				       const struct accel_optimizer *mine)
{
	if (object_check(o, OBJECT_OPTIMIZER, "compile"))
		return NULL;
	if (o != mine && !object_has_handle(o, OBJECT_OPTIMIZER))
		o = accel_optimizer_create(o->kind, &o->o);
	if (!o)
		return NULL;
	object_ref(o);
	object_drop_handle(o, OBJECT_OPTIMIZER);
	return o;
}

const char *optimizer_slot_name(int i)
{
	static const char *const names[SLOTS] = { "m", "v", "acc" };

	return names[i];
}

#define ACCEL_X(name, text) text,
static const char *const kinds[] = { ACCEL_OPTIMIZER_MAP(ACCEL_X) };
#undef ACCEL_X

const char *optimizer_kind_name(accel_optimizer_kind kind)
{
	return kinds[kind];
}

int optimizer_kind(const char *name)
{
	int i;

	for (i = 0; i < (int)(sizeof(kinds) / sizeof(kinds[0])); i++)
		if (!strcmp(kinds[i], name))
			return i;
	return -1;
}

/* ---- the rate ---- */

/* Of the step that comes after `done` ones. */
static double rate_at(const struct accel_optimizer *o, int64_t done)
{
	const accel_schedule *s = &o->o.schedule;
	double lr = o->o.lr, part;

	if (done < s->warmup)
		return lr * (double)(done + 1) / (double)s->warmup;
	done -= s->warmup;
	switch (s->kind) {
	case ACCEL_SCHEDULE_STEP:
		return lr * pow(s->factor, (double)(done / s->steps));
	case ACCEL_SCHEDULE_COSINE:
		part = done < s->steps ? (double)done / (double)s->steps : 1;
		part = 0.5 * (1 + cos(3.14159265358979323846 * part));
		return lr * (s->factor + (1 - s->factor) * part);
	default:
		return lr;
	}
}

double accel_optimizer_rate(const accel_optimizer *o)
{
	return object_live(o, OBJECT_OPTIMIZER) ? rate_at(o, o->step) : NAN;
}

double optimizer_last_rate(const struct accel_optimizer *o)
{
	return rate_at(o, o->step ? o->step - 1 : 0);
}

void accel_optimizer_set_rate(accel_optimizer *o, double lr)
{
	if (object_live(o, OBJECT_OPTIMIZER) && lr > 0)
		o->o.lr = lr;
}

/* ---- clipping ---- */

static accel_tensor *clip_value_parts(accel_tensor *g, double limit)
{
	accel_context *ctx = accel_tensor_context(g);

	if (!g)
		return NULL;
	if (!(limit > 0))
		return accel_error_null(ACCEL_ERR_RANGE, "clip: limit %g",
					limit);
	g = accel_minimum(g, accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, limit));
	return accel_maximum(g,
			     accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, -limit));
}

accel_tensor *accel_clip_value(accel_tensor *g, double limit)
{
	return OP_WHOLE(op_context(g), clip_value_parts(g, limit));
}

static accel_tensor *square_sum(accel_tensor *g)
{
	return accel_sum(accel_mul(g, g), ACCEL_ALL_AXES, false);
}

/* norm / max(norm, sqrt(square)) */
static accel_tensor *clip_factor(accel_tensor *square, double norm)
{
	accel_tensor *n;

	if (!square)
		return NULL;
	if (!(norm > 0))
		return accel_error_null(ACCEL_ERR_RANGE, "clip: norm %g", norm);
	n = accel_full(accel_tensor_context(square), ACCEL_F32, ACCEL_SCALAR,
		       norm);
	return accel_div(n, accel_maximum(n, accel_sqrt(square)));
}

static accel_tensor *clip_norm_parts(accel_tensor *g, double norm)
{
	return accel_mul(g, clip_factor(square_sum(g), norm));
}

accel_tensor *accel_clip_norm(accel_tensor *g, double norm)
{
	return OP_WHOLE(op_context(g), clip_norm_parts(g, norm));
}

accel_status accel_clip_global_norm(int n, accel_tensor **grads, double norm)
{
	accel_tensor *sum = NULL, *factor;
	int i;

	for (i = 0; i < n; i++)
		sum = i ? accel_add(sum, square_sum(grads[i]))
			: square_sum(grads[i]);
	factor = clip_factor(sum, norm);
	for (i = 0; i < n; i++)
		grads[i] = accel_mul(grads[i], factor);
	return n && !grads[n - 1] ? ACCEL_ERR_INVALID : ACCEL_OK;
}

/* ---- a step ---- */

static accel_status make_slot(accel_tensor **slot, accel_tensor *param)
{
	accel_tensor *t;

	t = accel_tensor_create(accel_tensor_context(param), ACCEL_F32,
				accel_tensor_ndim(param),
				accel_tensor_shape(param), NULL);
	*slot = accel_keep(t);
	return t ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_status make_slots(const struct accel_optimizer *o,
			       accel_tensor **slot, accel_tensor *param)
{
	accel_status err = ACCEL_OK;
	int k;

	for (k = 0; k < update_slots(o) && !err; k++)
		err = make_slot(&slot[k], param);
	if (!err && o->o.accumulate > 1)
		err = make_slot(&slot[SLOTS - 1], param);
	return err;
}

int optimizer_place(const struct accel_optimizer *o, const accel_tensor *param)
{
	int i;

	for (i = 0; i < o->n; i++)
		if (o->param[i] == param)
			return i;
	return -1;
}

static bool bound_to(const struct accel_optimizer *o, int n,
		     accel_tensor *const *params)
{
	return o->n == n &&
	       !memcmp(o->param, params, (size_t)n * sizeof(*params));
}

/* Slots for new ones are made before anything is changed. */
static accel_status fill_slots(const struct accel_optimizer *o, int n,
			       accel_tensor *const *params, accel_tensor **slot)
{
	accel_status err = ACCEL_OK;
	int i;

	for (i = 0; i < n && !err; i++)
		if (optimizer_place(o, params[i]) < 0)
			err = make_slots(o, slot + i * SLOTS, params[i]);
	for (i = 0; i < n * SLOTS && err; i++)
		accel_tensor_destroy(slot[i]);
	return err;
}

static void move_slots(const struct accel_optimizer *o, int n,
		       accel_tensor *const *params, accel_tensor **slot)
{
	int i, k, from;

	for (i = 0; i < n; i++) {
		node_ref(params[i]);
		from = optimizer_place(o, params[i]);
		for (k = 0; from >= 0 && k < SLOTS; k++) {
			slot[i * SLOTS + k] = o->slot[from * SLOTS + k];
			o->slot[from * SLOTS + k] = NULL;
		}
	}
}

accel_status optimizer_bind(struct accel_optimizer *o, int n,
			    accel_tensor *const *params)
{
	accel_tensor **slot, **param;

	if (n < 1)
		return accel_error(ACCEL_ERR_INVALID,
				   "optimizer: nothing to train: there is no "
				   "weight, or no layer is trainable");
	if (bound_to(o, n, params))
		return ACCEL_OK;
	if (o->ctx && o->ctx != params[0]->ctx)
		return accel_error(ACCEL_ERR_INVALID,
				   "optimizer: parameters of another context");
	slot = mem_zalloc((size_t)n * (SLOTS + 1) * sizeof(*slot));
	param = mem_alloc((size_t)n * sizeof(*param));
	if (!slot || !param || fill_slots(o, n, params, slot)) {
		mem_free(slot);
		mem_free(param);
		return ACCEL_ERR_NOMEM;
	}
	move_slots(o, n, params, slot);
	memcpy(param, params, (size_t)n * sizeof(*param));
	free_slots(o->n, o->param, o->slot);
	o->n = n;
	o->slot = slot;
	o->param = param;
	if (!o->ctx) {
		o->ctx = params[0]->ctx;
		context_hold(o->ctx);
	}
	return ACCEL_OK;
}

/* dst = finite ? src : dst */
static accel_status assign(accel_tensor *dst, accel_tensor *src,
			   accel_tensor *finite)
{
	if (finite)
		src = accel_where(finite, src, dst);
	return src ? accel_assign(dst, src) : ACCEL_ERR_INVALID;
}

/* Adds to the gathered gradients; true when they are enough for a step, and
 * then gives their mean. */
static accel_status gather(struct accel_optimizer *o, int i, accel_tensor **g,
			   bool enough, accel_tensor *finite)
{
	accel_tensor *acc = o->slot[i * SLOTS + SLOTS - 1];
	accel_tensor *sum = o->micro ? accel_add(acc, *g) : *g;

	if (!enough)
		return assign(acc, sum, finite);
	*g = accel_mul_scalar(sum, 1.0 / o->o.accumulate);
	return ACCEL_OK;
}

static accel_status one(struct accel_optimizer *o, const struct update *u,
			int i, accel_tensor *param, accel_tensor *g)
{
	accel_tensor **slot = o->slot + i * SLOTS;
	accel_tensor *new[3] = { NULL };
	accel_status err = ACCEL_OK;
	int k;

	if (o->o.clip_norm > 0)
		g = accel_clip_norm(g, o->o.clip_norm);
	if (o->o.clip_value > 0)
		g = accel_clip_value(g, o->o.clip_value);
	update_record(u, param, slot, g, new);
	for (k = 0; k < update_slots(o) && !err; k++)
		err = assign(slot[k], new[k + 1], u->finite);
	return err ? err : assign(param, new[0], u->finite);
}

accel_status optimizer_apply(struct accel_optimizer *o, int n,
			     accel_tensor *const *params,
			     accel_tensor *const *grads, accel_tensor *finite)
{
	accel_tensor **g;
	accel_status err = optimizer_bind(o, n, params);
	bool enough = o->micro + 1 >= o->o.accumulate;
	struct update u;
	int i;

	if (err)
		return err;
	g = o->slot + (ptrdiff_t)n * SLOTS; /* room for gradients */
	for (i = 0; i < n; i++) {
		g[i] = grads[i];
		if (!grads[i])
			return ACCEL_ERR_INVALID;
	}
	for (i = 0; i < n && !err && o->o.accumulate > 1; i++)
		err = gather(o, i, &g[i], enough, finite);
	o->micro = enough ? 0 : o->micro + 1;
	if (err || !enough)
		return err;
	if (o->o.clip_global_norm > 0)
		err = accel_clip_global_norm(n, g, o->o.clip_global_norm);
	if (!err)
		err = update_start(&u, o, accel_tensor_context(params[0]),
				   rate_at(o, o->step), finite);
	for (i = 0; i < n && !err; i++)
		err = one(o, &u, i, params[i], g[i]);
	o->step++;
	return err;
}

static bool shape_same(const accel_tensor *a, const accel_tensor *b)
{
	int i, n = accel_tensor_ndim(a);

	if (n != accel_tensor_ndim(b))
		return false;
	for (i = 0; i < n; i++)
		if (accel_tensor_dim(a, i) != accel_tensor_dim(b, i))
			return false;
	return true;
}

accel_status accel_optimizer_apply(accel_optimizer *o, int n,
				   accel_tensor *const *params,
				   accel_tensor *const *grads)
{
	accel_status err = object_check(o, OBJECT_OPTIMIZER, "optimizer");
	int i;

	if (err)
		return err;
	if (n < 1 || !params || !grads)
		return accel_error(ACCEL_ERR_INVALID,
				   "optimizer: %d parameters", n);
	if (o->n && o->n != n)
		return accel_error(ACCEL_ERR_INVALID,
				   "optimizer: %d parameters, it began with %d",
				   n, o->n);
	for (i = 0; i < n && o->n; i++)
		if (o->param[i] != params[i])
			return accel_error(ACCEL_ERR_INVALID,
					   "optimizer: parameter %d is another "
					   "tensor than in the call before",
					   i);
	for (i = 0; i < n; i++) {
		if (!params[i] || !grads[i])
			return accel_error_of_null("optimizer: no tensor");
		if (accel_tensor_dtype(params[i]) != ACCEL_F32 ||
		    !shape_same(params[i], grads[i]))
			return accel_error(
				ACCEL_ERR_SHAPE,
				"optimizer: parameter %d is %s %s, its "
				"gradient %s",
				i,
				accel_dtype_name(accel_tensor_dtype(params[i])),
				shape_text(accel_tensor_ndim(params[i]),
					   accel_tensor_shape(params[i])),
				shape_text(accel_tensor_ndim(grads[i]),
					   accel_tensor_shape(grads[i])));
	}
	return optimizer_apply(o, n, params, grads, NULL);
}
