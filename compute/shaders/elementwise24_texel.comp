#version 450
// SPDX-License-Identifier: MIT
// Chains of up to 24 operations, inputs by texel fetches.
#extension GL_GOOGLE_include_directive : require
#define MAX_OPS 24
#define TEXELS
#include "elementwise.glsl"
