#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# driver.sh: measure the module against the kernel's own interfaces, in the
# test machine on instruction-counted time. Prints tables; the same figures go
# to build/bench/driver.json. Fails only when it cannot measure.

. "$(dirname "$0")/../../scripts/lib.sh"

if [ "${1:-}" = judge ]; then # NAME CONSOLE TAP STATUS
	out=$BUILD/bench/driver.json
	tr -d '\r' <"$4" | sed '/^##/d; /^JSON /d'
	tr -d '\r' <"$4" | sed -n 's/^JSON //p' >"$out"
	if [ ! -s "$out" ] || ! tr -d '\r' <"$3" | grep -q '^TESTRC=0$'; then
		rm -f "$out"
		die "the benchmark did not run to its end; see $3"
	fi
	say WROTE "${out#"$top"/}"
	exit
fi

mkdir -p "$BUILD/bench" || die "cannot make $BUILD/bench"
${CC:-cc} -O2 -g -Wall -Wextra -Wno-missing-field-initializers -D_GNU_SOURCE \
	-I"$top/uapi" -o "$BUILD/bench/driver_bench" \
	"$top/tests/bench/driver_bench.c" || die "driver_bench does not build"
VM_NAME=bench VM_JUDGE=$top/tests/bench/driver.sh VM_TIMEOUT=${VM_TIMEOUT:-900} \
	"$top/tests/vm/vm.sh" icount "$top/tests/vm/guest/bench.sh"
