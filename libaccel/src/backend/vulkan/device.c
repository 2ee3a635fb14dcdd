// SPDX-License-Identifier: MIT
/*
 * The vulkan backend: a plan is one recording, replayed with one submit. Steps
 * without a launch run on the host between two recordings; the counters and the
 * table tell.
 */
#include <stdio.h>
#include <string.h>

#include "../../base/alloc.h"
#include "../../base/error.h"
#include "../../tensor/node.h"
#include "vulkan.h"

#define MOST_SETS 4 /* recordings of one plan over different buffers */

/* A run of launches, or one step on the host. */
struct segment {
	struct compute_record *rec; /* NULL: on the host */
	uint32_t first, n; /* steps */
};

/* The segments over one set of buffers. */
struct set {
	uint64_t *id; /* of each slot's buffer, 0 for none */
	uint64_t scratch; /* id of it, 0 for none */
	uint64_t used; /* when last */
	uint32_t n;
	struct segment *segment;
};

struct exe {
	void **base; /* host addresses by slot */
	uint64_t scratch_bytes; /* of the step that needs most */
	struct cpu_need need; /* of the steps on the host */
	uint64_t clock;
	struct set set[MOST_SETS];
};

/* ---- memory ---- */

/* b->mem over a compute buffer, which it owns from now on. */
static accel_status adopt(struct vulkan *v, struct buffer *b,
			  struct compute_buffer *buf)
{
	struct vk_buffer *m = mem_zalloc(sizeof(*m));

	if (!m) {
		compute_buffer_destroy(buf);
		return ACCEL_ERR_NOMEM;
	}
	m->buf = buf;
	m->id = ++v->next_id;
	if (compute_buffer_map(buf, &b->host)) {
		m->shadow = true;
		b->host = mem_aligned(b->size);
		if (!b->host) {
			compute_buffer_destroy(buf);
			mem_free(m);
			return ACCEL_ERR_NOMEM;
		}
		memset(b->host, 0, b->size);
	}
	b->mem = m;
	return ACCEL_OK;
}

static accel_status buffer_alloc(struct device *dev, struct buffer *b)
{
	struct vulkan *v = (struct vulkan *)dev;
	struct compute_buffer *buf;
	accel_status err;

	err = compute_buffer_create(v->device, b->size, 0, &buf);
	return err ? err : adopt(v, b, buf);
}

static accel_status buffer_import(struct device *dev, struct buffer *b, int fd)
{
	struct vulkan *v = (struct vulkan *)dev;
	struct compute_buffer *buf;
	accel_status err;

	/* all of it: kernels may read a few bytes past the last element */
	err = compute_buffer_import_dmabuf(v->device, fd, 0, &buf);
	return err ? err : adopt(v, b, buf);
}

static void buffer_free(struct device *dev, struct buffer *b)
{
	struct vk_buffer *m = b->mem;

	(void)dev;
	if (m->shadow)
		mem_free(b->host);
	compute_buffer_destroy(m->buf);
	mem_free(m);
}

static uint64_t memory_free(struct device *dev)
{
	struct vulkan *v = (struct vulkan *)dev;
	uint64_t left, total;

	if (!compute_device_memory(v->device, &left, &total))
		return UINT64_MAX;
	return left;
}

static void *begin(struct buffer *b, bool read, bool write)
{
	struct vk_buffer *m = b->mem;
	uint32_t access = (read ? COMPUTE_SYNC_READ : 0) |
			  (write ? COMPUTE_SYNC_WRITE : 0);

	if (!m->shadow)
		return compute_buffer_begin(m->buf, access) ? NULL : b->host;
	if (read) {
		if (compute_buffer_read(m->buf, 0, b->host, b->size))
			return NULL;
		b->ctx->counters.bytes_copied += b->size;
	}
	return b->host;
}

static accel_status end(struct buffer *b, bool read, bool write)
{
	struct vk_buffer *m = b->mem;
	uint32_t access = (read ? COMPUTE_SYNC_READ : 0) |
			  (write ? COMPUTE_SYNC_WRITE : 0);

	if (!m->shadow)
		return compute_buffer_end(m->buf, access);
	if (!write)
		return ACCEL_OK;
	b->ctx->counters.bytes_copied += b->size;
	return compute_buffer_write(m->buf, 0, b->host, b->size);
}

static void *access_begin(struct device *dev, struct buffer *b, bool write)
{
	(void)dev;
	return begin(b, !write, write);
}

static accel_status access_end(struct device *dev, struct buffer *b, bool write)
{
	(void)dev;
	return end(b, !write, write);
}

/* Others see it from now on: no other tensor gets it, and recordings over it
 * are made anew, which leave alone what is behind the tensor's end. */
static void exported(struct vulkan *v, struct buffer *b)
{
	if (b->foreign)
		return;
	b->foreign = true;
	b->ctx->counters.bytes_in_use -= b->size;
	((struct vk_buffer *)b->mem)->id = ++v->next_id;
}

/* Ordinary memory cannot be exported: the bytes move to memory that can. */
static accel_status buffer_export(struct device *dev, struct buffer *b, int *fd)
{
	struct vulkan *v = (struct vulkan *)dev;
	struct vk_buffer *m = b->mem;
	struct buffer moved = { .size = b->size };
	struct compute_buffer *buf;
	accel_status err;
	void *from;

	if (!compute_buffer_export(m->buf, fd)) {
		exported(v, b);
		return ACCEL_OK;
	}
	err = compute_buffer_create(v->device, b->size, COMPUTE_BUFFER_EXPORT,
				    &buf);
	if (err)
		return err;
	from = access_begin(dev, b, false);
	err = from ? compute_buffer_write(buf, 0, from, b->size) : ACCEL_ERR_IO;
	if (from)
		access_end(dev, b, false);
	if (!err)
		err = compute_buffer_export(buf, fd);
	if (err) {
		compute_buffer_destroy(buf);
		return err;
	}
	err = adopt(v, &moved, buf);
	if (err)
		return err;
	buffer_free(dev, b);
	b->host = moved.host;
	b->mem = moved.mem;
	exported(v, b);
	b->ctx->counters.bytes_copied += b->size;
	return ACCEL_OK;
}

/* ---- recording ---- */

static void set_free(struct set *s)
{
	uint32_t i;

	for (i = 0; i < s->n; i++)
		compute_record_destroy(s->segment[i].rec);
	mem_free(s->segment);
	mem_free(s->id);
	memset(s, 0, sizeof(*s));
}

static void release(struct device *dev, struct plan *plan)
{
	struct exe *x = plan->exe;
	uint32_t i;

	(void)dev;
	for (i = 0; i < MOST_SETS; i++)
		set_free(&x->set[i]);
	mem_free(x->base);
	mem_free(x);
	plan->exe = NULL;
}

static accel_status compile(struct device *dev, struct plan *plan)
{
	struct vulkan *v = (struct vulkan *)dev;
	struct exe *x = mem_zalloc(sizeof(*x));
	uint64_t scratch;
	accel_status err;
	uint32_t i;

	if (!x)
		return ACCEL_ERR_NOMEM;
	plan->exe = x;
	x->base = mem_zalloc(plan->n_slots * sizeof(*x->base));
	if (!x->base) {
		release(dev, plan);
		return ACCEL_ERR_NOMEM;
	}
	for (i = 0; i < plan->n_slots; i++)
		x->base[i] = x; /* any address */
	for (i = 0; i < plan->n_steps; i++) {
		struct step *s = &plan->steps[i];

		err = vk_place(v, s, &scratch);
		if (err) {
			release(dev, plan);
			return err;
		}
		if (s->on_host)
			cpu_measure(&v->host, s, x->base, &x->need);
		if (scratch > x->scratch_bytes)
			x->scratch_bytes = scratch;
	}
	return ACCEL_OK;
}

static uint64_t id_of(struct buffer *b)
{
	return b ? ((struct vk_buffer *)b->mem)->id : 0;
}

/* Of what a plan's steps work in: it was got before. */
static uint64_t scratch_id(const struct vulkan *v, const struct exe *x)
{
	return x->scratch_bytes ? id_of(v->scratch) : 0;
}

static accel_status record_segment(struct vulkan *v, const struct plan *plan,
				   struct buffer *const *bind, struct set *s,
				   struct segment *g)
{
	struct vk_record r = { .v = v, .bind = bind };
	accel_status err;
	uint32_t i;

	err = compute_record_create(v->device, 0, &g->rec);
	r.rec = g->rec;
	if (s->scratch)
		r.scratch = ((struct vk_buffer *)v->scratch->mem)->buf;
	for (i = 0; i < g->n && !err; i++)
		err = vk_step(&r, &plan->steps[g->first + i]);
	return err ? err : compute_record_end(g->rec);
}

static accel_status record(struct vulkan *v, struct plan *plan,
			   struct buffer *const *bind, struct set *s)
{
	const struct exe *x = plan->exe;
	accel_status err = ACCEL_OK;
	uint32_t i;

	s->id = mem_alloc(plan->n_slots * sizeof(*s->id));
	s->segment = mem_zalloc(plan->n_steps * sizeof(*s->segment));
	if (!s->id || !s->segment)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < plan->n_slots; i++)
		s->id[i] = id_of(bind[i]);
	s->scratch = scratch_id(v, x);
	for (i = 0; i < plan->n_steps && !err;) {
		struct segment *g = &s->segment[s->n++];

		g->first = i;
		g->n = 1;
		if (!plan->steps[i].on_host) {
			while (i + g->n < plan->n_steps &&
			       !plan->steps[i + g->n].on_host)
				g->n++;
			err = record_segment(v, plan, bind, s, g);
		}
		i += g->n;
	}
	return err;
}

/* The recordings over these buffers: made before, or made now in place of the
 * ones not used for longest. */
static struct set *find_set(struct vulkan *v, struct plan *plan,
			    struct buffer *const *bind, accel_status *err)
{
	struct exe *x = plan->exe;
	struct set *oldest = &x->set[0];
	uint32_t i, k;

	for (i = 0; i < MOST_SETS; i++) {
		struct set *s = &x->set[i];

		if (s->scratch != scratch_id(v, x))
			set_free(s); /* that memory is no more */
		for (k = 0; s->id && k < plan->n_slots; k++)
			if (s->id[k] != id_of(bind[k]))
				break;
		if (s->id && k == plan->n_slots) {
			s->used = ++x->clock;
			return s;
		}
		if (s->used < oldest->used)
			oldest = s;
	}
	set_free(oldest);
	*err = record(v, plan, bind, oldest);
	if (*err) {
		set_free(oldest);
		return NULL;
	}
	oldest->used = ++x->clock;
	return oldest;
}

/* ---- running ---- */

static accel_status run_host(struct vulkan *v, struct exe *x,
			     const struct step *s, struct buffer *const *bind)
{
	struct buffer *open[EW_MAX_OUT + 64];
	accel_status err = ACCEL_OK;
	uint32_t n = 0, i, k;

	for (i = 0; i < s->n_out + s->n_in && !err; i++) {
		const struct operand *o = i < s->n_out ? &s->out[i]
						       : &s->in[i - s->n_out];
		struct buffer *b = bind[o->slot];

		for (k = 0; k < n && open[k] != b; k++)
			;
		if (k < n)
			continue;
		x->base[o->slot] = begin(b, true, true);
		if (!x->base[o->slot])
			err = ACCEL_ERR_IO;
		else
			open[n++] = b;
	}
	if (!err)
		err = cpu_step(&v->host, s, x->base);
	for (i = 0; i < n; i++) {
		accel_status ended = end(open[i], true, true);

		err = err ? err : ended;
	}
	return err;
}

static accel_status run(struct device *dev, struct plan *plan,
			struct buffer *const *bind)
{
	struct vulkan *v = (struct vulkan *)dev;
	struct exe *x = plan->exe;
	accel_status err = ACCEL_OK;
	struct set *s;
	uint32_t i;

	if (x->scratch_bytes)
		err = buffer_scratch(dev->ctx, &v->scratch, x->scratch_bytes);
	if (err)
		return err;
	s = find_set(v, plan, bind, &err);
	if (!s)
		return err;
	err = cpu_reserve(&v->host, &x->need);
	if (err)
		return err;
	dev->started = true;
	for (i = 0; i < s->n && !err; i++) {
		struct segment *g = &s->segment[i];

		if (!g->rec) {
			err = run_host(v, x, &plan->steps[g->first], bind);
			dev->counters->host_steps++;
			continue;
		}
		err = compute_submit(g->rec);
		if (!err)
			err = compute_wait(g->rec, UINT64_MAX);
		dev->counters->kernels += compute_record_launches(g->rec);
		dev->counters->submits++;
	}
	return err;
}

static void trim(struct device *dev)
{
	struct vulkan *v = (struct vulkan *)dev;

	buffer_scratch(dev->ctx, &v->scratch, 0);
	cpu_trim(&v->host);
}

static void close_device(struct device *dev)
{
	struct vulkan *v = (struct vulkan *)dev;

	compute_record_destroy(v->measure);
	compute_buffer_destroy(v->any);
	compute_close(v->device);
	cpu_fini(&v->host);
	mem_free(v);
}

static const struct device_ops vulkan_ops = {
	.backend = "vulkan",
	.buffer_alloc = buffer_alloc,
	.buffer_free = buffer_free,
	.buffer_import = buffer_import,
	.buffer_export = buffer_export,
	.memory_free = memory_free,
	.access_begin = access_begin,
	.access_end = access_end,
	.ew_fits = vk_ew_fits,
	.compile = compile,
	.run = run,
	.release = release,
	.trim = trim,
	.close = close_device,
};

struct device *vulkan_open(struct compute_device *device, uint32_t threads)
{
	struct vulkan *v = mem_zalloc(sizeof(*v));

	if (!v || compute_buffer_create(device, 64, 0, &v->any) ||
	    compute_record_create(device, COMPUTE_RECORD_MEASURE,
				  &v->measure) ||
	    cpu_init(&v->host, threads)) {
		compute_record_destroy(v ? v->measure : NULL);
		compute_buffer_destroy(v ? v->any : NULL);
		mem_free(v);
		compute_close(device);
		return NULL;
	}
	v->device = device;
	v->dev.ops = &vulkan_ops;
	snprintf(v->dev.name, sizeof(v->dev.name), "%.127s",
		 compute_device_info(device)->name);
	v->dev.fuse_epilogue = true;
	v->dev.ew_inputs = COMPUTE_EW_MAX_IN;
	v->dev.ew_outputs = COMPUTE_EW_MAX_OUT;
	v->dev.ew_operands = COMPUTE_EW_OPERANDS;
	v->dev.ew_ops = COMPUTE_EW_MAX_OPS - 4;
	return &v->dev;
}
