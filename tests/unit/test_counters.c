// SPDX-License-Identifier: MIT
/* A context that has been in use for years computes what a new one does. */
#include "conform.h"

#include "../../libaccel/src/graph/walk.h"

/* x + 1 + 1, which are nodes that no walk has met. */
static float three(accel_tensor *x)
{
	float v = 0;

	accel_scope_begin(ctx);
	if (accel_read(accel_add_scalar(accel_add_scalar(x, 1), 1), &v,
		       sizeof(v)))
		printf("# %s\n", accel_last_error());
	accel_scope_end(ctx);
	return v;
}

/* Walks from `before` on meet only what they should. */
static void walks_after(uint64_t before, const char *what)
{
	accel_tensor *x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1),
					      (float[]){ 1 });
	bool ok = true;
	float v;
	int i;

	ctx->stamp = before;
	for (i = 0; ok && i < 16; i++) {
		v = three(x);
		ok = v == 3;
	}
	if (!CHECK(ok, "%s: reads of a context after %s", label, what))
		printf("# read %d of them is %g, not 3\n", i, v);
	accel_tensor_destroy(x);
}

/* The nodes, the roots and the assignments of a key begin where its end says. */
static void keys(void)
{
	accel_tensor *x = make(ACCEL_F32, ACCEL_SHAPE(1), 0, 1);
	struct graph_scratch *s;
	uint32_t counts[3] = { 0 };
	accel_status err;

	accel_scope_begin(ctx);
	accel_assign(x, accel_neg(x));
	err = graph_walk(ctx, accel_exp(x));
	s = ctx->scratch;
	if (!err && s->n_key > sizeof(counts))
		memcpy(counts, s->key + s->n_key - sizeof(counts),
		       sizeof(counts));
	CHECK(counts[0] == s->n_nodes && counts[1] == 1 && counts[2] == 1,
	      "%s: a plan's key counts its nodes, roots and assignments",
	      label);
	accel_scope_end(ctx);
}

static void suite(void)
{
	keys();
	walks_after((1ull << 32) - 10, "2^31 reads");
	walks_after((1ull << 62) - 10, "2^61 reads");
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
