// SPDX-License-Identifier: MIT
/* accel summary: what is in a model file? */
#include "accel.h"

#include <math.h>
#include <stdio.h>

static void print_training(const accel_model *m)
{
	const accel_compile_options *o = accel_model_options(m);
	accel_history h = accel_model_history(m);
	const accel_epoch *e;

	if (!accel_model_options(m)->optimizer) {
		printf("Not compiled.\n");
		return;
	}
	printf("Loss: %s%s%s\n", accel_loss_name(o->loss),
	       o->autoencode ? ", of its own input" : "",
	       o->mixed_precision ? ", mixed precision" : "");
	if (!h.n)
		return;
	e = &h.epoch[h.best >= 0 ? h.best : h.n - 1];
	printf("Trained: %d epochs, best %d: loss %.4f", h.n, h.best + 1,
	       e->train.loss);
	if (!isnan(e->validation.loss))
		printf(", validation %.4f", e->validation.loss);
	printf("\n");
}

static void print_inputs(const accel_model *m)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	int i;

	if (p)
		print_columns(p);
	if (!accel_model_class(m, 0))
		return;
	printf("Classes:");
	for (i = 0; accel_model_class(m, i); i++)
		printf("%s %s", i ? "," : "", accel_model_class(m, i));
	printf("\n");
}

static void print_json(const accel_model *m)
{
	const accel_compile_options *o = accel_model_options(m);
	accel_history h = accel_model_history(m);
	const int64_t *shape;
	int nd = accel_model_output(m, &shape), i;

	printf("{" JSON_SCHEMA ", \"parameters\": %lld, \"output\": [",
	       (long long)accel_model_parameters(m));
	for (i = 0; i < nd; i++)
		printf("%s%lld", i ? ", " : "", (long long)shape[i]);
	printf("], \"classes\": [");
	for (i = 0; accel_model_class(m, i); i++) {
		printf("%s", i ? ", " : "");
		json_text(stdout, accel_model_class(m, i));
	}
	printf("], \"loss\": ");
	if (o->optimizer)
		json_text(stdout, accel_loss_name(o->loss));
	else
		printf("null");
	printf(", \"epochs\": %d, \"best\": %d}\n", h.n, h.best + 1);
}

int cmd_summary(int argc, char **argv)
{
	const char *model = NULL;
	bool json = false;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		{ "--json", OPTION_FLAG, &json, "one object" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){ .text = "summary MODEL [--json]" },
		specs, NULL);
	accel_context *ctx;
	accel_status err;
	accel_model *m;

	if (status)
		return status;
	m = load_model(model, "cpu", &ctx);
	if (!m)
		return fail(ACCEL_OK);
	err = json ? ACCEL_OK : accel_model_summary(m, stdout);
	if (json)
		print_json(m);
	else if (!err) {
		print_training(m);
		print_inputs(m);
	}
	accel_model_destroy(m);
	accel_close(ctx);
	return err ? fail(err) : 0;
}
