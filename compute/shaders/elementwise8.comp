#version 450
// SPDX-License-Identifier: MIT
// Chains of up to 8 operations.
#extension GL_GOOGLE_include_directive : require
#define MAX_OPS 8
#include "elementwise.glsl"
