// SPDX-License-Identifier: MIT
/* accel plan: which kernels a model's prediction takes on a device, and why. */
#include "accel.h"

#include <stdio.h>
#include <string.h>

struct list {
	uint32_t n, on_host;
	double flops, bytes;
};

static void step_json(const accel_plan_step *s, void *arg)
{
	struct list *l = arg;
	int i;

	printf("%s{\"name\":", l->n++ ? "," : "");
	json_text(stdout, s->name);
	printf(",\"kernel\":");
	json_text(stdout, s->kernel);
	printf(",\"why\":");
	json_text(stdout, s->why);
	printf(",\"host\":%s,\"dtype\":\"%s\",\"shape\":[",
	       s->on_host ? "true" : "false", accel_dtype_name(s->dtype));
	for (i = 0; i < s->ndim; i++)
		printf("%s%lld", i ? "," : "", (long long)s->shape[i]);
	printf("],\"bytes\":%llu,\"flops\":", (unsigned long long)s->bytes);
	json_number(stdout, s->flops);
	printf("}");
	l->on_host += s->on_host;
	l->flops += s->flops;
	l->bytes += (double)s->bytes;
}

static accel_status plan_json(accel_tensor *y, int batch)
{
	struct list l = { 0 };
	accel_status err;

	printf("{" JSON_SCHEMA ",\"device\":");
	json_text(stdout, accel_context_device(accel_tensor_context(y)));
	printf(",\"batch\":%d,\"steps\":[", batch);
	err = accel_plan_steps(y, step_json, &l);
	printf("],\"kernels\":%u,\"on_host\":%u,\"flops\":", l.n, l.on_host);
	json_number(stdout, l.flops);
	printf(",\"bytes\":");
	json_number(stdout, l.bytes);
	printf("}\n");
	return err;
}

/* A batch of zeros through the model: only shapes count. The first output; the
 * others are kept, and so are of the same plan. */
static accel_tensor *answer(accel_model *m, accel_context *ctx, int batch)
{
	accel_tensor *in[ACCEL_MAX_INPUTS], *out[ACCEL_MAX_OUTPUTS];
	int i, n_in = accel_model_inputs(m), n_out = accel_model_outputs(m);

	for (i = 0; i < n_in; i++) {
		int64_t shape[ACCEL_MAX_DIMS] = { batch };
		const int64_t *size;
		int ndim = accel_model_input_at(m, i, &size);

		memcpy(shape + 1, size, (size_t)ndim * sizeof(*size));
		in[i] = accel_tensor_create(ctx, ACCEL_F32, ndim + 1, shape,
					    NULL);
	}
	if (accel_model_call_with(m, n_in, in, n_out, out, false))
		return NULL;
	for (i = 1; i < n_out; i++)
		accel_keep(out[i]);
	return out[0];
}

int cmd_plan(int argc, char **argv)
{
	const char *model = NULL, *device = NULL;
	bool json = false;
	int batch = 1;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		{ "--batch", OPTION_COUNT, &batch, "rows at once (1)" },
		{ "--device", OPTION_TEXT, &device,
		  "cpu, vulkan, an index, a name or a UUID" },
		{ "--json", OPTION_FLAG, &json, "one object" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){
			.text = "plan MODEL [--batch N] [--device D] [--json]",
			.help = "For each step of a prediction: the kernel "
				"that "
				"the device takes, and why.\nOf training: "
				"ACCEL_DEBUG=plan accel train ...\n" },
		specs, NULL);
	accel_context *ctx;
	accel_status err;
	accel_tensor *y;
	accel_model *m;

	if (status)
		return status;
	m = load_model(model, device, &ctx);
	if (!m)
		return fail(ACCEL_OK);
	y = answer(m, ctx, batch);
	err = !y     ? ACCEL_ERR_INVALID
	      : json ? plan_json(y, batch)
		     : accel_plan_print(y, stdout);
	status = err ? fail(y ? err : ACCEL_OK) : 0;
	accel_model_destroy(m);
	accel_close(ctx);
	return status;
}
