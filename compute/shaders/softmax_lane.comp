#version 450
// SPDX-License-Identifier: MIT
// An invocation a row: short rows, and devices with slow barriers.
#extension GL_GOOGLE_include_directive : require
#define ALONE
#include "softmax.glsl"
