// SPDX-License-Identifier: MIT
/*
 * Promises about plans: replay, reuse of memory, in-place updates, fusion,
 * determinism, the bounded cache.
 */
#include "conform.h"

#include "../../libaccel/src/tensor/node.h"

static accel_counters now(void)
{
	accel_counters c;

	accel_counters_get(ctx, &c);
	return c;
}

struct net {
	accel_tensor *p[4]; /* weights and biases of two layers */
};

static struct net make_net(void)
{
	static const int64_t shape[4][2] = {
		{ 7, 16 }, { 16 }, { 16, 5 }, { 5 }
	};
	struct net n;
	int i;

	noise_state = 11;
	for (i = 0; i < 4; i++)
		n.p[i] = accel_keep(
			make(ACCEL_F32, i & 1 ? 1 : 2, shape[i], -0.5, 0.5));
	return n;
}

static void drop_net(struct net *n)
{
	int i;

	for (i = 0; i < 4; i++)
		accel_tensor_destroy(n->p[i]);
}

/* One step of gradient descent with dropout; returns the loss. */
static float train_step(struct net *n, double rate)
{
	accel_tensor *x, *y, *h, *loss, *g[4], *lr;
	float value = NAN;
	int i;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(9, 7), -1, 1);
	y = make(ACCEL_I32, ACCEL_SHAPE(9), 0, 5);
	h = accel_relu(accel_add(accel_matmul(x, n->p[0]), n->p[1]));
	h = accel_random_dropout(h, 0.1);
	h = accel_add(accel_matmul(h, n->p[2]), n->p[3]);
	loss = accel_mul(accel_log_softmax(h, 1),
			 accel_one_hot(y, 5, ACCEL_F32));
	loss = accel_mul_scalar(accel_sum(loss, ACCEL_ALL_AXES, false),
				-1.0 / 9);
	lr = accel_scalar(ctx, ACCEL_F32, rate);
	if (!accel_grad(loss, 4, n->p, g))
		for (i = 0; i < 4; i++)
			accel_assign(n->p[i],
				     accel_sub(n->p[i], accel_mul(g[i], lr)));
	if (accel_read(loss, &value, sizeof(value)))
		printf("# %s\n", accel_last_error());
	accel_scope_end(ctx);
	return value;
}

static void replay(void)
{
	struct net n = make_net();
	accel_counters a, b;
	float first, loss = 0;
	int i;

	first = train_step(&n, 0.5);
	train_step(&n, 0.5);
	train_step(&n, 0.5);
	a = now();
	for (i = 0; i < 40; i++)
		loss = train_step(&n, 0.5 / (i + 1));
	b = now();
	CHECK(first > 0 && loss > 0 && loss < 20, "%s: the loss is a number",
	      label);
	CHECK(b.plans_compiled == a.plans_compiled,
	      "%s: a step seen before compiles nothing, another rate or not",
	      label);
	CHECK(b.plans_replayed == a.plans_replayed + 40,
	      "%s: every step is one replayed plan", label);
	CHECK(b.submits == a.submits + 40, "%s: one submit a step", label);
	/* the test's own tensors of data come from the pool too */
	if (!CHECK(b.allocations == a.allocations,
		   "%s: no allocation in a replayed step", label))
		printf("# %llu allocations\n",
		       (unsigned long long)(b.allocations - a.allocations));
	CHECK(b.bytes_in_use == a.bytes_in_use,
	      "%s: a step leaves no memory behind", label);
	drop_net(&n);
}

static void weights_after(int steps, float *out)
{
	struct net n;
	int i;

	accel_seed(ctx, 5);
	n = make_net();
	for (i = 0; i < steps; i++)
		train_step(&n, 0.3);
	accel_read(n.p[0], out, 7 * 16 * 4);
	drop_net(&n);
}

static void determinism(void)
{
	float a[7 * 16], b[7 * 16];
	int i, same = 0, cold = 0;

	weights_after(5, a);
	for (i = 0; i < 10; i++) {
		weights_after(5, b);
		same += !memcmp(a, b, sizeof(a));
	}
	CHECK(same == 10, "%s: ten runs give the same bits", label);
	for (i = 0; i < 10; i++) {
		accel_plan_clear(ctx);
		weights_after(5, b);
		cold += !memcmp(a, b, sizeof(a));
	}
	CHECK(cold == 10, "%s: so they do without a warm plan cache", label);
}

static void other_threads(void)
{
	accel_context *mine = ctx, *other;
	float a[7 * 16], b[7 * 16];

	if (on_vulkan)
		return;
	weights_after(3, a);
	other = accel_open("cpu", .threads = 1);
	ctx = other;
	weights_after(3, b);
	accel_close(other);
	ctx = mine;
	CHECK(!memcmp(a, b, sizeof(a)),
	      "%s: the number of threads changes no bit", label);
}

static void updates(void)
{
	float one = 1, two = 2, v[3] = { 0 }, w[4];
	accel_tensor *p, *q, *old, *new;
	accel_status err;

	accel_scope_begin(ctx);
	p = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SCALAR, &one);
	q = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SCALAR, &two);
	old = accel_mul_scalar(p, 10);
	accel_assign(p, accel_add_scalar(p, 4));
	new = accel_mul_scalar(p, 10);
	accel_keep(old);
	accel_read(new, &v[0], 4);
	accel_read(old, &v[1], 4);
	accel_read(p, &v[2], 4);
	CHECK(v[0] == 50 && v[1] == 10 && v[2] == 5,
	      "%s: ops before an assignment read the old value, after it the "
	      "new one",
	      label);
	accel_assign(p, q);
	accel_assign(q, accel_mul_scalar(p, 0));
	accel_assign(q, accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 9));
	accel_sync(ctx);
	accel_read(p, &v[0], 4);
	accel_read(q, &v[1], 4);
	CHECK(v[0] == 2 && v[1] == 9, "%s: the last assignment counts", label);
	accel_write(p, &one, 4);
	accel_write(q, &two, 4);
	old = accel_copy(p);
	accel_assign(p, q);
	accel_assign(q, old);
	accel_sync(ctx);
	accel_read(p, &v[0], 4);
	accel_read(q, &v[1], 4);
	CHECK(v[0] == 2 && v[1] == 1, "%s: two tensors swap", label);
	new = accel_add_scalar(p, 1);
	accel_assign(p, new);
	old = accel_mul(new, new);
	accel_sync(ctx);
	accel_read(new, &v[0], 4);
	accel_read(old, &v[1], 4);
	CHECK(v[0] == 3 && v[1] == 9,
	      "%s: an assigned value can be read afterwards", label);
	old = accel_neg(p);
	accel_write(p, &one, 4);
	err = accel_read(old, &v[0], 4);
	CHECK(err == ACCEL_ERR_INVALID && strstr(accel_last_error(), "neg"),
	      "%s: what was recorded before an overwrite is refused", label);
	accel_scope_end(ctx);

	accel_scope_begin(ctx);
	p = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2, 2),
				(float[]){ 1, 2, 3, 4 });
	accel_assign(p, accel_transpose(p, 0, 1));
	accel_read(p, w, sizeof(w));
	CHECK(w[1] == 3 && w[2] == 2, "%s: a tensor takes its own transpose",
	      label);
	accel_assign(p, accel_matmul(p, p));
	accel_read(p, w, sizeof(w));
	CHECK(w[0] == 7 && w[1] == 15 && w[2] == 10 && w[3] == 22,
	      "%s: a tensor takes its own square", label);
	q = accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(2, 2), NULL);
	CHECK(!accel_assign(q, accel_add_scalar(p, 0.75)),
	      "%s: assignment converts", label);
	accel_read(q, w, sizeof(w));
	CHECK(((int32_t *)w)[3] == 22, "%s: toward zero", label);
	CHECK(accel_assign(p, accel_slice(p, 0, 0, 1, 1)) == ACCEL_ERR_SHAPE,
	      "%s: assignment does not broadcast", label);
	CHECK(accel_assign(accel_neg(p), p) == ACCEL_ERR_INVALID,
	      "%s: only storage is assigned to", label);
	accel_scope_end(ctx);
}

/* Whether t, of four elements, is these. */
static bool is(accel_tensor *t, float a, float b, float c, float d)
{
	const float want[4] = { a, b, c, d };
	float v[4];

	return !accel_read(t, v, sizeof(v)) && !memcmp(v, want, sizeof(v));
}

static accel_tensor *four(float a, float b, float c, float d)
{
	return accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2, 2),
				   (float[]){ a, b, c, d });
}

/* Updates and views of what is updated. */
static void updated_views(void)
{
	static const int64_t flat[] = { 4 };
	accel_tensor *p, *q;
	float v[4];

	accel_scope_begin(ctx);
	p = four(0, 0, 0, 0);
	q = four(1, 2, 3, 4);
	accel_assign(p, accel_transpose(q, 0, 1));
	CHECK(is(accel_reshape(p, 1, flat), 1, 3, 2, 4),
	      "%s: a view of what takes a transpose", label);
	accel_assign(p, accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(2, 2), 7));
	CHECK(is(accel_transpose(p, 0, 1), 7, 7, 7, 7),
	      "%s: a view of what takes a constant", label);
	accel_assign(p, accel_broadcast(accel_slice(q, 0, 1, 2, 1),
					ACCEL_SHAPE(2, 2)));
	CHECK(is(accel_transpose(p, 0, 1), 3, 3, 4, 4),
	      "%s: a view of what takes a row", label);
	q = four(1, 2, 3, 4);
	p = accel_transpose(q, 0, 1);
	accel_assign(q, four(5, 6, 7, 8));
	CHECK(is(p, 1, 3, 2, 4) && is(q, 5, 6, 7, 8),
	      "%s: a view from before an update reads the old value", label);
	q = four(1, 2, 3, 4);
	p = accel_keep(accel_transpose(q, 0, 1));
	accel_assign(q, four(5, 6, 7, 8));
	CHECK(is(p, 1, 3, 2, 4) && is(q, 5, 6, 7, 8),
	      "%s: so does a kept one that is read", label);
	accel_tensor_destroy(p);
	p = accel_keep(accel_transpose(q, 0, 1));
	accel_write(q, (float[]){ 1, 2, 3, 4 }, 16);
	CHECK(is(p, 5, 7, 6, 8), "%s: a kept view outlives an overwrite",
	      label);
	accel_tensor_destroy(p);
	p = accel_transpose(q, 0, 1);
	accel_write(q, (float[]){ 1, 2, 3, 4 }, 16);
	accel_keep(p);
	accel_assign(q, accel_neg(q));
	CHECK(is(q, -1, -2, -3, -4) && accel_read(p, v, sizeof(v)),
	      "%s: a kept view too late to read holds no update up", label);
	accel_tensor_destroy(p);
	accel_scope_end(ctx);
}

static uint32_t nodes(void)
{
	accel_tensor *t;
	uint32_t n = 0;

	for (t = ctx->nodes; t; t = t->next)
		n++;
	return n;
}

/* Outside a scope, too, an update leaves nothing behind. */
static void left_behind(void)
{
	accel_tensor *p = four(1, 2, 3, 4), *v = accel_transpose(p, 0, 1), *q;
	uint32_t before;

	q = accel_tensor_create(ctx, ACCEL_I32, ACCEL_SHAPE(2, 2), NULL);
	before = nodes();
	accel_assign(q, v);
	accel_assign(p, v);
	accel_sync(ctx);
	CHECK(nodes() == before, "%s: a conversion lives as long as its update",
	      label);
	accel_tensor_destroy(p);
	accel_tensor_destroy(v);
	accel_tensor_destroy(q);
}

/* What is pending and reads what accel_write() overwrites. */
static void overwritten(void)
{
	const float new[4] = { 5, 6, 7, 8 };
	accel_tensor *p, *q, *kept;

	accel_scope_begin(ctx);
	p = four(1, 2, 3, 4);
	q = four(0, 0, 0, 0);
	accel_assign(q, p);
	accel_write(p, new, sizeof(new));
	CHECK(is(q, 1, 2, 3, 4) && is(p, 5, 6, 7, 8),
	      "%s: what was assigned is not overwritten", label);
	kept = accel_keep(accel_neg(p));
	accel_assign(q, accel_add(p, p));
	CHECK(!accel_write(p, new, sizeof(new)) && is(kept, -5, -6, -7, -8) &&
		      is(q, 10, 12, 14, 16),
	      "%s: nor what was kept or computed", label);
	accel_tensor_destroy(kept);
	kept = accel_neg(p);
	accel_write(p, new, sizeof(new));
	accel_assign(q, kept);
	CHECK(accel_sync(ctx) == ACCEL_ERR_INVALID && !accel_sync(ctx) &&
		      is(q, 10, 12, 14, 16),
	      "%s: an assignment recorded too late fails once", label);
	accel_scope_end(ctx);
}

/* Numbers in a program: as many as there are, whatever equals what. */
static void immediates(void)
{
	static const int64_t square[] = { 2, 2 };
	accel_tensor *x, *y, *z, *zero;
	bool ok;
	int i;

	accel_scope_begin(ctx);
	x = four(1, 2, 3, 4);
	if (!on_vulkan) { /* a shader may take -0 for 0 */
		zero = accel_div(x, accel_full(ctx, ACCEL_F32, 2, square, -0.));
		zero = accel_sub(
			accel_div(x, accel_full(ctx, ACCEL_F32, 2, square, 0)),
			zero);
		CHECK(is(zero, INFINITY, INFINITY, INFINITY, INFINITY),
		      "%s: 0 is not -0", label);
	}
	y = x;
	z = accel_cast(x, ACCEL_I32);
	for (i = 2; i < 7; i++) {
		y = accel_add_scalar(y, i);
		z = accel_maximum(accel_mul_scalar(z, i), z);
	}
	x = accel_add(y, accel_cast(z, ACCEL_F32));
	ok = is(x, 741, 1462, 2183, 2904);
	CHECK(ok, "%s: the same numbers as f32 and as i32", label);
	if (!ok)
		printf("# %s\n", accel_last_error());
	accel_scope_end(ctx);
}

/* What accel_plan_print() says of t. */
static void printed(accel_tensor *t, char *text, size_t room)
{
	FILE *f = tmpfile();
	size_t n;

	text[0] = 0;
	if (!f || accel_plan_print(t, f)) {
		printf("# %s\n", accel_last_error());
		if (f)
			fclose(f);
		return;
	}
	rewind(f);
	n = fread(text, 1, room - 1, f);
	text[n] = 0;
	fclose(f);
}

static void fusion(void)
{
	accel_tensor *x, *w, *b, *y;
	accel_counters before;
	char text[8192];
	uint64_t kernels;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(8, 12), -1, 1);
	w = make(ACCEL_F32, ACCEL_SHAPE(20, 12), -1, 1);
	b = make(ACCEL_F32, ACCEL_SHAPE(20), -1, 1);
	y = accel_tanh(accel_mul_scalar(accel_add(accel_mul(x, x), x), 3));
	printed(accel_neg(y), text, sizeof(text));
	CHECK(!!strstr(text, "-> 1 kernels"),
	      "%s: a chain of five ops is one kernel", label);
	y = accel_relu(accel_add(accel_matmul(x, w, .transpose_b = true), b));
	printed(y, text, sizeof(text));
	CHECK(strstr(text, "-> 1 kernels") && strstr(text, "matmul+add+relu"),
	      "%s: bias and activation are the product's tail", label);
	CHECK(!!strstr(text, "b^T"), "%s: the transpose is absorbed", label);
	CHECK(!!strstr(text, "4160 FLOP"),
	      "%s: the table has the floating-point operations", label);
	y = accel_softmax(x, 1);
	printed(y, text, sizeof(text));
	CHECK(!!strstr(text, "-> 1 kernels"), "%s: softmax is one kernel",
	      label);
	printed(accel_layer_norm(x, NULL, NULL, 1e-5), text, sizeof(text));
	CHECK(!!strstr(text, "-> 1 kernels"), "%s: layer norm is one kernel",
	      label);
	/* equal subexpressions, constants, identities */
	y = accel_add(accel_exp(x), accel_exp(x));
	y = accel_mul(
		y, accel_mul_scalar(accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 4),
				    0.25));
	before = now();
	printed(y, text, sizeof(text));
	CHECK(strstr(text, "1 merged") && strstr(text, "exp+add") &&
		      !strstr(text, "mul"),
	      "%s: equal nodes merge, constants fold, ones vanish", label);
	CHECK(now().kernels == before.kernels, "%s: printing runs nothing",
	      label);
	/* the memory of a chain that cannot fuse is used again */
	y = x;
	for (int i = 0; i < 10; i++)
		y = accel_softmax(accel_cumsum(y, 1), 0);
	printed(y, text, sizeof(text));
	CHECK(!!strstr(text, "arena 1024 B for 9728 B"),
	      "%s: temporaries share memory", label);
	kernels = now().kernels;
	check(y, CHAIN, "and the result is right");
	CHECK(now().kernels == kernels + 20 || on_vulkan,
	      "%s: twenty kernels ran", label);
	accel_scope_end(ctx);
}

struct seen {
	uint32_t n;
	accel_plan_step s;
	char kernel[64], why[128];
};

static void see(const accel_plan_step *s, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->s = *s;
	snprintf(seen->kernel, sizeof(seen->kernel), "%s", s->kernel);
	snprintf(seen->why, sizeof(seen->why), "%s", s->why);
}

/* What each step takes, and why, is told without running it. */
static void chosen(void)
{
	const bool rasterizer =
		strstr(accel_context_device(ctx), "llvmpipe") ||
		strstr(accel_context_device(ctx), "SwiftShader");
	struct seen seen = { 0 };
	accel_tensor *x, *y;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(40, 50), -1, 1);
	y = accel_relu(accel_matmul(x, x, .transpose_b = true));
	CHECK(accel_plan_steps(y, see, &seen) == ACCEL_OK && seen.n == 1 &&
		      !seen.s.on_host && !*seen.why && seen.s.ndim == 2 &&
		      seen.s.flops == 2 * 40 * 40 * 50 + 40 * 40 &&
		      !strncmp(seen.kernel, on_vulkan ? "matmul_" : "cpu",
			       on_vulkan ? 7 : 4),
	      "%s: a product's kernel has its name", label);
	/* a running sum makes one iteration an element */
	x = accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(3, 70000), 1);
	seen.n = 0;
	CHECK(accel_plan_steps(accel_cumsum(x, 1), see, &seen) == ACCEL_OK &&
		      seen.s.on_host == rasterizer &&
		      !strcmp(seen.why,
			      rasterizer ? "70000 iterations of a loop, where "
					   "the device ends at 60000"
					 : ""),
	      "%s: why a step runs on the host, with both numbers: %s", label,
	      seen.why);
	CHECK(accel_plan_steps(x, NULL, NULL) == ACCEL_ERR_INVALID &&
		      accel_plan_steps(NULL, see, NULL) == ACCEL_ERR_INVALID,
	      "%s: no function, no tensor", label);
	accel_scope_end(ctx);
}

/* Chains that one kernel could not take: conform_device() sees whether any of
 * their kernels ran on the host. */
static void fusion_stops(void)
{
	const int64_t wide[] = { 2, 3, 2, 3, 2, 3 };
	const int back[] = { 5, 4, 3, 2, 1, 0 };
	accel_tensor *x, *y = NULL;

	accel_scope_begin(ctx);
	for (int i = 0; i < 6; i++) {
		x = accel_permute(make(ACCEL_F32, 6, wide, -1, 1), back);
		y = y ? accel_add(y, x) : x;
	}
	check(y, CHAIN, "six inputs of six strided dimensions");
	y = x = make(ACCEL_I32, ACCEL_SHAPE(50), -9, 9);
	for (int i = 0; i < 10; i++)
		y = accel_cast(accel_cast(y, ACCEL_F16), ACCEL_I32);
	check(y, EXACT, "ten conversions to f16 and back");
	for (int i = 0; i < 9; i++)
		x = accel_relu(accel_add_scalar(x, i - 4));
	check(x, EXACT, "nine constants, and as many integer relu");
	accel_scope_end(ctx);
}

static void cache(void)
{
	accel_context *mine = ctx;
	accel_counters c;
	int i, k;

	if (on_vulkan)
		return;
	ctx = accel_open("cpu", .threads = 1, .plan_cache = 4);
	for (k = 0; k < 2; k++) {
		for (i = 1; i <= 10; i++) {
			accel_scope_begin(ctx);
			check(accel_neg(make(ACCEL_F32, ACCEL_SHAPE(i), -1, 1)),
			      EXACT, "plan %d of a cache of 4", i);
			accel_scope_end(ctx);
		}
	}
	c = now();
	CHECK(c.plans_cached == 4, "%s: the cache is bounded", label);
	CHECK(c.plans_evicted == 16 && c.plans_compiled == 20,
	      "%s: the least recently used goes", label);
	accel_close(ctx);
	ctx = mine;
}

static void keys(void)
{
	accel_counters a, b;
	accel_tensor *x, *y;
	float v[6], w[6];

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(2, 3), -1, 1);
	accel_read(accel_sum(x, ACCEL_AXES(0), true), v, 12);
	a = now();
	accel_read(accel_sum(x, ACCEL_AXES(1), true), v, 8);
	b = now();
	CHECK(b.plans_compiled == a.plans_compiled + 1,
	      "%s: another attribute is another plan", label);
	y = make(ACCEL_F32, ACCEL_SHAPE(2, 3), -1, 1);
	accel_read(accel_sub(x, y), v, 24);
	a = now();
	accel_read(accel_sub(y, x), w, 24);
	b = now();
	CHECK(b.plans_compiled == a.plans_compiled && v[4] == -w[4],
	      "%s: other tensors of the same shapes are the same plan", label);
	accel_read(accel_sub(x, x), v, 24);
	CHECK(now().plans_compiled == b.plans_compiled + 1 && v[0] == 0,
	      "%s: one tensor twice is another plan", label);
	accel_scope_end(ctx);
}

static void long_graphs(void)
{
	accel_tensor *x;
	float v;
	int i;

	accel_scope_begin(ctx);
	x = accel_full(ctx, ACCEL_F32, ACCEL_SCALAR, 0);
	x = accel_add(x, accel_scalar(ctx, ACCEL_F32, 1));
	for (i = 0; i < 3000; i++)
		x = accel_add_scalar(x, 1);
	CHECK(!accel_read(x, &v, 4) && v == 3001,
	      "%s: a graph of 3,000 ops in a row", label);
	for (i = 0; i < 100000; i++)
		x = accel_add_scalar(x, 1);
	accel_scope_end(ctx);
	CHECK(true, "%s: a graph of 100,000 ops is freed", label);
}

static void suite(void)
{
	replay();
	determinism();
	other_threads();
	updates();
	updated_views();
	left_behind();
	overwritten();
	immediates();
	fusion();
	chosen();
	fusion_stops();
	cache();
	keys();
	long_graphs();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
