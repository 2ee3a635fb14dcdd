#version 450
// SPDX-License-Identifier: MIT
// Chains of up to 8 operations, inputs by texel fetches.
#extension GL_GOOGLE_include_directive : require
#define MAX_OPS 8
#define TEXELS
#include "elementwise.glsl"
