#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh check|demo|bench|lint|check-kernels|check-debug|check-races|check-v3d: the jobs
# behind the Makefile's targets. Each leaves TAP in build/results/ and ends with
# "N passed, N failed, N skipped" over its own suites.

. "$(dirname "$0")/../scripts/lib.sh"
cd "$top" || exit 1
mkdir -p "$BUILD/results" 2>/dev/null && [ -w "$BUILD/results" ] ||
	die "cannot write to $BUILD/results"
suite=$top/scripts/suite.sh
bad=0

# finish PREFIX...: sum the suites whose names begin so.
finish() {
	local p files=()
	for p; do files+=("$BUILD"/results/"$p"*.tap); done
	"$top/scripts/tap.sh" sum "${files[@]}" || bad=1
	exit $bad
}
clear_results() {
	local p
	for p; do rm -f "$BUILD"/results/"$p"*.tap; done
}
build() { # TARGETS...: with this make's settings
	make --no-print-directory -j"$(nproc)" "$@" || die "the build failed"
}

# The engine's suites run on the CPU backend; UNIT_BACKEND=vulkan or v3d42 runs
# them there (minutes on lavapipe, which compiles each kernel first).
unit() { # PREFIX BUILD
	local t n
	for t in "$2"/unit/test_*; do
		[ -x "$t" ] && [ -f "$t" ] || continue
		n=${t##*/test_}
		case $n in
		base | compute | data | format | plot | rules | fuzz_*) set -- "$1" "$2" "$t" ;;
		kernels) [ "$1" = unit ] || continue
			set -- "$1" "$2" "$t" ;;
		*) set -- "$1" "$2" "$t" "${UNIT_BACKEND:-cpu}" ;;
		esac
		"$suite" "$1-$n" "${@:3}" || bad=1
		set -- "$1" "$2"
	done
}

case ${1:-} in
check)
	need_space "$BUILD" 500
	clear_results unit- asan- e2e- vm-
	build all unit-programs kselftest-programs
	build SANITIZE=1 BUILD="$BUILD/asan" unit-programs
	unit unit "$BUILD"
	unit asan "$BUILD/asan"
	for t in tests/e2e/test-*.sh; do
		[ -e "$t" ] || continue
		n=$(basename "$t" .sh)
		"$suite" "e2e-${n#test-}" bash "$t" || bad=1
	done
	tests/vm/vm.sh prepare || exit 1
	# side by side: each boot has idle moments, and two may share the cores
	{ tests/vm/vm.sh icount; a=$?; tests/vm/panic.sh; exit $((a | $?)); } &
	tests/vm/vm.sh smp || bad=1
	wait $! || bad=1
	finish unit- asan- e2e- vm- ;;
demo)
	build all
	exec tests/demo.sh ;;
bench)
	build all
	for t in tests/bench/*.sh; do bash "$t" || bad=1; done
	exit $bad ;;
lint)
	clear_results lint
	"$suite" lint tests/lint.sh || bad=1
	finish lint ;;
check-kernels)
	clear_results kernels
	tests/vm/kernels.sh || bad=1
	finish kernels ;;
check-debug)
	clear_results debug
	build kselftest-programs
	tests/vm/debug.sh || bad=1
	finish debug ;;
check-races)
	clear_results races
	build kselftest-programs
	tests/vm/debug-x86.sh || bad=1
	finish races ;;
check-v3d)
	clear_results v3d
	tests/v3d/check.sh || bad=1
	finish v3d ;;
*) die "usage: run.sh check|demo|bench|lint|check-kernels|check-debug|check-races|check-v3d" ;;
esac
