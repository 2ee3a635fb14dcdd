// SPDX-License-Identifier: MIT
/*
 * A child of fork() cannot use its parent's contexts, is told so, and closes them
 * without waiting for threads that it does not have. What was made from a context
 * may be destroyed after it. The library stays while its threads run.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <sys/wait.h>
#include <unistd.h>

#include <accel/model.h>
#include <accel/optimizer.h>
#include <accel/tape.h>

#include "conform.h"

static bool told(int status, const char *call)
{
	if (status && strstr(accel_last_error(), "fork"))
		return true;
	printf("# %s: %s: %s\n", call, accel_status_name(status),
	       accel_last_error());
	return false;
}

/* What the child did; 0 is all right. */
static int in_child(accel_tensor *x, accel_tensor *y)
{
	accel_status err;
	float v[4];
	int bad = 0;

	alarm(20); /* a hang is a death */
	bad |= !told(accel_read(x, v, sizeof(v)), "read");
	bad |= !told(accel_read(y, v, sizeof(v)), "read what is pending");
	bad |= !told(accel_write(x, v, sizeof(v)), "write");
	bad |= !told(accel_sync(ctx), "sync");
	bad |= !told(accel_scope_begin(ctx), "scope");
	bad |= !told(accel_neg(x) ? 0 : -1, "an op");
	bad |= !told(accel_assign(x, y), "assign");
	bad |= !told(
		accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4), v) ? 0 : -1,
		"a tensor");
	bad |= !told(accel_tensor_export(x, &(int){ 0 }), "export");
	accel_trim(ctx);
	accel_plan_clear(ctx);
	accel_tensor_destroy(y);
	accel_close(ctx);
	ctx = accel_open("cpu", .threads = 3);
	y = make(ACCEL_F32, ACCEL_SHAPE(200, 200), -1, 1);
	err = accel_read(accel_sum(accel_matmul(y, y), ACCEL_ALL_AXES, false),
			 v, 4);
	if (err)
		printf("# a new context: %s\n", accel_last_error());
	accel_close(ctx);
	fflush(stdout);
	return bad || err;
}

static void forks(void)
{
	accel_tensor *x = make(ACCEL_F32, ACCEL_SHAPE(300, 300), -1, 1), *y;
	float v[4] = { 1, 2, 3, 4 }, sum;
	int status = -1;
	pid_t pid;

	/* threads are at work, a plan is there */
	accel_read(accel_sum(accel_exp(accel_matmul(x, x)), ACCEL_ALL_AXES,
			     false),
		   &sum, 4);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4), v);
	y = accel_neg(x);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(in_child(x, y));
	waitpid(pid, &status, 0);
	if (!CHECK(WIFEXITED(status) && !WEXITSTATUS(status),
		   "%s: a child is told, closes, and opens its own", label))
		printf("# status %#x\n", (unsigned)status);
	CHECK(!accel_read(y, v, sizeof(v)) && v[3] == -4,
	      "%s: its parent goes on", label);
}

/* ---- the order of destruction ---- */

static accel_status body(void *user, int n_in, accel_tensor *const *in,
			 int n_out, accel_tensor **out)
{
	(void)user;
	(void)n_in;
	(void)n_out;
	out[0] = accel_neg(in[0]);
	return ACCEL_OK;
}

static bool says_closed(int status)
{
	if (status && strstr(accel_last_error(), "was closed before"))
		return true;
	printf("# %d: %s\n", status, accel_last_error());
	return false;
}

/* A context closed first; what it is made with lives on, and says so. */
static void closed_first(void)
{
	accel_context *own = accel_open(on_vulkan ? "vulkan" : "cpu");
	accel_model *m = accel_sequential(own, accel_dense(4), accel_dense(2));
	accel_optimizer *o = accel_adam();
	accel_function *f = accel_function_create(own, body, NULL, 1);
	accel_tensor *w[4], *g[4], *x, *y = NULL;
	float v[12] = { 0 };
	int n, i;

	accel_model_build(m, ACCEL_SHAPE(3));
	n = accel_model_weights(m, true, w);
	x = accel_tensor_create(own, ACCEL_F32, ACCEL_SHAPE(4, 3), v);
	for (i = 0; i < n; i++)
		g[i] = accel_neg(w[i]);
	CHECK(n == 4 && !accel_optimizer_apply(o, n, w, g) && !accel_sync(own),
	      "%s: a step before the context is closed", label);
	accel_close(own);
	CHECK(says_closed(accel_read(w[0], v, sizeof(v))) &&
		      says_closed(accel_write(w[0], v, sizeof(v))) &&
		      says_closed(accel_model_call(m, x, false) ? 0 : 1) &&
		      says_closed(accel_function_call(f, 1, w, &y)) &&
		      says_closed(accel_sync(own)),
	      "%s: a model of a context that was closed says so", label);

	accel_close(own);
	accel_optimizer_destroy(o);
	accel_function_destroy(f);
	accel_model_destroy(m);
	CHECK(true, "%s: and is destroyed after it", label);
}

/* The shared library, with a thread of its own at work. */
__attribute__((unused)) static void unloaded(const char *program)
{
	char path[512], dir[512];
	accel_context *(*open_with)(const accel_open_options *o);
	void (*close_it)(accel_context * c), *so;
	accel_context *c;

	snprintf(dir, sizeof(dir), "%s", program);
	snprintf(path, sizeof(path), "%s/../libaccel.so", dirname(dir));
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		printf("ok %d - the library is unloaded # SKIP %s\n", ++tap_run,
		       dlerror());
		return;
	}
	*(void **)&open_with = dlsym(so, "accel_open_with");
	*(void **)&close_it = dlsym(so, "accel_close");
	c = open_with(&(accel_open_options){ .device = "cpu", .threads = 4 });
	dlclose(so);
	so = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	if (CHECK(c && so, "a library that is unloaded stays with its threads"))
		close_it(c);
}

static void suite(void)
{
	forks();
	closed_first();
}

int main(int argc, char **argv)
{
#ifndef __SANITIZE_ADDRESS__ /* which the shared library lacks */
	unloaded(argv[0]);
#endif
	return conform_main(argc, argv, suite);
}
