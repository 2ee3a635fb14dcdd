#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# suite.sh NAME COMMAND...: run a test program that prints TAP; keep its output
# in build/results/NAME.tap; show its failures. A program that dies, or counts
# other than it planned, is a failure even if no line says so.

. "$(dirname "$0")/lib.sh"
[ $# -ge 2 ] || die "usage: suite.sh NAME COMMAND..."
name=$1; shift
out=$BUILD/results/$name.tap
mkdir -p "$BUILD/results" || die "cannot write to $BUILD/results"
say TEST "$name"
"$@" >"$out" 2>&1 </dev/null
rc=$?
"$top/scripts/tap.sh" check "$name" "$out" $rc
