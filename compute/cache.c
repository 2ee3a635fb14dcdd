// SPDX-License-Identifier: MIT
/*
 * The pipeline cache's file: a header, then the driver's bytes. Anything wrong
 * with it means starting empty; it is written anew when the device is closed.
 */
#include "vk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"

#define MAGIC 0x31435041u /* "APC1" */
#define MAX_BYTES (256ull << 20)

struct cache_header {
	uint32_t magic;
	uint32_t driver_version;
	uint8_t uuid[16];
	uint64_t size; /* bytes that follow */
	uint64_t sum; /* FNV-1a of them */
};

static uint64_t fnv1a(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

/* False when there is to be no disk cache. */
static bool cache_dir(char *out, size_t size)
{
	const char *e = getenv("ACCEL_CACHE_DIR");
	int n;

	if (e && !*e)
		return false;
	if (e) {
		n = snprintf(out, size, "%s", e);
	} else if ((e = getenv("XDG_CACHE_HOME")) && *e == '/') {
		n = snprintf(out, size, "%s/libaccel/pipelines", e);
	} else {
		e = getenv("HOME");
		if (!e || *e != '/')
			return false;
		n = snprintf(out, size, "%s/.cache/libaccel/pipelines", e);
	}
	return n > 0 && (size_t)n < size;
}

bool vk_cache_path(const struct compute_device *dev, const char *suffix,
		   char *out, size_t size)
{
	char dir[3072], hex[33];

	if (!cache_dir(dir, sizeof(dir)))
		return false;
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", dev->info.uuid[i]);
	return snprintf(out, size, "%s/%s-%08x%s", dir, hex,
			dev->info.driver_version, suffix) < (int)size;
}

void vk_make_dirs(const char *path)
{
	char p[4096];

	snprintf(p, sizeof(p), "%s", path);
	for (char *s = strchr(p + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = 0;
		if (mkdir(p, 0700) && errno != EEXIST)
			return;
		*s = '/';
	}
}

/* The driver's bytes, or NULL; the caller frees them. */
static void *load(const struct compute_device *dev, size_t *size)
{
	struct cache_header h;
	char path[4096];
	void *data = NULL;
	struct stat st;
	FILE *f;

	*size = 0;
	if (!vk_cache_path(dev, ".bin", path, sizeof(path)))
		return NULL;
	f = fopen(path, "rbe");
	if (!f)
		return NULL;
	if (fread(&h, sizeof(h), 1, f) != 1 || h.magic != MAGIC ||
	    h.driver_version != dev->info.driver_version ||
	    memcmp(h.uuid, dev->info.uuid, sizeof(h.uuid)) ||
	    h.size > MAX_BYTES || fstat(fileno(f), &st) ||
	    (uint64_t)st.st_size != sizeof(h) + h.size)
		goto out;
	data = mem_alloc(h.size);
	if (!data)
		goto out;
	if (fread(data, 1, h.size, f) != h.size ||
	    fnv1a(data, h.size) != h.sum) {
		mem_free(data);
		data = NULL;
		goto out;
	}
	*size = h.size;
out:
	fclose(f);
	return data;
}

accel_status vk_cache_open(struct compute_device *dev)
{
	VkPipelineCacheCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
	};
	void *data = load(dev, &ci.initialDataSize);
	VkResult r;

	ci.pInitialData = data;
	r = dev->CreatePipelineCache(dev->handle, &ci, NULL, &dev->cache);
	dev->cache_saved = ci.initialDataSize;
	mem_free(data);
	if (r) {
		dev->cache = VK_NULL_HANDLE;
		return vk_fail(dev, r, "making the pipeline cache");
	}
	return ACCEL_OK;
}

static accel_status save(const struct compute_device *dev, const char *path,
			 const void *data, size_t size)
{
	struct cache_header h = {
		.magic = MAGIC,
		.driver_version = dev->info.driver_version,
		.size = size,
		.sum = fnv1a(data, size),
	};
	char tmp[4200];
	bool ok;
	FILE *f;
	int fd;

	memcpy(h.uuid, dev->info.uuid, sizeof(h.uuid));
	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path);
	vk_make_dirs(path);
	fd = mkostemp(tmp, O_CLOEXEC);
	f = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (!f) {
		if (fd >= 0)
			close(fd);
		return accel_error(ACCEL_ERR_IO, "%s: %s", path,
				   strerror(errno));
	}
	ok = fwrite(&h, sizeof(h), 1, f) == 1 &&
	     fwrite(data, 1, size, f) == size;
	ok = !fclose(f) && ok;
	/* a rename, so that no reader ever sees half a file */
	if (!ok || rename(tmp, path)) {
		int e = errno;

		unlink(tmp);
		return accel_error(ACCEL_ERR_IO, "%s: %s", path, strerror(e));
	}
	return ACCEL_OK;
}

accel_status compute_cache_save(struct compute_device *dev)
{
	char path[4096];
	accel_status s = vk_check(dev);
	size_t size = 0;
	void *data;
	VkResult r;

	if (s)
		return s;
	if (!vk_cache_path(dev, ".bin", path, sizeof(path)))
		return ACCEL_OK;
	r = dev->GetPipelineCacheData(dev->handle, dev->cache, &size, NULL);
	if (r)
		return vk_fail(dev, r, "reading the pipeline cache");
	if (size == dev->cache_saved && !access(path, R_OK))
		return ACCEL_OK;
	data = mem_alloc(size);
	if (!data)
		return accel_error(ACCEL_ERR_NOMEM,
				   "the pipeline cache: %zu bytes", size);
	r = dev->GetPipelineCacheData(dev->handle, dev->cache, &size, data);
	if (r)
		s = vk_fail(dev, r, "reading the pipeline cache");
	else
		s = save(dev, path, data, size);
	if (!s)
		dev->cache_saved = size;
	mem_free(data);
	return s;
}

void vk_cache_close(struct compute_device *dev)
{
	if (!dev->cache)
		return;
	/* a cache that cannot be written costs time at the next start only */
	if (dev->n_kernels)
		compute_cache_save(dev);
	dev->DestroyPipelineCache(dev->handle, dev->cache, NULL);
	dev->cache = VK_NULL_HANDLE;
}
