// SPDX-License-Identifier: MIT
/* Status codes, the last error, and opening the driver where it cannot be. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "tap.h"

static void *other_thread(void *arg)
{
	accel_error(ACCEL_ERR_IO, "from the other thread");
	return arg;
}

static void test_status(void)
{
	int names = 0, texts = 0, negative = 0, n = 0;

#define ACCEL_X(name, value, text)                                             \
	n++;                                                                   \
	names += !strcmp(accel_status_name(ACCEL_##name), #name);              \
	texts += !strcmp(accel_status_text(ACCEL_##name), text);               \
	negative += (value) < 0;
	ACCEL_STATUS_MAP(ACCEL_X)
#undef ACCEL_X
	CHECK(names == n, "every status has its name");
	CHECK(texts == n, "every status has its text");
	CHECK(negative == n - 1, "every status but OK is negative");
	CHECK(!strcmp(accel_status_name((accel_status)12345), "UNKNOWN"),
	      "an unknown status is named so");
	CHECK(!strcmp(accel_status_text((accel_status)12345), "unknown status"),
	      "an unknown status is described so");
}

static void test_last_error(void)
{
	char big[4096];
	pthread_t t;

	CHECK(!strcmp(accel_last_error(), ""), "no error before any failure");
	CHECK(accel_error(ACCEL_ERR_SHAPE, "a [%d, %d]", 3, 4) ==
		      ACCEL_ERR_SHAPE,
	      "an error returns its status");
	CHECK(!strcmp(accel_last_error(), "a [3, 4]"), "and keeps its numbers");
	CHECK(accel_error_null(ACCEL_ERR_NOMEM, "%s", "gone") == NULL,
	      "an error can return NULL");
	CHECK(!strcmp(accel_last_error(), "gone"), "the newest error counts");
	pthread_create(&t, NULL, other_thread, NULL);
	pthread_join(t, NULL);
	CHECK(!strcmp(accel_last_error(), "gone"),
	      "another thread's error is its own");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	accel_error(ACCEL_ERR_IO, "%s", big);
	CHECK(strlen(accel_last_error()) < sizeof(big) &&
		      strlen(accel_last_error()) > 100,
	      "a long text is cut");
}

static void test_driver_open(void)
{
	char dir[] = "/tmp/accel-test-XXXXXX", path[64];
	int fd = 7;

	CHECK(accel_driver_open(NULL, NULL) == ACCEL_ERR_INVALID,
	      "open needs a place for the descriptor");
	CHECK(accel_driver_open("/nonexistent/piaccel", &fd) == ACCEL_ERR_NODEV,
	      "a missing device is ERR_NODEV");
	CHECK(fd == -1, "and gives no descriptor");
	CHECK(strstr(accel_last_error(), "insmod"),
	      "the text says how to load the module");
	if (!mkdtemp(dir))
		return;
	snprintf(path, sizeof(path), "%s/dev", dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0);
	close(fd);
	if (getuid() == 0) {
		printf("ok %d - a forbidden device is ERR_PERM # SKIP root "
		       "may open anything\n",
		       ++tap_run);
	} else {
		CHECK(accel_driver_open(path, &fd) == ACCEL_ERR_PERM,
		      "a forbidden device is ERR_PERM");
	}
	unlink(path);
	snprintf(path, sizeof(path), "%s", dir);
	CHECK(accel_driver_open(path, &fd) == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), dir),
	      "a folder is ERR_IO, named");
	rmdir(dir);
}

static void test_driver_info(void)
{
	accel_driver_info info;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	CHECK(accel_driver_get_info(fd, NULL) == ACCEL_ERR_INVALID,
	      "info needs a place for the answer");
	memset(&info, 0xff, sizeof(info));
	CHECK(accel_driver_get_info(fd, &info) == ACCEL_ERR_INVALID,
	      "another device's descriptor is refused");
	CHECK(info.abi == 0 && info.features == 0, "and the answer is zeroed");
	CHECK(accel_driver_get_info(-1, &info) == ACCEL_ERR_INVALID,
	      "so is a closed one");
	close(fd);
}

/* A growth that 32 bits of doubling cannot hold ends, with memory or without. */
static void test_grow(void)
{
	uint32_t cap = 0;
	void *p = NULL;

	alarm(20);
	mem_fail_after(1);
	CHECK(mem_grow(&p, &cap, (1u << 31) + 1, 1) == -1 && !p && !cap &&
		      strstr(accel_last_error(), "4294967295 bytes"),
	      "an array of more than 2^31 elements is refused");
	CHECK(mem_grow(&p, &cap, UINT32_MAX, SIZE_MAX / 2) == -1 && !p,
	      "so is one of more bytes than there are addresses");
	mem_fail_after(0);
	CHECK(!mem_grow(&p, &cap, 17, 4) && cap == 32, "others grow");
	mem_free(p);
	alarm(0);
}

int main(void)
{
	test_last_error();
	test_status();
	test_driver_open();
	test_driver_info();
	CHECK(!strcmp(accel_version(), ACCEL_VERSION_STRING),
	      "the library says its version");
	test_grow();
	return tap_done();
}
