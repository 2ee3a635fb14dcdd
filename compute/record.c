// SPDX-License-Identifier: MIT
/* Recordings: command buffers that are made once and submitted many times. */
#include "record.h"

#include <string.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"
#include "shaders.h"

#define POOL_SETS 64
#define MAX_TIMED 2048

accel_status compute_record_create(struct compute_device *dev, uint32_t flags,
				   struct compute_record **out)
{
	VkCommandPoolCreateInfo pci = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
		.queueFamilyIndex = dev->family,
	};
	VkCommandBufferAllocateInfo ai = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
		.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
		.commandBufferCount = 1,
	};
	VkCommandBufferBeginInfo bi = {
		.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	};
	VkFenceCreateInfo fi = {
		.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
	};
	VkQueryPoolCreateInfo qi = {
		.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
		.queryType = VK_QUERY_TYPE_TIMESTAMP,
		.queryCount = 2 * MAX_TIMED,
	};
	struct compute_record *rec;
	accel_status s = vk_check(dev);
	VkResult r;

	*out = NULL;
	if (s)
		return s;
	if (flags & COMPUTE_RECORD_TIMES && !dev->limits.timestamps)
		return accel_error(ACCEL_ERR_NOSYS, "%s has no timestamps",
				   dev->info.name);
	rec = mem_zalloc(sizeof(*rec));
	if (!rec)
		return accel_error(ACCEL_ERR_NOMEM, "making a recording");
	rec->dev = dev;
	rec->flags = flags;
	if (record_measures(rec)) {
		*out = rec;
		return ACCEL_OK;
	}
	r = dev->CreateCommandPool(dev->handle, &pci, NULL, &rec->pool);
	if (r)
		goto fail;
	ai.commandPool = rec->pool;
	r = dev->AllocateCommandBuffers(dev->handle, &ai, &rec->cmd);
	if (r)
		goto fail;
	r = dev->CreateFence(dev->handle, &fi, NULL, &rec->fence);
	if (r)
		goto fail;
	if (flags & COMPUTE_RECORD_TIMES) {
		r = dev->CreateQueryPool(dev->handle, &qi, NULL, &rec->query);
		if (r)
			goto fail;
	}
	r = dev->BeginCommandBuffer(rec->cmd, &bi);
	if (r)
		goto fail;
	if (rec->query)
		dev->CmdResetQueryPool(rec->cmd, rec->query, 0, 2 * MAX_TIMED);
	*out = rec;
	return ACCEL_OK;

fail:
	s = vk_fail(dev, r, "making a recording");
	compute_record_destroy(rec);
	return s;
}

static void record_release(struct compute_record *rec)
{
	struct compute_device *dev = rec->dev;

	if (rec->pending && !dev->lost)
		dev->WaitForFences(dev->handle, 1, &rec->fence, VK_TRUE,
				   UINT64_MAX);
	dev->DestroyFence(dev->handle, rec->fence, NULL);
	dev->DestroyQueryPool(dev->handle, rec->query, NULL);
	for (uint32_t i = 0; i < rec->n_views; i++)
		dev->DestroyBufferView(dev->handle, rec->views[i], NULL);
	for (uint32_t i = 0; i < rec->n_pools; i++)
		dev->DestroyDescriptorPool(dev->handle, rec->pools[i], NULL);
	dev->DestroyCommandPool(dev->handle, rec->pool, NULL);
}

void compute_record_destroy(struct compute_record *rec)
{
	if (!rec)
		return;
	if (!vk_inherited(rec->dev))
		record_release(rec);
	mem_free(rec->views);
	mem_free(rec->pools);
	mem_free(rec->spans);
	mem_free(rec->kernels);
	mem_free(rec);
}

struct compute_device *compute_record_device(struct compute_record *rec)
{
	return rec->dev;
}

accel_status compute_record_fail(struct compute_record *rec, accel_status s)
{
	if (s && !rec->error)
		rec->error = s;
	return s;
}

/* Room for one more element; NULL (and the old list kept) when out of memory. */
static void *room(void *list, uint32_t n, uint32_t *cap, size_t each)
{
	uint32_t want = *cap ? *cap * 2 : 32;
	void *p;

	if (n < *cap)
		return list;
	p = mem_realloc(list, want * each);
	if (p)
		*cap = want;
	return p;
}

#define ROOM(rec, list, n, cap)                                                \
	({                                                                     \
		void *p_ = room((rec)->list, (rec)->n, &(rec)->cap,            \
				sizeof(*(rec)->list));                         \
		if (p_)                                                        \
			(rec)->list = p_;                                      \
		p_ != NULL;                                                    \
	})

static accel_status open_check(struct compute_record *rec)
{
	accel_status s = vk_check(rec->dev);

	if (s)
		return s;
	if (rec->ended)
		return accel_error(ACCEL_ERR_INVALID,
				   "this recording has ended");
	return ACCEL_OK;
}

/* ---- hazards ---------------------------------------------------------- */

static void barrier(struct compute_record *rec)
{
	struct compute_device *dev = rec->dev;
	const VkPipelineStageFlags stages =
		VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
		VK_PIPELINE_STAGE_TRANSFER_BIT;
	VkMemoryBarrier mb = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT |
				 VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_SHADER_READ_BIT |
				 VK_ACCESS_SHADER_WRITE_BIT |
				 VK_ACCESS_TRANSFER_READ_BIT |
				 VK_ACCESS_TRANSFER_WRITE_BIT,
	};

	dev->CmdPipelineBarrier(rec->cmd, stages, stages, 0, 1, &mb, 0, NULL, 0,
				NULL);
	rec->n_spans = 0;
	rec->n_barriers++;
}

static bool conflicts(const struct compute_record *rec,
		      const struct record_span *s)
{
	for (uint32_t i = 0; i < rec->n_spans; i++) {
		const struct record_span *o = &rec->spans[i];

		if (o->memory == s->memory && (o->writes || s->writes) &&
		    o->lo < s->hi && s->lo < o->hi)
			return true;
	}
	return false;
}

/* A barrier if these spans need one; then they are what later ones meet. */
static accel_status order(struct compute_record *rec,
			  const struct record_span *s, uint32_t n)
{
	if (rec->flags & COMPUTE_RECORD_MANUAL)
		return ACCEL_OK;
	for (uint32_t i = 0; i < n; i++) {
		if (conflicts(rec, &s[i])) {
			barrier(rec);
			break;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!ROOM(rec, spans, n_spans, cap_spans))
			return accel_error(ACCEL_ERR_NOMEM,
					   "recording: no memory");
		rec->spans[rec->n_spans++] = s[i];
	}
	return ACCEL_OK;
}

/* Two buffers over one imported memory overlap unseen only if they are two
 * imports; each import orders as its own memory. */
static struct record_span span_of(const struct compute_buffer *b, uint64_t lo,
				  uint64_t n, bool writes)
{
	return (struct record_span){ b->memory, lo, lo + n, writes };
}

/* ---- launches --------------------------------------------------------- */

static accel_status check_binding(struct compute_record *rec,
				  const struct compute_shader *sh, uint32_t i,
				  const struct compute_binding *b)
{
	const struct compute_limits *l = &rec->dev->limits;
	bool texel = i >= sh->storage;
	uint32_t align = texel ? l->texel_align : l->storage_align;
	uint64_t range;

	if (!b->buffer || b->buffer->dev != rec->dev)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: binding %u is of another device or "
				   "none",
				   sh->name, i);
	if (b->offset % align || b->offset >= b->buffer->alloc ||
	    b->range > b->buffer->alloc - b->offset)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: binding %u is %llu bytes at %llu "
				   "(alignment %u) of a buffer of %llu",
				   sh->name, i, (unsigned long long)b->range,
				   (unsigned long long)b->offset, align,
				   (unsigned long long)b->buffer->alloc);
	range = b->range ? b->range : b->buffer->alloc - b->offset;
	if (range > l->max_range || (texel && range / 16 > l->max_texels))
		return accel_error(
			ACCEL_ERR_RANGE,
			"%s: binding %u covers %llu bytes: %s allows %llu",
			sh->name, i, (unsigned long long)range,
			rec->dev->info.name,
			(unsigned long long)(texel ? l->max_texels * 16ull
						   : l->max_range));
	return ACCEL_OK;
}

static accel_status new_set(struct compute_record *rec,
			    const struct vk_shader *sh, VkDescriptorSet *set)
{
	struct compute_device *dev = rec->dev;
	VkDescriptorPoolSize sizes[] = {
		{ VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
		  POOL_SETS * COMPUTE_MAX_BINDINGS },
		{ VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
		  POOL_SETS * COMPUTE_MAX_BINDINGS },
	};
	VkDescriptorPoolCreateInfo pci = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
		.maxSets = POOL_SETS,
		.poolSizeCount = 2,
		.pPoolSizes = sizes,
	};
	VkDescriptorSetAllocateInfo ai = {
		.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
		.descriptorSetCount = 1,
		.pSetLayouts = &sh->set,
	};
	VkResult r;

	if (!rec->n_pools || rec->sets_left == 0) {
		if (!ROOM(rec, pools, n_pools, cap_pools))
			return accel_error(ACCEL_ERR_NOMEM,
					   "recording: no memory");
		r = dev->CreateDescriptorPool(dev->handle, &pci, NULL,
					      &rec->pools[rec->n_pools]);
		if (r)
			return vk_fail(dev, r, "making a descriptor pool");
		rec->n_pools++;
		rec->sets_left = POOL_SETS;
	}
	ai.descriptorPool = rec->pools[rec->n_pools - 1];
	r = dev->AllocateDescriptorSets(dev->handle, &ai, set);
	if (r)
		return vk_fail(dev, r, "allocating a descriptor set");
	rec->sets_left--;
	return ACCEL_OK;
}

static accel_status new_view(struct compute_record *rec,
			     const struct compute_binding *b, VkBufferView *v)
{
	struct compute_device *dev = rec->dev;
	uint64_t range = b->range ? b->range : b->buffer->alloc - b->offset;
	VkBufferViewCreateInfo ci = {
		.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
		.buffer = b->buffer->handle,
		.format = VK_FORMAT_R32G32B32A32_SFLOAT,
		.offset = b->offset,
		.range = range & ~15ull,
	};
	VkResult r;

	if (!ROOM(rec, views, n_views, cap_views))
		return accel_error(ACCEL_ERR_NOMEM, "recording: no memory");
	r = dev->CreateBufferView(dev->handle, &ci, NULL, v);
	if (r)
		return vk_fail(dev, r, "making a texel view");
	rec->views[rec->n_views++] = *v;
	return ACCEL_OK;
}

static accel_status write_set(struct compute_record *rec,
			      const struct compute_shader *sh,
			      VkDescriptorSet set,
			      const struct compute_binding *b, uint32_t n)
{
	VkWriteDescriptorSet w[2 * COMPUTE_MAX_BINDINGS];
	VkDescriptorBufferInfo info[COMPUTE_MAX_BINDINGS];
	VkBufferView view[COMPUTE_MAX_BINDINGS];
	uint32_t total = sh->storage + sh->texel;
	accel_status s;

	for (uint32_t i = 0; i < total; i++) {
		/* what the constants switch off must still be valid */
		const struct compute_binding *from = i < n ? &b[i] : &b[0];

		w[i] = (VkWriteDescriptorSet){
			.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
			.dstSet = set,
			.dstBinding = i,
			.descriptorCount = 1,
		};
		if (i < sh->storage) {
			info[i] = (VkDescriptorBufferInfo){
				from->buffer->handle, from->offset,
				from->range ? from->range
					    : from->buffer->alloc - from->offset
			};
			w[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
			w[i].pBufferInfo = &info[i];
			continue;
		}
		s = new_view(rec, from, &view[i - sh->storage]);
		if (s)
			return s;
		w[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
		w[i].pTexelBufferView = &view[i - sh->storage];
	}
	rec->dev->UpdateDescriptorSets(rec->dev->handle, total, w, 0, NULL);
	return ACCEL_OK;
}

static accel_status begin_launch(struct compute_record *rec,
				 const struct compute_kernel *k)
{
	if (rec->query && rec->n_launches >= MAX_TIMED)
		return accel_error(ACCEL_ERR_RANGE,
				   "a timed recording holds %d launches",
				   MAX_TIMED);
	if (!ROOM(rec, kernels, n_launches, cap_kernels))
		return accel_error(ACCEL_ERR_NOMEM, "recording: no memory");
	rec->kernels[rec->n_launches] = k;
	return ACCEL_OK;
}

static void stamp(struct compute_record *rec, uint32_t which)
{
	if (rec->query)
		rec->dev->CmdWriteTimestamp(
			rec->cmd, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
			rec->query, 2 * rec->n_launches + which);
}

static accel_status dispatch(struct compute_record *rec,
			     struct compute_kernel *k,
			     const struct compute_binding *b, uint32_t n,
			     const void *push, uint32_t push_bytes,
			     const uint32_t groups[3])
{
	const struct compute_shader *sh = &compute_shader_table[k->shader];
	struct compute_device *dev = rec->dev;
	struct record_span spans[2 * COMPUTE_MAX_BINDINGS];
	VkDescriptorSet set;
	accel_status s = open_check(rec);

	if (s || record_measures(rec))
		return s;
	if (!groups[0] || !groups[1] || !groups[2])
		return ACCEL_OK;
	for (int i = 0; i < 3; i++)
		if (groups[i] > dev->limits.max_groups[i])
			return accel_error(
				ACCEL_ERR_RANGE,
				"%s: %u workgroups in dimension %d: %s allows "
				"%u",
				sh->name, groups[i], i, dev->info.name,
				dev->limits.max_groups[i]);
	if (!n || n > sh->storage + sh->texel || push_bytes % 4 ||
	    push_bytes > COMPUTE_MAX_PUSH)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: %u bindings of %u, %u bytes of push "
				   "constants",
				   sh->name, n, sh->storage + sh->texel,
				   push_bytes);
	for (uint32_t i = 0; i < n; i++) {
		s = check_binding(rec, sh, i, &b[i]);
		if (s)
			return s;
		spans[i] = span_of(b[i].buffer, b[i].offset,
				   b[i].range
					   ? b[i].range
					   : b[i].buffer->alloc - b[i].offset,
				   b[i].writes);
	}
	s = begin_launch(rec, k);
	if (!s)
		s = new_set(rec, k->sh, &set);
	if (!s)
		s = write_set(rec, sh, set, b, n);
	if (!s)
		s = order(rec, spans, n);
	if (s)
		return s;
	if (rec->bound != k->pipeline)
		dev->CmdBindPipeline(rec->cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
				     k->pipeline);
	rec->bound = k->pipeline;
	dev->CmdBindDescriptorSets(rec->cmd, VK_PIPELINE_BIND_POINT_COMPUTE,
				   k->sh->layout, 0, 1, &set, 0, NULL);
	if (push_bytes) {
		/* the whole range: a shader may declare more than is used */
		uint32_t all[COMPUTE_MAX_PUSH / 4] = { 0 };

		memcpy(all, push, push_bytes);
		dev->CmdPushConstants(rec->cmd, k->sh->layout,
				      VK_SHADER_STAGE_COMPUTE_BIT, 0,
				      COMPUTE_MAX_PUSH, all);
	}
	stamp(rec, 0);
	dev->CmdDispatch(rec->cmd, groups[0], groups[1], groups[2]);
	stamp(rec, 1);
	rec->n_launches++;
	return ACCEL_OK;
}

accel_status compute_record_dispatch(struct compute_record *rec,
				     struct compute_kernel *kernel,
				     const struct compute_binding *bindings,
				     uint32_t n_bindings, const void *push,
				     uint32_t push_bytes,
				     const uint32_t groups[3])
{
	return compute_record_fail(rec,
				   dispatch(rec, kernel, bindings, n_bindings,
					    push, push_bytes, groups));
}

static accel_status check_copy(const char *what, const struct compute_buffer *b,
			       uint64_t offset, uint64_t size, uint32_t align)
{
	if (offset % align || size % align || offset > b->alloc ||
	    size > b->alloc - offset)
		return accel_error(ACCEL_ERR_RANGE,
				   "%s: %llu bytes at %llu of a buffer of %llu "
				   "(multiples of %u)",
				   what, (unsigned long long)size,
				   (unsigned long long)offset,
				   (unsigned long long)b->alloc, align);
	return ACCEL_OK;
}

/* What a fill and an update check and order before they write. */
static accel_status begin_write(struct compute_record *rec, const char *what,
				struct compute_buffer *buf, uint64_t offset,
				uint64_t size)
{
	struct record_span span = span_of(buf, offset, size, true);
	accel_status s = open_check(rec);

	if (record_measures(rec))
		return s;
	if (!s)
		s = check_copy(what, buf, offset, size, 4);
	if (!s && size)
		s = begin_launch(rec, NULL);
	if (!s && size)
		s = order(rec, &span, 1);
	return compute_record_fail(rec, s);
}

accel_status compute_record_fill(struct compute_record *rec,
				 struct compute_buffer *buf, uint64_t offset,
				 uint64_t size, uint32_t word)
{
	accel_status s = begin_write(rec, "fill", buf, offset, size);

	if (s || !size || record_measures(rec))
		return s;
	stamp(rec, 0);
	rec->dev->CmdFillBuffer(rec->cmd, buf->handle, offset, size, word);
	stamp(rec, 1);
	rec->n_launches++;
	return ACCEL_OK;
}

accel_status compute_record_update(struct compute_record *rec,
				   struct compute_buffer *buf, uint64_t offset,
				   uint64_t size, const void *data)
{
	accel_status s;

	if (size > COMPUTE_MAX_UPDATE)
		return compute_record_fail(
			rec, accel_error(ACCEL_ERR_RANGE,
					 "update of %llu bytes, %d at most",
					 (unsigned long long)size,
					 COMPUTE_MAX_UPDATE));
	s = begin_write(rec, "update", buf, offset, size);
	if (s || !size || record_measures(rec))
		return s;
	stamp(rec, 0);
	rec->dev->CmdUpdateBuffer(rec->cmd, buf->handle, offset, size, data);
	stamp(rec, 1);
	rec->n_launches++;
	return ACCEL_OK;
}

accel_status compute_record_copy(struct compute_record *rec,
				 struct compute_buffer *dst,
				 uint64_t dst_offset,
				 struct compute_buffer *src,
				 uint64_t src_offset, uint64_t size)
{
	struct record_span spans[] = {
		span_of(dst, dst_offset, size, true),
		span_of(src, src_offset, size, false),
	};
	VkBufferCopy region = { src_offset, dst_offset, size };
	accel_status s = open_check(rec);

	if (record_measures(rec))
		return s;
	if (!s)
		s = check_copy("copy to", dst, dst_offset, size, 1);
	if (!s)
		s = check_copy("copy from", src, src_offset, size, 1);
	if (!s && dst == src && src_offset < dst_offset + size &&
	    dst_offset < src_offset + size && size)
		s = accel_error(ACCEL_ERR_INVALID,
				"copy of %llu bytes from %llu to %llu of one "
				"buffer overlaps",
				(unsigned long long)size,
				(unsigned long long)src_offset,
				(unsigned long long)dst_offset);
	if (s || !size)
		return compute_record_fail(rec, s);
	s = begin_launch(rec, NULL);
	if (!s)
		s = order(rec, spans, 2);
	if (s)
		return compute_record_fail(rec, s);
	stamp(rec, 0);
	rec->dev->CmdCopyBuffer(rec->cmd, src->handle, dst->handle, 1, &region);
	stamp(rec, 1);
	rec->n_launches++;
	return ACCEL_OK;
}

accel_status compute_record_barrier(struct compute_record *rec)
{
	accel_status s = open_check(rec);

	if (!s && !record_measures(rec))
		barrier(rec);
	return compute_record_fail(rec, s);
}

uint32_t compute_record_launches(const struct compute_record *rec)
{
	return rec->n_launches;
}

uint32_t compute_record_barriers(const struct compute_record *rec)
{
	return rec->n_barriers;
}

const struct compute_kernel *
compute_record_kernel(const struct compute_record *rec, uint32_t i)
{
	return i < rec->n_launches ? rec->kernels[i] : NULL;
}
