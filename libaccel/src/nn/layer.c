// SPDX-License-Identifier: MIT
/* Layers: making one, its options by name, what all kinds share. */
#include "layer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "../base/utf8.h"
#include "../tensor/layout.h"
#include "../tensor/node.h"

const struct layer_desc *const layer_kinds[] = {
	[ACCEL_LAYER_DENSE] = &layer_dense,
	[ACCEL_LAYER_CONV1D] = &layer_conv1d,
	[ACCEL_LAYER_CONV2D] = &layer_conv2d,
	[ACCEL_LAYER_DEPTHWISE2D] = &layer_depthwise2d,
	[ACCEL_LAYER_TRANSPOSED2D] = &layer_transposed2d,
	[ACCEL_LAYER_MAX_POOL1D] = &layer_max_pool1d,
	[ACCEL_LAYER_MAX_POOL2D] = &layer_max_pool2d,
	[ACCEL_LAYER_AVG_POOL1D] = &layer_avg_pool1d,
	[ACCEL_LAYER_AVG_POOL2D] = &layer_avg_pool2d,
	[ACCEL_LAYER_GLOBAL_MAX] = &layer_global_max,
	[ACCEL_LAYER_GLOBAL_AVG] = &layer_global_avg,
	[ACCEL_LAYER_FLATTEN] = &layer_flatten,
	[ACCEL_LAYER_UNFLATTEN] = &layer_unflatten,
	[ACCEL_LAYER_ACTIVATE] = &layer_activate,
	[ACCEL_LAYER_DROPOUT] = &layer_dropout,
	[ACCEL_LAYER_BATCH_NORM] = &layer_batch_norm,
	[ACCEL_LAYER_LAYER_NORM] = &layer_layer_norm,
	[ACCEL_LAYER_EMBEDDING] = &layer_embedding,
	[ACCEL_LAYER_GRU] = &layer_gru,
	[ACCEL_LAYER_LSTM] = &layer_lstm,
	[ACCEL_LAYER_ATTENTION] = &layer_attention,
	[ACCEL_LAYER_ADD] = &layer_add,
	[ACCEL_LAYER_MULTIPLY] = &layer_multiply,
	[ACCEL_LAYER_CONCATENATE] = &layer_concatenate,
};
#define KINDS (int)(sizeof(layer_kinds) / sizeof(layer_kinds[0]))

#define ACCEL_X(name, text) text,
static const char *const activations[] = { ACCEL_ACTIVATION_MAP(ACCEL_X) NULL };
static const char *const initializers[] = { ACCEL_INITIALIZER_MAP(ACCEL_X)
						    NULL };
#undef ACCEL_X

#define ACTIVATIONS (sizeof(activations) / sizeof(activations[0]) - 1)

#define AT(field) offsetof(accel_layer_options, field)
const struct layer_field layer_fields[] = {
	{ "units", FIELD_INT, AT(units), NULL },
	{ "size", FIELD_INT, AT(size), NULL },
	{ "size_w", FIELD_INT, AT(size_w), NULL },
	{ "stride", FIELD_INT, AT(stride), NULL },
	{ "stride_w", FIELD_INT, AT(stride_w), NULL },
	{ "dilation", FIELD_INT, AT(dilation), NULL },
	{ "same", FIELD_BOOL, AT(same), NULL },
	{ "dim", FIELD_INT, AT(dim), NULL },
	{ "activation", FIELD_CHOICE, AT(activation), activations },
	{ "no_bias", FIELD_BOOL, AT(no_bias), NULL },
	{ "sequences", FIELD_BOOL, AT(sequences), NULL },
	{ "bidirectional", FIELD_BOOL, AT(bidirectional), NULL },
	{ "rate", FIELD_DOUBLE, AT(rate), NULL },
	{ "epsilon", FIELD_DOUBLE, AT(epsilon), NULL },
	{ "momentum", FIELD_DOUBLE, AT(momentum), NULL },
	{ "kernel_init", FIELD_CHOICE, AT(kernel_init), initializers },
	{ "bias_init", FIELD_CHOICE, AT(bias_init), initializers },
	{ "l1", FIELD_DOUBLE, AT(l1), NULL },
	{ "l2", FIELD_DOUBLE, AT(l2), NULL },
	{ "shape", FIELD_SHAPE, AT(shape), NULL },
	{ "untrained", FIELD_BOOL, AT(untrained), NULL },
	{ NULL, FIELD_INT, 0, NULL },
};

int layer_kind(const char *name)
{
	int i;

	for (i = 0; i < KINDS; i++)
		if (!strcmp(layer_kinds[i]->name, name))
			return i;
	return -1;
}

int layer_choice(const char *const *choices, const char *name)
{
	int i;

	for (i = 0; choices[i]; i++)
		if (!strcmp(choices[i], name))
			return i;
	return -1;
}

accel_status layer_at_least(const struct accel_layer *l, const char *what,
			    int value, int least)
{
	if (value >= least)
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_RANGE, "%s: %s is %d, not at least %d",
			   l->desc->name, what, value, least);
}

accel_status layer_misfit(const struct accel_layer *l, const char *needs,
			  const struct shape *in)
{
	return accel_error(ACCEL_ERR_SHAPE, "%s: needs %s, not %s", l->name,
			   needs, shape_print(in));
}

/* What is wrong for every kind. */
static accel_status check_common(const struct accel_layer *l)
{
	const accel_layer_options *o = &l->o;
	accel_status err = ACCEL_OK;
	const struct {
		const char *name;
		int value;
	} sizes[] = {
		{ "units", o->units },       { "size", o->size },
		{ "size_w", o->size_w },     { "stride", o->stride },
		{ "stride_w", o->stride_w }, { "dilation", o->dilation },
		{ "dim", o->dim },
	};
	const struct {
		const char *name;
		char letter;
		bool set;
	} flags[] = {
		{ "activation", 'a', o->activation != ACCEL_LINEAR },
		{ "no_bias", 'b', o->no_bias },
		{ "same", 'p', o->same },
		{ "stride", 't', o->stride || o->stride_w },
		{ "dilation", 'l', o->dilation > 1 },
		{ "sequences", 'q', o->sequences },
		{ "bidirectional", 'd', o->bidirectional },
		{ "l1", 'k', o->l1 > 0 },
		{ "l2", 'k', o->l2 > 0 },
	};
	size_t i;

	for (i = 0; !err && i < sizeof(sizes) / sizeof(sizes[0]); i++)
		err = layer_at_least(l, sizes[i].name, sizes[i].value, 0);
	if (err)
		return err;
	if ((size_t)o->activation >= ACTIVATIONS)
		return accel_error(ACCEL_ERR_RANGE, "%s: no activation %d",
				   l->desc->name, o->activation);
	if ((unsigned)o->kernel_init > ACCEL_INIT_UNIFORM ||
	    (unsigned)o->bias_init > ACCEL_INIT_UNIFORM)
		return accel_error(ACCEL_ERR_RANGE, "%s: no initializer %d, %d",
				   l->desc->name, o->kernel_init, o->bias_init);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].set && !strchr(l->desc->reads, flags[i].letter))
			return accel_error(ACCEL_ERR_INVALID,
					   "%s: has no option '%s'",
					   l->desc->name, flags[i].name);
	if (!(o->epsilon >= 0) || !(o->momentum >= 0 && o->momentum < 1))
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: epsilon %g, momentum %g", l->desc->name,
				   o->epsilon, o->momentum);
	if (!(o->l1 >= 0 && o->l1 < INFINITY) ||
	    !(o->l2 >= 0 && o->l2 < INFINITY))
		return accel_error(ACCEL_ERR_RANGE, "%s: l1 %g, l2 %g",
				   l->desc->name, o->l1, o->l2);
	return l->desc->check ? l->desc->check(l) : ACCEL_OK;
}

static void layer_free(void *p)
{
	struct accel_layer *l = p;
	uint32_t i;

	for (i = 0; i < l->n_weights; i++) {
		if (l->w[i].t)
			l->w[i].t->lent = false;
		accel_tensor_destroy(l->w[i].t);
	}
	object_put(l->ctx);
	mem_free(l);
}

accel_layer *accel_layer_create(accel_layer_kind kind,
				const accel_layer_options *options)
{
	struct accel_layer *l;

	if ((unsigned)kind >= (unsigned)KINDS || !options)
		return accel_error_null(ACCEL_ERR_INVALID, "no layer kind %d",
					kind);
	if (options->name &&
	    (strlen(options->name) > LAYER_NAME || strchr(options->name, '/') ||
	     !is_utf8(options->name)))
		return accel_error_null(ACCEL_ERR_INVALID,
					"layer '%.80s': a name has no '/', at "
					"most %d bytes, and is UTF-8",
					options->name, LAYER_NAME);
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return NULL;
	l->desc = layer_kinds[kind];
	l->o = *options;
	if (options->name)
		strcpy(l->name, options->name);
	l->named = *l->name;
	l->o.name = l->name;
	if (!check_common(l) && !object_add(l, OBJECT_LAYER, layer_free))
		return l;
	mem_free(l);
	return NULL;
}

void accel_layer_destroy(accel_layer *l)
{
	object_drop_handle(l, OBJECT_LAYER);
}

accel_status accel_layer_set_trainable(accel_layer *l, bool trainable)
{
	accel_status err = object_check(l, OBJECT_LAYER, "set_trainable");

	if (!err)
		l->o.untrained = !trainable;
	return err;
}

bool accel_layer_trainable(const accel_layer *l)
{
	return object_live(l, OBJECT_LAYER) && !l->o.untrained;
}

bool layer_has_weights(const struct accel_layer *l)
{
	return l->ctx;
}

static accel_status same_weights(const struct accel_layer *l, uint32_t n,
				 const struct weight *w)
{
	uint32_t i;

	for (i = 0; i < n && i < l->n_weights; i++)
		if (!shape_equal(&l->w[i].shape, &w[i].shape))
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: its %s is %s already, this "
					   "input needs %s",
					   l->name, w[i].name,
					   shape_print(&w[i].shape),
					   shape_print(&l->w[i].shape));
	return ACCEL_OK;
}

accel_status layer_lay_out(struct accel_layer *l, uint32_t n,
			   const struct shape *in, struct shape *out)
{
	struct weight before[LAYER_WEIGHTS];
	uint32_t had = l->n_weights, i;
	accel_status err;

	memcpy(before, l->w, sizeof(before));
	l->n_weights = 0;
	err = l->desc->build(l, n, in, out);
	if (!err)
		err = same_weights(l, had, before);
	if (err) {
		memcpy(l->w, before, sizeof(before));
		l->n_weights = had;
		return err;
	}
	for (i = 0; i < had; i++)
		l->w[i].t = before[i].t;
	return ACCEL_OK;
}

struct weight *layer_weight(struct accel_layer *l, const char *name,
			    accel_initializer init, bool trainable, int ndim,
			    const int64_t *shape)
{
	struct weight *w = &l->w[l->n_weights++];
	int i;

	*w = (struct weight){ .name = name,
			      .init = init,
			      .trainable = trainable,
			      .shape.ndim = ndim };
	w->fan_in = w->fan_out = 1;
	for (i = 0; i < ndim; i++)
		w->shape.dim[i] = shape[i];
	if (ndim == 2) {
		w->fan_in = (double)shape[0];
		w->fan_out = (double)shape[1];
	}
	return w;
}

accel_tensor *layer_activation(accel_activation a, accel_tensor *x)
{
	switch (a) {
	case ACCEL_RELU:
		return accel_relu(x);
	case ACCEL_TANH:
		return accel_tanh(x);
	case ACCEL_SIGMOID:
		return accel_sigmoid(x);
	case ACCEL_GELU:
		return accel_gelu(x);
	case ACCEL_SILU:
		return accel_silu(x);
	case ACCEL_SOFTMAX:
		return accel_softmax(x, -1);
	case ACCEL_LEAKY_RELU:
		return accel_leaky_relu(x, 0.2);
	case ACCEL_ELU:
		return accel_elu(x, 1);
	case ACCEL_SOFTPLUS:
		return accel_softplus(x);
	case ACCEL_HARD_SWISH:
		return accel_hard_swish(x);
	default:
		return x;
	}
}

accel_tensor *layer_project(accel_tensor *x, accel_tensor *w, accel_tensor *b)
{
	int64_t shape[ACCEL_MAX_DIMS];
	int nd = accel_tensor_ndim(x);
	accel_tensor *y;

	if (!x || !w)
		return NULL;
	memcpy(shape, accel_tensor_shape(x), sizeof(shape));
	if (nd > 2) /* one large product, not many small ones */
		x = accel_reshape(x, ACCEL_SHAPE(-1, shape[nd - 1]));
	y = accel_matmul(x, w);
	if (b)
		y = accel_add(y, b);
	shape[nd - 1] = accel_tensor_dim(w, 1);
	return nd > 2 ? accel_reshape(y, nd, shape) : y;
}

/* ---- shapes ---- */

const char *shape_print(const struct shape *s)
{
	return shape_text(s->ndim, s->dim);
}

int64_t shape_count(const struct shape *s)
{
	int64_t n = 1;
	int i;

	for (i = 0; i < s->ndim; i++)
		n *= s->dim[i];
	return n;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
	return a->ndim == b->ndim &&
	       !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof(a->dim[0]));
}

int shape_batch(const struct shape *s, int64_t n, int64_t *out)
{
	out[0] = n;
	memcpy(out + 1, s->dim, (size_t)s->ndim * sizeof(*out));
	return s->ndim + 1;
}
