// SPDX-License-Identifier: MIT
/* A model as a layer: its layers, applied once more. */
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../tensor/node.h"
#include "model.h"

static accel_status check(const accel_model *m, int n_in, accel_node *const *in,
			  int n_out)
{
	accel_status err = object_check(m, OBJECT_MODEL, "model_apply");
	int i;

	if (err)
		return err;
	if (n_in != (int)m->n_in || n_out != (int)m->n_out || !in)
		return accel_error(ACCEL_ERR_INVALID,
				   "model_apply: %d inputs and %d outputs, the "
				   "model has %u and %u",
				   n_in, n_out, m->n_in, m->n_out);
	for (i = 0; i < n_in; i++) {
		err = object_check(in[i], OBJECT_NODE, "model_apply");
		if (err)
			return err;
		if (in[i]->net->ctx != m->ctx)
			return accel_error(ACCEL_ERR_INVALID,
					   "model_apply: input %d is of "
					   "another context",
					   i);
	}
	return ACCEL_OK;
}

/* made[k] is what node number k of the model is, here. */
static accel_status apply_layers(const accel_model *m, accel_node **made)
{
	struct accel_node *from[MERGE_MAX];
	uint32_t i, j;

	model_number(m);
	for (i = m->n_in; i < m->n_nodes; i++) {
		const struct accel_node *node = m->node[i];

		for (j = 0; j < node->n_in; j++)
			from[j] = made[node->in[j]->index];
		made[i] = network_apply(node->layer, node->n_in, from);
		if (!made[i])
			return ACCEL_ERR_NOMEM;
	}
	return ACCEL_OK;
}

accel_status accel_model_apply_to(accel_model *m, int n_in,
				  accel_node *const *in, int n_out,
				  accel_node **out)
{
	accel_status err = out ? check(m, n_in, in, n_out)
			       : accel_error(ACCEL_ERR_INVALID,
					     "model_apply: nowhere to put the "
					     "outputs");
	accel_node **made;
	int i;

	if (err)
		return err;
	made = mem_alloc(m->n_nodes * sizeof(accel_node *));
	if (!made)
		return ACCEL_ERR_NOMEM;
	memcpy(made, in, m->n_in * sizeof(accel_node *));
	err = apply_layers(m, made);
	for (i = 0; i < n_out && !err; i++)
		out[i] = made[m->output[i]->index];
	mem_free(made);
	return err;
}

accel_node *accel_model_apply(accel_model *m, accel_node *x)
{
	accel_node *y;

	return accel_model_apply_to(m, 1, &x, 1, &y) ? NULL : y;
}
