// SPDX-License-Identifier: MIT
/* Ending, submitting and timing recordings. */
#include "record.h"

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"

accel_status compute_record_end(struct compute_record *rec)
{
	struct compute_device *dev = rec->dev;
	/* what the CPU, or another user of a DMA-BUF, reads afterwards */
	VkMemoryBarrier mb = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
		.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT |
				 VK_ACCESS_TRANSFER_WRITE_BIT,
		.dstAccessMask = VK_ACCESS_HOST_READ_BIT |
				 VK_ACCESS_SHADER_READ_BIT |
				 VK_ACCESS_SHADER_WRITE_BIT |
				 VK_ACCESS_TRANSFER_READ_BIT |
				 VK_ACCESS_TRANSFER_WRITE_BIT,
	};
	accel_status s = vk_check(dev);
	VkResult r;

	if (s || record_measures(rec))
		return s ? s : rec->error;
	if (rec->ended)
		return accel_error(ACCEL_ERR_INVALID,
				   "this recording has ended");
	if (rec->error)
		return rec->error; /* its text is the thread's last error */
	dev->CmdPipelineBarrier(rec->cmd,
				VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
					VK_PIPELINE_STAGE_TRANSFER_BIT,
				VK_PIPELINE_STAGE_HOST_BIT |
					VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT |
					VK_PIPELINE_STAGE_TRANSFER_BIT,
				0, 1, &mb, 0, NULL, 0, NULL);
	r = dev->EndCommandBuffer(rec->cmd);
	if (r)
		return vk_fail(dev, r, "ending a recording");
	rec->ended = true;
	mem_free(rec->spans);
	rec->spans = NULL;
	rec->n_spans = rec->cap_spans = 0;
	return ACCEL_OK;
}

accel_status compute_submit(struct compute_record *rec)
{
	struct compute_device *dev = rec->dev;
	VkSubmitInfo si = {
		.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
		.commandBufferCount = 1,
		.pCommandBuffers = &rec->cmd,
	};
	accel_status s = vk_check(dev);
	VkResult r;

	if (s)
		return s;
	if (!rec->ended)
		return accel_error(ACCEL_ERR_INVALID,
				   "submit: this recording was not ended");
	if (rec->pending)
		return accel_error(ACCEL_ERR_BUSY,
				   "submit: this recording is pending");
	r = dev->QueueSubmit(dev->queue, 1, &si, rec->fence);
	if (r)
		return vk_fail(dev, r, "submitting");
	rec->pending = true;
	rec->finished = false;
	return ACCEL_OK;
}

accel_status compute_wait(struct compute_record *rec, uint64_t timeout_ns)
{
	struct compute_device *dev = rec->dev;
	accel_status s = vk_check(dev);
	VkResult r;

	if (s)
		return s;
	if (!rec->pending)
		return ACCEL_OK;
	r = dev->WaitForFences(dev->handle, 1, &rec->fence, VK_TRUE,
			       timeout_ns);
	if (r == VK_TIMEOUT)
		return accel_error(ACCEL_ERR_TIMEOUT,
				   "%s: not finished after %llu ns",
				   dev->info.name,
				   (unsigned long long)timeout_ns);
	if (r)
		return vk_fail(dev, r, "waiting");
	rec->pending = false;
	rec->finished = true;
	r = dev->ResetFences(dev->handle, 1, &rec->fence);
	return r ? vk_fail(dev, r, "resetting a fence") : ACCEL_OK;
}

accel_status compute_record_times(struct compute_record *rec, double *ns,
				  uint32_t n)
{
	struct compute_device *dev = rec->dev;
	accel_status s = vk_check(dev);
	uint64_t *t;
	VkResult r;

	if (s)
		return s;
	if (!rec->query)
		return accel_error(ACCEL_ERR_NOSYS,
				   "this recording measures no times");
	if (!rec->finished || n > rec->n_launches)
		return accel_error(ACCEL_ERR_INVALID,
				   "times of %u launches: %u recorded, %s", n,
				   rec->n_launches,
				   rec->finished ? "finished" : "not finished");
	if (!n)
		return ACCEL_OK;
	t = mem_zalloc(2 * n * sizeof(*t));
	if (!t)
		return accel_error(ACCEL_ERR_NOMEM, "times of %u launches", n);
	r = dev->GetQueryPoolResults(
		dev->handle, rec->query, 0, 2 * n, 2 * n * sizeof(*t), t,
		sizeof(*t), VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
	for (uint32_t i = 0; !r && i < n; i++)
		ns[i] = (double)(t[2 * i + 1] - t[2 * i]) *
			dev->limits.timestamp_ns;
	mem_free(t);
	return r ? vk_fail(dev, r, "reading timestamps") : ACCEL_OK;
}
