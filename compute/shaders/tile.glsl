// SPDX-License-Identifier: MIT
// What the shared-memory tiles of a product have in common: a workgroup's T by T
// sums, from pieces of A and B that are K deep. Include first: it has the local
// size.
#extension GL_EXT_control_flow_attributes : require

// Invocations a side of the workgroup. One has a block of 4 by 4 sums, or (LARGE
// is 1) 8 by 8 in four quarters: neighbours then read neighbouring words.
layout(constant_id = 0) const uint SIDE = 16u;
layout(constant_id = 2) const uint LARGE = 0u;
layout(local_size_x_id = 0, local_size_y_id = 0) in;

#define K 16u
const uint QUADS = 1u + LARGE;
const uint T = SIDE * 4u * QUADS;
const uint ROW = T + 4u;
const uint STEPS = 4u / (QUADS * QUADS); // unrolled: of 64 products
shared float sa[K * ROW]; // [k][m]
shared float sb[K * ROW]; // [k][n]
vec4 sums[4u * QUADS * QUADS]; // [quarter down][row][quarter across]

// Of an invocation's block: a row or the first of four columns, in the tile.
#define TILE_ROW(q, i) (((q) * SIDE + gl_LocalInvocationID.y) * 4u + (i))
#define TILE_COLUMN(q) (((q) * SIDE + gl_LocalInvocationID.x) * 4u)
#define TILE_SUM(p, i, q) sums[((p) * 4u + (i)) * QUADS + (q)]

// A row of a quarter, where i is no constant: what follows a sum is long, and is
// to be there once a quarter.
vec4 tile_sum(uint p, uint i, uint q)
{
	vec4 low = (i & 1u) == 0u ? TILE_SUM(p, 0u, q) : TILE_SUM(p, 1u, q);
	vec4 high = (i & 1u) == 0u ? TILE_SUM(p, 2u, q) : TILE_SUM(p, 3u, q);
	return i < 2u ? low : high;
}

void tile_clear()
{
	[[unroll]] for (uint i = 0u; i < 4u * QUADS * QUADS; i++)
		sums[i] = vec4(0);
}

// Adds the piece that lies in sa and sb, which may be overwritten afterwards.
void tile_add()
{
	barrier();
	for (uint k0 = 0u; k0 < K; k0 += STEPS) {
		[[unroll]] for (uint j = 0u; j < STEPS; j++) {
			uint k = (k0 + j) * ROW;
			vec4 x[QUADS];
			[[unroll]] for (uint q = 0u; q < QUADS; q++) {
				uint n = k + TILE_COLUMN(q);
				x[q] = vec4(sb[n], sb[n + 1u], sb[n + 2u],
					    sb[n + 3u]);
			}
			[[unroll]] for (uint p = 0u; p < QUADS; p++) {
				[[unroll]] for (uint i = 0u; i < 4u; i++) {
					float y = sa[k + TILE_ROW(p, i)];
					[[unroll]] for (uint q = 0u; q < QUADS;
							q++)
						TILE_SUM(p, i, q) += y * x[q];
				}
			}
		}
	}
	barrier();
}
