// SPDX-License-Identifier: MIT
/*
 * What is recorded and not yet computed: values that were kept too late,
 * gradients across assignments and across what was computed, tensors that
 * share memory, and whose a tensor is.
 */
#include <unistd.h>

#include <accel/tape.h>

#include "conform.h"

#include "../../libaccel/src/tensor/node.h"

static accel_tensor *vec(float a, float b, float c)
{
	return accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3),
				   (float[]){ a, b, c });
}

static bool is(accel_tensor *t, float a, float b, float c)
{
	float v[3] = { 0 };

	if (accel_read(t, v, sizeof(v))) {
		printf("# %s\n", accel_last_error());
		return false;
	}
	if (v[0] == a && v[1] == b && v[2] == c)
		return true;
	printf("# %g %g %g, not %g %g %g\n", v[0], v[1], v[2], a, b, c);
	return false;
}

static accel_tensor *total(accel_tensor *x)
{
	return accel_sum(x, ACCEL_ALL_AXES, false);
}

static void kept_too_late(void)
{
	accel_tensor *w, *late, *good;

	accel_scope_begin(ctx);
	w = vec(1, 2, 3);
	late = accel_exp(w);
	accel_write(w, (float[]){ 4, 5, 6 }, 12);
	accel_keep(late);
	good = accel_keep(accel_neg(w));
	CHECK(!accel_sync(ctx) && is(good, -4, -5, -6),
	      "%s: a tensor kept too late holds nothing up", label);
	CHECK(!accel_assign(w, accel_add_scalar(w, 1)) && !accel_sync(ctx) &&
		      is(w, 5, 6, 7),
	      "%s: nor later updates", label);
	CHECK(accel_read(late, (float[3]){ 0 }, 12) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "exp [3] was recorded before"),
	      "%s: its own read says so", label);
	accel_tensor_destroy(late);
	accel_tensor_destroy(good);
	accel_scope_end(ctx);
}

static accel_status late_result(void *user, int n_in, accel_tensor *const *in,
				int n_out, accel_tensor **out)
{
	(void)user;
	(void)n_in;
	(void)n_out;
	out[0] = accel_exp(in[0]);
	return accel_write(in[0], (float[]){ 1, 1, 1 }, 12);
}

static void late_results(void)
{
	accel_function *f = accel_function_create(ctx, late_result, NULL, 1);
	accel_tensor *w = vec(1, 2, 3), *out = NULL;

	CHECK(accel_function_call(f, 1, &w, &out) == ACCEL_ERR_INVALID && !out,
	      "%s: a function's result is computed, or it is an error", label);
	accel_function_destroy(f);
	accel_tensor_destroy(w);
}

static void gradients_of_the_past(void)
{
	accel_tensor *w, *y, *z, *loss, *g[2] = { NULL }, *wrt[2];
	accel_tape *tape;

	accel_scope_begin(ctx);
	w = vec(1, 2, 3);
	y = accel_mul(w, w);
	is(y, 1, 4, 9);
	CHECK(accel_grad(total(y), 1, &w, g) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "mul [3]") && !g[0],
	      "%s: a gradient through what was computed is no zero", label);
	loss = total(accel_mul(y, y));
	accel_read(loss, (float[1]){ 0 }, 4);
	CHECK(accel_grad(loss, 1, &w, g) == ACCEL_ERR_INVALID,
	      "%s: nor is that of a loss that was computed", label);
	wrt[0] = y;
	wrt[1] = w;
	CHECK(!accel_grad(total(accel_mul(y, y)), 2, wrt, g) &&
		      is(g[0], 2, 8, 18) && is(g[1], 0, 0, 0),
	      "%s: what was computed is a constant", label);
	z = vec(7, 7, 7);
	CHECK(!accel_grad(total(accel_mul(w, w)), 1, &z, g) &&
		      is(g[0], 0, 0, 0),
	      "%s: and 0 where nothing depends", label);

	tape = accel_tape_begin(ctx);
	y = accel_mul(w, w);
	is(y, 1, 4, 9);
	CHECK(!accel_tape_gradient(tape, total(y), 1, &w, g) &&
		      is(g[0], 2, 4, 6),
	      "%s: a tape knows what it was made from", label);
	accel_tape_end(tape);
	accel_scope_end(ctx);
}

static void gradients_across_assignments(void)
{
	accel_tensor *w, *v, *next, *first, *second, *third, *g = NULL;

	accel_scope_begin(ctx);
	w = vec(1, 2, 3);
	v = vec(1, 1, 1);
	accel_assign(w, accel_add_scalar(v, 1));
	first = total(accel_mul(w, w)); /* of 2 */
	accel_assign(w, accel_add_scalar(v, 4));
	second = total(accel_mul(w, w)); /* of 5 */
	CHECK(!accel_grad(first, 1, &w, &g) && is(g, 4, 4, 4),
	      "%s: the gradient by a value between two assignments", label);
	CHECK(!accel_grad(second, 1, &w, &g) && is(g, 10, 10, 10),
	      "%s: and by the second one", label);

	/* what was assigned is at hand already, or read by more */
	accel_assign(w, v);
	first = total(accel_mul(w, w));
	next = accel_keep(accel_add_scalar(v, 1));
	accel_assign(v, next);
	second = total(accel_mul(v, v));
	third = total(accel_mul(accel_reshape(v, ACCEL_SHAPE(3, 1)),
				accel_reshape(v, ACCEL_SHAPE(3, 1))));
	CHECK(!accel_sync(ctx) && is(w, 1, 1, 1) && is(v, 2, 2, 2),
	      "%s: assigned values that are at hand", label);
	CHECK(!accel_grad(first, 1, &w, &g) && is(g, 2, 2, 2) &&
		      !accel_grad(second, 1, &v, &g) && is(g, 4, 4, 4) &&
		      !accel_grad(third, 1, &v, &g) && is(g, 4, 4, 4),
	      "%s: by them after they were carried out", label);
	accel_tensor_destroy(next);
	accel_scope_end(ctx);
}

/* Two tensors over one memory, as imports of one DMA-BUF are. */
static void shared_memory(void)
{
	accel_tensor *a, *b, *old, *view;

	accel_scope_begin(ctx);
	a = vec(1, 2, 3);
	b = vec(0, 0, 0);
	buffer_put(b->buf);
	b->buf = buffer_ref(a->buf);
	a->buf->inode = 77;
	old = accel_neg(b);
	view = accel_keep(accel_reshape(b, ACCEL_SHAPE(3, 1)));
	/* turned around: element by element in place would read its own */
	CHECK(!accel_assign(a, accel_concat(3,
					    (accel_tensor *[]){
						    accel_slice(b, 0, 2, 3, 1),
						    accel_slice(b, 0, 1, 2, 1),
						    accel_slice(b, 0, 0, 1, 1),
					    },
					    0)) &&
		      is(accel_copy(b), 3, 2, 1) && is(a, 3, 2, 1),
	      "%s: an assignment to shared memory is seen by all of it", label);
	CHECK(is(view, 1, 2, 3), "%s: a kept view of it is what it was", label);
	CHECK(accel_read(old, (float[3]){ 0 }, 12) == ACCEL_ERR_INVALID,
	      "%s: what was recorded before is refused", label);
	old = accel_neg(b);
	CHECK(!accel_write(a, (float[]){ 5, 6, 7 }, 12) && is(b, 5, 6, 7) &&
		      accel_read(old, (float[3]){ 0 }, 12) == ACCEL_ERR_INVALID,
	      "%s: a write likewise", label);
	accel_tensor_destroy(view);
	/* as an import at an offset is */
	view = accel_reshape(b, ACCEL_SHAPE(1, 3));
	view->imported = true;
	old = accel_neg(view);
	accel_write(a, (float[]){ 8, 9, 10 }, 12);
	CHECK(is(accel_add_scalar(view, 1), 9, 10, 11) &&
		      accel_read(old, (float[3]){ 0 }, 12) == ACCEL_ERR_INVALID,
	      "%s: an import at an offset stays a tensor", label);
	a->buf->inode = 0;
	accel_scope_end(ctx);
}

static void exports(void)
{
	accel_tensor *x, *view, *temp;
	accel_counters c;
	int fd = -1;

	accel_scope_begin(ctx);
	x = vec(1, 2, 3);
	view = accel_keep(accel_reshape(x, ACCEL_SHAPE(3, 1)));
	accel_assign(x, accel_neg(x));
	accel_sync(ctx);
	CHECK(accel_tensor_export(view, &fd) != ACCEL_ERR_INVALID,
	      "%s: a view that got storage of its own is no view", label);
	if (fd >= 0)
		close(fd);
	fd = -1;
	temp = accel_neg(x);
	accel_tensor_export(temp, &fd);
	if (fd >= 0)
		close(fd);
	accel_tensor_destroy(view);
	accel_scope_end(ctx);
	accel_counters_get(ctx, &c);
	CHECK(!c.bytes_in_use, "%s: what is exported stays its scope's", label);
}

/* Releasing a result releases no argument. */
static void own_results(void)
{
	accel_tensor *x, *w, *v, *t;
	uint32_t i, same = 0;

	accel_scope_begin(ctx);
	x = accel_reshape(make(ACCEL_F32, ACCEL_SHAPE(16), 0, 1),
			  ACCEL_SHAPE(1, 1, 4, 4));
	w = make(ACCEL_F32, ACCEL_SHAPE(1, 1, 1, 1), 1, 1);
	v = make(ACCEL_F32, ACCEL_SHAPE(4), 1, 1);
	accel_split(x, 0, 1, &t);
	{
		accel_tensor *y[] = {
			accel_random_dropout(x, 0),
			accel_cast(x, ACCEL_F32),
			accel_copy(x),
			accel_reshape(x, ACCEL_SHAPE(1, 1, 4, 4)),
			accel_permute(x, (int[]){ 0, 1, 2, 3 }),
			accel_transpose(x, 2, 2),
			accel_slice(x, 3, 0, 4, 1),
			accel_broadcast(x, ACCEL_SHAPE(1, 1, 4, 4)),
			accel_flatten_from(x, 3),
			accel_floor(x),
			accel_sum(x, ACCEL_AXES(0), true),
			accel_mean(x, ACCEL_AXES(0), true),
			accel_max(x, ACCEL_AXES(0), true),
			accel_add_scalar(x, 0),
			accel_mul_scalar(x, 1),
			accel_pow_scalar(x, 1),
			accel_concat(1, &x, 0),
			accel_pad(x, (int64_t[4]){ 0 }, (int64_t[4]){ 0 }, 0),
			accel_resize(x, 4, 4, ACCEL_NEAREST),
			accel_conv2d(x, w),
			accel_max_pool2d(x, .size = { 1, 1 }),
			accel_layer_norm(x, NULL, NULL, 1),
			accel_batch_norm(x, NULL, NULL, NULL, NULL, 1),
			accel_cumsum(x, 0),
			accel_relu(x),
			accel_where(accel_full(ctx, ACCEL_U8, ACCEL_SCALAR, 1),
				    x, x),
			t,
		};

		for (i = 0; i < sizeof(y) / sizeof(y[0]); i++) {
			same += !y[i] || y[i] == x;
			accel_tensor_destroy(y[i]);
		}
	}
	t = accel_sum(v, ACCEL_ALL_AXES, false);
	CHECK(!same && accel_tensor_count(x) == 16 && t,
	      "%s: every result is a tensor of its own", label);
	accel_scope_end(ctx);
}

static void suite(void)
{
	kept_too_late();
	late_results();
	gradients_of_the_past();
	gradients_across_assignments();
	shared_memory();
	exports();
	own_results();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
