// SPDX-License-Identifier: MIT
/* The table of layers, as Keras prints it. */
#include <stdio.h>
#include <string.h>

#include "../base/error.h"
#include "model.h"

#define NAME_WIDTH 34
#define SHAPE_WIDTH 22

/* 1234567 -> "1,234,567". */
static const char *grouped(int64_t n, char *out, size_t room)
{
	char digits[24];
	size_t len =
		(size_t)snprintf(digits, sizeof(digits), "%lld", (long long)n);
	size_t i, k = 0;

	for (i = 0; i < len && k + 2 < room; i++) {
		if (i && (len - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = digits[i];
	}
	out[k] = 0;
	return out;
}

static void rule(FILE *out, char c)
{
	int i;

	for (i = 0; i < NAME_WIDTH + SHAPE_WIDTH + 14; i++)
		fputc(c, out);
	fputc('\n', out);
}

static void shape_column(const struct accel_model *m, const struct shape *s,
			 char *text, size_t room)
{
	size_t n;
	int i;

	if (!m->built) {
		snprintf(text, room, "?");
		return;
	}
	n = (size_t)snprintf(text, room, "[N");
	for (i = 0; i < s->ndim && n < room; i++)
		n += (size_t)snprintf(text + n, room - n, ", %lld",
				      (long long)s->dim[i]);
	if (n < room)
		snprintf(text + n, room - n, "]");
}

static const char *layer_name(const struct accel_model *m,
			      const struct accel_node *node)
{
	return node->layer ? model_layer_of(m, node)->name : "input";
}

static bool used_before(const struct accel_model *m,
			const struct accel_node *node)
{
	uint32_t i;

	for (i = m->n_in; i < node->index; i++)
		if (m->node[i]->layer == node->layer)
			return true;
	return false;
}

static void print_layer(const struct accel_model *m,
			const struct accel_node *node, FILE *out)
{
	const struct accel_layer *l = node->layer;
	const char *own = layer_name(m, node);
	char name[160], shape[96], number[32];
	bool again = used_before(m, node);
	int64_t n = 0;
	uint32_t i;

	if (again)
		snprintf(name, sizeof(name), "%s (shared)", own);
	else if (strcmp(own, l->desc->name))
		snprintf(name, sizeof(name), "%s (%s)", own, l->desc->name);
	else
		snprintf(name, sizeof(name), "%s", own);
	for (i = 0; i < l->n_weights && !again; i++)
		n += shape_count(&l->w[i].shape);
	shape_column(m, &node->out, shape, sizeof(shape));
	fprintf(out, "%-*s %-*s %12s", NAME_WIDTH, name, SHAPE_WIDTH, shape,
		m->built ? grouped(n, number, sizeof(number)) : "?");
	/* where a value does not come from the line above */
	for (i = 0; i < node->n_in; i++)
		if (node->n_in > 1 || node->in[i]->index + 1 != node->index)
			fprintf(out, "%s%s", i ? ", " : "  from ",
				layer_name(m, node->in[i]));
	if (l->o.untrained)
		fprintf(out, "  untrained");
	fputc('\n', out);
}

accel_status accel_model_summary(const accel_model *m, FILE *out)
{
	int64_t all, trainable;
	char shape[96], a[32];
	uint32_t i;

	if (object_check(m, OBJECT_MODEL, "summary"))
		return ACCEL_ERR_INVALID;
	if (!out)
		return accel_error(ACCEL_ERR_INVALID, "summary: no file");
	model_number(m);
	fprintf(out, "%-*s %-*s %12s\n", NAME_WIDTH, "Layer", SHAPE_WIDTH,
		"Output shape", "Parameters");
	rule(out, '=');
	for (i = 0; i < m->n_in; i++) {
		shape_column(m, &m->node[i]->out, shape, sizeof(shape));
		fprintf(out, "%-*s %-*s %12s\n", NAME_WIDTH, "input",
			SHAPE_WIDTH, shape, m->built ? "0" : "?");
	}
	for (; i < m->n_nodes; i++)
		print_layer(m, m->node[i], out);
	rule(out, '=');
	if (m->built) {
		all = accel_model_parameters(m);
		trainable = accel_model_trainable(m);
		fprintf(out, "Parameters: %s (%.2f KiB)\n",
			grouped(all, a, sizeof(a)), (double)all * 4 / 1024);
		fprintf(out, "  trainable: %s\n",
			grouped(trainable, a, sizeof(a)));
		fprintf(out, "  not trainable: %s\n",
			grouped(all - trainable, a, sizeof(a)));
	}
	return ferror(out) ? accel_error(ACCEL_ERR_IO, "summary: writing")
			   : ACCEL_OK;
}
