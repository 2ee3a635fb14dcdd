#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What tests/unit/test_pytorch.c compares with, computed anew. Prints TAP.

. "$(dirname "$0")/../../scripts/lib.sh"
cd "$top" || exit 1
for python in python3 /usr/bin/python3; do
	"$python" -c 'import torch' 2>/dev/null || continue
	"$python" tests/exchange/fit.py tests/unit/pytorch.h
	exit
done
echo "no python3-torch"
exit 4
