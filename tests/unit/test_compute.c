// SPDX-License-Identifier: MIT
/*
 * compute/: devices, buffers, recordings, the pipeline cache, wrong input.
 * Needs a Vulkan device: lavapipe will do.
 */
#include "compute_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compute/shaders.h"

#define N 1000

static struct compute_device *dev;
static char cache[] = "/tmp/accel-cache-XXXXXX";

static struct compute_view flat(struct compute_buffer *b, uint64_t offset,
				uint32_t n)
{
	return (struct compute_view){ .buffer = b,
				      .offset = offset,
				      .rank = 1,
				      .size = { n },
				      .stride = { 1 } };
}

/* out = in + 1 */
static accel_status add_one(struct compute_record *rec,
			    const struct compute_view *in,
			    const struct compute_view *out)
{
	struct compute_elementwise e = {
		.n_in = 1, .n_out = 1, .n_ops = 1, .n_imm = 1
	};

	e.in[0] = *in;
	e.out[0] = *out;
	e.imm[0].f = 1;
	e.op[0] = (struct compute_ew_op){ COMPUTE_EW_ADD, COMPUTE_EW_IN(0),
					  COMPUTE_EW_IMM(0), 0 };
	e.out_value[0] = COMPUTE_EW_OP(0);
	return compute_elementwise(rec, &e);
}

static void test_devices(void)
{
	struct compute_device_info list[8];
	struct compute_device *d;
	char text[64];
	uint32_t n;

	ok(!compute_devices(list, 8, &n) && n >= 1 && list[0].name[0],
	   "devices are listed");
	ok(!compute_devices(NULL, 0, &n) && n >= 1, "and counted");
	ok(!compute_open("cpu", &d) && !d, "\"cpu\" is no Vulkan device");
	ok(compute_open("no such GPU", &d) == ACCEL_ERR_NODEV && !d &&
		   strstr(accel_last_error(), list[0].name),
	   "an unknown name is an error that lists what is there");
	ok(compute_open("4711", &d) == ACCEL_ERR_NODEV && !d,
	   "an index out of range is an error");
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x",
			 compute_device_info(dev)->uuid[i]);
	ok(!compute_open(text, &d) && d &&
		   !strcmp(compute_device_info(d)->name,
			   compute_device_info(dev)->name),
	   "a device opens by its UUID");
	compute_close(d);
	setenv("ACCEL_LIMITS", "v3d71", 1);
	ok(!compute_open("vulkan", &d) && d &&
		   compute_device_limits(d)->max_invocations <= 256 &&
		   compute_device_limits(d)->shared_bytes <= 16384 &&
		   compute_device_limits(d)->push_bytes <= 128 &&
		   !compute_device_limits(d)->subgroup_arithmetic,
	   "ACCEL_LIMITS clamps");
	compute_close(d);
	setenv("ACCEL_LIMITS", "v3d99", 1);
	ok(compute_open("vulkan", &d) == ACCEL_ERR_INVALID && !d,
	   "ACCEL_LIMITS of an unknown chip is an error");
	unsetenv("ACCEL_LIMITS");
}

static void test_buffers(void)
{
	struct compute_buffer *b;
	uint8_t in[300], out[300];
	void *p;
	int fd;

	for (int i = 0; i < 300; i++)
		in[i] = (uint8_t)(i * 7);
	ok(!compute_buffer_create(dev, 1001, 0, &b) &&
		   compute_buffer_size(b) == 1001,
	   "a buffer is made");
	ok(!compute_buffer_write(b, 701, in, 300) &&
		   !compute_buffer_read(b, 701, out, 300) &&
		   !memcmp(in, out, 300),
	   "bytes written are read back");
	ok(compute_buffer_write(b, 702, in, 300) == ACCEL_ERR_RANGE &&
		   compute_buffer_read(b, UINT64_MAX, out, 2) ==
			   ACCEL_ERR_RANGE,
	   "access beyond the end is an error");
	ok(compute_buffer_export(b, &fd) == ACCEL_ERR_NOSYS && fd == -1,
	   "a buffer made without EXPORT is not exported");
	compute_buffer_destroy(b);
	compute_buffer_destroy(NULL);
	ok(compute_buffer_create(dev, 0, 0, &b) == ACCEL_ERR_INVALID && !b,
	   "a buffer of no bytes is an error");
	ok(compute_buffer_create(dev, UINT64_MAX, 0, &b) == ACCEL_ERR_RANGE &&
		   !b && strstr(accel_last_error(), "18446744073709551615"),
	   "a buffer too large is an error with the number");
	fd = memfd_create("plain", 0);
	ok(compute_buffer_import_dmabuf(dev, fd, 0, &b) == ACCEL_ERR_INVALID &&
		   !b,
	   "an fd that is no DMA-BUF is an error");
	close(fd);
	ok(compute_buffer_import_dmabuf(dev, -1, 0, &b) == ACCEL_ERR_INVALID,
	   "as is no fd at all");
	if (!compute_device_info(dev)->import_host) {
		ok(compute_buffer_import_host(dev, &fd, 4096, &b) ==
			   ACCEL_ERR_NOSYS,
		   "host memory is not imported where the device cannot");
		return;
	}
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(compute_buffer_import_host(dev, (char *)p + 4, 4096, &b) ==
		   ACCEL_ERR_INVALID,
	   "host memory that is not aligned is an error");
	if (compute_buffer_import_host(dev, p, 65536, &b)) {
		ok(false, "host memory is imported");
	} else {
		struct compute_view v = flat(b, 256, N), w = flat(b, 8192, N);

		for (int i = 0; i < N; i++)
			((float *)p)[64 + i] = (float)i;
		ok(RUN(dev, add_one(rec, &v, &w)) &&
			   ((float *)p)[2048 + 999] == 1000,
		   "a kernel works on imported host memory in place");
		compute_buffer_destroy(b);
	}
	munmap(p, 65536);
}

static void test_records(void)
{
	const struct compute_limits *l = compute_device_limits(dev);
	struct compute_record *rec;
	struct compute_buffer *b;
	struct compute_view v[21];
	double ns[20];
	float x[N] = { 0 };
	bool pass = true;

	compute_buffer_create(dev, 21 * 4096, 0, &b);
	for (uint32_t i = 0; i < 21; i++)
		v[i] = flat(b, i * 4096, N);
	compute_record_create(dev, l->timestamps ? COMPUTE_RECORD_TIMES : 0,
			      &rec);
	for (uint32_t i = 0; i < 20; i++)
		pass = pass && !add_one(rec, &v[i], &v[i + 1]);
	ok(pass && compute_submit(rec) == ACCEL_ERR_INVALID,
	   "a recording that has not ended is not submitted");
	ok(!compute_record_end(rec) && compute_record_launches(rec) == 20 &&
		   compute_record_barriers(rec) == 19,
	   "a chain of 20 launches has 19 barriers");
	ok(add_one(rec, &v[0], &v[1]) == ACCEL_ERR_INVALID,
	   "an ended recording takes no launch");
	for (int k = 0; k < 3; k++) {
		x[N - 1] = (float)k;
		pass = pass && !compute_buffer_write(b, 0, x, sizeof(x)) &&
		       !compute_submit(rec) && !compute_wait(rec, UINT64_MAX);
		pass = pass && !compute_buffer_read(b, 20 * 4096, x, sizeof(x));
		pass = pass && x[N - 1] == (float)(k + 20) && x[0] == 20;
		memset(x, 0, sizeof(x));
	}
	ok(pass, "a recording is replayed over new data");
	ok(!compute_wait(rec, 0), "waiting for what is finished is nothing");
	if (l->timestamps)
		ok(!compute_record_times(rec, ns, 20) && ns[0] >= 0 &&
			   ns[19] >= 0,
		   "every launch is timed");
	ok(compute_record_times(rec, ns, 21) < 0, "but no more than there are");
	compute_record_destroy(rec);

	compute_record_create(dev, 0, &rec);
	pass = !add_one(rec, &v[0], &v[1]) && !add_one(rec, &v[2], &v[3]) &&
	       !add_one(rec, &v[0], &v[4]);
	ok(pass && compute_record_barriers(rec) == 0,
	   "independent launches have no barrier");
	ok(!compute_record_fill(rec, b, 4096, 64, 7) &&
		   compute_record_barriers(rec) == 1 &&
		   !compute_record_copy(rec, b, 0, b, 4096, 64) &&
		   compute_record_barriers(rec) == 2,
	   "fills and copies are ordered too");
	ok(compute_record_copy(rec, b, 0, b, 32, 64) == ACCEL_ERR_INVALID &&
		   compute_record_end(rec) == ACCEL_ERR_INVALID,
	   "an overlapping copy fails, and so does the recording's end");
	compute_record_destroy(rec);
	compute_record_destroy(NULL);
	compute_buffer_destroy(b);
}

static void test_wrong_input(void)
{
	const uint32_t too_many[] = { UINT32_MAX, 1, 1 };
	struct compute_matmul m = { 0 };
	struct compute_elementwise e = { .n_in = 1, .n_out = 1 };
	struct compute_kernel *k;
	struct compute_record *r;
	struct compute_binding bind = { 0 };
	struct compute_buffer *b;
	struct compute_view v, bad;

	compute_buffer_create(dev, 4096, 0, &b);
	v = flat(b, 0, N);
	ok(compute_kernel_get(dev, 9999, NULL, 0, &k) == ACCEL_ERR_INVALID,
	   "an unknown shader is an error");
	compute_record_create(dev, 0, &r);
	bad = flat(b, 400, N);
	ok(add_one(r, &v, &bad) == ACCEL_ERR_RANGE &&
		   strstr(accel_last_error(), "4400") &&
		   strstr(accel_last_error(), "4096"),
	   "a view beyond its buffer is an error with the numbers");
	bad = flat(b, 2, 4);
	ok(add_one(r, &bad, &bad) == ACCEL_ERR_INVALID,
	   "a view that is not aligned is an error");
	bad = flat(b, 0, N);
	bad.dtype = 77;
	ok(add_one(r, &bad, &v) == ACCEL_ERR_DTYPE,
	   "an unknown dtype is an error");
	bad = flat(b, 0, 7);
	ok(add_one(r, &bad, &v) == ACCEL_ERR_SHAPE &&
		   strstr(accel_last_error(), "[7]"),
	   "what does not broadcast is an error with the shapes");
	bad.rank = 9;
	ok(add_one(r, &bad, &v) == ACCEL_ERR_INVALID,
	   "nine dimensions are an error");
	e.in[0] = e.out[0] = v;
	e.out_value[0] = COMPUTE_EW_OP(0);
	ok(compute_elementwise(r, &e) == ACCEL_ERR_INVALID,
	   "a chain that stores a value it lacks is an error");
	e.n_ops = 1;
	e.op[0].code = COMPUTE_EW_IADD;
	ok(compute_elementwise(r, &e) == ACCEL_ERR_INVALID,
	   "an i32 operation over f32 values is an error");
	m.a = m.b = m.out = v;
	ok(compute_matmul(r, &m) == ACCEL_ERR_SHAPE,
	   "a matmul of vectors is an error");
	m.a.rank = m.b.rank = m.out.rank = 2;
	m.a.size[0] = 3, m.a.size[1] = 4;
	m.b.size[0] = 5, m.b.size[1] = 6;
	ok(compute_matmul(r, &m) == ACCEL_ERR_SHAPE &&
		   strstr(accel_last_error(), "[3, 4]") &&
		   strstr(accel_last_error(), "[5, 6]"),
	   "inner dimensions that differ are an error with the shapes");
	compute_kernel_get(dev, COMPUTE_SHADER_cumsum,
			   (const uint32_t[]){ 64, 0 }, 2, &k);
	ok(compute_record_dispatch(r, k, &bind, 1, NULL, 0, too_many) ==
		   ACCEL_ERR_RANGE,
	   "too many workgroups are an error");
	ok(compute_record_dispatch(r, k, &bind, 1, NULL, 0,
				   (const uint32_t[]){ 1, 1, 1 }) ==
		   ACCEL_ERR_INVALID,
	   "a binding without a buffer is an error");
	compute_record_destroy(r);

	v.size[0] = 0;
	compute_record_create(dev, 0, &r);
	ok(!add_one(r, &v, &v) && compute_record_launches(r) == 0,
	   "an empty tensor records nothing");
	compute_record_destroy(r);
	v.size[0] = N;
	ok(RUN(dev, add_one(rec, &v, &v)), "the device still works");
	compute_buffer_destroy(b);
}

/* The cache folder's one file. */
static bool cache_file(char path[512])
{
	struct dirent *d;
	DIR *dir = opendir(cache);
	bool found = false;

	while (dir && (d = readdir(dir)))
		if (strstr(d->d_name, ".bin")) {
			snprintf(path, 512, "%s/%.200s", cache, d->d_name);
			found = true;
		}
	if (dir)
		closedir(dir);
	return found;
}

/* Opens a device, runs one kernel, closes it. */
static bool use_once(void)
{
	struct compute_device *d;
	struct compute_buffer *b;
	bool pass;

	if (compute_open("vulkan", &d) || !d)
		return false;
	if (compute_buffer_create(d, 4096, 0, &b)) {
		compute_close(d);
		return false;
	}
	struct compute_view v = flat(b, 0, N);

	pass = RUN(d, add_one(rec, &v, &v));
	compute_buffer_destroy(b);
	compute_close(d);
	return pass;
}

static void damage(const char *path, int how)
{
	int fd = open(path, O_RDWR);
	uint8_t junk[64];

	memset(junk, 0x5a, sizeof(junk));
	if (how == 0 && ftruncate(fd, 20))
		perror(path);
	if (how == 1 && pwrite(fd, junk, 64, 0) < 0)
		perror(path);
	if (how == 2 && pwrite(fd, junk, 1, 52) < 0)
		perror(path);
	if (how == 3 && ftruncate(fd, 0))
		perror(path);
	close(fd);
}

static void test_cache(void)
{
	static const char *names[] = { "cut short", "overwritten",
				       "with one byte changed", "empty" };
	char path[512], text[96];
	uint8_t whole[64], now[64];
	int fd;

	ok(use_once() && cache_file(path), "the pipeline cache is written");
	fd = open(path, O_RDONLY);
	ok(read(fd, whole, 40) == 40 && !memcmp(whole, "APC1", 4),
	   "with its header");
	close(fd);
	for (int how = 0; how < 4; how++) {
		damage(path, how);
		snprintf(text, sizeof(text),
			 "a cache file %s is ignored and rewritten",
			 names[how]);
		ok(use_once() && (fd = open(path, O_RDONLY)) >= 0 &&
			   read(fd, now, 24) == 24 && !memcmp(now, whole, 24),
		   text);
		close(fd);
	}
	setenv("ACCEL_CACHE_DIR", "/proc/nowhere", 1);
	ok(use_once(), "a cache folder that cannot be written is no error");
	unlink(path);
	rmdir(cache);
	setenv("ACCEL_CACHE_DIR", "", 1);
}

static void test_no_driver(void)
{
	struct compute_device *d;
	uint32_t n = 99;

	setenv("VK_ICD_FILENAMES", "/nonexistent.json", 1);
	setenv("VK_DRIVER_FILES", "/nonexistent.json", 1);
	ok(!compute_devices(NULL, 0, &n) && n == 0,
	   "without a driver there are no devices, and no error");
	ok(!compute_open(NULL, &d) && !d,
	   "and nothing asked for means the CPU backend");
	ok(compute_open("vulkan", &d) == ACCEL_ERR_NODEV && !d,
	   "but asking for one is an error");
}

int main(void)
{
	const char *which = getenv("ACCEL_DEVICE");

	if (!mkdtemp(cache))
		return 1;
	setenv("ACCEL_CACHE_DIR", "", 1);
	if (compute_open(which ? which : "vulkan", &dev) || !dev)
		return tap_skip_all("no Vulkan device");
	unsetenv("ACCEL_DEVICE");
	test_devices();
	test_buffers();
	test_records();
	test_wrong_input();
	compute_close(dev);
	compute_close(NULL);
	setenv("ACCEL_CACHE_DIR", cache, 1);
	test_cache();
	test_no_driver();
	return tap_end();
}
