// SPDX-License-Identifier: MIT
/* What a process has set for itself, its locale and its BLAS's threads, is as it
 * was, and changes nothing here. */
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cblas.h>
#undef I /* of complex.h */

#include "conform.h"

#include "../../libaccel/src/base/number.h"

/* A locale with decimal commas, made here: few machines have one. */
static bool comma_locale(void)
{
	char dir[] = "/tmp/accel-locale-XXXXXX", command[256];
	bool have;

	if (!mkdtemp(dir))
		return false;
	snprintf(command, sizeof(command),
		 "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >%s/log 2>&1", dir,
		 dir);
	have = !system(command);
	setenv("LOCPATH", dir, 1);
	have = have && setlocale(LC_ALL, "de_DE.UTF-8") &&
	       !strcmp(localeconv()->decimal_point, ",");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return !system(command) && have;
}

static void locales(void)
{
	char text[16];
	void *was;
	double v;

	if (!comma_locale()) {
		printf("ok %d - a decimal comma # SKIP no such locale\n",
		       ++tap_run);
		return;
	}
	CHECK(strtod("1.5", NULL) == 1, "a locale with decimal commas");
	CHECK(number_read("1.5", NULL) == 1.5 && number_parse("1.5", &v) &&
		      v == 1.5,
	      "numbers are read with a point all the same");
	was = number_point_begin();
	snprintf(text, sizeof(text), "%.1f", 1.5);
	number_point_end(was);
	CHECK(!strcmp(text, "1.5"), "and written so");
	snprintf(text, sizeof(text), "%.1f", 1.5);
	CHECK(!strcmp(text, "1,5"), "while the process has its comma");
	setlocale(LC_ALL, "C");
}

static void blas(void)
{
	float v[96 * 96];
	accel_tensor *x;
	int before;

	openblas_set_num_threads(3);
	before = openblas_get_num_threads();
	ctx = accel_open("cpu", .threads = 2);
	CHECK(openblas_get_num_threads() == before,
	      "opening a context leaves BLAS its %d threads", before);
	x = make(ACCEL_F32, ACCEL_SHAPE(96, 96), -1, 1);
	CHECK(!accel_read(accel_matmul(x, x), v, sizeof(v)) &&
		      openblas_get_num_threads() == before,
	      "so does a product");
	x = make(ACCEL_F32, ACCEL_SHAPE(2, 8, 24, 24), -1, 1);
	x = accel_conv2d(x, make(ACCEL_F32, ACCEL_SHAPE(8, 8, 3, 3), -1, 1));
	CHECK(!accel_read(x, v, 2 * 8 * 22 * 22 * sizeof(float)) &&
		      openblas_get_num_threads() == before,
	      "and a convolution");
	accel_close(ctx);
	openblas_set_num_threads(1);
}

int main(void)
{
	locales();
	blas();
	return tap_done();
}
