/* SPDX-License-Identifier: MIT */
/* The reference and gradient functions that ops.def names. */
#ifndef ACCEL_OPS_RULES_H
#define ACCEL_OPS_RULES_H

#include "op.h"

ref_fn ref_const, ref_arange, ref_unary, ref_binary, ref_where, ref_reduce,
	ref_argreduce, ref_cumsum, ref_topk, ref_matmul, ref_conv,
	ref_conv_input, ref_conv_weight, ref_max_pool, ref_max_unpool,
	ref_avg_pool, ref_avg_unpool, ref_softmax, ref_normalize, ref_gather,
	ref_scatter_add, ref_concat, ref_pad, ref_resize, ref_unpack_bits,
	ref_random;

grad_fn grad_reshape, grad_permute, grad_slice, grad_broadcast, grad_unary,
	grad_binary, grad_where, grad_reduce, grad_cumsum, grad_matmul,
	grad_conv, grad_conv_input, grad_conv_weight, grad_max_pool,
	grad_max_unpool, grad_avg_pool, grad_avg_unpool, grad_softmax,
	grad_normalize, grad_gather, grad_scatter_add, grad_concat, grad_pad,
	grad_resize;

/* The gradients of element-wise rows, by their slope. */
#define GRAD_UNARY_DIFFERENTIABLE grad_unary
#define GRAD_UNARY_FLAT NULL
#define GRAD_BINARY_DIFFERENTIABLE grad_binary
#define GRAD_BINARY_FLAT NULL

#endif /* ACCEL_OPS_RULES_H */
