#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# coop.sh: matrix products by cooperative matrices against the double reference.
#
# On the lavapipe of Debian unstable, the only driver here that has them, with
# that release's C library. Prints TAP. Skipped without a network, unless the
# packages are in the cache.

. "$(dirname "$0")/../../scripts/lib.sh"
T=$(mktemp -d) || die "cannot make a temporary folder (disk full?)"
trap 'rm -rf "$T"' EXIT
. "$(dirname "$0")/newest.sh"

if ! newest_fetch; then
	echo "ok 1 - cooperative matrices # SKIP $(tail -1 "$T/err")"
	echo "1..1"
	exit 0
fi
ACCEL_KERNEL_LOG="$T/log" newest "$BUILD/unit/test_kernels" coop >"$T/out" 2>&1
rc=$?
n=$(grep -c '^ok .* matmul coop' "$T/out")
bad=$(grep -c '^not ok' "$T/out")
[ $rc = 0 ] && [ "$bad" = 0 ] && [ "$n" -gt 10 ]; rc=$?
[ $rc = 0 ] || { grep -v '^ok' "$T/out" | tail -20 | sed 's/^/# /'; printf 'not '; }
echo "ok 1 - matmul on the newest Mesa: $n cases of the shape, none wrong"
n=$(sort -u "$T/log" 2>/dev/null | grep -c '^matmul_coop ')
[ "$n" -gt 0 ] || printf 'not '
echo "ok 2 - cooperative matrices did them: $n pipelines"
echo "1..2"
