// SPDX-License-Identifier: MIT
/*
 * The cpu backend: one step after another, each spread over the threads. The
 * oracle of the other backends, and the faster one on many small boards.
 */
#include "cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../base/alloc.h"
#include "../../base/denormal.h"
#include "../../base/error.h"

void *cpu_scratch(struct cpu *c, int i, size_t bytes)
{
	struct cpu_scratch *s = &c->scratch[i];
	void *p;

	if (c->measuring) {
		if (bytes > c->measuring->bytes[i])
			c->measuring->bytes[i] = bytes;
		return c; /* any */
	}
	if (bytes <= s->bytes)
		return s->p;
	bytes += bytes / 4;
	p = mem_aligned(bytes);
	if (!p)
		return NULL;
	mem_free(s->p);
	s->p = p;
	s->bytes = bytes;
	return p;
}

struct convert {
	const struct layout *l;
	const void *from;
	float *to;
};

static void convert_range(void *arg, int64_t begin, int64_t end)
{
	struct convert *v = arg;
	int64_t i;

	for (i = begin; i < end; i++)
		v->to[i] = (float)dtype_load(v->l->dtype, v->from,
					     v->l->offset + i);
}

const float *cpu_dense_f32(struct cpu *c, int i, const struct operand *o,
			   void *const *base)
{
	int64_t n = layout_count(&o->l), k = 0;
	const void *from = cpu_base(o, base);
	struct layout_iter it;
	float *to;

	if (o->l.dtype == ACCEL_F32 && layout_dense(&o->l))
		return (const float *)from + o->l.offset;
	to = cpu_scratch(c, i, (size_t)n * sizeof(float));
	if (!to || c->measuring)
		return to;
	if (o->l.dtype == ACCEL_F32) {
		struct layout dense;

		layout_init(&dense, "cpu", ACCEL_F32, o->l.ndim, o->l.shape);
		cpu_move(c, &o->l, from, &dense, to);
	} else if (layout_dense(&o->l)) {
		struct convert v = { &o->l, from, to };

		threads_for(c->threads, n, CPU_GRAIN, convert_range, &v);
	} else {
		layout_start(&it, &o->l);
		do
			to[k++] = (float)dtype_load(o->l.dtype, from, it.at);
		while (layout_next(&it));
	}
	return to;
}

/* What every kernel and reduction has beside its code: see CPU_OP. */
#define ROW(NAME) [OP_##NAME] = &cpu_op_##NAME,
#define ROW_LEAF(NAME)
#define ROW_VIEW(NAME)
#define ROW_UNARY(NAME)
#define ROW_BINARY(NAME)
#define ROW_SELECT(NAME)
#define ROW_REDUCE ROW
#define ROW_KERNEL ROW
static const struct cpu_op *const cpu_ops_of[OP_COUNT] = { ROW(CONST)
#define X(NAME, name, class, attr, ref, grad) ROW_##class(NAME)
#include "../../ops/ops.def"
};

static accel_status do_step(struct cpu *c, const struct step *s,
			    void *const *base)
{
	struct operand in[EW_MAX_IN];
	accel_status err = ACCEL_OK;

	if (s->op == OP_FUSED) {
		if (!c->measuring)
			cpu_program(c, s->ew, s->in, s->out, base);
		return ACCEL_OK;
	}
	c->slow = !cpu_ops_of[s->op]->run(c, s, base, &err);
	if (c->slow)
		err = cpu_reference(c, s, base);
	if (err || !s->ew || c->measuring)
		return err;
	in[0] = s->out[0];
	memcpy(in + 1, s->in + s->n_base,
	       (s->n_in - s->n_base) * sizeof(in[0]));
	cpu_program(c, s->ew, in, s->out, base);
	return ACCEL_OK;
}

accel_status cpu_step(struct cpu *c, const struct step *s, void *const *base)
{
	uint32_t mode = denormals_flush();
	accel_status err = do_step(c, s, base);

	denormals_restore(mode);
	return err;
}

void cpu_measure(struct cpu *c, struct step *s, void *const *base,
		 struct cpu_need *need)
{
	c->measuring = need;
	c->slow = false;
	do_step(c, s, base);
	c->measuring = NULL;
	snprintf(s->kernel, sizeof(s->kernel), "cpu");
	if (c->slow)
		snprintf(s->why, sizeof(s->why),
			 "%s of %s in double precision: no fast path",
			 op_table[s->op].name, accel_dtype_name(step_dtype(s)));
}

accel_status cpu_reserve(struct cpu *c, const struct cpu_need *need)
{
	int i;

	for (i = 0; i < CPU_SCRATCH; i++)
		if (need->bytes[i] > c->scratch[i].bytes &&
		    !cpu_scratch(c, i, need->bytes[i]))
			return ACCEL_ERR_NOMEM;
	return ACCEL_OK;
}

/* ---- the device ---- */

static accel_status buffer_alloc(struct device *dev, struct buffer *b)
{
	(void)dev;
	b->host = mem_aligned(b->size);
	if (!b->host)
		return accel_error(ACCEL_ERR_NOMEM,
				   "out of memory: %zu bytes for a tensor",
				   b->size);
	memset(b->host, 0, b->size);
	return ACCEL_OK;
}

/* An imported buffer's mem is its descriptor + 1. */
static int fd_of(const struct buffer *b)
{
	return (int)(intptr_t)b->mem - 1;
}

static void buffer_free(struct device *dev, struct buffer *b)
{
	(void)dev;
	if (!b->foreign) {
		mem_free(b->host);
		return;
	}
	munmap(b->host, b->size);
	close(fd_of(b));
}

static accel_status buffer_import(struct device *dev, struct buffer *b, int fd)
{
	void *p =
		mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int own = p == MAP_FAILED ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	(void)dev;
	if (own < 0) {
		if (p != MAP_FAILED)
			munmap(p, b->size);
		return accel_error(ACCEL_ERR_IO,
				   "import: mapping %zu bytes: %s", b->size,
				   strerror(errno));
	}
	b->host = p;
	b->mem = (void *)(intptr_t)(own + 1);
	return ACCEL_OK;
}

static accel_status buffer_export(struct device *dev, struct buffer *b, int *fd)
{
	(void)dev;
	if (!b->foreign)
		return accel_error(ACCEL_ERR_NOSYS,
				   "export: the cpu's memory has no DMA-BUF");
	*fd = fcntl(fd_of(b), F_DUPFD_CLOEXEC, 0);
	return *fd < 0 ? accel_error(ACCEL_ERR_IO, "export: %s",
				     strerror(errno))
		       : ACCEL_OK;
}

static uint64_t memory_free(struct device *dev)
{
	(void)dev;
	return UINT64_MAX;
}

/* DMA_BUF_IOCTL_SYNC on both sides of an access. */
static void sync_access(struct buffer *b, uint64_t flags)
{
	struct dma_buf_sync sync = { flags };

	while (b->foreign && ioctl(fd_of(b), DMA_BUF_IOCTL_SYNC, &sync) &&
	       (errno == EINTR || errno == EAGAIN))
		;
}

static void *access_begin(struct device *dev, struct buffer *b, bool write)
{
	(void)dev;
	sync_access(b, DMA_BUF_SYNC_START |
			       (write ? DMA_BUF_SYNC_RW : DMA_BUF_SYNC_READ));
	return b->host;
}

static accel_status access_end(struct device *dev, struct buffer *b, bool write)
{
	(void)dev;
	sync_access(b, DMA_BUF_SYNC_END |
			       (write ? DMA_BUF_SYNC_RW : DMA_BUF_SYNC_READ));
	return ACCEL_OK;
}

/* What a plan keeps here. */
struct exe {
	struct cpu_need need;
	void *base[]; /* addresses by slot */
};

static accel_status compile(struct device *dev, struct plan *plan)
{
	struct cpu *c = (struct cpu *)dev;
	struct exe *x;
	uint32_t i;

	x = mem_zalloc(sizeof(*x) + plan->n_slots * sizeof(x->base[0]));
	plan->exe = x;
	if (!x)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < plan->n_slots; i++)
		x->base[i] = c;
	for (i = 0; i < plan->n_steps; i++)
		cpu_measure(c, &plan->steps[i], x->base, &x->need);
	return ACCEL_OK;
}

static accel_status run(struct device *dev, struct plan *plan,
			struct buffer *const *bind)
{
	struct cpu *c = (struct cpu *)dev;
	struct exe *x = plan->exe;
	void **base = x->base;
	accel_status err = cpu_reserve(c, &x->need);
	uint32_t i;

	if (err)
		return err;
	dev->started = true;
	for (i = 0; i < plan->n_slots; i++)
		base[i] = bind[i] ? access_begin(dev, bind[i], true) : NULL;
	for (i = 0; i < plan->n_steps && !err; i++)
		err = cpu_step(c, &plan->steps[i], base);
	for (i = 0; i < plan->n_slots; i++)
		if (bind[i])
			access_end(dev, bind[i], true);
	dev->counters->kernels += plan->n_steps;
	dev->counters->submits++;
	return err;
}

static void release(struct device *dev, struct plan *plan)
{
	(void)dev;
	mem_free(plan->exe);
	plan->exe = NULL;
}

static void trim(struct device *dev)
{
	cpu_trim((struct cpu *)dev);
}

static void close_device(struct device *dev)
{
	cpu_fini((struct cpu *)dev);
	mem_free(dev);
}

static const struct device_ops cpu_ops = {
	.backend = "cpu",
	.buffer_alloc = buffer_alloc,
	.buffer_free = buffer_free,
	.buffer_import = buffer_import,
	.buffer_export = buffer_export,
	.memory_free = memory_free,
	.access_begin = access_begin,
	.access_end = access_end,
	.compile = compile,
	.run = run,
	.release = release,
	.trim = trim,
	.close = close_device,
};

/* Processors that this process may use. */
static uint32_t processors(void)
{
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		return (uint32_t)CPU_COUNT(&set);
	return 1;
}

accel_status cpu_init(struct cpu *c, uint32_t threads)
{
	if (!threads)
		threads = processors();
	if (threads > 64)
		threads = 64;
	c->threads = threads_create(threads);
	if (!c->threads)
		return ACCEL_ERR_NOMEM;
	return ACCEL_OK;
}

void cpu_trim(struct cpu *c)
{
	uint32_t i;

	for (i = 0; i < CPU_SCRATCH; i++) {
		mem_free(c->scratch[i].p);
		c->scratch[i] = (struct cpu_scratch){ 0 };
	}
}

void cpu_fini(struct cpu *c)
{
	threads_destroy(c->threads);
	cpu_trim(c);
}

struct device *cpu_open(const accel_open_options *options)
{
	struct cpu *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	if (cpu_init(c, options->threads)) {
		mem_free(c);
		return NULL;
	}
	c->dev.ops = &cpu_ops;
	snprintf(c->dev.name, sizeof(c->dev.name), "cpu, %u thread%s",
		 threads_count(c->threads),
		 threads_count(c->threads) == 1 ? "" : "s");
	c->dev.fuse_epilogue = true;
	c->dev.ew_inputs = EW_MAX_IN;
	c->dev.ew_outputs = EW_MAX_OUT;
	c->dev.ew_operands = EW_MAX_IN + EW_MAX_OUT;
	c->dev.ew_ops = EW_MAX_INS;
	return &c->dev;
}
