#version 450
// SPDX-License-Identifier: MIT
// A workgroup a row: long rows.
#extension GL_GOOGLE_include_directive : require
#include "softmax.glsl"
