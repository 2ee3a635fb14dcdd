/* SPDX-License-Identifier: MIT */
/*
 * The shader table: every file in shaders/ with what it binds.
 *
 * X(name, storage, texel): `storage` buffers at bindings 0.., then `texel`
 * read-only RGBA32F texel buffers at the bindings after them.
 */
#ifndef COMPUTE_SHADERS_H
#define COMPUTE_SHADERS_H

#include <stddef.h>
#include <stdint.h>

#define COMPUTE_SHADER_MAP(X)                                                  \
	X(elementwise2, 8, 0)                                                  \
	X(elementwise8, 8, 0)                                                  \
	X(elementwise24, 8, 0)                                                 \
	X(elementwise2_texel, 8, 6)                                            \
	X(elementwise8_texel, 8, 6)                                            \
	X(elementwise24_texel, 8, 6)                                           \
	X(reduce, 2, 0)                                                        \
	X(reduce_row, 2, 0)                                                    \
	X(matmul_plain, 5, 0)                                                  \
	X(matmul_pack, 2, 0)                                                   \
	X(matmul_v3d, 5, 0)                                                    \
	X(matmul_texel, 5, 3)                                                  \
	X(matmul_tile, 5, 0)                                                   \
	X(conv, 5, 0)                                                          \
	X(conv_input_grad, 5, 0)                                               \
	X(conv_weight_grad, 3, 0)                                              \
	X(conv_pack, 2, 0)                                                     \
	X(conv_texel, 3, 3)                                                    \
	X(conv_tile, 5, 0)                                                     \
	X(conv_v3d, 5, 0)                                                      \
	X(pool, 3, 0)                                                          \
	X(pool_grad, 3, 0)                                                     \
	X(softmax, 3, 0)                                                       \
	X(softmax_lane, 3, 0)                                                  \
	X(norm, 6, 0)                                                          \
	X(cumsum, 2, 0)                                                        \
	X(topk, 3, 0)                                                          \
	X(gather, 3, 0)                                                        \
	X(scatter_add, 3, 0)                                                   \
	X(one_hot, 2, 0)                                                       \
	X(random, 2, 0)                                                        \
	X(unpack_bits, 2, 0)                                                   \
	X(resize, 2, 0)

/* Those that are no files, but written by the library (coop.c): code is NULL. */
#define COMPUTE_SHADER_WRITTEN_MAP(X) X(matmul_coop, 3, 0)

enum compute_shader_id {
#define COMPUTE_X(name, storage, texel) COMPUTE_SHADER_##name,
	COMPUTE_SHADER_MAP(COMPUTE_X) COMPUTE_SHADER_WRITTEN_MAP(COMPUTE_X)
#undef COMPUTE_X
		COMPUTE_SHADERS
};

struct compute_shader {
	const char *name;
	uint32_t storage, texel;
	const uint32_t *code; /* SPIR-V */
	size_t size; /* bytes */
};

/* Indexed by enum compute_shader_id. */
extern const struct compute_shader compute_shader_table[];

#endif /* COMPUTE_SHADERS_H */
