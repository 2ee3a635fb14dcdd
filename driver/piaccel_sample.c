// SPDX-License-Identifier: GPL-2.0-only
/*
 * piaccel: how a sample stands in a buffer. In hard-irq context.
 */
#include <linux/log2.h>
#include <linux/unaligned.h>

#include "piaccel_stream.h"

#define PIACCEL_F32_ONE		0x3f800000
#define PIACCEL_F32_HALF	0x3f000000
#define PIACCEL_F32_INF		0x7f800000

u32 piaccel_sample_size(u32 format, unsigned int num)
{
	switch (format) {
	case PIACCEL_FORMAT_BITS:
		return max_t(u32, roundup_pow_of_two(num) / 8, 1);
	case PIACCEL_FORMAT_U8:
		return num;
	default:
		return 4 * num;
	}
}

u32 piaccel_element_size(u32 format, u32 sample_size)
{
	switch (format) {
	case PIACCEL_FORMAT_BITS:
		return sample_size;
	case PIACCEL_FORMAT_U8:
		return 1;
	default:
		return 4;
	}
}

static void piaccel_store_bits(u8 *at, u32 size, u64 packed)
{
	switch (size) {
	case 1:
		WRITE_ONCE(*at, packed);
		break;
	case 2:
		WRITE_ONCE(*(__le16 *)at, cpu_to_le16(packed));
		break;
	case 4:
		WRITE_ONCE(*(__le32 *)at, cpu_to_le32(packed));
		break;
	default:
		put_unaligned_le64(packed, at);
	}
}

static u64 piaccel_load_bits(const u8 *at, u32 size)
{
	switch (size) {
	case 1:
		return READ_ONCE(*at);
	case 2:
		return le16_to_cpu(READ_ONCE(*(__le16 *)at));
	case 4:
		return le32_to_cpu(READ_ONCE(*(__le32 *)at));
	default:
		return get_unaligned_le64(at);
	}
}

void piaccel_store(struct piaccel_stream *s, u64 slot, u64 packed)
{
	u8 *at = s->base + slot * s->sample_size;
	unsigned int i;

	switch (s->format) {
	case PIACCEL_FORMAT_BITS:
		piaccel_store_bits(at, s->sample_size, packed);
		break;
	case PIACCEL_FORMAT_U8:
		for (i = 0; i < s->num; i++)
			at[i] = packed >> i & 1;
		break;
	case PIACCEL_FORMAT_F32:
		for (i = 0; i < s->num; i++)
			((u32 *)at)[i] = packed >> i & 1 ? PIACCEL_F32_ONE : 0;
		break;
	}
}

u64 piaccel_load_sample(struct piaccel_stream *s, u64 slot)
{
	const u8 *at = s->base + slot * s->sample_size;
	u64 packed = 0;
	unsigned int i;
	u32 f;

	switch (s->format) {
	case PIACCEL_FORMAT_BITS:
		return piaccel_load_bits(at, s->sample_size);
	case PIACCEL_FORMAT_U8:
		for (i = 0; i < s->num; i++)
			if (READ_ONCE(at[i]))
				packed |= BIT_ULL(i);
		break;
	case PIACCEL_FORMAT_F32:
		for (i = 0; i < s->num; i++) {
			f = READ_ONCE(((const u32 *)at)[i]);
			/* Positive floats order like their bit patterns. */
			if (f > PIACCEL_F32_HALF && f <= PIACCEL_F32_INF)
				packed |= BIT_ULL(i);
		}
		break;
	}
	return packed;
}
