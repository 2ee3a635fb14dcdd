// SPDX-License-Identifier: MIT
/* Layers from text: "conv2d:16:3:relu,flatten,dense:10". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/number.h"
#include "layer.h"

/* What a part of a layer's text is for. */
struct part {
	accel_layer_options o;
	const char *left; /* of the kind's numbers */
	char text[64]; /* the whole layer, for messages */
};

static accel_status wrong(const struct part *p, const char *word,
			  const char *why)
{
	return accel_error(ACCEL_ERR_FORMAT, "architecture: '%s' in '%s' %s",
			   word, p->text, why);
}

static accel_status take_number(struct part *p, const char *word, double v)
{
	bool whole = v == (double)(int)v;

	if (!*p->left)
		return wrong(p, word, "is one number too many");
	if (*p->left != 'r' && !whole)
		return wrong(p, word, "is not a whole number");
	switch (*p->left) {
	case 'u':
		p->o.units = (int)v;
		break;
	case 's':
		p->o.size = (int)v;
		break;
	case 'd':
		p->o.dim = (int)v;
		break;
	case 'r':
		p->o.rate = v;
		break;
	default: /* S: as many as come */
		if (p->o.ndim >= ACCEL_MAX_DIMS)
			return wrong(p, word, "is one size too many");
		p->o.shape[p->o.ndim++] = (int)v;
		return ACCEL_OK;
	}
	p->left++;
	return ACCEL_OK;
}

static accel_status take_word(struct part *p, const char *word)
{
	const struct layer_field *f;
	char *end;
	double v;

	errno = 0;
	v = number_read(word, &end);
	if (*word && !*end && !errno && v > -1e9 && v < 1e9)
		return take_number(p, word, v);
	for (f = layer_fields; f->name; f++) {
		char *at = (char *)&p->o + f->offset;
		int choice;

		if (f->type == FIELD_BOOL && !strcmp(f->name, word)) {
			*(bool *)at = true;
			return ACCEL_OK;
		}
		if (strcmp(f->name, "activation"))
			continue;
		choice = layer_choice(f->choices, word);
		if (choice >= 0) {
			p->o.activation = (accel_activation)choice;
			return ACCEL_OK;
		}
	}
	return wrong(p, word,
		     "is no number, activation (relu, tanh, sigmoid, gelu, "
		     "silu, softmax, leaky_relu, elu, softplus, hard_swish) "
		     "or flag (same, sequences, bidirectional, no_bias)");
}

static accel_layer *parse_one(const char *text, size_t n)
{
	struct part p = { .left = "" };
	char copy[64], *word, *rest = copy;
	int kind;

	if (n >= sizeof(copy))
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: a layer of %zu letters",
					n);
	snprintf(p.text, sizeof(p.text), "%.*s", (int)n, text);
	snprintf(copy, sizeof(copy), "%s", p.text);
	word = strsep(&rest, ":");
	kind = layer_kind(word);
	if (kind < 0)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: no layer '%s'", word);
	if (layer_kinds[kind]->n_x > 1)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"architecture: '%s' joins two inputs, "
					"and a list has one",
					word);
	p.left = layer_kinds[kind]->text;
	while ((word = strsep(&rest, ":")))
		if (take_word(&p, word))
			return NULL;
	return accel_layer_create((accel_layer_kind)kind, &p.o);
}

accel_status accel_layers_parse(const char *text, int max, accel_layer **layers,
				int *count)
{
	accel_status err = ACCEL_OK;

	*count = 0;
	for (;;) {
		size_t n = strcspn(text, ",");

		if (*count == max)
			err = accel_error(ACCEL_ERR_RANGE,
					  "architecture: over %d layers", max);
		else if (!(layers[*count] = parse_one(text, n)))
			err = ACCEL_ERR_FORMAT;
		if (err)
			break;
		++*count;
		if (!text[n])
			return ACCEL_OK;
		text += n + 1;
	}
	while (*count)
		accel_layer_destroy(layers[--*count]);
	return err;
}
