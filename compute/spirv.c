// SPDX-License-Identifier: MIT
/* The operands of each SPIR-V instruction that our shaders have. */
#include "spirv.h"

struct spirv_form spirv_form(uint32_t op)
{
	switch (op) {
	case OP_EXT_INST:
		return (struct spirv_form){ 1, 1, 1, 1 };
	case OP_VARIABLE:
		return (struct spirv_form){ 1, 1, 0, 1 };
	case OP_LOAD:
		return (struct spirv_form){ 1, 1, 1, SPIRV_REST };
	case OP_STORE:
		return (struct spirv_form){ 1, 0, 2, SPIRV_REST };
	case OP_VECTOR_SHUFFLE:
	case OP_COMPOSITE_INSERT:
		return (struct spirv_form){ 1, 1, 2, SPIRV_REST };
	case OP_COMPOSITE_EXTRACT:
		return (struct spirv_form){ 1, 1, 1, SPIRV_REST };
	case OP_IMAGE_FETCH:
		return (struct spirv_form){ 1, 1, 2, 1 };
	case OP_LOOP_MERGE:
		return (struct spirv_form){ 1, 0, 2, SPIRV_REST };
	case OP_SELECTION_MERGE:
		return (struct spirv_form){ 1, 0, 1, SPIRV_REST };
	case OP_BRANCH_CONDITIONAL:
		return (struct spirv_form){ 1, 0, 3, SPIRV_REST };
	case OP_SUBGROUP_BALLOT_COUNT:
		return (struct spirv_form){ 1, 1, 1, 1 };
	case OP_CONTROL_BARRIER:
	case OP_MEMORY_BARRIER:
	case OP_ATOMIC_STORE:
	case OP_BRANCH:
	case OP_KILL:
	case OP_RETURN:
	case OP_RETURN_VALUE:
	case OP_UNREACHABLE:
		return (struct spirv_form){ 1, 0, SPIRV_REST, 0 };
	}
	if (op >= OP_SUBGROUP_I_ADD && op <= OP_SUBGROUP_LOGICAL_XOR)
		return (struct spirv_form){ 1, 1, 1, 1 };
	if (op == OP_UNDEF || op == OP_FUNCTION_CALL || op == OP_PHI ||
	    op == OP_ACCESS_CHAIN || op == OP_COMPOSITE_CONSTRUCT ||
	    (op >= OP_VECTOR_EXTRACT && op <= OP_VECTOR_INSERT) ||
	    (op >= OP_COPY_OBJECT && op <= OP_SAMPLED_IMAGE) ||
	    op == OP_IMAGE ||
	    (op >= OP_F_TO_U && op <= OP_F_UNORD_GREATER_EQUAL) ||
	    (op >= OP_SHIFT_RIGHT && op <= OP_BIT_COUNT) ||
	    op == OP_ATOMIC_LOAD ||
	    (op >= OP_ATOMIC_EXCHANGE && op <= OP_ATOMIC_XOR) ||
	    (op >= OP_SUBGROUP_ELECT && op <= OP_SUBGROUP_SHUFFLE_DOWN))
		return (struct spirv_form){ 1, 1, SPIRV_REST, 0 };
	return (struct spirv_form){ 0, 0, 0, 0 };
}

bool spirv_fold(uint32_t op, uint32_t a, uint32_t b, uint32_t c, uint32_t *r)
{
	int32_t x = (int32_t)a, y = (int32_t)b;

	switch (op) {
	case OP_BITCAST:
	case OP_U_CONVERT:
	case OP_S_CONVERT:
		*r = a;
		return true;
	case OP_S_NEGATE:
		*r = 0u - a;
		return true;
	case OP_I_ADD:
		*r = a + b;
		return true;
	case OP_I_SUB:
		*r = a - b;
		return true;
	case OP_I_MUL:
		*r = a * b;
		return true;
	case OP_U_DIV:
		*r = b ? a / b : 0;
		return b != 0;
	case OP_U_MOD:
		*r = b ? a % b : 0;
		return b != 0;
	case OP_LOGICAL_EQUAL:
		*r = a == b;
		return true;
	case OP_LOGICAL_NOT_EQUAL:
		*r = a != b;
		return true;
	case OP_LOGICAL_OR:
		*r = a || b;
		return true;
	case OP_LOGICAL_AND:
		*r = a && b;
		return true;
	case OP_LOGICAL_NOT:
		*r = !a;
		return true;
	case OP_SELECT:
		*r = a ? b : c;
		return true;
	case OP_I_EQUAL:
		*r = a == b;
		return true;
	case OP_I_NOT_EQUAL:
		*r = a != b;
		return true;
	case OP_U_GREATER:
		*r = a > b;
		return true;
	case OP_S_GREATER:
		*r = x > y;
		return true;
	case OP_U_GREATER_EQUAL:
		*r = a >= b;
		return true;
	case OP_S_GREATER_EQUAL:
		*r = x >= y;
		return true;
	case OP_U_LESS:
		*r = a < b;
		return true;
	case OP_S_LESS:
		*r = x < y;
		return true;
	case OP_U_LESS_EQUAL:
		*r = a <= b;
		return true;
	case OP_S_LESS_EQUAL:
		*r = x <= y;
		return true;
	case OP_SHIFT_RIGHT:
		*r = b < 32 ? a >> b : 0;
		return b < 32;
	case OP_SHIFT_LEFT:
		*r = b < 32 ? a << b : 0;
		return b < 32;
	case OP_BITWISE_OR:
		*r = a | b;
		return true;
	case OP_BITWISE_XOR:
		*r = a ^ b;
		return true;
	case OP_BITWISE_AND:
		*r = a & b;
		return true;
	case OP_NOT:
		*r = ~a;
		return true;
	default:
		return false;
	}
}
